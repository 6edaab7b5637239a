// The port to what remembers between two runs: the device's name, each channel as it was last seen, and the writes that the hub has
// not answered yet. Here are the port and the storage that forgets; files and browsers have entries of their own, so that who
// imports the SDK imports neither.

import { Listeners } from './listeners.ts';

/**
 * Named JSON values. Several processes, or tabs, may share one storage: `update` is atomic among them all.
 */
export interface Storage {
  names(): Promise<readonly string[]>;
  /** undefined where there is none. */
  read(name: string): Promise<unknown>;
  /**
   * Replaces a value by what `change` makes of it as it is in the storage now; undefined removes it. Nobody else's change comes
   * between, and it would survive a power cut once this resolves.
   */
  update(name: string, change: (value: unknown) => unknown): Promise<void>;
  /** Calls `told` when somebody else, perhaps, changed a value. The answer ends it. */
  watch(told: (name: string) => void): () => void;
}

/** Remembers as long as the object lives; those who share it see each other's changes. */
export class MemoryStorage implements Storage {
  #values = new Map<string, string>();
  #watchers = new Listeners<string>();

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
    this.#watchers.notify(name);
  }

  watch(told: (name: string) => void): () => void {
    return this.#watchers.add(told);
  }
}
