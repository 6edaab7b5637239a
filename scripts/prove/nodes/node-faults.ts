// The faults of the nodes, the database and the relay while clients write, planned from random numbers.

import type { Cluster, ClusterNode } from './cluster.ts';
import type { NodeHistory } from './history.ts';

const kinds = [
  'pause a node',
  'kill a node',
  'stop a node',
  'cut a node off',
  'cut the relay of a node',
  'stop the relay',
  'restart the database',
  'crash the database',
  'kill the database',
  'fail over to a standby with everything',
  'fail over to a standby without the last writes',
] as const;
/** Faults that take seconds, and are planned less often. */
const slow: readonly string[] = kinds.slice(-2);

export interface PlannedFault {
  readonly kind: (typeof kinds)[number];
  /** Milliseconds after the start of the load. */
  readonly at: number;
  /** How long it lasts. */
  readonly ms: number;
  readonly node: number;
  /** By how much the clock of a node that starts again is ahead. */
  readonly clockMs: number;
}

/** Clocks differ by at most so much: a node whose clock is wrong by more than a minute takes no writes. */
const mostClockMs = 30_000;
const relayCutMs = 150;

/** @param random gives x with 0 ≤ x < 1. @param nodes their number */
export function planFaults(random: () => number, nodes: number): readonly PlannedFault[] {
  const count = 3 + Math.floor(random() * 3);
  const faults = Array.from({ length: count }, (): PlannedFault => {
    const pick = () => kinds[Math.floor(random() * kinds.length)] ?? 'pause a node';
    const first = pick();
    return {
      kind: slow.includes(first) && random() < 0.5 ? pick() : first,
      at: Math.floor(200 + random() * 3_000),
      ms: Math.floor(200 + random() ** 2 * 3_500),
      node: Math.floor(random() * nodes),
      clockMs: clockOf(random),
    };
  });
  return faults.sort((a, b) => a.at - b.at);
}

/** @returns by how many milliseconds a node's clock is ahead */
export function clockOf(random: () => number): number {
  return Math.floor((random() * 2 - 1) * mostClockMs);
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The part that a fault needs for itself; undefined if that is a node. */
function targetOf(kind: PlannedFault['kind']): 'database' | 'relay' | undefined {
  if (kind === 'stop the relay') return 'relay';
  return kind.includes('database') || kind.startsWith('fail') ? 'database' : undefined;
}

/** Makes faults happen. Those of one node, of the database or of the relay follow one another; others overlap. */
export class FaultRunner {
  readonly losses: NodeHistory['losses'][number][] = [];
  readonly #cluster: Cluster;
  readonly #turns = new Map<string, Promise<void>>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Resolves when all faults are over, and every node is healthy again. */
  async run(faults: readonly PlannedFault[]): Promise<void> {
    const runs = faults.map(async (fault) => {
      await wait(fault.at);
      const node = this.#cluster.nodes[fault.node];
      if (node === undefined) return;
      const target = targetOf(fault.kind) ?? node.name;
      const turn = (this.#turns.get(target) ?? Promise.resolve()).then(() => this.#make(fault, node));
      this.#turns.set(
        target,
        turn.catch(() => undefined),
      );
      await turn;
    });
    await Promise.all(runs);
    for (const node of this.#cluster.nodes) await node.healthy();
  }

  async #make({ kind, ms, clockMs }: PlannedFault, node: ClusterNode): Promise<void> {
    const { postgres } = this.#cluster;
    switch (kind) {
      case 'pause a node':
        node.signal('SIGSTOP');
        await wait(ms);
        node.signal('SIGCONT');
        return;
      case 'kill a node':
      case 'stop a node':
        await node.end(kind === 'kill a node' ? 'SIGKILL' : 'SIGTERM');
        await wait(ms / 4);
        return node.start(clockMs);
      case 'cut a node off':
        node.cut();
        await wait(ms);
        return node.mend();
      case 'cut the relay of a node':
        return this.#cutRelay(node, ms);
      case 'stop the relay':
        return this.#stopRelay(ms);
      case 'restart the database':
      case 'crash the database':
      case 'kill the database':
        await postgres.down(
          kind === 'restart the database' ? 'SIGINT' : kind === 'crash the database' ? 'SIGQUIT' : 'SIGKILL',
        );
        await wait(ms / 4);
        return postgres.up();
      case 'fail over to a standby with everything':
        return postgres.failOver();
      case 'fail over to a standby without the last writes':
        return this.#failOverWithLoss(ms);
    }
  }

  async #cutRelay(node: ClusterNode, ms: number): Promise<void> {
    const { relay } = node;
    if (relay === undefined) return this.#endListeners(ms, 1);
    relay.cut();
    await wait(ms);
    relay.mend();
  }

  async #stopRelay(ms: number): Promise<void> {
    const { nats } = this.#cluster;
    if (nats === undefined) return this.#endListeners(ms, this.#cluster.nodes.length);
    await nats.down();
    await wait(ms);
    await nats.up();
  }

  /** Ends the connections over which nodes hear of changes, again and again. */
  async #endListeners(ms: number, count: number): Promise<void> {
    const { postgres, store } = this.#cluster;
    for (const end = performance.now() + ms; performance.now() < end; ) {
      await postgres
        .query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name = 'horai' AND query LIKE '%pg_notify%' AND pid <> pg_backend_pid() ORDER BY pid LIMIT ${count}`,
          store,
        )
        .catch(() => undefined);
      await wait(relayCutMs);
    }
  }

  async #failOverWithLoss(ms: number): Promise<void> {
    const from = performance.now();
    const takeOver = await this.#cluster.postgres.standby();
    await wait(ms / 4);
    await takeOver();
    this.losses.push({ from, until: performance.now() });
  }
}
