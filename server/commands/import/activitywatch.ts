// `horai import activitywatch FILE|URL`: imports buckets, their events and the web UI's settings into a running hub, through its ActivityWatch
// API. An event that the bucket already has is not written again. A setting that the hub already has does not change.

import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../../protocol/check.ts';
import { readSyncCopy } from '../../adapters/activitywatch/buckets/sync-copy.ts';
import type { ImportReport } from '../../adapters/activitywatch/buckets/transfer.ts';
import { openDatabaseFile } from './activitywatch-database.ts';
import {
  type ImportSource,
  openExportFile,
  openServer,
  openSettingsFile,
  type SourceBucket,
  SourceFailure,
} from './activitywatch-source.ts';
import { ImportError, type ImportHub } from './hub.ts';
import { fieldsOf } from './json.ts';

const batchSize = 2_000;
/** The number of unreadable events of a bucket for which the report gives a reason. */
const mostReasons = 5;

const count = Type.Integer({ minimum: 0 });
const Reason = Type.Object({ position: count, reason: Type.String() });
const Report = Type.Object({
  bucket: Type.String(),
  read: count,
  new: count,
  present: count,
  withheld: count,
  unreadable: count,
  reasons: Type.Array(Reason),
});
const Answer = Type.Object({ buckets: Type.Record(Type.String(), Report) });
const checkAnswer = compile(Answer);
const isAnswer = (value: unknown): value is Static<typeof Answer> => checkAnswer(value);

/** The sum of the hub's reports on one bucket; `position` counts from 1 in the order of the source. */
export interface BucketOutcome extends ImportReport {
  /** The bucket's id in the source. */
  readonly id: string;
  /** Why the rest of the bucket was not imported; undefined if all of it was. */
  readonly skipped?: string;
}

export interface ImportOutcome {
  readonly buckets: readonly BucketOutcome[];
  /** The number of imported settings. */
  readonly settings: number;
  /** Settings that the hub refuses, and why. */
  readonly refusedSettings: readonly { readonly key: string; readonly reason: string }[];
}

/**
 * @param location a file, or the address of a running server
 * @param key the API key of that server
 */
