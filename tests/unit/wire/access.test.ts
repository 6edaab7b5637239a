// Authorization: the table of scopes and verbs is generated from the list of requests, so that a new request must be denied until this file
// allows it. Also two accounts that use each other's ids: neither may receive any data of the other.

import { describe, expect, test } from '@jest/globals';
import { requests } from '../../../protocol/messages.ts';
import { fullName, type Identity, isAccountName, isAllowed, isScope, shortName } from '../../../server/core/access.ts';
import { type Message, settle, startHub, type TestHub, type Wire } from '../../harness/kronos.ts';
import { seeded } from '../../harness/world.ts';

const isAccount = (name: string) => ['owner', 'alice', 'bob'].includes(name);
const who = (account: string, ...scopes: string[]): Identity => ({ account, device: 'd', token: 't', scopes });

describe('the access of values', () => {
  test.each([
    // account, scopes, requested channel, full name, read, write
    ['alice', ['read', 'write'], 'notes', 'alice/notes', true, true],
    ['alice', ['read'], 'notes', 'alice/notes', true, false],
    ['alice', ['write'], 'notes', 'alice/notes', false, true],
    ['alice', [], 'notes', 'alice/notes', false, false],
    ['alice', ['read:aw/*'], 'aw/one', 'alice/aw/one', true, false],
    ['alice', ['read:aw/*'], 'aw/*', 'alice/aw/*', true, false],
    ['alice', ['read:aw/*'], 'a*', 'alice/a*', false, false],
    ['alice', ['read:aw/*'], '*', 'alice/*', false, false],
    ['alice', ['read:aw/*'], 'awkward', 'alice/awkward', false, false],
    ['alice', ['write:notes'], 'notes', 'alice/notes', false, true],
    ['alice', ['write:notes'], 'notes2', 'alice/notes2', false, false],
    ['alice', ['read', 'write'], 'alice/notes', 'alice/notes', true, true],
    ['alice', ['read', 'write'], 'bob/notes', 'alice/bob/notes', true, true],
    ['alice', ['read', 'write'], 'owner/tasks', 'alice/owner/tasks', true, true],
    ['alice', ['read', 'write'], '@hub/tokens', '@hub/tokens', false, false],
    ['alice', ['read', 'write'], '@*', '@*', false, false],
    ['alice', ['read', 'write'], 'mob/room', 'mob/room', true, true],
    ['alice', ['read'], 'mob/room', 'mob/room', true, false],
    ['alice', ['read:tasks'], 'mob/room', 'mob/room', false, false],
    ['alice', ['write:mob/*'], 'mob/room', 'mob/room', false, true],
    ['owner', ['read', 'write', 'admin'], 'bob/notes', 'bob/notes', true, true],
    ['owner', ['read', 'write', 'admin'], 'carol/notes', 'owner/carol/notes', true, true],
    ['owner', ['read', 'write', 'admin'], '@hub/tokens', '@hub/tokens', true, false],
    ['owner', ['admin'], 'notes', 'owner/notes', false, false],
  ] as const)('%s with %j: %s is %s, read %s, write %s', (account, scopes, channel, full, read, write) => {
    const identity = who(account, ...scopes);
    expect(fullName(identity, channel, isAccount)).toBe(full);
    expect([isAllowed(identity, 'read', full), isAllowed(identity, 'write', full)]).toEqual([read, write]);
    expect(fullName(identity, shortName(identity, full), isAccount)).toBe(full);
  });

  test('invalid scopes and names', () => {
    for (const scope of ['read', 'write', 'admin', 'read:tasks', 'write:aw/*']) expect(isScope(scope)).toBe(true);
    for (const scope of ['', 'all', 'READ', 'read:', 'admin:x', 'read: x', 'read:a:b', 'readwrite', '*'])
      expect(isScope(scope)).toBe(false);
    for (const name of ['alice', 'a', '0', 'a-b_c', 'x'.repeat(32)]) expect(isAccountName(name)).toBe(true);
    const bad = ['', 'Alice', '@hub', 'mob', 'aw', 'a/b', '-a', 'ä', 'x'.repeat(33), '__proto__', 'a b', 'tasks', '*'];
    for (const name of bad) expect(isAccountName(name)).toBe(false);
  });
});

