// The database in one readable file (file-text.ts). The file is locked, checked, and written durably, so that two commands at once, or a
// power cut, lose nothing: a small file is written anew and renamed, a large one gets the change as one more line. database.ts defines
// the fields.

import { isAscii } from 'node:buffer';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, errorMessage } from '../../../protocol/error-message.ts';
import type { LockFile } from '../../typescript/lock-file.ts';
import { DatabaseError, type DatabaseStore, emptyDatabase, type KronosDatabase } from './database.ts';
import { changesLength, formatDatabase, parseDatabase, takesChanges } from './file-text.ts';
import { waitForLock } from './lock.ts';
import { changeBetween, leavingCount } from './stored-change.ts';

/** A command needs the lock for some milliseconds, but many commands may wait for it. */
const defaultPatienceMs = 15_000;

/** Smaller files are written as a whole, in characters: that costs nothing, and leaves one JSON object. */
const smallFile = 256 * 1_024;
/** With more changes at its end, in characters, the file is written anew. */
const maxChanges = 256 * 1_024;

/** After a change that takes away more than so many elements, the file is written anew: each command would read them first. */
const maxLeaving = 500;

/** A file that was read. */
interface StoredDatabase {
  /** Where the file is, behind a link. */
  readonly path: string;
  /** undefined if there is no file */
  readonly stored: StoredText | undefined;
  readonly data: KronosDatabase;
}

interface StoredText {
  readonly text: string;
  /** Bytes. */
  readonly size: number;
}

export class DatabaseFile implements DatabaseStore {
  #path: string;
  #patienceMs: number;

  constructor(path: string, { patienceMs = defaultPatienceMs }: { readonly patienceMs?: number } = {}) {
    this.#path = path;
    this.#patienceMs = patienceMs;
  }

  read(): KronosDatabase {
    return this.#read().data;
  }

  write(change: (database: KronosDatabase) => Partial<KronosDatabase>): KronosDatabase {
    return this.#locked(({ path, stored, data }) => {
      const changed = change(data);
      if (Object.keys(changed).length === 0) return { data, store: undefined };
      const database = { ...data, ...changed };
      const line = stored === undefined ? undefined : lineFor(stored.text, data, changed);
      const store = () =>
        stored === undefined || line === undefined
          ? replaceFile(path, formatDatabase(database))
          : appendLine(path, line, stored.size);
      return { data: database, store };
    });
  }

  compact(): void {
    if (changesLength(this.#read().stored?.text ?? '') === 0) return;
    this.#locked(({ path, stored, data }) => {
      const isCompact = stored === undefined || changesLength(stored.text) === 0;
      return { data, store: isCompact ? undefined : () => replaceFile(path, formatDatabase(data)) };
    });
  }

  #read(): StoredDatabase {
    const path = resolveLink(this.#path);
    try {
      const stored = readText(path);
      return { path, stored, data: stored === undefined ? emptyDatabase : parseDatabase(stored.text) };
    } catch (error) {
      throw new DatabaseError('read database failed', errorMessage(error));
    }
  }

  /** Reads the database and stores what `act` returns, under the lock. */
  #locked(
    act: (found: StoredDatabase) => { readonly data: KronosDatabase; readonly store: (() => void) | undefined },
  ): KronosDatabase {
    const lock = this.#lock();
    try {
      const { data, store } = act(this.#read());
      if (store === undefined) return data;
      try {
        if (!lock.isHeld())
          throw new Error('the lock expired and another process took it, nothing was stored: try again');
        store();
      } catch (error) {
        throw new DatabaseError('write database failed', errorMessage(error));
      }
      return data;
    } finally {
      lock.release();
    }
  }

  #lock(): LockFile {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      return waitForLock(`${resolveLink(this.#path)}.lock`, this.#patienceMs);
    } catch (error) {
      throw new DatabaseError('write database failed', errorMessage(error));
    }
  }
}

/** Follows a symbolic link: people may keep the file elsewhere, such as in a repository, and a rename would replace the link. */
function resolveLink(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** @returns undefined if there is no file */
function readText(path: string): StoredText | undefined {
  try {
    const bytes = readFileSync(path);
    // ASCII, which most files are, is decoded in half the time.
    return { text: bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8'), size: bytes.length };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** @returns the line that stores the change at the end of the file; undefined if the file is to be written anew */
function lineFor(text: string, before: KronosDatabase, changed: Partial<KronosDatabase>): string | undefined {
  if (text.length < smallFile || !takesChanges(text)) return undefined;
  const change = changeBetween(before, changed);
  if (change === undefined || leavingCount(change) > maxLeaving) return undefined;
  const line = `${JSON.stringify(change)}\n`;
  return changesLength(text) + line.length > maxChanges ? undefined : line;
}

/**
 * Adds a line and flushes it. A line that was written in part is removed again, or, if the process is killed, left out by the next reader.
 * @param size the bytes that the file had when it was read
 */
function appendLine(path: string, line: string, size: number): void {
  const file = openSync(path, 'a');
  try {
    if (fstatSync(file).size !== size)
      throw new Error('another program changed the file at this moment, nothing was stored: try again');
    try {
      writeFileSync(file, line);
      fsyncSync(file);
    } catch (error) {
      ftruncateSync(file, size);
      throw error;
    }
  } finally {
    closeSync(file);
  }
}

/** Flushes the new file to disk before it replaces the old one. */
function replaceFile(path: string, text: string): void {
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  flushFolder(dirname(path));
}

/** Makes the rename durable. Windows cannot flush a folder and does not need it. */
function flushFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
