// One account's heartbeats in memory, as columns sorted by time, in blocks of a day of UTC. All that is said of a heartbeat but
// its moment and its entity is one code, its context: a person has thousands of those, not millions. Nothing is summed up here,
// so nothing can be out of date: credit.ts computes from the columns whenever it is asked.

import type { Heartbeat, Inheritable } from './heartbeat.ts';

export const day = 86_400_000_000;

/** What heartbeats have in common. '' stands for absent. */
export interface Context {
  readonly project: string;
  readonly branch: string;
  readonly language: string;
  readonly category: string;
  readonly type: string;
  readonly userAgent: string;
  readonly machine: string;
  readonly dependencies: readonly string[];
  /** What is taken from the heartbeat before. */
  readonly last: readonly Inheritable[];
}

/** The heartbeats of one day of UTC. Only the first `length` of each column count. */
export interface Block {
  readonly length: number;
  /** Microseconds since 1970, ascending. */
  readonly times: Float64Array;
  /** Codes of contexts and of entities. */
  readonly contexts: Uint32Array;
  readonly entities: Uint32Array;
  /** 1 when the file was written. */
  readonly writes: Uint8Array;
}

/** Things by code, codes by name. */
class Codes<T> {
  readonly all: T[] = [];
  readonly #codes = new Map<string, number>();

  of(name: string, make: () => T): number {
    const known = this.#codes.get(name);
    if (known !== undefined) return known;
    const code = this.all.length;
    this.#codes.set(name, code);
    this.all.push(make());
    return code;
  }
}

/** Microseconds since 1970. */
export interface Life {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

class DayBlock implements Block {
  length = 0;
  times = new Float64Array(16);
  contexts = new Uint32Array(16);
  entities = new Uint32Array(16);
  writes = new Uint8Array(16);
  /** Of the keys: tells the heartbeats of one moment apart, and puts them in the same order whenever they came. */
  #prints = new Float64Array(16);