/** An example of every type of request. A missing type fails the test. */
const examples: Record<string, object[]> = {
  login: [],
  ping: [{}],
  help: [{}],
  channels: [{}],
  'read-all': [{}, { channel: 'notes' }, { channel: 'tasks' }, { channel: 'mob/room' }],
  history: [{ channel: 'notes' }, { channel: 'tasks', at: 0 }],
  subscribe: [{ channel: 'notes' }, { channel: 'tasks' }, { channel: 'n*' }, { channel: '*' }],
  unsubscribe: [{ channel: 'notes' }],
  presence: [{ channel: 'notes' }, { channel: 'tasks', follow: true }],
  create: [
    { task: { id: 7, desc: 'x' } },
    { channel: 'notes', item: 'x' },
    { channel: 'tasks', item: { id: 8 } },
    { channel: 'mob/room', item: 1 },
  ],
  update: [{ task: { id: 1, desc: 'x' } }, { channel: 'notes', key: 'k', item: 'x' }],
  delete: [{ task_id: 1 }, { channel: 'notes', key: 'k' }],
  'write-all': [
    { tasks: [{ id: 1, desc: 'x' }] },
    { channel: 'notes', items: [{ key: 'k', item: 'x' }] },
    { channel: 'tasks', items: [] },
  ],
  revert: [
    { channel: 'notes', to: 0 },
    { channel: 'tasks', to: 0 },
  ],
  stats: [{}],
  who: [{}],
  tail: [{}],
  kick: [{ session: 'none' }],
  accounts: [{}],
  account: [{ name: 'mallory' }],
  tokens: [{}],
  token: [{ name: 'x' }, { name: 'x', account: 'alice', scopes: ['admin'] }],
  revoke: [{ token: 'none' }],
  'change-token': [{ token: 'none', name: 'x' }],
  limits: [{}],
  calendars: [{}],
  calendar: [{ name: 'x', url: 'https://127.0.0.1/' }],
  'remove-calendar': [{ calendar: 'none' }],
  compact: [{}],
  'change-account': [{ name: 'none', disabled: true }],
  'erase-account': [{ name: 'none', confirm: 'erase' }],
  link: [{ account: 'nobody' }],
  backup: [{}],
  verify: [{}],
  log: [{}],
};

/** The scope that each type needs. */
const needs: Record<string, 'read' | 'write' | 'both' | 'admin' | 'nothing'> = {
  login: 'nothing',
  ping: 'nothing',
  help: 'nothing',
  channels: 'nothing',
  'read-all': 'read',
  history: 'read',
  subscribe: 'read',
  unsubscribe: 'read',
  presence: 'read',
  create: 'write',
  update: 'write',
  delete: 'write',
  'write-all': 'write',
  revert: 'write',
  stats: 'admin',
  who: 'admin',
  tail: 'admin',
  kick: 'admin',
  accounts: 'admin',
  account: 'admin',
  tokens: 'read',
  token: 'admin',
  revoke: 'both',
  'change-token': 'both',
  limits: 'admin',
  calendars: 'read',
  calendar: 'both',
  'remove-calendar': 'both',
  compact: 'admin',
  'change-account': 'admin',
  'erase-account': 'admin',
  link: 'admin',
  backup: 'admin',
  verify: 'admin',
  log: 'admin',
};

async function tokenOf(
  hub: TestHub,
  account: string,
  scopes: readonly string[],
): Promise<{ secret: string; id: string }> {
  const made = await hub.accounts.createToken(account, scopes.join(), scopes);
  if (!made.ok) throw new Error(made.error);
  return { secret: made.secret, id: made.token.id };
}

async function login(hub: TestHub, secret: string, device = ''): Promise<Wire> {
  const wire = hub.connect();
  await wire.ask({ type: 'login', user_id: secret, device_id: device, version: 0 });
  return wire;
}

/** All stored data as one text. */
async function everythingStored(hub: TestHub): Promise<string> {
  const channels = await hub.store.channels('');
  const own = channels.filter(({ channel }) => !channel.startsWith('@hub/devices') && !channel.startsWith('@hub/uses'));
  return JSON.stringify(
    await Promise.all(own.map(async ({ channel }) => [channel, await hub.store.history(channel, {})])),
  );
}

