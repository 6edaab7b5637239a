// Sends hostile inputs from a seed to each port: almost valid messages, invalid frames and HTTP heads, huge and deeply nested JSON,
// fragments, half-open connections. The hub must answer each with a clear error or close the connection, must serve well-behaved clients
// as before, and must not grow. It runs as a process with a small heap limit, so that a leak shows.

import { connect, type Socket } from 'node:net';
import { decode } from '../../protocol/codec.ts';
import { errors } from '../../protocol/errors.ts';
import { requests } from '../../protocol/messages.ts';
import { replaceLoneSurrogates } from '../../protocol/well-formed.ts';
import { HubProcess, Leftovers } from '../../tests/harness/process.ts';
import { seeded } from '../../tests/harness/world.ts';
import { Client } from './client.ts';
import { freePort } from './free-port.ts';

export interface Proof {
  readonly inputs: number;
  /** The number of inputs by how they ended: `refused`, `answered` otherwise, `closed` without an answer, `left` by the client. */
  readonly ends: Readonly<Record<string, number>>;
  /** Resident memory in MiB after the first tenth of the inputs, and at the end. */
  readonly residentBefore: number;
  readonly residentAfter: number;
  readonly faults: readonly string[];
}

/** MiB by which the hub may grow after the first tenth of the inputs. */
export const growth = 48;
/** The hub's heap limit in MiB. A leak of 2 KB per input would exceed it. */
const heap = 192;
const atOnce = 60;
/** The number of half-open connections that stay for the whole run. */
const halfOpenConnections = 100;
const patienceMs = 20_000;

const owner = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const fence = '{"type":"ping","ref":"fence"}';

type Random = () => number;
const below = (random: Random, limit: number) => Math.floor(random() * limit);
function pick<T>(random: Random, values: readonly [T, ...T[]]): T {
  return values[below(random, values.length)] ?? values[0];
}

/** One input: its bytes, and how to judge the answer. */
interface Input {
  readonly way: 'web' | 'tcp';
  /** Sent first. The bytes follow after the response, because frames before it are a protocol error. */
  readonly handshake?: Buffer;
  readonly bytes: Buffer;
  /** True if the received bytes are a complete answer. Otherwise the hub must send more or close the connection. */
  readonly isAnswered: (received: Buffer) => boolean;
  /** Returns the fault of the received bytes, if any. */
  readonly judge: (received: Buffer) => string | undefined;
  /** After the last byte the client keeps the connection open, ends its side, or disconnects at once (an incomplete input). */
  readonly manner: 'stays' | 'ends' | 'leaves';
}

export async function proveHostile(inputs: number, seed: number, print: (line: string) => void): Promise<Proof> {
  const halves = await Promise.all(
    (['uws', 'ws'] as const).map((engine, at) => proveOn(engine, Math.ceil(inputs / 2), seed + at, print)),
  );
  const [one, other] = halves;
  if (one === undefined || other === undefined) throw new Error('two engines, two halves');
  const ends = Object.fromEntries(
    [...new Set([...Object.keys(one.ends), ...Object.keys(other.ends)])].map((end) => [
      end,
      (one.ends[end] ?? 0) + (other.ends[end] ?? 0),
    ]),
  );
  return {
    inputs: one.inputs + other.inputs,
    ends,
    residentBefore: Math.max(one.residentBefore, other.residentBefore),
    residentAfter: Math.max(one.residentAfter, other.residentAfter),
    faults: [...one.faults, ...other.faults],
  };
}

