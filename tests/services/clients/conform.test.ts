// The checks of `horai conform`: none is broken by a hub, and each of twelve planted faults breaks one.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CheckOutcome, runChecks } from '../../../clients/conform/run-checks.ts';
import type { RunningHub } from '../../../server/compose.ts';
import { startComposed } from '../../harness/compose.ts';
import {
  type FaultyConnection,
  FaultyServer,
  type PlainMessage,
  type PlantedFault,
} from '../../harness/faulty-server.ts';
import { Socket } from '../../harness/socket.ts';

const limitMs = 30_000;
const everything = { rules: [], isQuick: false };

/** The checks of a server, which must be checkable. */
async function outcomesOf(
  target: Parameters<typeof runChecks>[0],
  selection: Parameters<typeof runChecks>[1],
): Promise<readonly CheckOutcome[]> {
  const checked = await runChecks(target, selection);
  if (!checked.ok) throw new Error(checked.error);
  return checked.outcomes;
}

const broken = (outcomes: readonly CheckOutcome[]) => outcomes.filter(({ outcome }) => outcome === 'broken');

/** The address of raw TCP as `--tcp` takes it. */
const tcpOf = (hub: RunningHub) => (hub.kronos ?? '').replace(/^.*\/\//, '');

test('a personal hub breaks no rule, with more than 150 checks, each named by its rule, and nothing stays of them', async () => {
  const hub = await startComposed({ kronosPort: 0 });
  const outcomes = await outcomesOf({ url: hub.url.replace('http', 'ws'), tcp: tcpOf(hub), limitMs }, everything);
  expect(broken(outcomes)).toEqual([]);
  expect(outcomes.filter(({ outcome }) => outcome === 'kept').length).toBeGreaterThan(250);
  expect(outcomes.filter(({ rule }) => !/^[A-Z]\d+(\.\d+)?$/.test(rule))).toEqual([]);
  expect(new Set(outcomes.map(({ rule, says }) => `${rule} ${says}`)).size).toBe(outcomes.length);
  const socket = await Socket.open(hub.url);
  expect((await socket.ask({ type: 'accounts' }))['accounts']).toMatchObject([{ name: 'owner' }]);
  await socket.close();
  await hub.stop();
}, 180_000);

describe('a hub with tokens', () => {
  let hub: RunningHub;
  beforeAll(async () => {
    hub = await startComposed({ kronosPort: 0, hosts: ['hub.example.org'] });
  });
  afterAll(() => hub.stop());
  const target = () => ({ url: hub.url.replace('http', 'ws'), limitMs });
  const make = async (name: string): Promise<string> => {
    const socket = await Socket.open(hub.url);
    const { secret } = await socket.ask({ type: 'account', name, user_id: hub.ownerSecret ?? '' });
    await socket.close();
    return String(secret);
  };

  test('is not checked with a token that it does not know, nor without one', async () => {
    expect(await runChecks({ ...target(), token: 'wrong' }, everything)).toEqual({
      ok: false,
      error: 'The server does not know the token.',
    });
    expect(await runChecks(target(), everything)).toEqual({
      ok: false,
      error: 'The server needs a token: name one with --token-file.',
    });
  });

  test('breaks no rule for an administrator, who is told all of them', async () => {
    const outcomes = await outcomesOf({ ...target(), token: hub.ownerSecret ?? '', tcp: tcpOf(hub) }, everything);
    expect(broken(outcomes)).toEqual([]);
    expect(outcomes.filter(({ outcome }) => outcome === 'not run').map(({ rule }) => rule)).toEqual(['L6.1']);
  }, 180_000);

  test('breaks no rule for two tokens of empty accounts; what needs more is not run, and says what it needs', async () => {
    const tokens = { token: await make('one'), secondToken: await make('two') };
    const outcomes = await outcomesOf(
      { ...target(), ...tokens },
      { rules: ['C', 'L4', 'L7', 'R1', 'S', 'U', 'A'], isQuick: true },
    );
    expect(broken(outcomes)).toEqual([]);
    expect(outcomes.filter(({ outcome }) => outcome === 'kept').length).toBeGreaterThan(80);
    const reasons = new Set(outcomes.filter(({ outcome }) => outcome === 'not run').map(({ why }) => why));
    expect([...reasons].sort()).toEqual([
      'it needs the token of an administrator',
      'no port of raw TCP was named (--tcp)',
    ]);
  }, 180_000);

  test('is not checked with the token of an account that has tasks: the checks would remove them', async () => {
    const token = await make('three');
    const socket = await Socket.open(hub.url);
    await socket.ask({ type: 'login', user_id: token, device_id: '' });
    await socket.ask({ type: 'create', task: { id: 1, desc: 'dear' }, ref: 1 });
    expect(await runChecks({ ...target(), token }, everything)).toEqual({
      ok: false,
      error: 'The account of the token has 1 tasks, which the checks would remove: name a token of an empty account.',
    });
    expect((await socket.ask({ type: 'read-all' }))['tasks']).toMatchObject([{ desc: 'dear' }]);
    await socket.close();
  });
});

const without = (message: PlainMessage, ...names: readonly string[]): PlainMessage =>
  Object.fromEntries(Object.entries(message).filter(([name]) => !names.includes(name)));
const isTaskNotice = ({ type, task }: PlainMessage) => (type === 'create' || type === 'update') && task !== undefined;
const knownFields = new Set([
  'id',
  'index',
  'desc',
  'tags',
  'active',
  'last_active',
  'due',
  'done',
  'worktime',
  'start',
  'stop',
]);
const onlyKnown = (task: unknown) =>
  Object.fromEntries(Object.entries(Object(task)).filter(([name]) => knownFields.has(name)));

interface Planted {
  readonly name: string;
  /** The checks that are made of the server. */
  readonly rules: readonly string[];
  /** The rules that it breaks. */
  readonly breaks: readonly string[];
  readonly fault: PlantedFault;
}

const planted: readonly Planted[] = [
  {
    name: 'accepts any Origin',
    rules: ['C'],
    breaks: ['C5.1'],
    fault: { handshake: ({ origin: _, ...rest }) => rest },
  },
  {
    name: 'answers a ping before the requests that came earlier',
    // All other checks rely on this rule.
    rules: ['C7'],
    breaks: ['C7'],
    fault: {
      request(message, connection) {
        if (message['type'] !== 'ping') return message;
        connection.toClient({ success: true, type: 'pong', ref: message['ref'] });
        return undefined;
      },
    },
  },
  {
    name: 'sends notifications without success',
    rules: ['B2', 'W1', 'W2'],
    breaks: ['B2', 'W1.2'],
    fault: { answer: (message) => (isTaskNotice(message) ? without(message, 'success') : message) },
  },
  {
    name: 'accepts the device of another account',
    rules: ['L'],
    breaks: ['L4'],
    fault: {
      answer: (message) =>
        message['error'] === 'device not found'
          ? { success: true, type: 'login', user_id: 'x', device_id: 'x', version: -1, ref: message['ref'] }
          : message,
    },
  },
  {
    name: 'drops fields of tasks that it does not know',
    rules: ['R'],
    breaks: ['R2.1'],
    fault: {
      request: (message) =>
        message['task'] === undefined ? message : { ...message, task: onlyKnown(message['task']) },
    },
  },
  {
    name: 'sends a task to the connection that made it, too',
    rules: ['W1'],
    breaks: ['W1.1'],
    fault: {
      request(message, connection: FaultyConnection) {
        if (message['type'] === 'create' && message['task'] !== undefined)
          connection.toClient({ success: true, type: 'create', task: message['task'], device_id: 'x', version: 1 });
        return message;
      },
    },
  },
  {
    name: 'forgets the write_id of a write',
    rules: ['W9'],
    breaks: ['W9.1'],
    fault: { request: (message) => (message['write_id'] === undefined ? message : without(message, 'write_id')) },
  },
  {
    name: 'ignores the base of a write',
    rules: ['W9'],
    breaks: ['W9.2', 'W9.3'],
    fault: { request: (message) => (message['base'] === undefined ? message : without(message, 'base')) },
  },
  {
    name: 'takes every device for a new one',
    // The checks of merging begin with M3.
    rules: ['M1', 'M2', 'M3', 'M13'],
    breaks: ['M3.1', 'M3.2', 'M13'],
    fault: { request: (message) => (message['type'] === 'login' ? without(message, 'version') : message) },
  },
  {
    name: 'overwrites an item that exists by a create',
    rules: ['S2'],
    breaks: ['S2.2'],
    fault: {
      request(message, connection) {
        if (message['type'] === 'create' && message['key'] !== undefined)
          connection.toHub({ type: 'delete', channel: message['channel'], key: message['key'], ref: 'quiet' });
        return message;
      },
      answer: (message) => (message['ref'] === 'quiet' ? undefined : message),
    },
  },
  {
    name: 'loses one change in fifty of a channel that is followed',
    rules: ['S4', 'U'],
    breaks: ['S4.4'],
    fault: {
      answer: ({ ...message }) =>
        typeof message['channel'] === 'string' &&
        typeof message['key'] === 'string' &&
        Number(message['seq']) % 50 === 49
          ? undefined
          : message,
    },
  },
  {
    name: 'goes on sending changes of a channel after unsubscribe',
    rules: ['S6', 'S5'],
    breaks: ['S6'],
    fault: {
      request(message, connection) {
        if (message['type'] !== 'unsubscribe') return message;
        connection.toClient({ success: true, type: 'unsubscribe', channel: message['channel'], ref: message['ref'] });
        return undefined;
      },
    },
  },
];

describe('a server with a planted fault', () => {
  let hub: RunningHub;
  beforeAll(async () => {
    hub = await startComposed({ kronosPort: null });
  });
  afterAll(() => hub.stop());

  const check = async (fault: PlantedFault, rules: readonly string[]) => {
    const server = await FaultyServer.open(hub.url, fault);
    const outcomes = await outcomesOf({ url: server.url, limitMs: 10_000 }, { rules, isQuick: true });
    server.close();
    return outcomes;
  };

  test('there are twelve, and without any the server breaks no rule', async () => {
    expect(planted).toHaveLength(12);
    const outcomes = await check(
      {},
      planted.flatMap(({ rules }) => rules),
    );
    expect(broken(outcomes)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(100);
  }, 120_000);

  test.each(planted)('that $name is found out', async ({ fault, rules, breaks }) => {
    const found = broken(await check(fault, rules));
    const numbers = new Set(found.map(({ rule }) => rule));
    for (const rule of breaks) expect(numbers).toContain(rule);
    for (const { why = '' } of found) expect(why).toMatch(/\w+ .*\w+/);
    // It is the planted fault that was found: most checks are kept.
    expect(numbers.size).toBeLessThanOrEqual(breaks.length + 3);
  }, 120_000);
});
