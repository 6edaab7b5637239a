// Renames buckets, joins them, and assigns them to another host. Each of these changes can be undone for a month. Until then a renamed or
// joined bucket keeps its events in its old channel. Its old id means the new bucket, because watchers continue to use it.

import type { Op } from '../../../core/store.ts';
import type { World } from '../../../core/world.ts';
import { type Event, endOf } from '../events/event.ts';
import { same } from '../events/python-compat.ts';
import type { Bucket } from './bucket.ts';
import type { Author, Buckets } from './buckets.ts';
import { type Description, isBucketId } from './description.ts';

const changeKey = 'change/';
/** How long a change can be undone. */
const undoMs = 30 * 86_400_000;
/** Steps of a channel that are copied at once. */
const pageSize = 2_048;

/** One change that can be undone. */
export type BucketChange = {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The bucket as it was. */
  readonly before: Description;
} & (
  | { readonly kind: 'rename'; readonly to: string; readonly isCopying: boolean }
  | {
      readonly kind: 'join';
      readonly to: string;
      readonly isCopying: boolean;
      /** Events that got another id, because theirs was taken. */
      readonly renumbered: readonly (readonly [from: number, to: number])[];
    }
  | { readonly kind: 'host'; readonly hostname: string }
);

export type Reorganized =
  | { readonly ok: true; readonly change: BucketChange }
  | { readonly ok: false; readonly status: 400 | 404 | 409; readonly error: string };

/** The changes that can be undone, the newest first. */
export function listChanges(buckets: Buckets): readonly BucketChange[] {
  const changes = [...buckets.records(changeKey).values()].map((text): BucketChange => JSON.parse(text));
  return changes.sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
}

/** Gives a bucket another id. An interrupted rename is continued when the same rename is requested again. */
export function renameBucket(
  buckets: Buckets,
  world: World,
  from: string,
  to: string,
  author: Author,
): Promise<Reorganized> {
  return buckets.inTurn(async () => {
    if (!isBucketId(to)) return refuse(400, 'A bucket id is 1 to 200 printable characters.');
    const before = buckets.find(from);
    if (before === undefined) return refuse(404, `There's no bucket named ${from}`);
    const pending = listChanges(buckets).find((one) => one.kind === 'rename' && one.isCopying && one.to === to);
    const isResumed = pending?.before.id === from;
    if (buckets.find(to) !== undefined && !isResumed) {
      return refuse(409, `There is a bucket ${to} already: join the two instead.`);
    }
    await dropOldChanges(buckets, world, author);
    if (!isResumed) await buckets.clearRemoved(to, author);
    const change = {
      id: pending?.id ?? world.id(),
      at: world.now(),
      kind: 'rename',
      before,
      to,
      isCopying: true,
    } as const;
    await buckets.writeRecords(author, () => [...buckets.opsToDescribe({ ...before, id: to }), record(change)]);
    await moveEvents(buckets, world, { ...change, renumbered: [] }, author);
    const done = { ...change, isCopying: false };
    await buckets.writeRecords(author, () => [record(done)]);
    return { ok: true, change: done };
  });
}

/** Moves the events of one bucket into another. An event that both have is stored once. */
export function joinBuckets(
  buckets: Buckets,
  world: World,
  from: string,
  into: string,
  author: Author,
): Promise<Reorganized> {
  return buckets.inTurn(async () => {
    const before = buckets.find(from);
    if (before === undefined) return refuse(404, `There's no bucket named ${from}`);
    if (buckets.find(into) === undefined) return refuse(404, `There's no bucket named ${into}`);
    if (from === into) return refuse(400, 'A bucket cannot be joined with itself.');
    await dropOldChanges(buckets, world, author);
    const started = {
      id: world.id(),
      at: world.now(),
      kind: 'join',
      before,
      to: into,
      isCopying: true,
      renumbered: [],
    } as const;
    await buckets.writeRecords(author, () => [record(started)]);
    const renumbered = await moveEvents(buckets, world, started, author);
    const change = { ...started, isCopying: false, renumbered };
    await buckets.writeRecords(author, () => [record(change)]);
    return { ok: true, change };
  });
}

