// One account's heartbeats in memory, as columns sorted by time, in blocks of a day of UTC; days that nobody has asked for may
// be on disk alone (kept.ts). Nothing is summed up here, so nothing can be out of date: credit.ts computes from the columns
// whenever it is asked.

import { type Heartbeat, keyOf, momentOf } from '../model/heartbeat.ts';
import { isSameUsage, reportsUsage, type UsageRow, usageOf, usageWidth } from './ai-usage.ts';
import { type Context, Contexts } from './dictionary.ts';
import { type Counts, lineKinds, linesOf, sameLines, tellsLines } from './line-counts.ts';

export type { Context } from './dictionary.ts';

export const day = 86_400_000_000;

/** The heartbeats of one day of UTC. Only the first `length` of each column count. */
export interface Block {
  readonly length: number;
  /** Microseconds since 1970, ascending. */
  readonly times: Float64Array;
  /** Numbers of contexts and of entities. */
  readonly contexts: Uint32Array;
  readonly entities: Uint32Array;
  /** 1 when the file was written. */
  readonly writes: Uint8Array;
  /** `lineKinds.length` numbers for each heartbeat; undefined while none of the day tells of any. */
  readonly lines: Uint32Array | undefined;
  /** `usageWidth` numbers for each heartbeat; undefined while none of the day reports usage of AI tools. */
  readonly usage: Uint32Array | undefined;
}

/** One heartbeat of a block. */
export interface Beat {
  readonly time: number;
  readonly context: number;
  readonly entity: number;
  readonly write: number;
  /** undefined when it tells of none. */
  readonly lines: Counts | undefined;
  /** undefined when it reports none. */
  readonly usage: UsageRow | undefined;
}

/** What is known of a day whose block is not in memory. */
export interface Outline {
  readonly length: number;
  /** Its first moment, in microseconds since 1970. */
  readonly first: number;
  /** Whether a key of it does not tell the day. */
  readonly stray: boolean;
}

const width = lineKinds.length;
const none: Counts = lineKinds.map(() => 0);
const noUsage: UsageRow = new Uint32Array(usageWidth);

export class DayBlock implements Block {
  length: number;
  times: Float64Array;
  contexts: Uint32Array;
  entities: Uint32Array;
  writes: Uint8Array;
  lines: Uint32Array | undefined;
  usage: Uint32Array | undefined;
  /** By key: heartbeats whose key cannot be computed from what they say, since somebody else named them. */
  readonly odd: Map<string, Beat>;

  constructor(size = 16, odd: Map<string, Beat> = new Map()) {
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

  at(index: number): Beat {
    const [time = 0, context = 0] = [this.times[index], this.contexts[index]];
    const [entity = 0, write = 0] = [this.entities[index], this.writes[index]];
    return { time, context, entity, write, lines: linesAt(this, index), usage: usageAt(this, index) };
  }

  /** Bytes in memory. */
  get bytes(): number {
    return this.times.length * 17 + (this.lines?.byteLength ?? 0) + (this.usage?.byteLength ?? 0);
  }

  insert(at: number, { time, context, entity, write, lines, usage }: Beat): void {
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

  /** All from one place on to another. */
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
    this.lines = grown(this.lines, size * width);
    this.usage = grown(this.usage, size * usageWidth);
  }
}

export class Beats {
  readonly contexts: Contexts;
  /** In memory, or what is known of those that are not. */
  readonly #blocks = new Map<number, DayBlock | Outline>();
  /** The days that have heartbeats, ascending. */
  #days: number[] = [];
  #size = 0;
  #bytes = 0;
  /** Days changed since somebody last took them. */
  readonly #changed = new Set<number>();
  /** Days with keys that do not tell the day, or that had some. */
  readonly #strayDays = new Set<number>();

