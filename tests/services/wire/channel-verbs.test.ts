// Limits of the channel verbs: all state of a connection is bounded, and large values are sent in pages. tests/contract/conversation.ts tests
// the verbs themselves.

import { describe, expect, test } from '@jest/globals';
import { type Message, settle, startHub, type TestHub, type Wire } from '../../harness/kronos.ts';

async function login(hub: TestHub, device: string): Promise<Wire> {
  const wire = hub.connect();
  await wire.ask({ type: 'login', user_id: hub.owner, device_id: device, version: 0 });
  return wire;
}

const errorsOf = (messages: readonly Message[]) => messages.filter(({ success }) => !success).map(({ error }) => error);

describe('a connection', () => {
  test('[S5.4] follows 1,000 channels and 100 patterns at most', async () => {
    const hub = await startHub();
    const wire = await login(hub, 'a');
    const subscribe = (channel: string) => ({ type: 'subscribe', channel });
    const some = (count: number, name: string) => Array.from({ length: count }, (_, at) => subscribe(`${name}${at}`));
    for (let at = 0; at < 9; at += 1) expect(errorsOf(await wire.ask(...some(100, `c${at}-`)))).toEqual([]);
    // The automatic subscription to the tasks after a login counts as one of them.
    expect(errorsOf(await wire.ask(...some(99, 'd')))).toEqual([]);
    expect(errorsOf(await wire.ask(...some(100, 'e')))).toEqual(Array.from({ length: 100 }, () => 'too many requests'));
    expect(errorsOf(await wire.ask(subscribe('d1')))).toEqual([]);
    await wire.ask({ type: 'unsubscribe', channel: 'd1' });
    expect(errorsOf(await wire.ask(subscribe('e1')))).toEqual([]);

    const other = await login(hub, 'b');
    for (let round = 0; round < 3; round += 1) {
      const patterns = Array.from({ length: 100 }, (_, at) => subscribe(`p${at}*`));
      expect(errorsOf(await other.ask(...patterns))).toEqual([]);
    }
    expect(errorsOf(await other.ask(subscribe('q*')))).toEqual(['too many requests']);
    await other.ask({ type: 'unsubscribe', channel: 'p1*' });
    expect(errorsOf(await other.ask(subscribe('q*')))).toEqual([]);
  });

  test('[S5.5] whose pattern begins to match too many channels gets an error and is closed', async () => {
    const hub = await startHub();
    const writer = await login(hub, 'a');
    const create = (channel: string) => ({ type: 'create', channel, item: 1 });
    const wire = await login(hub, 'b');
    await wire.ask({ type: 'subscribe', channel: 'many/*' });
    for (let at = 0; at < 10; at += 1) {
      await writer.ask(...Array.from({ length: 100 }, (_, more) => create(`many/${at}-${more}`)));
    }
    const received = await wire.ask();
    expect(received.at(-1)).toMatchObject({ success: false, code: 'too_many' });
    expect(wire.closedWith).toBe(1008);
    expect(received.filter(({ success }) => success)).toHaveLength(999);
    const again = await login(hub, 'b');
    expect(errorsOf(await again.ask({ type: 'subscribe', channel: 'many/*' }))).toEqual(['too many requests']);
  });

  test('[A4.3] that tails, or subscribes to one pattern, again and again is sent each change once', async () => {
    const hub = await startHub();
    const wire = await login(hub, 'a');
    for (let at = 0; at < 20; at += 1) {
      await wire.ask(...Array.from({ length: 500 }, () => ({ type: 'tail', channel: 'owner/no*' })));
      await wire.ask(...Array.from({ length: 500 }, () => ({ type: 'subscribe', channel: 'ot*' })));
    }
    const writer = await login(hub, 'b');
    await writer.ask({ type: 'create', channel: 'notes', item: 1 }, { type: 'create', channel: 'other', item: 1 });
    expect(await wire.ask()).toHaveLength(2);
    wire.hangUp();
    await writer.ask({ type: 'create', channel: 'notes', item: 2 });
    expect(hub.hub.sessions.size).toBe(1);
  });

  test('[B4] that sends a million requests and reads no answer is closed', async () => {
    const hub = await startHub();
    const wire = await login(hub, 'a');
    wire.room = 50;
    for (let sent = 0; sent < 1_000_000; sent += 1) {
      wire.say('{"type":"read-all"}');
      if (sent % 10_000 === 0) await settle();
    }
    expect(wire.closedWith).toBe(4413);
    expect(hub.hub.sessions.size).toBe(0);
  });
});

