// Draws intervals of a day as cells of a terminal, and the hours above them. Times are in microseconds since 1970.

import type { DayIntervals } from '../../../server/day/engine/intervals.ts';

const hour = 3_600_000_000;
const shades = [' ', '░', '▒', '▓', '█'] as const;

/** Draws intervals as cells. The shade of a cell shows how much of it the intervals cover. */
export function drawCells(intervals: DayIntervals, from: number, to: number, count: number): string {
  const size = (to - from) / count;
  const covered = new Float64Array(count);
  for (const [begin, end] of intervals) {
    const last = Math.min(count - 1, Math.floor((end - from) / size));
    for (let cell = Math.max(0, Math.floor((begin - from) / size)); cell <= last; cell += 1) {
      const [start, stop] = [from + cell * size, from + (cell + 1) * size];
      covered[cell] = (covered[cell] ?? 0) + Math.max(0, Math.min(end, stop) - Math.max(begin, start));
    }
  }
  return [...covered]
    .map((time) => shades[Math.min(4, time === 0 ? 0 : Math.max(1, Math.round((time / size) * 4)))])
    .join('');
}

/** Draws the hours above the bars, as many as fit. */
export function drawHours(from: number, to: number, count: number, clock: (moment: number) => string): string {
  const size = (to - from) / count;
  const step = [1, 2, 3, 6, 12].find((hours) => (hours * hour) / size >= 6) ?? 24;
  let text = '';
  for (let moment = from; moment < to; moment += step * hour) {
    const place = Math.round((moment - from) / size);
    const label = clock(moment);
    if (place + label.length > count || (text !== '' && place <= text.length)) continue;
    text = text.padEnd(place) + label;
  }
  return text;
}

/** The cells that a stretch takes up: at least one. @returns the first one, and the one after the last */
export function cellsOf(
  stretch: { readonly from: number; readonly to: number },
  [from, to]: readonly [number, number],
  count: number,
): readonly [number, number] {
  const size = (to - from) / count;
  const first = Math.min(count - 1, Math.max(0, Math.floor((stretch.from - from) / size)));
  const end = Math.min(count, Math.ceil((stretch.to - from) / size));
  return [first, Math.max(first + 1, end)];
}