async function proveOn(
  engine: 'uws' | 'ws',
  inputs: number,
  seed: number,
  print: (line: string) => void,
): Promise<Proof> {
  const random = seeded(seed);
  const leftovers = new Leftovers();
  const faults: string[] = [];
  const ends: Record<string, number> = {};
  try {
    const kronos = await freePort();
    const hub = new HubProcess(leftovers, {
      HORAI_DATA: leftovers.folder(),
      HORAI_OWNER_TOKEN: owner,
      HORAI_ENGINE: engine,
      HORAI_HOSTS: 'hub.example.org',
      HORAI_KRONOS_PORT: String(kronos),
      HORAI_LOG: 'warn',
      NODE_OPTIONS: `--max-old-space-size=${heap}`,
    });
    let hasEnded = false;
    void hub.ended.then(() => {
      hasEnded = true;
    });
    const url = await hub.up();
    const ports = { web: Number(new URL(url).port), tcp: kronos };
    const secret = await tokenOf(url);
    const sockets = openHalf(ports, random);
    const mebi = () => Math.round(hub.resident / 1_048_576);
    const warm = Math.ceil(inputs / 10);
    let residentBefore = 0;
    let done = 0;
    const sendUntil = async (last: number) => {
      while (done < last && !hasEnded) {
        done += 1;
        if (done % 5_000 === 0) print(`${engine}: ${done} inputs, ${mebi()} MiB, ${faults.length} faults`);
        const input = make(random, secret, ports.web);
        const { end, fault } = await sendInput(ports[input.way], input);
        ends[end] = (ends[end] ?? 0) + 1;
        if (fault !== undefined && !hasEnded) faults.push(`${engine}: ${fault}`);
      }
    };
    const sendTo = (last: number) => Promise.all(Array.from({ length: atOnce }, () => sendUntil(last)));
    await sendTo(warm);
    if (!hasEnded) {
      await checkService(url, kronos, secret, engine, faults);
      await waitForCleanup();
      residentBefore = mebi();
    }
    await sendTo(inputs);
    if (hasEnded) faults.push(`${engine}: the hub ended: ${(await hub.ended).err.slice(-1_000)}`);
    else await checkService(url, kronos, secret, engine, faults);
    for (const socket of sockets) socket.destroy();
    if (!hasEnded) await waitForCleanup();
    const residentAfter = hasEnded ? 0 : mebi();
    if (residentAfter > residentBefore + growth)
      faults.push(`${engine}: grew from ${residentBefore} to ${residentAfter} MiB`);
    hub.signal('SIGTERM');
    const { err, code } = await hub.ended;
    if (!hasEnded && code !== 0) faults.push(`${engine}: the hub ended with ${code}`);
    for (const line of err.split('\n').filter((one) => /"level":[5-9]\d/.test(one)))
      faults.push(`${engine}: the hub logged ${line.slice(0, 500)}`);
    return { inputs, ends, residentBefore, residentAfter, faults };
  } finally {
    await leftovers.clear();
  }
}

/** Waits a moment for the engine to free closed connections: it reports no event for that. */
function waitForCleanup(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 3_000));
}

async function tokenOf(url: string): Promise<string> {
  const admin = await Client.webSocket(url);
  await admin.ask({ type: 'login', user_id: owner });
  const made = await admin.ask({ type: 'account', name: 'guest' });
  admin.cut();
  return made !== undefined && 'secret' in made ? String(made.secret) : '';
}

/** Connections that begin something, on each way in, and never end it. */
function openHalf(ports: { web: number; tcp: number }, random: Random): Socket[] {
  return Array.from({ length: halfOpenConnections }, () => {
    const beginning = pick(random, [
      '',
      'G',
      'GET / HTTP/1.1\r\nHost: 127',
      '{"type":"login","user_id":"',
      upgradeText('127.0.0.1').slice(0, 90),
    ]);
    const socket = connect(random() < 0.5 ? ports.web : ports.tcp, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(beginning);
    return socket;
  });
}

/** Checks that well-behaved clients are served, over HTTP, WebSocket and raw TCP. */
async function checkService(
  url: string,
  kronos: number,
  secret: string,
  engine: string,
  faults: string[],
): Promise<void> {
  const health = await fetch(`${url}-/health`);
  if (health.status !== 200) faults.push(`${engine}: health is ${health.status}`);
  await health.text();
  for (const client of [await Client.webSocket(url), await Client.tcp(kronos)]) {
    const login = await client.ask({ type: 'login', user_id: secret, device_id: '' });
    const made = await client.ask({ type: 'create', channel: 'good', item: 1 });
    const read = await client.ask({ type: 'read-all', channel: 'good' });
    if (!login?.success || !made?.success || !read?.success)
      faults.push(`${engine}: a well-behaved client is not served`);
    client.cut();
  }
  const admin = await fetch(`${url}-/metrics`, { headers: { authorization: `Bearer ${owner}` } });
  const metrics = await admin.text();
  const uncaught = /^horai_faults_total (\d+)/m.exec(metrics)?.[1];
  if (uncaught !== '0') faults.push(`${engine}: ${uncaught} uncaught exceptions`);
}

/** Sends an input on a new connection. Resolves with how it ended. */
function sendInput(port: number, input: Input): Promise<{ end: string; fault?: string }> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const chunks: Buffer[] = [];
    let [over, isOpen] = [false, input.handshake === undefined];
    const finish = (end: string, fault?: string) => {
      if (over) return;
      over = true;
      clearTimeout(late);
      socket.destroy();
      const details = JSON.stringify([head(input.bytes), input.bytes.length, head(Buffer.concat(chunks))]);
      resolve(fault === undefined ? { end } : { end, fault: `${fault}: ${details}` });
    };
    const late = setTimeout(() => finish('timed out', 'neither answered nor closed'), patienceMs);
    const judge = () => {
      const received = Buffer.concat(chunks);
      const fault = input.judge(received);
      const end =
        received.length === 0
          ? 'closed'
          : /"success":false|HTTP\/1\.1 [45]/.test(received.toString('latin1'))
            ? 'refused'
            : 'answered';
      finish(end, fault);
    };
    socket.on('error', () => undefined);
    const write = () =>
      socket.write(input.bytes, () => {
        if (input.manner === 'leaves') finish('left');
        else if (input.manner === 'ends') socket.end();
      });
    socket.on('data', (chunk) => {
      chunks.push(Buffer.from(chunk));
      if (!isOpen && Buffer.concat(chunks).includes('\r\n\r\n')) {
        isOpen = true;
        write();
      }
      if (input.isAnswered(Buffer.concat(chunks))) judge();
    });
    socket.on('close', () => judge());
    if (input.handshake === undefined) write();
    else socket.write(input.handshake);
  });
}

