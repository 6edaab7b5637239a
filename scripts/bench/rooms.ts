// 10,000 subscribers of one mob-timer room: the time until an update reaches the last of them, their memory, and the effect of one
// subscriber that never reads. The control is bare uWebSockets.js (rooms-server.ts) in the same run.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from './store.ts';

const subscribers = 10_000;
const updates = 25;
const burst = 40;
/** A byte (`~`) that every update contains once, and no other message. */
const mark = 0x7e;
/** The room's history when the slow reader connects: nearly as much as a room keeps. */
const historyBytes = 250_000;
const requestBytes = 256;

interface Server {
  readonly port: number;
  /** Bytes after garbage collection: `resident` of the process, `live` in use by JavaScript. */
  memory(): Promise<{ readonly resident: number; readonly live: number }>;
  stop(): void;
}

interface Crowd {
  /** Resolves when each has received `more` further updates. */
  receive(more: number): Promise<void>;
  leave(): void;
}

interface Figures {
  readonly streamMs: number;
  readonly streamBurst: number;
  readonly streamBytes: number;
  readonly socketMs: number;
  readonly socketBurst: number;
  readonly growth: number;
  readonly secondsUntilClosed: number;
}

export async function benchRooms(): Promise<readonly BenchRow[]> {
  const ours = await measure('ours');
  const bare = await measure('bare');
  const row = (name: string, unit: string, of: (figures: Figures) => number): BenchRow => ({
    name: `rooms: ${name}`,
    ours: of(ours),
    control: of(bare),
    unit,
  });
  return [
    row('an update reaches all of 10,000 event streams', 'ms', (figures) => figures.streamMs),
    row('updates to 10,000 event streams, 40 at once', 'deliveries/s', (figures) => figures.streamBurst),
    row('memory of an event stream', 'bytes', (figures) => figures.streamBytes),
    row('an update reaches 9,999 WebSockets, with one slow reader', 'ms', (figures) => figures.socketMs),
    row(
      'updates to 9,999 WebSockets, with one slow reader, 40 at once',
      'deliveries/s',
      (figures) => figures.socketBurst,
    ),
    row('memory that a slow reader costs, in a full room', 'MB', (figures) => figures.growth),
    row('a slow reader is disconnected after (0: never)', 's', (figures) => figures.secondsUntilClosed),
  ];
}

async function measure(kind: 'ours' | 'bare'): Promise<Figures> {
  const server = await start(kind);
  const empty = (await server.memory()).resident;
  const streams = await gather(server.port, subscribers, stream);
  const streamBytes = Math.round(((await server.memory()).resident - empty) / subscribers);
  const streamMs = await measureMs(server.port, streams);
  const streamBurst = await burstRate(server.port, streams, subscribers);
  streams.leave();

  // Followers that give their position get no history; the slow reader, a new viewer, gets all of it.
  const user = 'x'.repeat(requestBytes);
  for (let sent = 0; sent < historyBytes; sent += requestBytes) await put(server.port, { breaktimer: 5, user });
  const sockets = await gather(server.port, subscribers - 1, webSocket(kind));
  const before = (await server.memory()).live;
  const slowReader = await connectSlowReader(server.port);
  const connectedAt = performance.now();
  const socketMs = await measureMs(server.port, sockets);
  const socketBurst = await burstRate(server.port, sockets, subscribers - 1);
  const growth = megabytes((await server.memory()).live - before);
  const secondsUntilClosed = kind === 'ours' ? await waitUntilClosed(server.port, slowReader, connectedAt) : 0;
  if (kind === 'ours') await readWholeRoom(server.port);
  slowReader.destroy();
  sockets.leave();
  server.stop();
  return { streamMs, streamBurst, streamBytes, socketMs, socketBurst, growth, secondsUntilClosed };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 100_000) / 10;
}

async function start(kind: string): Promise<Server> {
  const file = fileURLToPath(new URL('rooms-server.ts', import.meta.url));
  const child = fork(file, [kind], { execArgv: ['--expose-gc', '--import', 'tsx'] });
  const [{ port }] = await once(child, 'message');
  return {
    port,
    async memory() {
      child.send('memory');
      const [memory] = await once(child, 'message');
      return memory;
    },
    stop: () => void child.kill(),
  };
}

