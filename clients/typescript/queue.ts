// The queued writes of one channel, in order: which may be sent next, which are in flight, and the outcome of each. replica.ts
// computes the request for a write, channel-sync.ts sends it, channel-persistence.ts stores it. Adding, sending and confirming a
// write take constant time.

import type { RefusedWrite, SdkFailure, SdkPosition, WriteOutcome } from './api.ts';
import type { ChannelMirror } from './mirror.ts';
import { adjustDelete, getKey, isConditional, type PendingWrite } from './replica.ts';

/** How many creates may be in flight at once. All other writes go one at a time. */
const windowSize = 32;

export interface WriteQueueDeps {
  /** Called when a write left the queue, so that the visible items and the stored queue change. */
  readonly onDrop: () => void;
  readonly onRefusal: (refused: Omit<RefusedWrite, 'channel'>) => void;
}

/** A write in flight; or a confirmed write that the mirror does not have yet. */
interface SentWrite {
  /** The item as it was sent; undefined for a write without an item. */
  readonly item: unknown;
  readonly key: string;
  /** True if another write reached the hub since this one was sent. Another process may then have sent this one before. */
  readonly crossed: boolean;
  /** The hub's answer. */
  readonly confirmed?: SdkPosition;
}

export class WriteQueue {
  #deps: WriteQueueDeps;
  /** All queued writes by write id, in order. */
  #pending = new Map<string, PendingWrite>();
  #conditionalCount = 0;
  #inFlight = new Map<string, SentWrite>();
  /** Ids of the confirmed writes in `#inFlight`. */
  #confirmedIds = new Set<string>();
  #resolvers = new Map<string, (outcome: WriteOutcome) => void>();
  /** Writes that are not stored yet. */
  #unsaved = new Map<string, PendingWrite>();
  /** Ids of writes that left the queue, but are still stored. */
  #removedIds = new Set<string>();
  /** Writes that changed since they were stored. */
  #adjusted = new Map<string, PendingWrite>();

  constructor(deps: WriteQueueDeps) {
    this.#deps = deps;
  }

