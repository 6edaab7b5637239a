// The last day of the room: a timeline of four hours and a list of the whole day. The list has everything that the timeline shows, so screen
// readers see the timeline as one image.

import { useEffect, useState } from 'preact/hooks';
import type { RoomTexts } from '../languages/room.ts';
import { BreakIcon, StopIcon, TurnIcon } from '../shared/icons.tsx';
import type { LiveRoom } from './live-room.ts';
import type { Entry } from './sse-protocol.ts';
import { bars, hours, placeOf } from './timeline.ts';

function percent(place: number): string {
  return `${(place * 100).toFixed(2)}%`;
}

function formatClockTime(time: number): string {
  return new Date(time).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

function formatMoment(time: number, now: number): string {
  const at = new Date(time);
  const today = at.toDateString() === new Date(now).toDateString();
  return at.toLocaleString(undefined, { ...(today ? {} : { dateStyle: 'short' }), timeStyle: 'medium' });
}

function describeEntry({ kind, minutes }: Entry, { text }: RoomTexts): string {
  return text(minutes === 0 ? 'room.was-stopped' : `room.was-${kind}`, { minutes });
}

export function Past({ live, texts }: { live: LiveRoom; texts: RoomTexts }) {
  const { text } = texts;
  const [now, setNow] = useState(live.now);
  useEffect(() => {
    const turning = setInterval(() => setNow(live.now), 15_000);
    return () => clearInterval(turning);
  }, [live]);
  const { history } = live.room;
  // A turn that began since the last look must not begin in the future.
  const seen = Math.max(now, history[history.length - 1]?.start ?? now);
  if (history.length === 0) {
    return (
      <section class="past" id="history-container">
        <h2>{text('room.last-day')}</h2>
        <p class="soft">{text('room.no-turns')}</p>
      </section>
    );
  }
  return (
    <section class="past" id="history-container">
      <h2>{text('room.last-day')}</h2>
      <Timeline history={history} now={seen} texts={texts} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and Safari lets no key scroll what cannot have focus. */}
      <ol id="history" tabIndex={0} aria-label={text('room.list')}>
        {history
          .map((entry) => (
            <li key={entry.key} data-kind={entry.kind}>
              <time dateTime={new Date(entry.start).toISOString()}>{formatMoment(entry.start, seen)}</time>
              <span class="what">
                {entry.minutes === 0 ? <StopIcon /> : entry.kind === 'turn' ? <TurnIcon /> : <BreakIcon />}
                {describeEntry(entry, texts)}
              </span>
              <span class="by">{entry.user}</span>
            </li>
          ))
          .reverse()}
      </ol>
    </section>
  );
}

function Timeline({ history, now, texts }: { history: readonly Entry[]; now: number; texts: RoomTexts }) {
  return (
    <svg id="history-timeline" class="timeline" role="img" aria-label={texts.text('room.timeline')}>
      {hours(now, new Date(now).getTimezoneOffset()).map((hour) => {
        const place = placeOf(hour, now);
        return (
          <g key={hour}>
            <line class="hour" x1={percent(place)} x2={percent(place)} y1="0" y2="62" />
            {/* At the edges, the label is on the side that has room. */}
            <text class={place > 0.94 ? 'end' : place < 0.06 ? 'start' : ''} x={percent(place)} y="78">
              {formatClockTime(hour)}
            </text>
          </g>
        );
      })}
      {bars(history, now).map(({ entry, from, to }) => (
        <rect
          key={entry.key}
          class={entry.kind}
          x={percent(from)}
          width={percent(to - from)}
          y={entry.kind === 'break' ? 4 : 34}
          height="24"
          rx="4"
        >
          <title>{`${formatClockTime(entry.start)} ${describeEntry(entry, texts)}${entry.user === '' ? '' : `, ${entry.user}`}`}</title>
        </rect>
      ))}
      <line class="now" x1={percent(placeOf(now, now))} x2={percent(placeOf(now, now))} y1="0" y2="62" />
    </svg>
  );
}
