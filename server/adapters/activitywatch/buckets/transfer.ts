// Whole buckets in and out: the export files of both servers. An import may be repeated, or overlap with what is there: what a
// bucket has already is passed over.

import type { World } from '../../../core/world.ts';
import type { Read } from '../events/body-worker-pool.ts';
import { EventWriter, type NewEvent } from '../events/event.ts';
import { same, spaced } from '../events/python-compat.ts';
import type { Bucket } from './bucket.ts';
import type { Author, Buckets } from './buckets.ts';
import { type Description, descriptionText } from './description.ts';

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

/** Buckets that are there stay as they are, and get the events that they lack. */
export async function importAll(
  buckets: Buckets,
  { buckets: incoming, batches }: Extract<Read, { readonly ok: true }>,
  author: Author,
  log: World['log'],
): Promise<void> {
  const counts = incoming.map(() => ({ events: 0, new: 0 }));
  for (const { id, said, data, created } of incoming) {
    await buckets.create(id, said, author, created === undefined ? { data } : { data, created });
  }
  for await (const { of, events } of batches) {
    const bucket = await buckets.bucket(buckets.resolve(incoming[of]?.id ?? '', author));
    const lacking = await without(bucket, events);
    await bucket.insert(lacking, author.origin);
    const count = counts[of];
    if (count === undefined) continue;
    count.events += events.length;
    count.new += lacking.length;
  }
  for (const [of, { id }] of incoming.entries()) log.info({ bucket: id, ...counts[of] }, 'activitywatch: imported');
}

/** Those that the bucket does not have, each once. */
async function without(bucket: Bucket, events: readonly NewEvent[]): Promise<readonly NewEvent[]> {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return [];
  const known = new Map<string, string[]>();
  const isNew = ({ time, duration, data }: NewEvent): boolean => {
    const place = `${time} ${duration}`;
    const texts = known.get(place) ?? [];
    if (texts.some((text) => text === data || same(JSON.parse(text), JSON.parse(data)))) return false;
    known.set(place, [...texts, data]);
    return true;
  };
  for await (const page of bucket.pages({ from: first.time, to: last.time })) {
    for (const event of page) isNew({ ...event });
  }
  return events.filter(isNew);
}
