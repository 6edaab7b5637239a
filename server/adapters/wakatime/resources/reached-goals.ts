// The goals of an account that are reached today, or in this week.

import type { Authorizer } from '../auth/authorize.ts';
import { startOfWeek } from '../model/calendar.ts';
import { parseQuery, timeRangeOf } from '../stats/query.ts';
import { chartOf, readGoals, titleOf } from './goals.ts';

export interface ReachedGoal {
  readonly id: string;
  readonly title: string;
  /** When the day or week began in which it is reached: ISO 8601. */
  readonly since: string;
}

/** A goal of at most so much is reached when its day is over, and is never among these. */
export async function reachedGoals(authorizer: Authorizer, account: string): Promise<readonly ReachedGoal[]> {
  const { hub } = authorizer;
  const open = (await readGoals(hub, account)).filter(({ goal }) => goal.is_enabled && !goal.is_inverse);
  if (open.length === 0) return [];
  const info = await authorizer.personInfo(account);
  const parsed = parseQuery(info, new URLSearchParams(), hub.world.now());
  if (!parsed.ok) return [];
  const { now } = parsed.value;
  const week = { first: startOfWeek(now.today, now), last: now.today };
  const beats = await authorizer.beats(account, timeRangeOf(parsed.value, week));
  const question = { ...parsed.value, person: { ...info, beats } };
  const reached: ReachedGoal[] = [];
  for (const { id, goal } of open) {
    const [point] = await chartOf(question, goal, 1);
    if (point?.range_status === 'success') reached.push({ id, title: titleOf(goal), since: point.range.start });
  }
  return reached;
}
