// A model of many nodes on PostgreSQL, in steps of batches: how long an acknowledgement takes and which resource is used up first, for a
// number of accounts. The costs of single things are measured (costs.ts); how they add up is simulated here. Pure.

export interface Costs {
  /** Microseconds of a database core for one op of a batch. */
  readonly databaseOpUs: number;
  /** Microseconds of a database core for one batch, besides its ops. */
  readonly databaseBatchUs: number;
  /** Milliseconds of one flush. Transactions that wait for one share it. */
  readonly flushMs: number;
  /** Bytes of the write-ahead log for one op. */
  readonly logBytes: number;
  /** Microseconds of a node's core: for one write of a client, for one notice from another node, and for one delivery to a follower. */
  readonly writeUs: number;
  readonly noticeUs: number;
  readonly deliveryUs: number;
  /** Bytes of a node's memory for one socket, and for one open channel. */
  readonly socketBytes: number;
  readonly channelBytes: number;
}

export interface Person {
  /** Ops on a working day. */
  readonly ops: number;
  readonly activeHours: number;
  /** The busiest minute beside the mean of the active hours. */
  readonly peak: number;
  /** Ops of one request: heartbeats come in batches. */
  readonly opsOfRequest: number;
  readonly sockets: number;
  /** Sockets of the account that hear of a change. */
  readonly followers: number;
  readonly openChannels: number;
  /** Bytes that one op leaves in the database, on the average. */
  readonly bytesOfOp: number;
}

export interface Site {
  readonly nodes: number;
  readonly lanesOfNode: number;
  readonly connectionsOfNode: number;
  /** Cores of a node's process that do its work: one. */
  readonly nodeCores: number;
  readonly nodeMemoryBytes: number;
  readonly nodeSockets: number;
  readonly databases: number;
  readonly databaseCores: number;
  readonly databaseConnections: number;
  /** Bytes a second that the disk of the log takes. */
  readonly logBytesPerSecond: number;
  /** True if a node receives the notices of the accounts that it serves only, false if it receives all. */
  readonly areNoticesSplit: boolean;
}

export interface ResourceUse {
  readonly resource: string;
  /** Of what there is; more than 1 cannot work. */
  readonly share: number;
}

export interface Outcome {
  readonly accounts: number;
  readonly opsPerSecond: number;
  /** From the fullest. */
  readonly use: readonly ResourceUse[];
  /** Milliseconds from a write to its acknowledgement; infinite if the queues grow without end. */
  readonly medianMs: number;
  readonly p99Ms: number;
}

const simulatedMs = 5_000;
/** Ops of one batch at most (batch-writer.ts). */
const maxBatch = 2_000;
/** Writes that wait so long mean that the queues grow. */
const growingMs = 700;

/** @param random gives x with 0 ≤ x < 1 */
export function simulateSite(
  accounts: number,
  person: Person,
  site: Site,
  costs: Costs,
  random: () => number,
): Outcome {
  const opsPerSecond = (accounts * person.ops * person.peak) / (person.activeHours * 3_600);
  const { delays, busy } = simulateLanes(opsPerSecond / site.databases, site, costs, random);
  const use = [
    { resource: 'processor of the database', share: busy },
    ...useOf(accounts, opsPerSecond, person, site, costs),
  ];
  return {
    accounts,
    opsPerSecond,
    use: use.sort((a, b) => b.share - a.share),
    medianMs: percentile(delays, 0.5),
    p99Ms: percentile(delays, 0.99),
  };
}

function useOf(accounts: number, ops: number, person: Person, site: Site, costs: Costs): ResourceUse[] {
  const { nodes, databases } = site;
  const requests = ops / person.opsOfRequest;
  // A node announces each channel of a batch once. Without splitting, every other node reads it.
  const readers = site.areNoticesSplit ? Math.min(1, nodes - 1) : nodes - 1;
  const nodeUs =
    (requests * costs.writeUs + requests * readers * costs.noticeUs + requests * person.followers * costs.deliveryUs) /
    nodes;
  const memory = (accounts * (person.sockets * costs.socketBytes + person.openChannels * costs.channelBytes)) / nodes;
  return [
    { resource: 'write-ahead log', share: ((ops / databases) * costs.logBytes) / site.logBytesPerSecond },
    {
      resource: 'connections of the database',
      share: (nodes * site.connectionsOfNode) / (site.databaseConnections * databases),
    },
    { resource: 'processor of a node', share: nodeUs / (site.nodeCores * 1_000_000) },
    { resource: 'memory of a node', share: memory / site.nodeMemoryBytes },
    { resource: 'sockets of a node', share: (accounts * person.sockets) / (nodes * site.nodeSockets) },
  ];
}

interface Lane {
  /** When it is free for its next batch, in milliseconds. */
  at: number;
  /** Arrivals before this moment are in a batch. */
  taken: number;
  /** True if it waits for a write, which arrives at that moment. */
  isIdle: boolean;
}

/** One flush after another. A transaction that is ready before a flush begins is part of it. */
class Flushes {
  readonly #ms: number;
  #start = 0;
  #end = 0;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** @returns when a transaction is on disk that is ready at this moment */
  commit(at: number): number {
    if (at > this.#start) {
      this.#start = Math.max(at, this.#end);
      this.#end = this.#start + this.#ms;
    }
    return this.#end;
  }
}

/**
 * Lanes take what has arrived as one batch; the database's cores serve batches in the order of their arrival, and then they are flushed.
 * @returns for each batch the milliseconds from the mean arrival to the acknowledgement, and the share of the cores' time that was used
 */
function simulateLanes(
  ops: number,
  site: Site,
  costs: Costs,
  random: () => number,
): { readonly delays: readonly number[]; readonly busy: number } {
  const lanes = Array.from({ length: site.nodes * site.lanesOfNode }, (): Lane => ({ at: 0, taken: 0, isIdle: false }));
  const cores = new Array<number>(site.databaseCores).fill(0);
  const flushes = new Flushes(costs.flushMs);
  const perMs = ops / lanes.length / 1_000;
  const delays: number[] = [];
  let work = 0;
  for (;;) {
    const lane = lanes.reduce((first, one) => (one.at < first.at ? one : first));
    if (lane.at > simulatedMs) return { delays, busy: work / (simulatedMs * cores.length) };
    const arrived = lane.isIdle ? 1 : poisson((lane.at - lane.taken) * perMs, random);
    lane.isIdle = arrived === 0;
    if (lane.isIdle) {
      lane.at += -Math.log(1 - random()) / perMs;
      lane.taken = lane.at;
      continue;
    }
    const batch = Math.min(arrived, maxBatch);
    const oldest = lane.taken;
    lane.taken += ((lane.at - lane.taken) * batch) / arrived;
    const core = cores.indexOf(Math.min(...cores));
    const its = (costs.databaseBatchUs + batch * costs.databaseOpUs) / 1_000;
    const ready = Math.max(lane.at, cores[core] ?? 0) + its;
    cores[core] = ready;
    work += its;
    const done = flushes.commit(ready);
    if (done - oldest > growingMs)
      return { delays: [Number.POSITIVE_INFINITY], busy: (ops * costs.databaseOpUs) / (cores.length * 1_000_000) };
    delays.push(done - (oldest + lane.taken) / 2);
    lane.at = done;
  }
}

/** @returns how many arrive when `mean` are expected */
function poisson(mean: number, random: () => number): number {
  if (mean > 50) {
    // The normal distribution is as good there.
    const deviate = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * deviate));
  }
  let count = 0;
  for (let left = Math.exp(-mean), product = random(); product > left; product *= random()) count += 1;
  return count;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
