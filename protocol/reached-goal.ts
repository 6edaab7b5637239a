// The items of the channel `reached_goals`, which the hub writes for accounts that have a webhook or a relay: a goal that was reached, once
// for each day or week of the goal.

import { type Static, Type } from '@sinclair/typebox';

export const ReachedGoalItem = Type.Object({
  goal: Type.String({ description: 'the id of the goal' }),
  title: Type.String(),
  since: Type.String({ description: 'when the day or week began in which it was reached, ISO 8601' }),
});
export type ReachedGoalItem = Static<typeof ReachedGoalItem>;
