// Two nodes on one store, whose relay carries only what the test delivers: what a node answers, and what its followers are sent, while it has
// not yet heard what the other one wrote.

import { describe, expect, test } from '@jest/globals';
import { forwardStore } from '../../../server/core/forward-store.ts';
import type { ChangeNotice, Relay } from '../../../server/core/relay.ts';
import type { Store } from '../../../server/core/store.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { type Message, settle, startHub } from '../../harness/kronos.ts';
import { TestWorld } from '../../harness/world.ts';

/** A relay whose notices arrive when the test delivers them. */
class HeldRelay implements Relay {
  trouble: string | undefined = undefined;
  readonly sent: ChangeNotice[] = [];
  receive: (notice: ChangeNotice) => void = () => undefined;
  miss: () => void = () => undefined;

  announce(notice: ChangeNotice): void {
    this.sent.push(notice);
  }

  listen(onNotice: (notice: ChangeNotice) => void, onMissed: () => void): void {
    this.receive = onNotice;
    this.miss = onMissed;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** @param wrap changes how the second node sees the store */
async function twoNodes(wrap: (store: Store) => Store = (store) => store) {
  const world = new TestWorld();
  const truth = new MemoryStore({ epoch: 'e1' });
  const relays = [new HeldRelay(), new HeldRelay()] as const;
  const a = await startHub({ store: truth, relay: relays[0], world });
  const b = await startHub({ store: wrap(truth), relay: relays[1], world });
  const deliver = async () => {
    for (const notice of relays[0].sent.splice(0)) relays[1].receive(notice);
    await settle();
    await settle();
  };
  const clientOf = async (hub: typeof a) => {
    const wire = hub.connect();
    await wire.ask({ type: 'login', user_id: a.owner });
    return wire;
  };
  return { a, b, truth, world, relays, deliver, onA: await clientOf(a), onB: await clientOf(b) };
}

const change = (key: string, item: unknown, more: object = {}) => ({
  type: 'create',
  channel: 'x',
  key,
  item,
  ...more,
});

describe('a node that has not heard of the last writes', () => {
  test('[S2.4] accepts a write-all that no other write came before', async () => {
    const { onA, onB } = await twoNodes();
    await onB.ask({ type: 'read-all', channel: 'x' });
    await onA.ask(change('a', 1), change('b', 2));
    expect(await onB.ask({ type: 'write-all', channel: 'x', items: [{ key: 'c', item: 3 }], ref: 1 })).toMatchObject([
      { success: true, type: 'ack', seq: 5 },
    ]);
    expect(await onB.ask({ type: 'read-all', channel: 'x' })).toMatchObject([{ seq: 5, items: [{ key: 'c' }] }]);
  });

  test('[S8.2] [S9.1] knows every step that any node has acknowledged', async () => {
    const { onA, onB } = await twoNodes();
    await onB.ask({ type: 'read-all', channel: 'x' });
    await onA.ask(change('a', 1), { ...change('a', 2), type: 'update' });
    expect(await onB.ask({ type: 'history', channel: 'x', at: 1 })).toMatchObject([{ seq: 1, items: [{ item: 1 }] }]);
    await onA.ask({ ...change('a', 3), type: 'update' });
    expect(await onB.ask({ type: 'revert', channel: 'x', to: 2, ref: 1 })).toMatchObject([{ type: 'ack', seq: 4 }]);
  });

  test('[S3] [S8.1] answers a seq that is not behind what is in the answer, nor behind what any node has acknowledged', async () => {
    const { onA, onB } = await twoNodes();
    await onB.ask({ type: 'read-all', channel: 'x' });
    await onA.ask(change('a', 1), change('b', 2), { type: 'delete', channel: 'x', key: 'b' });
    expect(await onB.ask({ type: 'read-all', channel: 'x' })).toMatchObject([
      { seq: 3, items: [{ key: 'a', seq: 1 }] },
    ]);
    await onA.ask(change('c', 3));
    expect(await onB.ask({ type: 'history', channel: 'x', limit: 1 })).toMatchObject([
      { seq: 4, changes: [{ seq: 4 }] },
    ]);
  });

  test.each([
    [1],
    [400],
  ])('[S3] [S11.1] answers the position of just these %i items, though another node deletes some while they are read', async (count) => {
    const fill = 'x'.repeat(1_000);
    const keys = Array.from({ length: count }, (_, at) => `k${String(at).padStart(3, '0')}`);
    let reads = 0;
    const { onA, onB, truth } = await twoNodes((store) => {
      const deleteBefore =
        <A extends readonly unknown[], T>(read: (name: string, ...rest: A) => Promise<T>) =>
        async (name: string, ...rest: A): Promise<T> => {
          const key = name === 'owner/x' ? [keys.at(0), keys.at(-1)][reads] : undefined;
          if (key !== undefined) {
            reads += 1;
            const ops = [{ op: 'remove', key }] as const;
            await truth.append(name, { ops, origin: 'other', at: 0 }, 'all');
          }
          return read(name, ...rest);
        };
      return {
        ...forwardStore(store),
        read: deleteBefore((name, range) => store.read(name, range)),
        state: deleteBefore((name, range) => store.state(name, range)),
      };
    });
    await onA.ask({ type: 'write-all', channel: 'x', items: keys.map((key) => ({ key, item: fill })), ref: 1 });
    const [answer] = await onB.ask({ type: 'read-all', channel: 'x' });
    const there = await truth.at('owner/x', answer?.seq);
    expect(answer?.items.map(({ key }: Message) => key)).toEqual(there.map(({ key }) => key).sort());
    expect(reads).toBeGreaterThan(0);
  });

  test('[R1] reads the tasks that another node has acknowledged', async () => {
    const { onA, onB } = await twoNodes();
    await onB.ask({ type: 'read-all' });
    await onA.ask({ type: 'create', task: { id: 1, desc: 'milk' } });
    expect((await onB.ask({ type: 'read-all' })).at(-1)).toMatchObject({ tasks: [{ desc: 'milk' }] });
  });

  test('[S8.3] refuses a step that another node has forgotten', async () => {
    const { a, onA, onB, deliver } = await twoNodes();
    await onA.ask(change('a', 1), { ...change('a', 2), type: 'update' }, { ...change('a', 3), type: 'update' });
    await deliver();
    await onB.ask({ type: 'read-all', channel: 'x' });
    await (await a.hub.channel('owner/x')).forget(2);
    expect(await onB.ask({ type: 'history', channel: 'x', at: 1 })).toMatchObject([{ success: false, code: 'gone' }]);
  });
});

/** The seqs of live changes and of changes in pages. */
const stepsOf = (messages: readonly Message[]): number[] =>
  messages.flatMap(({ type, seq, changes }) =>
    type === 'changes' ? changes.map((one: Message) => one.seq) : type === 'create' || type === 'update' ? [seq] : [],
  );

describe('a follower on another node', () => {
  test('[S4.4] is sent every value of a channel that keeps all, also when writes come while the node reads what is new', async () => {
    let between: (isEmpty: boolean) => Promise<unknown> = () => Promise.resolve();
    const { b, onA, onB, deliver } = await twoNodes((store) => ({
      ...forwardStore(store),
      history: async (channel, past) => {
        const steps = await store.history(channel, past);
        if (channel === 'owner/x') await between(steps.length === 0);
        return steps;
      },
    }));
    await onB.ask({ type: 'subscribe', channel: 'x' });
    await onA.ask(change('a', 0));
    let left = 30;
    // When the node has found nothing more, two more values are written, of which the second replaces the first.
    between = async (isEmpty) => {
      for (let more = 0; isEmpty && more < 2 && left > 0; more += 1) {
        left -= 1;
        await onA.ask({ ...change('a', left), type: 'update' });
      }
    };
    await deliver();
    const followed = await b.hub.channel('owner/x');
    while (left > 0) await followed.refresh();
    expect(stepsOf(await onB.ask())).toEqual(Array.from({ length: 31 }, (_, at) => at + 1));
  });

  test('[S4.4] is sent every value that was written while its first page was read', async () => {
    let between: () => Promise<unknown> = () => Promise.resolve();
    const { onA, onB, deliver } = await twoNodes((store) => ({
      ...forwardStore(store),
      since: async (channel, seq, limit) => {
        const since = await store.since(channel, seq, limit);
        if (channel === 'owner/x') await between();
        return since;
      },
    }));
    await onA.ask(change('a', 0));
    await onB.ask({ type: 'read-all', channel: 'x' });
    await deliver();
    let isFirst = true;
    between = async () => {
      if (!isFirst) return;
      isFirst = false;
      for (let value = 1; value <= 5; value += 1) await onA.ask({ ...change('a', value), type: 'update' });
      await deliver();
    };
    const received = await onB.ask({ type: 'subscribe', channel: 'x' });
    expect(received[0]).toMatchObject({ type: 'snapshot', seq: 1 });
    expect(stepsOf(received)).toEqual([2, 3, 4, 5, 6]);
  });

  test.each(['x', 'aw/x'])('[S4.3] is sent a reset when what it has not heard of %s was forgotten', async (channel) => {
    const { a, onA, onB, relays } = await twoNodes();
    const some = ['a', 'b', 'c', 'd', 'e'];
    await onA.ask(...some.map((key) => ({ type: 'create', channel, key, item: 1 })));
    expect(await onB.ask({ type: 'subscribe', channel })).toMatchObject([{ type: 'snapshot', seq: 5 }]);
    await onA.ask(...some.map((key) => ({ type: 'delete', channel, key })));
    await (await a.hub.channel(`owner/${channel}`)).forget(10);
    relays[1].miss();
    await settle();
    const [reset, ...more] = await onB.ask();
    expect(reset).toMatchObject({ type: 'reset', channel, seq: 10, items: [], reason: expect.stringMatching(/./) });
    expect(more).toEqual([]);
    await onA.ask({ type: 'create', channel, key: 'f', item: 2 });
    relays[1].miss();
    await settle();
    expect(await onB.ask()).toMatchObject([{ type: 'create', key: 'f', seq: 11 }]);
  });

  test('a node whose document was forgotten elsewhere answers from what is there now', async () => {
    const { a, b, relays, world } = await twoNodes();
    const [there, here] = [await a.hub.cachedChannel('owner/x'), await b.hub.cachedChannel('owner/x')];
    const write = (ops: Parameters<typeof there.channel.write>[0]['ops']) => ({ ops, origin: 'd', at: world.now() });
    await there.channel.write(write([{ op: 'put', key: 'a', value: '1' }]));
    relays[1].miss();
    await settle();
    await there.channel.write(write([{ op: 'remove', key: 'a' }]));
    await there.channel.forget(2);
    relays[1].miss();
    await settle();
    await settle();
    expect([...here.view.items.keys()]).toEqual([]);
  });
});

describe('a notice that carries its steps', () => {
  /** Counts the reads of the channel by the second node. */
  async function counted() {
    let reads = 0;
    const count = <T>(channel: string, answer: T): T => {
      if (channel === 'owner/x') reads += 1;
      return answer;
    };
    const nodes = await twoNodes((store) => ({
      ...forwardStore(store),
      since: (channel, seq, limit) => count(channel, store.since(channel, seq, limit)),
      history: (channel, past) => count(channel, store.history(channel, past)),
      head: (channel) => count(channel, store.head(channel)),
    }));
    await nodes.onB.ask({ type: 'subscribe', channel: 'x' });
    reads = 0;
    return { ...nodes, reads: () => reads };
  }

  test('is published without a read by a node that is in step', async () => {
    const { onA, onB, deliver, reads } = await counted();
    await onA.ask(change('a', 1), { ...change('a', 2), type: 'update' }, { type: 'delete', channel: 'x', key: 'a' });
    await deliver();
    expect(await onB.ask()).toMatchObject([
      { type: 'create', seq: 1, item: 1 },
      { type: 'update', seq: 2, item: 2 },
      { type: 'delete', seq: 3 },
    ]);
    expect(reads()).toBe(0);
  });

  test('waits for the steps before it, in whatever order and however often they arrive', async () => {
    const { onA, onB, relays, reads } = await counted();
    for (let value = 1; value <= 6; value += 1) await onA.ask(change(`k${value}`, value));
    const notices = relays[0].sent.filter(({ channel }) => channel === 'owner/x');
    for (const at of [3, 1, 3, 0, 2, 0, 5, 4]) {
      const notice = notices[at];
      if (notice !== undefined) relays[1].receive(notice);
    }
    await settle();
    expect(stepsOf(await onB.ask())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(reads()).toBe(0);
  });

  test('is read from the store with the steps before it when these do not arrive', async () => {
    const { onA, onB, relays, world } = await counted();
    for (let value = 1; value <= 4; value += 1) await onA.ask(change(`k${value}`, value));
    const [, second, , fourth] = relays[0].sent.filter(({ channel }) => channel === 'owner/x');
    for (const notice of [second, fourth]) if (notice !== undefined) relays[1].receive(notice);
    await settle();
    expect(stepsOf(await onB.ask())).toEqual([]);
    world.pass(20);
    await settle();
    await settle();
    expect(stepsOf(await onB.ask())).toEqual([1, 2, 3, 4]);
  });

  test('keeps its place among the node’s own writes, whose senders are not sent their own change', async () => {
    const { onA, onB, relays, world } = await counted();
    await onA.ask(change('a', 1));
    const [first] = relays[0].sent.filter(({ channel }) => channel === 'owner/x');
    onB.say(change('b', 2, { ref: 1 }));
    for (let turn = 0; turn < 5; turn += 1) await settle();
    if (first !== undefined) relays[1].receive(first);
    world.pass(20);
    await settle();
    const received = await onB.ask();
    expect(stepsOf(received)).toEqual([1, 2]);
    expect(received.filter(({ type }) => type === 'ack')).toMatchObject([{ seq: 2 }]);
  });

  test('of another epoch is not believed', async () => {
    const { onB, relays, deliver } = await counted();
    const changes = [
      { kind: 'create', key: 'a', value: '1', time: null, end: null, seq: 1, origin: 'd', at: 0, version: null },
    ] as const;
    relays[1].receive({ channel: 'owner/x', from: 0, seq: 1, steps: { epoch: 'other', changes } });
    await deliver();
    expect(await onB.ask()).toEqual([]);
  });
});

describe('an update', () => {
  test('[S2.3] that crosses the delete of its item is refused, and does not bring the item back', async () => {
    let before: () => Promise<unknown> = () => Promise.resolve();
    const { onA, onB } = await twoNodes((store) => ({
      ...forwardStore(store),
      append: async (channel, write, keep) => {
        if (channel === 'owner/x') await before();
        return store.append(channel, write, keep);
      },
    }));
    await onA.ask(change('k', 1));
    before = () => onA.ask({ type: 'delete', channel: 'x', key: 'k' });
    const update = { type: 'update', channel: 'x', key: 'k', item: 'again', write_id: 'w', ref: 1 };
    expect(await onB.ask(update)).toMatchObject([{ success: false, code: 'item_not_found' }]);
    expect(await onB.ask({ type: 'read-all', channel: 'x' })).toMatchObject([{ seq: 2, items: [] }]);
    // Refused writes are not remembered.
    before = () => Promise.resolve();
    await onA.ask(change('k', 2));
    expect(await onB.ask(update)).toMatchObject([{ type: 'ack', seq: 4 }]);
    expect(await onB.ask(update)).toMatchObject([{ type: 'ack', seq: 4 }]);
  });
});

describe('tokens', () => {
  test('[L8.1] a token that another node revokes ends its sessions within a second, also without the relay', async () => {
    const { a, b, world } = await twoNodes();
    const made = await a.accounts.createToken('owner', 'phone', ['read', 'write']);
    if (!made.ok) throw new Error(made.error);
    const second = async () => {
      world.pass(1_000);
      for (let turn = 0; turn < 4; turn += 1) await settle();
    };
    await second();
    const phone = b.connect();
    await phone.ask({ type: 'login', user_id: made.secret });
    await a.accounts.revoke(made.token.id);
    await second();
    expect(phone.received.at(-1)).toMatchObject({ code: 'revoked' });
    expect(phone.closedWith).toBe(4401);
  });

  test('[L8.2] a node that cannot reach the database ends the sessions of tokens after the limit, and takes no token until it can', async () => {
    let isAway = false;
    const { a, b, world } = await twoNodes((store) => ({
      ...forwardStore(store),
      heads: (channels, prefixes) =>
        isAway ? Promise.reject(new Error('the database is away')) : store.heads(channels, prefixes),
    }));
    const pass = async (seconds: number) => {
      for (let half = 0; half < seconds * 2; half += 1) {
        world.pass(500);
        await settle();
      }
    };
    const logIn = async () => {
      const wire = b.connect();
      const [answer] = await wire.ask({ type: 'login', user_id: a.owner });
      return { wire, answer };
    };
    await pass(2);
    const { wire } = await logIn();
    const own = b.connect();
    await own.ask({ type: 'channels' });
    isAway = true;
    await pass(9);
    expect(wire.closedWith).toBeUndefined();
    await pass(3);
    expect(wire.closedWith).toBe(1012);
    expect((await logIn()).answer).toMatchObject({ success: false, code: 'away' });
    // A session of the owner's own machine has no token that could be revoked.
    expect(own.closedWith).toBeUndefined();
    isAway = false;
    await pass(2);
    expect((await logIn()).answer).toMatchObject({ success: true, type: 'login' });
  });
});

describe('a hub that stops', () => {
  test('[C6.3] answers the requests under way before it closes the connection, and refuses later ones', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { b, onB, truth } = await twoNodes((store) => ({
      ...forwardStore(store),
      append: async (channel, write, keep) => {
        if (channel === 'owner/x') await released;
        return store.append(channel, write, keep);
      },
    }));
    for (let at = 0; at < 5; at += 1) onB.say(change(`k${at}`, at, { ref: at }));
    await settle();
    const drained = b.hub.drain();
    onB.say(change('late', 1, { ref: 'late' }));
    await settle();
    expect(onB.closedWith).toBeUndefined();
    release();
    await drained;
    expect(onB.closedWith).toBe(1012);
    const answers = onB.received
      .filter(({ ref }) => ref !== undefined)
      .map(({ ref, success, code }) => ({ ref, success, code }));
    expect(answers).toEqual([
      { ref: 'late', success: false, code: 'away' },
      ...[0, 1, 2, 3, 4].map((ref) => ({ ref, success: true, code: undefined })),
    ]);
    expect(onB.received.at(-1)).toMatchObject({ type: 'away' });
    expect((await truth.head('owner/x')).seq).toBe(5);
  });

  test('[C6.4] asks each client to come back at another time, spread over some seconds', async () => {
    const { b } = await twoNodes();
    const wires = Array.from({ length: 20 }, () => b.connect());
    for (const wire of wires) await wire.ask({ type: 'channels' });
    await b.hub.drain();
    const times = wires.map(({ received }) => Number(received.at(-1).retry_ms));
    expect(new Set(times).size).toBeGreaterThan(15);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(2_000);
    expect(Math.max(...times)).toBeLessThanOrEqual(5_000);
  });
});
