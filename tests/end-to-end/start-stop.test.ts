// Starts and stops a hub as a person does: a real process on a real folder, and its error messages when it cannot start.

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { everyDriver, loadDriver } from '../../server/storage/sqlite/driver.ts';
import { eventually } from '../harness/eventually.ts';
import { type Ended, HubProcess, Leftovers } from '../harness/process.ts';
import { Socket } from '../harness/socket.ts';

jest.setTimeout(60_000);

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;
const leftovers = new Leftovers();
const servers: Server[] = [];

afterEach(async () => {
  await leftovers.clear();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function takenPort(): Promise<string> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return String(port);
}

/** Lines of the log at the level info, and nothing else. */
const informs = /^(?:\{"level":30,[^\n]*\n)*$/;

/** Expects one sentence for a person and no stack trace. */
function expectSentence(ended: Ended, ...parts: readonly (string | RegExp)[]): void {
  expect(ended.out).toBe('');
  expect(ended.err).toMatch(/^\S[^\n]*\.\n$/);
  expect(ended.err).not.toMatch(/\bat .*:\d+/);
  for (const part of parts) expect(ended.err).toMatch(part);
  expect(ended.code).toBe(1);
}

describe.each(['uws', 'ws'])('a hub on %s', (engine) => {
  test('prints the owner’s token and lines to paste at its first start, and four lines at later starts', async () => {
    const env = { HORAI_DATA: join(leftovers.folder(), 'data'), HORAI_ENGINE: engine };
    const first = new HubProcess(leftovers, env);
    const url = await first.up();
    const firstEnd = await first.stop();
    expect(firstEnd).toMatchObject({ code: 0, err: expect.stringMatching(informs) });
    const secret = uuid.exec(firstEnd.out)?.[0] ?? '';
    expect(secret).not.toBe('');
    expect(firstEnd.out).toContain(`npx wscat -c ${url.replace('http', 'ws')}`);
    expect(firstEnd.out).toContain(`{"type":"login","user_id":"${secret}"}`);

    const second = new HubProcess(leftovers, env);
    const again = await second.up();
    const socket = await Socket.open(again);
    expect(await socket.ask({ type: 'login', user_id: secret })).toMatchObject({ success: true, user_id: secret });
    const { out, err, code } = await second.stop();
    expect(out.trimEnd().split('\n')).toHaveLength(4);
    expect(out).not.toMatch(uuid);
    expect({ err, code }).toEqual({ err: expect.stringMatching(informs), code: 0 });
  });

  test('[C6.1] on SIGTERM tells clients to reconnect, and exits with 0', async () => {
    const hub = new HubProcess(leftovers, { HORAI_DATA: leftovers.folder(), HORAI_ENGINE: engine });
    const socket = await Socket.open(await hub.up());
    await socket.ask({ type: 'login' });
    await socket.ask({ type: 'ping' });
    hub.signal('SIGTERM');
    expect(await socket.next()).toMatchObject({ success: true, type: 'away' });
    expect(await socket.closed).toMatchObject({ code: 1012 });
    expect(await hub.ended).toMatchObject({ code: 0 });
  });

  test('[C6.3] on SIGTERM answers the requests under way, on HTTP and WebSocket, and keeps what it acknowledged', async () => {
    const env = { HORAI_DATA: leftovers.folder(), HORAI_ENGINE: engine };
    const hub = new HubProcess(leftovers, env);
    const url = await hub.up();
    const bucket = `${url}api/0/buckets/b`;
    const headers = { 'content-type': 'application/json' };
    const about = JSON.stringify({ client: 'c', type: 't', hostname: 'h' });
    await fetch(bucket, { method: 'POST', headers, body: about });
    const sockets = await Promise.all(Array.from({ length: 50 }, () => Socket.open(url)));
    for (const socket of sockets) await socket.ask({ type: 'login' });
    const post = (second: number) => {
      const event = { timestamp: new Date(1e12 + second * 1_000).toISOString(), duration: 0, data: { second } };
      return fetch(`${bucket}/events`, { method: 'POST', headers, body: JSON.stringify([event]) });
    };
    const written = sockets.map((socket, at) => {
      const key = `k${at}`;
      return socket.ask({ type: 'create', channel: 'log', key, item: at, ref: at });
    });
    const posted = Array.from({ length: 50 }, (_, second) => post(second));
    await Promise.race(posted);
    hub.signal('SIGTERM');
    const statuses = (await Promise.all(posted)).map(({ status }) => status);
    const acks = await Promise.all(written);
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect(acks.map(({ ref, success }) => ({ ref, success }))).toEqual(
      sockets.map((_, ref) => ({ ref, success: true })),
    );
    expect(await hub.ended).toMatchObject({ code: 0, err: expect.stringMatching(informs) });

    const again = await new HubProcess(leftovers, env).up();
    const socket = await Socket.open(again);
    const { items } = await socket.ask({ type: 'read-all', channel: 'log' });
    expect(items).toHaveLength(50);
    const { length } = JSON.parse(await (await fetch(`${again}api/0/buckets/b/events`)).text());
    expect(length).toBeGreaterThanOrEqual(statuses.filter((status) => status === 200).length);
  });
});

describe('a hub', () => {
  test('is not ready any more before it stops, while it still serves', async () => {
    const hub = new HubProcess(leftovers, { HORAI_DATA: leftovers.folder(), HORAI_DRAIN: '1' });
    const url = await hub.up();
    const ready = async () => (await fetch(`${url}-/health/ready`)).status;
    expect(await ready()).toBe(200);
    hub.signal('SIGTERM');
    await eventually(async () => (await ready()) === 503, 'the hub to be not ready');
    expect((await fetch(`${url}-/health`)).status).toBe(200);
    const socket = await Socket.open(url);
    expect(await socket.ask({ type: 'create', task: { id: 1, desc: 'late' }, ref: 1 })).toMatchObject({ type: 'ack' });
    expect(await hub.ended).toMatchObject({ code: 0 });
  });

  test('stops on Ctrl-C too, and keeps all writes', async () => {
    const env = { HORAI_DATA: leftovers.folder() };
    const hub = new HubProcess(leftovers, env);
    const socket = await Socket.open(await hub.up());
    const task = { id: 1, desc: 'outlive the process', tags: [] };
    expect(await socket.ask({ type: 'create', task, ref: 1 })).toMatchObject({ type: 'ack', ref: 1 });
    hub.signal('SIGINT');
    expect(await hub.ended).toMatchObject({ code: 0 });

    const again = await Socket.open(await new HubProcess(leftovers, env).up());
    expect(await again.ask({ type: 'read-all' })).toMatchObject({ tasks: [{ desc: 'outlive the process' }] });
  });

  test('killed in the middle starts again with all that it acknowledged', async () => {
    const env = { HORAI_DATA: leftovers.folder() };
    const hub = new HubProcess(leftovers, env);
    const socket = await Socket.open(await hub.up());
    expect(await socket.ask({ type: 'create', task: { id: 1, desc: 'kept' }, ref: 1 })).toMatchObject({ type: 'ack' });
    hub.signal('SIGKILL');
    await hub.ended;
    const again = await Socket.open(await new HubProcess(leftovers, env).up());
    expect(await again.ask({ type: 'read-all' })).toMatchObject({ tasks: [{ desc: 'kept' }] });
  });

  test('keeps its folder, its database and hub.json to its user', async () => {
    const data = join(leftovers.folder(), 'data');
    await new HubProcess(leftovers, { HORAI_DATA: data }).up();
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect(mode(data)).toBe('700');
    expect(mode(join(data, 'hub.json'))).toBe('600');
    expect(mode(join(data, 'horai.db'))).toBe('600');
  });

  test('takes the owner’s token from the environment, and prints it nowhere', async () => {
    const HORAI_OWNER_TOKEN = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    const hub = new HubProcess(leftovers, { HORAI_DATA: leftovers.folder(), HORAI_OWNER_TOKEN });
    const socket = await Socket.open(await hub.up());
    const login = { type: 'login', user_id: HORAI_OWNER_TOKEN };
    expect(await socket.ask(login)).toMatchObject({ success: true });
    const { out, err } = await hub.stop();
    expect(out + err).not.toContain(HORAI_OWNER_TOKEN);
  });

  test('in memory writes nothing to disk and warns that all data will be lost', async () => {
    const data = join(leftovers.folder(), 'data');
    const hub = new HubProcess(leftovers, { HORAI_DATA: data, HORAI_STORE: 'memory' });
    await hub.up();
    expect(() => statSync(data)).toThrow('ENOENT');
    expect(await hub.stop()).toMatchObject({
      code: 0,
      err: expect.stringContaining('all data is lost when the hub stops'),
    });
  });
});

describe('a hub that cannot start explains why in one sentence', () => {
  test('its port is in use, at its first start', async () => {
    const data = leftovers.folder();
    const port = await takenPort();
    const hub = new HubProcess(leftovers, { HORAI_DATA: data, HORAI_PORT: port });
    expectSentence(await hub.ended, port, 'in use', 'HORAI_PORT');

    const next = new HubProcess(leftovers, { HORAI_DATA: data });
    await next.up();
    expect((await next.stop()).out).toMatch(uuid);
  });

  test('the Kronos port that was asked for by name is taken', async () => {
    const port = await takenPort();
    const hub = new HubProcess(leftovers, { HORAI_DATA: leftovers.folder(), HORAI_KRONOS_PORT: port });
    expectSentence(await hub.ended, port, 'Kronos');
  });

  test('another hub uses the folder', async () => {
    const env = { HORAI_DATA: leftovers.folder() };
    await new HubProcess(leftovers, env).up();
    expectSentence(await new HubProcess(leftovers, env).ended, 'Another hub', env.HORAI_DATA);
  });

  test('the folder was written by a newer Horai', async () => {
    const env = { HORAI_DATA: leftovers.folder() };
    const hub = new HubProcess(leftovers, env);
    await hub.up();
    await hub.stop();
    const driver = await loadDriver(everyDriver);
    if (!driver.ok) throw new Error(driver.error);
    const database = driver.open(join(env.HORAI_DATA, 'horai.db'), false);
    database.exec(`UPDATE meta SET value = 99 WHERE name = 'format'`);
    database.close();
    expectSentence(await new HubProcess(leftovers, env).ended, 'newer', env.HORAI_DATA);
  });

  test('the folder cannot be made', async () => {
    const file = join(leftovers.folder(), 'file');
    writeFileSync(file, '');
    const data = join(file, 'data');
    expectSentence(await new HubProcess(leftovers, { HORAI_DATA: data }).ended, data, 'HORAI_DATA');
  });

  test('the file is not a database', async () => {
    const data = leftovers.folder();
    mkdirSync(data, { recursive: true });
    writeFileSync(
      join(data, 'horai.db'),
      'something else entirely, and longer than a header of SQLite would be'.repeat(9),
    );
    expectSentence(await new HubProcess(leftovers, { HORAI_DATA: data }).ended, data);
    expect(readFileSync(join(data, 'horai.db'), 'utf8')).toContain('something else');
  });

  test('its configuration is malformed: one sentence for each variable', async () => {
    const ended = await new HubProcess(leftovers, { HORAI_PORT: 'x', HORAI_SIGNUP: 'maybe' }).ended;
    expect(ended.err.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^HORAI_PORT is "x".*\.$/),
      expect.stringMatching(/^HORAI_SIGNUP is "maybe".*\.$/),
    ]);
    expect(ended).toMatchObject({ code: 1, out: '' });
  });
});
