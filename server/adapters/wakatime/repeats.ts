// Heartbeats into the channel, each once. Of one that is there already, what the first copy lacked is taken from the repetition and
// nothing else is changed: what two copies say differently, the one that came first decides. How heartbeats come in and what is
// answered is ingest.ts'.

import type { Channel } from '../../core/channel.ts';
import type { Put } from '../../core/store.ts';
import { filled, type Heartbeat, readHeartbeat } from './heartbeat.ts';

/** One heartbeat with the key that is its identity, and its moment in microseconds. */
export interface Keyed {
  readonly key: string;
  readonly time: number;
  readonly heartbeat: Heartbeat;
}

interface Writer {
  readonly origin: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const attempts = 100;

/** Resolves when all of them are on disk, in one piece. */
export async function keepHeartbeats(channel: Channel, heartbeats: readonly Keyed[], writer: Writer): Promise<void> {
  const ops = new Map<string, Put>();
  const repeated = new Map<string, Keyed[]>();
  for (const { key, time, heartbeat } of heartbeats) {
    if (!ops.has(key)) ops.set(key, { op: 'add', key, value: JSON.stringify(heartbeat), time });
    repeated.set(key, [...(repeated.get(key) ?? []), { key, time, heartbeat }]);
  }
  const appended = await channel.write({ ops: [...ops.values()], ...writer });
  if (!appended.ok) throw new Error(`${channel.name}: a write without a base was stale`);
  // Those that went in and came once have nothing to be filled from.
  for (const { key } of appended.changes) if (repeated.get(key)?.length === 1) repeated.delete(key);
  if (repeated.size > 0) await fill(channel, repeated, writer);
}

/** Reads before it writes, so it names the state that it read: another hub may be filling the same ones. */
async function fill(channel: Channel, repeated: ReadonlyMap<string, readonly Keyed[]>, writer: Writer): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const base = channel.position.seq;
    const found = await Promise.all([...repeated.keys()].map((key) => channel.read({ key })));
    const ops = found.flat().flatMap(({ key, value, time, end }): Put[] => {
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

function filledBy(value: string, time: number | null, copies: readonly Keyed[]): string {
  return copies.reduce((text, { heartbeat }) => {
    const known = readHeartbeat(text, time);
    return (known === undefined ? undefined : filled(known, heartbeat)) ?? text;
  }, value);
}
