// Clients that write and read while nodes fail, over WebSockets and through the SDK. Each records what it sent and what it was answered.

import { WebSocket } from 'ws';
import { type Channel, type Connection, connect } from '../../../clients/typescript/index.ts';
import { type Answer, Client } from '../client.ts';
import type { HistoryItem, Operation, RecordedWrite, WriteResult } from './history.ts';

/** The content of a channel of the load. */
export interface LoadItem {
  /** Different in every write. */
  readonly v: string;
  readonly fill?: string;
}

/** The state that all clients of a load share. */
export interface Load {
  readonly random: () => number;
  readonly operations: Operation[];
  /** Milliseconds of one clock. */
  readonly now: () => number;
  /** False once the clients should end. */
  isOn: boolean;
  /** After this moment an unanswered write stays unanswered. */
  giveUpAt: number;
}

export interface Access {
  readonly secret: string;
  /** The name under which the history knows the token. */
  readonly token: string;
}

const attemptMs = 4_000;
const pauseMs = 60;
const settleMs = 40_000;
const longestThinkMs = 12;
/** One write in so many is large: more than a notice holds. */
const largeOneIn = 30;
const largeSize = 30_000;

export const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** @returns the item as the history holds it */
export function textOfItem(item: unknown): string {
  return typeof item === 'object' && item !== null && 'v' in item ? String(item.v) : JSON.stringify(item);
}

export function itemsOf(answer: Answer): readonly HistoryItem[] {
  return (answer.items ?? []).map(({ key, seq, item }) => ({ key, seq, value: textOfItem(item) }));
}

/** Connects and logs in. @returns undefined if the node does not take it just now */
export async function logIn(url: string, { secret }: Access, device: string): Promise<Client | undefined> {
  const opening = Client.webSocket(url).catch(() => undefined);
  const client = await inTime(opening, attemptMs);
  if (client === undefined) void opening.then((late) => late?.cut());
  const login = { type: 'login', user_id: secret, device_id: deviceOf(device, secret) };
  const answer = await inTime(client?.ask(login), attemptMs);
  if (answer?.success === true) return client;
  client?.cut();
  return undefined;
}

/** A device belongs to one account (L4), and every seed makes an account on the same hubs. */
function deviceOf(name: string, secret: string): string {
  return `${name} ${secret.slice(0, 8)}`;
}

async function inTime<T>(promise: Promise<T> | undefined, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const value = await Promise.race([promise, late]);
  clearTimeout(timer);
  return value;
}

/** Refusals after which the same request may be accepted, or that leave open whether it was. */
const open = new Set(['away', 'broken', 'too_many', 'silent', 'user_not_found', 'login_first', 'revoked', 'disk']);

/** A client with a WebSocket, which it opens to another node when it hears nothing. */
export class RawClient {
  readonly name: string;
  readonly #load: Load;
  readonly #urls: readonly string[];
  readonly #access: Access;
  #client: Client | undefined;
  #at: number;
  #count = 0;

  /** @param first the node that it connects to at first */
  constructor(name: string, load: Load, urls: readonly string[], access: Access, first: number) {
    this.name = name;
    this.#load = load;
    this.#urls = urls;
    this.#access = access;
    this.#at = first;
  }

