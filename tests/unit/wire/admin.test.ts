// Data for administrators, and secrets: a secret is shown once, to its receiver, and appears nowhere else, neither in answers, notifications,
// logs, metrics nor stored data.

import { describe, expect, test } from '@jest/globals';
import { Metrics } from '../../../server/adapters/hub/metrics.ts';
import { type Message, startHub, type TestHub, type Wire } from '../../harness/kronos.ts';

async function login(hub: TestHub, secret: string, device = ''): Promise<Wire> {
  const wire = hub.connect();
  await wire.ask({ type: 'login', user_id: secret, device_id: device, version: 0 });
  return wire;
}

async function everythingStored(hub: TestHub): Promise<string> {
  const channels = await hub.store.channels('');
  return JSON.stringify(await Promise.all(channels.map(({ channel }) => hub.store.history(channel, {}))));
}

describe('secrets', () => {
  test('[A3.1] [R2.2] are shown once, and stored nowhere', async () => {
    const hub = await startHub();
    const admin = await login(hub, hub.owner, 'desk');
    const [account] = await admin.ask({ type: 'account', name: 'alice' });
    const [token] = await admin.ask({ type: 'token', name: 'laptop', account: 'alice' });
    const [mine] = await admin.ask({ type: 'token', name: 'phone' });
    const secrets: string[] = [hub.owner, account.secret, token.secret, mine.secret];
    expect(new Set(secrets).size).toBe(4);

    const [alice, laptop] = [await login(hub, account.secret, 'a'), await login(hub, token.secret, 'b')];
    const task = (id: number, secret: string) => ({ id, desc: `${id}`, index: `${secret}#${id}#1` });
    // Writes tasks whose indexes contain the secrets of both tokens, with every verb.
    const writes = [
      { type: 'create', task: task(1, account.secret) },
      { type: 'create', task: task(2, token.secret) },
      { type: 'create', channel: 'tasks', item: task(3, token.secret) },
      { type: 'update', task: { ...task(2, token.secret), desc: 'changed' } },
      { type: 'write-all', tasks: [1, 2, 3, 4, 5].map((id) => task(id, id % 2 === 0 ? account.secret : token.secret)) },
      { type: 'write-all', data: { tasks: [1, 2, 3, 4, 5, 6].map((id) => task(id, token.secret)), sync_version: 1 } },
      { type: 'write-all', channel: 'tasks', items: [{ key: 'k', item: task(7, token.secret) }] },
      { type: 'delete', task_index: `${token.secret}#7#1` },
      { type: 'revert', channel: 'tasks', to: 3 },
    ];
    const received: Message[] = [];
    for (const write of writes) received.push(...(await alice.ask({ ...write, ref: 1 })));
    expect(received.filter(({ success }) => !success)).toEqual([]);

    const seen: Message[] = [];
    for (const wire of [alice, laptop, admin]) {
      const asked = ['who', 'tokens', 'accounts', 'stats', 'help', 'channels', 'nonsense'].map((type) => ({ type }));
      const read = ['tasks', '@hub/tokens', '@hub/accounts', '@hub/devices', '@hub/uses', 'alice/tasks'].flatMap(
        (channel) => [
          { type: 'read-all', channel },
          { type: 'history', channel },
          { type: 'subscribe', channel },
        ],
      );
      seen.push(...(await wire.ask(...asked, ...read, { type: 'tail' })));
    }
    await admin.ask({ type: 'token', name: 'more' }, { type: 'revoke', token: mine.token.id });
    seen.push(...(await admin.ask()).filter(({ type }) => type !== 'token'));
    const text = JSON.stringify(seen.filter(({ type, tasks }) => !(type === 'read-all' && tasks !== undefined)));
    const stored = await everythingStored(hub);
    const logged = JSON.stringify(hub.world.lines);
    for (const secret of secrets) {
      // A client's tasks contain its own secret, and no other one.
      if (secret !== account.secret && secret !== token.secret) expect(text).not.toContain(secret);
      expect(stored).not.toContain(secret);
      expect(logged).not.toContain(secret);
    }
    const [{ tasks }] = (await laptop.ask({ type: 'read-all' })).slice(-1);
    expect(tasks.length).toBeGreaterThan(0);
    expect(JSON.stringify(tasks)).not.toContain(account.secret);
    for (const { index } of tasks) expect(index).toMatch(new RegExp(`^${token.secret}#`));
  });

  test('[L2.1] appear in no refusal, neither wrong ones nor right ones in the wrong place', async () => {
    const hub = await startHub({ personal: false });
    const wrong = '0badc0de-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    const wire = await login(hub, hub.owner);
    const requests = [
      { type: 'login', user_id: wrong },
      { type: 'read-all', user_id: wrong },
      { type: wrong },
      { type: hub.owner },
      { type: 'create', task: hub.owner },
      { type: 'create', channel: `/${hub.owner}`, item: 1 },
      { type: 'create', channel: '@hub/x', key: hub.owner, item: 1 },
      { type: 'kick', session: hub.owner },
      { type: 'revoke', token: hub.owner },
      { type: 'token', name: 'x', account: wrong },
      { type: 'token', name: 'x', scopes: [hub.owner] },
      { type: 'account', name: hub.owner },
      { type: 'unsubscribe', channel: hub.owner },
      { type: 'delete', task_index: hub.owner },
      `{"${hub.owner}":`,
    ];
    const answers = await wire.ask(...requests);
    expect(answers).toHaveLength(requests.length);
    // A hint may repeat the sender's own text.
    const refusals = answers.map(({ error, code, hint: _hint, ...rest }) => ({ error, code, ...rest }));
    for (const answer of refusals) expect(answer).toMatchObject({ success: false });
    expect(JSON.stringify(refusals) + JSON.stringify(hub.world.lines)).not.toContain(wrong);
    expect(JSON.stringify(refusals) + JSON.stringify(hub.world.lines)).not.toContain(hub.owner);
  });

  test('appear in no metric', async () => {
    const hub = await startHub();
    const metrics = new Metrics(hub.world);
    metrics.observe(hub.hub, { build: { version: '1', node: '', engine: '', store: '' }, connections: () => 1 });
    const wire = await login(hub, hub.owner, 'a-device');
    await wire.ask({ type: 'subscribe', channel: 'private-name' });
    const text = await metrics.text();
    expect(text).toContain('horai_sessions 1');
    for (const private_ of [hub.owner, 'a-device', 'private-name', 'owner']) expect(text).not.toContain(private_);
  });
});

