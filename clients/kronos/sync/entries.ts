// Sends the entries of this device to the hub's channel `entries`, which is their home where there is a hub.

import type { Connection } from '../../typescript/api.ts';
import type { DatabaseStore, LocalEntry } from '../data/database.ts';

const micros = 1_000_000;
const patienceMs = 10_000;

/**
 * Each entry has its key, so that one that is sent twice is there once. Those that the hub has, or refuses because it has them, are no
 * longer stored here.
 * @returns how many are left
 */
export async function sendEntries(
  database: DatabaseStore,
  connection: Pick<Connection, 'channel' | 'sync'>,
): Promise<number> {
  const { entries } = database.read();
  if (entries.length === 0) return 0;
  const channel = connection.channel<Omit<LocalEntry, 'key' | 'from' | 'to'>>('entries');
  await channel.open();
  const sent = new Set<LocalEntry>();
  const queued = await Promise.all(
    entries.map(async (entry) => {
      const { key, from, to, ...item } = entry;
      return { entry, write: await channel.create(item, { key, time: from * micros, end: to * micros }) };
    }),
  );
  const { state, pending } = await connection.sync({ deadlineMs: patienceMs });
  if (state !== 'live' || pending > 0) return entries.length;
  for (const { entry, write } of queued) {
    const outcome = write.ok ? await write.settled : write;
    if (outcome.ok || outcome.code === 'item_exists') sent.add(entry);
  }
  const keys = new Set([...sent].map(({ key }) => key));
  const { entries: left } = database.write((before) => ({
    entries: before.entries.filter(({ key }) => !keys.has(key)),
  }));
  return left.length;
}
