// Runs the simulation of kronos.vim of both generations (tests/simulation/kronos.ts) with many more seeds than the tests: devices that edit
// offline and online, a reliable and a lossy network, and a hub that crashes.

import { type Net, simulate } from '../../tests/simulation/kronos.ts';

export interface VimProof {
  /** Runs: each seed once on a reliable and once on a lossy network. */
  readonly runs: number;
  readonly edits: number;
  readonly merges: number;
  readonly crashes: number;
  readonly faults: readonly string[];
}

const networks: readonly Net[] = ['reliable', 'lossy'];
const reportEvery = 500;

/** @param first the first seed; the others follow */
export async function proveVims(seeds: number, first: number, print: (line: string) => void): Promise<VimProof> {
  const faults: string[] = [];
  let [edits, merges, crashes] = [0, 0, 0];
  for (let seed = first; seed < first + seeds; seed += 1) {
    for (const network of networks) {
      const outcome = await simulate(seed, network);
      edits += outcome.edits;
      merges += outcome.merges;
      crashes += outcome.crashes;
      faults.push(...outcome.faults.map((fault) => `seed ${seed}, ${network} network: ${fault}`));
    }
    const done = seed - first + 1;
    if (done % reportEvery === 0) print(`${done} seeds, ${faults.length} faults`);
  }
  return { runs: seeds * networks.length, edits, merges, crashes, faults };
}
