// State that one process derives from a channel, with the process's own writes applied before the store has confirmed them, so that
// writers need not wait for one another's fsync. The store still decides: each write names the step from which it was computed, and
// is computed again when another writer was faster. What the state is, and how a write changes it, is the Projection's business.

import type { Refusal } from '../../protocol/errors.ts';
import { finish } from '../../protocol/in-steps.ts';
import type { Channel } from './channel.ts';
import { inTurns } from './next-turn.ts';
import type { Peer } from './peer.ts';
import type { Appended, Change, Write } from './store.ts';

/** A write whose base is the state that it was computed from. */
export type BaselessWrite = Omit<Write, 'base'>;

/** State derived from a channel. Its methods change it in place. */
export interface Projection {
  /** Reads the state from the channel again. Returns the step up to which it is complete. */
  load(): Promise<number>;
  /**
   * Applies a write of this process, which the store has not confirmed yet.
   * @param seq the step before the write
   * @returns how many steps the store will make of it ([ST2])
   */
  applyWrite(write: BaselessWrite, seq: number): number;
  /** Applies a step of another writer. Returns false if the state has to be read again. */
  applyChange(change: Change): boolean;
}

/** The ops to write, or the reason why nothing can be written. `ops` may be empty. */
export type Computed<Refused extends { readonly ok: false } = Refusal> =
  | { readonly ok: true; readonly write: BaselessWrite }
  | Refused;

export type Committed = Extract<Appended, { ok: true }>;

interface Sent {
  readonly ok: true;
  readonly decided: Promise<Appended>;
  /** How many steps the state assumes. */
  readonly steps: number;
}

interface QueuedWrite {
  /** Never rejects. Further writes wait until it is done. */
  readonly run: () => void | Promise<void>;
  readonly reject: (error: unknown) => void;
}

const maxAttempts = 100;
/** A long write that was overtaken so often while it was computed is computed without pauses. */
const pausedAttempts = 5;

/**
 * Appends what `compute` reads and computes, on the condition that nothing was written since it began to read; computes again when
 * something was. For writes that depend on a few items of a channel that is too large for memory.
 * @param compute returns the write, or undefined when there is nothing to write
 * @throws when the store fails, or 100 writes in a row were stale
 */
export async function writeAfterReading(
  channel: Channel,
  compute: () => Promise<BaselessWrite | undefined>,
): Promise<Committed | undefined> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const base = channel.position.seq;
    const write = await compute();
    if (write === undefined) return undefined;
    const appended = await channel.write({ ...write, base });
    if (appended.ok) return appended;
    await channel.refresh();
  }
  throw overtakenError(channel);
}

function overtakenError({ name }: Channel): Error {
  return new Error(`${name}: ${maxAttempts} writes in a row were overtaken by other writers`);
}

export class OptimisticChannel {
  readonly channel: Channel;
  readonly #projection: Projection;
  readonly #stopListening: () => void;
  #seq = 0;
  /** False while the state is not known, or known to be wrong. */
  #isKnown = false;
  #loading: Promise<void> | undefined;
  /** The newest own write that was given to the store. */
  #newest: Promise<unknown> = Promise.resolve();
  #underWay = 0;
  /** True if no other writer can come between the own writes under way, so that a further one may be computed from them. */
  #isCertain = false;
  /** The value of `channel.writes` after the newest own write. */
  #writes = 0;
  /** Writes that cannot be computed yet, in the order of their calls. */
  readonly #queue: QueuedWrite[] = [];

