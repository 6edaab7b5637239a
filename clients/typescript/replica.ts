// A channel as this device has it, as functions of values: what the hub confirmed, with the writes that wait on top. A write that
// waits is kept as what was meant (what there was before, and what it became) and never changed: what it is today, on what others
// did meanwhile, is worked out anew each time it is shown or sent. No wire, no storage, no clock here.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import { same } from '../../protocol/merge.ts';
import type { Requests } from '../../protocol/messages.ts';
import type { ItemSpan, SdkItem, SdkPosition } from './api.ts';

export interface ItemEntry extends ItemSpan {
  readonly key: string;
  readonly item: unknown;
}

export type WriteIntent =
  | ({ readonly type: 'create' } & ItemEntry)
  /** Without a span the item keeps the one it has. */
  | ({ readonly type: 'update'; readonly before: unknown } & ItemEntry)
  | { readonly type: 'delete'; readonly key: string; readonly before: unknown }
  | { readonly type: 'write-all'; readonly items: readonly ItemEntry[]; readonly before: readonly ItemEntry[] }
  | { readonly type: 'revert'; readonly to: number; readonly epoch: string };

/** `id` is the write id; `at` is when it was meant, in milliseconds since 1970. */
export type PendingWrite = WriteIntent & { readonly id: string; readonly at: number };

export type ItemMap = ReadonlyMap<string, SdkItem<unknown>>;

/** How a channel lies in the storage. */
export interface StoredChannel {
  readonly position: SdkPosition | null;
  readonly items: readonly Omit<SdkItem<unknown>, 'pending'>[];
  readonly pending: readonly PendingWrite[];
}

/** What to send; or that nothing has to be sent any more. */
export type PreparedWrite =
  | { readonly kind: 'send'; readonly request: Requests['create' | 'update' | 'delete' | 'write-all' | 'revert'] }
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export function keyOf(intent: WriteIntent): string {
  return 'key' in intent ? intent.key : '';
}

/**
 * `ours`, which was made of `before`, on top of what became of that meanwhile: field by field where they are objects, and where both
 * changed one field it is ours, as of an update that comes later (W6 of protocol/README.md). The other one stays in the history.
 */
