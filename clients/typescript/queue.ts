// The writes of one channel that wait, in order: which may go next, which are on their way, and what became of each. What a write is on
// today's state is worked out in replica.ts; it is sent by exchange.ts and written down by kept.ts.

import type { Failure, RefusedWrite, SdkPosition, WriteOutcome } from './api.ts';
import type { ChannelMirror } from './mirror.ts';
import { adjustDelete, isConditional, keyOf, type PendingWrite } from './replica.ts';

/** Creates that are on their way at once; everything else goes alone. */
const windowSize = 32;

export interface WriteQueueDeps {
  /** One left: what is shown, and what is to be on disk, is something else. */
  readonly dropped: () => void;
  readonly refused: (refused: Omit<RefusedWrite, 'channel'>) => void;
}

/** A write on its way, or answered and not yet seen in the mirror. */
interface Sent {
  /** The item as it was sent; undefined for what is no item. */
  readonly item: unknown;
  readonly key: string;
  /** Whether somebody else wrote since: if it is done, then it was done before, perhaps as another process had sent it. */
  readonly crossed: boolean;
  /** Of the answer. */
  readonly done?: SdkPosition;
}

export class WriteQueue {
  #deps: WriteQueueDeps;
  #pending: readonly PendingWrite[] = [];
  #sent = new Map<string, Sent>();
  #makers = new Map<string, (settled: WriteOutcome) => void>();
  /** Not yet on disk. */
  #fresh = new Map<string, PendingWrite>();
  /** Decided, but still on disk. */
  #gone = new Set<string>();
  /** Adjusted, but not yet on disk. */
  #adjusted = new Map<string, PendingWrite>();

  constructor(deps: WriteQueueDeps) {
    this.#deps = deps;
  }

  get pending(): readonly PendingWrite[] {
    return this.#pending;
  }

  get conditional(): readonly PendingWrite[] {
    return this.#pending.filter(isConditional);
  }

  /** How many have no answer. */
  get unanswered(): number {
    return this.#pending.filter(({ id }) => this.#sent.get(id)?.done === undefined).length;
  }

  add(write: PendingWrite): Promise<WriteOutcome> {
    this.#fresh.set(write.id, write);
    this.#pending = [...this.#pending, write];
    return new Promise<WriteOutcome>((resolve) => this.#makers.set(write.id, resolve));
  }

  /** It could not be written down. */
  takeBack({ id }: PendingWrite): void {
    this.#fresh.delete(id);
    this.#makers.delete(id);
    this.#pending = this.#pending.filter((write) => write.id !== id);
  }

  /**
   * The next one that may be sent now. They go in order; creates may follow one another, everything else goes alone.
   * @param here whether the mirror is as far as a conditional write needs it
   */
  next(here: boolean): PendingWrite | undefined {
    for (const write of this.#pending) {
      const sent = this.#sent.get(write.id);
      if (sent === undefined) {
        if (this.#fresh.has(write.id)) return undefined;
        const may = isConditional(write) ? here && this.#sent.size === 0 : this.#sent.size < windowSize;
        return may ? write : undefined;
      }
      if (isConditional(write) && sent.done === undefined) return undefined;
    }
    return undefined;
  }

  sending(write: PendingWrite, item: unknown): void {
    this.#sent.set(write.id, { item, key: keyOf(write), crossed: false });
  }

  /** It is on its way no more. The answer is undefined when it was not. */
  returned({ id }: PendingWrite): Sent | undefined {
    const sent = this.#sent.get(id);
    this.#sent.delete(id);
    return sent;
  }

  /** Done. It is shown until the mirror has it, where there is one. */
  accepted(write: PendingWrite, sent: Sent, done: SdkPosition, mirrored: boolean): void {
    this.#settle(write, { ok: true, position: done });
    if (mirrored) this.#sent.set(write.id, { ...sent, done });
    else this.#drop(write);
  }

  decide(write: PendingWrite, settled: WriteOutcome): void {
    this.#sent.delete(write.id);
    this.#drop(write);
    this.#settle(write, settled);
    if (!settled.ok) this.#deps.refused({ id: write.id, type: write.type, key: keyOf(write), failure: settled });
  }

  /** Something was written, by another process of this device perhaps. */
  crossed(key: string, ours: boolean): void {
    for (const [id, sent] of this.#sent) {
      if (!(ours && sent.key === key) && sent.done === undefined) this.#sent.set(id, { ...sent, crossed: true });
    }
  }

  /** Lets go of the writes that the mirror has by now. */
  release({ items, position, current }: ChannelMirror): void {
    const { epoch, seq } = position ?? { epoch: '', seq: 0 };
    for (const write of this.#pending) {
      const sent = this.#sent.get(write.id);
      if (sent?.done === undefined) continue;
      const passed = sent.done.epoch === epoch ? seq >= sent.done.seq : current;
      if (!passed) continue;
      this.#sent.delete(write.id);
      const made = items.get(sent.key);
      const asSent = write.type === 'create' || !sent.crossed;
      if (asSent && made !== undefined && made.seq === sent.done.seq) this.#adjust(sent.key, sent.item, made.item);
      this.#drop(write);
    }
  }

  /** What is not yet on disk as it is here: what is to lie there, of what lies there then; and `saved`, once it does. */
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

  /** Takes over what others have written to the storage. */
  adopt(stored: readonly PendingWrite[]): void {
    const waiting = stored.filter(({ id }) => !this.#gone.has(id));
    const known = new Set(waiting.map(({ id }) => id));
    // What somebody here waits for is kept, though another process may have seen it decided.
    const ours = this.#pending.filter(
      ({ id }) => !known.has(id) && (this.#fresh.has(id) || this.#makers.has(id) || this.#sent.has(id)),
    );
    this.#pending = [...waiting.map((write) => this.#adjusted.get(write.id) ?? write), ...ours];
  }

  /** Nobody here will hear what becomes of them. */
  close(failure: Failure): void {
    for (const settle of this.#makers.values()) settle(failure);
    this.#makers.clear();
  }

  #adjust(key: string, sent: unknown, made: unknown): void {
    this.#pending = this.#pending.map((write) => {
      const changed = adjustDelete(write, key, sent, made);
      if (changed !== write) this.#adjusted.set(write.id, changed);
      return changed;
    });
  }

  #settle({ id }: PendingWrite, settled: WriteOutcome): void {
    this.#makers.get(id)?.(settled);
    this.#makers.delete(id);
  }

  #drop({ id }: PendingWrite): void {
    this.#pending = this.#pending.filter((write) => write.id !== id);
    this.#gone.add(id);
    this.#deps.dropped();
  }
}
