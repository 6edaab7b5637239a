// The content of a disk after a power cut. The trace of the shim has every change of the files, in order. Changes that no fsync has flushed may be
// on the disk or not, each for itself, a write in part too: sector by sector. Names (made, moved, removed) are flushed by an fsync of their
// folder, not by one of the file. So this disk keeps less than any real one; what survives it survives a real one.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

const headBytes = 40;
const sector = 512;

interface Change {
  readonly letter: string;
  readonly path: string;
  readonly inode: bigint;
  /** The place of a write, or the size after a truncation. */
  readonly number: number;
  readonly data: Buffer;
}

/** Reads the file that the shim wrote. */
export function readTrace(path: string): readonly Change[] {
  const bytes = readFileSync(path);
  const changes: Change[] = [];
  for (let at = 0; at < bytes.length; ) {
    const int = (index: number): number => Number(bytes.readBigInt64LE(at + index * 8));
    const [letter, pathBytes, dataBytes, number] = [int(0), int(1), int(2), int(4)];
    const inode = bytes.readBigUInt64LE(at + 24);
    at += headBytes;
    const name = bytes.toString('utf8', at, at + pathBytes);
    at += pathBytes;
    const data = bytes.subarray(at, at + dataBytes);
    at += dataBytes;
    changes.push({ letter: String.fromCharCode(letter), path: name, inode, number, data });
  }
  return changes;
}

type Edit =
  | { readonly edit: 'write'; readonly at: number; readonly data: Buffer }
  | { readonly edit: 'truncate'; readonly size: number };

/** A file without its names. */
class FileOnDisk {
  flushed: Buffer<ArrayBufferLike>;
  pending: Edit[] = [];

  constructor(flushed: Buffer<ArrayBufferLike> = Buffer.alloc(0)) {
    this.flushed = flushed;
  }

  flush(): void {
    for (const change of this.pending) this.flushed = applied(this.flushed, change);
    this.pending = [];
  }
}

/** Files and folders by their paths; a folder is undefined. */
type Names = Map<string, FileOnDisk | undefined>;

interface NameChange {
  readonly folder: string;
  readonly apply: (names: Names) => void;
}

/** Decides for each unflushed change whether it is on the disk. */
export type Choose = () => boolean;

export class Disk {
  /** How many changes were acknowledged by the mark file so far. */
  acknowledged = 0;
  readonly #top: string;
  readonly #marks: string;
  readonly #isLying: boolean;
  #flushedNames: Names = new Map();
  #names: Names = new Map();
  #pendingNames: NameChange[] = [];
  readonly #byInode = new Map<bigint, FileOnDisk>();

  /**
   * @param top the folder whose files are on this disk
   * @param marks the file to which the process writes a byte for each acknowledgement
   * @param isLying true for a disk whose fsync flushes nothing
   */
  constructor(top: string, marks: string, isLying = false) {
    this.#top = top;
    this.#marks = marks;
    this.#isLying = isLying;
  }

  /** A file that was there and flushed before the trace. */
  add(path: string, inode: bigint, content: Buffer): void {
    const file = new FileOnDisk(content);
    this.#byInode.set(inode, file);
    for (const names of [this.#names, this.#flushedNames]) {
      names.set(path, file);
      for (const folder of this.#foldersOf(path)) names.set(folder, undefined);
    }
  }

  apply({ letter, path, inode, number, data }: Change): void {
    if (path === this.#marks) {
      if (letter === 'w') this.acknowledged += data.length;
      return;
    }
    const file = this.#byInode.get(inode);
    if (letter === 'c') this.#create(path, inode);
    else if (letter === 'w') file?.pending.push({ edit: 'write', at: number, data });
    else if (letter === 't') file?.pending.push({ edit: 'truncate', size: number });
    else if (letter === 's') this.#flush(path, file);
    else if (letter === 'r') this.#move(path, data.toString());
    else if (letter === 'l') this.#link(path, data.toString());
    else if (letter === 'm') this.#rename(path, (names) => names.set(path, undefined));
    else if (letter === 'u') this.#rename(path, (names) => names.delete(path));
  }

  /** True if some change is not flushed. */
  get isDirty(): boolean {
    return this.#pendingNames.length > 0 || [...this.#names.values()].some((file) => (file?.pending.length ?? 0) > 0);
  }

  /** Writes into `target` what is on the disk when the power is cut now. */
  cut(target: string, choose: Choose): void {
    const names = new Map(this.#flushedNames);
    for (const { apply } of this.#pendingNames) if (choose()) apply(names);
    const contents = new Map<FileOnDisk, Buffer>();
    for (const [path, file] of names) {
      if (file === undefined || !this.#foldersOf(path).every((folder) => names.has(folder))) continue;
      const content = contents.get(file) ?? torn(file, choose);
      contents.set(file, content);
      const to = join(target, relative(this.#top, path));
      mkdirSync(dirname(to), { recursive: true });
      // The index of the log is rebuilt from the log; after a power cut it may hold anything.
      writeFileSync(to, basename(path).endsWith('-shm') ? Buffer.alloc(32_768, 0xa5) : content);
    }
  }

  /** The folders below the top that the path lies in. */
  #foldersOf(path: string): readonly string[] {
    const folder = dirname(path);
    return folder.length <= this.#top.length ? [] : [folder, ...this.#foldersOf(folder)];
  }

  #create(path: string, inode: bigint): void {
    const file = new FileOnDisk();
    this.#byInode.set(inode, file);
    this.#rename(path, (names) => names.set(path, file));
  }

  #move(from: string, to: string): void {
    const file = this.#names.get(from);
    if (file === undefined) return;
    this.#rename(to, (names) => {
      names.delete(from);
      names.set(to, file);
    });
  }

  #link(from: string, to: string): void {
    const file = this.#names.get(from);
    if (file !== undefined) this.#rename(to, (names) => names.set(to, file));
  }

  #rename(path: string, apply: NameChange['apply']): void {
    apply(this.#names);
    this.#pendingNames.push({ folder: dirname(path), apply });
  }

  #flush(path: string, file: FileOnDisk | undefined): void {
    if (this.#isLying) return;
    const isFolder = path === this.#top || (this.#names.has(path) && this.#names.get(path) === undefined);
    if (!isFolder) {
      file?.flush();
      return;
    }
    for (const { folder, apply } of this.#pendingNames) if (folder === path) apply(this.#flushedNames);
    this.#pendingNames = this.#pendingNames.filter(({ folder }) => folder !== path);
  }
}

function applied(content: Buffer, change: Edit): Buffer {
  if (change.edit === 'truncate') {
    return change.size <= content.length
      ? content.subarray(0, change.size)
      : Buffer.concat([content, Buffer.alloc(change.size - content.length)]);
  }
  const { at, data } = change;
  const grown = Buffer.alloc(Math.max(content.length, at + data.length));
  content.copy(grown);
  data.copy(grown, at);
  return grown;
}

/** The content of a file of whose unflushed changes only some are on the disk. */
function torn({ flushed, pending }: FileOnDisk, choose: Choose): Buffer {
  return pending.reduce((content, change) => {
    if (change.edit === 'truncate') return choose() ? applied(content, change) : content;
    let next = content;
    for (let from = 0; from < change.data.length; ) {
      // Sectors of the disk, not of the write.
      const end = Math.min(change.data.length, from + sector - ((change.at + from) % sector));
      if (choose())
        next = applied(next, { edit: 'write', at: change.at + from, data: change.data.subarray(from, end) });
      from = end;
    }
    return next;
  }, flushed);
}
