// One bucket: a channel whose items are events, keyed by event id. It merges heartbeats, reads ranges and writes posted events. It does
// not know descriptions, accounts or HTTP.
//
// A heartbeat is computed from the last event, and must not wait until the write of the heartbeat before it is on disk. So the last
// event is the state of an OptimisticChannel. Any other change of the channel invalidates it, and it is read again.

import type { Channel } from '../../../core/channel.ts';
import {
  type BaselessWrite,
  type Committed,
  OptimisticChannel,
  type Projection,
} from '../../../core/optimistic-channel.ts';
import type { Item, Op, Place } from '../../../core/store.ts';
import type { World } from '../../../core/world.ts';
import { type Event, endOf, eventOf, isEventKey, type NewEvent } from '../events/event.ts';
import { creep, extendEvent } from '../events/heartbeat.ts';
import { furthest } from '../events/instant.ts';
import type { Ids } from './ids.ts';

/** A range in microseconds since 1970, both ends included; a missing end is unbounded. */
export interface Span {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

const attempts = 100;
/** Events that one write inserts. */
const writeSize = 2_048;
/** Events that are read at once: a few milliseconds' work. */
const pageSize = 512;
/** Characters of their data that are read at once. V8 keeps strings of more than 128 KiB until a full collection. */
const pageCharacters = 49_152;
/** The most characters of events with an equal start that are put in the order of their ids. No watcher makes so many. */
const mostCarried = 1_048_576;

export class Bucket {
  readonly channel: Channel;
  readonly #ids: Ids;
  readonly #world: World;
  readonly #last: LastEvent;
  readonly #optimistic: OptimisticChannel;

  constructor(channel: Channel, ids: Ids, world: World) {
    this.channel = channel;
    this.#ids = ids;
    this.#world = world;
    this.#last = new LastEvent(this);
    this.#optimistic = new OptimisticChannel(channel, this.#last);
  }

  /** Merges a heartbeat. Resolves with the event that it extended or became, once that is on disk. */
  async heartbeat(heartbeat: Omit<Event, 'id'>, pulse: number, origin: string): Promise<Event> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      let event: Event | undefined;
      let ops: readonly Op[] = [];
      const written = await this.#optimistic.write(() => {
        const last = this.#last.event;
        const extended = last === null ? null : extendEvent(last, heartbeat, pulse);
        const id = extended === null ? this.#ids.take() : extended.id;
        if (id === undefined) return noId;
        event = extended ?? { ...heartbeat, id };
        ops = extended !== null && extended === last ? [] : [opOf(event, extended === null ? 'add' : 'put')];
        return { ok: true, write: { ops, origin, at: this.#world.now() } };
      });
      if (!written.ok) await this.#ids.reserve();
      // The op made no step: a client has already used the id for another event.
      else if (event !== undefined && (written.steps > 0 || ops.length === 0)) return event;
    }
    throw new Error(`${this.channel.name}: ${attempts} heartbeats in a row were overtaken`);
  }

  /** Inserts events in their order. An event with an id replaces the one that has it in this bucket; the others get an id. */
  async insert(events: readonly NewEvent[], origin: string): Promise<readonly Event[]> {
    const done: Event[] = [];
    for (let at = 0; at < events.length; at += writeSize) {
      done.push(...(await this.#insertSome(events.slice(at, at + writeSize), origin)));
    }
    return done;
  }

  /** @returns false if there was no such event */
  async remove(id: number, origin: string): Promise<boolean> {
    const appended = await this.#write([{ op: 'remove', key: String(id) }], origin);
    return appended.steps > 0;
  }

  async event(id: number): Promise<Event | undefined> {
    const [item] = await this.channel.read({ key: String(id) });
    return item === undefined ? undefined : eventOf(item);
  }

  /** The event with the latest start. */
  newest(): Promise<Event | undefined> {
    return this.channel.cached('aw newest', async () => {
      for await (const page of this.pages({}, 1)) if (page[0] !== undefined) return page[0];
      return undefined;
    });
  }

  /** Events cut to the range, in pages, newest start first, equal starts by ascending id. */
  async *clippedPages(span: Span, limit = Number.POSITIVE_INFINITY): AsyncGenerator<readonly Event[]> {
    let left = limit;
    if (left <= 0) return;
    for await (const page of this.pages(span, left)) {
      yield page.slice(0, left).map((event) => clipEvent(event, span));
      left -= page.length;
      if (left <= 0) return;
    }
  }

  async count(span: Span): Promise<number> {
    let count = 0;
    for await (const page of this.pages(span)) count += page.length;
    return count;
  }

  /** The same without cutting. @param limit how many events the caller needs; there may be more */
  async *pages({ from, to }: Span, limit = Number.POSITIVE_INFINITY): AsyncGenerator<readonly Event[]> {
    if (from !== undefined && to !== undefined && from > to) return;
    // The store's spans are half open; ActivityWatch's are closed.
    const span = { from: (from ?? -furthest) - 1, to: (to ?? furthest) + 1 };
    const asked = { ...span, newest: true, size: pageCharacters };
    let after: Place | undefined;
    let most = Math.min(pageSize, limit + 8);
    /** Events with an equal start may continue on the next page, so they are carried over to it. */
    let carried: readonly Item[] = [];
    for (;;) {
      const items = await this.channel.read({ ...asked, limit: most, ...(after === undefined ? {} : { after }) });
      const characters = items.reduce((sum, { value }) => sum + value.length, 0);
      const last = items.at(-1);
      const more = last !== undefined && (items.length === most || characters >= asked.size);
      const all = [...carried, ...items];
      const equal = more ? all.filter(({ time }) => time === last?.time) : [];
      carried = equal.reduce((sum, { value }) => sum + value.length, 0) <= mostCarried ? equal : [];
      const whole = carried.length > 0 ? all.filter(({ time }) => time !== last?.time) : all;
      const events = whole.filter((item) => isEventKey(item.key)).map(eventOf);
      events.sort((a, b) => b.time - a.time || a.id - b.id);
      yield from === undefined ? events : events.filter((event) => endOf(event) >= from || event.time >= from);
      if (!more) return;
      after = last;
      // Many events have one start: small pages would sort those before them again and again.
      most = pageSize;
    }
  }

  /** Removes all events and their history. */
  async clear(origin: string): Promise<void> {
    const remove = async (items: readonly Pick<Item, 'key'>[]): Promise<void> => {
      await this.#write(
        items.map(({ key }) => ({ op: 'remove', key })),
        origin,
      );
    };
    for (let found = true; found; ) {
      const items = await this.channel.read({ from: -furthest, newest: true, limit: pageSize });
      found = items.length > 0;
      if (found) await remove(items);
    }
    // Items without a time were written by the channel verbs.
    const others = await this.channel.read({ limit: pageSize });
    if (others.length > 0) await remove(others);
    await this.channel.forget(this.channel.position.seq);
  }

  async #insertSome(events: readonly NewEvent[], origin: string): Promise<readonly Event[]> {
    const named = events.reduce((most, { id }) => Math.max(most, id ?? 0), 0);
    if (named > 0) await this.#ids.passOver(named);
    const numbered: Event[] = [];
    let waiting: readonly NewEvent[] = events;
    // An id that a client has used already is skipped.
    for (let attempt = 0; waiting.length > 0 && attempt < attempts; attempt += 1) {
      const fresh = [...(await this.#ids.takeMany(waiting.filter(({ id }) => id === null).length))];
      const tried = waiting.map((event) => ({ event, added: { ...event, id: event.id ?? fresh.shift() ?? 0 } }));
      const appended = await this.#write(
        tried.map(({ event, added }) => opOf(added, event.id === null ? 'add' : 'put')),
        origin,
      );
      const made = new Set(appended.changes.map(({ key }) => key));
      const isDone = ({ event, added }: (typeof tried)[number]) => event.id !== null || made.has(String(added.id));
      numbered.push(...tried.filter(isDone).map(({ added }) => added));
      waiting = tried.filter((one) => !isDone(one)).map(({ event }) => event);
    }
    if (waiting.length > 0) throw new Error(`${this.channel.name}: no free number for an event`);
    return numbered;
  }

  #write(ops: readonly Op[], origin: string): Promise<Committed> {
    return this.#optimistic.writeUnconditionally({ ops, origin, at: this.#world.now() });
  }
}

