// One thread that runs queries, and what it has been fed: before a question goes to it, it gets the days that the question asks
// about and whatever has changed in what it has. Nothing is computed here, so that no query holds the hub up, however long it
// takes; one that takes too long is ended with its thread. Whose question is next is decided in queries.ts.

import type { Worker } from 'node:worker_threads';
import type { Channel } from '../../../core/channel.ts';
import type { Hub } from '../../../core/hub.ts';
import type { Change, Item, Place } from '../../../core/store.ts';
import { parseInstant } from '../events/instant.ts';
import { Cover, type Stretch, wholeDays } from './period-union.ts';
import type { Fed } from './replica.ts';
import { type FromThread, type Question, startThread, type ToThread } from './thread.ts';

export type Answered =
  | { readonly ok: true; readonly results: Uint8Array }
  | { readonly ok: false; readonly type: string; readonly message: string };

type Said = Exclude<FromThread, { printed: string }>;

/** Events fed at once, and about as many characters of their data: a few milliseconds' work of this thread. */
const pageSize = 1_024;
const pageCharacters = 524_288;
/** Steps behind at which it is better to load what is asked about anew. */
const tooFarBehind = 20_000;

/** What the thread has of a channel. */
interface FedTo {
  readonly cover: Cover;
  seq: number;
  events: number;
}

export class Lane {
  readonly #hub: Hub;
  readonly #limitMs: number;
  readonly #mostEvents: number;
  #worker: Worker | undefined;
  /** The one asked about longest ago first. */
  readonly #fed = new Map<string, FedTo>();
  #closed = false;

  /** @param mostEvents held by the thread; beyond that, the channels asked about longest ago are let go */
  constructor(hub: Hub, limitMs: number, mostEvents: number) {
    this.#hub = hub;
    this.#limitMs = limitMs;
    this.#mostEvents = mostEvents;
  }

  /** Starts the thread, which takes a moment, before it is needed. */
  warm(): void {
    if (!this.#closed) this.#thread();
  }

  has(channel: string): boolean {
    return this.#fed.has(channel);
  }

  async answer(question: Question): Promise<Answered> {
    const asked = question.periods.map(stretchOf).filter((one) => one !== undefined);
    for (const { id, channel } of question.buckets) {
      // Those that the text names will be asked for; others are found out as it runs. Nothing that is there may be old.
      if (question.text.includes(id)) await this.#feed(channel, asked);
      else if (this.#fed.has(channel)) await this.#feed(channel, []);
    }
    for (;;) {
      const said = await this.#said({ question });
      if ('lacks' in said) await this.#feed(said.lacks, [...asked, said.of]);
      else if ('results' in said) return { ok: true, results: said.results };
      else return { ok: false, ...said };
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  /** What the thread says to a question; it is ended when it says nothing for too long. */
  #said(message: ToThread): Promise<Said> {
    const worker = this.#thread();
    return new Promise((resolve) => {
      const done = (said: Said): void => {
        cancel();
        worker.off('message', hear);
        worker.off('exit', stopped);
        resolve(said);
      };
      const hear = (said: FromThread): void => {
        if ('printed' in said) this.#hub.world.log.info({ printed: said.printed }, 'activitywatch: a query prints');
        else done(said);
      };
      const stopped = (): void => done(ended('The query took more memory than it may'));
      const cancel = this.#hub.world.after(this.#limitMs, () => {
        done(ended(`The query took longer than ${this.#limitMs / 1_000} s`));
        void this.#drop(worker);
      });
      worker.on('message', hear);
      worker.on('exit', stopped);
      worker.postMessage(message);
    });
  }

  #thread(): Worker {
    if (this.#closed) throw new Error('the hub is closed');
    if (this.#worker !== undefined) return this.#worker;
    const worker = startThread(new URL('./worker.ts', import.meta.url));
    this.#worker = worker;
    worker.on('error', (error) => this.#hub.world.log.error({ error }, 'activitywatch: a thread of queries ended'));
    worker.on('exit', () => void this.#drop(worker));
    return worker;
  }

  async #drop(worker: Worker): Promise<void> {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#fed.clear();
    await worker.terminate();
  }

  /** Brings what the thread has of a channel up to date, and gives it the stretches that it lacks. */
  async #feed(name: string, asked: readonly Stretch[]): Promise<void> {
    const channel = await this.#hub.channel(name);
    const known = this.#fed.get(name);
    // A failure on the way leaves it unknown, so that it is begun anew.
    this.#fed.delete(name);
    const fed = known !== undefined && (await this.#caughtUp(channel, known)) ? known : this.#begun(channel);
    for (const stretch of asked) {
      for (const gap of fed.cover.gaps(wholeDays(stretch))) {
        await this.#load(channel, fed, gap);
        fed.cover.add(gap);
        this.#post({ feed: name, anew: false, changes: [], covers: gap });
      }
    }
    this.#fed.set(name, fed);
    this.#letGo(name);
  }

  #begun(channel: Channel): FedTo {
    this.#post({ feed: channel.name, anew: true, changes: [] });
    // What is written from now on is fed again, as it is then.
    return { cover: new Cover(), seq: channel.position.seq, events: 0 };
  }

  /** @returns false when that cannot be done, or is not worth it */
  async #caughtUp(channel: Channel, fed: FedTo): Promise<boolean> {
    if (channel.position.seq - fed.seq > tooFarBehind) return false;
    while (fed.seq !== channel.position.seq) {
      const since = await channel.since(fed.seq, pageSize);
      if (!since.ok) return false;
      this.#post({ feed: channel.name, anew: false, changes: since.changes.map(flat) });
      fed.events += since.changes.filter(({ kind }) => kind === 'create').length;
      fed.seq = since.more ? (since.changes.at(-1)?.seq ?? since.head.seq) : since.head.seq;
    }
    return true;
  }

  async #load(channel: Channel, fed: FedTo, { from, to }: Stretch): Promise<void> {
    // The store's spans are half open, ours are closed.
    const range = { from: from - 1, to: to + 1, limit: pageSize, size: pageCharacters };
    let after: Place | undefined;
    for (;;) {
      const items = await channel.read(after === undefined ? range : { ...range, after });
      if (items.length > 0) this.#post({ feed: channel.name, anew: false, changes: items.map(flat) });
      fed.events += items.length;
      after = items.at(-1);
      const characters = items.reduce((sum, { value }) => sum + value.length, 0);
      if (items.length < pageSize && characters < pageCharacters) return;
    }
  }

  #letGo(but: string): void {
    let held = [...this.#fed.values()].reduce((sum, { events }) => sum + events, 0);
    for (const [name, { events }] of this.#fed) {
      if (held <= this.#mostEvents) return;
      if (name === but) continue;
      this.#fed.delete(name);
      this.#post({ forget: name });
      held -= events;
    }
  }

  #post(message: ToThread): void {
    this.#thread().postMessage(message);
  }
}

function stretchOf({ start, end }: Question['periods'][number]): Stretch | undefined {
  const [from, to] = [parseInstant(start), parseInstant(end)];
  return from === undefined || to === undefined || from > to ? undefined : { from, to };
}

function flat({ key, value, time, end, at }: Change | Item): Fed {
  return [key, value, time, end, at];
}

export function ended(message: string): { readonly ok: false; readonly type: string; readonly message: string } {
  return { ok: false, type: 'QueryFunctionException', message };
}