describe('every request with every kind of token', () => {
  test('the table has all requests', () => {
    expect(Object.keys(examples).sort()).toEqual(Object.keys(requests).sort());
    expect(Object.keys(needs).sort()).toEqual(Object.keys(requests).sort());
  });

  test.each([
    [['read']],
    [['write']],
    [['admin']],
    [['read', 'write']],
    [['read:other']],
    [['write:other']],
    [['read:other', 'write:other/*']],
  ])('[S7.2] [A2] %j allows exactly its scope', async (scopes) => {
    const hub = await startHub({ personal: false });
    await hub.accounts.createAccount('alice');
    const full = await login(hub, (await tokenOf(hub, 'alice', ['read', 'write'])).secret);
    await full.ask(
      { type: 'create', task: { id: 1, desc: 'a' } },
      { type: 'create', channel: 'notes', key: 'k', item: 1 },
    );
    const { secret } = await tokenOf(hub, 'alice', scopes);
    for (const [type, forms] of Object.entries(examples)) {
      const need = needs[type] ?? 'admin';
      const rights = need === 'both' ? ['read', 'write'] : need === 'nothing' ? [] : [need];
      // An administrator manages the tokens of all accounts.
      const isAdminToo = ['tokens', 'revoke', 'change-token'].includes(type) && scopes.includes('admin');
      const allowed = isAdminToo || rights.every((right) => scopes.includes(right));
      for (const form of forms) {
        const wire = await login(hub, secret);
        const before = await everythingStored(hub);
        const answers = await wire.ask({ type, ...form, ref: 1 });
        const forbidden = answers.some((answer: Message) => answer.code === 'forbidden');
        expect([type, form, forbidden]).toEqual([type, form, !allowed]);
        if (!allowed) expect(answers).toHaveLength(1);
        if (need !== 'write' && need !== 'both' && need !== 'admin') expect(await everythingStored(hub)).toBe(before);
        if (!allowed) expect(await everythingStored(hub)).toBe(before);
        wire.hangUp();
      }
    }
  });

  test('[L1.1] a login with a token that may not read gets no version and no task', async () => {
    const hub = await startHub({ personal: false });
    const { secret } = await tokenOf(hub, 'owner', ['write']);
    const owner = await login(hub, hub.owner);
    await owner.ask({ type: 'create', task: { id: 1, desc: 'hidden' } });
    const wire = hub.connect();
    const answers = await wire.ask({ type: 'login', user_id: secret, device_id: '', version: 0 });
    expect(answers).toMatchObject([{ type: 'login', version: -1 }]);
    await owner.ask({ type: 'update', task: { id: 1, desc: 'hidden too' } });
    await wire.ask({ type: 'write-all', tasks: [{ id: 5, desc: 'mine' }], ref: 1 });
    const text = JSON.stringify([
      answers,
      await wire.ask({ type: 'create', task: { id: 5, desc: 'also mine' }, ref: 2 }),
    ]);
    expect(text).not.toContain('hidden');
  });

  test('[L8.1] a revoked token reads and writes nothing, from the same turn on', async () => {
    const hub = await startHub({ personal: false });
    const { secret, id } = await tokenOf(hub, 'owner', ['read', 'write']);
    const wire = await login(hub, secret);
    await wire.ask({ type: 'subscribe', channel: '*' });
    const revoking = hub.accounts.revoke(id);
    await revoking;
    wire.say({ type: 'create', channel: 'notes', item: 'late', ref: 1 });
    const owner = await login(hub, hub.owner);
    await owner.ask({ type: 'create', channel: 'notes', item: 'later' });
    await settle();
    expect(wire.received).toMatchObject([{ code: 'revoked' }]);
    expect(wire.closedWith).toBe(4401);
    expect(await everythingStored(hub)).not.toContain('"late"');
  });

  test('[L2.1] a name, a token’s id or a hash opens nothing, before and after the right secret was used', async () => {
    const hub = await startHub({ personal: false });
    const { secret, id } = await tokenOf(hub, 'owner', ['read', 'write', 'admin']);
    const admin = await login(hub, secret);
    const [tokens] = await admin.ask({ type: 'read-all', channel: '@hub/tokens' });
    const hashes = tokens.items.map(({ key }: Message) => key);
    expect(hashes.length).toBeGreaterThan(1);
    const wrong = [
      'owner',
      id,
      ...hashes,
      secret.toUpperCase(),
      ` ${secret}`,
      `${secret}\n`,
      secret.slice(0, -1),
      `waka_waka_${secret}`,
      '__proto__',
    ];
    for (const [at, user_id] of wrong.entries()) {
      const wire = hub.connect(undefined, { address: `10.0.0.${at}` });
      wire.say({ type: 'login', user_id });
      await settle();
      expect(wire.received).toMatchObject([{ success: false, error: 'user not found' }]);
    }
  });
});