const head = (bytes: Buffer) => bytes.toString('latin1', 0, 300);

function make(random: Random, secret: string, port: number): Input {
  const kind = random();
  if (kind < 0.3) return message(random, secret, port, 'web');
  if (kind < 0.5) return message(random, secret, port, 'tcp');
  if (kind < 0.65) return frames(random, port);
  if (kind < 0.75) return stream(random);
  return request(random, port);
}

// Almost valid messages.

const oddValues: readonly [string, ...string[]] = [
  ...[
    'null',
    '-1',
    '1.5',
    '1e400',
    '9007199254740993',
    'NaN',
    'true',
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"__proto__"',
    '"constructor"',
  ],
  ...[
    '[]',
    '{}',
    '[[[[[[]]]]]]',
    '{"__proto__":{"x":1}}',
    '{"toString":1}',
    '"@hub/tokens"',
    '"../../etc/passwd"',
    '"owner/tasks"',
    '"*"',
    '"mob/*"',
  ],
] as [string, ...string[]];
const insertions: readonly [string, ...string[]] = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\0',
  '\u{feff}',
  '€',
  '😀',
  '\n',
  '\\ud800',
  '{"type":"ping"}',
  ' ',
];
const types = Object.keys(requests) as [string, ...string[]];
/** Fields of requests. The guest has no administrator's rights, so no input creates tokens or ends sessions. */
const fields: readonly [string, ...string[]] = [
  ...[
    'channel',
    'key',
    'item',
    'task',
    'tasks',
    'task_id',
    'task_index',
    'items',
    'data',
    'seq',
    'epoch',
    'at',
    'before',
    'limit',
    'to',
  ],
  ...[
    'from',
    'time',
    'end',
    'base',
    'write_id',
    'user_id',
    'device_id',
    'version',
    'name',
    'token',
    'session',
    'account',
    'scopes',
    '__proto__',
  ],
] as [string, ...string[]];

function text(random: Random): string {
  const way = random();
  if (way < 0.02) return bomb(random);
  const pairs = Array.from({ length: below(random, 5) }, () => `"${pick(random, fields)}":${pick(random, oddValues)}`);
  let message = `{${[`"type":${random() < 0.95 ? `"${pick(random, types)}"` : pick(random, oddValues)}`, ...pairs].join()}}`;
  if (way < 0.5) return message;
  for (let times = 1 + below(random, 3); times > 0; times -= 1) {
    const at = below(random, message.length + 1);
    const cut = below(random, 4);
    if (cut === 0) message = message.slice(0, at) + pick(random, insertions) + message.slice(at);
    else if (cut === 1) message = message.slice(0, at) + message.slice(at + 1 + below(random, 5));
    else if (cut === 2) message = message.slice(0, at);
    else message = message + message.slice(at);
  }
  return message;
}

