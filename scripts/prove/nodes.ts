// Runs three nodes on one database, makes clients write, read and follow on all of them while nodes, database and relay fail in a way that
// a seed chooses, and checks the recorded history (nodes/check-history.ts).

import { randomUUID } from 'node:crypto';
import { errorMessage } from '../../protocol/error-message.ts';
import { natsServer } from '../../tests/harness/nats.ts';
import { seeded } from '../../tests/harness/world.ts';
import { checkHistory } from './nodes/check-history.ts';
import { Cluster } from './nodes/cluster.ts';
import type { NodeHistory } from './nodes/history.ts';
import { clockOf, planFaults } from './nodes/node-faults.ts';
import { runSeed } from './nodes/run-seed.ts';

export interface NodesProof {
  readonly seeds: number;
  readonly writes: number;
  readonly reads: number;
  /** Messages that followers were sent. */
  readonly sent: number;
  /** The faults of nodes, database and relay. */
  readonly failures: number;
  /** The fewest writes and failures of a seed. */
  readonly least: { readonly writes: number; readonly failures: number };
  /** A sentence for each fault, with its seed. */
  readonly faults: readonly string[];
}

/** So many seeds share one set of processes: 10 to 19, 20 to 29. */
const seedsOfCluster = 10;
const shownFaults = 20;
const owner = randomUUID();

/** @param seeds their number. @param first the first of them */
export async function proveNodes(seeds: number, first: number, print: (line: string) => void): Promise<NodesProof> {
  const sum = { writes: 0, reads: 0, sent: 0, failures: 0 };
  const least = { writes: Number.POSITIVE_INFINITY, failures: Number.POSITIVE_INFINITY };
  const faults: string[] = [];
  const end = first + seeds;
  for (let begin = first, next = first; begin < end; begin = next) {
    // A seed has the same relay whichever others run with it.
    const decade = Math.floor(begin / seedsOfCluster);
    next = Math.min(end, (decade + 1) * seedsOfCluster);
    const relay = natsServer !== undefined && decade % 2 === 0 ? 'NATS' : 'notify';
    const cluster = await Cluster.open(relay, owner);
    const stop = () => void cluster.close().finally(() => process.exit(1));
    process.once('SIGINT', stop).once('SIGTERM', stop);
    try {
      const clocks = seeded(begin);
      await Promise.all(cluster.nodes.map((node) => node.start(clockOf(clocks))));
      for (let seed = begin; seed < next; seed += 1) {
        const proved = await proveSeed(cluster, seed, print);
        for (const key of ['writes', 'reads', 'sent', 'failures'] as const) sum[key] += proved[key];
        least.writes = Math.min(least.writes, proved.writes);
        least.failures = Math.min(least.failures, proved.failures);
        faults.push(...proved.faults.map((fault) => `seed ${seed}: ${fault}`));
      }
    } finally {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      await cluster.close();
    }
  }
  return { seeds, ...sum, least, faults };
}

async function proveSeed(
  cluster: Cluster,
  seed: number,
  print: (line: string) => void,
): Promise<Omit<NodesProof, 'seeds' | 'least'>> {
  const plan = planFaults(seeded(seed), cluster.nodes.length);
  const done = plan.map(({ kind, node, at, ms }) => `${kind} (${node}, ${at}+${ms})`).join(', ');
  print(`seed ${seed} over ${cluster.relay}: ${done}`);
  const began = performance.now();
  let history: NodeHistory;
  try {
    history = await runSeed(cluster, owner, seed, plan);
  } catch (error) {
    // The hub did not come back, or did not do what the clients wait for.
    print(`  it did not end: ${errorMessage(error)}`);
    return { writes: 0, reads: 0, sent: 0, failures: plan.length, faults: [errorMessage(error)] };
  }
  const faults = checkHistory(history);
  const { operations, followers } = history;
  const writes = operations.filter((one) => one.type === 'write' && one.result.name === 'accepted').length;
  const reads = operations.filter(({ type }) => type === 'read').length;
  const sent = followers.reduce((count, { messages }) => count + messages.length, 0);
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  print(`  ${seconds} s: ${writes} writes, ${reads} reads, ${sent} messages to followers, ${faults.length} faults`);
  for (const fault of faults.slice(0, shownFaults)) print(`  ${fault}`);
  return { writes, reads, sent, failures: plan.length, faults };
}
