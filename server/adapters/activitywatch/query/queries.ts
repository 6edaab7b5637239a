// Queries as the main thread sees them: one at a time goes to the thread that runs them, which is fed the channels that it lacks
// and what has changed since. Nothing is computed here, so that no query holds the hub up, however long it takes; one that
// takes too long is ended with its thread.

import type { Worker } from 'node:worker_threads';
import type { Hub } from '../../../core/hub.ts';
import type { Change } from '../../../core/store.ts';
import type { Fed } from './replica.ts';
import { type FromThread, type Question, startThread, type ToThread } from './thread.ts';

export type Answered =
  | { readonly ok: true; readonly results: Uint8Array }
  | { readonly ok: false; readonly type: string; readonly message: string };

/** As long as the web UI waits. */
const limitMs = 30_000;
/** Changes fed at once: a few milliseconds' work of this thread. */
const pageSize = 2_048;
/** Events held by the thread; beyond that, the channels asked about longest ago are let go. */
const heldEvents = 4_000_000;

interface Waiting {
  readonly question: Question;
  readonly gone: () => boolean;
  answer(answered: Answered): void;
  readonly fail: (error: unknown) => void;
}

/** What the thread has of a channel. */
interface FedTo {
  seq: number;
  events: number;
}

export class Queries {
  #hub: Hub;
  #limitMs: number;
  #worker: Worker | undefined;
  /** The one asked about longest ago first. */
  #fed = new Map<string, FedTo>();
  #waiting: Waiting[] = [];
  #working = false;
  #closed = false;

  constructor(hub: Hub, limit = limitMs) {
    this.#hub = hub;
    this.#limitMs = limit;
  }

  /** @param gone whether nobody waits for the answer any more */
  ask(question: Question, gone: () => boolean): Promise<Answered> {
    return new Promise((answer, fail) => {
      this.#waiting.push({ question, gone, answer, fail });
      void this.#work();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        next.answer(next.gone() ? ended('Nobody waits for the answer') : await this.#answer(next.question));
      } catch (error) {
        next.fail(error);
      }
    }
    this.#working = false;
  }

  async #answer(question: Question): Promise<Answered> {
    // Those that the text names will be asked for; others are found out as it runs.
    const named = question.buckets.filter(({ id }) => question.text.includes(id)).map(({ channel }) => channel);
    const wanted = new Set([
      ...named,
      ...question.buckets.map(({ channel }) => channel).filter((one) => this.#fed.has(one)),
    ]);
    for (const channel of wanted) await this.#feed(channel);
    for (;;) {
      const said = await this.#said({ question });
      if ('lacks' in said) await this.#feed(said.lacks);
      else if ('results' in said) return { ok: true, results: said.results };
      else if ('message' in said) return { ok: false, ...said };
    }
  }

  /** What the thread says to a question; it is ended when it says nothing for too long. */
  #said(message: ToThread): Promise<Exclude<FromThread, { printed: string }>> {
    const worker = this.#thread();
    return new Promise((resolve) => {
      const done = (said: Exclude<FromThread, { printed: string }>): void => {
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
    const worker = startThread();
    this.#worker = worker;
    worker.on('error', (error) => this.#hub.world.log.error({ error }, 'activitywatch: the thread of queries ended'));
    worker.on('exit', () => void this.#drop(worker));
    return worker;
  }

  async #drop(worker: Worker): Promise<void> {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#fed.clear();
    await worker.terminate();
  }

  /** Brings the thread up to where the channel is. */
  async #feed(name: string): Promise<void> {
    const channel = await this.#hub.channel(name);
    const known = this.#fed.get(name);
    this.#fed.delete(name);
    if (known?.seq === channel.position.seq) {
      this.#fed.set(name, known);
      return;
    }
    const fed: FedTo = known ?? { seq: 0, events: 0 };
    for (let anew = known === undefined; ; ) {
      // Not through the channel, which would keep the pages of a whole bucket at hand; what is new it has in memory.
      const since =
        anew || fed.seq === 0
          ? await this.#hub.store.since(name, fed.seq, pageSize)
          : await channel.since(fed.seq, pageSize);
      if (!since.ok) {
        fed.seq = 0;
        fed.events = 0;
        anew = true;
        continue;
      }
      this.#thread().postMessage({ feed: name, anew, changes: since.changes.map(flat) } satisfies ToThread);
      anew = false;
      fed.events += since.changes.filter(({ kind }) => kind === 'create').length;
      fed.seq = since.more ? (since.changes.at(-1)?.seq ?? since.head.seq) : since.head.seq;
      if (!since.more) break;
    }
    this.#fed.set(name, fed);
    this.#letGo(name);
  }

  #letGo(but: string): void {
    let held = [...this.#fed.values()].reduce((sum, { events }) => sum + events, 0);
    for (const [name, { events }] of this.#fed) {
      if (held <= heldEvents) return;
      if (name === but) continue;
      this.#fed.delete(name);
      this.#thread().postMessage({ forget: name } satisfies ToThread);
      held -= events;
    }
  }
}

function flat({ key, value, time, end, at }: Change): Fed {
  return [key, value, time, end, at];
}

function ended(message: string): { readonly ok: false; readonly type: string; readonly message: string } {
  return { ok: false, type: 'QueryFunctionException', message };
}