const noId = { ok: false } as const;

/** Tracks the last event: the one with the latest start, and of equal starts the greatest id. A change by another writer invalidates it. */
class LastEvent implements Projection {
  event: Event | null = null;
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  async load(): Promise<number> {
    // A step made after this makes the base stale, and the write is computed again.
    const { seq } = this.#bucket.channel.position;
    this.event = null;
    for await (const page of this.#bucket.pages({}, 1)) {
      const first = page[0];
      if (first === undefined) continue;
      this.event = lastOf(page, first);
      break;
    }
    return seq;
  }

  applyWrite({ ops, at }: BaselessWrite): number {
    const [op] = ops;
    if (op === undefined || op.op === 'remove') return 0;
    const { key, value, time = null, end = null } = op;
    this.event = eventOf({ key, value, time, end, at });
    return 1;
  }

  applyChange(): boolean {
    return false;
  }
}

/**
 * The event that heartbeats extend: the one that starts last. An absence whose start crept back by milliseconds may start just before the
 * event that it follows: of events that start within that time, the last one is the one that ends last.
 * @param page newest start first, those with an equal start by their ids
 */
function lastOf(page: readonly Event[], first: Event): Event {
  const newest = page.findLast(({ time }) => time === first.time) ?? first;
  const near = page.filter(({ time }) => time < first.time && time >= first.time - creep);
  return near.reduce((last, event) => (endOf(event) > endOf(last) ? event : last), newest);
}

function clipEvent(event: Event, { from, to }: Span): Event {
  const starts = from !== undefined && event.time < from;
  const ends = to !== undefined && endOf(event) > to;
  if (!starts && !ends) return event;
  const time = starts ? from : event.time;
  return { ...event, time, duration: (ends ? to : endOf(event)) - time };
}

function opOf(event: Event, op: 'add' | 'put'): Op {
  return { op, key: String(event.id), value: event.data, time: event.time, end: endOf(event) };
}
