// Catch-up while the store is unavailable: which sessions stay, and which get the error that the hub is broken.

import { afterEach, describe, expect, test } from '@jest/globals';
import { forwardStore } from '../../../server/core/forward-store.ts';
import type { Store } from '../../../server/core/store.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { eventually } from '../../harness/eventually.ts';
import { type Message, settle, startHub } from '../../harness/kronos.ts';

/** A store whose reads the test can make fail. */
class FailingStore {
  readonly truth = new MemoryStore({ epoch: 'e1' });
  fails: readonly ('since' | 'history')[] = [];
  /** Called before each answer to a read. */
  before: () => Promise<void> = () => Promise.resolve();
  readonly store: Store;

  constructor() {
    const { truth } = this;
    const asked = async <T>(name: 'since' | 'history', ask: () => Promise<T>): Promise<T> => {
      if (this.fails.includes(name)) throw new Error('the store is away');
      await this.before();
      return ask();
    };
    this.store = forwardStore(truth, {
      since: (...args) => asked('since', () => truth.since(...args)),
      history: (...args) => asked('history', () => truth.history(...args)),
    });
  }

  /** Writes as another node does whose notice was lost. */
  async writeElsewhere(channel: string, count: number): Promise<void> {
    for (let at = 1; at <= count; at += 1) {
      const ops = [{ op: 'put', key: `k${at}`, value: String(at) }] as const;
      await this.truth.append(channel, { ops, origin: 'other', at: 0 }, 'all');
    }
  }
}

let stop = () => undefined as undefined;
afterEach(() => stop());

async function start() {
  const failing = new FailingStore();
  stop = () => {
    failing.fails = [];
    failing.before = () => Promise.resolve();
    return undefined;
  };
  const node = await startHub({ store: failing.store });
  const wire = node.connect();
  await wire.ask({ type: 'login', user_id: node.owner });
  const answered = (type: string) =>
    eventually(
      async () => {
        await settle();
        return wire.received.find((message) => message.type === type);
      },
      `a message of type ${type}`,
      { instead: () => wire.received },
    );
  return { ...node, failing, wire, answered };
}

const itemsOf = (messages: readonly Message[]): number =>
  new Set(messages.flatMap((message) => message.changes ?? message.items ?? [message]).map(({ key }) => key)).size;

describe('a session that catches up while the store is away', () => {
  test('keeps a client that has had its first page, and catches it up when the store is back', async () => {
    const { wire, failing, hub, world, answered } = await start();
    wire.say({ type: 'subscribe', channel: 'x/log' });
    await answered('snapshot');
    wire.room = 0;
    await failing.writeElsewhere('owner/x/log', 2_000);
    await (await hub.channel('owner/x/log')).refresh();
    await settle();
    failing.fails = ['since', 'history'];
    wire.drain(Number.POSITIVE_INFINITY);
    for (let second = 0; second < 30; second += 1) {
      world.pass(1_000);
      await settle();
    }
    expect(wire.closedWith).toBeUndefined();
    expect(itemsOf(wire.received.filter(({ channel }) => channel === 'x/log'))).toBe(0);
    failing.fails = [];
    world.pass(1_000);
    await eventually(
      async () => {
        await settle();
        return itemsOf(wire.received.filter(({ channel }) => channel === 'x/log')) === 2_000;
      },
      'all 2,000 items',
      { instead: () => wire.received.length },
    );
  });

  test('sends an error to a client that waits for its first page when the hub is broken', async () => {
    const { wire, failing } = await start();
    await failing.writeElsewhere('owner/x/log', 1);
    failing.fails = ['since'];
    wire.say({ type: 'subscribe', channel: 'x/log' });
    await eventually(async () => {
      await settle();
      return wire.closedWith !== undefined;
    }, 'the hub to close the connection');
    expect(await eventually(() => wire.received.find(({ success }) => success === false), 'a refusal')).toMatchObject({
      code: 'broken',
    });
  });

  test('sends no page of steps that the channel could not ask for', async () => {
    const { wire, failing, hub } = await start();
    await failing.writeElsewhere('owner/x/log', 10);
    await hub.channel('owner/x/log');
    await failing.writeElsewhere('owner/x/log', 11);
    failing.fails = ['history'];
    // Without a limit, an endless stream of empty pages would follow the first one.
    wire.room = 20;
    wire.say({ type: 'subscribe', channel: 'x/log' });
    await eventually(async () => {
      await settle();
      return wire.closedWith !== undefined || wire.room === 0;
    }, 'the hub to close the connection');
    expect(wire.received.map(({ type, code }) => code ?? type)).toEqual(['broken']);
  });

  test('sends a first page while another node writes without a pause', async () => {
    const { wire, failing, hub, answered } = await start();
    await hub.channel('owner/x/log');
    let written = 0;
    failing.before = async () => {
      await settle();
      written += 1;
      const ops = [{ op: 'put', key: `k${written}`, value: '1' }] as const;
      await failing.truth.append('owner/x/log', { ops, origin: 'other', at: 0 }, 'all');
    };
    wire.say({ type: 'subscribe', channel: 'x/log' });
    expect(await answered('snapshot')).toMatchObject({ channel: 'x/log' });
  });
});
