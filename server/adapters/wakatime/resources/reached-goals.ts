// How far the goals of an account are today, or in this week.

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

export interface GoalProgress extends ReachedGoal {
  /** Of `since`. */
  readonly seconds: number;
  readonly goalSeconds: number;
  /** A goal of at most so much is reached when its day is over, and never here. */
  readonly isReached: boolean;
}

/** Of the goals that are not switched off. */
export async function goalProgress(authorizer: Authorizer, account: string): Promise<readonly GoalProgress[]> {
  const { hub } = authorizer;
  const open = (await readGoals(hub, account)).filter(({ goal }) => goal.is_enabled);
  if (open.length === 0) return [];
  const info = await authorizer.personInfo(account);
  const parsed = parseQuery(info, new URLSearchParams(), hub.world.now());
  if (!parsed.ok) return [];
  const { now } = parsed.value;
  const week = { first: startOfWeek(now.today, now), last: now.today };
  const beats = await authorizer.beats(account, timeRangeOf(parsed.value, week));
  const question = { ...parsed.value, person: { ...info, beats } };
  const progress: GoalProgress[] = [];
  for (const { id, goal } of open) {
    const [point] = await chartOf(question, goal, 1);
    if (point === undefined) continue;
    progress.push({
      id,
      title: titleOf(goal),
      since: point.range.start,
      seconds: point.actual_seconds,
      goalSeconds: point.goal_seconds,
      isReached: point.range_status === 'success' && !goal.is_inverse,
    });
  }
  return progress;
}