/** Assigns a bucket to another host: the web UI groups buckets by host. */
export function moveToHost(
  buckets: Buckets,
  world: World,
  id: string,
  hostname: string,
  author: Author,
): Promise<Reorganized> {
  return buckets.inTurn(async () => {
    const before = buckets.find(id);
    if (before === undefined) return refuse(404, `There's no bucket named ${id}`);
    await dropOldChanges(buckets, world, author);
    const change = { id: world.id(), at: world.now(), kind: 'host', before, hostname } as const;
    await buckets.writeRecords(author, () => [...buckets.opsToDescribe({ ...before, hostname }), record(change)]);
    return { ok: true, change };
  });
}

/** Undoes a change. Events that arrived after the change stay where they are; an event that was edited since keeps the edit. */
export function undoChange(buckets: Buckets, world: World, id: string, author: Author): Promise<Reorganized> {
  return buckets.inTurn(async () => {
    const change = listChanges(buckets).find((one) => one.id === id);
    if (change === undefined) return refuse(404, `There is no change ${id} to undo.`);
    const { before } = change;
    if (change.kind === 'host') {
      const now = buckets.find(before.id);
      if (now?.hostname !== change.hostname) return refuse(409, `${before.id} was given to another host since.`);
      const restored = { ...now, hostname: before.hostname };
      await buckets.writeRecords(author, () => [...buckets.opsToDescribe(restored), forget(change)]);
      return { ok: true, change };
    }
    const now = buckets.find(change.to);
    if (now === undefined) return refuse(409, `There is no bucket ${change.to} any more.`);
    if (change.isCopying) return refuse(409, 'The change was interrupted: ask for it again first.');
    if (!buckets.isRemoved(before.id)) return refuse(409, `There is another bucket ${before.id} by now.`);
    if (change.kind === 'rename') await undoRename(buckets, world, change, now, author);
    else await undoJoin(buckets, world, change, author);
    return { ok: true, change };
  });
}

function refuse(status: 400 | 404 | 409, error: string): Reorganized {
  return { ok: false, status, error };
}

function record(change: BucketChange): Op {
  return { op: 'put', key: changeKey + change.id, value: JSON.stringify(change) };
}

function forget(change: BucketChange): Op {
  return { op: 'remove', key: changeKey + change.id };
}

/** Removes changes that are too old to be undone, with the events that they kept. */
async function dropOldChanges(buckets: Buckets, world: World, author: Author): Promise<void> {
  for (const change of listChanges(buckets)) {
    if (change.at + undoMs > world.now()) continue;
    if (change.kind !== 'host' && buckets.isRemoved(change.before.id))
      await buckets.clearRemoved(change.before.id, author);
    await buckets.writeRecords(author, () => [forget(change)]);
  }
}

/** Copies all events, makes the old id mean the new bucket, and then copies the events that arrived during the copy. */
async function moveEvents(
  buckets: Buckets,
  world: World,
  change: Extract<BucketChange, { readonly kind: 'rename' | 'join' }> & {
    readonly renumbered: readonly (readonly [number, number])[];
  },
  author: Author,
): Promise<readonly (readonly [number, number])[]> {
  const { before, to } = change;
  const [source, target] = [await buckets.bucket(before.id), await buckets.bucket(to)];
  const renumbered: (readonly [number, number])[] = [];
  let { seq } = source.channel.position;
  for await (const page of source.pages({})) renumbered.push(...(await addEvents(target, page, world, author)));
  await buckets.writeRecords(author, () => buckets.opsToMove(before.id, to));
  const ids = new Map(renumbered);
  for (;;) {
    const since = await source.channel.since(seq, pageSize);
    if (!since.ok || since.changes.length === 0) return renumbered;
    const ops = since.changes.map(({ key, value, time, end }): Op => {
      const id = String(ids.get(Number(key)) ?? key);
      return value === null
        ? { op: 'remove', key: id }
        : { op: 'put', key: id, value, ...(time === null ? {} : { time }), ...(end === null ? {} : { end }) };
    });
    await target.channel.write({ ops, origin: author.origin, at: world.now() });
    seq = since.changes.at(-1)?.seq ?? seq;
  }
}

