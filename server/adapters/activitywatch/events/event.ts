// An event: how it comes in as JSON, how it lies in its bucket's channel, how it goes out. The rule by which heartbeats join
// is in heartbeat.ts.

import type { Item } from '../../../core/store.ts';
import { formatInstant, furthest, parseInstant, toMillisecond } from './instant.ts';
import { float, repr, spaced } from './python-compat.ts';

export interface Event {
  readonly id: number;
  /** Microseconds since 1970, of whole milliseconds. */
  readonly time: number;
  /** Microseconds; clients may send less than none. */
  readonly duration: number;
  /** JSON text, compact. */
  readonly data: string;
}

export type NewEvent = Omit<Event, 'id'> & { readonly id: number | null };

/** Ids that clients may give: room is left above them, so that the hub can always go on counting. */
const greatestId = 2 ** 50;
/** A thousand years. */
const longest = 3.2e10;

type Read = { readonly ok: true; readonly event: NewEvent } | { readonly ok: false; readonly error: string };

/**
 * An event as `POST …/events` takes it: everything is optional, foreign keys are let pass.
 * @param now microseconds: the timestamp of an event that has none
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

/** An item without a span was put there by hand, through another door: it counts as of the time of its writing. */
export function eventOf(item: Pick<Item, 'key' | 'value' | 'time' | 'end' | 'at'>): Event {
  const time = item.time ?? item.at * 1_000;
  return { id: Number(item.key), time, duration: (item.end ?? time) - time, data: item.value };
}

export function endOf({ time, duration }: Pick<Event, 'time' | 'duration'>): number {
  return time + duration;
}

/** Data that were written before in the same answer are not written anew: few of them are distinct. */
const keptTexts = 4_096;

/** Writes events as they go out, for one answer. */
export class EventWriter {
  #data = new Map<string, string>();

  text(event: Event | NewEvent): string {
    return `{"id": ${event.id}, ${this.#rest(event)}`;
  }

  textWithoutId(event: Event): string {
    return `{${this.#rest(event)}`;
  }

  #rest({ time, duration, data }: Event | NewEvent): string {
    return `"timestamp": "${formatInstant(time)}", "duration": ${float(duration / 1_000_000)}, "data": ${this.#written(data)}}`;
  }

  #written(data: string): string {
    const known = this.#data.get(data);
    if (known !== undefined) return known;
    const value: unknown = JSON.parse(data);
    const text = spaced(value);
    if (this.#data.size >= keptTexts) this.#data.clear();
    this.#data.set(data, text);
    return text;
  }
}

/** Whether the key of an item is that of an event: other keys got into the channel through another door. */
export function isEventKey(key: string): boolean {
  return /^-?\d{1,16}$/.test(key);
}
