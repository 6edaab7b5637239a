// Arguments, output and exit codes of commands, with a hub running on the data folder and without one. tests/end-to-end tests them as
// processes.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RunningHub } from '../../../server/compose.ts';
import { type as typeOn } from '../../harness/command.ts';
import { startComposed } from '../../harness/compose.ts';
import { Socket } from '../../harness/socket.ts';

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
let folder = '';
let data = '';
let running: RunningHub[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'horai-'));
  data = join(folder, 'data');
});
afterEach(async () => {
  for (const hub of running) await hub.stop();
  running = [];
  rmSync(folder, { recursive: true, force: true });
});

async function start(on = data): Promise<RunningHub> {
  const hub = await startComposed({ store: 'sqlite', data: on });
  running.push(hub);
  return hub;
}

const type = (...args: readonly string[]) => typeOn(data, ...args);

describe.each(['a running hub', 'a stopped one'])('on the folder of %s', (which) => {
  beforeEach(async () => {
    const hub = await start();
    if (which === 'a stopped one') await hub.stop();
  });

  test('a token is made, listed without its secret, and revoked', async () => {
    const made = await type('token', 'create', '--name', 'laptop', '--scopes', 'read,write:tasks');
    expect(made.code).toBe(0);
    expect(made.out).toMatch(uuid4);
    const listed = await type('token', 'list', '--json');
    expect(listed.out).not.toContain(made.out);
    const tokens = JSON.parse(listed.out);
    expect(tokens).toContainEqual(
      expect.objectContaining({ account: 'owner', name: 'laptop', scopes: ['read', 'write:tasks'], used: null }),
    );
    const { id } = tokens.find(({ name }: { name: string }) => name === 'laptop');
    expect(await type('token', 'revoke', id)).toMatchObject({ code: 0 });
    expect(await type('token', 'revoke', id)).toEqual({ code: 1, out: '', err: 'token not found' });
  });

  test('an account is made and listed, but not twice', async () => {
    const made = await type('account', 'create', 'alice', '--json');
    expect(JSON.parse(made.out)).toMatchObject({ account: 'alice', secret: expect.stringMatching(uuid4) });
    expect(await type('account', 'create', 'alice')).toEqual({ code: 1, out: '', err: 'account already exist' });
    const rows = (await type('account', 'list')).out.split('\n');
    expect(rows.map((row) => row.split(/\s+/)[0])).toEqual(['NAME', 'owner', 'alice']);
    const tokens = await type('token', 'list', '--account', 'alice', '--json');
    expect(JSON.parse(tokens.out)).toMatchObject([{ account: 'alice', name: 'first' }]);
  });

  test('a sign-in link is made for an account, at the address that the browser knows', async () => {
    const made = await type('login-link', '--url', 'https://hub.example.org/');
    expect(made.out).toMatch(/^https:\/\/hub\.example\.org\/sign-in#[0-9a-f-]{36}$/);
    expect(made.err).toMatch(/^It signs owner in, once, until \d{4}-/);
    const hub = running[0];
    if (which === 'a running hub') {
      const answer = await fetch(`${hub?.url}-/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: new URL(hub?.url ?? '').origin },
        body: JSON.stringify({ link: made.out.split('#')[1] }),
      });
      const body: unknown = await answer.json();
      expect([answer.status, body]).toEqual([201, expect.objectContaining({ account: 'owner' })]);
    }
    expect(JSON.parse((await type('login-link', '--json')).out)).toMatchObject({
      url: expect.stringContaining(which === 'a running hub' ? `${hub?.url}sign-in#` : '/sign-in#'),
      account: 'owner',
    });
    expect(await type('login-link', '--account', 'nobody')).toMatchObject({ code: 1, err: 'account not found' });
  });

  test('wrong scopes are refused with the right ones', async () => {
    const refused = await type('token', 'create', '--scopes', 'everything');
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('admin') });
  });

  test('no device is made of the command', async () => {
    await type('token', 'list');
    const hub = which === 'a running hub' ? running[0] : await start();
    const socket = await Socket.open(hub?.url ?? '');
    const devices = await socket.ask({ type: 'read-all', channel: '@hub/devices' });
    expect(devices['items']).toEqual([]);
    await socket.close();
  });
});

describe('the command line', () => {
  test('[L8.1] revokes a token on a running hub so that the socket it opened is closed', async () => {
    const hub = await start();
    const made = JSON.parse((await type('token', 'create', '--json')).out);
    const socket = await Socket.open(hub.url);
    expect(await socket.ask({ type: 'login', user_id: made.secret })).toMatchObject({ success: true });
    expect(await type('token', 'revoke', made.id)).toMatchObject({ code: 0 });
    expect(await socket.next()).toMatchObject({ success: false, code: 'revoked' });
    expect(await socket.closed).toMatchObject({ code: 4401 });
    const again = await Socket.open(hub.url);
    expect(await again.ask({ type: 'login', user_id: made.secret })).toMatchObject({ success: false });
    await again.close();
  });

  test('is not confused by a hub.json that a killed hub left, nor by another hub in its place', async () => {
    await (await start()).stop();
    const other = await start(join(folder, 'other'));
    for (const url of ['ws://127.0.0.1:1/', other.url.replace('http', 'ws')]) {
      writeFileSync(join(data, 'hub.json'), JSON.stringify({ url, secret: 'long gone' }));
      expect(await type('account', 'list')).toMatchObject({ code: 0, err: '' });
    }
    writeFileSync(join(data, 'hub.json'), '{"url":');
    expect(await type('account', 'list')).toMatchObject({ code: 0, err: '' });
  });

  test('reports a missing hub, and creates none', async () => {
    for (let twice = 0; twice < 2; twice += 1) {
      expect(await type('token', 'list')).toEqual({ code: 1, out: '', err: expect.stringContaining(data) });
    }
  });

  test.each([
    [['tokens']],
    [['token', 'revoke']],
    [['token', 'create', '--colour', 'red']],
    [['--nonsense']],
  ])('ends with 2 when it does not understand %j', async (args) => {
    const ended = await type(...args);
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain('--help');
  });

  test('starts a hub with and without the word', async () => {
    expect(await type()).toMatchObject({ code: 42 });
    expect(await type('start')).toMatchObject({ code: 42 });
  });

  test('prints its help and its version', async () => {
    const help = await type('--help');
    expect(help).toMatchObject({ code: 0, err: '' });
    for (const word of ['token', 'account', 'HORAI_PORT', 'HORAI_DATA', '(5600)']) expect(help.out).toContain(word);
    expect(await type('--version')).toEqual({ code: 0, out: '1.2.3', err: '' });
  });
});
