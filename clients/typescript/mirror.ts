// A copy of one channel's state at the hub. It applies received pages and changes in order, detects gaps, and emits an event for each
// change. It sends no requests, and does not know the queued writes.

import type { Answers } from '../../protocol/messages.ts';
import type { ChannelEvent, SdkChange, SdkItem, SdkPosition } from './api.ts';
import { type ItemMap, type StoredChannel, toEntry, toSpan } from './replica.ts';

export type ChannelPage = Answers['snapshot' | 'changes' | 'reset'];
export type ChangeMessage = Answers['change'];

export interface ChannelMirrorDeps {
  /** Called with every new step of the channel's sequence, even if it does not change an item. */
  readonly onStep: (change: SdkChange<unknown>) => void;
  /** Called with every event for subscribers. */
  readonly onEvent: (event: ChannelEvent<unknown>) => void;
}

export class ChannelMirror {
  /** True if the mirror has caught up with the hub on this connection. */
  isCurrent = false;
  #channel: string;
  #deps: ChannelMirrorDeps;
  #items = new Map<string, SdkItem<unknown>>();
  #position: SdkPosition | undefined;

  constructor(channel: string, deps: ChannelMirrorDeps) {
    this.#channel = channel;
    this.#deps = deps;
  }

  get items(): ItemMap {
    return this.#items;
  }

  get position(): SdkPosition | undefined {
    return this.#position;
  }

  /** Returns all items as an event: `snapshot` for a new subscriber, `reset` to replace what a subscriber has. */
  snapshot(type: 'snapshot' | 'reset'): ChannelEvent<unknown> {
    const position = this.#position ?? { epoch: '', seq: 0 };
    return { type, channel: this.#channel, position, items: [...this.#items.values()] };
  }

  /**
   * Applies a message of the hub.
   * @returns `known` if the mirror had the change before; `gap` if a change before it is missing, so that the caller must subscribe again
   */
  receive(message: ChannelPage | ChangeMessage): 'applied' | 'known' | 'gap' {
    const result = 'epoch' in message ? this.#applyPage(message) : this.#applyLiveChange(message);
    if (result === 'gap') this.isCurrent = false;
    return result;
  }

  /** Returns the newer one of the stored state, which may be of another process, and the mirror's own. */
  pickNewer(stored: StoredChannel): Omit<StoredChannel, 'pending'> {
    if (this.#isBehind(stored)) return { position: stored.position, items: stored.items };
    const items = [...this.#items.values()].map(({ pending: _, ...item }) => item);
    return { position: this.#position ?? null, items };
  }

  /**
   * Replaces the mirror's state by the stored state of another process, if that is newer. Emits an event for each difference.
   * @param at the current time in milliseconds since 1970, for items that are gone
   */
  adopt(stored: StoredChannel, at: number): void {
    const { position, items } = stored;
    if (position === null || !this.#isBehind(stored)) return;
    if (this.#position?.epoch !== position.epoch) {
      const known = items.map((item) => ({ ...item, pending: false }));
      this.#replace(known, position);
      return;
    }
    const { seq } = position;
    const missingKeys = new Set(this.#items.keys());
    for (const item of [...items].sort((one, other) => one.seq - other.seq)) {
      missingKeys.delete(item.key);
      this.#apply({ type: 'update', channel: this.#channel, ...item });
    }
    for (const key of missingKeys) this.#apply({ type: 'delete', channel: this.#channel, key, seq, at, device: '' });
    this.#position = position;
  }

  #isBehind({ position }: StoredChannel): boolean {
    if (position === null) return false;
    if (this.#position === undefined) return true;
    return position.epoch === this.#position.epoch ? position.seq > this.#position.seq : !this.isCurrent;
  }

  #applyPage(page: ChannelPage): 'applied' | 'gap' {
    const { epoch, seq, more = false } = page;
    if (page.type === 'changes') {
      const before = this.#position ?? { epoch, seq: 0 };
      // Sequence number 0, the empty channel, is the same in every epoch (U3).
      if (before.epoch !== epoch && before.seq > 0) return 'gap';
      for (const change of page.changes) {
        this.#apply(toChange({ ...change, success: true, channel: this.#channel }));
      }
      this.#position = { epoch, seq: Math.max(seq, before.seq) };
    } else this.#replace(page.items.map(toItem), { epoch, seq });
    this.isCurrent = !more;
    return 'applied';
  }

  #applyLiveChange(message: ChangeMessage): 'applied' | 'known' | 'gap' {
    const position = this.#position;
    if (!this.isCurrent || position === undefined || message.seq <= position.seq) return 'known';
    if (message.seq > position.seq + 1) return 'gap';
    this.#apply(toChange(message));
    this.#position = { ...position, seq: message.seq };
    return 'applied';
  }

  #replace(items: readonly SdkItem<unknown>[], position: SdkPosition): void {
    const type = this.#position === undefined ? 'snapshot' : 'reset';
    this.#items = new Map(items.map((item) => [item.key, item]));
    this.#position = position;
    this.#deps.onEvent(this.snapshot(type));
  }

  /** Applies one change, unless it is older than the mirror, and emits an event. For the mirror, an update of an unknown item is a create. */
  #apply(change: SdkChange<unknown>): void {
    const { key, seq, at, device } = change;
    if (this.#position !== undefined && seq <= this.#position.seq) return;
    this.#deps.onStep(change);
    const existed = this.#items.delete(key);
    if (change.type === 'delete') {
      if (existed) this.#deps.onEvent(change);
      return;
    }
    this.#items.set(key, { ...toEntry(change), seq, at, device, pending: false });
    this.#deps.onEvent({ ...change, type: existed ? 'update' : 'create' });
  }
}

export function toItem({ seq, at, device_id: device, ...entry }: Answers['items']['items'][number]): SdkItem<unknown> {
  return { ...toEntry(entry), seq, at, device, pending: false };
}

export function toChange(message: ChangeMessage): SdkChange<unknown> {
  const { type, channel, key, seq, at, device_id: device, item } = message;
  const fields = { channel, key, seq, at, device };
  return type === 'delete' ? { type, ...fields } : { type, ...fields, item, ...toSpan(message) };
}
