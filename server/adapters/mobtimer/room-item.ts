// The items of a room's channel: timer requests under any key, the goal under its own. Items are stored in the form that viewers get, so a
// WebSocket follower reads what an SSE viewer reads. Items of earlier builds may have other forms, and are read as tolerantly as a body.
// This file also decides which items are too old.

import type { Item } from '../../core/store.ts';
import { nextUser } from './next-user.ts';
import type { Goal, TimerRequest } from './timer-request.ts';
import { fieldsOf, readGoal, readText, readTimer } from './timer-request.ts';

export const goalKey = 'goal';
const dayMs = 86_400_000;

/** The parts of an item, or of a change with a value, that are read here. */
export type RoomItem = Pick<Item, 'key' | 'value' | 'at'>;

export interface RoomState {
  /** Oldest first. */
  readonly requests: readonly TimerRequest[];
  readonly goal: Goal;
}

export const noGoal: Goal = { text: null, user: null, at: 0 };

/** True while a turn or a break is running. @param now milliseconds since 1970 */
export function runs(request: TimerRequest, now: number): boolean {
  return request.at + request.minutes * 60_000 > now;
}

/** @param items in the order of their last step */
export function readRoom(items: Iterable<RoomItem>): RoomState {
  const requests: TimerRequest[] = [];
  let goal = noGoal;
  for (const item of items) {
    if (item.key === goalKey) {
      goal = readGoalItem(item);
      continue;
    }
    const request = readRequestItem(item, () => requests);
    if (request !== undefined) requests.push(request);
  }
  return { requests, goal };
}

/**
 * @param before returns the requests before this one; called for an item without `nextUser`
 * @returns undefined if the item is not a timer request
 */
export function readRequestItem(item: RoomItem, before: () => readonly TimerRequest[]): TimerRequest | undefined {
  if (item.key === goalKey) return undefined;
  const value: unknown = JSON.parse(item.value);
  const asked = readTimer(value);
  if (asked.asks !== 'something') return undefined;
  const fields = fieldsOf(value);
  const type = fields?.get('type') === 'BREAKTIMER' ? 'BREAKTIMER' : asked.value.type;
  const { minutes, user } = asked.value;
  const sentNext = fields?.has('nextUser') ? readText(fields.get('nextUser')) : undefined;
  const request = { type, minutes, user } as const;
  return { ...request, nextUser: sentNext === undefined ? nextUser(before(), request) : sentNext, at: item.at };
}

export function readGoalItem(item: RoomItem): Goal {
  const value: unknown = JSON.parse(item.value);
  const asked = readGoal(value);
  if (asked.asks === 'something') return { ...asked.value, at: item.at };
  return { text: null, user: readText(fieldsOf(value)?.get('user')) ?? null, at: item.at };
}

/** The keys of items that are older than a day, except a goal that is set. */
export function outdatedKeys(items: Iterable<RoomItem>, now: number): readonly string[] {
  const keys: string[] = [];
  for (const item of items) {
    if (item.at + dayMs >= now) continue;
    if (item.key === goalKey && readGoalItem(item).text !== null) continue;
    keys.push(item.key);
  }
  return keys;
}

/** The most that a room stores of one day, because an open room must not fill the disk. `size`: characters of all requests. */
const remembered = { requests: 1_000, size: 262_144 } as const;

/**
 * @param items oldest first
 * @param added texts of new requests
 * @returns the keys of the oldest requests: as many as must go before the new ones fit
 */
export function crowdedOut(items: Iterable<RoomItem>, added: readonly string[]): string[] {
  const requests = [...items].filter(({ key }) => key !== goalKey);
  let size = [...requests.map(({ value }) => value), ...added].reduce((sum, text) => sum + text.length, 0);
  const kept = requests.findIndex(({ value }, index) => {
    if (requests.length - index + added.length <= remembered.requests && size <= remembered.size) return true;
    size -= value.length;
    return false;
  });
  return requests.slice(0, kept === -1 ? requests.length : kept).map(({ key }) => key);
}
