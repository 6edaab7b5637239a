// The ring and the big clock. Only this component is drawn ten times a second. It computes the rest from the deadline each time, so a slow or
// sleeping tab is late, but never wrong.

import { useEffect, useState } from 'preact/hooks';
import type { RoomTexts } from '../languages/room.ts';
import { fillPieces } from '../shared/fill-pieces.ts';
import { BreakIcon, TurnIcon } from '../shared/icons.tsx';
import type { LiveRoom } from './live-room.ts';
import { clockFace, deadline, remainingMs } from './room-state.ts';

const circumference = 2 * Math.PI * 46;

/** @param alarmed true if the entry ended and nobody has reacted yet */
export function Dial({ live, alarmed, texts }: { live: LiveRoom; alarmed: boolean; texts: RoomTexts }) {
  const [[now, steady], setNow] = useState(() => [live.now, performance.now()] as const);
  useEffect(() => live.onTick(() => setNow([live.now, performance.now()])), [live]);
  const { current } = live.room;
  const remaining = remainingMs(current, now);
  const fraction = current === undefined || remaining === 0 ? 0 : Math.min(1, remaining / (current.minutes * 60_000));
  const running = remaining > 0;
  const state = running ? (remaining <= 60_000 ? 'late' : 'running') : alarmed ? 'over' : 'idle';
  return (
    <div class="dial" data-state={state} data-kind={current?.kind}>
      <svg viewBox="0 0 100 100" aria-hidden="true">
        <circle class="track" cx="50" cy="50" r="46" />
        {(running || alarmed) && (
          <circle
            class="hand"
            cx="50"
            cy="50"
            r="46"
            stroke-dasharray={circumference}
            stroke-dashoffset={running ? circumference * (1 - fraction) : 0}
          />
        )}
      </svg>
      <div class="face">
        <p class="kind" id="timer-type">
          {running && current?.kind === 'turn' && <TurnIcon />}
          {running && current?.kind === 'break' && <BreakIcon />}
          {running && texts.text(current?.kind === 'break' ? 'room.break' : 'room.turn')}
        </p>
        <p
          class="clock"
          id="timer"
          role="timer"
          data-remaining={Math.round(remaining)}
          data-at={Math.round(performance.timeOrigin + steady)}
          data-deadline={current === undefined ? '' : deadline(current)}
          data-clock={live.exact ? 'hub' : 'own'}
          data-long={remaining >= 6_000_000 ? 'yes' : 'no'}
        >
          {clockFace(remaining)}
        </p>
        <Caption live={live} running={running} texts={texts} />
      </div>
    </div>
  );
}

function Caption({ live, running, texts }: { live: LiveRoom; running: boolean; texts: RoomTexts }) {
  const { text, pieces } = texts;
  const { current } = live.room;
  if (current === undefined) {
    return <p class="who">{text(live.link.state === 'live' ? 'room.nothing-runs' : 'room.waiting')}</p>;
  }
  const name = current.user.trim();
  return (
    <>
      <p class="who" id="timer-user">
        {running
          ? name || text(current.kind === 'turn' ? 'room.someone-types' : 'room.enjoy')
          : text(current.minutes === 0 ? 'room.stopped' : `room.${current.kind}-over`)}
      </p>
      <p class="next" id="timer-next-user">
        {current.next.trim() !== '' && fillPieces(pieces('room.next'), { name: <strong>{current.next}</strong> })}
      </p>
    </>
  );
}
