// Who is in a channel: what a session is told over the wire, on one node and on several whose board is in memory.

import { describe, expect, test } from '@jest/globals';
import type { BoardUpdate, Here, PresenceBoard } from '../../../server/core/presence.ts';
import { type Message, settle, startHub, type TestHub, type Wire } from '../../harness/kronos.ts';
import { TestWorld } from '../../harness/world.ts';

/** The views of several nodes on one table. */
class Table {
  readonly rows = new Map<string, Map<string, Here & { readonly channel: string }>>();
  fails = false;

  board(node: string): PresenceBoard {
    this.rows.set(node, new Map());
    const check = () => {
      if (this.fails) throw new Error('the database is away');
    };
    return {
      update: async ({ isAll, came, went }: BoardUpdate) => {
        check();
        const own = this.rows.get(node) ?? new Map();
        this.rows.set(node, own);
        if (isAll) own.clear();
        for (const { channel, id } of went) own.delete(`${channel} ${id}`);
        for (const entry of came) own.set(`${entry.channel} ${entry.id}`, entry);
        return own.size;
      },
      others: async (channels) => {
        check();
        const found = new Map<string, Here[]>();
        for (const [other, rows] of this.rows) {
          for (const { channel, ...here } of other === node ? [] : rows.values()) {
            if (channels !== 'all' && !channels.includes(channel)) continue;
            found.set(channel, [...(found.get(channel) ?? []), here]);
          }
        }
        return found;
      },
    };
  }
}

async function pass(world: TestWorld, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    world.pass(Math.min(left, 100));
    await settle();
  }
}

const subscribe = { type: 'subscribe', channel: 'notes' };
const ask = { type: 'presence', channel: 'notes' };

async function loggedIn(node: TestHub, secret: string, device: string): Promise<Wire> {
  const wire = node.connect();
  await wire.ask({ type: 'login', user_id: secret, device_id: device });
  return wire;
}

describe('who follows a channel', () => {
  test('[P1.1] counts connections, and each account once', async () => {
    const node = await startHub();
    const [a, b, c] = [
      await loggedIn(node, node.owner, 'vim'),
      await loggedIn(node, node.owner, 'phone'),
      await loggedIn(node, node.owner, 'tv'),
    ];
    await a.ask(subscribe);
    node.world.pass(5);
    await b.ask(subscribe);
    const [answer] = await c.ask({ ...ask, ref: 1 });
    expect(answer).toMatchObject({
      success: true,
      type: 'presence',
      channel: 'notes',
      ref: 1,
      connections: 2,
      people: 1,
      anonymous: 0,
      accounts: [{ account: 'owner', connections: 2 }],
    });
    expect(answer.here.map(({ device_id }: Message) => device_id)).toEqual(['vim', 'phone']);
    b.hangUp();
    await a.ask({ type: 'unsubscribe', channel: 'notes' });
    const [after] = await c.ask(ask);
    expect(after).toMatchObject({ connections: 0, people: 0, accounts: [], here: [] });
  });

  test('[P1.1] a session that follows a channel by its name and by a pattern is one connection', async () => {
    const node = await startHub();
    const a = await loggedIn(node, node.owner, 'vim');
    await a.ask({ type: 'create', channel: 'x/a', item: 1 }, { type: 'subscribe', channel: 'x/*' });
    await a.ask({ type: 'subscribe', channel: 'x/a' });
    expect(await a.ask({ type: 'presence', channel: 'x/a' })).toMatchObject([{ connections: 1 }]);
    await a.ask({ type: 'unsubscribe', channel: 'x/*' });
    expect(await a.ask({ type: 'presence', channel: 'x/a' })).toMatchObject([{ connections: 0 }]);
  });

  test('[P1.2] shows devices to their own account and to administrators, and other accounts by name only', async () => {
    const node = await startHub({ personal: false });
    const made = await node.accounts.createAccount('ann');
    if (!made.ok) throw new Error(made.error);
    const [owner, ann] = [await loggedIn(node, node.owner, 'desk'), await loggedIn(node, made.secret, 'vim')];
    for (const one of [owner, ann]) await one.ask({ type: 'subscribe', channel: 'mob/team' });
    const seen = async (who: Wire) => {
      const [{ here }] = await who.ask({ type: 'presence', channel: 'mob/team' });
      return here.map(({ account, device_id }: Message) => `${account}:${device_id}`).sort();
    };
    expect(await seen(ann)).toEqual(['ann:vim', 'owner:']);
    expect(await seen(owner)).toEqual(['ann:vim', 'owner:desk']);
    expect(await ann.ask({ type: 'presence', channel: 'owner/notes' })).toMatchObject([{ connections: 0 }]);
    const narrow = await node.accounts.createToken('ann', 't', ['read:tasks']);
    if (!narrow.ok) throw new Error(narrow.error);
    const limited = await loggedIn(node, narrow.secret, 'watch');
    expect(await limited.ask(ask)).toMatchObject([{ success: false, code: 'forbidden' }]);
  });

  test('[P1.3] without a channel, lists the channels that somebody follows and the session may read', async () => {
    const node = await startHub({ personal: false });
    const made = await node.accounts.createAccount('ann');
    if (!made.ok) throw new Error(made.error);
    const [owner, ann] = [await loggedIn(node, node.owner, 'desk'), await loggedIn(node, made.secret, 'vim')];
    await owner.ask(subscribe, { type: 'subscribe', channel: 'mob/team' });
    await ann.ask({ type: 'subscribe', channel: 'mob/team' });
    const [mine] = await ann.ask({ type: 'presence' });
    expect(mine.channels.map(({ channel, people }: Message) => [channel, people])).toEqual([
      ['mob/team', 2],
      ['tasks', 1],
    ]);
    const [all] = await owner.ask({ type: 'presence' });
    expect(all.channels.map(({ channel }: Message) => channel)).toEqual(['mob/team', 'ann/tasks', 'notes', 'tasks']);
  });

  test('[P2.1] is sent again at each change, and a slow reader is sent the newest later', async () => {
    const node = await startHub();
    const [watcher, other] = [await loggedIn(node, node.owner, 'tv'), await loggedIn(node, node.owner, 'vim')];
    expect(await watcher.ask({ ...ask, follow: true, ref: 7 })).toMatchObject([{ connections: 0, ref: 7 }]);
    await other.ask(subscribe);
    await pass(node.world, 100);
    const [came, ...more] = watcher.received.splice(0);
    expect([came, more]).toMatchObject([{ type: 'presence', channel: 'notes', connections: 1 }, []]);
    // Who comes and goes within a moment changes nothing.
    const brief = await loggedIn(node, node.owner, 'brief');
    await brief.ask(subscribe);
    brief.hangUp();
    await pass(node.world, 1_000);
    expect(watcher.received.splice(0)).toEqual([]);
    watcher.room = 0;
    other.hangUp();
    await pass(node.world, 200);
    watcher.room = Number.POSITIVE_INFINITY;
    await pass(node.world, 1_000);
    expect(watcher.received.splice(0)).toMatchObject([{ type: 'presence', connections: 0 }]);
    expect(watcher.closedWith).toBeUndefined();
  });

  test.each([
    ['follow:false', { ...ask, follow: false }],
    ['unsubscribe', { type: 'unsubscribe', channel: 'notes' }],
  ])('[P2.2] %s ends that', async (_, end) => {
    const node = await startHub();
    const [watcher, other] = [await loggedIn(node, node.owner, 'tv'), await loggedIn(node, node.owner, 'vim')];
    await watcher.ask({ ...ask, follow: true });
    expect(await watcher.ask(end)).toMatchObject([{ success: true }]);
    await other.ask(subscribe);
    await pass(node.world, 1_000);
    expect(watcher.received).toEqual([]);
  });

  test('[P2.3] a connection follows at most 100 of them', async () => {
    const node = await startHub();
    const watcher = await loggedIn(node, node.owner, 'tv');
    const requests = Array.from({ length: 101 }, (_, at) => ({ ...ask, channel: `n${at}`, follow: true }));
    const answers = await watcher.ask(...requests);
    expect(answers.filter(({ success }) => success)).toHaveLength(100);
    expect(answers.at(-1)).toMatchObject({ success: false, code: 'too_many' });
    expect(await watcher.ask({ ...ask, channel: 'n5', follow: true })).toMatchObject([{ success: true }]);
  });
});