  constructor(channel: Channel, projection: Projection) {
    this.channel = channel;
    this.#projection = projection;
    this.#stopListening = channel.listen(
      (changes) => this.#follow(changes),
      () => void this.load().catch(() => undefined),
    );
  }

  /** The step of the state, counting the steps of writes under way. */
  get seq(): number {
    return this.#seq;
  }

  close(): void {
    this.#stopListening();
  }

  /** Reads the state again, after every uncommitted write is decided. Concurrent callers share one read. */
  load(): Promise<void> {
    this.#isKnown = false;
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /**
   * Appends what `compute` makes of the state, in the order of the calls. `compute` is called at once where that is safe; it is called
   * again when the store refuses the write as stale.
   * @param sender not notified of its own change by renderings without echo
   * @returns the store's answer, or the refusal of `compute`
   * @throws when the store fails, or 100 writes in a row were stale
   */
  async write<Refused extends { readonly ok: false }>(
    compute: () => Computed<Refused>,
    sender?: Peer,
  ): Promise<Committed | Refused> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const isNext = this.#queue.length === 0 && this.#isReady();
      const sent = isNext ? this.#send(compute, sender) : await this.#enqueue(() => this.#send(compute, sender));
      if (!sent.ok) return sent;
      const appended = await sent.decided;
      if (!appended.ok) continue;
      if (appended.replayed || appended.steps !== sent.steps) await this.load();
      return appended;
    }
    throw overtakenError(this.channel);
  }

  /**
   * Like `write`, for a write that takes long to compute: `compute` pauses where others may have their turn. Further writes of this
   * process wait until it is given to the store.
   */
  async writeInTurns<Refused extends { readonly ok: false }>(
    compute: () => Generator<void, Computed<Refused>>,
    sender?: Peer,
  ): Promise<Committed | Refused> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const sent = await new Promise<Sent | Refused | undefined>((resolve, reject) => {
        const computing = (): Promise<void> =>
          this.#sendInTurns(compute, sender, attempt < pausedAttempts).then(resolve, reject);
        this.#queueUp({ run: computing, reject });
      });
      if (sent === undefined) continue;
      if (!sent.ok) return sent;
      const appended = await sent.decided;
      if (!appended.ok) continue;
      if (appended.replayed || appended.steps !== sent.steps) await this.load();
      return appended;
    }
    throw overtakenError(this.channel);
  }

  /** @returns undefined if another writer was faster */
  async #sendInTurns<Refused extends { readonly ok: false }>(
    compute: () => Generator<void, Computed<Refused>>,
    sender: Peer | undefined,
    mayPause: boolean,
  ): Promise<Sent | Refused | undefined> {
    const base = this.#seq;
    const computed = mayPause ? await inTurns(compute()) : finish(compute());
    if (!computed.ok) return computed;
    return this.#isReady() && this.#seq === base ? this.#append(computed.write, sender) : undefined;
  }

  /** Appends without a base, whatever the state is. The state is read anew before the next write that depends on it. */
  async writeUnconditionally(write: BaselessWrite): Promise<Committed> {
    this.#isKnown = false;
    const appended = await this.#trackDecision(this.channel.write(write));
    if (!appended.ok) throw new Error(`${this.channel.name}: the store refused a write without a base as stale`);
    return appended;
  }

  /**
   * Calls `read`, and returns its result once every write which that result includes is on disk. The result is not older than what any
   * node has acknowledged.
   */
  async settled<Result>(read: () => Result): Promise<Result> {
    if (this.channel.isShared) await this.channel.sync();
    for (;;) {
      while (!this.#isKnown) await (this.#loading ?? this.load());
      const seq = this.#seq;
      const result = read();
      await this.#newest.catch(() => undefined);
      if (this.#isKnown && this.channel.position.seq >= seq) return result;
      await this.load();
    }
  }

  /**
   * True if the next write can be computed now. The base of a write counts steps, and says not whose they are: if the store refused
   * one own write because of another writer's step, it would accept the next one, which was computed from the refused one. So a write
   * is computed from undecided ones only where no other writer can come between.
   */
  #isReady(): boolean {
    if (!this.#isKnown) return false;
    return this.#underWay === 0 || (this.#isCertain && this.channel.writes === this.#writes);
  }

  /** Computes a write and gives it to the store, all in one turn of the event loop. */
  #send<Refused extends { readonly ok: false }>(
    compute: () => Computed<Refused>,
    sender: Peer | undefined,
  ): Sent | Refused {
    const computed = compute();
    return computed.ok ? this.#append(computed.write, sender) : computed;
  }

  #append(write: BaselessWrite, sender: Peer | undefined): Sent {
    const base = this.#seq;
    if (this.#underWay === 0) this.#isCertain = !this.channel.isShared && !this.channel.isUnsettled;
    const appending = this.channel.write({ ...write, base }, { sender });
    this.#writes = this.channel.writes;
    const steps = this.#projection.applyWrite(write, base);
    this.#seq = base + steps;
    return { ok: true, decided: this.#trackDecision(appending, steps), steps };
  }

  #enqueue<Result>(send: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(send());
        } catch (error) {
          reject(error);
        }
      };
      this.#queueUp({ run, reject });
    });
  }

  #queueUp(write: QueuedWrite): void {
    this.#queue.push(write);
    if (this.#queue.length === 1) void this.#drainQueue();
  }

  async #drainQueue(): Promise<void> {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (this.#isReady()) {
        const running = next.run();
        if (running !== undefined) await running;
        this.#queue.shift();
      } else if (this.#isKnown) await this.#newest.catch(() => undefined);
      else {
        try {
          await (this.#loading ?? this.load());
        } catch (error) {
          for (const { reject } of this.#queue.splice(0)) reject(error);
        }
      }
    }
  }

  /**
   * Waits for the store's answer. Where it is not what the state assumes, the state is marked as unknown before anyone who waits
   * for the same answer goes on.
   * @param steps how many steps the state assumes
   */
  async #trackDecision(appending: Promise<Appended>, steps?: number): Promise<Appended> {
    this.#newest = appending;
    this.#underWay += 1;
    try {
      const appended = await appending;
      if (!appended.ok || appended.replayed || appended.steps !== steps) this.#isKnown = false;
      return appended;
    } catch (error) {
      // It is not known which of the uncommitted writes are on disk. If this read fails, too, the next write reads first.
      this.load().catch(() => undefined);
      throw error;
    } finally {
      this.#underWay -= 1;
    }
  }

  async #read(): Promise<void> {
    await this.#newest.catch(() => undefined);
    await this.channel.refresh();
    this.#seq = await this.#projection.load();
    this.#isKnown = true;
  }

  #follow(changes: readonly Change[]): void {
    for (const change of changes) {
      // Our own step, applied when it was written.
      if (change.seq <= this.#seq) continue;
      const isNext = change.seq === this.#seq + 1;
      this.#seq = change.seq;
      if (!this.#projection.applyChange(change)) this.#isKnown = false;
      // After a gap the state may lack a step. If this read fails, the next write reads first.
      else if (!isNext) this.load().catch(() => undefined);
    }
  }
}
