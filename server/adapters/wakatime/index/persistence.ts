// The blocks of one account's heartbeats on disk, so that a hub that has just started need not read them all as JSON: an item for
// each day, some for the numbers of contexts, and one that says up to which step of the heartbeats' channel they are complete.
// All of it is derived. Whatever is missing, broken or of another epoch is made anew, and of two nodes that keep at once one is
// refused and looks again; neither is ever wrong. When to keep is timeline.ts'.

import type { Item, Op, Put, Store } from '../../../core/store.ts';
import { isObject } from '../model/heartbeat.ts';
import { Beats, day, type Outline } from './columns.ts';
import { Contexts, width } from './dictionary.ts';
import {
  packBlock,
  packLists,
  packOutlines,
  packRows,
  unpackBlock,
  unpackLists,
  unpackOutlines,
  unpackRows,
} from './encoding.ts';

const format = 3;
/** Numbers in one item; rewritten while it grows. */
const perItem = { texts: 128, lists: 128, contexts: 2_048 } as const;
/** Days between two that are wanted which are read along rather than passed over. */
const readAlong = 7;
/** Days read at once. */
const daysAtOnce = 400;
/** Characters written at once. */
const writtenAtOnce = 4_194_304;
const end = Number.MAX_SAFE_INTEGER;

interface Found {
  readonly beats: Beats;
  /** The step of the heartbeats' channel up to which they are complete. */
  readonly seq: number;
}

export class Kept {
  readonly #store: Store;
  readonly #name: string;
  /** The last step of this channel that we know. */
  #base = 0;
  /** What the state on disk says; undefined while there is none of use. */
  #counts: Readonly<Record<keyof typeof perItem, number>> | undefined;

  private constructor(store: Store, name: string) {
    this.#store = store;
    this.#name = name;
  }

