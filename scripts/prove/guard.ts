// Days of the idle guard from seeds (tests/simulation/guard.ts): devices that sleep and wake, late evidence, restarts, two answers at once.

import { errorMessage } from '../../protocol/error-message.ts';
import { GuardSimulation } from '../../tests/simulation/guard.ts';

export interface GuardProof {
  readonly days: number;
  readonly faults: readonly string[];
}

/** @param first the seed of the first day; the others follow */
export async function proveGuard(days: number, first: number, print: (line: string) => void): Promise<GuardProof> {
  const faults: string[] = [];
  for (let seed = first; seed < first + days; seed += 1) {
    await GuardSimulation.run(seed).catch((error: unknown) => faults.push(errorMessage(error)));
    const done = seed - first + 1;
    if (done % 10 === 0) print(`${done} days, ${faults.length} faults`);
  }
  return { days, faults };
}
