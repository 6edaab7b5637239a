// Follows all channels that match a pattern: what changes from now on, and after a break what changed meanwhile. Nothing is mirrored
// but how far each channel got. A channel that is mirrored anyway is heard through its mirror, so that it is asked for once.

import type { ChannelEvent, SdkPosition } from './api.ts';
import { AsyncQueue, isChange } from './async-queue.ts';
import { type ChangeMessage, type ChannelPage, toChange, toItem } from './mirror.ts';
import type { Transport } from './transport.ts';

export interface FollowDeps {
  readonly link: Transport;
  readonly isMirrored: (channel: string) => boolean;
  readonly ended: () => void;
}

export class Follow {
  readonly feed: AsyncQueue<ChannelEvent<unknown>>;
  #pattern: string;
  #deps: FollowDeps;
  /** The epoch is not known before the channel's first page. */
  #reached = new Map<string, Partial<SdkPosition> & { readonly seq: number }>();
  /** Whether the pattern has been answered once: channels that appear afterwards are new from their first step. */
  #begun = false;

  constructor(pattern: string, deps: FollowDeps) {
    this.#pattern = pattern;
    this.#deps = deps;
    this.feed = new AsyncQueue(() => {
      deps.link.ask({ type: 'unsubscribe', channel: pattern }, () => undefined);
      deps.ended();
    });
  }

  matches(channel: string): boolean {
    return channel.startsWith(this.#pattern.slice(0, -1));
  }

  connected(): void {
    this.#deps.link.ask({ type: 'subscribe', channel: this.#pattern }, (answer) => {
      if (answer === undefined) return;
      if (!answer.success || answer.type !== 'subscribe') return this.feed.close();
      for (const { channel, seq } of answer.channels) {
        const known = this.#reached.get(channel) ?? { seq: this.#begun ? 0 : seq };
        this.#reached.set(channel, known);
        if (!this.#deps.isMirrored(channel))
          this.#deps.link.ask({ type: 'subscribe', channel, ...known }, () => undefined);
      }
      this.#begun = true;
    });
  }

  /** Of the wire, about a channel that is not mirrored. */
  hear(message: ChannelPage | ChangeMessage): void {
    const { channel } = message;
    if (!('epoch' in message)) {
      this.#change(message);
      return;
    }
    const { epoch, seq } = message;
    if (message.type === 'changes') {
      for (const change of message.changes) this.#change({ ...change, success: true, channel });
    } else {
      this.feed.tell({ type: 'reset', channel, position: { epoch, seq }, items: message.items.map(toItem) });
    }
    this.#reached.set(channel, { epoch, seq });
  }

  /** Of the mirror, where there is one. */
  told(told: ChannelEvent<unknown>): void {
    const { channel } = told;
    const reached = this.#reached.get(channel);
    if (isChange(told)) {
      if (reached !== undefined && told.seq <= reached.seq) return;
      this.#reached.set(channel, { ...reached, seq: told.seq });
      this.feed.tell(told);
      return;
    }
    const { position, items } = told;
    this.#reached.set(channel, position);
    // A mirror that begins: of no interest, unless it is already further than what was told here.
    const isNews = reached !== undefined && (told.type === 'reset' || position.seq > reached.seq);
    if (isNews) this.feed.tell({ type: 'reset', channel, position, items });
  }

  #change(message: ChangeMessage): void {
    const { channel, seq } = message;
    const reached = this.#reached.get(channel);
    if (reached !== undefined && seq <= reached.seq) return;
    this.#reached.set(channel, { ...reached, seq });
    this.feed.tell(toChange(message));
  }
}
