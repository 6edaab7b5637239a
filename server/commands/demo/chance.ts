// Seeded chance for the demo: the same seed gives the same days everywhere.

export class Chance {
  readonly #next: () => number;

  constructor(seed: number) {
    let state = seed >>> 0;
    this.#next = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    };
  }

  /** 0 ≤ x < 1 */
  number(): number {
    return this.#next();
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1));
  }

  happens(part: number): boolean {
    return this.#next() < part;
  }

  one<T>(all: readonly T[]): T {
    const found = all[Math.floor(this.#next() * all.length)];
    if (found === undefined) throw new Error('nothing to choose from');
    return found;
  }

  /** Seconds with the long tail that looking at windows has: mostly next to nothing, sometimes minutes. */
  glance(): number {
    if (this.happens(0.35)) return 0;
    if (this.happens(0.37)) return this.#next() * 3;
    return 3 + -Math.log(1 - this.#next()) * 35;
  }

  uuid(): string {
    const hex = Array.from({ length: 32 }, () => this.between(0, 15).toString(16)).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}
