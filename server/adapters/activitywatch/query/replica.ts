// One bucket in memory, for queries: its events sorted by time, with data parsed once for each distinct text. worker-queue.ts feeds it
// with periods of the bucket and with the changes of its channel, in order.

import { eventOf, isEventKey } from '../events/event.ts';
import { Cover } from './period-union.ts';
import { Moment, type Value } from './values.ts';

/** A change in a flat form, because thousands of them go from thread to thread. `value` is null for a delete. */
export type Fed = readonly [key: string, value: string | null, time: number | null, end: number | null, at: number];

export class Replica {
  readonly cover = new Cover();
  /** Sorted by start; events with an equal start by descending id, so that the reverse is the order that clients see. */
  #events: Moment[] = [];
  readonly #byKey = new Map<string, Moment>();
  readonly #data = new Map<string, Value>();
  /** The longest duration of any event. */
  #longest = 0;

  get size(): number {
    return this.#events.length;
  }

  feed(changes: readonly Fed[]): void {
    const added: Moment[] = [];
    const removed = new Set<Moment>();
    for (const [key, value, time, end, at] of changes) {
      if (!isEventKey(key)) continue;
      const before = this.#byKey.get(key);
      if (before !== undefined) removed.add(before);
      this.#byKey.delete(key);
      if (value === null) continue;
      const event = eventOf({ key, value, time, end, at });
      const moment = new Moment(event.id, event.time, event.duration, this.#parse(value));
      this.#longest = Math.max(this.#longest, event.duration);
      this.#byKey.set(key, moment);
      added.push(moment);
    }
    this.#remove(removed);
    this.#add(added.filter((moment) => !removed.has(moment)));
  }

  /** Events newest first, cut to a period whose ends are included. */
  events(from: number, to: number): readonly Moment[] {
    const found: Moment[] = [];
    if (from > to) return found;
    const first = this.#firstAt(from - this.#longest);
    for (let index = this.#firstAt(to + 1) - 1; index >= first; index -= 1) {
      const moment = this.#events[index];
      if (moment === undefined || (moment.time < from && moment.end < from)) continue;
      const whole = moment.time >= from && moment.end <= to;
      found.push(whole ? moment : moment.during(Math.max(moment.time, from), Math.min(moment.end, to)));
    }
    return found;
  }

  #parse(text: string): Value {
    const known = this.#data.get(text);
    if (known !== undefined) return known;
    const value: Value = JSON.parse(text);
    this.#data.set(text, value);
    return value;
  }

  #remove(removed: ReadonlySet<Moment>): void {
    if (removed.size === 0) return;
    // Heartbeats change the newest events.
    let last = this.#events.length;
    for (let left = removed.size; left > 0 && last > 0; ) {
      last -= 1;
      const moment = this.#events[last];
      if (moment !== undefined && removed.has(moment)) left -= 1;
    }
    const kept = this.#events.splice(last).filter((moment) => !removed.has(moment));
    for (const moment of kept) this.#events.push(moment);
  }

  #add(added: Moment[]): void {
    if (added.length === 0) return;
    added.sort(inOrder);
    const first = added[0];
    const moved = first === undefined ? [] : this.#events.splice(this.#firstAt(first.time));
    const all = moved.length === 0 ? added : [...moved, ...added].sort(inOrder);
    for (const moment of all) this.#events.push(moment);
  }

  /** The index of the first event that starts at `time` or later. */
  #firstAt(time: number): number {
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.time ?? 0) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function inOrder(a: Moment, b: Moment): number {
  return a.time - b.time || (b.id ?? 0) - (a.id ?? 0);
}
