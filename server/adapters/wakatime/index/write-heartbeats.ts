// Heartbeats into the channel, each once. Of one that is there already, what the first copy lacked is taken from the repetition and
// nothing else is changed: what two copies say differently, the one that came first decides. How heartbeats come in and what is
// answered is ingest.ts'.

import type { Channel } from '../../../core/channel.ts';
import { writeAfterReading } from '../../../core/optimistic-channel.ts';
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

/** What the change of a heartbeat that was written by this process carries, so that its text need not be parsed again. */
export class ParsedHeartbeat {
  readonly heartbeat: Heartbeat;
  readonly own: boolean;

  constructor({ heartbeat, own }: Keyed) {
    this.heartbeat = heartbeat;
    this.own = own;
  }
}

/** Resolves when all of them are on disk, in one piece. */
export async function keepHeartbeats(channel: Channel, heartbeats: readonly Keyed[], writer: Writer): Promise<void> {
  const parsed = new Map<string, ParsedHeartbeat>();
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
    parsed.set(key, new ParsedHeartbeat(keyed));
  }
  const appended = await channel.write({ ops, ...writer }, { parsed });
  if (!appended.ok) throw new Error(`${channel.name}: the store refused a write without a base as stale`);
  // Those that went in and came once have nothing to be filled from.
  for (const { key } of appended.changes) if (repeated.get(key)?.length === 1) repeated.delete(key);
  if (repeated.size > 0) await fill(channel, repeated, writer);
}

/** Reads before it writes, so it names the state that it read: another hub may be filling the same ones. */
async function fill(channel: Channel, repeated: ReadonlyMap<string, readonly Keyed[]>, writer: Writer): Promise<void> {
  await writeAfterReading(channel, async () => {
    const ops = (await readAll(channel, repeated)).flatMap(({ key, value, time, end }): Put[] => {
      const text = filledBy(value, time, repeated.get(key) ?? []);
      const span = { ...(time === null ? {} : { time }), ...(end === null ? {} : { end }) };
      return text === value ? [] : [{ op: 'put', key, value: text, ...span }];
    });
    return ops.length === 0 ? undefined : { ops, ...writer };
  });
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
