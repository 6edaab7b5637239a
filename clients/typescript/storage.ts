// The storage port of the SDK, and its implementation in memory. The storage has the device's identity, the last known state of each
// channel, and the unanswered writes. file-storage.ts and browser-storage.ts are separate entry points, so that the SDK does not
// import them.

import { Listeners } from './listeners.ts';

/**
 * Named JSON values. Several processes, or tabs, may share one storage: `update` is atomic among them all.
 */
export interface Storage {
  names(): Promise<readonly string[]>;
  /** @returns undefined if there is no such value */
  read(name: string): Promise<unknown>;
  /**
   * Replaces a value atomically by `change(value)`; undefined removes the value. When the promise resolves, the change is durable: it
   * survives a power cut.
   */
  update(name: string, change: (value: unknown) => unknown): Promise<void>;
  /** Calls `listener` when a value may have changed, also by another process. Returns a function that removes the listener. */
  watch(listener: (name: string) => void): () => void;
}

/** Storage in memory. Connections that share the object see each other's changes. */
export class MemoryStorage implements Storage {
  #values = new Map<string, string>();
  #listeners = new Listeners<string>();

  async names(): Promise<readonly string[]> {
    return [...this.#values.keys()];
  }

  async read(name: string): Promise<unknown> {
    const text = this.#values.get(name);
    return text === undefined ? undefined : JSON.parse(text);
  }

  async update(name: string, change: (value: unknown) => unknown): Promise<void> {
    const text = this.#values.get(name);
    const changed = change(text === undefined ? undefined : JSON.parse(text));
    if (changed === undefined) this.#values.delete(name);
    else this.#values.set(name, JSON.stringify(changed));
    this.#listeners.notify(name);
  }

  watch(listener: (name: string) => void): () => void {
    return this.#listeners.add(listener);
  }
}
