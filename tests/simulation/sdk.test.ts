import { describe, expect, test } from '@jest/globals';
import type { Storage } from '../../clients/typescript/index.ts';
import type { Message } from '../harness/kronos.ts';
import { faults, runSeeds, sum } from './outcomes.ts';
import { type Outcome, simulate, type Tampering } from './sdk.ts';

/** The same seeds give the same runs on every machine. */
const seeds = 1_500;

const run = (count: number, tampering?: Tampering): Promise<Outcome[]> =>
  runSeeds(count, (seed) => simulate(seed, tampering));

describe('SDKs and plain clients, a lossy network, killed processes, and a hub that crashes and is migrated', () => {
  test(`[W9.1] [U1] [U2] [U3] [S4.4] ${seeds} seeds: all end with the hub's items, and no queued write is lost or executed twice`, async () => {
    const outcomes = await run(seeds);
    expect(faults(outcomes)).toEqual([]);
    // Runs with too few events would prove nothing.
    expect(sum(outcomes, ({ writes }) => writes)).toBeGreaterThan(seeds * 15);
    expect(sum(outcomes, ({ kills }) => kills)).toBeGreaterThan(seeds * 2);
    expect(sum(outcomes, ({ crashes }) => crashes)).toBeGreaterThan(seeds);
  }, 300_000);

  test.each([
    2041, 2294, 2567,
  ])('[W9.2] seed %i: an update of an item that another client had removed was once refused as not found', async (seed) => {
    expect(faults([await simulate(seed)])).toEqual([]);
  });

  test.each([
    2538,
  ])('[W6.8] seed %i: an update that repeats a device’s list does not revert later changes of others', async (seed) => {
    expect(faults([await simulate(seed)])).toEqual([]);
  });

  test.each([
    5505,
  ])('[W6.3] seed %i: when two devices completed a task at once, the second was once refused as not found', async (seed) => {
    expect(faults([await simulate(seed)])).toEqual([]);
  });

  test.each([
    11014,
  ])('[W6.7] seed %i: a task renamed a moment before was once mistaken for another task', async (seed) => {
    expect(faults([await simulate(seed)])).toEqual([]);
  });

  const without = (message: Message, field: string) => ({ ...message, [field]: undefined });
  const broken: Record<string, Tampering> = {
    'writes have no id': { request: (message) => without(message, 'write_id') },
    'writes have no base': { request: (message) => without(message, 'base') },
    'a resumed channel skips a step': {
      request: (message) =>
        message.type === 'subscribe' && message.seq > 0 ? { ...message, seq: message.seq + 1 } : message,
    },
    'a refusal as stale is taken for a success': {
      answer: (message) => (message.code === 'stale' ? { ...message, success: true, type: 'ack' } : message),
    },
    'a snapshot lacks an item': {
      answer: (message) => (message.type === 'snapshot' ? { ...message, items: message.items.slice(1) } : message),
    },
    'the queue is lost with its process': { storage: withoutQueue },
  };
  test.each(Object.entries(broken))(
    'detects that %s',
    async (_name, tampering) => {
      expect(faults(await run(60, tampering)).length).toBeGreaterThan(0);
    },
    120_000,
  );
});

/** A storage from which a new process reads everything except the queued writes. */
function withoutQueue(storage: Storage): Storage {
  const written = new Set<string>();
  const withoutPending = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('pending' in value)) return value;
    return { ...value, pending: [] };
  };
  return {
    ...storage,
    read: async (name) => withoutPending(await storage.read(name)),
    update: (name, change) =>
      storage.update(name, (value) => {
        const stored = written.has(name) ? value : withoutPending(value);
        written.add(name);
        return change(stored);
      }),
  };
}
