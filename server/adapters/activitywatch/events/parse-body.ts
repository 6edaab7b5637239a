// What a body of many events holds: JSON as such, or every file of a form. All of it is looked at before anything is given out, so
// that what is wrong with it is known before anything is written. In which thread that happens is reading.ts'.

import { filtered } from '../../../http/privacy-filters.ts';
import { readPrivacy } from '../buckets/buckets.ts';
import { type Fields, isBucketId, readSaid } from '../buckets/description.ts';
import type { FromReading, Incoming, Task } from './body-worker-pool.ts';
import { type NewEvent, readEvent } from './event.ts';
import { formatInstant, parseInstant } from './instant.ts';
import { parseJson } from './json.ts';
import { partsOf, whyBroken } from './multipart.ts';

const batchSize = 500;

class Refused extends Error {}

interface Found extends Incoming {
  readonly events: readonly NewEvent[];
}

/** First the buckets or a refusal, then the events, then that it is done. */
export function* found(task: Task): Generator<FromReading, void> {
  try {
    yield* looked(task);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    yield { refused: error.message, status: 400 };
  }
}

function* looked(task: Task): Generator<FromReading, void> {
  let skipped = 0;
  const screenOf = (bucket: string, type: string) => {
    const read = readPrivacy(task.privacy.text);
    if (!read.ok) throw new Refused(read.error);
    return (data: string): string | null => {
      if (read.filters.length === 0) return data;
      const left = filtered(read.filters, { bucket, type }, JSON.parse(data), task.privacy.key);
      return left === null ? null : JSON.stringify(left);
    };
  };
  const eventsOf = (values: readonly unknown[], bucket: string, type: string, strict: boolean): NewEvent[] => {
    const screen = screenOf(bucket, type);
    const events: NewEvent[] = [];
    for (const value of values) {
      const read = readEvent(value, task.now);
      if (!read.ok && strict) throw new Refused(read.error);
      if (!read.ok) {
        skipped += 1;
        continue;
      }
      const data = screen(read.event.data);
      if (data !== null) events.push({ ...read.event, data });
    }
    return events;
  };

  const bucketOf = (key: string, value: unknown): Found => {
    const fields = fieldsOf(value);
    if (fields === undefined) throw new Refused(`bucket ${key}: it is no object`);
    const described = readSaid(fields);
    if (!described.ok) throw new Refused(`bucket ${key}: ${Object.values(described.errors).join(', ')}`);
    const listed = fields.get('events') ?? [];
    if (!Array.isArray(listed)) throw new Refused(`bucket ${key}: 'events' is no list`);
    const named = fields.get('id');
    const id = typeof named === 'string' && named !== '' ? named : key;
    if (!isBucketId(id)) throw new Refused('A bucket id is 1 to 200 printable characters.');
    const created = fields.get('created');
    const at = typeof created === 'string' ? parseInstant(created) : undefined;
    const events = eventsOf(listed, id, described.said.type, false).map((event) => ({ ...event, id: null }));
    return {
      id,
      said: described.said,
      data: Object.fromEntries(fieldsOf(fields.get('data')) ?? []),
      created: at === undefined ? undefined : formatInstant(at),
      events: events.sort((a, b) => a.time - b.time),
    };
  };

  const all: Found[] = [];
  for (const text of partsOf(Buffer.from(task.body), task.boundary)) {
    const value = parsed(text);
    const { what } = task;
    if (what.kind === 'events') {
      if (typeof value !== 'object' || value === null) throw new Refused('');
      const events = eventsOf(Array.isArray(value) ? value : [value], what.bucket, what.type, true);
      const said = { type: what.type, client: '', hostname: '' };
      all.push({ id: what.bucket, said, data: {}, created: undefined, events });
      continue;
    }
    const buckets = fieldsOf(fieldsOf(value)?.get('buckets'));
    if (buckets === undefined) throw new Refused('an import is {"buckets": {"<id>": {…}}}');
    for (const [key, one] of buckets) all.push(bucketOf(key, one));
  }
  yield { buckets: all.map(({ events: _, ...incoming }) => incoming), skipped };
  for (const [of, { events }] of all.entries()) {
    for (let at = 0; at < events.length; at += batchSize) yield { of, events: events.slice(at, at + batchSize) };
  }
  yield { done: true };
}

function parsed(text: string): unknown {
  const read = parseJson(text);
  if (!read.ok) throw new Refused(whyBroken(read.beyond));
  return read.value;
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined;
}
