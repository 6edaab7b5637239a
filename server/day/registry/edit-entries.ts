// Edits of time that people state by hand, as the ops of one write each, so that each is undone by one revert: add, change, move,
// split, join, delete, "I was not here", which adds an entry that removes time, and one statement about several spans.

import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { compile } from '../../../protocol/check.ts';
import { DayEntryItem, isEntryItem } from '../../../protocol/day.ts';
import { type Refusal, refuse } from '../../../protocol/errors.ts';
import { Key } from '../../../protocol/messages.ts';
import type { ChannelState } from '../../core/cached-channel.ts';
import type { Item, Op } from '../../core/store.ts';

const Moment = Type.Integer({ description: 'microseconds since 1970' });
const verb = <const V extends string, P extends Record<string, TSchema>>(name: V, fields: P) =>
  Type.Object({ do: Type.Literal(name), ...fields }, { additionalProperties: false });

export const EntryEdit = Type.Union([
  verb('add', { from: Moment, to: Moment, item: DayEntryItem }),
  verb('change', { key: Key, item: DayEntryItem, from: Type.Optional(Moment), to: Type.Optional(Moment) }),
  verb('move', { key: Key, from: Moment, to: Moment }),
  verb('split', { key: Key, at: Moment }),
  verb('join', { keys: Type.Array(Key, { minItems: 2, maxItems: 100 }) }),
  verb('delete', { keys: Type.Array(Key, { minItems: 1, maxItems: 1_000 }) }),
  verb('assign', {
    spans: Type.Array(Type.Tuple([Moment, Moment]), { minItems: 1, maxItems: 1_000, description: '`[from, to]` each' }),
    item: DayEntryItem,
  }),
  verb('remove', { from: Moment, to: Moment, text: Type.Optional(Type.String({ maxLength: 2_000 })) }),
]);
export type EntryEdit = Static<typeof EntryEdit>;

const check = compile(EntryEdit);
export const isEntryEdit = (value: unknown): value is EntryEdit => check(value);

export type Edited = { readonly ok: true; readonly ops: readonly Op[] } | Refusal;

/** @param id makes the key of a new entry */
export function editEntries({ items }: Pick<ChannelState, 'items'>, edit: EntryEdit, id: () => string): Edited {
  const put = (key: string, value: string, time: number, end: number): Op => ({ op: 'put', key, value, time, end });
  switch (edit.do) {
    case 'add':
    case 'remove': {
      if (edit.to <= edit.from) return wrongSpan;
      const { from, to } = edit;
      const text = edit.do === 'remove' && edit.text !== undefined ? { text: edit.text } : {};
      const item = edit.do === 'add' ? edit.item : { removes: true, ...text };
      return { ok: true, ops: [put(id(), JSON.stringify(item), from, to)] };
    }
    case 'assign': {
      if (edit.spans.some(([from, to]) => to <= from)) return wrongSpan;
      const value = JSON.stringify(edit.item);
      return { ok: true, ops: edit.spans.map(([from, to]) => put(id(), value, from, to)) };
    }
    case 'change':
    case 'move': {
      const found = itemWithSpan(items.get(edit.key));
      if (found === undefined) return refuse('item_not_found');
      const value = edit.do === 'change' ? JSON.stringify(edit.item) : found.value;
      const { from = found.time, to = found.end } = edit;
      return to > from ? { ok: true, ops: [put(found.key, value, from, to)] } : wrongSpan;
    }
    case 'split': {
      const found = itemWithSpan(items.get(edit.key));
      if (found === undefined) return refuse('item_not_found');
      if (edit.at <= found.time || edit.at >= found.end) return refuse('property', 'at', 'a moment within the entry');
      const { key, value, time, end } = found;
      return { ok: true, ops: [put(key, value, time, edit.at), put(id(), value, edit.at, end)] };
    }
    case 'join': {
      const all = edit.keys.flatMap((key) => itemWithSpan(items.get(key)) ?? []);
      if (all.length < edit.keys.length) return refuse('item_not_found');
      const [first, ...others] = [...all].sort((a, b) => a.time - b.time);
      if (first === undefined || new Set(edit.keys).size < edit.keys.length)
        return refuse('property', 'keys', 'keys of different entries');
      const end = Math.max(...all.map((one) => one.end));
      const removed = others.map(({ key }): Op => ({ op: 'remove', key }));
      return { ok: true, ops: [put(first.key, first.value, first.time, end), ...removed] };
    }
    case 'delete':
      if (edit.keys.some((key) => !items.has(key))) return refuse('item_not_found');
      return { ok: true, ops: edit.keys.map((key): Op => ({ op: 'remove', key })) };
  }
}

const wrongSpan = refuse('property', 'to', 'a moment after `from`, in microseconds');

function itemWithSpan(item: Item | undefined): (Item & { readonly time: number; readonly end: number }) | undefined {
  if (item === undefined || item.time === null || item.end === null) return undefined;
  const value: unknown = JSON.parse(item.value);
  return isEntryItem(value) ? { ...item, time: item.time, end: item.end } : undefined;
}
