// Storage in one readable JSON file (lowdb), for Node. A change is written to a temporary file, flushed, and renamed, so that it is
// durable and the file is never half written. Several processes may share the file: each change takes a lock file (lock-file.ts).

import { randomBytes } from 'node:crypto';
import { watch as watchFolder } from 'node:fs';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type Adapter, Low } from 'lowdb';
import { errorCode } from '../../protocol/error-message.ts';
import { type LockFile, lockHeldError, tryLock } from './lock-file.ts';
import type { Storage } from './storage.ts';

const lockTimeoutMs = 15_000;
const lockRetryMs = 10;

type Values = Readonly<Record<string, unknown>>;

export class FileStorage implements Storage {
  readonly path: string;
  #lastUpdate: Promise<unknown> = Promise.resolve();

  /** @param path the file, which is created with its folder at the first change. Only its owner may read it, because it may contain a token */
  constructor(path: string) {
    this.path = resolve(path);
  }

  async names(): Promise<readonly string[]> {
    return Object.keys((await this.#open()).data);
  }

  async read(name: string): Promise<unknown> {
    const { data: values } = await this.#open();
    return Object.hasOwn(values, name) ? values[name] : undefined;
  }

  update(name: string, change: (value: unknown) => unknown): Promise<void> {
    const update = this.#lastUpdate.then(() => this.#update(name, change));
    this.#lastUpdate = update.catch(() => undefined);
    return update;
  }

  watch(listener: (name: string) => void): () => void {
    const file = basename(this.path);
    let isStopped = false;
    let stop = () => {
      isStopped = true;
    };
    void mkdir(dirname(this.path), { recursive: true, mode: 0o700 }).then(
      () => {
        if (isStopped) return;
        const watcher = watchFolder(dirname(this.path), { persistent: false }, (_event, changed) => {
          if (changed === file)
            void this.names().then(
              (names) => names.forEach((name) => void listener(name)),
              () => undefined,
            );
        });
        watcher.on('error', () => watcher.close());
        stop = () => watcher.close();
      },
      () => undefined,
    );
    return () => stop();
  }

  async #open(): Promise<Low<Values>> {
    const low = new Low<Values>(new DurableJsonFile(this.path), {});
    await low.read();
    return low;
  }

  async #update(name: string, change: (value: unknown) => unknown): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const lock = await waitForLock(`${this.path}.lock`);
    try {
      const low = await this.#open();
      const before = Object.hasOwn(low.data, name) ? low.data[name] : undefined;
      const { [name]: _old, ...others } = low.data;
      const changed = change(before);
      low.data = changed === undefined ? others : { ...low.data, [name]: changed };
      if (!lock.isHeld())
        throw new Error('the lock expired and another process took it, nothing was stored: try again');
      await low.write();
    } finally {
      lock.release();
    }
  }
}

/** A lowdb adapter that flushes what it writes, and that throws on an unreadable file instead of treating it as empty. */
class DurableJsonFile implements Adapter<Values> {
  #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<Values | null> {
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return '';
      throw error;
    });
    if (text === '') return null;
    let values: unknown;
    try {
      values = JSON.parse(text);
    } catch (error) {
      throw new Error(`${this.#path} is not valid JSON: repair it, or move it away`, { cause: error });
    }
    if (!isValues(values)) throw new Error(`${this.#path} is not a JSON object: repair it, or move it away`);
    return values;
  }

  async write(values: Values): Promise<void> {
    const draft = `${this.#path}.${process.pid}.${randomBytes(6).toString('hex')}`;
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(values, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#path);
    await flushFolder(dirname(this.#path));
  }
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Makes a rename durable. Windows cannot flush a folder and does not need it. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** @throws if another process holds the lock for longer than `lockTimeoutMs` */
async function waitForLock(path: string): Promise<LockFile> {
  const until = Date.now() + lockTimeoutMs;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    if (Date.now() > until) throw lockHeldError(path);
    await new Promise((resolve) => setTimeout(resolve, lockRetryMs));
  }
}
