// The writes of one channel that wait for the hub, in order: which may be sent next, which are on their way, and how each ended.
// replica.ts works out what a write is on the current state, channel-sync.ts sends it, channel-persistence.ts stores it. Adding,
// sending and confirming a write take the same time however many wait.

import type { RefusedWrite, SdkFailure, SdkPosition, WriteOutcome } from './api.ts';
import type { ChannelMirror } from './mirror.ts';
import { adjustDelete, isConditional, keyOf, type PendingWrite } from './replica.ts';

/** How many creates may be on their way at once; all other writes go one at a time. */
const windowSize = 32;

export interface WriteQueueDeps {
  /** A write left the queue: the visible items and the stored queue change. */
  readonly dropped: () => void;
  readonly refused: (refused: Omit<RefusedWrite, 'channel'>) => void;
}

/** A write on its way; or confirmed, and not yet seen in the mirror. */
interface SentWrite {
  /** The item as it was sent; undefined for a write that has none. */
  readonly item: unknown;
  readonly key: string;
  /** Whether another write reached the hub since it was sent: another process may have sent this one before. */
  readonly crossed: boolean;
  /** The hub's answer. */
  readonly confirmed?: SdkPosition;
}

export class WriteQueue {
  #deps: WriteQueueDeps;
  /** By write id, in order. */
  #pending = new Map<string, PendingWrite>();
  #conditionalCount = 0;
  #sent = new Map<string, SentWrite>();
  /** Ids of sent writes that are confirmed. */
  #confirmed = new Set<string>();
  #settlers = new Map<string, (outcome: WriteOutcome) => void>();
  /** Not stored yet. */
  #fresh = new Map<string, PendingWrite>();
  /** Decided, but still stored. */
  #gone = new Set<string>();
  /** Changed since they were stored. */
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

  get conditional(): readonly PendingWrite[] {
    return this.pending.filter(isConditional);
  }

  /** How many writes have no answer yet. */
  get unanswered(): number {
    return this.#pending.size - this.#confirmed.size;
  }

