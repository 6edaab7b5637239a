// The room's goal: everybody sees it, and anybody can set or delete it.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { RoomTexts } from '../languages/room.ts';
import type { RoomGoal } from './sse-protocol.ts';

export interface GoalCardProps {
  readonly texts: RoomTexts;
  readonly goal: RoomGoal | undefined;
  readonly set: (text: string) => void;
  readonly remove: () => void;
}

export function GoalCard({ goal, set, remove, texts: { text } }: GoalCardProps) {
  const [editing, setEditing] = useState(false);
  const [typed, setTyped] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (editing) field.current?.select();
  }, [editing]);
  const write = editing || goal === undefined;
  return (
    <section class="card goal-card">
      <h2>{text('room.goal')}</h2>
      {goal !== undefined && !editing && (
        <>
          <p id="goal">{goal.text}</p>
          {goal.user !== '' && <p class="soft">{text('room.set-by', { name: goal.user })}</p>}
          <div class="buttons">
            <button
              type="button"
              onClick={() => {
                setTyped(goal.text);
                setEditing(true);
              }}
            >
              {text('edit.change')}
            </button>
            <button type="button" onClick={remove}>
              {text('goals.delete')}
            </button>
          </div>
        </>
      )}
      {write && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (typed.trim() === '') return;
            set(typed.trim());
            setTyped('');
            setEditing(false);
          }}
        >
          <label class="unseen" for="goal-input">
            {text('room.goal-label')}
          </label>
          <input
            id="goal-input"
            ref={field}
            value={typed}
            maxLength={256}
            placeholder={text('room.goal-hint')}
            autocomplete="off"
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
          <div class="buttons">
            <button type="submit">{text('room.set-goal')}</button>
            {editing && (
              <button type="button" onClick={() => setEditing(false)}>
                {text('cancel')}
              </button>
            )}
          </div>
        </form>
      )}
    </section>
  );
}
