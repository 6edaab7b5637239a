// Weeks that a person submitted. The answers of their days are stored and do not change any more, whatever rules, projects or evidence do; what
// a person states about them is refused. An administrator returns a week with a reason; both stand in the history of the channel.

import { isSubmittedWeek } from '../../../protocol/day-weeks.ts';
import { type Refusal, refuse } from '../../../protocol/errors.ts';
import type { ChannelState } from '../../core/cached-channel.ts';
import type { Hub } from '../../core/hub.ts';
import type { Item, Op } from '../../core/store.ts';
import { weekOfDate } from './calendar-week.ts';

export const weeksChannel = 'submitted_weeks';
/** The key, in the channel of its day, of an answer that was stored when the week was submitted. It counts while the week is. */
export const submittedKey = 'submitted';

/** Full names of channels whose items are about a span or a date of the day. */
const stated = /^([^@/]+)\/(entries|day_notes)$/;

interface LockedWeek {
  readonly week: string;
  /** Microseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** The step with which it was submitted. */
  readonly seq: number;
}

/** The weeks that are submitted now, by their names. */
export type LockedWeeks = ReadonlyMap<string, LockedWeek>;

export async function readLockedWeeks(hub: Hub, account: string): Promise<LockedWeeks> {
  const { items } = (await hub.cachedChannel(`${account}/${weeksChannel}`)).view;
  const locked = [...items.values()].flatMap(({ key: week, value, time, end, seq }): LockedWeek[] => {
    const item: unknown = JSON.parse(value);
    const isLocked = isSubmittedWeek(item) && item.state === 'submitted';
    return isLocked && time !== null && end !== null ? [{ week, from: time, to: end, seq }] : [];
  });
  return new Map(locked.map((one) => [one.week, one]));
}

/** The submitted week of a date. */
export function lockOf(weeks: LockedWeeks, date: string): LockedWeek | undefined {
  return weeks.size === 0 ? undefined : weeks.get(weekOfDate(date));
}

/**
 * Refuses writes that would change what is stated about a submitted week.
 * @param channel without the account
 * @param items of the channel before the write
 */
export function refuseLocked(
  weeks: LockedWeeks,
  channel: string,
  items: ChannelState['items'],
  ops: readonly Op[],
): Refusal | undefined {
  if (weeks.size === 0) return undefined;
  const locks = [...weeks.values()];
  for (const op of ops) {
    const before = items.get(op.key);
    const found =
      channel === 'day_notes'
        ? lockOf(weeks, op.key.slice(0, 10))
        : locks.find((lock) => touches(lock, before) || (op.op !== 'remove' && touches(lock, op)));
    if (found !== undefined)
      return refuse('protected', '', `the week ${found.week} was submitted: an administrator can return it`);
  }
  return undefined;
}

function touches({ from, to }: LockedWeek, span: Partial<Pick<Item, 'time' | 'end'>> | undefined): boolean {
  const { time, end } = span ?? {};
  return time !== undefined && time !== null && time < to && (end ?? time) > from;
}

/** @returns a check for writes of any channel, by its full name */
export function locksCheck(hub: Hub) {
  return (name: string, ops: readonly Op[]): Promise<Refusal | undefined> | undefined => {
    const [, account, channel] = stated.exec(name) ?? [];
    return account === undefined || channel === undefined ? undefined : checkStated(account, channel, ops);
  };

  async function checkStated(account: string, channel: string, ops: readonly Op[]): Promise<Refusal | undefined> {
    const weeks = await readLockedWeeks(hub, account);
    if (weeks.size === 0) return undefined;
    const { items } = (await hub.cachedChannel(`${account}/${channel}`)).view;
    return refuseLocked(weeks, channel, items, ops);
  }
}
