// The costs that the model adds up: what single things cost. Most are figures of the benchmarks (docs/scale.md, scripts/bench/README.md);
// two are measured here, on the machine that runs this, with the code of the hub.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Change } from '../../server/core/store.ts';
import { NoticeBatch } from '../../server/storage/relay/change-notices.ts';
import type { Costs, Person, Site } from './model.ts';

/** A developer whose editor, windows and tasks are tracked: docs/scale.md. */
export const developer: Person = {
  ops: 3_000,
  activeHours: 8,
  peak: 2,
  opsOfRequest: 2,
  sockets: 2.5,
  followers: 1.5,
  openChannels: 3,
  bytesOfOp: 340,
};

export const twentyNodes: Site = {
  nodes: 20,
  lanesOfNode: 3,
  connectionsOfNode: 8,
  nodeCores: 1,
  nodeMemoryBytes: 8 * 1024 ** 3,
  nodeSockets: 150_000,
  databases: 1,
  databaseCores: 16,
  databaseConnections: 400,
  logBytesPerSecond: 400 * 1024 ** 2,
  areNoticesSplit: false,
};

const bytesOfValue = 220;
/** Changes that a channel keeps in memory (core/channel.ts); a busy channel has them all. */
const recentOfChannel = 1_024;
const rounds = 20_000;

function change(seq: number): Change {
  return {
    kind: 'create',
    key: `key-${seq}`,
    value: JSON.stringify({ text: `${seq}${'x'.repeat(bytesOfValue)}` }),
    time: null,
    end: null,
    seq,
    origin: 'device',
    at: Date.now(),
    version: null,
  };
}

/** @returns microseconds of a core for reading one notice with one step */
export function measureNotice(): number {
  const [sender, receiver] = ['a', 'b'].map((node) => new NoticeBatch(node, 65_536, Date.now));
  if (sender === undefined || receiver === undefined) return 0;
  const texts: string[] = [];
  for (let seq = 1; seq <= 200; seq += 1) {
    sender.add({ channel: `account${seq}/log`, from: seq - 1, seq, steps: { epoch: 'e', changes: [change(seq)] } });
    texts.push(...sender.take());
  }
  let read = 0;
  // Processor time: the machine may do other work.
  const began = process.cpuUsage();
  for (let at = 0; at < rounds; at += 1) read += receiver.read(texts[at % texts.length] ?? '').notices.length;
  const { user, system } = process.cpuUsage(began);
  return (user + system) / read;
}

/** Without garbage: otherwise a collection in between makes the difference meaningless. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  return process.memoryUsage().heapUsed;
}

/** @returns bytes of memory for the recent changes of one busy channel */
export function measureChannel(): number {
  const count = 50_000;
  const before = heapInUse();
  const kept = Array.from({ length: count }, (_, seq) => change(seq));
  const bytes = heapInUse() - before;
  return Math.max(0, (bytes / kept.length) * recentOfChannel);
}

export function measuredCosts(): Costs {
  return {
    // 40 to 90 µs of a core for an op, on a busy machine; the rest of a batch is its plan and its commit.
    databaseOpUs: 60,
    databaseBatchUs: 300,
    // An SSD; group commit shares it.
    flushMs: 1,
    logBytes: 2_000,
    // `bench writes` and `bench fanout`, processor time.
    writeUs: 70,
    deliveryUs: 5,
    noticeUs: measureNotice(),
    socketBytes: 8_192,
    channelBytes: measureChannel(),
  };
}