  get pending(): readonly PendingWrite[] {
    return [...this.#pending.values()];
  }

  get size(): number {
    return this.#pending.size;
  }

  get hasConditional(): boolean {
    return this.#conditionalCount > 0;
  }

  get conditionalWrites(): readonly PendingWrite[] {
    return this.pending.filter(isConditional);
  }

  /** The number of writes without an answer. */
  get unansweredCount(): number {
    return this.#pending.size - this.#confirmedIds.size;
  }

  /** Appends a write. The promise resolves with the hub's answer. */
  add(write: PendingWrite): Promise<WriteOutcome> {
    this.#unsaved.set(write.id, write);
    this.#insert(write);
    return new Promise<WriteOutcome>((resolve) => this.#resolvers.set(write.id, resolve));
  }

  /** Removes a write that could not be stored. */
  takeBack({ id }: PendingWrite): void {
    this.#unsaved.delete(id);
    this.#resolvers.delete(id);
    this.#remove(id);
  }

  /**
   * Returns the next write that may be sent now. Writes go in order; creates may follow one another, all others go one at a time.
   * @param isCurrent whether the mirror has the state that a conditional write is computed from
   */
  next(isCurrent: boolean): PendingWrite | undefined {
    // The writes in flight are at the front, and at most `windowSize`.
    for (const write of this.#pending.values()) {
      const sent = this.#inFlight.get(write.id);
      if (sent === undefined) {
        if (this.#unsaved.has(write.id)) return undefined;
        const maySend = isConditional(write)
          ? isCurrent && this.#inFlight.size === 0
          : this.#inFlight.size < windowSize;
        return maySend ? write : undefined;
      }
      if (isConditional(write) && sent.confirmed === undefined) return undefined;
    }
    return undefined;
  }

  markSent(write: PendingWrite, item: unknown): void {
    this.#inFlight.set(write.id, { item, key: getKey(write), crossed: false });
  }

  /** Removes a write from those in flight. @returns undefined if it was not in flight */
  takeSent({ id }: PendingWrite): SentWrite | undefined {
    const sent = this.#inFlight.get(id);
    this.#inFlight.delete(id);
    this.#confirmedIds.delete(id);
    return sent;
  }

  /** Handles an acknowledgement. If the channel is mirrored, the write stays visible until the mirror has it. */
  confirm(write: PendingWrite, sent: SentWrite, position: SdkPosition, isMirrored: boolean): void {
    this.#settle(write, { ok: true, position });
    if (isMirrored) {
      this.#inFlight.set(write.id, { ...sent, confirmed: position });
      if (this.#pending.has(write.id)) this.#confirmedIds.add(write.id);
    } else this.#drop(write);
  }

  /** Removes a write from the queue with its final outcome. */
  decide(write: PendingWrite, outcome: WriteOutcome): void {
    this.#inFlight.delete(write.id);
    this.#drop(write);
    this.#settle(write, outcome);
    if (!outcome.ok) this.#deps.onRefusal({ id: write.id, type: write.type, key: getKey(write), failure: outcome });
  }

  /** Handles a step at the hub that may be of another writer. @param isOwn whether this device made it, perhaps in another process */
  markCrossed(key: string, isOwn: boolean): void {
    for (const [id, sent] of this.#inFlight) {
      if (!(isOwn && sent.key === key) && sent.confirmed === undefined)
        this.#inFlight.set(id, { ...sent, crossed: true });
    }
  }

  /** Drops the confirmed writes that the mirror has received. */
  release({ items, position, isCurrent }: ChannelMirror): void {
    const { epoch, seq } = position ?? { epoch: '', seq: 0 };
    for (const id of [...this.#confirmedIds]) {
      const [write, sent] = [this.#pending.get(id), this.#inFlight.get(id)];
      if (write === undefined || sent?.confirmed === undefined) continue;
      const isReceived = sent.confirmed.epoch === epoch ? seq >= sent.confirmed.seq : isCurrent;
      if (!isReceived) continue;
      this.#inFlight.delete(id);
      const stored = items.get(sent.key);
      const isOurs = write.type === 'create' || !sent.crossed;
      if (isOurs && stored !== undefined && stored.seq === sent.confirmed.seq) {
        this.#adjust(sent.key, sent.item, stored.item);
      }
      this.#drop(write);
    }
  }

  /**
   * Returns the difference between the queue and its stored form: `applyTo` applies it to the stored queue, `markSaved` is to be called
   * once the result is stored.
   */
  takeUnsaved(): { applyTo: (stored: readonly PendingWrite[]) => readonly PendingWrite[]; markSaved: () => void } {
    const newWrites = [...this.#unsaved.values()];
    const removedIds = new Set(this.#removedIds);
    const adjustments = new Map(this.#adjusted);
    return {
      applyTo: (stored) => [
        ...stored.filter(({ id }) => !removedIds.has(id)).map((write) => adjustments.get(write.id) ?? write),
        ...newWrites,
      ],
      markSaved: () => {
        for (const { id } of newWrites) this.#unsaved.delete(id);
        for (const id of removedIds) this.#removedIds.delete(id);
        for (const [id, write] of adjustments) if (this.#adjusted.get(id) === write) this.#adjusted.delete(id);
      },
    };
  }

  /** Replaces the queue by the stored one, which other processes may have changed. */
  adopt(stored: readonly PendingWrite[]): void {
    const writes = stored.filter(({ id }) => !this.#removedIds.has(id));
    const storedIds = new Set(writes.map(({ id }) => id));
    // A write whose answer this process awaits stays, even if another process has removed it.
    const ours = this.pending.filter(
      ({ id }) => !storedIds.has(id) && (this.#unsaved.has(id) || this.#resolvers.has(id) || this.#inFlight.has(id)),
    );
    this.#pending.clear();
    this.#conditionalCount = 0;
    for (const write of writes) this.#insert(this.#adjusted.get(write.id) ?? write);
    for (const write of ours) this.#insert(write);
    this.#confirmedIds = new Set([...this.#confirmedIds].filter((id) => this.#pending.has(id)));
  }

  /** Resolves the promises of all unanswered writes with `failure`. The writes stay stored. */
  close(failure: SdkFailure): void {
    for (const settle of this.#resolvers.values()) settle(failure);
    this.#resolvers.clear();
  }

  #insert(write: PendingWrite): void {
    if (!this.#pending.has(write.id) && isConditional(write)) this.#conditionalCount += 1;
    this.#pending.set(write.id, write);
  }

  #remove(id: string): void {
    const write = this.#pending.get(id);
    if (write === undefined) return;
    this.#pending.delete(id);
    this.#confirmedIds.delete(id);
    if (isConditional(write)) this.#conditionalCount -= 1;
  }

  /** Adjusts queued deletes of an item that the hub stored with another value than it was sent (see `adjustDelete`). */
  #adjust(key: string, sent: unknown, stored: unknown): void {
    if (!this.hasConditional) return;
    for (const [id, write] of this.#pending) {
      const changed = adjustDelete(write, key, sent, stored);
      if (changed === write) continue;
      this.#pending.set(id, changed);
      this.#adjusted.set(id, changed);
    }
  }

  #settle({ id }: PendingWrite, outcome: WriteOutcome): void {
    this.#resolvers.get(id)?.(outcome);
    this.#resolvers.delete(id);
  }

  #drop({ id }: PendingWrite): void {
    this.#remove(id);
    this.#removedIds.add(id);
    this.#deps.onDrop();
  }
}
