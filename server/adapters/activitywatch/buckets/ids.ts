// The numbers of an account's events: 1, 2, 3 …, one row over all its buckets as clients know it. They are reserved in blocks
// in the account's own document before they are used, so a crash or a second node leaves a gap and never gives a number twice.

import type { CachedChannel } from '../../../core/cached-channel.ts';
import type { World } from '../../../core/world.ts';

const block = 1_000;
const key = 'ids';
/** From here on edges number their own events, so that no two machines ever give the same number to different ones. */
export const edgeIds = 2 ** 40;

export class Ids {
  #document: CachedChannel;
  #world: World;
  #next = 1;
  /** The last one that is reserved. */
  #until = 0;
  #reserving: Promise<void> | undefined;

  constructor(document: CachedChannel, world: World) {
    this.#document = document;
    this.#world = world;
  }

  /** undefined when none is reserved: `reserve`, and ask again. */
  take(): number | undefined {
    if (this.#next > this.#until) return undefined;
    this.#next += 1;
    return this.#next - 1;
  }

  /** Resolves when `take` gives one, unless others were faster. */
  reserve(): Promise<void> {
    this.#reserving ??= this.#reserve(0).finally(() => {
      this.#reserving = undefined;
    });
    return this.#reserving;
  }

  async takeMany(count: number): Promise<readonly number[]> {
    const ids: number[] = [];
    while (ids.length < count) {
      const id = this.take();
      if (id === undefined) await this.reserve();
      else ids.push(id);
    }
    return ids;
  }

  /** A client numbered an event by itself: the row goes on after it. */
  async passOver(id: number): Promise<void> {
    if (id < this.#next || id >= edgeIds) return;
    if (id <= this.#until) this.#next = id + 1;
    else await this.#reserve(id);
  }

  async #reserve(least: number): Promise<void> {
    let [next, until] = [this.#next, this.#until];
    const at = this.#world.now();
    const written = await this.#document.write((view) => {
      next = Math.max(Number(view.items.get(key)?.value ?? 0), least) + 1;
      until = next + block - 1;
      return { ok: true, write: { ops: [{ op: 'put', key, value: String(until) }], origin: 'hub', at } };
    });
    if (!written.ok) throw new Error(written.error);
    this.#next = next;
    this.#until = until;
  }
}