describe('large values', () => {
  const large = (at: number) => `${at} ${'x'.repeat(300_000)}`;

  test('[S4.5] are sent in pages of about a mebibyte, and none is missing', async () => {
    const hub = await startHub();
    const wire = await login(hub, 'a');
    for (let at = 0; at < 20; at += 1)
      await wire.ask({ type: 'create', channel: 'notes', key: `k${at}`, item: large(at) });
    // Another hub on the same store has nothing in memory.
    const later = await startHub({ store: hub.store, world: hub.world });
    const fresh = later.connect();
    const login2 = { type: 'login', user_id: hub.owner, device_id: 'b' };
    await fresh.ask(login2);
    const pages = await fresh.ask({ type: 'subscribe', channel: 'notes' });
    while (pages.at(-1).more) pages.push(...(await fresh.ask()));
    expect(pages.length).toBeGreaterThan(4);
    for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(1_700_000);
    const keys = pages.flatMap((page) => (page.items ?? page.changes).map(({ key }: Message) => key));
    expect(keys).toEqual(Array.from({ length: 20 }, (_, at) => `k${at}`));
  });

  test('[S8.4] make a history of many answers', async () => {
    const hub = await startHub();
    const wire = await login(hub, 'a');
    await wire.ask({ type: 'create', channel: 'notes', key: 'k', item: 0 });
    for (let at = 1; at < 200; at += 1) await wire.ask({ type: 'update', channel: 'notes', key: 'k', item: large(at) });
    for (const key of [undefined, 'k']) {
      const seqs: number[] = [];
      for (let before: number | undefined; ; before = seqs.at(-1)) {
        const [page] = await wire.ask({ type: 'history', channel: 'notes', limit: 1_000, before, key });
        seqs.push(...page.changes.map(({ seq }: Message) => seq));
        if (!page.more) break;
        expect(page.changes.length).toBeLessThan(100);
      }
      expect(seqs).toEqual(Array.from({ length: 200 }, (_, at) => 200 - at));
    }
  });
});

describe('large lists', () => {
  const tasks = (mark: string) =>
    Array.from({ length: 5_000 }, (_, at) => ({ id: at + 1, desc: `${mark} ${at}`, tags: [] }));

  test('[W7.1] 5,000 tasks are written at once, changed at once, and sent to others', async () => {
    const hub = await startHub();
    const [a, b] = [await login(hub, 'a'), await login(hub, 'b')];
    expect(await a.ask({ type: 'write-all', tasks: tasks('one'), ref: 1 })).toMatchObject([
      { type: 'ack', seq: 5_000 },
    ]);
    expect(await b.ask()).toHaveLength(5_000);
    expect(await a.ask({ type: 'write-all', tasks: tasks('two'), ref: 2 })).toMatchObject([
      { type: 'ack', seq: 10_000 },
    ]);
    const [all] = (await b.ask({ type: 'read-all' })).slice(-1);
    expect(all.tasks).toMatchObject(tasks('two'));
  });

  test('[S2.4] so are 5,000 items', async () => {
    const hub = await startHub();
    const wire = await login(hub, 'a');
    const items = Array.from({ length: 5_000 }, (_, at) => ({ key: `k${at}`, item: at }));
    const write = { type: 'write-all', channel: 'notes', ref: 1 };
    expect(await wire.ask({ ...write, items })).toMatchObject([{ type: 'ack', seq: 5_000 }]);
    expect(await wire.ask({ ...write, items: items.slice(1) })).toMatchObject([{ type: 'ack', seq: 5_001 }]);
  });
});