  add(write: PendingWrite): Promise<WriteOutcome> {
    this.#fresh.set(write.id, write);
    this.#insert(write);
    return new Promise<WriteOutcome>((resolve) => this.#settlers.set(write.id, resolve));
  }

  /** Removes a write that could not be stored. */
  takeBack({ id }: PendingWrite): void {
    this.#fresh.delete(id);
    this.#settlers.delete(id);
    this.#remove(id);
  }

  /**
   * The next write that may be sent now. Writes go in order; creates may follow one another, all others go one at a time.
   * @param isCurrent whether the mirror has what a conditional write is worked out from
   */
  next(isCurrent: boolean): PendingWrite | undefined {
    // Sent writes are at the front, and not many.
    for (const write of this.#pending.values()) {
      const sent = this.#sent.get(write.id);
      if (sent === undefined) {
        if (this.#fresh.has(write.id)) return undefined;
        const may = isConditional(write) ? isCurrent && this.#sent.size === 0 : this.#sent.size < windowSize;
        return may ? write : undefined;
      }
      if (isConditional(write) && sent.confirmed === undefined) return undefined;
    }
    return undefined;
  }

  markSent(write: PendingWrite, item: unknown): void {
    this.#sent.set(write.id, { item, key: keyOf(write), crossed: false });
  }

  /** The write is no longer on its way. @returns undefined if it was not */
  takeSent({ id }: PendingWrite): SentWrite | undefined {
    const sent = this.#sent.get(id);
    this.#sent.delete(id);
    this.#confirmed.delete(id);
    return sent;
  }

  /** The hub has stored the write. It stays visible until the mirror has it, if the channel is mirrored. */
  confirm(write: PendingWrite, sent: SentWrite, position: SdkPosition, isMirrored: boolean): void {
    this.#settle(write, { ok: true, position });
    if (isMirrored) {
      this.#sent.set(write.id, { ...sent, confirmed: position });
      if (this.#pending.has(write.id)) this.#confirmed.add(write.id);
    } else this.#drop(write);
  }

  decide(write: PendingWrite, outcome: WriteOutcome): void {
    this.#sent.delete(write.id);
    this.#drop(write);
    this.#settle(write, outcome);
    if (!outcome.ok) this.#deps.refused({ id: write.id, type: write.type, key: keyOf(write), failure: outcome });
  }

  /** A write reached the hub. @param isOwn whether this device made it, perhaps in another process */
  markCrossed(key: string, isOwn: boolean): void {
    for (const [id, sent] of this.#sent) {
      if (!(isOwn && sent.key === key) && sent.confirmed === undefined) this.#sent.set(id, { ...sent, crossed: true });
    }
  }

  /** Drops the confirmed writes that the mirror has by now. */
  release({ items, position, current }: ChannelMirror): void {
    const { epoch, seq } = position ?? { epoch: '', seq: 0 };
    for (const id of [...this.#confirmed]) {
      const [write, sent] = [this.#pending.get(id), this.#sent.get(id)];
      if (write === undefined || sent?.confirmed === undefined) continue;
      const passed = sent.confirmed.epoch === epoch ? seq >= sent.confirmed.seq : current;
      if (!passed) continue;
      this.#sent.delete(id);
      const stored = items.get(sent.key);
      const asSent = write.type === 'create' || !sent.crossed;
      if (asSent && stored !== undefined && stored.seq === sent.confirmed.seq) {
        this.#adjust(sent.key, sent.item, stored.item);
      }
      this.#drop(write);
    }
  }

  /** What is not stored as it is here: `over` makes the new stored queue of the old one, `saved` is to be called once it is stored. */
  unsaved(): { over: (stored: readonly PendingWrite[]) => readonly PendingWrite[]; saved: () => void } {
    const fresh = [...this.#fresh.values()];
    const gone = new Set(this.#gone);
    const changed = new Map(this.#adjusted);
    return {
      over: (stored) => [
        ...stored.filter(({ id }) => !gone.has(id)).map((write) => changed.get(write.id) ?? write),
        ...fresh,
      ],
      saved: () => {
        for (const { id } of fresh) this.#fresh.delete(id);
        for (const id of gone) this.#gone.delete(id);
        for (const [id, write] of changed) if (this.#adjusted.get(id) === write) this.#adjusted.delete(id);
      },
    };
  }

  /** Takes over what other processes have stored. */
  adopt(stored: readonly PendingWrite[]): void {
    const waiting = stored.filter(({ id }) => !this.#gone.has(id));
    const known = new Set(waiting.map(({ id }) => id));
    // A write that somebody here waits for stays, although another process may have seen it decided.
    const ours = this.pending.filter(
      ({ id }) => !known.has(id) && (this.#fresh.has(id) || this.#settlers.has(id) || this.#sent.has(id)),
    );
    this.#pending.clear();
    this.#conditionalCount = 0;
    for (const write of waiting) this.#insert(this.#adjusted.get(write.id) ?? write);
    for (const write of ours) this.#insert(write);
    this.#confirmed = new Set([...this.#confirmed].filter((id) => this.#pending.has(id)));
  }

  /** Settles all writes that are waited for: nobody here will learn how they end. */
  close(failure: SdkFailure): void {
    for (const settle of this.#settlers.values()) settle(failure);
    this.#settlers.clear();
  }

  #insert(write: PendingWrite): void {
    if (!this.#pending.has(write.id) && isConditional(write)) this.#conditionalCount += 1;
    this.#pending.set(write.id, write);
  }

  #remove(id: string): void {
    const write = this.#pending.get(id);
    if (write === undefined) return;
    this.#pending.delete(id);
    this.#confirmed.delete(id);
    if (isConditional(write)) this.#conditionalCount -= 1;
  }

  /** Only deletes depend on the item as it was sent. */
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
    this.#settlers.get(id)?.(outcome);
    this.#settlers.delete(id);
  }

  #drop({ id }: PendingWrite): void {
    this.#remove(id);
    this.#gone.add(id);
    this.#deps.dropped();
  }
}
