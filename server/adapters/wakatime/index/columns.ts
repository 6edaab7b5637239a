// One account's heartbeats in memory, as columns sorted by time, in a block for each day of UTC. A day that no request has needed may
// be on disk only (persistence.ts). No sums are stored, so no sum can be out of date: stats/durations-algorithm.ts computes them from
// the columns at each request.

import { type Heartbeat, heartbeatKey, keyTime } from '../model/heartbeat.ts';
import { isSameUsage, reportsUsage, type UsageRow, usageOf, usageWidth } from './ai-usage.ts';
import { Dictionary, type HeartbeatContext } from './dictionary.ts';
import { countLines, hasLines, isSameLines, type LineCounts, lineKinds } from './line-counts.ts';

export type { HeartbeatContext } from './dictionary.ts';

export const day = 86_400_000_000;

/** The heartbeats of one day of UTC. Only the first `length` entries of each column are valid. */
export interface HeartbeatBlock {
  readonly length: number;
  /** Microseconds since 1970, ascending. */
  readonly times: Float64Array;
  /** Dictionary numbers of contexts and of entities. */
  readonly contexts: Uint32Array;
  readonly entities: Uint32Array;
  /** 1 if the heartbeat is a write. */
  readonly writes: Uint8Array;
  /** `lineKinds.length` numbers for each heartbeat; undefined while no heartbeat of the day reports lines. */
  readonly lines: Uint32Array | undefined;
  /** `usageWidth` numbers for each heartbeat; undefined while none of the day reports usage of AI tools. */
  readonly usage: Uint32Array | undefined;
}

/** One heartbeat of a block, as a row. */
export interface HeartbeatRow {
  readonly time: number;
  readonly context: number;
  readonly entity: number;
  readonly write: number;
  /** undefined when the heartbeat reports none. */
  readonly lines: LineCounts | undefined;
  /** undefined when the heartbeat reports none. */
  readonly usage: UsageRow | undefined;
}

/** The summary of a day whose block is not in memory. */
export interface DayOutline {
  readonly length: number;
  /** Its first moment, in microseconds since 1970. */
  readonly first: number;
  /** True if the block has a key that does not encode the day. */
  readonly stray: boolean;
}

const width = lineKinds.length;
const none: LineCounts = lineKinds.map(() => 0);
const noUsage: UsageRow = new Uint32Array(usageWidth);

export class DayBlock implements HeartbeatBlock {
  length: number;
  times: Float64Array;
  contexts: Uint32Array;
  entities: Uint32Array;
  writes: Uint8Array;
  lines: Uint32Array | undefined;
  usage: Uint32Array | undefined;
  /** Heartbeats whose key a client chose, so that it cannot be computed from their fields, by key. */
  readonly odd: Map<string, HeartbeatRow>;

  constructor(size = 16, odd: Map<string, HeartbeatRow> = new Map()) {
    this.length = 0;
    this.times = new Float64Array(size);
    this.contexts = new Uint32Array(size);
    this.entities = new Uint32Array(size);
    this.writes = new Uint8Array(size);
    this.odd = odd;
  }

  get first(): number {
    return this.times[0] ?? 0;
  }

  at(index: number): HeartbeatRow {
    const [time = 0, context = 0] = [this.times[index], this.contexts[index]];
    const [entity = 0, write = 0] = [this.entities[index], this.writes[index]];
    return { time, context, entity, write, lines: linesAt(this, index), usage: usageAt(this, index) };
  }

  /** Bytes in memory. */
  get bytes(): number {
    return this.times.length * 17 + (this.lines?.byteLength ?? 0) + (this.usage?.byteLength ?? 0);
  }

  /** The block as it is now, however it changes later. */
  copy(): DayBlock {
    const { length } = this;
    const copied = new DayBlock(0, new Map(this.odd));
    copied.length = length;
    copied.times = this.times.slice(0, length);
    copied.contexts = this.contexts.slice(0, length);
    copied.entities = this.entities.slice(0, length);
    copied.writes = this.writes.slice(0, length);
    copied.lines = this.lines?.slice(0, length * width);
    copied.usage = this.usage?.slice(0, length * usageWidth);
    return copied;
  }

