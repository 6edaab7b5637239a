// An event: how it is read from JSON, stored as an item, and written as JSON. heartbeat.ts has the rule that merges heartbeats.

import { setBounded } from '../../../core/bounded.ts';
import type { Item } from '../../../core/store.ts';
import { formatInstant, furthest, parseInstant, toMillisecond } from './instant.ts';
import { float, formatSpaced, repr } from './python-compat.ts';

export interface Event {
  readonly id: number;
  /** Microseconds since 1970, whole milliseconds. */
  readonly time: number;
  /** In microseconds; may be negative, because clients may send that. */
  readonly duration: number;
  /** JSON text, compact. */
  readonly data: string;
}

export type NewEvent = Omit<Event, 'id'> & { readonly id: number | null };

/** The greatest id that a client may give: the hub must be able to count on above it. */
const greatestId = 2 ** 50;
/** The longest duration in seconds: a thousand years. */
const longest = 3.2e10;

type Read = { readonly ok: true; readonly event: NewEvent } | { readonly ok: false; readonly error: string };

/**
 * Reads an event as `POST …/events` takes it: all fields are optional, unknown ones are ignored.
 * @param now microseconds since 1970: the timestamp of an event that has none
 */
export function readEvent(value: unknown, now: number): Read {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('an event is an object');
  const fields = new Map(Object.entries(value));
  const id = fields.get('id') ?? null;
  if (id !== null && !(typeof id === 'number' && Number.isSafeInteger(id) && Math.abs(id) <= greatestId)) {
    return wrong(`id ${repr(id)} is not an integer up to 2^50`);
  }
  const time = instantOf(fields.get('timestamp'), now);
  if (time === undefined) return wrong(`timestamp ${repr(fields.get('timestamp'))} is not ISO 8601`);
  const seconds = fields.get('duration') ?? 0;
  if (typeof seconds !== 'number' || Math.abs(seconds) > longest) {
    return wrong(`duration ${repr(seconds)} is not a number of seconds`);
  }
  const duration = Math.round(seconds * 1_000_000);
  if (Math.abs(time + duration) > furthest) return wrong('the event ends beyond the year 2255');
  return { ok: true, event: { id, time, duration, data: JSON.stringify(fields.get('data') ?? {}) } };
}

function instantOf(value: unknown, now: number): number | undefined {
  if (value === undefined) return toMillisecond(now);
  const micros = typeof value === 'string' ? parseInstant(value) : undefined;
  return micros === undefined ? undefined : toMillisecond(micros);
}

function wrong(error: string): Read {
  return { ok: false, error };
}

/** The event of an item. An item without a span was written by the channel verbs: it starts when it was written. */
export function eventOf(item: Pick<Item, 'key' | 'value' | 'time' | 'end' | 'at'>): Event {
  const time = item.time ?? item.at * 1_000;
  return { id: Number(item.key), time, duration: (item.end ?? time) - time, data: item.value };
}

export function endOf({ time, duration }: Pick<Event, 'time' | 'duration'>): number {
  return time + duration;
}

/** Texts that an answer caches: an answer has few distinct data. */
const mostTexts = 4_096;

/** Writes the events of one answer as JSON. */
export class EventWriter {
  #data = new Map<string, string>();

  text(event: Event | NewEvent): string {
    return `{"id": ${event.id}, ${this.#rest(event)}`;
  }

  textWithoutId(event: Event): string {
    return `{${this.#rest(event)}`;
  }

  #rest({ time, duration, data }: Event | NewEvent): string {
    return `"timestamp": "${formatInstant(time)}", "duration": ${float(duration / 1_000_000)}, "data": ${this.#formatData(data)}}`;
  }

  #formatData(data: string): string {
    const known = this.#data.get(data);
    if (known !== undefined) return known;
    const value: unknown = JSON.parse(data);
    const text = formatSpaced(value);
    setBounded(this.#data, data, text, mostTexts);
    return text;
  }
}

/** False for items that are not events: a client wrote them by the channel verbs. */
export function isEventKey(key: string): boolean {
  return /^-?\d{1,16}$/.test(key);
}
