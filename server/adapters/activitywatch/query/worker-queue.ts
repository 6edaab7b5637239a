// One thread that runs queries, and what it holds. Before a query runs, the thread gets the days that the query needs and the changes of
// what it holds already. Nothing is computed in the hub's thread. A query that takes too long is ended together with its thread.
// queries.ts decides which query is next.

import type { Worker } from 'node:worker_threads';
import type { Channel } from '../../../core/channel.ts';
import type { Hub } from '../../../core/hub.ts';
import type { Change, Item, Place } from '../../../core/store.ts';
import { parseInstant } from '../events/instant.ts';
import { Cover, type Stretch, wholeDays } from './period-union.ts';
import type { Fed } from './replica.ts';
import { type FromThread, type Question, startUserThread, type ToThread } from './thread.ts';

export type Answered =
  | { readonly ok: true; readonly results: Uint8Array }
  | { readonly ok: false; readonly type: string; readonly message: string };

type QueryAnswer = Exclude<FromThread, { printed: string }>;

/** Events, and characters of their data, in one message to the thread: a few milliseconds' work of the hub's thread. */
const pageSize = 1_024;
const pageCharacters = 524_288;
/** With more changes than this to catch up on, the thread loads a channel again. */
const tooFarBehind = 20_000;

/** The thread's state of a channel. */
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
  /** By channel, the least recently queried first. */
  readonly #fed = new Map<string, FedTo>();
  #closed = false;

  /** @param mostEvents the most that the thread holds: beyond that it drops the least recently queried channels */
  constructor(hub: Hub, limitMs: number, mostEvents: number) {
    this.#hub = hub;
    this.#limitMs = limitMs;
    this.#mostEvents = mostEvents;
  }

  /** Starts the thread before it is needed, because starting takes a moment. */
  warm(): void {
    if (!this.#closed) this.#thread();
  }

  has(channel: string): boolean {
    return this.#fed.has(channel);
  }

  async answer(question: Question): Promise<Answered> {
    const asked = question.periods.map(stretchOf).filter((one) => one !== undefined);
    for (const { id, channel } of question.buckets) {
      // Buckets that the text names will be needed; others show up as the query runs. Whatever the thread holds must be current.
      if (question.text.includes(id)) await this.#feed(channel, asked);
      else if (this.#fed.has(channel)) await this.#feed(channel, []);
    }
    for (;;) {
      const message = await this.#request({ question });
      if ('lacks' in message) await this.#feed(message.lacks, [...asked, message.of]);
      else if ('results' in message) return { ok: true, results: message.results };
      else return { ok: false, ...message };
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  /** The thread's reply to a question. The thread is ended if no reply comes in time. */
  #request(message: ToThread): Promise<QueryAnswer> {
    const worker = this.#thread();
    return new Promise((resolve) => {
      const finish = (outcome: QueryAnswer): void => {
        cancel();
        worker.off('message', onMessage);
        worker.off('exit', onStop);
        resolve(outcome);
      };
      const onMessage = (answer: FromThread): void => {
        if ('printed' in answer) this.#hub.world.log.info({ printed: answer.printed }, 'activitywatch: a query prints');
        else finish(answer);
      };
      const onStop = (): void => finish(queryFailure('The query took more memory than it may'));
      const cancel = this.#hub.world.after(this.#limitMs, () => {
        finish(queryFailure(`The query took longer than ${this.#limitMs / 1_000} s`));
        void this.#drop(worker);
      });
      worker.on('message', onMessage);
      worker.on('exit', onStop);
      worker.postMessage(message);
    });
  }

  #thread(): Worker {
    if (this.#closed) throw new Error('the hub is closed');
    if (this.#worker !== undefined) return this.#worker;
    const worker = startUserThread(new URL('./worker.ts', import.meta.url));
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

  /** Brings what the thread holds of a channel up to date, and loads the periods that it lacks. */
  async #feed(name: string, asked: readonly Stretch[]): Promise<void> {
    const channel = await this.#hub.channel(name);
    const known = this.#fed.get(name);
    // If this fails halfway, the channel counts as not loaded.
    this.#fed.delete(name);
    const fed = known !== undefined && (await this.#caughtUp(channel, known)) ? known : this.#feedAll(channel);
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

  #feedAll(channel: Channel): FedTo {
    this.#post({ feed: channel.name, anew: true, changes: [] });
    // Later changes are fed from this position on.
    return { cover: new Cover(), seq: channel.position.seq, events: 0 };
  }

  /** @returns false if catching up is not possible, or not worth it */
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
    // The store's spans are half open; ActivityWatch's are closed.
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

export function queryFailure(message: string): { readonly ok: false; readonly type: string; readonly message: string } {
  return { ok: false, type: 'QueryFunctionException', message };
}
