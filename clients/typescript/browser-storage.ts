// Storage in a browser (IndexedDB), shared by all tabs of one origin: a transaction is atomic among them, and a broadcast tells the
// others what changed. Nothing here is for Node; the few types are the browser's own, as far as they are used.

import type { Storage } from './storage.ts';

interface Asked<T> {
  readonly result: T;
  readonly error: unknown;
  onsuccess: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

interface Values {
  get(name: string): Asked<unknown>;
  put(value: unknown, name: string): Asked<unknown>;
  delete(name: string): Asked<unknown>;
  getAllKeys(): Asked<readonly unknown[]>;
}

interface Transaction {
  readonly error: unknown;
  oncomplete: ((event: never) => void) | null;
  onabort: ((event: never) => void) | null;
  objectStore(name: string): Values;
  abort(): void;
}

interface Database {
  createObjectStore(name: string): unknown;
  transaction(name: string, mode: 'readonly' | 'readwrite', options?: { durability: 'strict' }): Transaction;
}

interface Opening extends Asked<Database> {
  onupgradeneeded: ((event: never) => void) | null;
}

declare const indexedDB: { open(name: string, version: number): Opening };
declare const BroadcastChannel: new (
  name: string,
) => { onmessage: ((event: never) => void) | null; postMessage(message: unknown): void; close(): void };

const table = 'values';

/** @param name of the database: one for each account that is used in this browser */
export class BrowserStorage implements Storage {
  #name: string;
  #database: Promise<Database> | undefined;
  #watchers = new Set<(name: string) => void>();
  #told: InstanceType<typeof BroadcastChannel> | undefined;

  constructor(name = 'horai') {
    this.#name = name;
  }

  async names(): Promise<readonly string[]> {
    const keys = await answered((await this.#values('readonly')).values.getAllKeys());
    return keys.filter((key) => typeof key === 'string');
  }

  async read(name: string): Promise<unknown> {
    return answered((await this.#values('readonly')).values.get(name));
  }

  async update(name: string, change: (value: unknown) => unknown): Promise<void> {
    const { transaction, values } = await this.#values('readwrite');
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('the browser could not keep it'));
    });
    const got = values.get(name);
    // Not awaited: a transaction ends when nothing is asked of it in the same turn.
    got.onsuccess = () => {
      try {
        const changed = change(got.result);
        if (changed === undefined) values.delete(name);
        else values.put(changed, name);
      } catch (error) {
        transaction.abort();
        throw error;
      }
    };
    await done;
    this.#tell(name);
  }

  watch(told: (name: string) => void): () => void {
    const watcher = (name: string) => told(name);
    this.#watchers.add(watcher);
    this.#broadcast();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.#told?.close();
      this.#told = undefined;
    };
  }

  #tell(name: string): void {
    for (const told of [...this.#watchers]) told(name);
    if (this.#told !== undefined) {
      this.#told.postMessage(name);
      return;
    }
    const once = new BroadcastChannel(this.#name);
    once.postMessage(name);
    once.close();
  }

  #broadcast(): void {
    if (this.#told !== undefined) return;
    const channel = new BroadcastChannel(this.#name);
    channel.onmessage = ({ data }: { readonly data: unknown }) => {
      if (typeof data === 'string') for (const told of [...this.#watchers]) told(data);
    };
    this.#told = channel;
  }

  async #values(mode: 'readonly' | 'readwrite'): Promise<{ transaction: Transaction; values: Values }> {
    this.#database ??= this.#open();
    const transaction = (await this.#database).transaction(table, mode, { durability: 'strict' });
    return { transaction, values: transaction.objectStore(table) };
  }

  #open(): Promise<Database> {
    const opening = indexedDB.open(this.#name, 1);
    opening.onupgradeneeded = () => void opening.result.createObjectStore(table);
    return answered(opening);
  }
}

function answered<T>(asked: Asked<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
