// Writes heartbeats into the channel, each once. A repetition only fills fields that the first copy lacked; where two copies differ,
// the first one wins. ingest/ingest.ts parses requests and answers them.

import type { Channel } from '../../../core/channel.ts';
import { writeAfterReading } from '../../../core/optimistic-channel.ts';
import type { Item, Put } from '../../../core/store.ts';
import { fillMissing, type Heartbeat, readHeartbeat } from '../model/heartbeat.ts';

/** A heartbeat with its key and its time in microseconds. */
export interface KeyedHeartbeat {
  readonly key: string;
  /** True if the key is what `heartbeatKey` computes. */
  readonly own: boolean;
  readonly time: number;
  readonly heartbeat: Heartbeat;
}

interface Writer {
  readonly origin: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Carried by the change of a heartbeat that this process wrote, so that its text need not be parsed again. */
export class ParsedHeartbeat {
  readonly heartbeat: Heartbeat;
  readonly own: boolean;

  constructor({ heartbeat, own }: KeyedHeartbeat) {
    this.heartbeat = heartbeat;
    this.own = own;
  }
}

/** Writes a batch in one piece. Resolves when it is on disk. */
export async function writeHeartbeats(
  channel: Channel,
  heartbeats: readonly KeyedHeartbeat[],
  writer: Writer,
): Promise<void> {
  const parsed = new Map<string, ParsedHeartbeat>();
  const ops: Put[] = [];
  const repeated = new Map<string, KeyedHeartbeat[]>();
  for (const keyed of heartbeats) {
    const { key, time, heartbeat } = keyed;
    const before = repeated.get(key);
    if (before !== undefined) {
      before.push(keyed);
      continue;
    }
    repeated.set(key, [keyed]);
    const value = JSON.stringify(heartbeat);
    ops.push({ op: 'add', key, value, time });
    parsed.set(key, new ParsedHeartbeat(keyed));
  }
  const appended = await channel.write({ ops, ...writer }, { parsed });
  if (!appended.ok) throw new Error(`${channel.name}: the store refused a write without a base as stale`);
  // A heartbeat that was new and was sent once has nothing to fill.
  for (const { key } of appended.changes) if (repeated.get(key)?.length === 1) repeated.delete(key);
  if (repeated.size > 0) await fill(channel, repeated, writer);
}

/**
 * Fills existing heartbeats from their repetitions. The write names the state that was read, because another hub may fill the same
 * heartbeats at the same time.
 */
async function fill(
  channel: Channel,
  repeated: ReadonlyMap<string, readonly KeyedHeartbeat[]>,
  writer: Writer,
): Promise<void> {
  await writeAfterReading(channel, async () => {
    const ops = (await readAll(channel, repeated)).flatMap(({ key, value, time, end }): Put[] => {
      const text = filledBy(value, time, repeated.get(key) ?? []);
      const span = { ...(time === null ? {} : { time }), ...(end === null ? {} : { end }) };
      return text === value ? [] : [{ op: 'put', key, value: text, ...span }];
    });
    return ops.length === 0 ? undefined : { ops, ...writer };
  });
}

/** The items under these keys. The heartbeats of a batch are close in time, so one page has nearly all of them. */
async function readAll(
  channel: Channel,
  repeated: ReadonlyMap<string, readonly KeyedHeartbeat[]>,
): Promise<readonly Item[]> {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const copies of repeated.values()) {
    for (const { time } of copies) [from, to] = [Math.min(from, time), Math.max(to, time)];
  }
  const page = await channel.read({ from, to: to + 1, limit: repeated.size * 2 });
  const found = page.filter(({ key }) => repeated.has(key));
  const known = new Set(found.map(({ key }) => key));
  const missing = [...repeated.keys()].filter((key) => !known.has(key));
  return [...found, ...(await Promise.all(missing.map((key) => channel.read({ key })))).flat()];
}

function filledBy(value: string, time: number | null, copies: readonly KeyedHeartbeat[]): string {
  return copies.reduce((text, { heartbeat }) => {
    const known = readHeartbeat(text, time);
    return (known === undefined ? undefined : fillMissing(known, heartbeat)) ?? text;
  }, value);
}
