// Submitting a week, and returning it. When a week is submitted, the answer of each of its days is stored in the day's channel; it counts while
// the week is submitted, so a hub that ends in between has neither frozen a day nor locked a week.

import { isSubmittedWeek, type SubmittedWeekItem } from '../../../protocol/day-weeks.ts';
import { type Refusal, refuse } from '../../../protocol/errors.ts';
import type { Hub } from '../../core/hub.ts';
import { type AccountDays, calendarOf } from '../account-days.ts';
import { boundsOfDay } from '../engine/day-calendar.ts';
import { datesOfWeek } from './calendar-week.ts';
import { submittedKey, weeksChannel } from './submitted-weeks.ts';

const origin = 'weeks';
const everything = (): boolean => true;

export type WeekOutcome = { readonly ok: true; readonly seq: number } | Refusal;

export async function submitWeek(hub: Hub, days: AccountDays, week: string, by: string): Promise<WeekOutcome> {
  const dates = datesOfWeek(week);
  const [first, last] = [dates?.[0], dates?.at(-1)];
  if (dates === undefined || first === undefined || last === undefined)
    return refuse('property', 'week', 'a week such as 2026-W48');
  const calendar = calendarOf(await days.settings(), undefined);
  const [[from], [, to]] = [boundsOfDay(first, calendar), boundsOfDay(last, calendar)];
  if (to > hub.world.now() * 1_000) return refuse('property', 'week', 'a week that is over');
  const document = await hub.cachedChannel(`${days.account}/${weeksChannel}`);
  if (stateOf(document.view.items.get(week)?.value) === 'submitted') return submittedBefore;
  const entries = await hub.cachedChannel(`${days.account}/entries`);
  const seen = entries.view.seq;
  const total = await freeze(hub, days, dates);
  const done = await document.write(({ items }) => {
    if (stateOf(items.get(week)?.value) === 'submitted') return submittedBefore;
    return { ok: true, write: writeOf(hub, week, { state: 'submitted', by, total }, { from, to }) };
  });
  if (!done.ok) return done;
  // An entry that came meanwhile was accepted, and now none comes any more.
  if (entries.view.seq !== seen) await freeze(hub, days, dates);
  return { ok: true, seq: done.position.seq };
}

const submittedBefore = refuse('exists', 'week', 'it was submitted before');

/** Evidence that is there counts again; what has expired since keeps the stored answers. */
export async function returnWeek(
  hub: Hub,
  account: string,
  week: string,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<WeekOutcome> {
  const document = await hub.cachedChannel(`${account}/${weeksChannel}`);
  const done = await document.write(({ items }) => {
    const item = items.get(week);
    const before: unknown = JSON.parse(item?.value ?? 'null');
    const isLocked = isSubmittedWeek(before) && before.state === 'submitted';
    if (!isLocked || item === undefined || item.time === null || item.end === null)
      return refuse('not_found', 'submitted week');
    const returned = { state: 'returned', by, total: before.total, reason } as const;
    return { ok: true, write: writeOf(hub, week, returned, { from: item.time, to: item.end }) };
  });
  return done.ok ? { ok: true, seq: done.position.seq } : done;
}

function stateOf(value: string | undefined): string | undefined {
  const item: unknown = JSON.parse(value ?? 'null');
  return isSubmittedWeek(item) ? item.state : undefined;
}

function writeOf(hub: Hub, week: string, item: SubmittedWeekItem, { from, to }: { from: number; to: number }) {
  const op = { op: 'put', key: week, value: JSON.stringify(item), time: from, end: to } as const;
  return { ops: [op], origin, at: hub.world.now() };
}

/** Stores the answers of the days. @returns the sum of their totals */
async function freeze(hub: Hub, days: AccountDays, dates: readonly string[]): Promise<number> {
  let total = 0;
  for (const date of dates) {
    const answer = await days.day({ date, mayRead: everything, isAnew: true });
    total += answer.total;
    const channel = await hub.channel(`${days.account}/day/${date}`);
    const value = JSON.stringify({ ...answer, final: true });
    await channel.write({ ops: [{ op: 'put', key: submittedKey, value }], origin, at: hub.world.now() });
  }
  return total;
}