/** Spread over loopback addresses, so that ports do not run out. */
function dial(port: number, at: number): Socket {
  return connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + Math.floor(at / 2_500)}`, noDelay: true });
}

/** The start of a subscriber's connection: a request, and a message after the response. */
interface Opening {
  readonly head: string;
  readonly message: Buffer;
  /** Text in the answer to the message, or to the request if there is no message. */
  readonly ready: string;
}

const stream: Opening = {
  head: 'GET /room/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  message: Buffer.alloc(0),
  ready: 'INITIAL_HISTORY',
};

function webSocket(kind: 'ours' | 'bare'): Opening {
  const seq = kind === 'ours' ? historySteps() : 0;
  const text = Buffer.from(JSON.stringify({ type: 'subscribe', channel: 'mob/room', seq }));
  return {
    head:
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    // A client's frame of less than 126 bytes, masked with zeros.
    message: Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]),
    ready: '"type":"changes"',
  };
}

/** The room's position when the WebSockets connect: one step for each earlier request. */
function historySteps(): number {
  return updates + burst + Math.ceil(historyBytes / requestBytes);
}

/** Connects `count` subscribers and waits until each has received `ready`. */
async function gather(port: number, count: number, { head, message, ready }: Opening): Promise<Crowd> {
  const sockets: Socket[] = [];
  let received = 0;
  let target = Number.POSITIVE_INFINITY;
  let onTarget: () => void = () => undefined;
  const join = (at: number) =>
    new Promise<void>((resolve, reject) => {
      const socket = dial(port, at);
      let waiting = true;
      socket.once('data', () => socket.write(message));
      socket.on('data', (chunk) => {
        if (waiting && chunk.includes(ready)) {
          waiting = false;
          resolve();
        }
        for (let found = chunk.indexOf(mark); found !== -1; found = chunk.indexOf(mark, found + 1)) received += 1;
        if (received >= target) onTarget();
      });
      socket.on('error', reject);
      socket.write(head);
      sockets.push(socket);
    });
  for (let at = 0; at < count; at += 250) {
    await Promise.all(Array.from({ length: Math.min(250, count - at) }, (_, next) => join(at + next)));
  }
  return {
    receive: (more) =>
      new Promise((resolve) => {
        target = received + more * count;
        onTarget = () => {
          target = Number.POSITIVE_INFINITY;
          resolve();
        };
      }),
    leave() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function put(port: number, body: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const outgoing = request({ port, host: '127.0.0.1', method: 'PUT', path: '/room', headers }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 202) resolve();
        else reject(new Error(`PUT: ${response.statusCode}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

/** Median milliseconds from the request until the last subscriber has the update. */
async function measureMs(port: number, crowd: Crowd): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < updates; at += 1) {
    const all = crowd.receive(1);
    const began = performance.now();
    await Promise.all([all, put(port, { breaktimer: 5, user: '~' })]);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return Math.round((times[Math.floor(updates / 2)] ?? 0) * 10) / 10;
}

async function burstRate(port: number, crowd: Crowd, count: number): Promise<number> {
  const all = crowd.receive(burst);
  const began = performance.now();
  await Promise.all([all, ...Array.from({ length: burst }, () => put(port, { breaktimer: 5, user: '~' }))]);
  return Math.round((burst * count * 1_000) / (performance.now() - began));
}

/** Connects a viewer that reads nothing after the beginning of the stream. */
async function connectSlowReader(port: number): Promise<Socket> {
  const socket = dial(port, subscribers);
  socket.write(stream.head);
  await once(socket, 'readable');
  return socket;
}

/** Waits until the hub counts no viewer. Returns the seconds since `since`. */
async function waitUntilClosed(port: number, slowReader: Socket, since: number): Promise<number> {
  slowReader.on('error', () => undefined);
  const frontPage = dial(port, 0);
  frontPage.write('GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  for await (const chunk of frontPage) if (/ACTIVE_USERS_UPDATE\ndata:0\n/.test(String(chunk))) break;
  frontPage.destroy();
  return Math.round((performance.now() - since) / 100) / 10;
}

/** Connects a viewer that reads, and waits until it has received the whole room with the newest request. */
async function readWholeRoom(port: number): Promise<void> {
  const socket = dial(port, 1);
  socket.write(stream.head);
  let text = '';
  for await (const chunk of socket) {
    text = (text + String(chunk)).slice(-1_000);
    if (/event:TIMER_REQUEST\ndata:\{"timer":5,"requested":"[^"]+","user":"~"[\s\S]*event:GOAL_REQUEST/.test(text))
      break;
  }
  socket.destroy();
}
