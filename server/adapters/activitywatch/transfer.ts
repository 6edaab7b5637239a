// Whole buckets in and out: the export files of both servers. An import may be repeated, or overlap with what is there: what a
// bucket has already is passed over.

import type { World } from '../../core/world.ts';
import type { Bucket } from './bucket.ts';
import type { Author, Buckets } from './buckets.ts';
import { type Description, descriptionText, type Fields, readSaid } from './description.ts';
import { EventWriter, type NewEvent, readEvent } from './event.ts';
import { formatInstant, parseInstant } from './instant.ts';
import { compactSorted, spaced } from './python.ts';

/** `{"buckets": {…}}`, events newest first and without their ids. */
export async function* exported(buckets: Buckets, descriptions: readonly Description[]): AsyncGenerator<string> {
  yield '{"buckets": {';
  const writer = new EventWriter();
  let separator = '';
  for (const description of descriptions) {
    // The brace comes after the events.
    yield `${separator}${spaced(description.id)}: ${descriptionText(description, ', "events": [').slice(0, -1)}`;
    let comma = '';
    for await (const page of (await buckets.bucket(description.id)).pages({})) {
      if (page.length === 0) continue;
      yield `${comma}${page.map((event) => writer.textWithoutId(event)).join(', ')}`;
      comma = ', ';
    }
    yield ']}';
    separator = ', ';
  }
  yield '}}';
}

/** Events that are looked at before others get their turn: a few milliseconds' work. */
const atOnce = 1_000;

function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Incoming {
  readonly id: string;
  readonly said: { readonly type: string; readonly client: string; readonly hostname: string };
  readonly data: Readonly<Record<string, unknown>>;
  readonly created: string | undefined;
  readonly events: readonly NewEvent[];
}

export type Import =
  | { readonly ok: true; readonly buckets: readonly Incoming[]; readonly skipped: number }
  | { readonly ok: false; readonly error: string };

/** Nothing is written yet; events that are none are counted and left out. */
export async function readImport(value: unknown, now: number): Promise<Import> {
  const all = fieldsOf(fieldsOf(value)?.get('buckets'));
  if (all === undefined) return { ok: false, error: 'an import is {"buckets": {"<id>": {…}}}' };
  const buckets: Incoming[] = [];
  let skipped = 0;
  for (const [key, one] of all) {
    const fields = fieldsOf(one);
    const described = fields && readSaid(fields);
    if (fields === undefined || described?.ok !== true) {
      const why =
        described === undefined ? 'it is no object' : Object.values(described.ok ? {} : described.errors).join(', ');
      return { ok: false, error: `bucket ${key}: ${why}` };
    }
    const listed = fields.get('events') ?? [];
    if (!Array.isArray(listed)) return { ok: false, error: `bucket ${key}: 'events' is no list` };
    const events: NewEvent[] = [];
    for (const [index, item] of listed.entries()) {
      if (index % atOnce === 0) await breath();
      const read = readEvent(item, now);
      if (read.ok) events.push({ ...read.event, id: null });
      else skipped += 1;
    }
    const id = fields.get('id');
    const created = fields.get('created');
    const at = typeof created === 'string' ? parseInstant(created) : undefined;
    buckets.push({
      id: typeof id === 'string' && id !== '' ? id : key,
      said: described.said,
      data: Object.fromEntries(fieldsOf(fields.get('data')) ?? []),
      created: at === undefined ? undefined : formatInstant(at),
      events,
    });
  }
  return { ok: true, buckets, skipped };
}

/** Buckets that are there stay as they are, and get the events that they lack. */
export async function importAll(
  buckets: Buckets,
  incoming: readonly Incoming[],
  author: Author,
  log: World['log'],
): Promise<void> {
  for (const { id, said, data, created, events } of incoming) {
    await buckets.create(id, said, author, created === undefined ? { data } : { data, created });
    const bucket = await buckets.bucket(buckets.resolve(id, author));
    const lacking = await without(bucket, events);
    await bucket.insert(lacking, author.origin);
    log.info({ bucket: id, events: events.length, new: lacking.length }, 'activitywatch: imported');
  }
}

/** Those that the bucket does not have, the oldest first, each once. */
async function without(bucket: Bucket, events: readonly NewEvent[]): Promise<readonly NewEvent[]> {
  const [from, to] = events.reduce(
    ([least, most], { time }) => [Math.min(least, time), Math.max(most, time)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  if (from > to) return [];
  const known = new Set<string>();
  for await (const page of bucket.pages({ from, to })) for (const event of page) known.add(identity(event));
  const lacking: NewEvent[] = [];
  for (const [index, event] of events.entries()) {
    if (index % atOnce === 0) await breath();
    const name = identity(event);
    if (!known.has(name)) lacking.push(event);
    known.add(name);
  }
  return lacking.sort((a, b) => a.time - b.time);
}

function identity({ time, duration, data }: NewEvent): string {
  return `${time} ${duration} ${compactSorted(JSON.parse(data))}`;
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined;
}
