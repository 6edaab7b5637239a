// `horai token …` and `horai account …` as typed, with a hub running on the folder and without one.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type Ended, HubProcess, Leftovers } from '../support/process.ts';
import { Socket } from '../support/socket.ts';

jest.setTimeout(60_000);

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

const command = (data: string, ...args: readonly string[]): Promise<Ended> =>
  new HubProcess(leftovers, { HORAI_DATA: data }, args).ended;

async function once(data: string): Promise<void> {
  const hub = new HubProcess(leftovers, { HORAI_DATA: data });
  await hub.up();
  await hub.stop();
}

describe.each(['with a running hub', 'without one'])('%s', (how) => {
  const prepared = async () => {
    const data = leftovers.folder();
    if (how === 'without one') await once(data);
    else await new HubProcess(leftovers, { HORAI_DATA: data }).up();
    return data;
  };

  test('a token is made, listed without its secret, and revoked', async () => {
    const data = await prepared();
    const made = await command(data, 'token', 'create', '--name', 'laptop', '--scopes', 'read,write:tasks');
    expect(made.code).toBe(0);
    const secret = made.out.trim();
    expect(secret).toMatch(uuid4);

    const listed = await command(data, 'token', 'list', '--json');
    expect(listed.out).not.toContain(secret);
    const tokens = JSON.parse(listed.out);
    expect(tokens).toContainEqual(
      expect.objectContaining({ account: 'owner', name: 'laptop', scopes: ['read', 'write:tasks'], used: null }),
    );
    const { id } = tokens.find(({ name }: { name: string }) => name === 'laptop');
    expect(await command(data, 'token', 'revoke', id)).toMatchObject({ code: 0 });
    expect(await command(data, 'token', 'revoke', id)).toMatchObject({ code: 1, err: 'token not found\n' });
  });

  test('an account is made and listed, but not twice', async () => {
    const data = await prepared();
    const made = await command(data, 'account', 'create', 'alice', '--json');
    expect(JSON.parse(made.out)).toMatchObject({ account: 'alice', secret: expect.stringMatching(uuid4) });
    expect(await command(data, 'account', 'create', 'alice')).toMatchObject({ code: 1, out: '' });
    const listed = await command(data, 'account', 'list');
    const rows = listed.out.trimEnd().split('\n');
    expect(rows.map((row) => row.split(/\s+/)[0])).toEqual(['NAME', 'owner', 'alice']);
    const tokens = await command(data, 'token', 'list', '--account', 'alice', '--json');
    expect(JSON.parse(tokens.out)).toMatchObject([{ account: 'alice', name: 'first' }]);
  });
});

describe('the command line', () => {
  test('revokes a token on a running hub so that the socket it opened is closed', async () => {
    const data = leftovers.folder();
    const url = await new HubProcess(leftovers, { HORAI_DATA: data }).up();
    const made = JSON.parse((await command(data, 'token', 'create', '--json')).out);
    const socket = await Socket.open(url);
    expect(await socket.ask({ type: 'login', user_id: made.secret })).toMatchObject({ success: true });
    expect(await command(data, 'token', 'revoke', made.id)).toMatchObject({ code: 0 });
    expect(await socket.next()).toMatchObject({ success: false, code: 'revoked' });
    expect(await socket.closed).toMatchObject({ code: 4401 });
    const again = await Socket.open(url);
    expect(await again.ask({ type: 'login', user_id: made.secret })).toMatchObject({ success: false });
  });

  test('is not confused by what a killed hub left behind, nor by another hub in its place', async () => {
    const data = leftovers.folder();
    const killed = new HubProcess(leftovers, { HORAI_DATA: data });
    await killed.up();
    killed.signal('SIGKILL');
    await killed.ended;
    expect(await command(data, 'account', 'list')).toMatchObject({ code: 0, err: '' });

    const url = await new HubProcess(leftovers, { HORAI_DATA: leftovers.folder() }).up();
    writeFileSync(join(data, 'hub.json'), JSON.stringify({ url: url.replace('http', 'ws'), secret: 'long gone' }));
    const made = await command(data, 'account', 'create', 'alice');
    expect(made.code).toBe(0);
    expect((await command(data, 'account', 'list')).out).toContain('alice');
  });

  test('says so where there is no hub yet, and makes none', async () => {
    const data = join(leftovers.folder(), 'nothing');
    for (let twice = 0; twice < 2; twice += 1) {
      expect(await command(data, 'token', 'list')).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringContaining(data),
      });
    }
  });

  test('ends with 2 when it is not understood', async () => {
    const data = leftovers.folder();
    for (const args of [['tokens'], ['token', 'revoke'], ['token', 'create', '--colour', 'red']]) {
      expect(await command(data, ...args)).toMatchObject({ code: 2, out: '' });
    }
  });

  test('explains itself and tells its version', async () => {
    const data = leftovers.folder();
    const help = await command(data, '--help');
    expect(help).toMatchObject({ code: 0, err: '' });
    for (const word of ['token', 'account', 'HORAI_PORT', 'HORAI_DATA', '(5600)']) expect(help.out).toContain(word);
    expect(await command(data, '--version')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});