describe('two nodes', () => {
  const start = async () => {
    const world = new TestWorld();
    const table = new Table();
    const [a, b] = [
      await startHub({ world, presence: table.board('a') }),
      await startHub({ world, presence: table.board('b') }),
    ];
    const onB = await loggedIn(b, b.owner, 'tv');
    return { world, table, a, b, onB };
  };

  test('[P3.1] show the connections of both, and a follower hears of those of the other', async () => {
    const { world, a, onB } = await start();
    await onB.ask({ ...ask, follow: true });
    const vim = await loggedIn(a, a.owner, 'vim');
    await vim.ask(subscribe);
    await pass(world, 2_000);
    expect(onB.received.splice(0)).toMatchObject([{ connections: 1, here: [{ device_id: 'vim' }] }]);
    vim.hangUp();
    await pass(world, 2_000);
    expect(onB.received.splice(0)).toMatchObject([{ connections: 0 }]);
  });

  test('are right again after 10,000 joins and leaves, of which some fail to be written', async () => {
    const { world, table, a, b, onB } = await start();
    const wires = await Promise.all(Array.from({ length: 20 }, (_, at) => loggedIn(a, a.owner, `d${at}`)));
    await onB.ask({ ...ask, follow: true });
    let isIn = false;
    for (let round = 0; round < 500; round += 1) {
      isIn = !isIn;
      for (const wire of wires) wire.say({ type: isIn ? 'subscribe' : 'unsubscribe', channel: 'notes' });
      table.fails = round % 50 === 30;
      if (round % 10 === 0) await pass(world, 200);
      else await settle();
      for (const wire of wires) wire.received.length = 0;
    }
    for (const wire of wires.slice(0, 7)) await wire.ask(subscribe);
    table.fails = false;
    await pass(world, 3_000);
    const [answer] = (await onB.ask(ask)).slice(-1);
    expect(answer).toMatchObject({ connections: 7, people: 1 });
    // Every device follows its tasks, too.
    expect([...(table.rows.get('a') ?? [])].filter(([key]) => key.startsWith('owner/notes'))).toHaveLength(7);
    for (const wire of wires) wire.hangUp();
    await pass(world, 3_000);
    expect(table.rows.get('a')?.size).toBe(0);
    expect(await b.hub.presence.read('owner/notes')).toEqual([]);
  });

  test('write everything again when a database that took over has none of it', async () => {
    const { world, table, a, b } = await start();
    const vim = await loggedIn(a, a.owner, 'vim');
    await vim.ask(subscribe);
    await pass(world, 1_000);
    expect(await b.hub.presence.read('owner/notes')).toHaveLength(1);
    table.rows.clear();
    await pass(world, 12_000);
    expect(await b.hub.presence.read('owner/notes')).toHaveLength(1);
  });
});
