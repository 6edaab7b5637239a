// Decides which query runs on which thread. An account has one query running at a time, and accounts take turns, so that a long query or
// a hostile pattern costs others at most one thread. worker-queue.ts feeds a thread.

import { availableParallelism } from 'node:os';
import type { Hub } from '../../../core/hub.ts';
import type { Question } from './thread.ts';
import { type Answered, Lane, queryFailure } from './worker-queue.ts';

/** Milliseconds: as long as the web UI waits. */
const limitMs = 30_000;
/** The most events that all threads hold together. */
const mostEvents = 4_000_000;

interface Waiting {
  readonly question: Question;
  readonly isGone: () => boolean;
  answer(answered: Answered): void;
  readonly fail: (error: unknown) => void;
}

export interface QueryLimits {
  /** Milliseconds for one query. */
  readonly limitMs?: number;
  /** The most queries that run at the same time, each of another account. */
  readonly threads?: number;
}

export class Queries {
  readonly #hub: Hub;
  readonly #limitMs: number;
  readonly #threads: number;
  readonly #lanes: Lane[] = [];
  /** Idle threads, the least recently used first. */
  readonly #idle: Lane[] = [];
  /** Waiting queries by account; the account whose turn is next comes first. */
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #busy = new Set<string>();

  constructor(hub: Hub, limits: QueryLimits = {}) {
    this.#hub = hub;
    this.#limitMs = limits.limitMs ?? limitMs;
    this.#threads = limits.threads ?? Math.max(2, availableParallelism());
  }

  /** @param isGone returns true once the client has disconnected */
  ask(account: string, question: Question, isGone: () => boolean): Promise<Answered> {
    return new Promise((answer, fail) => {
      const queue = this.#waiting.get(account) ?? [];
      queue.push({ question, isGone, answer, fail });
      this.#waiting.set(account, queue);
      this.#work();
    });
  }

  /** Starts a thread, because a query is likely to come soon. */
  warm(): void {
    if (this.#lanes.length === 0) this.#idle.push(this.#another());
    this.#lanes[0]?.warm();
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  #work(): void {
    for (const [account, queue] of [...this.#waiting]) {
      const [next] = queue;
      if (next === undefined || this.#busy.has(account)) continue;
      const lane = this.#laneFor(next.question);
      if (lane === undefined) return;
      queue.shift();
      this.#busy.add(account);
      void this.#run(lane, next).finally(() => {
        this.#busy.delete(account);
        this.#idle.push(lane);
        // The account goes to the end of the line.
        this.#waiting.delete(account);
        if (queue.length > 0) this.#waiting.set(account, queue);
        this.#work();
      });
    }
  }

  async #run(lane: Lane, { question, isGone, answer, fail }: Waiting): Promise<void> {
    try {
      answer(isGone() ? queryFailure('Nobody waits for the answer') : await lane.answer(question));
    } catch (error) {
      fail(error);
    }
  }

  /** An idle thread, preferably one that has the buckets in question; undefined if all threads are busy. */
  #laneFor({ buckets }: Question): Lane | undefined {
    const knowing = this.#idle.findIndex((lane) => buckets.some(({ channel }) => lane.has(channel)));
    if (this.#idle.length === 0) return this.#lanes.length < this.#threads ? this.#another() : undefined;
    return this.#idle.splice(Math.max(knowing, 0), 1)[0];
  }

  #another(): Lane {
    const lane = new Lane(this.#hub, this.#limitMs, Math.floor(mostEvents / this.#threads));
    this.#lanes.push(lane);
    return lane;
  }
}
