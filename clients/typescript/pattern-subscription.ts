// Subscribes to all channels that match a pattern, and resumes each after a reconnect. It stores only the position of each channel. A
// channel that is also mirrored is followed through its mirror, so that the SDK subscribes to it once.

import type { ChannelEvent, SdkPosition } from './api.ts';
import { EventQueue, isChange } from './event-queue.ts';
import { type ChangeMessage, type ChannelPage, toChange, toItem } from './mirror.ts';
import type { Transport } from './transport.ts';

export interface PatternSubscriptionDeps {
  readonly transport: Transport;
  /** True if the SDK mirrors this channel (channel.ts). */
  readonly isMirrored: (channel: string) => boolean;
  readonly onEnd: () => void;
}

export class PatternSubscription {
  readonly queue: EventQueue<ChannelEvent<unknown>>;
  #pattern: string;
  #deps: PatternSubscriptionDeps;
  /** The position of each channel. The epoch is unknown before the channel's first page. */
  #positions = new Map<string, Partial<SdkPosition> & { readonly seq: number }>();
  /** True if the hub has listed the channels once. Channels that appear later are followed from their first step. */
  #hasListed = false;

  constructor(pattern: string, deps: PatternSubscriptionDeps) {
    this.#pattern = pattern;
    this.#deps = deps;
    this.queue = new EventQueue(() => {
      deps.transport.request({ type: 'unsubscribe', channel: pattern }, () => undefined);
      deps.onEnd();
    });
  }

  matches(channel: string): boolean {
    return channel.startsWith(this.#pattern.slice(0, -1));
  }

  /** Subscribes on a new connection: to the pattern, and to each listed channel from its position. */
  subscribe(): void {
    this.#deps.transport.request({ type: 'subscribe', channel: this.#pattern }, (answer) => {
      if (answer === undefined) return;
      if (!answer.success || answer.type !== 'subscribe') return this.queue.close();
      for (const { channel, seq } of answer.channels) {
        const position = this.#positions.get(channel) ?? { seq: this.#hasListed ? 0 : seq };
        this.#positions.set(channel, position);
        if (!this.#deps.isMirrored(channel))
          this.#deps.transport.request({ type: 'subscribe', channel, ...position }, () => undefined);
      }
      this.#hasListed = true;
    });
  }

  /** Handles a message of the hub about a channel that is not mirrored. */
  receive(message: ChannelPage | ChangeMessage): void {
    const { channel } = message;
    if (!('epoch' in message)) {
      this.#receiveChange(message);
      return;
    }
    const { epoch, seq } = message;
    if (message.type === 'changes') {
      for (const change of message.changes) this.#receiveChange({ ...change, success: true, channel });
    } else {
      this.queue.push({ type: 'reset', channel, position: { epoch, seq }, items: message.items.map(toItem) });
    }
    this.#positions.set(channel, { epoch, seq });
  }

  /** Handles an event of the mirror of a mirrored channel. */
  receiveMirrorEvent(event: ChannelEvent<unknown>): void {
    const { channel } = event;
    const known = this.#positions.get(channel);
    if (isChange(event)) {
      if (known !== undefined && event.seq <= known.seq) return;
      this.#positions.set(channel, { ...known, seq: event.seq });
      this.queue.push(event);
      return;
    }
    const { position, items } = event;
    this.#positions.set(channel, position);
    // The first snapshot of a new mirror is pushed only if it is newer than the position of this subscription.
    const isNewer = known !== undefined && (event.type === 'reset' || position.seq > known.seq);
    if (isNewer) this.queue.push({ type: 'reset', channel, position, items });
  }

  #receiveChange(message: ChangeMessage): void {
    const { channel, seq } = message;
    const known = this.#positions.get(channel);
    if (known !== undefined && seq <= known.seq) return;
    this.#positions.set(channel, { ...known, seq });
    this.queue.push(toChange(message));
  }
}
