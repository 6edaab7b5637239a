// Storage in a browser (IndexedDB), shared by all tabs of one origin. A transaction is atomic among the tabs, and a BroadcastChannel
// notifies the other tabs of changes. The interfaces below declare the part of IndexedDB that is used, because this project compiles
// without the DOM types.

import type { Storage } from './storage.ts';

interface IdbRequest<T> {
  readonly result: T;
  readonly error: unknown;
  onsuccess: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

interface IdbObjectStore {
  get(name: string): IdbRequest<unknown>;
  put(value: unknown, name: string): IdbRequest<unknown>;
  delete(name: string): IdbRequest<unknown>;
  getAllKeys(): IdbRequest<readonly unknown[]>;
}

interface IdbTransaction {
  readonly error: unknown;
  oncomplete: ((event: never) => void) | null;
  onabort: ((event: never) => void) | null;
  objectStore(name: string): IdbObjectStore;
  abort(): void;
}

interface IdbDatabase {
  createObjectStore(name: string): unknown;
  transaction(name: string, mode: 'readonly' | 'readwrite', options?: { durability: 'strict' }): IdbTransaction;
}

interface IdbOpenRequest extends IdbRequest<IdbDatabase> {
  onupgradeneeded: ((event: never) => void) | null;
}

declare const indexedDB: { open(name: string, version: number): IdbOpenRequest };
declare const BroadcastChannel: new (
  name: string,
) => { onmessage: ((event: never) => void) | null; postMessage(message: unknown): void; close(): void };

const storeName = 'values';

/** @param name the name of the database: use one per account in this browser */
export class BrowserStorage implements Storage {
  #name: string;
  #database: Promise<IdbDatabase> | undefined;
  #listeners = new Set<(name: string) => void>();
  #broadcastChannel: InstanceType<typeof BroadcastChannel> | undefined;

  constructor(name = 'horai') {
    this.#name = name;
  }

  async names(): Promise<readonly string[]> {
    const keys = await toPromise((await this.#openStore('readonly')).values.getAllKeys());
    return keys.filter((key) => typeof key === 'string');
  }

  async read(name: string): Promise<unknown> {
    return toPromise((await this.#openStore('readonly')).values.get(name));
  }

  async update(name: string, change: (value: unknown) => unknown): Promise<void> {
    const { transaction, values } = await this.#openStore('readwrite');
    const committed = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () =>
        reject(transaction.error ?? new Error('the browser aborted the transaction: nothing was stored'));
    });
    const request = values.get(name);
    // A callback instead of `await`: a transaction commits when a turn of the event loop makes no request.
    request.onsuccess = () => {
      try {
        const changed = change(request.result);
        if (changed === undefined) values.delete(name);
        else values.put(changed, name);
      } catch (error) {
        transaction.abort();
        throw error;
      }
    };
    await committed;
    this.#notify(name);
  }

  watch(listener: (name: string) => void): () => void {
    const entry = (name: string) => listener(name);
    this.#listeners.add(entry);
    this.#openBroadcastChannel();
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size > 0) return;
      this.#broadcastChannel?.close();
      this.#broadcastChannel = undefined;
    };
  }

  #notify(name: string): void {
    for (const notify of [...this.#listeners]) notify(name);
    if (this.#broadcastChannel !== undefined) {
      this.#broadcastChannel.postMessage(name);
      return;
    }
    const channel = new BroadcastChannel(this.#name);
    channel.postMessage(name);
    channel.close();
  }

  #openBroadcastChannel(): void {
    if (this.#broadcastChannel !== undefined) return;
    const channel = new BroadcastChannel(this.#name);
    channel.onmessage = ({ data }: { readonly data: unknown }) => {
      if (typeof data === 'string') for (const notify of [...this.#listeners]) notify(data);
    };
    this.#broadcastChannel = channel;
  }

  async #openStore(mode: 'readonly' | 'readwrite'): Promise<{ transaction: IdbTransaction; values: IdbObjectStore }> {
    this.#database ??= this.#openDatabase();
    const transaction = (await this.#database).transaction(storeName, mode, { durability: 'strict' });
    return { transaction, values: transaction.objectStore(storeName) };
  }

  #openDatabase(): Promise<IdbDatabase> {
    const request = indexedDB.open(this.#name, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(storeName);
    return toPromise(request);
  }
}

function toPromise<T>(request: IdbRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