function bomb(random: Random): string {
  const size = 10 ** (3 + below(random, 3));
  return pick(random, [
    () => `{"type":"create","item":${'['.repeat(size)}${']'.repeat(size)}}`,
    () => `{"type":"create","item":${'{"a":'.repeat(size)}1${'}'.repeat(size)}}`,
    () => `{"type":"create","item":{${Array.from({ length: 20_000 }, (_, at) => `"${at}":1`).join()}}}`,
    () => `{"type":"create","item":"${'x'.repeat(2_000_000)}"}`,
    () => `{"type":"${'x'.repeat(size)}"}`,
    () => `{"type":"create","channel":"${'c'.repeat(size)}","key":"${'k'.repeat(size)}","item":1}`,
    () => `{"type":"create","item":${'9'.repeat(size)}}`,
    () => `{"type":"write-all","tasks":[${'{},'.repeat(20_000)}{}]}`,
    () => `{"type":"create","item":"${'\\u0000'.repeat(size)}"}`,
  ])();
}

const codes = new Set<string>(Object.keys(errors));

/** One message, with or without a login before it, and a ping after it as a fence. */
function message(random: Random, secret: string, port: number, way: 'web' | 'tcp'): Input {
  const hostile = text(random);
  const login = random() < 0.5 ? [`{"type":"login","user_id":"${secret}","device_id":""}`] : [];
  const bytes = Buffer.from(hostile);
  const expected = bytes.length > 1_048_576 ? undefined : decode(replaceLoneSurrogates(bytes.toString()));
  const judge = (received: Buffer) => {
    const answers = way === 'web' ? texts(received) : received.toString().split('\n');
    const refusals = answers.flatMap((one) => {
      const read = parseLine(one);
      return read?.['success'] === false ? [read] : [];
    });
    for (const { code } of refusals) if (typeof code !== 'string' || !codes.has(code)) return `refused with ${code}`;
    if (refusals.some(({ code }) => code === 'broken')) return 'an internal error';
    // On raw TCP, an incomplete object continues in the next text, so no particular error can be expected.
    if (way === 'tcp' || expected === undefined || expected.ok || expected.code === 'too_large') return undefined;
    const isExpected = refusals.some(({ error }) => error === expected.error || error === 'too many requests');
    return isExpected ? undefined : `should be refused with ${expected.error}`;
  };
  if (way === 'web') {
    const frames = [...login, hostile, fence].map((one) => frame(random, 1, Buffer.from(one)));
    const isAnswered = (received: Buffer) =>
      closes(received) || texts(received).some((one) => one.includes('"ref":"fence"'));
    return { way, handshake: upgrade(port), bytes: Buffer.concat(frames), isAnswered, judge, manner: 'stays' };
  }
  const isAnswered = (received: Buffer) => received.includes('"ref":"fence"');
  const wire = Buffer.from([...login, hostile].join(random() < 0.5 ? '' : '\n'));
  const whole = Buffer.concat([wire, Buffer.from(random() < 0.5 ? fence : `\n${fence}\n`)]);
  return { way, bytes: whole, isAnswered, judge, manner: 'ends' };
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

// Frames.

function upgradeText(host: string): string {
  return `GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`;
}

const upgrade = (port: number) => Buffer.from(upgradeText(`127.0.0.1:${port}`));

interface FrameFaults {
  readonly first?: number;
  readonly length?: number;
  readonly masked?: boolean;
}

function frame(random: Random, opcode: number, payload: Buffer, faults: FrameFaults = {}): Buffer {
  const { first = 0x80 | opcode, length = payload.length, masked = true } = faults;
  const mask = masked ? 0x80 : 0;
  const start = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  start[0] = first;
  if (length < 126) start[1] = mask | length;
  else if (length < 65_536) {
    start[1] = mask | 126;
    start.writeUInt16BE(length, 2);
  } else {
    start[1] = mask | 127;
    start.writeBigUInt64BE(BigInt(length), 2);
  }
  if (!masked) return Buffer.concat([start, payload]);
  const key = Buffer.from([below(random, 256), below(random, 256), below(random, 256), below(random, 256)]);
  const hidden = Buffer.from(payload);
  for (let at = 0; at < hidden.length; at += 1) hidden[at] = (hidden[at] ?? 0) ^ (key[at % 4] ?? 0);
  return Buffer.concat([start, key, hidden]);
}

/** The complete frames after the handshake's response. */
function framesOf(received: Buffer): { readonly opcode: number; readonly text: string }[] {
  const complete: { opcode: number; text: string }[] = [];
  let at = received.indexOf('\r\n\r\n') + 4;
  if (at < 4) return complete;
  while (at + 2 <= received.length) {
    const short = (received[at + 1] ?? 0) & 0x7f;
    const begin = at + (short === 127 ? 10 : short === 126 ? 4 : 2);
    if (begin > received.length) break;
    const length =
      short === 127 ? Number(received.readBigUInt64BE(at + 2)) : short === 126 ? received.readUInt16BE(at + 2) : short;
    const end = begin + length;
    if (end > received.length) break;
    complete.push({ opcode: (received[at] ?? 0) & 15, text: received.toString('utf8', begin, end) });
    at = end;
  }
  return complete;
}

function texts(received: Buffer): string[] {
  return framesOf(received).flatMap(({ opcode, text }) => (opcode === 1 ? [text] : []));
}

/** True if the hub has sent a close frame. */
const closes = (received: Buffer) => framesOf(received).some(({ opcode }) => opcode === 8);

const noJudge = () => undefined;

function frames(random: Random, port: number): Input {
  const good = Buffer.from('{"type":"ping","ref":"x"}');
  const one = (): Buffer =>
    pick(random, [
      () => frame(random, 1, good, { masked: false }),
      () => frame(random, pick(random, [3, 4, 7, 11, 15]), good),
      () => frame(random, 1, good, { first: 0x80 | (below(random, 8) << 4) | 1 }),
      () => frame(random, 1, Buffer.from([0xff, 0xfe, 0xc0, 0x80])),
      () => frame(random, 1, Buffer.from([0xe2, 0x82])),
      () => frame(random, 2, Buffer.from([0x7b, 0xff, 0x7d])),
      () => frame(random, 1, good, { length: below(random, 100_000) }),
      () => frame(random, 1, good, { length: 2 ** 40 }),
      () => frame(random, 1, good, { first: 1 }),
      () => frame(random, 0, good),
      () => frame(random, 0, good, { first: 0 }),
      () => frame(random, 9, Buffer.alloc(below(random, 200))),
      () => frame(random, 10, Buffer.alloc(5)),
      () => frame(random, 9, Buffer.alloc(5), { first: 9 }),
      () => frame(random, 8, Buffer.from([0x03])),
      () => frame(random, 8, Buffer.from([0x00, 0x00])),
      () => frame(random, 8, Buffer.concat([Buffer.from([0x03, 0xe8]), Buffer.from([0xff, 0xff])])),
      () =>
        Buffer.concat(
          Array.from({ length: 500 }, (_, at) => frame(random, 0, Buffer.from('x'), { first: at === 0 ? 1 : 0 })),
        ),
      () => Buffer.concat(Array.from({ length: 200 }, () => frame(random, 9, Buffer.alloc(0)))),
      () => frame(random, 1, Buffer.alloc(1_100_000, 0x20)),
      () => frame(random, 1, Buffer.alloc(5_000_000, 0x20)),
    ])();
  const all = Buffer.concat(Array.from({ length: 1 + below(random, 4) }, one));
  const bytes = random() < 0.2 ? all.subarray(0, below(random, all.length)) : all;
  return { way: 'web', handshake: upgrade(port), bytes, isAnswered: closes, judge: noJudge, manner: 'ends' };
}

// Bytes on raw TCP.

function stream(random: Random): Input {
  const chunks = Array.from({ length: 1 + below(random, 4) }, () =>
    pick(random, [
      () => Buffer.from(text(random)),
      () => Buffer.from('😀€'.repeat(3)).subarray(1 + below(random, 5)),
      () => Buffer.from(`{"type":"create","item":"${'z'.repeat(below(random, 1_200_000))}`),
      () => Buffer.from('{'.repeat(1 + below(random, 50_000))),
      () => Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]),
      () => Buffer.from('POST / HTTP/1.1\r\nHost: x\r\n\r\n{"type":"ping"}'),
      () => Buffer.from(`GET /${'x'.repeat(below(random, 40_000))} HTTP/1.1\r\n`),
      () => Buffer.from(Array.from({ length: below(random, 300) }, () => below(random, 256))),
    ])(),
  );
  // The hub need not answer an incomplete object, so most of these clients disconnect at once.
  const manner = random() < 0.9 ? 'leaves' : 'ends';
  return {
    way: 'tcp',
    bytes: Buffer.concat(chunks),
    isAnswered: (received) => received.length > 0,
    judge: noJudge,
    manner,
  };
}

