// The ring and the big clock. Only this component is drawn ten times a second. It computes the rest from the deadline each time, so a slow or
// sleeping tab is late, but never wrong.

import { useEffect, useState } from 'preact/hooks';
import { BreakIcon, TurnIcon } from '../shared/icons.tsx';
import type { LiveRoom } from './live-room.ts';
import { clockFace, deadline, left } from './room-state.ts';

const circumference = 2 * Math.PI * 46;

/** @param alarmed true if the entry ended and nobody has reacted yet */
export function Dial({ live, alarmed }: { live: LiveRoom; alarmed: boolean }) {
  const [[now, steady], setNow] = useState(() => [live.now, performance.now()] as const);
  useEffect(() => live.onTick(() => setNow([live.now, performance.now()])), [live]);
  const { current } = live.room;
  const remaining = left(current, now);
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
          {running && (current?.kind === 'break' ? 'Break' : 'Turn')}
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
        <Caption live={live} running={running} />
      </div>
    </div>
  );
}

function Caption({ live, running }: { live: LiveRoom; running: boolean }) {
  const { current } = live.room;
  if (current === undefined) {
    return <p class="who">{live.link.state === 'live' ? 'Nothing is running' : 'Waiting for the hub'}</p>;
  }
  const name = current.user.trim();
  const ended = current.minutes === 0 ? 'Stopped' : current.kind === 'turn' ? 'Turn over' : 'Break over';
  return (
    <>
      <p class="who" id="timer-user">
        {running ? name || (current.kind === 'turn' ? 'Someone types' : 'Enjoy it') : ended}
      </p>
      <p class="next" id="timer-next-user">
        {current.next.trim() !== '' && (
          <>
            next: <strong>{current.next}</strong>
          </>
        )}
      </p>
    </>
  );
}