  constructor(contexts = new Contexts(), days: readonly (readonly [number, Outline])[] = []) {
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

  /** In memory, roughly. */
  get bytes(): number {
    return this.#bytes + this.contexts.bytes + this.#days.length * 100;
  }

  /** Texts by number, the entities among them. */
  get entities(): readonly string[] {
    return this.contexts.texts;
  }

  context(code: number): Context {
    return this.contexts.get(code);
  }

  entity(code: number): string {
    return this.contexts.texts[code] ?? '';
  }

  /** Days that a change of this item may concern: where it is or was, and where it is going to be. */
  daysOf(key: string, time: number | null): readonly number[] {
    const days = time === null ? [...this.#strayDays] : [...this.#strayDays, Math.floor(time / day)];
    const named = dayOf(key);
    if (named !== undefined) days.push(named);
    return days;
  }

  /**
   * Takes a heartbeat in; the one that had the same key before is gone. Its days have to be in memory.
   * @param own whether the key is known to be what `keyOf` makes of it
   */
  add(key: string, time: number, heartbeat: Heartbeat, own = false): void {
    this.remove(key);
    const context = this.contexts.code(contextOf(heartbeat));
    const write = heartbeat.is_write === true ? 1 : 0;
    const entity = this.contexts.text(heartbeat.entity);
    const usage = usageOf(heartbeat, (text) => this.contexts.text(text));
    const beat = { time, context, entity, write, lines: linesOf(heartbeat), usage };
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

  /** Nothing happens when it is not there. */
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

  /** The blocks that reach into [from, to), in order. They have to be in memory. */
  blocks(from: number, to: number): readonly Block[] {
    return this.days(from, to).flatMap((number) => this.#block(number) ?? []);
  }

  /** The days that have heartbeats and reach into [from, to). */
  days(from: number, to: number): readonly number[] {
    const [first, last] = [Math.floor(from / day), Math.floor((to - 1) / day)];
    return this.#days.slice(place(this.#days, first), place(this.#days, last + 1));
  }

  /** Of those days, which are not in memory. */
  missing(from: number, to: number): readonly number[] {
    return this.days(from, to).filter((number) => !(this.#blocks.get(number) instanceof DayBlock));
  }

  /** Whether a day is in memory. */
  has(number: number): boolean {
    return this.#blocks.get(number) instanceof DayBlock;
  }

  /** Whether a day is in memory and all of its heartbeats say "as before". */
  hangs(number: number): boolean {
    const block = this.#blocks.get(number);
    if (!(block instanceof DayBlock)) return false;
    return block.contexts.subarray(0, block.length).every((code) => this.contexts.hangs(code));
  }

  outline(number: number): Outline | undefined {
    const block = this.#blocks.get(number);
    if (!(block instanceof DayBlock)) return block;
    const stray = [...block.odd.keys()].some((key) => dayOf(key) !== number);
    return { length: block.length, first: block.first, stray };
  }

  /** A day that was not in memory is, from now on. */
  put(number: number, block: DayBlock): void {
    this.#blocks.set(number, block);
    this.#bytes += block.bytes;
  }

  /** The days changed since the last time, with their blocks; undefined for a day that has no heartbeats any more. */
  takeChanged(): ReadonlyMap<number, DayBlock | undefined> {
    const changed = new Map([...this.#changed].map((number) => [number, this.#block(number)]));
    this.#changed.clear();
    return changed;
  }

  /** The last heartbeat in [from, time); undefined when there is none. */
  before(time: number, from = Number.NEGATIVE_INFINITY): Beat | undefined {
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

  /** The moment of the first heartbeat. */
  get first(): number | undefined {
    const [number] = this.#days;
    return number === undefined ? undefined : this.#blocks.get(number)?.first;
  }

  /** The last day that has heartbeats, as a number since 1970. */
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

  #keyOf({ time, context, entity, write }: Omit<Beat, 'lines' | 'usage'>): string {
    const { type, category, project, branch, language, last } = this.context(context);
    return keyOf(time, {
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
   * Where the heartbeat of a key is; -1 when it is not there. Heartbeats that say the same are alike: whichever of them an odd
   * key is given, the others are left.
   */
  #seek(block: DayBlock, key: string): number {
    const odd = block.odd.get(key);
    const moment = odd?.time ?? (momentOf(key) ?? 0) * 1_000;
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

  /** Heartbeats of one moment are ordered by what they say, so that they stand in the same order whenever they came. */
  #place(block: Block, beat: Beat): number {
    let at = firstFrom(block, beat.time);
    if (block.times[at] !== beat.time || at >= block.length) return at;
    const own = this.#rank(beat);
    for (; at < block.length && block.times[at] === beat.time; at += 1) {
      const [context = 0, entity = 0, write = 0] = [block.contexts[at], block.entities[at], block.writes[at]];
      if (this.#rank({ time: beat.time, context, entity, write }) >= own) break;
    }
    return at;
  }

  #rank(beat: Omit<Beat, 'lines' | 'usage'>): string {
    const { userAgent, machine, dependencies } = this.context(beat.context);
    return [this.#keyOf(beat), userAgent, machine, ...dependencies].join('\n');
  }
}

/** The day that a key names. */
function dayOf(key: string): number | undefined {
  const moment = momentOf(key);
  return moment === undefined ? undefined : Math.floor((moment * 1_000) / day);
}

function isSame(one: Beat, other: Beat): boolean {
  return (
    one.time === other.time &&
    one.context === other.context &&
    one.entity === other.entity &&
    one.write === other.write &&
    sameLines(one.lines, other.lines) &&
    isSameUsage(one.usage, other.usage)
  );
}

/** What a heartbeat of a block tells of lines; undefined when that is nothing. */
export function linesAt({ lines }: Block, at: number): Counts | undefined {
  if (lines === undefined) return undefined;
  const from = at * width;
  return tellsLines(lines, from) ? lines.slice(from, from + width) : undefined;
}

/** The usage that a heartbeat of a block reports; undefined when it reports none. */
export function usageAt({ usage }: Block, at: number): UsageRow | undefined {
  if (usage === undefined) return undefined;
  const from = at * usageWidth;
  return reportsUsage(usage, from) ? usage.slice(from, from + usageWidth) : undefined;
}

function grown(column: Uint32Array | undefined, size: number): Uint32Array | undefined {
  if (column === undefined) return undefined;
  const larger = new Uint32Array(size);
  larger.set(column);
  return larger;
}

/** The index of the first heartbeat at or after `time`. */
export function firstFrom(block: Block, time: number): number {
  let [low, high] = [0, block.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((block.times[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where `number` is in ascending numbers, or belongs. */
function place(numbers: readonly number[], number: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

function contextOf(heartbeat: Heartbeat): Context {
  const { project = '', branch = '', language = '', category, type, machine = '', dependencies = [] } = heartbeat;
  const { user_agent: userAgent = '', last = [] } = heartbeat;
  return { project, branch, language, category, type, userAgent, machine, dependencies, last };
}