describe('an administrator', () => {
  test('[A2] lists the sessions, and closes one of them and no other', async () => {
    const hub = await startHub();
    const made = await hub.accounts.createAccount('alice');
    if (!made.ok) throw new Error(made.error);
    const admin = await login(hub, hub.owner, 'desk');
    const [one, other] = [await login(hub, made.secret, 'one'), await login(hub, made.secret, 'other')];
    await one.ask({ type: 'subscribe', channel: 'notes' });
    const [{ sessions }] = await admin.ask({ type: 'who' });
    expect(sessions).toHaveLength(3);
    const found = sessions.find((session: Message) => session.device_id === 'one');
    expect(found).toMatchObject({
      account: 'alice',
      token: made.token.id,
      following: ['alice/tasks', 'alice/notes'],
      behind: false,
    });
    await admin.ask({ type: 'kick', session: found.session });
    expect([one.closedWith, other.closedWith, admin.closedWith]).toEqual([4403, undefined, undefined]);
    expect((await admin.ask({ type: 'stats' }))[0]).toMatchObject({ sessions: 2, accounts: 2 });
  });

  test('[A2] may close its own session and revoke its own token', async () => {
    const hub = await startHub();
    const made = await hub.accounts.createToken('owner', 'x', ['read', 'write', 'admin']);
    if (!made.ok) throw new Error(made.error);
    const wire = await login(hub, made.secret);
    expect(await wire.ask({ type: 'revoke', token: made.token.id })).toMatchObject([{ code: 'revoked' }]);
    expect(wire.closedWith).toBe(4401);
    const other = await login(hub, hub.owner);
    const [{ sessions }] = await other.ask({ type: 'who' });
    expect(await other.ask({ type: 'kick', session: sessions[0].session })).toMatchObject([{ code: 'kicked' }]);
    expect(hub.hub.sessions.size).toBe(0);
  });

  test('[A4.1] is sent only the changes that match a tail, of every account, with full names', async () => {
    const hub = await startHub();
    const made = await hub.accounts.createAccount('alice');
    if (!made.ok) throw new Error(made.error);
    const admin = await login(hub, hub.owner);
    const alice = await login(hub, made.secret);
    await admin.ask({ type: 'tail', channel: 'alice/*' });
    await alice.ask({ type: 'create', channel: 'notes', item: 1 }, { type: 'create', task: { id: 1, desc: 'x' } });
    const owner = await login(hub, hub.owner, 'other');
    await owner.ask({ type: 'create', channel: 'notes', item: 2 });
    const received = (await admin.ask()).map(({ channel }) => channel);
    expect(received.sort()).toEqual(['alice/notes', 'alice/tasks']);
  });
});
