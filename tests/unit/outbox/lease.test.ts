// Two nodes on one store, and one webhook: whichever node sends holds the lease as long as it takes, and a node that died is followed by the
// other.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Hub } from '../../../server/core/hub.ts';
import type { Relay } from '../../../server/core/relay.ts';
import type { Store } from '../../../server/core/store.ts';
import { Outbox } from '../../../server/outbox/outbox.ts';
import type { PostOutcome } from '../../../server/outbox/post.ts';
import { AllowedHosts } from '../../../server/outbox/public-address.ts';
import { sealerOf } from '../../../server/outbox/sealed.ts';
import { eventually } from '../../harness/eventually.ts';
import { newStore } from '../../harness/store.ts';
import { TestWorld } from '../../harness/world.ts';

const minute = 60_000;
const accepted: PostOutcome = { ok: true, status: 204, retryAfter: '', text: '' };
const owner = { account: 'ann', scopes: ['read', 'write'], device: 'd', token: 't' };

/** A relay over which nothing is heard: nodes find changes in the store. */
const deaf = (): Relay => ({
  trouble: undefined,
  announce: () => undefined,
  listen: () => undefined,
  close: async () => undefined,
});

class TestNode {
  readonly hub: Hub;
  readonly outbox: Outbox;
  /** Keys of the items that were posted, and how to answer those that wait. */
  readonly posted: string[] = [];
  readonly waiting: ((outcome: PostOutcome) => void)[] = [];
  isSlow = false;

  constructor(store: Store, world: TestWorld, all: string[]) {
    this.hub = new Hub({ store, relay: deaf(), world });
    this.outbox = new Outbox({
      hub: this.hub,
      accounts: () => ['ann'],
      sealer: async () => sealerOf('a key of sixteen and more characters'),
      allowed: new AllowedHosts([]),
      mailer: undefined,
      broker: { hold: async () => undefined },
      post: ({ body }, stop) => {
        const { key } = JSON.parse(body).data;
        this.posted.push(key);
        all.push(key);
        if (!this.isSlow) return Promise.resolve(accepted);
        return new Promise((resolve) => {
          this.waiting.push(resolve);
          stop.addEventListener('abort', () => resolve({ ok: false, error: 'stopped' }));
        });
      },
    });
  }

  answer(): void {
    this.waiting.shift()?.(accepted);
  }

  async write(key: string): Promise<void> {
    const channel = await this.hub.channel('ann/notes');
    const op = { op: 'put', key, value: '1' } as const;
    await channel.write({ ops: [op], origin: 'test', at: this.hub.world.now() });
  }

  async close(): Promise<void> {
    await this.outbox.close();
    await this.hub.close();
  }
}

let world: TestWorld;
let store: Store;
let all: string[];
let nodes: TestNode[];

beforeEach(async () => {
  world = new TestWorld();
  store = await newStore();
  all = [];
  nodes = [];
});

afterEach(async () => {
  for (const node of nodes) await node.close();
});

function start(): TestNode {
  const node = new TestNode(store, world, all);
  nodes.push(node);
  return node;
}

async function makeHook(node: TestNode): Promise<void> {
  const target = { kind: 'webhook', name: 'x', url: 'https://example.org/', secret: 'whsec_aaaa', events: [] } as const;
  const made = await node.outbox.add(owner, { ...target, channels: ['notes'], isFromBeginning: false });
  expect(made).toMatchObject({ ok: true });
}

/** Each step of the clock lets the nodes look for work, as they do every half a minute. */
async function passing(minutes: number): Promise<void> {
  for (let step = 0; step < minutes * 6; step += 1) {
    world.pass(minute / 6);
    // Reads of both nodes come after what the step began.
    for (const node of nodes) await node.outbox.list('ann', ['webhook']);
  }
}

describe('two nodes with one webhook', () => {
  test('send each message once, however long the first node needs for a page of them', async () => {
    const first = start();
    await makeHook(first);
    first.isSlow = true;
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    await first.write('a');
    await eventually(() => first.waiting.length === 1, 'the first message');
    const second = start();
    for (const key of keys.slice(1)) await second.write(key);
    for (const [index] of keys.entries()) {
      // Each answer takes longer than a lease lasts.
      await passing(2);
      first.answer();
      if (index < keys.length - 1) await eventually(() => all.length === index + 2, `message ${index + 2}`);
    }
    await eventually(
      async () => (await first.outbox.list('ann', ['webhook'])).every(({ delivered }) => delivered === keys.length),
      'everything to be delivered',
    );
    await passing(2);
    expect(all).toEqual(keys);
    expect(second.posted).toEqual([]);
  });

  test('go on without a node that died while it sent, once its lease has ended', async () => {
    const first = start();
    await makeHook(first);
    first.isSlow = true;
    await first.write('a');
    await eventually(() => first.waiting.length === 1, 'the first message');
    // A killed process renews nothing: its world stands still.
    const later = new TestWorld(2, world.now());
    const second = new TestNode(store, later, all);
    later.pass(minute / 2);
    await second.outbox.list('ann', ['webhook']);
    expect(second.posted).toEqual([]);
    await eventually(() => {
      later.pass(minute / 2);
      return second.posted.length === 1;
    }, 'the second node to send');
    await eventually(
      async () => (await second.outbox.list('ann', ['webhook'])).every(({ delivered }) => delivered === 1),
      'the message to be counted',
    );
    // The first node wakes up: what it knew of the target is out of date, and it stores nothing of it.
    first.answer();
    await first.outbox.close();
    const [view] = await second.outbox.list('ann', ['webhook']);
    expect(view).toMatchObject({ delivered: 1, waiting: 0, failing: null });
    await second.close();
  });
});
