// 10,000 subscribers in one mob-timer room: how long an update takes to reach the last of them, what they cost, and what one
// of them who never reads costs the others. Each beside bare uWebSockets.js (rooms-server.ts) in the same call.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from './store.ts';

const subscribers = 10_000;
const updates = 25;
const burst = 40;
/** In every update once, and in nothing else. */
const mark = 0x7e;
/** What the room remembers when the sleeper comes: more than the system's buffers of one connection hold. */
const historyBytes = 12_000_000;
const requestBytes = 200_000;

interface Server {
  readonly port: number;
  /** Bytes, after a collection of garbage: the process', and those in use by JavaScript. */
  memory(): Promise<{ readonly resident: number; readonly live: number }>;
  stop(): void;
}

interface Crowd {
  /** Resolves when each has had `more` updates more. */
  hears(more: number): Promise<void>;
  leave(): void;
}

interface Figures {
  readonly streamMs: number;
  readonly streamBurst: number;
  readonly streamBytes: number;
  readonly socketMs: number;
  readonly socketBurst: number;
  readonly growth: number;
  readonly asleepSeconds: number;
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
    row('an update reaches all of 9,999 WebSockets beside a sleeper', 'ms', (figures) => figures.socketMs),
    row('updates to 9,999 WebSockets beside a sleeper, 40 at once', 'deliveries/s', (figures) => figures.socketBurst),
    row('memory that a sleeper costs, of a room of 12 MB', 'MB', (figures) => figures.growth),
    row('a sleeper is let go after (0: never)', 's', (figures) => figures.asleepSeconds),
  ];
}

async function measure(kind: 'ours' | 'bare'): Promise<Figures> {
  const server = await start(kind);
  const empty = (await server.memory()).resident;
  const streams = await gather(server.port, subscribers, stream);
  const streamBytes = Math.round(((await server.memory()).resident - empty) / subscribers);
  const streamMs = await timed(server.port, streams);
  const streamBurst = await burstRate(server.port, streams, subscribers);
  streams.leave();

  // Followers that were there before need nothing of the past; the sleeper, who comes anew, is sent all of it.
  const user = 'x'.repeat(requestBytes);
  for (let sent = 0; sent < historyBytes; sent += requestBytes) await put(server.port, { breaktimer: 5, user });
  const sockets = await gather(server.port, subscribers - 1, webSocket(kind));
  const before = (await server.memory()).live;
  const sleeper = await sleep(server.port);
  const slept = performance.now();
  const socketMs = await timed(server.port, sockets);
  const socketBurst = await burstRate(server.port, sockets, subscribers - 1);
  const growth = megabytes((await server.memory()).live - before);
  const asleepSeconds = kind === 'ours' ? await letGo(server.port, sleeper, slept) : 0;
  if (kind === 'ours') await comeBack(server.port);
  sleeper.destroy();
  sockets.leave();
  server.stop();
  return { streamMs, streamBurst, streamBytes, socketMs, socketBurst, growth, asleepSeconds };
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

/** What a subscriber sends: its request, and once that is answered what it has to say. */
interface Opening {
  readonly head: string;
  readonly say: Buffer;
  /** In the answer to it. */
  readonly ready: string;
}

const stream: Opening = {
  head: 'GET /room/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  say: Buffer.alloc(0),
  ready: 'INITIAL_HISTORY',
};

function webSocket(kind: 'ours' | 'bare'): Opening {
  const seq = kind === 'ours' ? historySteps() : 0;
  const text = Buffer.from(JSON.stringify({ type: 'subscribe', channel: 'mob/room', seq }));
  return {
    head:
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    // A client's frame: under 126 bytes, masked with zeros.
    say: Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]),
    ready: '"type":"changes"',
  };
}

/** Where the room stands when the WebSockets come: one step for each request before. */
function historySteps(): number {
  return updates + burst + Math.ceil(historyBytes / requestBytes);
}

/** Connects them all and waits until each has had its answer. */
async function gather(port: number, count: number, { head, say, ready }: Opening): Promise<Crowd> {
  const sockets: Socket[] = [];
  let heard = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let tell: () => void = () => undefined;
  const join = (at: number) =>
    new Promise<void>((resolve, reject) => {
      const socket = dial(port, at);
      let waiting = true;
      socket.once('data', () => socket.write(say));
      socket.on('data', (chunk) => {
        if (waiting && chunk.includes(ready)) {
          waiting = false;
          resolve();
        }
        for (let found = chunk.indexOf(mark); found !== -1; found = chunk.indexOf(mark, found + 1)) heard += 1;
        if (heard >= wanted) tell();
      });
      socket.on('error', reject);
      socket.write(head);
      sockets.push(socket);
    });
  for (let at = 0; at < count; at += 250) {
    await Promise.all(Array.from({ length: Math.min(250, count - at) }, (_, next) => join(at + next)));
  }
  return {
    hears: (more) =>
      new Promise((resolve) => {
        wanted = heard + more * count;
        tell = () => {
          wanted = Number.POSITIVE_INFINITY;
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
    const asking = request({ port, host: '127.0.0.1', method: 'PUT', path: '/room', headers }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 202) resolve();
        else reject(new Error(`a PUT was answered ${response.statusCode}`));
      });
    });
    asking.on('error', reject);
    asking.end(text);
  });
}

/** Median milliseconds from the request to the last subscriber's having it. */
async function timed(port: number, crowd: Crowd): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < updates; at += 1) {
    const all = crowd.hears(1);
    const began = performance.now();
    await Promise.all([all, put(port, { breaktimer: 5, user: '~' })]);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return Math.round((times[Math.floor(updates / 2)] ?? 0) * 10) / 10;
}

async function burstRate(port: number, crowd: Crowd, count: number): Promise<number> {
  const all = crowd.hears(burst);
  const began = performance.now();
  await Promise.all([all, ...Array.from({ length: burst }, () => put(port, { breaktimer: 5, user: '~' }))]);
  return Math.round((burst * count * 1_000) / (performance.now() - began));
}

/** A viewer that is sent the room and never reads on. */
async function sleep(port: number): Promise<Socket> {
  const socket = dial(port, subscribers);
  socket.write(stream.head);
  await once(socket, 'readable');
  return socket;
}

/** Seconds until the hub counts no viewer any more. */
async function letGo(port: number, sleeper: Socket, since: number): Promise<number> {
  sleeper.on('error', () => undefined);
  const front = dial(port, 0);
  front.write('GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  for await (const chunk of front) if (/ACTIVE_USERS_UPDATE\ndata:0\n/.test(String(chunk))) break;
  front.destroy();
  return Math.round((performance.now() - since) / 100) / 10;
}

/** The sleeper again, awake: it is sent the whole room, down to the newest request. */
async function comeBack(port: number): Promise<void> {
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