function refusedOn(received: Buffer): string | undefined {
  const read = parseLine(received.toString());
  return read?.['success'] === false ? undefined : `answered ${JSON.stringify(received.toString('latin1', 0, 50))}`;
}

// HTTP heads.

const requestMethods: readonly [string, ...string[]] = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PATCH',
  'GETT',
  'get',
  'G\0T',
  '',
];

const requestPaths: readonly [string, ...string[]] = [
  '/',
  '/-/health',
  '/-/metrics',
  '/-/tickets',
  '/-/channels/tasks/events',
  '/-/channels/%00/events',
  '/room',
  '/room/events',
  '/events',

  '/../../etc/passwd',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/-/assets/..%2f..%2fpackage.json',
  '/%',
  '/%zz',
  '/%ff%fe',
  '/%u0041',
  '//',
  '/\\..\\x',

  '/?',
  '/?a=%',
  `/${'a/'.repeat(2_000)}`,
  `/${'x'.repeat(20_000)}`,
  '*',
  'http://evil.example/',
  '/api/v1/users/current',
  '/api/0/info',
  '/ \t',
  '',
];

const requestBodies: readonly [string, ...string[]] = [
  '',
  '',
  '{}',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  'zz\r\n',
  'FFFFFFFFFFFFFFFF\r\nx',
  '-1\r\n\r\n',
  '0\r\nX: y',
  'x'.repeat(100_000),
];

