// The checks of many runs that the tests of seeded simulations share.

export interface SeededOutcome {
  readonly seed: number;
  /** A sentence for each fault. */
  readonly faults: readonly string[];
}

/** Runs the seeds from 1 on, one after the other. */
export async function runSeeds<T>(count: number, simulate: (seed: number) => Promise<T>): Promise<T[]> {
  const outcomes: T[] = [];
  for (let seed = 1; seed <= count; seed += 1) outcomes.push(await simulate(seed));
  return outcomes;
}

/** All faults with their seeds: running a seed again repeats its run. */
export function faults(outcomes: readonly SeededOutcome[]): string[] {
  return outcomes.flatMap((outcome) => outcome.faults.map((fault) => `seed ${outcome.seed}: ${fault}`));
}

export function sum<T>(outcomes: readonly T[], count: (outcome: T) => number): number {
  return outcomes.reduce((total, outcome) => total + count(outcome), 0);
}
