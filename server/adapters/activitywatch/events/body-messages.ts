// Messages between the hub's thread and the thread that parses large bodies: the task, then one message at a time on request.

import type { SuppliedDescription } from '../buckets/description.ts';
import type { NewEvent } from './event.ts';

export interface ParseTask {
  readonly body: Uint8Array;
  /** The Content-Type of a form; null if the body itself is the text. */
  readonly form: string | null;
  /** An export of buckets, or a list of events for one existing bucket. */
  readonly content:
    | { readonly kind: 'buckets' }
    | { readonly kind: 'events'; readonly bucket: string; readonly type: string };
  /** Microseconds since 1970: the timestamp of an event that has none. */
  readonly now: number;
  /** The privacy rules, as JSON text, and the key of their hashes. */
  readonly privacy: { readonly text: string; readonly key: string };
}

/** Why an event of an import is not one. `position` counts from 1 in the bucket's `events`. */
export interface UnreadableEvent {
  readonly position: number;
  readonly reason: string;
}

/** A bucket of an import, without its events. */
export interface IncomingBucket {
  /** The bucket's id in the file. */
  readonly source: string;
  /** The bucket that the events belong to: for a copy that aw-sync made (`-synced-from-`), the original. */
  readonly id: string;
  readonly supplied: SuppliedDescription;
  readonly data: Readonly<Record<string, unknown>>;
  readonly created: string | undefined;
  /** Events in the file. */
  readonly read: number;
  /** Events that a privacy rule drops. */
  readonly withheld: number;
  readonly unreadable: number;
  /** The first unreadable events. */
  readonly reasons: readonly UnreadableEvent[];
}

export type ParsedMessage =
  | { readonly refused: string; readonly status: number }
  | { readonly buckets: readonly IncomingBucket[] }
  /** Events of `buckets[of]`: the oldest first, or in the order of a list. */
  | { readonly of: number; readonly events: PackedEvents }
  | { readonly done: true };

/** Events as columns: the threads copy two blocks of memory and a list of texts, not a thousand objects. */
export interface PackedEvents {
  readonly ids: readonly (number | null)[];
  readonly times: Float64Array;
  readonly durations: Float64Array;
  readonly data: readonly string[];
}

export function packEvents(events: readonly NewEvent[]): PackedEvents {
  return {
    ids: events.map(({ id }) => id),
    times: Float64Array.from(events, ({ time }) => time),
    durations: Float64Array.from(events, ({ duration }) => duration),
    data: events.map(({ data }) => data),
  };
}

export function unpackEvents({ ids, times, durations, data }: PackedEvents): readonly NewEvent[] {
  return data.map((text, index) => ({
    id: ids[index] ?? null,
    time: times[index] ?? 0,
    duration: durations[index] ?? 0,
    data: text,
  }));
}

/** 'next' asks for the next message. */
export type ParserRequest = ParseTask | 'next';

export type ParsedBody =
  | { readonly ok: false; readonly status: number; readonly message: string }
  | {
      readonly ok: true;
      readonly buckets: readonly IncomingBucket[];
      readonly batches: AsyncIterable<{ readonly of: number; readonly events: readonly NewEvent[] }>;
    };