const requestHeaders: readonly [string, ...string[]] = [
  'Origin: https://evil.example',
  'Origin: null',
  'Content-Length: -1',
  'Content-Length: 99999999999999999999',
  'Content-Length: 5, 6',

  'Content-Length: 5\r\nContent-Length: 6',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: chunked\r\nContent-Length: 3',

  'Upgrade: websocket',
  'Upgrade: h2c',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: x',
  'Sec-WebSocket-Version: 99',
  'Expect: 100-continue',

  'Authorization: Bearer x',
  'Authorization: Basic ////',
  'Last-Event-ID: \u00ff:9',
  'Range: bytes=0-',
  'x-horai-from: 1.2.3.4',
  'Cookie: ',

  `X: ${'y'.repeat(20_000)}`,
  'No colon',
  ': no name',
  ' folded',
  'Na me: x',
  '\0: x',
  `A: ${'\x01'}`,
  'Content-Type: application/json',
];

function request(random: Random, port: number): Input {
  const method = pick(random, requestMethods);
  const path = pick(random, requestPaths);
  const version = pick(random, ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2', 'HTTP/9.9', 'http/1.1', '']);
  const host = pick(random, [
    `127.0.0.1:${port}`,
    `127.0.0.1:${port}`,
    'localhost',
    'evil.example',
    '',
    '[::1',
    'a\0b',
    'x'.repeat(5_000),
  ]);
  const extras = Array.from({ length: below(random, 5) }, () => pick(random, requestHeaders));
  const body = pick(random, requestBodies);
  const all = Buffer.from(
    [`${method} ${path} ${version}`, `Host: ${host}`, ...extras, '', body].join('\r\n'),
    'latin1',
  );
  const half = random() < 0.1;
  const bytes = half ? all.subarray(0, below(random, all.length)) : all;
  const way = random() < 0.85 ? 'web' : 'tcp';
  const isAnswered = (received: Buffer) => received.includes(way === 'web' ? '\r\n\r\n' : '\n');
  const judge = (received: Buffer) => {
    // The Kronos port treats only input that begins with GET as HTTP.
    if (way === 'tcp' && method !== 'GET') return refusedOn(received);
    const status = /^HTTP\/1\.1 (\d{3})/.exec(received.toString('latin1', 0, 20))?.[1];
    if (received.length > 0 && status === undefined)
      return `answered ${JSON.stringify(received.toString('latin1', 0, 50))}`;
    return status === '500' ? 'an internal error' : undefined;
  };
  return { way, bytes, isAnswered, judge: half ? noJudge : judge, manner: 'ends' };
}