  insert(at: number, { time, context, entity, write, lines, usage }: HeartbeatRow): void {
    if (this.length === this.times.length) this.#grow();
    if (at < this.length) this.#move(at, at + 1);
    this.times[at] = time;
    this.contexts[at] = context;
    this.entities[at] = entity;
    this.writes[at] = write;
    if (lines !== undefined) this.lines ??= new Uint32Array(this.times.length * width);
    this.lines?.set(lines ?? none, at * width);
    if (usage !== undefined) this.usage ??= new Uint32Array(this.times.length * usageWidth);
    this.usage?.set(usage ?? noUsage, at * usageWidth);
    this.length += 1;
  }

  remove(at: number): void {
    this.#move(at + 1, at);
    this.length -= 1;
  }

  /** Moves the rows from one index on to another. */
  #move(from: number, to: number): void {
    for (const column of this.#columns()) column.copyWithin(to, from, this.length);
    this.lines?.copyWithin(to * width, from * width, this.length * width);
    this.usage?.copyWithin(to * usageWidth, from * usageWidth, this.length * usageWidth);
  }

  #columns() {
    return [this.times, this.contexts, this.entities, this.writes];
  }

  #grow(): void {
    const size = Math.max(16, this.length * 2);
    const times = new Float64Array(size);
    const [contexts, entities, writes] = [new Uint32Array(size), new Uint32Array(size), new Uint8Array(size)];
    times.set(this.times);
    contexts.set(this.contexts);
    entities.set(this.entities);
    writes.set(this.writes);
    this.times = times;
    this.contexts = contexts;
    this.entities = entities;
    this.writes = writes;
    this.lines = growColumn(this.lines, size * width);
    this.usage = growColumn(this.usage, size * usageWidth);
  }
}

export class HeartbeatColumns {
  readonly contexts: Dictionary;
  /** The block of each day in memory, or its outline. */
  readonly #blocks = new Map<number, DayBlock | DayOutline>();
  /** The days with heartbeats that overlap [from, to). */
  #days: number[] = [];
  #size = 0;
  #bytes = 0;
  /** Days changed since `takeChanged` was called. */
  readonly #changed = new Set<number>();
  /** Days with keys that do not encode the day, now or earlier. */
  readonly #strayDays = new Set<number>();

