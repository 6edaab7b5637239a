// Event ids of an account: 1, 2, 3 …, one sequence over all its buckets, as clients know it. Ids are reserved in blocks before use, in
// the account's own channel, so a crash or a second node leaves a gap and never gives an id twice.

import type { CachedChannel } from '../../../core/cached-channel.ts';
import type { World } from '../../../core/world.ts';

const block = 1_000;
const key = 'ids';
/** Edges number their own events from here on, so that no two machines give the same id to different events. */
export const edgeIds = 2 ** 40;

export class Ids {
  #document: CachedChannel;
  #world: World;
  #next = 1;
  /** The last reserved id. */
  #until = 0;
  #reserving: Promise<void> | undefined;

  constructor(document: CachedChannel, world: World) {
    this.#document = document;
    this.#world = world;
  }

  /** @returns undefined if no id is reserved: call `reserve`, then this again */
  take(): number | undefined {
    if (this.#next > this.#until) return undefined;
    this.#next += 1;
    return this.#next - 1;
  }

  /** Reserves so many ids. `take` gives an id then, unless other callers took all of them. */
  reserve(count = block): Promise<void> {
    this.#reserving ??= this.#reserve(0, count).finally(() => {
      this.#reserving = undefined;
    });
    return this.#reserving;
  }

  async takeMany(count: number): Promise<readonly number[]> {
    const ids: number[] = [];
    while (ids.length < count) {
      const id = this.take();
      // Reserving is a durable write: bulk writes reserve for several batches at once.
      if (id === undefined) await this.reserve(Math.max(block, count * 8));
      else ids.push(id);
    }
    return ids;
  }

  /** A client used this id itself: later ids are greater. */
  async passOver(id: number): Promise<void> {
    if (id < this.#next || id >= edgeIds) return;
    if (id <= this.#until) this.#next = id + 1;
    else await this.#reserve(id);
  }

  async #reserve(least: number, count = block): Promise<void> {
    let [next, until] = [this.#next, this.#until];
    const at = this.#world.now();
    const written = await this.#document.write((view) => {
      next = Math.max(Number(view.items.get(key)?.value ?? 0), least) + 1;
      until = next + count - 1;
      return { ok: true, write: { ops: [{ op: 'put', key, value: String(until) }], origin: 'hub', at } };
    });
    if (!written.ok) throw new Error(written.error);
    this.#next = next;
    this.#until = until;
  }
}
