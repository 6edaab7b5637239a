// The alarm at the end of a turn: a card with the next step, the page's title and icon, and a sound that repeats until somebody reacts. There
// is no alarm when somebody stops the timer.

import { useEffect } from 'preact/hooks';
import type { RoomTexts } from '../languages/room.ts';
import { fillPieces } from '../shared/fill-pieces.ts';
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
  readonly texts: RoomTexts;
  /** The turn or break that ended. */
  readonly entry: Entry;
  readonly startNext: () => void;
  readonly extend: () => void;
  readonly startBreak: () => void;
  readonly silence: () => void;
}

export function Alarm({ entry, startNext, extend, startBreak, silence, texts }: AlarmProps) {
  const { text, pieces } = texts;
  const next = entry.next.trim();
  return (
    <section class="alarm" id="alarm" role="alert">
      <h2>{text(entry.kind === 'turn' ? 'room.over-turn' : 'room.over-break')}</h2>
      {next !== '' && entry.kind === 'turn' && (
        <p>{fillPieces(pieces('room.is-next'), { name: <strong>{next}</strong> })}</p>
      )}
      <div class="buttons">
        <button type="button" class="primary" onClick={startNext}>
          {next === '' || entry.kind === 'break' ? text('room.start-next') : text('room.start-turn-of', { name: next })}{' '}
          <kbd>Enter</kbd>
        </button>
        <button type="button" onClick={extend}>
          {text('room.minute-more')}
        </button>
        {entry.kind === 'turn' && (
          <button type="button" onClick={startBreak}>
            {text('room.take-break')}
          </button>
        )}
        <button type="button" onClick={silence}>
          {text('room.silence')}
        </button>
      </div>
    </section>
  );
}
