// The persisted index of one account: an item for each day, some for the dictionary, and the item `state` with the step of the
// heartbeats' channel up to which they are complete. After a start the hub reads the index instead of every heartbeat's JSON. The
// index is derived: if it is missing, broken or of another epoch, it is rebuilt. When two nodes persist at the same time, one of them
// is refused and reads the index again, so both answer correctly. account-index.ts decides when to persist.

import { nextTurn } from '../../../core/next-turn.ts';
import type { Item, Op, Put, Store } from '../../../core/store.ts';
import { isObject } from '../model/heartbeat.ts';
import { type DayBlock, type DayOutline, day, HeartbeatColumns } from './columns.ts';
import { Dictionary, width } from './dictionary.ts';
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
/** Dictionary entries in one item; the last item is rewritten while it grows. */
const perItem = { texts: 128, lists: 128, contexts: 2_048 } as const;
/** The longest gap between two needed days that is read as well, in days: one longer read is cheaper than two. */
const longestReadGap = 7;
/** Days read at once. */
const daysAtOnce = 400;
/** Characters written at once. */
const writtenAtOnce = 4_194_304;
/** Characters encoded without a pause: a few milliseconds' work. */
const encodedAtOnce = 8_192;
const end = Number.MAX_SAFE_INTEGER;

interface Found {
  readonly beats: HeartbeatColumns;
  /** The step of the heartbeats' channel up to which the columns are complete. */
  readonly seq: number;
}

export class PersistedIndex {
  readonly #store: Store;
  readonly #name: string;
  /** The last step of the index's own channel that is known. */
  #base = 0;
  /** The dictionary's size on disk; undefined while there is no usable index. */
  #counts: Counts | undefined;

  private constructor(store: Store, name: string) {
    this.#store = store;
    this.#name = name;
  }

