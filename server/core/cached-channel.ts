// The whole of a small channel in memory, for those who must read before they write: what is on disk, and on top of it the
// writes under way, so that writers need not wait for one another's fsync. The store still decides: each write names the
// state it was computed from, and is computed again when another node was faster.

import type { Refusal } from '../../protocol/errors.ts';
import type { Channel } from './channel.ts';
import type { Peer } from './peer.ts';
import type { Appended, Change, Item, Op, Write } from './store.ts';

export interface View {
  readonly seq: number;
  /** The greatest version a change has carried; -1 when none has. */
  readonly version: number;
  readonly items: ReadonlyMap<string, Item>;
}

/** Kept in step with a document's items, the writes under way included; for those who look items up by more than their key. */
export interface Mirror {
  cleared(): void;
  set(item: Item): void;
  removed(key: string): void;
}

/** What to write, or why not. `ops` may be empty. */
export type Computed = { readonly ok: true; readonly write: Omit<Write, 'base'> } | Refusal;

export type Written = Extract<Appended, { ok: true }> | Refusal;

const attempts = 100;

export class Document {
  readonly channel: Channel;
  #items = new Map<string, Item>();
  #mirrors: Mirror[] = [];
  #seq = 0;
  #version = -1;
  /** Resolves when the newest write under way is decided. */
  #last: Promise<unknown> = Promise.resolve();
  #loading: Promise<void> | undefined;
  #stopListening: () => void;

  private constructor(channel: Channel) {
    this.channel = channel;
    this.#stopListening = channel.listen((changes) => this.#heard(changes));
  }

  static async open(channel: Channel): Promise<Document> {
    const document = new Document(channel);
    await document.#load();
    return document;
  }

  /** With the writes under way: base decisions on it, never answers. */
  get view(): View {
    return { seq: this.#seq, version: this.#version, items: this.#items };
  }

  /** The state as it is now, once it is on disk. */
  async settled(): Promise<View> {
    for (;;) {
      await this.#loading;
      const view: View = { seq: this.#seq, version: this.#version, items: new Map(this.#items) };
      await this.#last.catch(() => undefined);
      if (this.#loading === undefined && this.channel.position.seq >= view.seq) return view;
      await this.#load();
    }
  }

  /**
   * Computes a write from the newest state and appends it; computed again when the state turns out to be old. `compute` is
   * called at once, so that writes keep the order in which they were asked for.
   */
  async write(compute: (view: View) => Computed, sender?: Peer): Promise<Written> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (this.#loading !== undefined) await this.#loading;
      const computed = compute(this.view);
      if (!computed.ok) return computed;
      const base = this.#seq;
      const appending = this.channel.write({ ...computed.write, base }, sender);
      this.#assume(computed.write);
      this.#last = appending;
      let appended: Appended;
      try {
        appended = await appending;
      } catch (error) {
        // Where that fails too, the next write is found to be stale and loads again.
        this.#load().catch(() => undefined);
        throw error;
      }
      if (appended.ok) {
        if (appended.replayed) await this.#load();
        return appended;
      }
      await this.#load();
    }
    throw new Error(`${this.channel.name}: ${attempts} writes in a row were overtaken`);
  }

  /** Shows it all items now, and keeps it in step from here on. */
  mirror(mirror: Mirror): void {
    this.#mirrors.push(mirror);
    for (const item of this.#items.values()) mirror.set(item);
  }

  close(): void {
    this.#stopListening();
  }

  /** Applies ops as the store will ([ST2]). */
  #assume(write: Omit<Write, 'base'>): void {
    for (const op of write.ops) {
      if (!changes(this.#items.get(op.key), op)) continue;
      this.#seq += 1;
      this.#version = Math.max(this.#version, op.version ?? -1);
      this.#remove(op.key);
      if (op.op === 'remove') continue;
      this.#set({
        key: op.key,
        value: op.value,
        time: op.time ?? null,
        end: op.end ?? null,
        seq: this.#seq,
        origin: write.origin,
        at: write.at,
        version: op.version ?? null,
      });
    }
  }

  #heard(told: readonly Change[]): void {
    for (const change of told) {
      if (change.seq <= this.#seq) continue;
      // A step that nobody here assumed: another node's. Writes under way will be refused as stale and computed again.
      this.#seq = change.seq;
      this.#version = Math.max(this.#version, change.version ?? -1);
      this.#remove(change.key);
      if (change.value !== null) this.#set({ ...change, value: change.value });
    }
  }

  #set(item: Item): void {
    this.#items.set(item.key, item);
    for (const mirror of this.#mirrors) mirror.set(item);
  }

  #remove(key: string): void {
    if (this.#items.delete(key)) for (const mirror of this.#mirrors) mirror.removed(key);
  }

  #load(): Promise<void> {
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #read(): Promise<void> {
    await this.channel.refresh();
    const items = new Map<string, Item>();
    let seq = 0;
    for (;;) {
      const since = await this.channel.since(seq, Number.MAX_SAFE_INTEGER);
      if (!since.ok) {
        items.clear();
        seq = 0;
        continue;
      }
      for (const change of since.changes) {
        items.delete(change.key);
        if (change.value !== null) items.set(change.key, { ...change, value: change.value });
      }
      seq = since.more ? (since.changes.at(-1)?.seq ?? since.head.seq) : since.head.seq;
      if (since.more) continue;
      this.#items = new Map();
      for (const mirror of this.#mirrors) mirror.cleared();
      for (const item of items.values()) this.#set(item);
      this.#seq = seq;
      this.#version = since.head.version;
      return;
    }
  }
}

/** Whether the store would make a step of this op ([ST2]). */
function changes(item: Item | undefined, op: Op): boolean {
  if (op.op === 'remove') return item !== undefined;
  if (item === undefined) return true;
  return (
    op.op === 'put' && (item.value !== op.value || item.time !== (op.time ?? null) || item.end !== (op.end ?? null))
  );
}