export async function openSource(location: string, key?: string): Promise<ImportSource> {
  if (/^https?:\/\//.test(location)) return openServer(location, key);
  if (/^settings(?:-testing)?\.json$/.test(basename(location))) return openSettingsFile(location);
  const handle = await open(location);
  try {
    const { buffer } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.toString('latin1') === 'SQLite format 3\0'
      ? await openDatabaseFile(location)
      : openExportFile(location);
  } finally {
    await handle.close();
  }
}

/**
 * Imports everything from the source. A bucket that the source cannot export, or that the hub refuses, is skipped.
 * @param report called after each batch with the progress
 */
export async function importSource(
  source: ImportSource,
  hub: ImportHub,
  report: (progress: string) => void,
): Promise<ImportOutcome> {
  let events = 0;
  const outcomes: BucketOutcome[] = [];
  const buckets = await source.buckets();
  // Copies that aw-sync made come after their originals, so that the hub recognizes which events only the copy has.
  const copies = buckets.filter(({ id }) => readSyncCopy(id) !== undefined);
  const originals = buckets.filter(({ id }) => readSyncCopy(id) === undefined);
  for (const bucket of [...originals, ...copies]) {
    const done = events;
    const outcome = await importBucket(bucket, hub, (read) => report(`${done + read} events … ${bucket.id}`));
    events += outcome.read;
    outcomes.push(outcome);
  }
  return { buckets: outcomes, ...(await importSettings(source, hub)) };
}

async function importBucket(
  bucket: SourceBucket,
  hub: ImportHub,
  report: (read: number) => void,
): Promise<BucketOutcome> {
  let outcome: BucketOutcome = {
    id: bucket.id,
    bucket: bucket.id,
    read: 0,
    new: 0,
    present: 0,
    withheld: 0,
    unreadable: 0,
    reasons: [],
  };
  try {
    // An empty batch creates the bucket. If the hub refuses it, the bucket is the reason, not an event.
    outcome = sum(outcome, await post(bucket, [], hub));
    for await (const batch of batchesOf(bucket)) {
      outcome = sum(outcome, await postEvents(bucket, batch, hub));
      report(outcome.read);
    }
    return outcome;
  } catch (error) {
    const isOfBucket = error instanceof SourceFailure || (error instanceof ImportError && isRefusal(error.status));
    if (!isOfBucket) throw error;
    return { ...outcome, skipped: error.message };
  }
}

/** True if the hub refuses this content. Any other failure ends the import. */
function isRefusal(status: number | undefined): boolean {
  return status === 400 || status === 413;
}

/** If the hub refuses a batch, sends its halves, until the refused event is found. */
async function postEvents(bucket: SourceBucket, events: readonly unknown[], hub: ImportHub): Promise<Counts> {
  try {
    return await post(bucket, events, hub);
  } catch (error) {
    if (!(error instanceof ImportError && isRefusal(error.status))) throw error;
    const [reason] = error.message.split('\n');
    if (events.length <= 1) {
      const reasons = [{ position: 1, reason: reason ?? '' }];
      return { bucket: undefined, read: 1, new: 0, present: 0, withheld: 0, unreadable: 1, reasons };
    }
    const middle = Math.ceil(events.length / 2);
    const first = await postEvents(bucket, events.slice(0, middle), hub);
    return sum(first, await postEvents(bucket, events.slice(middle), hub));
  }
}

type Counts = Omit<BucketOutcome, 'id' | 'bucket' | 'skipped'> & { readonly bucket: string | undefined };

async function post({ id, description }: SourceBucket, events: readonly unknown[], hub: ImportHub): Promise<Counts> {
  const text = (name: string) => {
    const value = description[name];
    return typeof value === 'string' ? value : '';
  };
  const location = {
    ...description,
    id,
    type: text('type'),
    client: text('client'),
    hostname: text('hostname'),
    events,
  };
  const answer: unknown = JSON.parse(await hub.post('api/0/import', JSON.stringify({ buckets: { [id]: location } })));
  const report = isAnswer(answer) ? answer.buckets[id] : undefined;
  if (report === undefined)
    throw new ImportError('The hub’s answer has no report: the running hub is older than this command. Restart it.');
  return report;
}

/** @param b the counts of the events that follow those of `a` in the source */
function sum<T extends Counts>(a: T, b: Counts): T {
  const later = b.reasons.map(({ position, reason }) => ({ position: position + a.read, reason }));
  return {
    ...a,
    bucket: b.bucket ?? a.bucket,
    read: a.read + b.read,
    new: a.new + b.new,
    present: a.present + b.present,
    withheld: a.withheld + b.withheld,
    unreadable: a.unreadable + b.unreadable,
    reasons: [...a.reasons, ...later].slice(0, mostReasons),
  };
}

async function* batchesOf(bucket: SourceBucket): AsyncGenerator<readonly unknown[]> {
  let batch: unknown[] = [];
  for await (const event of bucket.events()) {
    batch.push(event);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function importSettings(
  source: ImportSource,
  hub: ImportHub,
): Promise<Pick<ImportOutcome, 'settings' | 'refusedSettings'>> {
  const settings = await source.settings();
  if (settings.size === 0) return { settings: 0, refusedSettings: [] };
  const known = fieldsOf(JSON.parse(await hub.get('api/0/settings')));
  const refusedSettings: { readonly key: string; readonly reason: string }[] = [];
  let added = 0;
  for (const [key, value] of settings) {
    if (key in known || value === undefined) continue;
    try {
      await hub.post(`api/0/settings/${encodeURIComponent(key)}`, JSON.stringify(value));
      added += 1;
    } catch (error) {
      if (!(error instanceof ImportError && isRefusal(error.status))) throw error;
      refusedSettings.push({ key, reason: error.message });
    }
  }
  return { settings: added, refusedSettings };
}

/** Formats the outcome for people: a line for each bucket, event or setting that was not imported, and the total. */
export function describeOutcome({ buckets, settings, refusedSettings }: ImportOutcome): readonly string[] {
  const lines = buckets.flatMap((outcome) => {
    const { id, bucket, withheld, unreadable, reasons, skipped } = outcome;
    const parts = [`${outcome.read} read`, `${outcome.new} new`, `${outcome.present} already there`];
    if (withheld > 0) parts.push(`${withheld} dropped by a privacy rule`);
    if (unreadable > 0) parts.push(`${unreadable} unreadable`);
    return [
      `${id}${bucket === id ? '' : ` → ${bucket}`}: ${parts.join(', ')}`,
      ...reasons.map(({ position, reason }) => `  event ${position}: ${reason}`),
      ...(skipped === undefined ? [] : [`  skipped the rest: ${skipped}`]),
    ];
  });
  const added = buckets.reduce((total, outcome) => total + outcome.new, 0);
  const more = settings === 0 ? '' : `, and ${settings} new ${settings === 1 ? 'setting' : 'settings'}`;
  return [
    ...lines,
    ...refusedSettings.map(({ key, reason }) => `setting ${key}: ${reason}`),
    `${countOf(added, 'new event')} in ${countOf(buckets.length, 'bucket')}${more}.`,
  ];
}

/** True if no bucket or setting was skipped or refused. */
export function isComplete({ buckets, refusedSettings }: ImportOutcome): boolean {
  return refusedSettings.length === 0 && buckets.every(({ skipped }) => skipped === undefined);
}

function countOf(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
