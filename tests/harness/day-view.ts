// A merged day as `GET /-/day` answers it, for tests of what pages make of it.

import type { MergedDayView } from '../../protocol/day-answer.ts';

export const dayStart = Date.UTC(2026, 10, 28) * 1_000;

/** `9:30` of the day, in microseconds since 1970. */
export function dayMoment(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return dayStart + (hours * 60 + minutes) * 60_000_000;
}

type Segment = MergedDayView['segments'][number];

export function daySegment(from: string, to: string, more: Partial<Segment> = {}): Segment {
  return {
    from: dayMoment(from),
    to: dayMoment(to),
    project: 'horai',
    task: null,
    category: null,
    work: true,
    lane: 'editor',
    source: 'laptop/editor',
    rule: null,
    fact: 'editor project',
    bridged: false,
    evidence: [],
    ...more,
  };
}

/** A day of these segments: its sums are theirs, as the hub's are. */
export function dayOf(segments: readonly Segment[], more: Partial<MergedDayView> = {}): MergedDayView {
  const agents = { agent: 0, agent_wall: 0, attended: 0, unattended: 0 };
  const times = new Map<string | null, number>();
  for (const { project, from, to } of segments) times.set(project, (times.get(project) ?? 0) + to - from);
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return {
    date: '2026-11-28',
    zone: 'UTC',
    from: dayStart,
    to: dayMoment('24:00'),
    total,
    human: total,
    not_work: 0,
    ...agents,
    first: segments[0]?.from ?? null,
    last: segments.at(-1)?.to ?? null,
    breaks: [],
    projects: [...times].sort((a, b) => b[1] - a[1]).map(([project, time]) => ({ project, time, ...agents })),
    tasks: [],
    segments: [...segments],
    lanes: [],
    removed: [],
    guesses: [],
    final: false,
    without: [],
    ...more,
  };
}