/**
 * Adds events under their ids; one that the bucket has already (equal start, duration and data) is left out.
 * @returns events whose id is taken by another event, with the id that they got
 */
async function addEvents(
  target: Bucket,
  events: readonly Event[],
  world: World,
  author: Author,
): Promise<readonly (readonly [number, number])[]> {
  const last = events[0];
  const first = events.at(-1);
  if (first === undefined || last === undefined) return [];
  const known = new Map<number, Event[]>();
  for await (const page of target.pages({ from: first.time, to: last.time })) {
    for (const event of page) known.set(event.time, [...(known.get(event.time) ?? []), event]);
  }
  const missing = events.filter((event) => !(known.get(event.time) ?? []).some((one) => isEqual(one, event)));
  if (missing.length === 0) return [];
  const ops = missing.map((event): Op => ({ ...opOf(event), op: 'add' }));
  const added = await target.channel.write({ ops, origin: author.origin, at: world.now() });
  const made = new Set(added.ok ? added.changes.map(({ key }) => key) : []);
  const taken = missing.filter(({ id }) => !made.has(String(id)));
  const placed = await target.insert(
    taken.map((event) => ({ ...event, id: null })),
    author.origin,
  );
  return taken.map(({ id }, index) => [id, placed[index]?.id ?? id] as const);
}

async function undoRename(
  buckets: Buckets,
  world: World,
  change: Extract<BucketChange, { readonly kind: 'rename' }>,
  now: Description,
  author: Author,
): Promise<void> {
  const { before, to } = change;
  await buckets.clearRemoved(before.id, author);
  await buckets.writeRecords(author, () => buckets.opsToDescribe({ ...now, id: before.id }));
  await moveEvents(buckets, world, { ...change, before: now, to: before.id, renumbered: [] }, author);
  await buckets.writeRecords(author, () => [...buckets.opsToMove(to, null), forget(change)]);
}

async function undoJoin(
  buckets: Buckets,
  world: World,
  change: Extract<BucketChange, { readonly kind: 'join' }>,
  author: Author,
): Promise<void> {
  const { before, to, renumbered } = change;
  const [source, target] = [await buckets.bucket(before.id), await buckets.bucket(to)];
  const ids = new Map(renumbered);
  const at = world.now();
  for await (const page of source.pages({})) {
    const removals: Op[] = [];
    const edits: Op[] = [];
    for (const event of page) {
      const id = ids.get(event.id) ?? event.id;
      const there = await target.event(id);
      if (there === undefined || there.time !== event.time) continue;
      removals.push({ op: 'remove', key: String(id) });
      if (!isEqual(there, event)) edits.push({ ...opOf({ ...there, id: event.id }), op: 'put' });
    }
    if (edits.length > 0) await source.channel.write({ ops: edits, origin: author.origin, at });
    if (removals.length > 0) await target.channel.write({ ops: removals, origin: author.origin, at });
  }
  await buckets.writeRecords(author, () => [...buckets.opsToDescribe(before), forget(change)]);
}

function isEqual(a: Event, b: Event): boolean {
  if (a.time !== b.time || a.duration !== b.duration) return false;
  return a.data === b.data || same(JSON.parse(a.data), JSON.parse(b.data));
}

function opOf(event: Event) {
  return { key: String(event.id), value: event.data, time: event.time, end: endOf(event) };
}
