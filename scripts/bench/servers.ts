// The servers that the benchmarks measure. Each runs in a process of its own, so that it has a core of its own: this hub, started by
// `compose`, and a control of bare uWebSockets.js without channels, accounts and protection from slow readers. They report their port,
// and on request their use of processor and memory. The other files of this folder drive them.

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { configure } from '../../server/config.ts';
import { frameText } from '../../server/transport/websocket-frame.ts';
import { startUnlimited } from './start-unlimited.ts';

/** The resource use of this process, which the parent process requests. */
export interface Usage {
  /** Microseconds of processor time since the start, all threads. */
  readonly cpu: number;
  /** Bytes, after garbage collection if requested. */
  readonly resident: number;
  readonly heap: number;
}

async function ours(env: Record<string, string>): Promise<number> {
  const configured = configure({ env, platform: process.platform, home: '/' });
  if (!configured.ok) throw new Error(configured.errors.join(' '));
  const composed = await startUnlimited(configured.config);
  return Number(new URL(composed.url).port);
}

/** A server without channels, accounts and protection from slow readers. */
interface BareSocket {
  send(text: string): void;
  subscribe(topic: string): void;
}

type Publish = (topic: string, text: string) => void;

const ack = JSON.stringify({
  success: true,
  type: 'ack',
  ref: 1,
  seq: 100_000,
  epoch: 'x'.repeat(20),
  key: 'x'.repeat(20),
});

/** The first letter of a text is its command: a minimal protocol with which all servers send the same bytes. */
async function bareProtocol(file: string, publish: Publish): Promise<(socket: BareSocket, command: string) => void> {
  const engine = file === '' ? undefined : await (await import('./bare-sqlite.ts')).openBare(file, 'all');
  let page = '';
  let keys = 0;
  return (socket, command) => {
    const rest = command.slice(1);
    const at = rest.indexOf('\n');
    const topic = rest.slice(0, at);
    const text = rest.slice(at + 1);
    switch (command[0]) {
      // Join a topic. Also stands for a login, which joins one.
      case 'j':
        socket.subscribe(rest);
        socket.send('{"success":true,"type":"snapshot"}');
        break;
      // Publish: the topic, a newline, the text.
      case 'p':
        publish(topic, text);
        socket.send(ack);
        break;
      // Publish, after a commit to disk.
      case 'd':
        keys += 1;
        void engine?.append(0, `key-${keys}`, text).then(() => {
          publish(topic, text);
          socket.send(ack);
        });
        break;
      // A write to one of 16 channels without followers.
      case 'w':
        keys += 1;
        void engine?.append(Number.parseInt(rest, 16) >> 4, `key-${keys}`, rest).then(() => socket.send(ack));
        break;
      // Set the page that returning clients get, and a returning client.
      case 'k':
        page = rest;
        socket.send(ack);
        break;
      case 'r':
        socket.subscribe('page');
        socket.send(page);
        break;
      default:
        throw new Error(`unknown command: ${command}`);
    }
  };
}

async function bareUws(file: string): Promise<number> {
  const uws = await loadUws();
  const app = uws.App();
  const act = await bareProtocol(file, (topic, text) => void app.publish(topic, text));
  app.ws('/*', {
    maxPayloadLength: 4_194_304,
    maxBackpressure: 1_048_576,
    idleTimeout: 120,
    message: (socket, message) => act(socket, Buffer.from(message).toString()),
  });
  return new Promise((resolve, reject) => {
    app.listen('127.0.0.1', 0, (listening) => {
      if (listening) resolve(uws.us_socket_local_port(listening));
      else reject(new Error('no port'));
    });
  });
}

/** The package or path in HORAI_UWS, as for the hub; else what the hub brings. */
async function loadUws(): Promise<typeof import('uWebSockets.js')> {
  const loaded = await import(process.env['HORAI_UWS'] ?? 'uWebSockets.js');
  return 'App' in loaded ? loaded : loaded.default;
}

/** @param makesFramesOnce writes one frame of a published text to the sockets of all receivers */
async function bareWs(makesFramesOnce: boolean): Promise<number> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  const topics = new Map<string, { readonly socket: WebSocket; readonly output: Duplex }[]>();
  const act = await bareProtocol('', (topic, text) => {
    const frame = makesFramesOnce ? frameText(text) : undefined;
    for (const { socket, output } of topics.get(topic) ?? []) {
      if (frame === undefined) socket.send(text);
      else output.write(frame);
    }
  });
  server.on('connection', (socket, { socket: output }) => {
    const subscribe = (topic: string) => {
      const members = topics.get(topic) ?? [];
      members.push({ socket, output });
      topics.set(topic, members);
    };
    const bare: BareSocket = { send: (text) => socket.send(text), subscribe };
    socket.on('message', (message) => act(bare, String(message)));
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function usage(collect: boolean): Usage {
  if (collect) for (let times = 0; times < 3; times += 1) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpu: user + system, resident: rss, heap: heapUsed };
}

process.on('message', (collect: boolean) => process.send?.(usage(collect)));
// `exit` writes the profiles of BENCH_PROFILE.
process.on('disconnect', () => process.exit());
const { kind, options } = JSON.parse(process.argv[2] ?? '{}');
const start: Record<string, () => Promise<number>> = {
  ours: () => ours(options),
  bare: () => bareUws(options.file ?? ''),
  ws: () => bareWs(false),
  'ws, frames made once': () => bareWs(true),
};
process.send?.({ port: await start[kind]?.() });
