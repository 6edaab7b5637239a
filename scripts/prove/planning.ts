// Runs the simulation of planned tasks (tests/simulation/planning.ts) with many more seeds than the tests: command lines and kronos.vim of both
// generations that complete, plan and work on recurring tasks and tasks with dependencies while they are apart.

import { simulate } from '../../tests/simulation/planning.ts';

export interface PlanningProof {
  readonly seeds: number;
  readonly completed: number;
  readonly worked: number;
  readonly needed: number;
  readonly syncs: number;
  readonly crashes: number;
  readonly faults: readonly string[];
}

const reportEvery = 250;

/** @param first the first seed; the others follow */
export async function provePlanning(
  seeds: number,
  first: number,
  print: (line: string) => void,
): Promise<PlanningProof> {
  const faults: string[] = [];
  const sums = { completed: 0, worked: 0, needed: 0, syncs: 0, crashes: 0 };
  for (let seed = first; seed < first + seeds; seed += 1) {
    const outcome = await simulate(seed);
    sums.completed += outcome.completed;
    sums.worked += outcome.worked;
    sums.needed += outcome.needed;
    sums.syncs += outcome.syncs;
    sums.crashes += outcome.crashes;
    for (const fault of outcome.faults) {
      faults.push(`seed ${seed}: ${fault}`);
      print(`seed ${seed}: ${fault}`);
    }
    const done = seed - first + 1;
    if (done % reportEvery === 0) print(`${done} seeds, ${faults.length} faults`);
  }
  return { seeds, ...sums, faults };
}