  newItem(): LoadItem {
    this.#count += 1;
    const v = `${this.name}.${this.#count}`;
    const isLarge = this.#load.random() * largeOneIn < 1;
    return isLarge ? { v, fill: 'x'.repeat(Math.floor(this.#load.random() * largeSize)) } : { v };
  }

  think(): Promise<void> {
    return wait(this.#load.random() * longestThinkMs);
  }

  /** Writes once, and records it: asks again with the same write id until it is decided. @returns the key and the position, if it is made */
  async write(
    channel: string,
    kind: RecordedWrite['kind'],
    key: string | undefined,
    base?: { readonly seq: number; readonly epoch: string },
  ): Promise<{ readonly key: string; readonly seq: number; readonly epoch: string } | undefined> {
    const item = kind === 'delete' ? undefined : this.newItem();
    if (item === undefined) this.#count += 1;
    const message = { type: kind, channel, key, item, base, write_id: `${this.name}.${this.#count}` };
    const sent = this.#load.now();
    const { answer, attempts } = await this.#decide(message);
    let result: WriteResult = { name: 'unknown' };
    if (answer?.success === true) result = { name: 'accepted', seq: answer.seq ?? 0, epoch: answer.epoch ?? '' };
    // An earlier attempt may be under way on another node, and may still be made.
    else if (answer !== undefined && attempts === 1) result = { name: 'refused', code: answer.code ?? '' };
    const answered = result.name === 'unknown' ? Number.POSITIVE_INFINITY : this.#load.now();
    const at = answer?.key ?? key ?? '';
    this.#load.operations.push({
      type: 'write',
      client: this.name,
      token: this.#access.token,
      channel,
      kind,
      key: at,
      value: item === undefined ? null : item.v,
      ...(base === undefined ? {} : { base: base.seq, baseEpoch: base.epoch }),
      sent,
      answered,
      result,
    });
    return result.name === 'accepted' ? { key: at, seq: result.seq, epoch: result.epoch } : undefined;
  }

  /** Reads the whole channel once, and records it. @returns undefined if the node did not answer */
  async read(channel: string): Promise<Extract<Operation, { type: 'read' }> | undefined> {
    const client = await this.#connect();
    const sent = this.#load.now();
    const answer = await inTime(client?.ask({ type: 'read-all', channel }), attemptMs);
    if (answer?.success !== true) {
      this.#leave();
      return undefined;
    }
    const { seq = 0, epoch = '' } = answer;
    const read = {
      type: 'read',
      client: this.name,
      token: this.#access.token,
      channel,
      sent,
      answered: this.#load.now(),
      seq,
      epoch,
      items: itemsOf(answer),
    } as const;
    this.#load.operations.push(read);
    return read;
  }

  close(): void {
    this.#client?.cut();
  }

  async #decide(message: object): Promise<{ readonly answer: Answer | undefined; readonly attempts: number }> {
    for (let attempts = 1; ; attempts += 1) {
      const client = await this.#connect();
      const answer = await inTime(client?.ask(message), attemptMs);
      if (answer?.success === true) return { answer, attempts };
      if (answer !== undefined && !open.has(answer.code ?? '')) return { answer, attempts };
      if (this.#load.now() > this.#load.giveUpAt) return { answer: undefined, attempts };
      if (answer === undefined) this.#leave();
      else await wait(pauseMs);
    }
  }

  #leave(): void {
    this.#client?.cut();
    this.#client = undefined;
    this.#at += 1;
  }

  async #connect(): Promise<Client | undefined> {
    while (this.#client === undefined && this.#load.now() <= this.#load.giveUpAt) {
      this.#client = await logIn(this.#urls[this.#at % this.#urls.length] ?? '', this.#access, this.name);
      if (this.#client !== undefined) break;
      this.#at += 1;
      await wait(pauseMs);
    }
    return this.#client;
  }
}

const keys = ['a', 'b', 'c', 'd', 'e'];

/** Appends to a channel until the load ends. */
export async function appendItems(client: RawClient, load: Load, channel: string): Promise<void> {
  while (load.isOn) {
    await client.write(channel, 'create', undefined);
    await client.think();
  }
  client.close();
}

/** Creates, changes, deletes and reads a few items until the load ends; some of the writes depend on what was read last. */
export async function useRegisters(client: RawClient, load: Load, channel: string): Promise<void> {
  let known: { readonly seq: number; readonly epoch: string } | undefined;
  while (load.isOn) {
    const key = keys[Math.floor(load.random() * keys.length)];
    const what = load.random();
    if (what < 0.3) known = await client.read(channel);
    else if (what < 0.45) known = await client.write(channel, 'create', key);
    else if (what < 0.65) known = await client.write(channel, 'update', key);
    else if (what < 0.9) known = await client.write(channel, 'update', key, known);
    else await client.write(channel, 'delete', key);
    await client.think();
  }
  client.close();
}

/** Opens the SDK at one node. It reconnects by itself. */
export function openSdk(url: string, { secret }: Access, device: string): Connection {
  const connection = connect({ url, token: secret, device: deviceOf(device, secret), webSocket: WebSocket });
  connection.start();
  return connection;
}

/** Creates, changes, deletes and reads a few items through the SDK, until the load ends. */
export async function useSdk(name: string, token: string, channel: Channel<LoadItem>, load: Load): Promise<void> {
  await channel.open();
  for (let count = 1; load.isOn; count += 1) {
    // Also after a refusal: without a connection the SDK refuses at once.
    await wait(load.random() * longestThinkMs);
    const present = [...channel.items.keys()];
    const key = present[Math.floor(load.random() * present.length)];
    const v = `${name}.${count}`;
    const what = load.random();
    const sent = load.now();
    const asked = { client: name, token, channel: channel.name, sent };
    if (what < 0.25) {
      const read = await inTime(channel.read(), attemptMs);
      if (read?.ok !== true) continue;
      const items = read.items.map((item) => ({ key: item.key, seq: item.seq, value: textOfItem(item.item) }));
      load.operations.push({ ...asked, type: 'read', answered: load.now(), ...read.position, items });
      continue;
    }
    const isNew = key === undefined || what < 0.35;
    const kind = isNew ? 'create' : what < 0.9 ? 'update' : 'delete';
    const queued = await (isNew
      ? channel.create({ v }, { key: `${name}-${count % 3}` })
      : kind === 'update'
        ? channel.update(key, { v })
        : channel.delete(key));
    if (!queued.ok) continue;
    const outcome = await inTime(queued.settled, settleMs);
    const result: WriteResult = outcome?.ok === true ? { name: 'accepted', ...outcome.position } : { name: 'unknown' };
    const answered = result.name === 'unknown' ? Number.POSITIVE_INFINITY : load.now();
    const write = { kind, key: queued.key, value: kind === 'delete' ? null : v, isThroughSdk: true } as const;
    load.operations.push({ ...asked, type: 'write', ...write, answered, result });
  }
}
