// The schemas of reports: `GET /-/report` returns one, and the item `report` of the channel `settings` says how time is rounded and paid.
// Durations are whole microseconds. Of a file of its own, because pages use its names without the schemas of day.ts.

import { type Static, Type } from '@sinclair/typebox';

export const reportDimensions = ['person', 'day', 'project', 'task', 'tag'] as const;
export type ReportDimension = (typeof reportDimensions)[number];

const Dimension = Type.Union(reportDimensions.map((one) => Type.Literal(one)));

export const ReportRate = Type.Object({
  amount: Type.Number({ minimum: 0, maximum: 1_000_000, description: 'per hour' }),
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
});
export type ReportRate = Static<typeof ReportRate>;

export const ReportRounding = Type.Object({
  minutes: Type.Number({ exclusiveMinimum: 0, maximum: 1_440 }),
  to: Type.Union([Type.Literal('nearest'), Type.Literal('up'), Type.Literal('down')]),
  per: Type.Optional(
    Type.Union([Type.Literal('entry'), Type.Literal('day')], {
      description:
        '`entry`: each stretch of one thing without a break; `day`: the time of a project on a day, the default',
    }),
  ),
});
export type ReportRounding = Static<typeof ReportRounding>;

/** The item `report` of the channel `settings`. What a project says about itself wins. */
export const ReportSettingsItem = Type.Object(
  {
    rate: Type.Optional(ReportRate),
    rounding: Type.Optional(ReportRounding),
    weekly: Type.Optional(
      Type.Object(
        {
          weekday: Type.Integer({ minimum: 1, maximum: 7, description: '1 Monday to 7 Sunday' }),
          at: Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', description: 'by the clock of the account' }),
          by: Type.Optional(Type.Array(Dimension, { maxItems: 5, description: '`project` unless given' })),
        },
        {
          additionalProperties: false,
          description: 'when the hub writes the report of the seven days before into the channel `weekly_reports`',
        },
      ),
    ),
  },
  { additionalProperties: false },
);
export type ReportSettingsItem = Static<typeof ReportSettingsItem>;

const Duration = Type.Integer({ minimum: 0, description: 'microseconds' });
const times = {
  time: Type.Integer({ minimum: 0, description: 'microseconds, as the merged days have them' }),
  rounded: Type.Integer({ minimum: 0, description: 'microseconds after rounding' }),
  rounding: Type.String({ description: '`none`, or how it was rounded: `up to 15 min per day`' }),
  amounts: Type.Array(Type.Object({ currency: Type.String(), amount: Type.Number() }), {
    description: 'rounded time by rate; unassigned time has no rate',
  }),
};

export const ReportRowView = Type.Object({
  person: Type.Optional(Type.String()),
  day: Type.Optional(Type.String({ description: 'a date' })),
  project: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'null is unassigned' })),
  task: Type.Optional(
    Type.Union([Type.Object({ key: Type.String(), id: Type.Integer(), title: Type.String() }), Type.Null()]),
  ),
  tag: Type.Optional(Type.Array(Type.String(), { description: 'all tags that the time has together' })),
  ...times,
});
export type ReportRowView = Static<typeof ReportRowView>;

export const ReportView = Type.Object({
  from: Type.String(),
  to: Type.String({ description: 'the last date, included' }),
  people: Type.Array(Type.String()),
  by: Type.Array(Dimension),
  rows: Type.Array(ReportRowView),
  total: Type.Object({ ...times, time: Duration }),
  without: Type.Array(Type.String(), { description: 'channels with evidence that the token may not read' }),
});
export type ReportView = Static<typeof ReportView>;
