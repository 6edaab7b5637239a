// Applies queued writes to the hub's state, as pure functions. A queued write stores the intent of the user: the item before and after
// the edit. The intent never changes. Each time the write is shown or sent, it is rebased on the hub's current state. No I/O and no
// clock in this file.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import { mergeLists } from '../../protocol/merge-lists.ts';
import { withMergedWork } from '../../protocol/merge-work.ts';
import type { Requests } from '../../protocol/messages.ts';
import { same } from '../../protocol/same.ts';
import type { ItemSpan, SdkItem, SdkPosition } from './api.ts';

export interface ItemEntry extends ItemSpan {
  readonly key: string;
  readonly item: unknown;
}

export type WriteIntent =
  | ({ readonly type: 'create' } & ItemEntry)
  /** Without a span, the item keeps its present span. */
  | ({ readonly type: 'update'; readonly before: unknown } & ItemEntry)
  | { readonly type: 'delete'; readonly key: string; readonly before: unknown }
  | { readonly type: 'write-all'; readonly items: readonly ItemEntry[]; readonly before: readonly ItemEntry[] }
  | { readonly type: 'revert'; readonly to: number; readonly epoch: string };

/** `id` is the write id; `at` is when the user made the write, in milliseconds since 1970. */
export type PendingWrite = WriteIntent & { readonly id: string; readonly at: number };

export type ItemMap = ReadonlyMap<string, SdkItem<unknown>>;

/** The stored format of a channel. */
export interface StoredChannel {
  readonly position: SdkPosition | null;
  readonly items: readonly Omit<SdkItem<unknown>, 'pending'>[];
  readonly pending: readonly PendingWrite[];
}

/** A write on the current state: a request to send, nothing to send (`done`: the item is already as wanted), or a refusal. */
export type PreparedWrite =
  | { readonly kind: 'send'; readonly request: Requests['create' | 'update' | 'delete' | 'write-all' | 'revert'] }
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** @returns the key of the written item; '' for a write about the whole channel */
export function getKey(intent: WriteIntent): string {
  return 'key' in intent ? intent.key : '';
}

/** The lists whose entries are merged one by one, because their order does not count. */
const listFields = ['tags', 'needs', 'notes'];

/**
 * Three-way merge: applies the edit from `before` to `ours` to `current`. Objects are merged field by field. If both sides changed a
 * field, ours wins, because it arrives later (W6 of protocol/README.md); the other value stays in the history. Of `tags`, `needs` and
 * `notes` both sides keep what they added.
 */
export function rebase(before: unknown, current: unknown, ours: unknown): unknown {
  if (!isObject(before) || !isObject(current) || !isObject(ours) || same(before, current)) return ours;
  const oldFields = new Map(Object.entries(before));
  const fields = new Map(Object.entries(current));
  for (const [field, value] of Object.entries(ours)) {
    const [old, theirs] = [oldFields.get(field), fields.get(field)];
    if (oldFields.has(field) && same(old, value)) continue;
    const isList = listFields.includes(field) && Array.isArray(value) && Array.isArray(theirs);
    fields.set(field, isList ? mergeLists(Array.isArray(old) ? old : [], theirs, value) : value);
  }
  for (const field of oldFields.keys()) if (!Object.hasOwn(ours, field)) fields.delete(field);
  const merged = Object.fromEntries(fields);
  return hasWork(current) || hasWork(ours) ? withMergedWork(merged, before, current, ours) : merged;
}

