// Sixteen connections ask for a channel of 200 MB and do not read what they are sent. The hub must not hold the answers for them: all
// sixteen together may cost 64 MB of memory, and another client is served meanwhile. It runs for each request that can have a large
// answer, on every wire.

import { connect, type Socket } from 'node:net';
import { HubProcess, Leftovers } from '../../tests/harness/process.ts';
import { Client } from './client.ts';
import { freePort } from './free-port.ts';

export interface UnreadProof {
  /** MiB by which the hub grew while the connections were open, at most, by request and engine. */
  readonly growth: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** MiB that all unread answers to one kind of request may cost together. */
const allowed = 64;
const unread = 16;
/** Milliseconds in which the hub's memory is watched after the requests. */
const watchMs = 4_000;
const owner = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const day = '2026-03-02';
const mebibyte = 1_048_576;

/** A large request, and the bytes that ask it on a new connection. */
interface Ask {
  readonly name: string;
  readonly port: 'web' | 'kronos';
  /** Sent in this order; the second after the answer to the first has begun. */
  readonly texts: readonly Buffer[];
}

/** @param size mebibytes of the channel, of the tasks, of the bucket and of the day of heartbeats, each */
export async function proveUnreadAnswers(size: number, print: (line: string) => void): Promise<UnreadProof> {
  const growth: Record<string, number> = {};
  const faults: string[] = [];
  const leftovers = new Leftovers();
  try {
    const folder = leftovers.folder();
    const dump = await fill(leftovers, folder, size, print);
    for (const engine of ['uws', 'ws'] as const) {
      for (const [index, { name }] of asks(0, size, dump).entries()) {
        const { cost, isServed } = await measure(leftovers, folder, engine, (port) => asks(port, size, dump)[index]);
        growth[`${engine} ${name}`] = cost;
        print(`${engine}: ${unread} unread answers to ${name} cost ${cost} MiB`);
        if (!isServed) faults.push(`${engine}: ${name}: another client is not served`);
        if (cost > allowed)
          faults.push(`${engine}: ${unread} unread answers to ${name} cost ${cost} MiB, more than ${allowed}`);
      }
    }
  } finally {
    await leftovers.clear();
  }
  return { growth, faults };
}

/** Starts a hub on the data, and asks it by connections that do not read. */
async function measure(
  leftovers: Leftovers,
  folder: string,
  engine: 'uws' | 'ws',
  askAt: (port: number) => Ask | undefined,
): Promise<{ readonly cost: number; readonly isServed: boolean }> {
  const kronos = await freePort();
  const hub = startHub(leftovers, folder, engine, kronos);
  const url = await hub.up();
  const web = Number(new URL(url).port);
  const ask = askAt(web);
  const reader = await Client.webSocket(url);
  await reader.ask({ type: 'login', user_id: owner });
  const before = hub.resident;
  const sockets = await Promise.all(Array.from({ length: unread }, () => open(ask, { web, kronos })));
  let most = before;
  for (const end = performance.now() + watchMs; performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    most = Math.max(most, hub.resident);
  }
  const served = await reader.ask({ type: 'create', channel: 'small', item: ask?.name });
  for (const socket of sockets) socket.destroy();
  reader.cut();
  await hub.stop();
  return { cost: Math.round((most - before) / mebibyte), isServed: served?.success === true };
}

function startHub(leftovers: Leftovers, folder: string, engine: 'uws' | 'ws', kronos: number): HubProcess {
  return new HubProcess(leftovers, {
    HORAI_DATA: folder,
    HORAI_OWNER_TOKEN: owner,
    HORAI_ENGINE: engine,
    HORAI_KRONOS_PORT: String(kronos),
    HORAI_LOG: 'warn',
  });
}

/** Writes a channel, tasks, many small channels, a bucket and a day of heartbeats. @returns the path of a dump of them */
async function fill(
  leftovers: Leftovers,
  folder: string,
  size: number,
  print: (line: string) => void,
): Promise<string> {
  const hub = startHub(leftovers, folder, 'uws', await freePort());
  const url = await hub.up();
  const client = await Client.webSocket(url);
  await client.ask({ type: 'login', user_id: owner });
  // As many writes as this are no person's.
  await client.ask({ type: 'limits', name: 'token_rate', size: 'none' });
  const value = 'x'.repeat(65_000);
  for (let done = 0; done < size * 16; done += 64) {
    await Promise.all(
      Array.from({ length: 64 }, (_, at) =>
        client.ask({ type: 'create', channel: 'large', key: `item ${done + at}`, item: value }),
      ),
    );
  }
  const tasks = Math.min(10_000, size * 50);
  for (let done = 0; done < tasks; done += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        client.ask({ type: 'create', task: { id: done + at + 1, desc: `${done + at} ${value.slice(0, 20_000)}` } }),
      ),
    );
  }
  for (let done = 0; done < size * 80; done += 400) {
    await Promise.all(
      Array.from({ length: 400 }, (_, at) =>
        client.ask({ type: 'create', channel: `small/${done + at} ${value.slice(0, 80)}`, item: 1 }),
      ),
    );
  }
  client.cut();
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${owner}` },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  await post('api/0/buckets/large', { client: 'proof', type: 'proof', hostname: 'proof' });
  const start = Date.parse(`${day}T00:00:00Z`);
  for (let done = 0; done < size; done += 16) {
    await post(
      'api/0/buckets/large/events',
      Array.from({ length: 1_024 }, (_, at) => ({
        timestamp: new Date(start + done * 100_000 + at * 1_000).toISOString(),
        duration: 1,
        data: { title: value.slice(0, 16_000) },
      })),
    );
  }
  for (let done = 0; done < size * 1_024; done += 1_024) {
    await post(
      'api/v1/users/current/heartbeats.bulk',
      Array.from({ length: 1_024 }, (_, at) => ({
        time: start / 1_000 + ((done + at) % 80_000) + (done + at) / 1e6,
        entity: `/home/proof/${value.slice(0, 700)}/${at}.ts`,
        type: 'file',
        project: 'proof',
      })),
    );
  }
  const answer = await post('api/v1/users/current/data_dumps', { type: 'heartbeats' });
  const dump: { readonly data: { readonly download_url: string } } = JSON.parse(await answer.text());
  await hub.stop();
  print(`filled with ${size} MiB of each`);
  return new URL(dump.data.download_url).pathname;
}

/** @param dump the path of a dump of all heartbeats */
function asks(port: number, size: number, dump: string): readonly Ask[] {
  const web = (name: string, message: object): Ask => ({
    name: `${name}, WebSocket`,
    port: 'web',
    texts: [handshake(port), Buffer.concat([frame({ type: 'login', user_id: owner }), frame(message)])],
  });
  const tcp = (name: string, message: object): Ask => ({
    name: `${name}, TCP`,
    port: 'kronos',
    texts: [Buffer.from(`{"type":"login","user_id":"${owner}"}${JSON.stringify(message)}\n`)],
  });
  const get = (path: string): Ask => ({
    name: `GET ${path}`,
    port: 'web',
    texts: [Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${owner}\r\n\r\n`)],
  });
  const readAll = { type: 'read-all', channel: 'large' };
  return [
    web('read-all of a channel', readAll),
    tcp('read-all of a channel', readAll),
    web('read-all of a channel in pages', { ...readAll, pages: true }),
    web('read-all of tasks', { type: 'read-all' }),
    tcp('read-all of tasks', { type: 'read-all' }),
    web('subscribe', { type: 'subscribe', channel: 'large' }),
    web('changes', { type: 'subscribe', channel: 'large', seq: 1 }),
    web('history', { type: 'history', channel: 'large', limit: 1_000 }),
    web('history at a step', { type: 'history', channel: 'large', at: size * 15 }),
    get('/-/channels/large/events'),
    web('channels', { type: 'channels' }),
    get('/-/export'),
    get(dump),
    get('/api/0/export'),
    get('/api/0/buckets/large/events'),
    get(`/api/v1/users/current/heartbeats?date=${day}`),
  ];
}

function handshake(port: number): Buffer {
  return Buffer.from(
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
}

/** A masked text frame of less than 64 KiB; the mask is 0. */
function frame(message: object): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  const head = Buffer.from([0x81, 0xfe, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

/** Opens a connection that reads its first bytes only. */
async function open(ask: Ask | undefined, ports: { readonly web: number; readonly kronos: number }): Promise<Socket> {
  if (ask === undefined) throw new Error('no such request');
  const socket = connect(ports[ask.port], '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  const [first, second] = ask.texts;
  socket.write(first ?? '');
  if (second !== undefined) {
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    socket.write(second);
  }
  return socket;
}
