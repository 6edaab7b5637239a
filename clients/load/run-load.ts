// Loads any hub with the rows of the benchmarks: a change to many followers, durable writes, heartbeats by HTTP, and reads of a whole
// channel. Everything is in an account of its own where an administrator asks, and in channels with one prefix otherwise.

import { randomUUID } from 'node:crypto';
import { CheckTalk } from '../conform/check-talk.ts';
import { median, percentile } from './figures.ts';
import { isAck, LoadClient } from './load-client.ts';
import { durableWrite, followedWrite, mark, writeChannels } from './load-messages.ts';

export interface LoadTarget {
  /** `ws:` or `wss:`, with a slash at its end. */
  readonly url: string;
  readonly token?: string;
}

export interface LoadSize {
  /** Followers, writers, senders of heartbeats or readers of a row. */
  readonly clients: number;
  /** How long each row is measured. */
  readonly seconds: number;
  readonly rows: readonly LoadRowName[];
}

export interface LoadFigures {
  readonly name: LoadRowName;
  /** The unit that is counted: deliveries, writes, heartbeats or reads. */
  readonly unit: string;
  readonly clients: number;
  /** Milliseconds. */
  readonly median: number;
  /** Milliseconds that 99 of 100 did not exceed. */
  readonly p99: number;
  readonly perSecond: number;
}

export type LoadRowName = 'fan-out' | 'writes' | 'heartbeats' | 'read-all';
export const loadRowNames: readonly LoadRowName[] = ['fan-out', 'writes', 'heartbeats', 'read-all'];

interface LoadPlace {
  readonly url: string;
  /** '' on a personal hub. */
  readonly token: string;
  /** Begins the names of all channels and devices. */
  readonly prefix: string;
}

interface Measured {
  readonly times: readonly number[];
  /** How many of the unit each time stands for. */
  readonly each: number;
  readonly seconds: number;
}

type LoadRow = (place: LoadPlace, clients: number, ms: number) => Promise<Measured>;

const rows: Readonly<Record<LoadRowName, { readonly unit: string; readonly run: LoadRow }>> = {
  'fan-out': { unit: 'deliveries', run: fanOut },
  writes: { unit: 'writes', run: durableWrites },
  heartbeats: { unit: 'heartbeats', run: heartbeats },
  'read-all': { unit: 'reads', run: readAll },
};

/** Items of the channel that is read as a whole. */
const readItems = 1_000;
/** How long an answer to a request of an administrator may take, in milliseconds. */
const limitMs = 30_000;

/**
 * @param onRow called with the figures of each row
 * @returns what stays on the server; empty if nothing does
 * @throws Error if the server refuses a request
 */
export async function runLoad(
  target: LoadTarget,
  size: LoadSize,
  onRow: (figures: LoadFigures) => void,
): Promise<string> {
  const prefix = `load-${randomUUID().slice(0, 8)}`;
  const { token, close, rest } = await openAccount(target, prefix);
  try {
    const place = { url: target.url, token, prefix };
    for (const name of size.rows) {
      const { unit, run } = rows[name];
      const { times, each, seconds } = await run(place, size.clients, size.seconds * 1_000);
      const perSecond = (times.length * each) / seconds;
      onRow({ name, unit, clients: size.clients, median: median(times), p99: percentile(times, 0.99), perSecond });
    }
  } finally {
    await close();
  }
  return rest;
}

/** An account that an administrator makes and erases; else that of the token, or of the owner of a personal hub. */
async function openAccount({ url, token }: LoadTarget, prefix: string) {
  const talk = await CheckTalk.overWebSocket(url, {}, limitMs);
  const asked = token === undefined ? {} : { user_id: token };
  const made = await talk.request({ type: 'account', name: prefix, ...asked });
  const { secret } = made;
  if (made['success'] === true && typeof secret === 'string') {
    const close = async () => {
      await talk.request({ type: 'erase-account', name: prefix, confirm: 'erase', ...asked });
      talk.cut();
    };
    return { token: secret, close, rest: '' };
  }
  talk.cut();
  if (token === undefined) throw new Error('The server needs a token: name one with --token-file.');
  if (made['error'] === 'user not found') throw new Error('The server does not know the token.');
  const rest = `The items of the channels ${prefix}… and the heartbeats stay in the account of the token.`;
  return { token, close: async () => undefined, rest };
}