/** True for a task with intervals of work, or with lists of starts and stops: what two devices worked is the sum (M14). */
function hasWork({ intervals, start, stop }: Readonly<Record<string, unknown>>): boolean {
  return typeof intervals === 'string' || (Array.isArray(start) && Array.isArray(stop));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Returns the items with the queued writes applied. Deletes that the hub will refuse, and reverts, have no effect here.
 * @param device the id of this device, as the writer of the pending items
 */
export function applyPending(
  confirmed: ItemMap,
  pending: readonly PendingWrite[],
  device: string,
): Map<string, SdkItem<unknown>> {
  const items = new Map(confirmed);
  for (const write of pending) {
    const put = ({ key, item, ...span }: ItemEntry) =>
      items.set(key, { key, item, ...span, seq: confirmed.get(key)?.seq ?? 0, at: write.at, device, pending: true });
    const current = items.get(getKey(write));
    switch (write.type) {
      case 'create':
        put(toEntry(write));
        break;
      case 'update':
        put(mergeUpdate(write, current));
        break;
      case 'delete':
        if (current !== undefined && same(write.before, current.item)) items.delete(write.key);
        break;
      case 'write-all': {
        const entries = new Map(mergeList(write, items).map((entry) => [entry.key, entry]));
        for (const key of [...items.keys()]) if (!entries.has(key)) items.delete(key);
        for (const entry of entries.values()) if (!same(items.get(entry.key)?.item, entry.item)) put(entry);
        break;
      }
      case 'revert':
        break;
    }
  }
  return items;
}

/** Picks the fields of the time span, without undefined ones. */
export function toSpan({ time, end }: ItemSpan): ItemSpan {
  return { ...(time === undefined ? {} : { time }), ...(end === undefined ? {} : { end }) };
}

/** Picks the fields of the entry, without undefined ones. */
export function toEntry({ key, item, ...span }: ItemEntry): ItemEntry {
  return { key, item, ...toSpan(span) };
}

function mergeUpdate(
  write: Extract<PendingWrite, { type: 'update' }>,
  current: SdkItem<unknown> | undefined,
): ItemEntry {
  const { key, item, before } = write;
  const span = write.time === undefined && current !== undefined ? current : write;
  return { key, item: current === undefined ? item : rebase(before, current.item, item), ...toSpan(span) };
}

/** Returns the items of a `write-all`, merged with what others created and changed since the writer read the channel. */
function mergeList(write: Extract<PendingWrite, { type: 'write-all' }>, current: ItemMap): ItemEntry[] {
  const before = new Map(write.before.map((entry) => [entry.key, entry.item]));
  const listed = new Set(write.items.map(({ key }) => key));
  const others = [...current.values()].filter(
    ({ key, item }) => !listed.has(key) && !(before.has(key) && same(before.get(key), item)),
  );
  const ours = write.items.flatMap((entry) => {
    const present = current.get(entry.key);
    const isEdited = !before.has(entry.key) || !same(before.get(entry.key), entry.item);
    if (present === undefined) return isEdited ? [entry] : [];
    return [{ ...entry, item: rebase(before.get(entry.key), present.item, entry.item) }];
  });
  return [...others, ...ours].map(toEntry);
}

/** True if the write depends on the channel's present state, so that it is sent with the position that it was computed from. */
export function isConditional({ type }: PendingWrite): boolean {
  return type !== 'create';
}

/**
 * Computes the request for a queued write on the present state of the channel.
 * @param confirmed the items at the hub, @param position their position; undefined if unknown
 */
export function prepareWrite(
  write: PendingWrite,
  channel: string,
  confirmed: ItemMap,
  position: SdkPosition | undefined,
): PreparedWrite {
  const common = { channel, write_id: write.id, ref: write.id };
  const send = (request: Extract<PreparedWrite, { kind: 'send' }>['request']) => ({ kind: 'send', request }) as const;
  if (write.type === 'create') return send({ type: 'create', ...common, ...toEntry(write) });
  if (write.type === 'revert') {
    return position?.epoch === write.epoch
      ? send({ type: 'revert', ...common, to: write.to })
      : { kind: 'refused', refusal: refuse('gone', '', 'the history of the hub has been replaced') };
  }
  const { seq, epoch } = position ?? { seq: 0, epoch: '' };
  const base = { base: { seq, epoch } };
  switch (write.type) {
    case 'update': {
      const current = confirmed.get(write.key);
      // An edit beats a delete: the update creates a deleted item again.
      const type = current === undefined ? 'create' : 'update';
      return send({ type, ...common, ...mergeUpdate(write, current), ...base });
    }
    case 'delete': {
      const current = confirmed.get(write.key);
      if (current === undefined) return { kind: 'done' };
      return same(write.before, current.item)
        ? send({ type: 'delete', ...common, key: write.key, ...base })
        : {
            kind: 'refused',
            refusal: refuse('stale', '', 'the item was changed meanwhile: delete it again to confirm'),
          };
    }
    case 'write-all':
      return send({ type: 'write-all', ...common, items: mergeList(write, confirmed), ...base });
  }
}

/**
 * The hub may store another value than it was sent (for example with another id of the task). Adjusts a queued delete of this item, so
 * that the difference does not count as an edit by somebody else.
 * @param sent the item as it was sent, @param stored the item as the hub stored it
 */
export function adjustDelete(write: PendingWrite, key: string, sent: unknown, stored: unknown): PendingWrite {
  if (write.type !== 'delete' || write.key !== key) return write;
  return { ...write, before: rebase(sent, stored, write.before) };
}

/** Checks the shape of a value from the storage. */
export function isStoredChannel(value: unknown): value is StoredChannel {
  return (
    isObject(value) &&
    (value['position'] === null || isObject(value['position'])) &&
    Array.isArray(value['items']) &&
    Array.isArray(value['pending'])
  );
}
