// The room's goal: everybody sees it, and anybody can set or delete it.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { RoomGoal } from './sse-protocol.ts';

export interface GoalCardProps {
  readonly goal: RoomGoal | undefined;
  readonly set: (text: string) => void;
  readonly remove: () => void;
}

export function GoalCard({ goal, set, remove }: GoalCardProps) {
  const [editing, setEditing] = useState(false);
  const [typed, setTyped] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (editing) field.current?.select();
  }, [editing]);
  const write = editing || goal === undefined;
  return (
    <section class="card goal-card">
      <h2>Goal</h2>
      {goal !== undefined && !editing && (
        <>
          <p id="goal">{goal.text}</p>
          {goal.user !== '' && <p class="soft">set by {goal.user}</p>}
          <div class="buttons">
            <button
              type="button"
              onClick={() => {
                setTyped(goal.text);
                setEditing(true);
              }}
            >
              Change
            </button>
            <button type="button" onClick={remove}>
              Delete
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
            What the room wants to reach
          </label>
          <input
            id="goal-input"
            ref={field}
            value={typed}
            maxLength={256}
            placeholder="What do you want to reach?"
            autocomplete="off"
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
          <div class="buttons">
            <button type="submit">Set goal</button>
            {editing && (
              <button type="button" onClick={() => setEditing(false)}>
                Cancel
              </button>
            )}
          </div>
        </form>
      )}
    </section>
  );
}
