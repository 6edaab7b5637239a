// Parses a body of many events: JSON, or every file of a form. The whole body is checked before the first event is given out, so a
// body that is refused has written nothing. body-worker-pool.ts decides in which thread this runs.

import { applyFilters, parseFilterSetting } from '../../../http/privacy-filters.ts';
import { type Fields, isBucketId, readDescriptionBody } from '../buckets/description.ts';
import { readSyncCopy } from '../buckets/sync-copy.ts';
import {
  type IncomingBucket,
  type ParsedMessage,
  type ParseTask,
  packEvents,
  type UnreadableEvent,
} from './body-messages.ts';
import { type NewEvent, readEvent } from './event.ts';
import { formatInstant, parseInstant } from './instant.ts';
import { parseJson } from './json.ts';
import { explainBrokenBody, readTexts } from './multipart.ts';

const batchSize = 250;
/** Unreadable events of a bucket that a report explains. */
const mostReasons = 5;

class Refused extends Error {}

interface ParsedBucket extends IncomingBucket {
  readonly events: readonly NewEvent[];
}

/** Yields the buckets or a refusal, then batches of events, then `done`. */
export async function* parseEvents(task: ParseTask): AsyncGenerator<ParsedMessage, void> {
  let buckets: readonly ParsedBucket[];
  try {
    buckets = await readBuckets(task);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    yield { refused: error.message, status: 400 };
    return;
  }
  yield { buckets: buckets.map(({ events: _, ...incoming }) => incoming) };
  for (const [of, { events }] of buckets.entries()) {
    for (let at = 0; at < events.length; at += batchSize) {
      yield { of, events: packEvents(events.slice(at, at + batchSize)) };
    }
  }
  yield { done: true };
}

async function readBuckets(task: ParseTask): Promise<readonly ParsedBucket[]> {
  const texts = await readTexts(Buffer.from(task.body), task.form);
  if (texts === undefined) throw new Refused(explainBrokenBody(''));
  const buckets = texts.flatMap((text) => {
    const value = parseText(text);
    return task.content.kind === 'events' ? [readList(task, task.content, value)] : readExport(task, value);
  });
  // Copies come after their originals, so that what a copy has more is recognised.
  const copies = buckets.filter(({ id, source }) => id !== source);
  return [...buckets.filter(({ id, source }) => id === source), ...copies];
}

function readList(task: ParseTask, { bucket, type }: { bucket: string; type: string }, value: unknown): ParsedBucket {
  if (typeof value !== 'object' || value === null) throw new Refused('');
  const list = readEvents(task, Array.isArray(value) ? value : [value], bucket, type);
  const [first] = list.reasons;
  if (first !== undefined) throw new Refused(first.reason);
  const supplied = { type, client: '', hostname: '' };
  return { source: bucket, id: bucket, supplied, data: {}, created: undefined, ...list };
}

function readExport(task: ParseTask, value: unknown): readonly ParsedBucket[] {
  const buckets = fieldsOf(fieldsOf(value)?.get('buckets'));
  if (buckets === undefined) throw new Refused('an import is {"buckets": {"<id>": {…}}}');
  return [...buckets].map(([key, one]) => readBucket(task, key, one));
}

function readBucket(task: ParseTask, key: string, value: unknown): ParsedBucket {
  const fields = fieldsOf(value);
  if (fields === undefined) throw new Refused(`bucket ${key}: it is not an object`);
  const described = readDescriptionBody(fields);
  if (!described.ok) throw new Refused(`bucket ${key}: ${Object.values(described.errors).join(', ')}`);
  const listed = fields.get('events') ?? [];
  if (!Array.isArray(listed)) throw new Refused(`bucket ${key}: 'events' is not a list`);
  const named = fields.get('id');
  const source = typeof named === 'string' && named !== '' ? named : key;
  const copy = readSyncCopy(source);
  const id = copy?.original ?? source;
  if (!isBucketId(id)) throw new Refused('A bucket id is 1 to 200 printable characters.');
  const created = fields.get('created');
  const at = typeof created === 'string' ? parseInstant(created) : undefined;
  const { supplied } = described;
  const isHostKnown = copy === undefined || copy.hostname === '' || !['', 'unknown'].includes(supplied.hostname);
  const list = readEvents(task, listed, id, supplied.type);
  const events = list.events.map((event) => ({ ...event, id: null })).sort((a, b) => a.time - b.time);
  return {
    source,
    id,
    supplied: isHostKnown ? supplied : { ...supplied, hostname: copy.hostname },
    data: Object.fromEntries(fieldsOf(fields.get('data')) ?? []),
    created: at === undefined ? undefined : formatInstant(at),
    ...list,
    events,
  };
}

function readEvents(
  task: ParseTask,
  values: readonly unknown[],
  bucket: string,
  type: string,
): Pick<ParsedBucket, 'read' | 'withheld' | 'unreadable' | 'reasons' | 'events'> {
  const rules = parseFilterSetting(task.privacy.text);
  if (!rules.ok) throw new Refused(rules.error);
  const events: NewEvent[] = [];
  const reasons: UnreadableEvent[] = [];
  let [withheld, unreadable] = [0, 0];
  for (const [index, value] of values.entries()) {
    const read = readEvent(value, task.now);
    if (!read.ok) {
      unreadable += 1;
      if (reasons.length < mostReasons) reasons.push({ position: index + 1, reason: read.error });
      continue;
    }
    if (rules.filters.length === 0) {
      events.push(read.event);
      continue;
    }
    const left = applyFilters(rules.filters, { bucket, type }, JSON.parse(read.event.data), task.privacy.key);
    if (left === null) withheld += 1;
    else events.push({ ...read.event, data: JSON.stringify(left) });
  }
  return { read: values.length, withheld, unreadable, reasons, events };
}

function parseText(text: string): unknown {
  const read = parseJson(text);
  if (!read.ok) throw new Refused(explainBrokenBody(read.beyond));
  return read.value;
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined;
}
