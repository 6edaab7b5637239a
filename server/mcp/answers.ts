// The schemas of what the tools take and answer. Moments are ISO 8601 with an offset, durations are seconds: what language models calculate
// with. Each text says of which kind it is (text.ts).

import { type Static, Type } from '@sinclair/typebox';
import { dayLanes } from '../day/engine/evidence.ts';
import { openText, orNull, privateText, projectName } from './text.ts';

const Moment = openText({ description: 'ISO 8601' });
const Seconds = Type.Number({ minimum: 0, description: 'seconds' });
const AnyDate = Type.String({ maxLength: 32, description: 'YYYY-MM-DD, today or yesterday' });
const TaskId = Type.Integer({ description: 'the id of the task, as people see it' });
const Lane = Type.Union(dayLanes.map((lane) => Type.Literal(lane)));
const More = Type.Boolean({ description: 'true: there are more than these' });
const strict = { additionalProperties: false } as const;

const ProjectTime = Type.Object({
  project: orNull(projectName({ description: 'null: not assigned to a project' })),
  seconds: Seconds,
  agent_seconds: Type.Number({ minimum: 0, description: 'seconds in which AI agents worked; not time of the person' }),
});

const TaskAnswer = Type.Object({
  id: TaskId,
  title: privateText(),
  tags: Type.Array(projectName()),
  project: orNull(projectName()),
  state: Type.Union([Type.Literal('open'), Type.Literal('running'), Type.Literal('done')]),
  running_since: orNull(Moment),
  due: orNull(Moment),
  done: orNull(Moment),
  worked_seconds: Seconds,
});
export type TaskAnswer = Static<typeof TaskAnswer>;

export const DayInput = Type.Object({ date: Type.Optional(AnyDate) }, strict);
export const DayOutput = Type.Object({
  date: openText(),
  zone: openText(),
  from: Moment,
  to: Moment,
  total_seconds: Seconds,
  not_work_seconds: Seconds,
  first: orNull(Moment),
  last: orNull(Moment),
  projects: Type.Array(ProjectTime, { description: 'the longest first; their seconds sum up to total_seconds' }),
  tasks: Type.Array(Type.Object({ id: Type.Integer(), title: privateText(), seconds: Seconds })),
  segments: Type.Array(
    Type.Object({
      from: Moment,
      to: Moment,
      project: orNull(projectName()),
      task: orNull(Type.Integer({ description: 'the id of a task' })),
      category: orNull(privateText()),
      lane: Lane,
      source: privateText({ description: 'the device and the kind of evidence' }),
      work: Type.Boolean(),
    }),
    { description: 'in order of time, at most 500' },
  ),
  more: More,
});

export const RangeInput = Type.Object({ from: AnyDate, to: AnyDate }, strict);
export const RangeOutput = Type.Object({
  from: openText(),
  to: openText(),
  total_seconds: Seconds,
  projects: Type.Array(ProjectTime),
  days: Type.Array(Type.Object({ date: openText(), total_seconds: Seconds, projects: Type.Array(ProjectTime) }), {
    description: 'one for each date, also for days without time',
  }),
});

export const SearchInput = Type.Object(
  {
    query: Type.String({
      minLength: 2,
      maxLength: 200,
      description: 'words that must all occur; letter case does not count',
    }),
    from: Type.Optional(AnyDate),
    to: Type.Optional(AnyDate),
  },
  strict,
);
export const SearchOutput = Type.Object({
  from: openText(),
  to: openText(),
  found: Type.Array(
    Type.Object({
      kind: Type.Union([Type.Literal('task'), Type.Literal('entry'), Type.Literal('activity')]),
      text: privateText(),
      project: orNull(projectName()),
      task: orNull(Type.Integer()),
      lane: orNull(Lane),
      from: orNull(Moment),
      to: orNull(Moment),
      seconds: Type.Number({ minimum: 0, description: 'how long it was seen in all' }),
    }),
    { description: 'the longest seen first, at most 50' },
  ),
  more: More,
});

export const TasksInput = Type.Object(
  {
    state: Type.Optional(
      Type.Union([Type.Literal('open'), Type.Literal('running'), Type.Literal('done'), Type.Literal('all')], {
        description: 'open unless given; running tasks are open, too',
      }),
    ),
  },
  strict,
);
export const TasksOutput = Type.Object({ tasks: Type.Array(TaskAnswer, { description: 'at most 200' }), more: More });

export const ProjectsInput = Type.Object({}, strict);
export const ProjectsOutput = Type.Object({
  projects: Type.Array(
    Type.Object({
      project: projectName(),
      parent: orNull(projectName()),
      archived: Type.Boolean(),
      seconds: Type.Number({ minimum: 0, description: 'of the last 30 days, today included' }),
    }),
  ),
});

export const SuggestionsInput = DayInput;
export const SuggestionsOutput = Type.Object({
  date: openText(),
  suggestions: Type.Array(
    Type.Object({
      key: openText({ description: 'for `accept`' }),
      from: Moment,
      to: Moment,
      seconds: Seconds,
      project: projectName(),
      task: orNull(Type.Integer({ description: 'the id of a task' })),
      tier: Type.Union([Type.Literal(1), Type.Literal(2)], {
        description: '1: from facts; 2: from neighbours and words',
      }),
      reasons: Type.Array(Type.Object({ kind: openText(), text: privateText() })),
    }),
  ),
});

export const StartInput = Type.Object(
  {
    id: Type.Optional(TaskId),
    title: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 300,
        description: 'without `id`: makes a task of this title and starts it',
      }),
    ),
    tags: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }), { maxItems: 16 })),
  },
  strict,
);
export const StopInput = Type.Object(
  { id: Type.Optional(Type.Integer({ description: 'may be left out while one task runs' })) },
  strict,
);
export const TaskOutput = Type.Object({ task: TaskAnswer });

const StatedMoment = Type.String({ maxLength: 40, description: 'ISO 8601 with an offset: 2026-11-28T09:30:00+01:00' });
export const TrackInput = Type.Object(
  {
    from: StatedMoment,
    to: StatedMoment,
    project: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    task: Type.Optional(Type.Integer({ description: 'the id of a task' })),
    text: Type.Optional(Type.String({ maxLength: 2_000 })),
    tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 16 })),
  },
  strict,
);
export const AcceptInput = Type.Object(
  { date: AnyDate, key: Type.String({ minLength: 1, maxLength: 256, description: 'of the suggestion' }) },
  strict,
);
export const EntriesOutput = Type.Object({
  channel: openText(),
  entries: Type.Integer({ minimum: 0, description: 'how many were written' }),
  undo: Type.Integer({ description: 'the step that a `revert` of the channel goes back to' }),
});
