// Whole buckets in and out: the export files of both ActivityWatch servers. An import may be repeated, or overlap with what a bucket
// holds: an event that the bucket has already is not written again.

import type { IncomingBucket, ParsedBody, UnreadableEvent } from '../events/body-messages.ts';
import { EventWriter, endOf, type NewEvent } from '../events/event.ts';
import { formatSpaced, same } from '../events/python-compat.ts';
import type { Bucket } from './bucket.ts';
import type { Author, Buckets } from './buckets.ts';
import { type Description, descriptionText } from './description.ts';

/** `{"buckets": {…}}`, events newest first and without their ids. */
export async function* exportBuckets(buckets: Buckets, descriptions: readonly Description[]): AsyncGenerator<string> {
  yield '{"buckets": {';
  const writer = new EventWriter();
  let separator = '';
  for (const description of descriptions) {
    // The closing brace comes after the events.
    yield `${separator}${formatSpaced(description.id)}: ${descriptionText(description, ', "events": [').slice(0, -1)}`;
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

/** The result for one bucket of an import; all numbers count events. */
export interface ImportReport {
  /** The bucket that holds the events now. */
  readonly bucket: string;
  readonly read: number;
  readonly new: number;
  /** The bucket had them already, or the file contains them twice. */
  readonly present: number;
  /** A privacy rule drops them. */
  readonly withheld: number;
  readonly unreadable: number;
  /** Why the first unreadable events are not events. */
  readonly reasons: readonly UnreadableEvent[];
}

/**
 * Writes parsed buckets. An existing bucket keeps its description and gets the events that it lacks.
 * @returns a report for each bucket, by its id in the file
 */
export async function importBuckets(
  buckets: Buckets,
  { buckets: incoming, batches }: Extract<ParsedBody, { readonly ok: true }>,
  author: Author,
): Promise<Readonly<Record<string, ImportReport>>> {
  const counts = incoming.map(() => ({ new: 0, present: 0 }));
  for (const { id, supplied, data, created } of incoming) {
    await buckets.create(id, supplied, author, created === undefined ? { data } : { data, created });
  }
  const inserts = new PipelinedInserts(author);
  for await (const { of, events } of batches) {
    const [one, count] = [incoming[of], counts[of]];
    if (one === undefined || count === undefined) continue;
    const bucket = await buckets.bucket(buckets.resolve(one.id, author));
    const added = await inserts.insertNew(bucket, events, one.id !== one.source);
    count.new += added;
    count.present += events.length - added;
  }
  await inserts.waitUntilStored();
  const reports = new Map<string, ImportReport>();
  for (const [of, one] of incoming.entries()) {
    const report = reportOf(one, buckets.resolve(one.id, author), counts[of] ?? { new: 0, present: 0 });
    const before = reports.get(one.source);
    reports.set(one.source, before === undefined ? report : sum(before, report));
  }
  return Object.fromEntries(reports);
}

function reportOf(
  { read, withheld, unreadable, reasons }: IncomingBucket,
  bucket: string,
  count: Pick<ImportReport, 'new' | 'present'>,
): ImportReport {
  return { bucket, read, ...count, withheld, unreadable, reasons };
}

/** Two files of one form may name the same bucket. */
function sum(a: ImportReport, b: ImportReport): ImportReport {
  return {
    bucket: b.bucket,
    read: a.read + b.read,
    new: a.new + b.new,
    present: a.present + b.present,
    withheld: a.withheld + b.withheld,
    unreadable: a.unreadable + b.unreadable,
    reasons: a.reasons.length > 0 ? a.reasons : b.reasons,
  };
}

/**
 * Batches of an import that may be on their way to disk at once. The store writes those that wait in one transaction, and the write of
 * another account waits for all of them: more batches make the import no faster.
 */
const mostUnderWay = 3;

interface BatchUnderWay {
  readonly fresh: readonly NewEvent[];
  readonly written: Promise<unknown>;
}

/** Writes batches of events. While some are on their way to disk, the next one is compared with what the bucket has. */
class PipelinedInserts {
  readonly #author: Author;
  #bucket: Bucket | undefined;
  /** Batches of this bucket, oldest first. */
  #underWay: BatchUnderWay[] = [];

  constructor(author: Author) {
    this.#author = author;
  }

  /** Resolves when everything is on disk. @throws when a batch could not be written */
  async waitUntilStored(): Promise<void> {
    for (const { written } of this.#underWay.splice(0)) await written;
  }

  /**
   * Inserts the events that the bucket lacks. Events are the same if start, duration and data are equal. aw-sync may have copied an
   * event while it was still growing: of a copy, an event with an equal start and equal data is the same event, and the longer one stays.
   * @param events in order of their start; those of a bucket's next batch do not start earlier
   * @returns how many events are new
   */
  async insertNew(bucket: Bucket, events: readonly NewEvent[], isCopy: boolean): Promise<number> {
    const [first, last] = [events[0], events.at(-1)];
    if (first === undefined || last === undefined) return 0;
    // A copy may replace events of the batches before, whose ids are known once they are written.
    if (isCopy || bucket !== this.#bucket) await this.waitUntilStored();
    const known = new KnownEvents(isCopy);
    for await (const page of bucket.pages({ from: first.time, to: last.time })) {
      for (const event of page) known.add(event);
    }
    for (const { fresh } of this.#underWay) for (const event of fresh) if (event.time >= first.time) known.add(event);
    const fresh: NewEvent[] = [];
    const longer: NewEvent[] = [];
    for (const event of events) {
      const found = known.find(event);
      if (found === undefined) fresh.push(event);
      else if (endOf(event) > endOf(found) && found.id !== null) longer.push({ ...event, id: found.id });
      if (found === undefined) known.add(event);
    }
    if (this.#underWay.length >= mostUnderWay) await this.#underWay.shift()?.written;
    this.#bucket = bucket;
    const written = bucket.insert([...fresh, ...longer], this.#author.origin);
    // Whoever waits for it next reports a failure.
    written.catch(() => undefined);
    this.#underWay.push({ fresh, written });
    return fresh.length;
  }
}

/** Events by their start, so that equal ones are found. */
class KnownEvents {
  readonly #byStart = new Map<string, NewEvent[]>();
  readonly #anyDuration: boolean;

  constructor(anyDuration: boolean) {
    this.#anyDuration = anyDuration;
  }

  add(event: NewEvent): void {
    const key = this.#keyOf(event);
    const events = this.#byStart.get(key);
    if (events === undefined) this.#byStart.set(key, [event]);
    else events.push(event);
  }

  find(event: NewEvent): NewEvent | undefined {
    const events = this.#byStart.get(this.#keyOf(event)) ?? [];
    return events.find(({ data }) => data === event.data || same(JSON.parse(data), JSON.parse(event.data)));
  }

  #keyOf({ time, duration }: NewEvent): string {
    return this.#anyDuration ? `${time}` : `${time} ${duration}`;
  }
}
