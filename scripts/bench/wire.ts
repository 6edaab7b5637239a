// The clients' side of the benchmarks: server processes to talk to and crowds of WebSockets by hand, as cheap as Node can make
// them, because what they cost hides what the servers cost. A message is recognised by a mark in it, not by its frame.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Usage } from './servers.ts';

/** In every published message once, and in nothing else. */
export const mark = '~';
const markByte = 0x7e;

export interface Server {
  readonly kind: 'ours' | 'bare';
  readonly port: number;
  /** @param collect whether garbage is collected first */
  usage(collect?: boolean): Promise<Usage>;
  stop(): Promise<void>;
}

/** @param options the hub's environment; of the bare server `file`, the database that it commits to */
export async function start(kind: Server['kind'], options: Record<string, string>): Promise<Server> {
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

/** Waits until the server has done next to nothing for half a second. */
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

/** One for all: what is read is looked at before the next read. */
const shared = Buffer.alloc(262_144);
let dialled = 0;

/** Spread over loopback addresses, so that ports do not run out. A connection that fails ends the benchmark. */
export function dial(port: number, heard: (bytes: Buffer) => void): Socket {
  dialled += 1;
  const socket = connect({
    port,
    host: '127.0.0.1',
    localAddress: `127.0.0.${2 + (dialled % 200)}`,
    noDelay: true,
    onread: {
      buffer: shared,
      callback(length) {
        heard(shared.subarray(0, length));
        return true;
      },
    },
  });
  socket.on('error', (error) => {
    throw error;
  });
  return socket;
}

/** One client that asks and is answered: an answer is whatever comes next. */
export interface Asker {
  /** Resolves with what is read once `count` answers have come since. */
  ask(bytes: Buffer, count?: number): Promise<string>;
  leave(): void;
}

/** @param isAnswer what every answer has in it once */
export async function asker(port: number, isAnswer: string): Promise<Asker> {
  let text = '';
  let wanted = 1;
  let answered: () => void = () => undefined;
  const socket = dial(port, (bytes) => {
    text += bytes.toString('latin1');
    if (text.split(isAnswer).length > wanted) answered();
  });
  const ask = (bytes: Buffer, count = 1): Promise<string> =>
    new Promise((resolve) => {
      text = '';
      wanted = count;
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
  /** Resolves when each has had `more` marked messages more. */
  hears(more: number): Promise<void>;
  /** From now on whatever one of them reads is for this, and marks are not looked for. */
  answered(read: (at: number, bytes: Buffer) => void): void;
  leave(): void;
}

/**
 * Connects them all and waits until each has been sent `ready`.
 * @param hello what each says first, after the handshake
 * @param atOnce how many may be on their way in; all of them in a storm
 */
export async function gather(
  port: number,
  count: number,
  hello: (at: number) => Buffer,
  ready: string,
  atOnce = 500,
): Promise<Crowd> {
  const sockets: Socket[] = [];
  let heard = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let tell: () => void = () => undefined;
  let taken: ((at: number, bytes: Buffer) => void) | undefined;
  const join = (at: number) =>
    new Promise<void>((resolve) => {
      let waiting = true;
      let begun = '';
      let greeted = false;
      const socket = dial(port, (bytes) => {
        if (waiting) {
          begun = begun.slice(-200) + bytes.toString('latin1');
          if (!greeted && begun.includes('\r\n\r\n')) {
            // uWebSockets.js forgets frames that come with the handshake, before its answer.
            greeted = true;
            socket.write(hello(at));
          }
          if (begun.includes('"success":false')) throw new Error(begun);
          if (!begun.includes(ready)) return;
          waiting = false;
          begun = '';
          resolve();
          return;
        }
        if (taken !== undefined) {
          taken(at, bytes);
          return;
        }
        for (let found = bytes.indexOf(markByte); found !== -1; found = bytes.indexOf(markByte, found + 1)) heard += 1;
        if (heard >= wanted) tell();
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
    hears: (more) =>
      new Promise((resolve) => {
        wanted = heard + more * count;
        tell = () => {
          wanted = Number.POSITIVE_INFINITY;
          resolve();
        };
      }),
    answered(read) {
      taken = read;
    },
    leave() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
