// A set of periods: which periods of a bucket a replica holds. The thread of queries and the hub's thread keep the same set. Ends are
// microseconds since 1970, both included.

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

const day = 86_400_000_000;

/** Extends a period to whole days in UTC, so that loading it is worth it and soon everything is loaded. */
export function wholeDays({ from, to }: Stretch): Stretch {
  return { from: Math.floor(from / day) * day, to: Math.ceil(to / day) * day };
}

export class Cover {
  /** Sorted; no two periods touch. */
  #stretches: readonly Stretch[] = [];

  has({ from, to }: Stretch): boolean {
    return this.#stretches.some((one) => one.from <= from && to <= one.to);
  }

  add(added: Stretch): void {
    const apart = this.#stretches.filter(({ from, to }) => to < added.from || from > added.to);
    const joined = this.#stretches.filter(({ from, to }) => to >= added.from && from <= added.to);
    const from = Math.min(added.from, ...joined.map((one) => one.from));
    const to = Math.max(added.to, ...joined.map((one) => one.to));
    this.#stretches = [...apart, { from, to }].sort((a, b) => a.from - b.from);
  }

  /** The parts of a period that the set lacks. Their ends may be in the set. */
  gaps({ from, to }: Stretch): readonly Stretch[] {
    const gaps: Stretch[] = [];
    let at = from;
    for (const one of this.#stretches) {
      if (one.to < at || one.from > to) continue;
      if (one.from > at) gaps.push({ from: at, to: one.from });
      at = Math.max(at, one.to);
    }
    if (at < to || (at === to && !this.has({ from, to }))) gaps.push({ from: at, to });
    return gaps;
  }
}
