// One channel's place in the storage: what was meant here is written at once, what was heard a little later, and what another process
// wrote is read. The form in which it lies there is in replica.ts; who got further is for mirror.ts and queue.ts to say.

import type { ChannelMirror } from './mirror.ts';
import type { WriteQueue } from './queue.ts';
import { isStored, type StoredChannel } from './replica.ts';
import type { Storage } from './storage.ts';

/** What the hub has is stored this much later. */
const lazyMs = 250;
/** Storing takes at most one part in so many of the time, however large the channel is. */
const lazyShare = 8;

export const storedName = (channel: string) => `channel:${channel}`;

export interface ChannelPersistenceDeps {
  readonly storage: Storage;
  readonly now: () => number;
  readonly after: (ms: number, act: () => void) => () => void;
  /** The mirror and the queue may have more than before. */
  readonly adopted: () => void;
}

export class ChannelPersistence {
  #name: string;
  #mirror: ChannelMirror;
  #queue: WriteQueue;
  #deps: ChannelPersistenceDeps;
  #turn: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | undefined;
  #lazily: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  #over = false;
  #lastWriteMs = 0;

  constructor(channel: string, mirror: ChannelMirror, queue: WriteQueue, deps: ChannelPersistenceDeps) {
    this.#name = storedName(channel);
    this.#mirror = mirror;
    this.#queue = queue;
    this.#deps = deps;
  }

  async load(): Promise<void> {
    this.#unwatch = this.#deps.storage.watch((name) => {
      if (name === this.#name) this.#reread();
    });
    await this.#read();
  }

  /** Writes down everything as it is when its turn comes. */
  save(): Promise<void> {
    this.#lazily?.();
    this.#lazily = undefined;
    this.#next ??= this.#after(() => {
      this.#next = undefined;
      return this.#write();
    });
    return this.#next;
  }

  saveLazily(): void {
    this.#lazily ??= this.#deps.after(Math.max(lazyMs, lazyShare * this.#lastWriteMs), () => {
      this.#lazily = undefined;
      // What fails here is caught up with again; what was meant is on disk already.
      this.save().catch(() => undefined);
    });
  }

  /** Everything is on disk when this resolves. */
  async flush(): Promise<void> {
    if (this.#lazily !== undefined) await this.save();
  }

  async close(): Promise<void> {
    this.#over = true;
    this.#unwatch?.();
    await this.flush();
    await this.#turn;
  }

  #reread(): void {
    this.#after(async () => {
      if (!this.#over) await this.#read();
    }).catch(() => undefined);
  }

  /** One after the other. */
  #after(act: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #read(): Promise<void> {
    this.#adopt(this.#storedOf(await this.#deps.storage.read(this.#name)));
  }

  async #write(): Promise<void> {
    const { over, saved } = this.#queue.unsaved();
    const began = this.#deps.now();
    let written: StoredChannel | undefined;
    await this.#deps.storage.update(this.#name, (value) => {
      const stored = this.#storedOf(value);
      written = { ...this.#mirror.over(stored), pending: over(stored.pending) };
      return written;
    });
    saved();
    this.#lastWriteMs = Math.max(0, this.#deps.now() - began);
    if (written !== undefined) this.#adopt(written);
  }

  #adopt(stored: StoredChannel): void {
    this.#queue.adopt(stored.pending);
    this.#mirror.adopt(stored, this.#deps.now());
    this.#deps.adopted();
  }

  #storedOf(value: unknown): StoredChannel {
    if (value === undefined) return { position: null, items: [], pending: [] };
    if (isStored(value)) return value;
    throw new Error(`the storage has something under ${this.#name} that is no channel`);
  }
}