export function rebase(before: unknown, current: unknown, ours: unknown): unknown {
  if (!isFields(before) || !isFields(current) || !isFields(ours) || same(before, current)) return ours;
  const old = new Map(Object.entries(before));
  const merged = new Map(Object.entries(current));
  for (const [field, value] of Object.entries(ours)) {
    if (!old.has(field) || !same(old.get(field), value)) merged.set(field, value);
  }
  for (const field of old.keys()) if (!Object.hasOwn(ours, field)) merged.delete(field);
  return Object.fromEntries(merged);
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is there once the writes that wait are done. Writes of no effect, and those that will be refused, show nothing. */
export function applyPending(
  confirmed: ItemMap,
  pending: readonly PendingWrite[],
  device: string,
): Map<string, SdkItem<unknown>> {
  const items = new Map(confirmed);
  for (const write of pending) {
    const put = ({ key, item, ...span }: ItemEntry) =>
      items.set(key, { key, item, ...span, seq: confirmed.get(key)?.seq ?? 0, at: write.at, device, pending: true });
    const current = items.get(keyOf(write));
    switch (write.type) {
      case 'create':
        put(entryOf(write));
        break;
      case 'update':
        put(updated(write, current));
        break;
      case 'delete':
        if (current !== undefined && same(write.before, current.item)) items.delete(write.key);
        break;
      case 'write-all': {
        const wanted = new Map(rewritten(write, items).map((entry) => [entry.key, entry]));
        for (const key of [...items.keys()]) if (!wanted.has(key)) items.delete(key);
        for (const entry of wanted.values()) if (!same(items.get(entry.key)?.item, entry.item)) put(entry);
        break;
      }
      case 'revert':
        break;
    }
  }
  return items;
}

export function spanOf({ time, end }: ItemSpan): ItemSpan {
  return { ...(time === undefined ? {} : { time }), ...(end === undefined ? {} : { end }) };
}

export function entryOf({ key, item, ...span }: ItemEntry): ItemEntry {
  return { key, item, ...spanOf(span) };
}

function updated(write: Extract<PendingWrite, { type: 'update' }>, current: SdkItem<unknown> | undefined): ItemEntry {
  const { key, item, before } = write;
  const span = write.time === undefined && current !== undefined ? current : write;
  return { key, item: current === undefined ? item : rebase(before, current.item, item), ...spanOf(span) };
}

/** All the items as the writer has them, and what others did to them since. */
function rewritten(write: Extract<PendingWrite, { type: 'write-all' }>, current: ItemMap): ItemEntry[] {
  const before = new Map(write.before.map((entry) => [entry.key, entry.item]));
  const listed = new Set(write.items.map(({ key }) => key));
  const kept = [...current.values()].filter(
    ({ key, item }) => !listed.has(key) && !(before.has(key) && same(before.get(key), item)),
  );
  const ours = write.items.flatMap((entry) => {
    const now = current.get(entry.key);
    const edited = !before.has(entry.key) || !same(before.get(entry.key), entry.item);
    if (now === undefined) return edited ? [entry] : [];
    return [{ ...entry, item: rebase(before.get(entry.key), now.item, entry.item) }];
  });
  return [...kept, ...ours].map(entryOf);
}

/** Whether it says what to do with what is there, so that it may only be sent on the state that it was worked out from. */
export function isConditional({ type }: PendingWrite): boolean {
  return type !== 'create';
}

/** What a write is on this state of the channel. */
export function prepareWrite(
  write: PendingWrite,
  channel: string,
  confirmed: ItemMap,
  position: SdkPosition | undefined,
): PreparedWrite {
  const common = { channel, write_id: write.id, ref: write.id };
  const send = (request: Extract<PreparedWrite, { kind: 'send' }>['request']) => ({ kind: 'send', request }) as const;
  if (write.type === 'create') return send({ type: 'create', ...common, ...entryOf(write) });
  if (write.type === 'revert') {
    return position?.epoch === write.epoch
      ? send({ type: 'revert', ...common, to: write.to })
      : { kind: 'refused', refusal: refuse('gone', '', 'the hub has another epoch since') };
  }
  const { seq, epoch } = position ?? { seq: 0, epoch: '' };
  const base = { base: { seq, epoch } };
  switch (write.type) {
    case 'update': {
      const current = confirmed.get(write.key);
      // An edit beats a delete: what is gone comes back.
      const type = current === undefined ? 'create' : 'update';
      return send({ type, ...common, ...updated(write, current), ...base });
    }
    case 'delete': {
      const current = confirmed.get(write.key);
      if (current === undefined) return { kind: 'done' };
      return same(write.before, current.item)
        ? send({ type: 'delete', ...common, key: write.key, ...base })
        : { kind: 'refused', refusal: refuse('stale', '', 'it was changed meanwhile: delete it again if you mean it') };
    }
    case 'write-all':
      return send({ type: 'write-all', ...common, items: rewritten(write, confirmed), ...base });
  }
}

/**
 * The hub may make something else of an item than it was sent (another id for a task). Who then deletes it has not overlooked an edit.
 * @param sent the item as it was sent, @param made what the hub made of it
 */
export function adjustDelete(write: PendingWrite, key: string, sent: unknown, made: unknown): PendingWrite {
  if (write.type !== 'delete' || write.key !== key) return write;
  return { ...write, before: rebase(sent, made, write.before) };
}

/** The door for what lies in the storage. */
export function isStored(value: unknown): value is StoredChannel {
  return (
    isFields(value) &&
    (value['position'] === null || isFields(value['position'])) &&
    Array.isArray(value['items']) &&
    Array.isArray(value['pending'])
  );
}
