// The client side of the benchmarks: starts server processes and opens thousands of WebSockets. The clients work on raw sockets, because
// the cost of full clients would hide that of the servers. They recognise a message by a mark in it and do not parse frames.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Usage } from './servers.ts';

/** Of the mark in every published message. */
const markByte = 0x7e;

/** The hub, and the controls: bare uWebSockets.js, bare ws, and bare ws that makes the frame of a published text once. */
export type ServerKind = 'ours' | 'bare' | 'ws' | 'ws, frames made once';

export interface Server {
  readonly kind: ServerKind;
  readonly port: number;
  /** @param collect whether garbage is collected first */
  usage(collect?: boolean): Promise<Usage>;
  stop(): Promise<void>;
}

/** @param options for `ours` environment variables; for `bare` `file`, the database that it commits to */
export async function start(kind: ServerKind, options: Record<string, string>): Promise<Server> {
  const file = fileURLToPath(new URL('servers.ts', import.meta.url));
  const profile = process.env['BENCH_PROFILE'];
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}-${kind}`];
  const base = { HORAI_PORT: '0', HORAI_KRONOS_PORT: '0', HORAI_ENGINE: 'uws' };
  const child = fork(file, [JSON.stringify({ kind, options: { ...base, ...options } })], {
    execArgv: ['--expose-gc', ...flags, '--import', 'tsx'],
  });
  let stopping = false;
  child.once('exit', (code) => {
    if (!stopping) throw new Error(`the ${kind} server ended with ${code}`);
  });
  const [{ port }] = await once(child, 'message');
  return {
    kind,
    port,
    async usage(collect = false) {
      child.send(collect);
      const [usage] = await once(child, 'message');
      return usage;
    },
    async stop() {
      stopping = true;
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}

/** Waits until the server was almost idle for half a second. */
export async function settled(server: Server): Promise<void> {
  for (;;) {
    const { cpu } = await server.usage();
    await new Promise((resolve) => setTimeout(resolve, 500));
    if ((await server.usage()).cpu - cpu < 10_000) return;
  }
}

/** A client's frame, masked with zeros. */
export function frame(text: string): Buffer {
  const body = Buffer.from(text);
  const { length } = body;
  const head =
    length < 126
      ? [0x81, 0x80 | length, 0, 0, 0, 0]
      : length < 65_536
        ? [0x81, 0xfe, length >> 8, length & 255, 0, 0, 0, 0]
        : [
            0x81,
            0xff,
            0,
            0,
            0,
            0,
            (length >> 24) & 255,
            (length >> 16) & 255,
            (length >> 8) & 255,
            length & 255,
            0,
            0,
            0,
            0,
          ];
  return Buffer.concat([Buffer.from(head), body]);
}

export const handshake = Buffer.from(
  'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
);

/** One read buffer for all sockets: each read is processed before the next one. */
const shared = Buffer.alloc(262_144);
let dialled = 0;

/** Connects from one of many loopback addresses, so that ports do not run out. A failed connection ends the benchmark. */
export function dial(port: number, onBytes: (bytes: Buffer) => void): Socket {
  dialled += 1;
  const socket = connect({
    port,
    host: '127.0.0.1',
    localAddress: `127.0.0.${2 + (dialled % 200)}`,
    noDelay: true,
    onread: {
      buffer: shared,
      callback(length) {
        onBytes(shared.subarray(0, length));
        return true;
      },
    },
  });
  socket.on('error', (error) => {
    throw error;
  });
  return socket;
}

/** One client that sends requests and reads the answers. */
export interface Asker {
  /** Resolves with everything read since, when `count` answers have arrived. */
  ask(bytes: Buffer, count?: number): Promise<string>;
  leave(): void;
}

/** @param isAnswer a text that every answer contains once */
export async function asker(port: number, isAnswer: string): Promise<Asker> {
  let text = '';
  let target = 1;
  let answered: () => void = () => undefined;
  const socket = dial(port, (bytes) => {
    text += bytes.toString('latin1');
    if (text.split(isAnswer).length > target) answered();
  });
  const ask = (bytes: Buffer, count = 1): Promise<string> =>
    new Promise((resolve) => {
      text = '';
      target = count;
      answered = () => resolve(text);
      socket.write(bytes);
    });
  await new Promise<void>((resolve) => {
    socket.write(handshake);
    const poll = () => (text.includes('\r\n\r\n') ? resolve() : setImmediate(poll));
    poll();
  });
  return { ask, leave: () => socket.destroy() };
}

export interface Crowd {
  readonly count: number;
  readonly sockets: readonly Socket[];
  /** Resolves when each has received `more` further messages with a mark. */
  receive(more: number): Promise<void>;
  /** Sets a handler that gets all bytes from now on. Marks are no longer counted. */
  onBytes(read: (at: number, bytes: Buffer) => void): void;
  leave(): void;
}

/**
 * Connects `count` clients and waits until each has received `ready`.
 * @param hello the first bytes of each client after the handshake
 * @param atOnce the number of clients that connect concurrently
 */
export async function gather(
  port: number,
  count: number,
  hello: (at: number) => Buffer,
  ready: string,
  atOnce = 500,
): Promise<Crowd> {
  const sockets: Socket[] = [];
  let received = 0;
  let target = Number.POSITIVE_INFINITY;
  let onTarget: () => void = () => undefined;
  let handler: ((at: number, bytes: Buffer) => void) | undefined;
  const join = (at: number) =>
    new Promise<void>((resolve) => {
      let waiting = true;
      let beginning = '';
      let greeted = false;
      const socket = dial(port, (bytes) => {
        if (waiting) {
          beginning = beginning.slice(-200) + bytes.toString('latin1');
          if (!greeted && beginning.includes('\r\n\r\n')) {
            // uWebSockets.js drops frames that arrive with the handshake, so `hello` waits for its response.
            greeted = true;
            socket.write(hello(at));
          }
          if (beginning.includes('"success":false')) throw new Error(beginning);
          if (!beginning.includes(ready)) return;
          waiting = false;
          beginning = '';
          resolve();
          return;
        }
        if (handler !== undefined) {
          handler(at, bytes);
          return;
        }
        for (let found = bytes.indexOf(markByte); found !== -1; found = bytes.indexOf(markByte, found + 1))
          received += 1;
        if (received >= target) onTarget();
      });
      socket.write(handshake);
      sockets.push(socket);
    });
  for (let at = 0; at < count; at += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, count - at) }, (_, next) => join(at + next)));
  }
  return {
    count,
    sockets,
    receive: (more) =>
      new Promise((resolve) => {
        target = received + more * count;
        onTarget = () => {
          target = Number.POSITIVE_INFINITY;
          resolve();
        };
      }),
    onBytes(read) {
      handler = read;
    },
    leave() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