  static async open(
    store: Store,
    account: string,
  ): Promise<{ readonly stored: PersistedIndex; readonly found: Found | undefined }> {
    const index = new PersistedIndex(store, `@derived/wakatime/${account}`);
    return { stored: index, found: await index.#find() };
  }

  /** Ignores the index on disk from now on: the next `persist` writes everything. */
  discard(): void {
    this.#counts = undefined;
  }

  /**
   * Loads blocks of days that are not in memory.
   * @returns false when they are broken, or another node has replaced them
   */
  async fetch(beats: HeartbeatColumns, days: readonly number[]): Promise<boolean> {
    const wanted = [...days].sort((a, b) => a - b);
    let from = 0;
    for (let to = 1; to <= wanted.length; to += 1) {
      if (to < wanted.length && (wanted[to] ?? 0) - (wanted[to - 1] ?? 0) <= longestReadGap) continue;
      if (!(await this.#fetch(beats, wanted.slice(from, to)))) return false;
      from = to;
    }
    return true;
  }

  async #fetch(beats: HeartbeatColumns, days: readonly number[]): Promise<boolean> {
    const wanted = new Set(days);
    const [first = 0, last = 0] = [days[0], days.at(-1)];
    let from = first * day;
    for (;;) {
      const items = await this.#store.read(this.#name, { from, to: (last + 1) * day, limit: daysAtOnce });
      for (const { time, value, seq } of items) {
        const number = (time ?? 0) / day;
        // Another request may have loaded and changed the day meanwhile.
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
   * Persists the changed days and dictionary entries as they are when it is called. Encoding pauses, so that others are served meanwhile.
   * @param seq the step up to which `beats` is complete
   * @returns false when another node has persisted meanwhile
   */
  async persist(beats: HeartbeatColumns, seq: number, at: number): Promise<boolean> {
    const changed = takeChanges(beats);
    const stale = this.#counts === undefined ? await this.#keys() : new Set<string>();
    const [ops, state] = await this.#opsOf(changed, seq);
    for (const { key } of [...ops, state]) stale.delete(key);
    const all: Op[] = [...[...stale].map((key) => ({ op: 'remove', key }) as const), ...ops];
    const pages = [...splitIntoPages(all)];
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

  async #opsOf({ days, outlines, counts, contexts }: TakenChanges, seq: number): Promise<[Op[], Put]> {
    const before = this.#counts ?? { texts: 0, lists: 0, contexts: 0 };
    const ops: Op[] = [];
    let sincePause = 0;
    const add = async (op: Op): Promise<void> => {
      ops.push(op);
      sincePause += op.op === 'remove' ? 0 : op.value.length;
      if (sincePause < encodedAtOnce) return;
      sincePause = 0;
      await nextTurn();
    };
    for (const [number, block] of days) {
      if (block === undefined) await add({ op: 'remove', key: `${number}` });
      else {
        const value = JSON.stringify(packBlock(number, block));
        await add({ op: 'put', key: `${number}`, value, time: number * day });
      }
    }
    const numbers = async (name: keyof typeof perItem, pack: (from: number, to: number) => string) => {
      const [size, count] = [perItem[name], counts[name]];
      if (count === before[name]) return;
      for (let item = Math.floor(before[name] / size); item * size < count; item += 1) {
        const value = pack(item * size, Math.min((item + 1) * size, count));
        await add({ op: 'put', key: `${name}/${item}`, value, time: 0 });
      }
    };
    // The dictionary only grows, so its first entries are still those that were counted.
    await numbers('texts', (from, to) => JSON.stringify(contexts.texts.slice(from, to)));
    await numbers('lists', (from, to) => JSON.stringify(packLists(contexts.lists.slice(from, to))));
    await numbers('contexts', (from, to) => JSON.stringify(packRows(contexts.rows(from, to))));
    const value = JSON.stringify({ format, epoch: this.#store.epoch, seq, ...counts, days: packOutlines(outlines) });
    this.#counts = counts;
    return [ops, { op: 'put', key: 'state', value, time: 0 }];
  }

  async #find(): Promise<Found | undefined> {
    let items: readonly Item[];
    do {
      this.#base = (await this.#store.head(this.#name)).seq;
      items = this.#base === 0 ? [] : await this.#store.read(this.#name, { from: 0, to: 1 });
      // Another node wrote between the two reads, so these items are a mix of two states.
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
      const contexts = Dictionary.restore(texts, lists, rows);
      if (contexts === undefined || texts.length !== state.texts || lists.length !== state.lists) return;
      this.#counts = { texts: state.texts, lists: state.lists, contexts: state.contexts };
      return { beats: new HeartbeatColumns(contexts, unpackOutlines(state.days)), seq: state.seq };
    } catch {
      // The index is broken: not JSON, or with a size that no array can have.
      return undefined;
    }
  }

  /** The keys of all items of the channel. */
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

type Counts = Readonly<Record<keyof typeof perItem, number>>;

/** The data that is persisted at one moment: copies, or parts that do not change. */
interface TakenChanges {
  readonly days: ReadonlyMap<number, DayBlock | undefined>;
  readonly outlines: readonly (readonly [number, DayOutline])[];
  readonly counts: Counts;
  readonly contexts: Dictionary;
}

function takeChanges(beats: HeartbeatColumns): TakenChanges {
  const { contexts } = beats;
  const outlines = beats.days(0, end).flatMap((number): [number, DayOutline][] => {
    const outline = beats.outline(number);
    return outline === undefined ? [] : [[number, outline]];
  });
  const counts = { texts: contexts.texts.length, lists: contexts.lists.length, contexts: contexts.length };
  return { days: beats.takeChanged(), outlines, counts, contexts };
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
  const input: unknown = value === undefined ? undefined : JSON.parse(value);
  if (!isObject(input) || input['format'] !== format) return undefined;
  const { epoch, seq, texts, lists, contexts, days } = input;
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
  const input: unknown = JSON.parse(value);
  return Array.isArray(input) ? input.filter((one) => typeof one === 'string') : [];
}

function textIn(value: string): string {
  const input: unknown = JSON.parse(value);
  return typeof input === 'string' ? input : '';
}

/** Splits ops into pages that a store accepts. */
function* splitIntoPages(ops: readonly Op[]): Generator<readonly Op[]> {
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
