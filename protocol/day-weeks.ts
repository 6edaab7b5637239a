// The schemas of submitted weeks: `GET /-/weeks`, `POST /-/weeks`, and the items of the channel `submitted_weeks`, which the hub alone writes.
// A week is one of ISO 8601: `2026-W48`.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from './check.ts';
import { Name } from './names.ts';

const Week = Type.String({ pattern: '^\\d{4}-W\\d\\d$', description: 'ISO 8601: `2026-W48`' });

/** The key of the item is the week; its `time` and `end` are the span. */
export const SubmittedWeekItem = Type.Object(
  {
    state: Type.Union([Type.Literal('submitted'), Type.Literal('returned')], {
      description: '`submitted`: its time does not change; `returned`: an administrator gave it back',
    }),
    by: Type.String({ description: 'the account that did it' }),
    total: Type.Integer({ minimum: 0, description: 'microseconds of the seven days, when it was submitted' }),
    reason: Type.Optional(Type.String({ description: 'why it was returned' })),
  },
  { additionalProperties: false },
);
export type SubmittedWeekItem = Static<typeof SubmittedWeekItem>;

/** The body of `POST /-/weeks`. */
export const WeekEdit = Type.Union([
  Type.Object({ do: Type.Literal('submit'), week: Week }, { additionalProperties: false }),
  Type.Object(
    {
      do: Type.Literal('return'),
      week: Week,
      account: Type.Optional(Name),
      reason: Type.String({ minLength: 1, maxLength: 2_000 }),
    },
    { additionalProperties: false },
  ),
]);
export type WeekEdit = Static<typeof WeekEdit>;

export const WeeksView = Type.Object({
  weeks: Type.Array(
    Type.Object({
      week: Week,
      from: Type.String({ description: 'the first date' }),
      to: Type.String({ description: 'the last date, included' }),
      at: Type.Number({ description: 'milliseconds since 1970: when it came into this state' }),
      ...SubmittedWeekItem.properties,
    }),
    { description: 'the latest first' },
  ),
});
export type WeeksView = Static<typeof WeeksView>;

const checks = { item: compile(SubmittedWeekItem), edit: compile(WeekEdit) };
export const isSubmittedWeek = (value: unknown): value is SubmittedWeekItem => checks.item(value);
export const isWeekEdit = (value: unknown): value is WeekEdit => checks.edit(value);