async function connect({ url, token, prefix }: LoadPlace, name: string): Promise<LoadClient> {
  const client = await LoadClient.open(url);
  const login = { type: 'login', user_id: token, device_id: `${prefix}-${name}`, version: 0 };
  await client.ask(login, (text) => text.includes('"type":"login"'));
  return client;
}

/** Connects so many clients, 50 at a time. */
async function connectAll(place: LoadPlace, name: string, count: number): Promise<readonly LoadClient[]> {
  const clients: LoadClient[] = [];
  while (clients.length < count) {
    const from = clients.length;
    const next = Array.from({ length: Math.min(50, count - from) }, (_, at) => connect(place, `${name}-${from + at}`));
    clients.push(...(await Promise.all(next)));
  }
  return clients;
}

/** Runs `once` again and again in each of the lanes, one after the other within a lane, and times each call. */
async function repeat(
  lanes: number,
  ms: number,
  once: (lane: number) => Promise<unknown>,
): Promise<Omit<Measured, 'each'>> {
  const times: number[] = [];
  // The first calls warm up and are not counted.
  await Promise.all(Array.from({ length: lanes }, (_, lane) => once(lane)));
  const began = performance.now();
  const run = async (lane: number): Promise<void> => {
    while (performance.now() - began < ms) {
      const sent = performance.now();
      await once(lane);
      times.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)));
  return { times, seconds: (performance.now() - began) / 1_000 };
}

/** One message at a time: the next is sent when all followers and the writer have received theirs. */
async function fanOut(place: LoadPlace, count: number, ms: number): Promise<Measured> {
  const channel = `${place.prefix}-followed`;
  const followers = await connectAll(place, 'follower', count);
  const follow = { type: 'subscribe', channel };
  await Promise.all(followers.map((client) => client.ask(follow, (text) => text.includes('"type":"snapshot"'))));
  const writer = await connect(place, 'writer');
  const text = JSON.stringify(followedWrite(channel));
  const measured = await repeat(1, ms, async () => {
    const received = followers.map((client) => client.until((one) => one.includes(mark)));
    await Promise.all([writer.ask(text, isAck), ...received]);
  });
  for (const client of [writer, ...followers]) client.close();
  return { ...measured, each: count };
}

/** All clients write, each with one write in flight. */
async function durableWrites(place: LoadPlace, count: number, ms: number): Promise<Measured> {
  const writers = await connectAll(place, 'writer', count);
  const texts = Array.from({ length: writeChannels }, (_, at) =>
    JSON.stringify(durableWrite(`${place.prefix}-notes-${at}`)),
  );
  const measured = await repeat(count, ms, async (lane) => {
    await writers[lane]?.ask(texts[lane % writeChannels] ?? '', isAck);
  });
  for (const client of writers) client.close();
  return { ...measured, each: 1 };
}

/** All clients send heartbeats of WakaTime by HTTP, one at a time. */
async function heartbeats(place: LoadPlace, count: number, ms: number): Promise<Measured> {
  const url = `${place.url.replace(/^ws/, 'http')}api/v1/users/current/heartbeats`;
  const authorization = `Basic ${Buffer.from(place.token).toString('base64')}`;
  const headers = { 'content-type': 'application/json', authorization };
  // A second apart, and before now: a heartbeat of the future is refused.
  let time = Math.floor(Date.now() / 1_000) - 10_000_000;
  const measured = await repeat(count, ms, async (lane) => {
    time += 1;
    const body = {
      entity: `/src/file-${lane}.ts`,
      type: 'file',
      category: 'coding',
      project: 'load',
      language: 'TypeScript',
      time,
    };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`The server refuses a heartbeat with ${answer.status}: ${text.slice(0, 300)}`);
  });
  return { ...measured, each: 1 };
}

/** All clients read a channel of 1,000 items as a whole. */
async function readAll(place: LoadPlace, count: number, ms: number): Promise<Measured> {
  const channel = `${place.prefix}-read`;
  const readers = await connectAll(place, 'reader', count);
  const items = Array.from({ length: readItems }, (_, at) => ({ key: `k${at}`, item: { text: 'x'.repeat(100), at } }));
  await readers[0]?.ask({ type: 'write-all', channel, items, ref: 1 }, isAck);
  const request = JSON.stringify({ type: 'read-all', channel, ref: 2 });
  const measured = await repeat(count, ms, async (lane) => {
    await readers[lane]?.ask(request, (text) => text.includes('"type":"read-all"'));
  });
  for (const client of readers) client.close();
  return { ...measured, each: 1 };
}
