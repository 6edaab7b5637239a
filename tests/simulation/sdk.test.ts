import { describe, expect, test } from '@jest/globals';
import type { Storage } from '../../clients/typescript/index.ts';
import type { Message } from '../harness/kronos.ts';
import { type Outcome, simulate, type Tampering } from './sdk.ts';

/** In CI and here alike: the same seeds give the same runs everywhere. */
const seeds = 1_500;

async function run(count: number, tampering?: Tampering): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let seed = 1; seed <= count; seed += 1) outcomes.push(await simulate(seed, tampering));
  return outcomes;
}

/** What is wrong, with the seed that shows it: `simulate(seed)` tells the story again. */
function faults(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(({ seed, faults }) => faults.map((fault) => `seed ${seed}: ${fault}`));
}

const sum = (outcomes: readonly Outcome[], count: (outcome: Outcome) => number) =>
  outcomes.reduce((total, outcome) => total + count(outcome), 0);

describe('SDKs and plain clients, a lossy net, processes that are killed and a hub that crashes and is moved', () => {
  test(`[W9.1] [U1] [U2] [U3] [S4.4] ${seeds} seeds: all end with what the hub has, nothing queued is lost or done twice`, async () => {
    const outcomes = await run(seeds);
    expect(faults(outcomes)).toEqual([]);
    // A run that managed too little proves too little.
    expect(sum(outcomes, ({ writes }) => writes)).toBeGreaterThan(seeds * 15);
    expect(sum(outcomes, ({ kills }) => kills)).toBeGreaterThan(seeds * 2);
    expect(sum(outcomes, ({ crashes }) => crashes)).toBeGreaterThan(seeds);
  }, 300_000);

  test.each([
    2041, 2294, 2567,
  ])('[W9.2] seed %i: an update of an item that another client removed was once refused as not found', async (seed) => {
    expect(faults([await simulate(seed)])).toEqual([]);
  });

  test.each([
    2538,
  ])('[W6.8] seed %i: an update that repeats a device’s list does not revert later changes of others', async (seed) => {
    expect(faults([await simulate(seed)])).toEqual([]);
  });

  test.each([
    5505,
  ])('[W6.3] seed %i: a task that two devices did at once was once refused to the second as not found', async (seed) => {
    expect(faults([await simulate(seed)])).toEqual([]);
  });

  test.each([
    11014,
  ])('[W6.7] seed %i: a task renamed a moment ago was once taken for another than the one that was meant', async (seed) => {
    expect(faults([await simulate(seed)])).toEqual([]);
  });

  const without = (message: Message, field: string) => ({ ...message, [field]: undefined });
  const broken: Record<string, Tampering> = {
    'writes have no id': { request: (message) => without(message, 'write_id') },
    'writes say nothing of what they are based on': { request: (message) => without(message, 'base') },
    'a resumed channel misses a step': {
      request: (message) =>
        message.type === 'subscribe' && message.seq > 0 ? { ...message, seq: message.seq + 1 } : message,
    },
    'a refusal as stale is taken for an answer': {
      answer: (message) => (message.code === 'stale' ? { ...message, success: true, type: 'ack' } : message),
    },
    'snapshots are taken for all there is, but lack an item': {
      answer: (message) => (message.type === 'snapshot' ? { ...message, items: message.items.slice(1) } : message),
    },
    'the queue ends with its process': { storage: forgetful },
  };
  test.each(Object.entries(broken))(
    'it is noticed when %s',
    async (_name, tampering) => {
      expect(faults(await run(60, tampering)).length).toBeGreaterThan(0);
    },
    120_000,
  );
});

/** A process finds everything that an earlier one left, but no writes that wait. */
function forgetful(storage: Storage): Storage {
  const begun = new Set<string>();
  const forgotten = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('pending' in value)) return value;
    return { ...value, pending: [] };
  };
  return {
    ...storage,
    read: async (name) => forgotten(await storage.read(name)),
    update: (name, change) =>
      storage.update(name, (value) => {
        const found = begun.has(name) ? value : forgotten(value);
        begun.add(name);
        return change(found);
      }),
  };
}
