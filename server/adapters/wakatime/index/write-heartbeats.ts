// Heartbeats into the channel, each once. Of one that is there already, what the first copy lacked is taken from the repetition and
// nothing else is changed: what two copies say differently, the one that came first decides. How heartbeats come in and what is
// answered is ingest.ts'.

import type { Channel } from '../../../core/channel.ts';
import type { Item, Put } from '../../../core/store.ts';
import { filled, type Heartbeat, readHeartbeat } from '../model/heartbeat.ts';

/** One heartbeat with the key that is its identity, and its moment in microseconds. */
export interface Keyed {
  readonly key: string;
  /** Whether the key is what `keyOf` makes of it. */
  readonly own: boolean;
  readonly time: number;
  readonly heartbeat: Heartbeat;
}

interface Writer {
  readonly origin: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const attempts = 100;

/** A heartbeat on its way into a channel, with the text that it becomes there. */
interface Coming {
  readonly value: string;
  readonly keyed: Keyed;
}

/** By key. */
const coming = new WeakMap<Channel, Map<string, Coming>>();

/** What a change that a channel tells was made from, if that was just now and here: then its text need not be read. */
export function justTaken(channel: Channel, key: string, value: string): Keyed | undefined {
  const one = coming.get(channel)?.get(key);
  return one?.value === value ? one.keyed : undefined;
}

/** Resolves when all of them are on disk, in one piece. */
export async function keepHeartbeats(channel: Channel, heartbeats: readonly Keyed[], writer: Writer): Promise<void> {
  const here = coming.get(channel) ?? new Map<string, Coming>();
  coming.set(channel, here);
  const ops: Put[] = [];
  const repeated = new Map<string, Keyed[]>();
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
    here.set(key, { value, keyed });
  }
  try {
    const appended = await channel.write({ ops, ...writer });
    if (!appended.ok) throw new Error(`${channel.name}: a write without a base was stale`);
    // Those that went in and came once have nothing to be filled from.
    for (const { key } of appended.changes) if (repeated.get(key)?.length === 1) repeated.delete(key);
  } finally {
    for (const { key } of ops) here.delete(key);
  }
  if (repeated.size > 0) await fill(channel, repeated, writer);
}

/** Reads before it writes, so it names the state that it read: another hub may be filling the same ones. */
async function fill(channel: Channel, repeated: ReadonlyMap<string, readonly Keyed[]>, writer: Writer): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const base = channel.position.seq;
    const ops = (await readAll(channel, repeated)).flatMap(({ key, value, time, end }): Put[] => {
      const text = filledBy(value, time, repeated.get(key) ?? []);
      const span = { ...(time === null ? {} : { time }), ...(end === null ? {} : { end }) };
      return text === value ? [] : [{ op: 'put', key, value: text, ...span }];
    });
    if (ops.length === 0) return;
    const appended = await channel.write({ ops, ...writer, base });
    if (appended.ok) return;
    await channel.refresh();
  }
  throw new Error(`${channel.name}: ${attempts} writes in a row were overtaken`);
}

/** What is there under these keys. A batch comes from one stretch of time, so nearly all of it is found in one page. */
async function readAll(channel: Channel, repeated: ReadonlyMap<string, readonly Keyed[]>): Promise<readonly Item[]> {
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

function filledBy(value: string, time: number | null, copies: readonly Keyed[]): string {
  return copies.reduce((text, { heartbeat }) => {
    const known = readHeartbeat(text, time);
    return (known === undefined ? undefined : filled(known, heartbeat)) ?? text;
  }, value);
}
