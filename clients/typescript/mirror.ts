// What the hub has in one channel, as far as it was heard here: pages and changes applied in order, and told to whoever follows. It asks
// for nothing, and knows nothing of the writes that wait.

import type { Answers } from '../../protocol/messages.ts';
import type { ChannelEvent, SdkChange, SdkItem, SdkPosition } from './api.ts';
import { entryOf, type ItemMap, type StoredChannel, spanOf } from './replica.ts';

export type ChannelPage = Answers['snapshot' | 'changes' | 'reset'];
export type ChangeMessage = Answers['change'];

export interface ChannelMirrorDeps {
  /** Of every step that is new here, also of one that changes nothing. */
  readonly heard: (change: SdkChange<unknown>) => void;
  readonly told: (told: ChannelEvent<unknown>) => void;
}

export class ChannelMirror {
  /** Whether it has caught up with the hub, on this connection. */
  current = false;
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

  /** All there is, for one who has heard nothing yet or is to forget what it heard. */
  snapshot(type: 'snapshot' | 'reset'): ChannelEvent<unknown> {
    const position = this.#position ?? { epoch: '', seq: 0 };
    return { type, channel: this.#channel, position, items: [...this.#items.values()] };
  }

  /** @returns what it was; at a gap something before it is missing, and the channel has to be asked for again */
  hear(message: ChannelPage | ChangeMessage): 'news' | 'known' | 'gap' {
    const was = 'epoch' in message ? this.#page(message) : this.#change(message);
    if (was === 'gap') this.current = false;
    return was;
  }

  /** What is to lie in the storage where this lies now: that of the process which got further. */
  over(stored: StoredChannel): Omit<StoredChannel, 'pending'> {
    if (this.#isBehind(stored)) return { position: stored.position, items: stored.items };
    const items = [...this.#items.values()].map(({ pending: _, ...item }) => item);
    return { position: this.#position ?? null, items };
  }

  /**
   * Takes over what another process has heard, where that got further.
   * @param at when that was found
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
    const lost = new Set(this.#items.keys());
    for (const item of [...items].sort((one, other) => one.seq - other.seq)) {
      lost.delete(item.key);
      this.#apply({ type: 'update', channel: this.#channel, ...item });
    }
    for (const key of lost) this.#apply({ type: 'delete', channel: this.#channel, key, seq, at, device: '' });
    this.#position = position;
  }

  #isBehind({ position }: StoredChannel): boolean {
    if (position === null) return false;
    if (this.#position === undefined) return true;
    return position.epoch === this.#position.epoch ? position.seq > this.#position.seq : !this.current;
  }

  #page(page: ChannelPage): 'news' | 'gap' {
    const { epoch, seq, more = false } = page;
    if (page.type === 'changes') {
      const before = this.#position ?? { epoch, seq: 0 };
      // The beginning is the same in every epoch (U3).
      if (before.epoch !== epoch && before.seq > 0) return 'gap';
      for (const change of page.changes) {
        this.#apply(toChange({ ...change, success: true, channel: this.#channel }));
      }
      this.#position = { epoch, seq: Math.max(seq, before.seq) };
    } else this.#replace(page.items.map(toItem), { epoch, seq });
    this.current = !more;
    return 'news';
  }

  #change(message: ChangeMessage): 'news' | 'known' | 'gap' {
    const position = this.#position;
    if (!this.current || position === undefined || message.seq <= position.seq) return 'known';
    if (message.seq > position.seq + 1) return 'gap';
    this.#apply(toChange(message));
    this.#position = { ...position, seq: message.seq };
    return 'news';
  }

  #replace(items: readonly SdkItem<unknown>[], position: SdkPosition): void {
    const type = this.#position === undefined ? 'snapshot' : 'reset';
    this.#items = new Map(items.map((item) => [item.key, item]));
    this.#position = position;
    this.#deps.told(this.snapshot(type));
  }

  /** Tells what it is to who has heard everything up to now: what was made and changed since is new to them. */
  #apply(change: SdkChange<unknown>): void {
    const { key, seq, at, device } = change;
    if (this.#position !== undefined && seq <= this.#position.seq) return;
    this.#deps.heard(change);
    const there = this.#items.delete(key);
    if (change.type === 'delete') {
      if (there) this.#deps.told(change);
      return;
    }
    this.#items.set(key, { ...entryOf(change), seq, at, device, pending: false });
    this.#deps.told({ ...change, type: there ? 'update' : 'create' });
  }
}

export function toItem({ seq, at, device_id: device, ...entry }: Answers['items']['items'][number]): SdkItem<unknown> {
  return { ...entryOf(entry), seq, at, device, pending: false };
}

export function toChange(message: ChangeMessage): SdkChange<unknown> {
  const { type, channel, key, seq, at, device_id: device, item } = message;
  const known = { channel, key, seq, at, device };
  return type === 'delete' ? { type, ...known } : { type, ...known, item, ...spanOf(message) };
}
