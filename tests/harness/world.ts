// A World for tests: the clock stands still until `pass`, timers fire in order, ids are numbered, and random numbers come from a seed.

import type { Log, World } from '../../server/core/world.ts';

/** A small seeded generator (mulberry32): the same seed gives the same run everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
  readonly facts: object;
}

export class TestWorld implements World {
  readonly isSimulated = true;
  readonly lines: LogLine[] = [];
  readonly random: () => number;
  readonly log: Log;
  /** Called whenever the clock has moved. */
  passed: () => void = () => undefined;
  #now: number;
  /** How far the clock is ahead of the time that has passed, in milliseconds. */
  #offset = 0;
  #names = 0;
  #timers: { at: number; act: () => void }[] = [];

  constructor(seed = 1, now = Date.UTC(2026, 0, 5, 12)) {
    this.random = seeded(seed);
    this.#now = now;
    const line = (level: LogLine['level']) => (facts: object, text: string) =>
      void this.lines.push({ level, text, facts });
    this.log = { level: 'info', debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  }

  now(): number {
    return this.#now + this.#offset;
  }

  /**
   * Sets the clock, while timers go on as before: somebody set it, or, forward, the machine slept meanwhile and its timers with it.
   * @param ms by how much; negative sets it back
   */
  jump(ms: number): void {
    this.#offset += ms;
  }

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.#now + ms, act };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  id(): string {
    this.#names += 1;
    return `n${this.#names}`;
  }

  secret(): string {
    const hex = Array.from({ length: 32 }, () => Math.floor(this.random() * 16).toString(16)).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  /** Moves the clock by `ms` and fires the timers that become due, in order. */
  pass(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#now = Math.max(this.#now, due.at);
      due.act();
    }
    this.#now = until;
    this.passed();
  }
}
