// Starts and stops the timer: one click for the usual minutes, one for a preset, a field for anything else.

import type { TargetedEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { RoomTexts } from '../languages/room.ts';
import { BreakIcon, StopIcon, TurnIcon } from '../shared/icons.tsx';
import type { LiveRoom } from './live-room.ts';
import { minutesOf } from './minutes.ts';
import { personAfter, remainingMs } from './room-state.ts';
import type { Kind } from './sse-protocol.ts';

const presets: Readonly<Record<Kind, readonly number[]>> = {
  turn: [5, 10, 15, 20, 25, 30],
  break: [5, 10, 15, 30, 45, 60],
};

export interface ControlsProps {
  readonly texts: RoomTexts;
  readonly live: LiveRoom;
  readonly user: string;
  readonly minutes: Readonly<Record<Kind, number>>;
  readonly setUser: (user: string) => void;
  readonly setMinutes: (kind: Kind, minutes: number) => void;
  readonly start: (kind: Kind, minutes: number) => void;
  readonly stop: () => void;
  readonly extend: () => void;
  /** Starts a turn of the usual length for another person. */
  readonly startFor: (user: string) => void;
  /** Why the hub refused the last request; '' if it did not. */
  readonly problem: string;
}

export function Controls(props: ControlsProps) {
  const { live, user, setUser, stop, extend, startFor, problem } = props;
  const { text } = props.texts;
  const [running, setRunning] = useState(false);
  useEffect(() => live.onTick(() => setRunning(remainingMs(live.room.current, live.now) > 0)), [live]);
  const next = live.room.current?.next.trim() ?? '';
  const afterNext = next === '' ? '' : personAfter(live.room, next);
  return (
    <section class="controls" aria-label={text('room.timer')}>
      <form
        class="name-row"
        onSubmit={(event) => {
          event.preventDefault();
          props.start('turn', props.minutes.turn);
        }}
      >
        <label for="user-input">{text('room.your-name')}</label>
        <input
          id="user-input"
          value={user}
          placeholder={text('room.your-name-hint')}
          autocomplete="nickname"
          spellcheck={false}
          onInput={(event) => setUser(event.currentTarget.value)}
        />
      </form>
      <Starter kind="turn" {...props} />
      <Starter kind="break" {...props} />
      <div class="running">
        <button type="button" id="extend-button" aria-keyshortcuts="+" disabled={!running} onClick={extend}>
          {text('room.minute-more')}
        </button>
        {next !== '' && (
          <button type="button" id="next-button" onClick={() => startFor(next)}>
            {text('room.next-is', { name: next })}
          </button>
        )}
        {afterNext !== '' && (
          <button type="button" id="skip-button" onClick={() => startFor(afterNext)}>
            {text('room.skip-to', { name: afterNext })}
          </button>
        )}
      </div>
      <button type="button" id="stop-button" class="stop" disabled={!running} onClick={stop}>
        <StopIcon /> {text('room.stop')}
      </button>
      <p class="problem" role="alert" hidden={problem === ''}>
        {problem}
      </p>
    </section>
  );
}

function Starter({ kind, minutes, setMinutes, start, texts: { text } }: ControlsProps & { kind: Kind }) {
  const usual = minutes[kind];
  const id = kind === 'turn' ? 'timer' : 'breaktimer';
  return (
    <div class={`starter ${kind}`}>
      <button type="button" id={`${id}-button`} class="primary" onClick={() => start(kind, usual)}>
        {kind === 'turn' ? <TurnIcon /> : <BreakIcon />}
        <span>
          {text(kind === 'turn' ? 'room.start-turn' : 'room.take-break')} <b>{usual} min</b>
        </span>
      </button>
      <fieldset class="presets" aria-label={text(`room.other-${kind}`)}>
        {presets[kind].map((preset) => (
          <button
            type="button"
            key={preset}
            aria-label={text(`room.${kind}-of`, { minutes: preset })}
            onClick={() => start(kind, preset)}
          >
            {preset}
          </button>
        ))}
        <MinutesField
          id={`${id}-input`}
          label={text(`room.usual-${kind}`)}
          value={usual}
          set={(to) => setMinutes(kind, to)}
        />
      </fieldset>
    </div>
  );
}

/** A field for minutes. While its text is not a number, the last valid value counts. */
function MinutesField({
  id,
  label,
  value,
  set,
}: {
  id: string;
  label: string;
  value: number;
  set: (to: number) => void;
}) {
  const [typed, setTyped] = useState(String(value));
  const take = (event: TargetedEvent<HTMLInputElement>) => {
    setTyped(event.currentTarget.value);
    const minutes = minutesOf(event.currentTarget.value);
    if (minutes !== undefined) set(minutes);
  };
  return (
    <label class="custom">
      <input
        id={id}
        inputMode="numeric"
        maxLength={4}
        autocomplete="off"
        aria-label={label}
        aria-invalid={minutesOf(typed) === undefined}
        value={typed}
        onInput={take}
        onBlur={() => setTyped(String(value))}
      />
      <span aria-hidden="true">min</span>
    </label>
  );
}
