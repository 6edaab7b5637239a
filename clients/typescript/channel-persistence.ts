// Stores one channel and reads what other processes stored. Writes of users are stored at once, changes from the hub after a delay.
// replica.ts defines the stored format (`StoredChannel`). mirror.ts and queue.ts merge the stored state with the state in memory.

import type { ChannelMirror } from './mirror.ts';
import type { WriteQueue } from './queue.ts';
import { isStoredChannel, type StoredChannel } from './replica.ts';
import type { Storage } from './storage.ts';

/** Changes from the hub are stored after this delay, in milliseconds. */
const lazySaveDelayMs = 250;
/** Lazy saves take at most one part in `saveTimeShare` of the time, however large the channel is. */
const saveTimeShare = 8;

/** The name of a channel's value in the storage. */
export const storageKey = (channel: string) => `channel:${channel}`;

export interface ChannelPersistenceDeps {
  readonly storage: Storage;
  readonly now: () => number;
  readonly after: (ms: number, act: () => void) => () => void;
  /** Called after stored state was merged into the mirror and the queue. */
  readonly onAdopt: () => void;
}

export class ChannelPersistence {
  #name: string;
  #mirror: ChannelMirror;
  #queue: WriteQueue;
  #deps: ChannelPersistenceDeps;
  #lastTask: Promise<unknown> = Promise.resolve();
  #nextSave: Promise<void> | undefined;
  #cancelLazySave: (() => void) | undefined;
  #stopWatching: (() => void) | undefined;
  #isClosed = false;
  #lastWriteMs = 0;

  constructor(channel: string, mirror: ChannelMirror, queue: WriteQueue, deps: ChannelPersistenceDeps) {
    this.#name = storageKey(channel);
    this.#mirror = mirror;
    this.#queue = queue;
    this.#deps = deps;
  }

  async load(): Promise<void> {
    this.#stopWatching = this.#deps.storage.watch((name) => {
      if (name === this.#name) this.#reread();
    });
    await this.#read();
  }

  /** Stores the channel. Calls that come before the save starts share one save. */
  save(): Promise<void> {
    this.#cancelLazySave?.();
    this.#cancelLazySave = undefined;
    this.#nextSave ??= this.#enqueue(() => {
      this.#nextSave = undefined;
      return this.#write();
    });
    return this.#nextSave;
  }

  /** Stores the channel after a delay. */
  saveLazily(): void {
    this.#cancelLazySave ??= this.#deps.after(Math.max(lazySaveDelayMs, saveTimeShare * this.#lastWriteMs), () => {
      this.#cancelLazySave = undefined;
      // If this save fails, the SDK gets the changes from the hub again. Writes of users are stored by `save`, which reports failures.
      this.save().catch(() => undefined);
    });
  }

  /** Resolves when the current state is stored. */
  async flush(): Promise<void> {
    if (this.#cancelLazySave !== undefined) await this.save();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopWatching?.();
    await this.flush();
    await this.#lastTask;
  }

  #reread(): void {
    this.#enqueue(async () => {
      if (!this.#isClosed) await this.#read();
    }).catch(() => undefined);
  }

  /** Runs storage operations one after the other. */
  #enqueue(run: () => Promise<void>): Promise<void> {
    const task = this.#lastTask.then(run);
    this.#lastTask = task.catch(() => undefined);
    return task;
  }

  async #read(): Promise<void> {
    this.#adopt(this.#parse(await this.#deps.storage.read(this.#name)));
  }

  async #write(): Promise<void> {
    const { applyTo, markSaved } = this.#queue.takeUnsaved();
    const startedAt = this.#deps.now();
    let result: StoredChannel | undefined;
    await this.#deps.storage.update(this.#name, (value) => {
      const stored = this.#parse(value);
      result = { ...this.#mirror.pickNewer(stored), pending: applyTo(stored.pending) };
      return result;
    });
    markSaved();
    this.#lastWriteMs = Math.max(0, this.#deps.now() - startedAt);
    if (result !== undefined) this.#adopt(result);
  }

  #adopt(stored: StoredChannel): void {
    this.#queue.adopt(stored.pending);
    this.#mirror.adopt(stored, this.#deps.now());
    this.#deps.onAdopt();
  }

  #parse(value: unknown): StoredChannel {
    if (value === undefined) return { position: null, items: [], pending: [] };
    if (isStoredChannel(value)) return value;
    throw new Error(`the value of ${this.#name} in the storage is not a channel`);
  }
}
