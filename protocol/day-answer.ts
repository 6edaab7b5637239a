// The schema of the merged day: `GET /-/day/<date>`, the item of the live channel `day/<date>` and the SDK return this object. Moments are whole
// microseconds since 1970, durations whole microseconds. server/day/README.md explains the fields.

import { type Static, Type } from '@sinclair/typebox';

const Moment = Type.Integer({ description: 'microseconds since 1970' });
const Duration = Type.Integer({ minimum: 0, description: 'microseconds' });
const maybe = <S extends ReturnType<typeof Type.String> | typeof Moment>(schema: S) =>
  Type.Union([schema, Type.Null()]);
const Lane = Type.Union(
  (['manual', 'task', 'mob', 'meeting', 'editor', 'web', 'window', 'other', 'afk', 'agent'] as const).map((lane) =>
    Type.Literal(lane),
  ),
);
const Interval = Type.Tuple([Moment, Moment]);
const agentTimes = { agent: Duration, agent_wall: Duration, attended: Duration, unattended: Duration };

const ProjectView = Type.Object({
  project: maybe(Type.String({ description: 'null is unassigned' })),
  time: Duration,
  ...agentTimes,
});

const SegmentView = Type.Object({
  from: Moment,
  to: Moment,
  project: maybe(Type.String()),
  task: maybe(Type.String({ description: 'the key of a task' })),
  category: maybe(Type.String()),
  work: Type.Boolean({ description: 'false if a rule says "not work"' }),
  lane: Lane,
  source: Type.String({ description: '`laptop/editor`' }),
  rule: maybe(Type.String({ description: 'the id of the rule that decided' })),
  fact: maybe(Type.String({ description: 'the fact that decided if no rule did' })),
  bridged: Type.Boolean({ description: 'a gap that was filled' }),
  evidence: Type.Array(
    Type.Object({ lane: Lane, source: Type.String(), channel: Type.String(), keys: Type.Array(Type.String()) }),
    { description: "the items that are evidence for the segment, the winner's first" },
  ),
});

export const MergedDayView = Type.Object({
  date: Type.String(),
  zone: Type.String(),
  from: Moment,
  to: Moment,
  total: Type.Integer({ minimum: 0, description: 'microseconds of presence: the sum of `projects`' }),
  human: Duration,
  not_work: Duration,
  ...agentTimes,
  first: maybe(Moment),
  last: maybe(Moment),
  breaks: Type.Array(Type.Object({ from: Moment, to: Moment }), { description: 'gaps of ten minutes and more' }),
  projects: Type.Array(ProjectView, { description: 'the longest first' }),
  tasks: Type.Array(Type.Object({ key: Type.String(), time: Duration })),
  segments: Type.Array(SegmentView),
  lanes: Type.Array(
    Type.Object({ lane: Lane, source: Type.String(), time: Duration, intervals: Type.Array(Interval) }),
  ),
  removed: Type.Array(Interval, { description: 'spans that entries remove' }),
  guesses: Type.Array(Type.Object({ channel: Type.String(), device: Type.String(), overlap: Duration })),
  final: Type.Boolean({ description: 'stored because its evidence expired: it does not change any more' }),
  without: Type.Array(Type.String(), { description: 'channels with evidence that the token may not read' }),
});
export type MergedDayView = Static<typeof MergedDayView>;

export const RhythmView = Type.Object({
  weekdays: Type.Array(Type.Array(Duration, { description: '24 hours of the clock of the person' }), {
    description: 'seven, Monday first, by the date of the day; their sum is that of `total` of the days',
  }),
  without: Type.Array(Type.String()),
});
export type RhythmView = Static<typeof RhythmView>;

export const DayTotalsView = Type.Object({
  days: Type.Array(
    Type.Object({
      date: Type.String(),
      total: Duration,
      projects: Type.Array(ProjectView),
      human: Duration,
      agent: Duration,
      agent_wall: Duration,
      attended: Duration,
    }),
  ),
  without: Type.Array(Type.String()),
});
export type DayTotalsView = Static<typeof DayTotalsView>;
