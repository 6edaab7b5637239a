// The alarm at the end of a turn: a card with the next step, the page's title and icon, and a sound that repeats until somebody reacts. There
// is no alarm when somebody stops the timer.

import { useEffect } from 'preact/hooks';
import type { Sound } from './sound.ts';
import type { Entry } from './sse-protocol.ts';

/** Time from one ring to the next, milliseconds. */
const ringMs = 4_000;

const alarmIcon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="#c2410c"/></svg>',
)}`;

/** Rings and changes the page's icon while `entry` is set. @param entry the turn or break that ended */
export function useAlarm(entry: Entry | undefined, sound: Sound): void {
  useEffect(() => {
    if (entry === undefined) return undefined;
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    const usual = link?.getAttribute('href') ?? '';
    link?.setAttribute('href', alarmIcon);
    const ring = () => {
      if (sound.on) void sound.play(entry.kind);
    };
    ring();
    const ringing = setInterval(ring, ringMs);
    return () => {
      clearInterval(ringing);
      link?.setAttribute('href', usual);
    };
  }, [entry, sound]);
}

export interface AlarmProps {
  /** The turn or break that ended. */
  readonly entry: Entry;
  readonly startNext: () => void;
  readonly extend: () => void;
  readonly startBreak: () => void;
  readonly silence: () => void;
}

export function Alarm({ entry, startNext, extend, startBreak, silence }: AlarmProps) {
  const next = entry.next.trim();
  return (
    <section class="alarm" id="alarm" role="alert">
      <h2>{entry.kind === 'turn' ? 'The turn is over' : 'The break is over'}</h2>
      {next !== '' && entry.kind === 'turn' && (
        <p>
          <strong>{next}</strong> is next.
        </p>
      )}
      <div class="buttons">
        <button type="button" class="primary" onClick={startNext}>
          {next === '' || entry.kind === 'break' ? 'Start the next turn' : `Start ${next}’s turn`} <kbd>Enter</kbd>
        </button>
        <button type="button" onClick={extend}>
          +1 min
        </button>
        {entry.kind === 'turn' && (
          <button type="button" onClick={startBreak}>
            Take a break
          </button>
        )}
        <button type="button" onClick={silence}>
          Silence
        </button>
      </div>
    </section>
  );
}
