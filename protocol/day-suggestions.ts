// The schemas of suggestions for unassigned time: `GET /-/suggestions`, the item `suggestions` of the live channel `day/<date>` and the SDK
// return them. Moments are whole microseconds since 1970, durations whole microseconds.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from './check.ts';
import { DayRuleItem } from './day.ts';
import { Key } from './messages.ts';

const Moment = Type.Integer({ description: 'microseconds since 1970' });

export const SuggestionView = Type.Object({
  key: Type.String({ description: 'the same as long as the stretch begins at the same moment and means the same' }),
  from: Moment,
  to: Moment,
  time: Type.Integer({ minimum: 0, description: 'microseconds of unassigned time between `from` and `to`' }),
  spans: Type.Array(Type.Tuple([Moment, Moment]), { description: 'the unassigned time, which an acceptance assigns' }),
  project: Type.String(),
  task: Type.Union([Type.String({ description: 'the key of a task' }), Type.Null()]),
  tier: Type.Union([Type.Literal(1), Type.Literal(2)], { description: '1: from facts; 2: from neighbours and words' }),
  reasons: Type.Array(
    Type.Object({
      kind: Type.Union(
        (['task id', 'alias', 'task', 'goal', 'neighbour', 'words'] as const).map((kind) => Type.Literal(kind)),
      ),
      text: Type.String({ description: 'what was found, such as `12-watering`' }),
      channel: Type.String(),
      keys: Type.Array(Type.String(), { description: 'items of the channel that say it' }),
    }),
    { description: 'the weightiest first; at least one' },
  ),
  rule: Type.Union([DayRuleItem, Type.Null()], {
    description: 'what "always" saves, for a preview; null if the reasons make no rule',
  }),
});
export type SuggestionView = Static<typeof SuggestionView>;

export const SuggestionsView = Type.Object({ date: Type.String(), suggestions: Type.Array(SuggestionView) });
export type SuggestionsView = Static<typeof SuggestionsView>;

/** The body of `POST /-/suggestions`. */
export const SuggestionAnswer = Type.Object(
  {
    do: Type.Union([Type.Literal('accept'), Type.Literal('refuse'), Type.Literal('always')]),
    date: Type.String({ description: 'of the day: YYYY-MM-DD, today or yesterday' }),
    key: Key,
  },
  { additionalProperties: false },
);
export type SuggestionAnswer = Static<typeof SuggestionAnswer>;

const check = compile(SuggestionAnswer);
export const isSuggestionAnswer = (value: unknown): value is SuggestionAnswer => check(value);

/** The answer to a write about the day. */
export const WrittenEdit = Type.Object({
  seq: Type.Integer(),
  undo: Type.Integer({ description: 'the step that a `revert` of the channel goes back to' }),
  keys: Type.Array(Type.String(), { description: 'items that were written' }),
});
export type WrittenEdit = Static<typeof WrittenEdit>;
