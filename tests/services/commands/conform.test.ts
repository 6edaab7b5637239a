// The command lines `horai conform` and `horai load`: what they print, and their exit codes. tests/services/clients has the checks.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { difference, hasOne, nothing, something } from '../../../clients/conform/match.ts';
import type { RunningHub } from '../../../server/compose.ts';
import { type as typeOn } from '../../harness/command.ts';
import { startComposed } from '../../harness/compose.ts';
import { FaultyServer } from '../../harness/faulty-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'horai-'));
const type = (...args: readonly string[]) => typeOn(join(folder, 'data'), ...args);
let hub: RunningHub;
beforeAll(async () => {
  hub = await startComposed();
});
afterAll(async () => {
  await hub.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('horai conform', () => {
  test('counts the checks of a hub that breaks none, with the exit code 0', async () => {
    expect(await type('conform', hub.url, '--rules', 'S2,U3')).toEqual({
      code: 0,
      out: '7 checks: 7 kept, 0 broken, 0 not run.',
      err: 'All checks are made. What they made on the server is removed …',
    });
  });

  test('names each broken rule with what was wanted and received, with the exit code 1', async () => {
    const server = await FaultyServer.open(hub.url, {
      answer: (message) => (message['type'] === 'ack' ? { ...message, key: '' } : message),
    });
    const { code, out } = await type('conform', server.url, '--rules', 'S2.1');
    server.close();
    expect(code).toBe(1);
    expect(out).toContain('BROKEN [S2.1] a create without a key is given one, which the ack has\n    ');
    expect(out).toContain('is "", not a text that is not empty');
    expect(out).toContain('1 checks: 0 kept, 1 broken, 0 not run.');
  });

  test('prints JSON, and what was not run with the reason', async () => {
    const { code, out, err } = await type('conform', hub.url, '--rules', 'C1.2,S2.2', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({
      url: hub.url,
      kept: 1,
      broken: 0,
      'not run': 1,
      checks: [
        { rule: 'C1.2', outcome: 'not run', why: 'no port of raw TCP was named (--tcp)' },
        { rule: 'S2.2', outcome: 'kept' },
      ],
    });
    // Nothing was found out.
    expect(await type('conform', hub.url, '--rules', 'C1.2')).toMatchObject({ code: 1 });
  });

  test('leaves out checks that wait, if asked', async () => {
    const { out } = await type('conform', hub.url, '--rules', 'W6,P2.3', '--quick');
    expect(out).toBe('1 checks: 1 kept, 0 broken, 0 not run.');
  });

  test('a wrong command line has the exit code 2, and a server that is not there 1', async () => {
    expect(await type('conform', 'nowhere')).toMatchObject({
      code: 2,
      err: '"nowhere" is not the address of a server, such as http://127.0.0.1:5600/.',
    });
    expect(await type('conform', hub.url, '--rules', 'S2,Z9')).toMatchObject({
      code: 2,
      err: 'No check is of the rule Z9.',
    });
    expect(await type('conform', 'http://127.0.0.1:1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('the WebSocket did not open'),
    });
    expect(await type('conform', hub.url, '--token-file', join(folder, 'none'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('The token cannot be read'),
    });
  });

  test('reads the token from a file', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, `${hub.ownerSecret}\n`);
    // With a token the hub is not asked as its owner: requests before a login still are.
    expect(await type('conform', hub.url, '--token-file', file, '--rules', 'L1')).toMatchObject({ code: 0 });
    writeFileSync(file, 'wrong\n');
    expect(await type('conform', hub.url, '--token-file', file)).toMatchObject({
      code: 1,
      err: 'The server does not know the token.',
    });
  });
});

describe('horai load', () => {
  test('prints a table of the rows, or JSON', async () => {
    const args = ['load', hub.url, '--clients', '2', '--seconds', '0.05', '--rows', 'writes,read-all'];
    const { code, out } = await type(...args);
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(/ {2,}/)[0]?.trim())).toEqual(['ROW', 'writes', 'read-all']);
    expect(out).toMatch(/writes +2 +[\d.]+ +[\d.]+ +\d+ writes/);
    expect(JSON.parse((await type(...args, '--json')).out)).toMatchObject({
      url: hub.url,
      rows: [{ name: 'writes', clients: 2, p99: expect.any(Number) }, { name: 'read-all' }],
    });
  });

  test('a wrong command line has the exit code 2', async () => {
    expect(await type('load', hub.url, '--rows', 'nothing')).toMatchObject({
      code: 2,
      err: 'There is no row nothing: the rows are fan-out, writes, heartbeats, read-all.',
    });
    for (const clients of ['0', '1.5', 'many']) {
      expect(await type('load', hub.url, '--clients', clients)).toMatchObject({ code: 2 });
    }
  });
});

test('a difference is named by its place, in a sentence', () => {
  const value = { a: [{ b: 1 }, { b: 2 }], c: null };
  expect([
    difference({ a: [{ b: 1 }, something], c: null }, value),
    difference({ a: [{ b: 1 }, { b: 3 }] }, value),
    difference({ a: [{ b: 1 }] }, value),
    difference({ c: nothing }, value),
    difference({ a: hasOne({ b: 9 }) }, value),
    difference({ d: 1 }, value),
  ]).toEqual([
    undefined,
    'a.1.b is 2, not 3',
    'a has 2 elements, not 1',
    'c is null, not no such field',
    'a is [{"b":1},{"b":2}], not a list with {"b":9}',
    'd is missing, not 1',
  ]);
});