  static async open(
    store: Store,
    account: string,
  ): Promise<{ readonly kept: Kept; readonly found: Found | undefined }> {
    const kept = new Kept(store, `@derived/wakatime/${account}`);
    return { kept, found: await kept.#find() };
  }

  /** What is on disk is of no use: all of it is written anew. */
  discard(): void {
    this.#counts = undefined;
  }

  /**
   * Reads the blocks of days that are not in memory.
   * @returns false when they are not what was promised: broken, or another node's by now
   */
  async fetch(beats: Beats, days: readonly number[]): Promise<boolean> {
    const wanted = [...days].sort((a, b) => a - b);
    let from = 0;
    for (let to = 1; to <= wanted.length; to += 1) {
      if (to < wanted.length && (wanted[to] ?? 0) - (wanted[to - 1] ?? 0) <= readAlong) continue;
      if (!(await this.#fetch(beats, wanted.slice(from, to)))) return false;
      from = to;
    }
    return true;
  }

  async #fetch(beats: Beats, days: readonly number[]): Promise<boolean> {
    const wanted = new Set(days);
    const [first = 0, last = 0] = [days[0], days.at(-1)];
    let from = first * day;
    for (;;) {
      const items = await this.#store.read(this.#name, { from, to: (last + 1) * day, limit: daysAtOnce });
      for (const { time, value, seq } of items) {
        const number = (time ?? 0) / day;
        // Another question may have had it read meanwhile, and changed it.
        if (!wanted.delete(number) || beats.has(number)) continue;
        const outline = beats.outline(number);
        const known = { contexts: beats.contexts.length, texts: beats.contexts.texts.length };
        const block = seq > this.#base ? undefined : unpackBlock(number, value.slice(1, -1), known);
        if (block === undefined || block.length !== outline?.length || block.first !== outline.first) return false;
        beats.put(number, block);
      }
      if (items.length < daysAtOnce) return wanted.size === 0;
      from = (items.at(-1)?.time ?? last * day) + 1;
    }
  }

  /**
   * Keeps what has changed. What is kept is decided when this is called, before anything is awaited, unless there is nothing yet.
   * @param seq the step up to which `beats` is complete
   * @returns false when another node has kept something meanwhile
   */
  async keep(beats: Beats, seq: number, at: number): Promise<boolean> {
    const stale = this.#counts === undefined ? await this.#keys() : new Set<string>();
    const [ops, state] = this.#opsOf(beats, seq);
    for (const { key } of [...ops, state]) stale.delete(key);
    const all: Op[] = [...[...stale].map((key) => ({ op: 'remove', key }) as const), ...ops];
    const pages = [...paged(all)];
    for (const [index, page] of pages.entries()) {
      const whole = pages.length === 1;
      const last = index === pages.length - 1 ? [state] : [];
      const first = index === 0 && !whole ? [{ op: 'remove', key: 'state' } as const] : [];
      const write = { ops: [...first, ...page, ...last], origin: 'wakatime', at, base: this.#base };
      const appended = await this.#store.append(this.#name, write, 'last');
      if (!appended.ok) return false;
      this.#base = appended.position.seq;
    }
    return true;
  }

  #opsOf(beats: Beats, seq: number): [Op[], Put] {
    const { contexts } = beats;
    const before = this.#counts ?? { texts: 0, lists: 0, contexts: 0 };
    const ops: Op[] = [...beats.takeChanged()].map(([number, block]) =>
      block === undefined
        ? { op: 'remove', key: `${number}` }
        : { op: 'put', key: `${number}`, value: JSON.stringify(packBlock(number, block)), time: number * day },
    );
    const counts = { texts: contexts.texts.length, lists: contexts.lists.length, contexts: contexts.length };
    const numbers = (name: keyof typeof perItem, pack: (from: number, to: number) => string) => {
      const size = perItem[name];
      if (counts[name] === before[name]) return;
      for (let item = Math.floor(before[name] / size); item * size < counts[name]; item += 1) {
        ops.push({ op: 'put', key: `${name}/${item}`, value: pack(item * size, (item + 1) * size), time: 0 });
      }
    };
    numbers('texts', (from, to) => JSON.stringify(contexts.texts.slice(from, to)));
    numbers('lists', (from, to) => JSON.stringify(packLists(contexts.lists.slice(from, to))));
    numbers('contexts', (from, to) => JSON.stringify(packRows(contexts.rows(from, to))));
    const outlines = beats.days(0, end).flatMap((number): [number, Outline][] => {
      const outline = beats.outline(number);
      return outline === undefined ? [] : [[number, outline]];
    });
    const value = JSON.stringify({ format, epoch: this.#store.epoch, seq, ...counts, days: packOutlines(outlines) });
    this.#counts = counts;
    return [ops, { op: 'put', key: 'state', value, time: 0 }];
  }

  async #find(): Promise<Found | undefined> {
    let items: readonly Item[];
    do {
      this.#base = (await this.#store.head(this.#name)).seq;
      items = this.#base === 0 ? [] : await this.#store.read(this.#name, { from: 0, to: 1 });
      // Another node was keeping just now: what we have would be a little of the old and a little of the new.
    } while (items.some(({ seq }) => seq > this.#base));
    try {
      const values = new Map(items.map(({ key, value }) => [key, value]));
      const state = stateIn(values.get('state'));
      if (state === undefined || state.epoch !== this.#store.epoch) return;
      const all = <T>(name: 'texts' | 'lists', read: (value: string) => readonly T[]): readonly T[] =>
        Array.from({ length: Math.ceil(state[name] / perItem[name]) }, (_, item) => values.get(`${name}/${item}`))
          .flatMap((value) => (value === undefined ? [] : read(value)))
          .slice(0, state[name]);
      const rows = new Uint32Array(state.contexts * width);
      for (let from = 0; from < state.contexts; from += perItem.contexts) {
        const count = Math.min(perItem.contexts, state.contexts - from);
        const some = unpackRows(textIn(values.get(`contexts/${from / perItem.contexts}`) ?? '""'), count);
        if (some === undefined) return;
        rows.set(some, from * width);
      }
      const texts = all('texts', textsIn);
      const lists = all('lists', (value) => unpackLists(textIn(value)));
      const contexts = Contexts.restore(texts, lists, rows);
      if (contexts === undefined || texts.length !== state.texts || lists.length !== state.lists) return;
      this.#counts = { texts: state.texts, lists: state.lists, contexts: state.contexts };
      return { beats: new Beats(contexts, unpackOutlines(state.days)), seq: state.seq };
    } catch {
      // Not JSON, or numbers that no array can have: as good as nothing.
      return undefined;
    }
  }

  /** All that is here, whatever it may be. */
  async #keys(): Promise<Set<string>> {
    const keys = new Set<string>();
    for (let after: string | undefined; ; ) {
      const items = await this.#store.read(this.#name, {
        limit: daysAtOnce,
        ...(after === undefined ? {} : { after: { key: after, time: null } }),
      });
      for (const { key } of items) keys.add(key);
      if (items.length < daysAtOnce) return keys;
      after = items.at(-1)?.key;
    }
  }
}

interface State {
  readonly epoch: string;
  readonly seq: number;
  readonly texts: number;
  readonly lists: number;
  readonly contexts: number;
  readonly days: string;
}

function stateIn(value: string | undefined): State | undefined {
  const said: unknown = value === undefined ? undefined : JSON.parse(value);
  if (!isObject(said) || said['format'] !== format) return undefined;
  const { epoch, seq, texts, lists, contexts, days } = said;
  return typeof epoch === 'string' &&
    typeof seq === 'number' &&
    typeof texts === 'number' &&
    typeof lists === 'number' &&
    typeof contexts === 'number' &&
    typeof days === 'string'
    ? { epoch, seq, texts, lists, contexts, days }
    : undefined;
}

function textsIn(value: string): readonly string[] {
  const said: unknown = JSON.parse(value);
  return Array.isArray(said) ? said.filter((one) => typeof one === 'string') : [];
}

function textIn(value: string): string {
  const said: unknown = JSON.parse(value);
  return typeof said === 'string' ? said : '';
}

/** In pages that a store takes at once. */
function* paged(ops: readonly Op[]): Generator<readonly Op[]> {
  let page: Op[] = [];
  let size = 0;
  for (const op of ops) {
    const length = op.op === 'remove' ? 0 : op.value.length;
    if (size > 0 && size + length > writtenAtOnce) {
      yield page;
      page = [];
      size = 0;
    }
    page.push(op);
    size += length;
  }
  yield page;
}