  /** Where it is, or the place where it belongs. */
  seek(time: number, print: number): { readonly at: number; readonly found: boolean } {
    let at = firstFrom(this, time);
    while (at < this.length && this.times[at] === time && (this.#prints[at] ?? 0) < print) at += 1;
    return { at, found: at < this.length && this.times[at] === time && this.#prints[at] === print };
  }

  indexOf(print: number): number {
    const at = this.#prints.indexOf(print);
    return at < this.length ? at : -1;
  }

  insert(at: number, time: number, print: number, context: number, entity: number, write: number): void {
    if (this.length === this.times.length) this.#grow();
    if (at < this.length) for (const column of this.#columns()) column.copyWithin(at + 1, at, this.length);
    this.times[at] = time;
    this.#prints[at] = print;
    this.contexts[at] = context;
    this.entities[at] = entity;
    this.writes[at] = write;
    this.length += 1;
  }

  remove(at: number): void {
    for (const column of this.#columns()) column.copyWithin(at, at + 1, this.length);
    this.length -= 1;
  }

  #columns() {
    return [this.times, this.#prints, this.contexts, this.entities, this.writes];
  }

  #grow(): void {
    const size = this.length * 2;
    const [times, prints] = [new Float64Array(size), new Float64Array(size)];
    const [contexts, entities, writes] = [new Uint32Array(size), new Uint32Array(size), new Uint8Array(size)];
    times.set(this.times);
    prints.set(this.#prints);
    contexts.set(this.contexts);
    entities.set(this.entities);
    writes.set(this.writes);
    this.times = times;
    this.#prints = prints;
    this.contexts = contexts;
    this.entities = entities;
    this.writes = writes;
  }
}

export class Beats {
  readonly #contexts = new Codes<Context>();
  readonly #entities = new Codes<string>();
  readonly #blocks = new Map<number, DayBlock>();
  /** The days that there are blocks of, ascending. */
  #days: number[] = [];
  #size = 0;
  #inherits = false;

  /** Whether any heartbeat ever said "as before". */
  get inherits(): boolean {
    return this.#inherits;
  }

  get size(): number {
    return this.#size;
  }

  /** By code. */
  get contexts(): readonly Context[] {
    return this.#contexts.all;
  }

  /** By code. */
  get entities(): readonly string[] {
    return this.#entities.all;
  }

  /** @param key of the item: the same one again takes its place */
  add(key: string, time: number, heartbeat: Heartbeat): void {
    const block = this.#block(Math.floor(time / day));
    const print = printOf(key);
    const { at, found } = block.seek(time, print);
    if (found) {
      block.remove(at);
      this.#size -= 1;
    }
    const entity = this.#entities.of(heartbeat.entity, () => heartbeat.entity);
    block.insert(at, time, print, this.code(contextOf(heartbeat)), entity, heartbeat.is_write === true ? 1 : 0);
    this.#size += 1;
  }

  /** Looks at every block: nobody who removes an item knows its time any more. */
  remove(key: string): void {
    const print = printOf(key);
    for (const block of this.#blocks.values()) {
      const at = block.indexOf(print);
      if (at === -1) continue;
      block.remove(at);
      this.#size -= 1;
      return;
    }
  }

  code(context: Context): number {
    const { project, branch, language, category, type, userAgent, machine, dependencies, last } = context;
    if (last.length > 0) this.#inherits = true;
    const parts = [project, branch, language, category, type, userAgent, machine, ...last, '', ...dependencies];
    return this.#contexts.of(parts.join('\n'), () => context);
  }

  /** The blocks that reach into [from, to), in order. */
  blocks(from: number, to: number): readonly Block[] {
    const [first, last] = [Math.floor(from / day), Math.floor((to - 1) / day)];
    const within = this.#days.slice(place(this.#days, first), place(this.#days, last + 1));
    return within.flatMap((number) => this.#blocks.get(number) ?? []);
  }

  /** The moment of the last heartbeat before `time`; undefined when there is none. */
  before(time: number): { readonly time: number; readonly context: number } | undefined {
    for (let index = place(this.#days, Math.floor(time / day) + 1) - 1; index >= 0; index -= 1) {
      const block = this.#blocks.get(this.#days[index] ?? 0);
      const at = block === undefined ? 0 : firstFrom(block, time);
      const found = block?.times[at - 1];
      if (block !== undefined && at > 0 && found !== undefined) {
        return { time: found, context: block.contexts[at - 1] ?? 0 };
      }
    }
    return undefined;
  }

  /** The moment of the first heartbeat. */
  get first(): number | undefined {
    return [...this.#inOrder()].find((block) => block.length > 0)?.times[0];
  }

  /** When each context was first and last seen, and how often, by code. Those that are not there any more are missing. */
  lives(): ReadonlyMap<number, Life> {
    const lives = new Map<number, { first: number; last: number; count: number }>();
    for (const block of this.#inOrder()) {
      for (let at = 0; at < block.length; at += 1) {
        const [code = 0, time = 0] = [block.contexts[at], block.times[at]];
        const life = lives.get(code);
        if (life === undefined) lives.set(code, { first: time, last: time, count: 1 });
        else {
          life.last = time;
          life.count += 1;
        }
      }
    }
    return lives;
  }

  *#inOrder(): Iterable<Block> {
    for (const number of this.#days) {
      const block = this.#blocks.get(number);
      if (block !== undefined) yield block;
    }
  }

  #block(number: number): DayBlock {
    const known = this.#blocks.get(number);
    if (known !== undefined) return known;
    const block = new DayBlock();
    this.#blocks.set(number, block);
    this.#days.splice(place(this.#days, number), 0, number);
    return block;
  }
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

/** 53 bits of a key (cyrb53): two of five million heartbeats share one with a chance of one in a thousand, and then only those of one moment are told apart by it. */
function printOf(key: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < key.length; index += 1) {
    const code = key.charCodeAt(index);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return 4_294_967_296 * (2_097_151 & low) + (high >>> 0);
}
