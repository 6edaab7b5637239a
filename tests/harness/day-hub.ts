// A hub whose merged days are asked for, with a clock moved by hand; and the ways by which evidence of 2026-11-28 gets in.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { DayAnswer } from '../../server/day/account-days.ts';
import { Flow } from './clients.ts';
import { type Node, startNode } from './compose.ts';
import { TestWorld } from './world.ts';

const midnight = Date.UTC(2026, 10, 28);
const cli = 'wakatime/v1.90.0 (linux-6.1.0-x86_64) go1.22.5 vscode/1.93.1 vscode-wakatime/24.6.2';

export class DayHub {
  readonly world: TestWorld;
  readonly node: Node;
  readonly #socket: WebSocket;
  readonly #folder: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  readonly #answers = new Flow<any>();

  private constructor(node: Node, world: TestWorld, socket: WebSocket, folder: string) {
    this.node = node;
    this.world = world;
    this.#socket = socket;
    this.#folder = folder;
    socket.on('message', (data) => this.#answers.push(JSON.parse(String(data))));
  }

  /** @param options of the configuration, such as a folder that is there already */
  static async start(options: Parameters<typeof startNode>[0] = {}): Promise<DayHub> {
    const world = new TestWorld(1, midnight + 8 * 3_600_000);
    const node = await startNode(options, world);
    const hub = new DayHub(node, world, await open(node.hub.url), options.data ?? '');
    // Who says nothing is let go when the clock moves.
    await hub.write({ type: 'ping' });
    return hub;
  }

  /** On SQLite in a folder of its own, which `end` removes. */
  static async onDisk(): Promise<DayHub> {
    return DayHub.start({ store: 'sqlite', data: await mkdtemp(join(tmpdir(), 'horai-day-')) });
  }

  /** The hub that comes after this one on the same folder, at the same time of day. */
  async restart(): Promise<DayHub> {
    const now = this.world.now();
    await this.close();
    const next = await DayHub.start({ store: 'sqlite', data: this.#folder });
    next.world.pass(now - next.world.now());
    await next.write({ type: 'ping' });
    return next;
  }

  async end(): Promise<void> {
    await this.close();
    await rm(this.#folder, { recursive: true });
  }

  /** `09:30` of the day, in milliseconds, seconds, microseconds since 1970. */
  ms(time: string): number {
    const [hours = 0, minutes = 0] = time.split(':').map(Number);
    return midnight + (hours * 60 + minutes) * 60_000;
  }

  s(time: string): number {
    return this.ms(time) / 1_000;
  }

  us(time: string): number {
    return this.ms(time) * 1_000;
  }

  /** Forward only. @param days later */
  moveTo(time: string, days = 0): void {
    this.world.pass(this.ms(time) + days * 86_400_000 - this.world.now());
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  async get(path: string, status = 200, headers: Readonly<Record<string, string>> = {}): Promise<any> {
    const answer = await fetch(new URL(path, this.node.hub.url), { headers });
    const text = await answer.text();
    if (answer.status !== status) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  day(query = ''): Promise<DayAnswer> {
    return this.get(`/-/day/2026-11-28${query}`);
  }

  async post(
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
    status = 0,
  ): Promise<unknown> {
    const answer = await fetch(new URL(path, this.node.hub.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (status === 0 ? !answer.ok : answer.status !== status) throw new Error(`${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Into a bucket that is made where it is missing, as a watcher makes it. */
  async events(
    bucket: string,
    type: string,
    events: readonly (readonly [from: string, to: string, data: object])[],
  ): Promise<void> {
    const [client = '', hostname = 'unknown'] = bucket.split('_');
    await fetch(new URL(`/api/0/buckets/${bucket}`, this.node.hub.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client, type, hostname }),
    });
    await this.post(
      `/api/0/buckets/${bucket}/events`,
      events.map(([from, to, data]) => ({
        timestamp: new Date(this.ms(from)).toISOString(),
        duration: (this.ms(to) - this.ms(from)) / 1_000,
        data,
      })),
    );
  }

  /** One every `step` minutes, both ends included, as the command line sends them. */
  async heartbeats(from: string, to: string, step: number, more: object, agent = cli): Promise<void> {
    const all: object[] = [];
    for (let at = this.s(from); at <= this.s(to); at += step * 60) {
      all.push({ entity: '/src/day.ts', type: 'file', category: 'coding', time: at, user_agent: agent, ...more });
    }
    const headers = { 'user-agent': agent, 'x-machine-name': 'laptop' };
    await this.post('/api/v1/users/current/heartbeats.bulk', all, headers);
  }

  /** Over the wire; resolves with the answer. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  async write(message: object): Promise<any> {
    const answer = await this.refusal(message);
    if (answer.success !== true) throw new Error(JSON.stringify(answer));
    return answer;
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  async refusal(message: object): Promise<any> {
    this.#socket.send(JSON.stringify({ ref: 'r', ...message }));
    for (;;) {
      const answer = await this.#answers.next();
      if (answer.ref === 'r') return answer;
    }
  }

  /** Changes of a channel, after its snapshot. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
  async follow(channel: string): Promise<{ next(): Promise<any>; close(): Promise<void> }> {
    const socket = await open(this.node.hub.url);
    // biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
    const changes = new Flow<any>();
    const snapshot = new Promise((resolve) => {
      socket.on('message', (data) => {
        const message = JSON.parse(String(data));
        if (message.type === 'snapshot') resolve(message);
        else changes.push(message);
      });
    });
    socket.send(JSON.stringify({ type: 'subscribe', channel }));
    await snapshot;
    return {
      next: () => changes.next(),
      close: async () => {
        socket.terminate();
      },
    };
  }

  async close(): Promise<void> {
    this.#socket.terminate();
    await this.node.hub.stop();
  }
}

function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}