describe('two accounts', () => {
  test('that confuse every id, key, device and name they know see no byte of each other', async () => {
    const random = seeded(20_261_121);
    const pick = (things: readonly string[]): string => things[Math.floor(random() * things.length)] ?? '';
    const hub = await startHub({ personal: false });
    const secrets: string[] = [];
    const wires: Wire[] = [];
    const names = ['alice', 'bob'];
    const marks = names.map((name) => `only-${name}-may-see-this`);
    for (const [at, name] of names.entries()) {
      const made = await hub.accounts.createAccount(name);
      if (!made.ok) throw new Error(made.error);
      secrets.push(made.secret);
      const wire = await login(hub, made.secret, `${name}-device`);
      wires.push(wire);
      const mark = marks[at];
      await wire.ask(
        { type: 'create', task: { id: 1, desc: mark, index: `${made.secret}#1#1` } },
        { type: 'create', channel: 'notes', key: mark, item: mark, write_id: mark },
        { type: 'subscribe', channel: '*' },
      );
    }
    const texts = [
      'alice',
      'bob',
      'owner',
      '@hub',
      '@hub/tokens',
      '@hub/accounts',
      'notes',
      'tasks',
      '*',
      '@*',
      'alice*',
      'bob*',
      'aw/x',
      ...names.map((name) => `${name}/tasks`),
      ...names.map((name) => `${name}/*`),
      ...names.map((name) => `../${name}/tasks`),
      '__proto__',
      `${names[0]}-device`,
      `${names[1]}-device`,
      ...marks.map((_, at) => `k${at}`),
    ];
    const types = Object.keys(requests);
    const fields = [
      'channel',
      'key',
      'device_id',
      'account',
      'name',
      'token',
      'session',
      'task_index',
      'write_id',
      'epoch',
    ];
    const numbers = ['task_id', 'seq', 'to', 'at', 'before', 'base', 'limit', 'from'];
    const received = ['', ''];
    for (let turn = 0; turn < 10_000; turn += 1) {
      const at = Math.floor(random() * 2);
      const foreign = secrets[1 - at] ?? '';
      const message: Record<string, unknown> = { type: pick(types) };
      for (let more = 0; more < 4; more += 1) message[pick(fields)] = pick(texts);
      message[pick(numbers)] = Math.floor(random() * 4);
      if (random() < 0.3) message['item'] = `${names[at]} ${turn}`;
      if (random() < 0.2)
        message['task'] = {
          id: 1 + Math.floor(random() * 3),
          desc: `${names[at]} ${turn}`,
          index: `${pick([...names, foreign])}#1#1`,
        };
      if (random() < 0.1) message['task_index'] = `${foreign}#1#1`;
      if (random() < 0.05) message['user_id'] = pick(['alice', 'bob', '__proto__']);
      if (message['type'] === 'login') message['user_id'] = secrets[at];
      const wire = wires[at];
      if (wire === undefined || wire.closedWith !== undefined) throw new Error('closed');
      wire.say(message);
      if (turn % 50 === 49) {
        for (const [index, one] of wires.entries()) received[index] += JSON.stringify(await one.ask());
        hub.world.pass(10_000);
      }
    }
    // Its own texts are returned in errors and in its own data. Only the texts of the other account count.
    for (const [at, text] of received.entries()) {
      expect(text.length).toBeGreaterThan(10_000);
      expect(text).toContain(marks[at]);
      expect(text).not.toContain(marks[1 - at]);
      expect(text).not.toMatch(new RegExp(`"${names[1 - at]} \\d`));
    }
    const all = await Promise.all(names.map((name) => hub.store.history(`${name}/tasks`, {})));
    for (const [at, history] of all.entries())
      expect(JSON.stringify(history)).not.toMatch(new RegExp(`"${names[1 - at]} \\d`));
  }, 60_000);
});