  constructor(contexts = new Dictionary(), days: readonly (readonly [number, DayOutline])[] = []) {
    this.contexts = contexts;
    for (const [number, outline] of days) {
      this.#blocks.set(number, outline);
      this.#days.push(number);
      this.#size += outline.length;
      if (outline.stray) this.#strayDays.add(number);
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes in memory, approximately. */
  get bytes(): number {
    return this.#bytes + this.contexts.bytes + this.#days.length * 100;
  }

  /** All texts by number, entities among them. */
  get entities(): readonly string[] {
    return this.contexts.texts;
  }

  context(code: number): HeartbeatContext {
    return this.contexts.get(code);
  }

  entity(code: number): string {
    return this.contexts.texts[code] ?? '';
  }

  /** The days that a change of an item may concern: where the heartbeat is, was, or will be. */
  daysOf(key: string, time: number | null): readonly number[] {
    const days = time === null ? [...this.#strayDays] : [...this.#strayDays, Math.floor(time / day)];
    const named = dayOf(key);
    if (named !== undefined) days.push(named);
    return days;
  }

  /**
   * Adds a heartbeat, replacing the one with the same key. Its days have to be in memory.
   * @param own true if the key is known to be what `heartbeatKey` computes
   */
  add(key: string, time: number, heartbeat: Heartbeat, own = false): void {
    this.remove(key);
    const context = this.contexts.code(contextOf(heartbeat));
    const write = heartbeat.is_write === true ? 1 : 0;
    const entity = this.contexts.text(heartbeat.entity);
    const usage = usageOf(heartbeat, (text) => this.contexts.text(text));
    const beat = { time, context, entity, write, lines: countLines(heartbeat), usage };
    const number = Math.floor(time / day);
    const block = this.#block(number) ?? this.#begin(number);
    if (!own && key !== this.#keyOf(beat)) {
      block.odd.set(key, beat);
      if (dayOf(key) !== number) this.#strayDays.add(number);
    }
    const before = block.bytes;
    block.insert(this.#place(block, beat), beat);
    this.#bytes += block.bytes - before;
    this.#size += 1;
    this.#changed.add(number);
  }

  /** Removes the heartbeat of a key, if there is one. */
  remove(key: string): void {
    const named = dayOf(key);
    if (named !== undefined && this.#removeFrom(named, key)) return;
    for (const number of this.#strayDays) {
      if (this.#block(number)?.odd.has(key) === true && this.#removeFrom(number, key)) return;
    }
  }

  #removeFrom(number: number, key: string): boolean {
    const block = this.#block(number);
    const at = block === undefined ? -1 : this.#seek(block, key);
    if (block === undefined || at === -1) return false;
    block.odd.delete(key);
    block.remove(at);
    this.#size -= 1;
    this.#changed.add(number);
    if (block.length === 0) this.#end(number, block);
    return true;
  }

  /** The blocks of the days that overlap [from, to), in order. They have to be in memory. */
  blocks(from: number, to: number): readonly HeartbeatBlock[] {
    return this.days(from, to).flatMap((number) => this.#block(number) ?? []);
  }

  /** Moments inside of (from, to), ascending, between which there are about `most` heartbeats. The days have to be in memory. */
  cuts(from: number, to: number, most: number): readonly number[] {
    const cuts: number[] = [];
    let left = most;
    for (const { times, length } of this.blocks(from, to)) {
      let at = left;
      for (; at < length; at += most) {
        const cut = times[at] ?? 0;
        if (cut > (cuts.at(-1) ?? from) && cut < to) cuts.push(cut);
      }
      left = at - length;
    }
    return cuts;
  }

  /** The days that have heartbeats and reach into [from, to). */
  days(from: number, to: number): readonly number[] {
    const [first, last] = [Math.floor(from / day), Math.floor((to - 1) / day)];
    return this.#days.slice(place(this.#days, first), place(this.#days, last + 1));
  }

  /** The days of `days` that are not in memory. */
  missing(from: number, to: number): readonly number[] {
    return this.days(from, to).filter((number) => !(this.#blocks.get(number) instanceof DayBlock));
  }

  /** True if a day is in memory. */
  has(number: number): boolean {
    return this.#blocks.get(number) instanceof DayBlock;
  }

  /** True if a day is in memory and each of its heartbeats inherits a field. */
  alwaysInherits(number: number): boolean {
    const block = this.#blocks.get(number);
    if (!(block instanceof DayBlock)) return false;
    return block.contexts.subarray(0, block.length).every((code) => this.contexts.isInheriting(code));
  }

  outline(number: number): DayOutline | undefined {
    const block = this.#blocks.get(number);
    if (!(block instanceof DayBlock)) return block;
    const stray = [...block.odd.keys()].some((key) => dayOf(key) !== number);
    return { length: block.length, first: block.first, stray };
  }

  /** Puts the block of a day into memory. */
  put(number: number, block: DayBlock): void {
    this.#blocks.set(number, block);
    this.#bytes += block.bytes;
  }

  /** The days changed since the last call, with copies of their blocks; undefined for a day that has no heartbeats any more. */
  takeChanged(): ReadonlyMap<number, DayBlock | undefined> {
    const changed = new Map([...this.#changed].map((number) => [number, this.#block(number)?.copy()]));
    this.#changed.clear();
    return changed;
  }

  /** The last heartbeat in [from, time); undefined when there is none. */
  before(time: number, from = Number.NEGATIVE_INFINITY): HeartbeatRow | undefined {
    const first = Math.floor(from / day);
    for (let index = place(this.#days, Math.floor(time / day) + 1) - 1; index >= 0; index -= 1) {
      const number = this.#days[index] ?? 0;
      if (number < first) return undefined;
      const block = this.#block(number);
      const at = block === undefined ? 0 : firstFrom(block, time);
      if (block === undefined || at === 0) continue;
      const found = block.at(at - 1);
      return found.time >= from ? found : undefined;
    }
    return undefined;
  }

  /** Time of the first heartbeat, in microseconds since 1970. */
  get first(): number | undefined {
    const [number] = this.#days;
    return number === undefined ? undefined : this.#blocks.get(number)?.first;
  }

  /** The last day with heartbeats, as a number since 1970. */
  get lastDay(): number | undefined {
    return this.#days.at(-1);
  }

  #block(number: number): DayBlock | undefined {
    const block = this.#blocks.get(number);
    if (block === undefined || block instanceof DayBlock) return block;
    throw new Error(`the heartbeats of day ${number} are not in memory`);
  }

  #begin(number: number): DayBlock {
    const block = new DayBlock();
    this.put(number, block);
    this.#days.splice(place(this.#days, number), 0, number);
    return block;
  }

  #end(number: number, block: DayBlock): void {
    this.#bytes -= block.bytes;
    this.#blocks.delete(number);
    this.#days.splice(place(this.#days, number), 1);
  }

  #keyOf({ time, context, entity, write }: Omit<HeartbeatRow, 'lines' | 'usage'>): string {
    const { type, category, project, branch, language, last } = this.context(context);
    return heartbeatKey(time, {
      entity: this.entity(entity),
      type,
      category,
      project,
      branch,
      language,
      last,
      writes: write === 1,
    });
  }

  /**
   * Index of the heartbeat of a key; -1 when it is not there. Heartbeats with the same fields are interchangeable, so for each odd key
   * with the same fields one of them is skipped.
   */
  #seek(block: DayBlock, key: string): number {
    const odd = block.odd.get(key);
    const moment = odd?.time ?? (keyTime(key) ?? 0) * 1_000;
    const claims = odd === undefined && block.odd.size > 0 ? [...block.odd.values()] : [];
    for (let at = firstFrom(block, moment); at < block.length; at += 1) {
      const beat = block.at(at);
      if (beat.time > (odd?.time ?? moment + 999)) return -1;
      if (odd !== undefined) {
        if (isSame(beat, odd)) return at;
      } else if (this.#keyOf(beat) === key) {
        const claim = claims.findIndex((one) => isSame(one, beat));
        if (claim === -1) return at;
        claims.splice(claim, 1);
      }
    }
    return -1;
  }

  /** Index at which to insert. Heartbeats of the same moment are ordered by their fields, so the order does not depend on arrival. */
  #place(block: HeartbeatBlock, beat: HeartbeatRow): number {
    let at = firstFrom(block, beat.time);
    if (block.times[at] !== beat.time || at >= block.length) return at;
    const own = this.#rank(beat);
    for (; at < block.length && block.times[at] === beat.time; at += 1) {
      const [context = 0, entity = 0, write = 0] = [block.contexts[at], block.entities[at], block.writes[at]];
      if (this.#rank({ time: beat.time, context, entity, write }) >= own) break;
    }
    return at;
  }

  #rank(beat: Omit<HeartbeatRow, 'lines' | 'usage'>): string {
    const { userAgent, machine, dependencies } = this.context(beat.context);
    return [this.#keyOf(beat), userAgent, machine, ...dependencies].join('\n');
  }
}

/** The day that a key encodes. */
function dayOf(key: string): number | undefined {
  const moment = keyTime(key);
  return moment === undefined ? undefined : Math.floor((moment * 1_000) / day);
}

function isSame(one: HeartbeatRow, other: HeartbeatRow): boolean {
  return (
    one.time === other.time &&
    one.context === other.context &&
    one.entity === other.entity &&
    one.write === other.write &&
    isSameLines(one.lines, other.lines) &&
    isSameUsage(one.usage, other.usage)
  );
}

/** The lines that a heartbeat of a block reports; undefined when it reports none. */
export function linesAt({ lines }: HeartbeatBlock, at: number): LineCounts | undefined {
  if (lines === undefined) return undefined;
  const from = at * width;
  return hasLines(lines, from) ? lines.slice(from, from + width) : undefined;
}

/** The usage that a heartbeat of a block reports; undefined when it reports none. */
export function usageAt({ usage }: HeartbeatBlock, at: number): UsageRow | undefined {
  if (usage === undefined) return undefined;
  const from = at * usageWidth;
  return reportsUsage(usage, from) ? usage.slice(from, from + usageWidth) : undefined;
}

function growColumn(column: Uint32Array | undefined, size: number): Uint32Array | undefined {
  if (column === undefined) return undefined;
  const larger = new Uint32Array(size);
  larger.set(column);
  return larger;
}

/** Index of the first heartbeat at or after `time`, by binary search. */
export function firstFrom(block: HeartbeatBlock, time: number): number {
  let [low, high] = [0, block.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((block.times[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of `number` in ascending numbers, or where it belongs. */
function place(numbers: readonly number[], number: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

function contextOf(heartbeat: Heartbeat): HeartbeatContext {
  const { project = '', branch = '', language = '', category, type, machine = '', dependencies = [] } = heartbeat;
  const { user_agent: userAgent = '', last = [] } = heartbeat;
  return { project, branch, language, category, type, userAgent, machine, dependencies, last };
}
