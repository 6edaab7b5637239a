// The states of an account for a home at this moment, from its merged day, its tasks and its goals.

import { isRecord } from '../../protocol/json.ts';
import { plainOf } from '../../protocol/plain.ts';
import { calendarOf } from '../day/account-days.ts';
import { dateOfMoment } from '../day/engine/day-calendar.ts';
import type { MergedDays } from '../day/merged-days.ts';
import type { GoalState, HomeStates } from './home-assistant.ts';

const second = 1_000_000;
/** Somebody is present until so long after the last that was seen, in microseconds: editors and watchers report every minute or two. */
const present = 300 * second;
const everything = (): boolean => true;

export async function readStates(
  days: MergedDays,
  account: string,
  goals: (account: string) => readonly GoalState[],
): Promise<HomeStates> {
  const { hub } = days;
  const now = hub.world.now() * 1_000;
  const { days: merged } = days.of(account);
  const date = dateOfMoment(now, calendarOf(await merged.settings(), undefined));
  const day = await merged.day({ date, mayRead: everything });
  const last = day.segments.at(-1);
  const current = last !== undefined && last.to >= now - present ? last : undefined;
  const { items } = await (await hub.cachedChannel(`${account}/tasks`)).settled();
  const titles = new Map<string, string>();
  const running: string[] = [];
  for (const { key, value } of items.values()) {
    const wire: unknown = JSON.parse(value);
    if (!isRecord(wire)) continue;
    const { desc, active, done } = plainOf(key, wire);
    titles.set(key, desc);
    if (active !== 0 && done === 0) running.push(desc);
  }
  return {
    today: Math.floor(day.total / second),
    project: current?.project ?? null,
    task: titles.get(current?.task ?? '') ?? null,
    running: running.length === 0 ? null : running.sort().join(', '),
    isPresent: current !== undefined,
    goals: goals(account),
  };
}
