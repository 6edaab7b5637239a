// Keeps computed channels up to date while clients follow them: a channel is written at once for its first follower, then at most once per
// interval as its sources change, one write at a time. A channel without followers is not computed.

import type { World } from './world.ts';

/** `unfollowed` ends the updates of the channel. `afterMs`: milliseconds until the next write even if no source changes. */
export type NextWrite = 'unfollowed' | { readonly afterMs: number | undefined };

export interface FollowedWriterOptions {
  readonly world: World;
  /** Least milliseconds between two writes of one channel. */
  readonly everyMs: number;
  /** Computes and writes one channel. */
  readonly write: (channel: string) => Promise<NextWrite>;
  /** Called with the error of a failed write; the next change writes again. */
  readonly onError: (channel: string, error: unknown) => void;
}

interface FollowedChannel {
  /** When the last write started, in milliseconds since 1970. */
  at: number;
  isBusy: boolean;
  /** True if a write was requested during a write. */
  isRequested: boolean;
  cancelSoon: (() => void) | undefined;
  cancelNext: (() => void) | undefined;
}

export class FollowedWriter {
  readonly #options: FollowedWriterOptions;
  readonly #followed = new Map<string, FollowedChannel>();

  constructor(options: FollowedWriterOptions) {
    this.#options = options;
  }

  /** The channels that are kept up to date. */
  get channels(): readonly string[] {
    return [...this.#followed.keys()];
  }

  get isIdle(): boolean {
    return this.#followed.size === 0;
  }

  /** Writes a channel at once for a new follower, and keeps it up to date from now on. */
  start(channel: string): void {
    if (!this.#followed.has(channel)) {
      const idle = { at: 0, isBusy: false, isRequested: false, cancelSoon: undefined, cancelNext: undefined };
      this.#followed.set(channel, idle);
    }
    void this.#write(channel);
  }

  /** Writes a channel soon because one of its sources changed. Does nothing for a channel that is not followed. */
  update(channel: string): void {
    const followed = this.#followed.get(channel);
    if (followed === undefined || followed.cancelSoon !== undefined) return;
    const { world, everyMs } = this.#options;
    const wait = followed.at + everyMs - world.now();
    if (wait <= 0 && !followed.isBusy) void this.#write(channel);
    else followed.cancelSoon = world.after(Math.max(wait, 0), () => void this.#write(channel));
  }

  close(): void {
    for (const channel of this.channels) this.#end(channel);
  }

  #end(channel: string): void {
    const followed = this.#followed.get(channel);
    followed?.cancelSoon?.();
    followed?.cancelNext?.();
    this.#followed.delete(channel);
  }

  /** Never rejects. */
  async #write(channel: string): Promise<void> {
    const followed = this.#followed.get(channel);
    if (followed === undefined) return;
    followed.cancelSoon?.();
    followed.cancelSoon = undefined;
    followed.isRequested = followed.isBusy;
    if (followed.isBusy) return;
    const { world, write, onError } = this.#options;
    followed.isBusy = true;
    followed.at = world.now();
    try {
      const next = await write(channel);
      if (this.#followed.get(channel) === followed) this.#schedule(channel, followed, next);
    } catch (error) {
      onError(channel, error);
    }
    followed.isBusy = false;
    if (followed.isRequested) this.update(channel);
  }

  #schedule(channel: string, followed: FollowedChannel, next: NextWrite): void {
    if (next === 'unfollowed') {
      this.#end(channel);
      return;
    }
    followed.cancelNext?.();
    const { afterMs } = next;
    followed.cancelNext =
      afterMs === undefined ? undefined : this.#options.world.after(afterMs, () => void this.#write(channel));
  }
}
