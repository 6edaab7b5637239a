// Storage in one JSON file that a person can read (lowdb), for Node. A change is on disk, whole, when it is promised: written beside
// the file, flushed, and put in its place. Several processes may share the file: each change holds a lock file for its moment.

import { randomBytes } from 'node:crypto';
import { watch as watchFolder } from 'node:fs';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type Adapter, Low } from 'lowdb';
import { inspectLock, type LockFile, tryLock } from './lock-file.ts';
import type { Storage } from './storage.ts';

const waitMs = 15_000;
const retryMs = 10;

type Values = Readonly<Record<string, unknown>>;

export class FileStorage implements Storage {
  readonly path: string;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param path is made, with its folder, at the first change; readable by its owner only, for a token may be in it */
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
    const turn = this.#turn.then(() => this.#update(name, change));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  watch(told: (name: string) => void): () => void {
    const file = basename(this.path);
    let over = false;
    let end = () => {
      over = true;
    };
    void mkdir(dirname(this.path), { recursive: true, mode: 0o700 }).then(
      () => {
        if (over) return;
        const watcher = watchFolder(dirname(this.path), { persistent: false }, (_event, changed) => {
          if (changed === file)
            void this.names().then(
              (names) => names.forEach((name) => void told(name)),
              () => undefined,
            );
        });
        watcher.on('error', () => watcher.close());
        end = () => watcher.close();
      },
      () => undefined,
    );
    return () => end();
  }

  async #open(): Promise<Low<Values>> {
    const low = new Low<Values>(new WholeFile(this.path), {});
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
        throw new Error('another process took the lock, because this one slept for too long: try again');
      await low.write();
    } finally {
      lock.release();
    }
  }
}

/** As lowdb's own file, but that it flushes, and that a file it cannot read is no empty one. */
class WholeFile implements Adapter<Values> {
  #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<Values | null> {
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return '';
      throw error;
    });
    if (text === '') return null;
    let values: unknown;
    try {
      values = JSON.parse(text);
    } catch (error) {
      throw new Error(`${this.#path} is not JSON: mend it, or move it away`, { cause: error });
    }
    if (!isValues(values)) throw new Error(`${this.#path} holds no JSON object: mend it, or move it away`);
    return values;
  }

  async write(values: Values): Promise<void> {
    const beside = `${this.#path}.${process.pid}.${randomBytes(6).toString('hex')}`;
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(values, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, this.#path);
    await flushFolder(dirname(this.#path));
  }
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A rename is on disk when its folder is; Windows cannot flush one, and need not. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** @throws if another process holds the lock for longer than `waitMs` */
async function waitForLock(path: string): Promise<LockFile> {
  const until = Date.now() + waitMs;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    if (Date.now() > until) {
      const holder = inspectLock(path)?.holder || 'an unknown process';
      throw new Error(`${path} is held by process ${holder}; if there is no such process, delete the file`);
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
