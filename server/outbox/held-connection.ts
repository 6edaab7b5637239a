// A target that is not sent one change after another, but kept up to date over a connection that stays: the port to what makes such
// connections.

import type { Sending } from './send-target.ts';

export interface Holding extends Sending {
  /** Called when the connection is made. */
  readonly onOpen: () => Promise<void>;
  readonly stop: AbortSignal;
  /** True if the target was removed. */
  readonly isRemoved: () => boolean;
}

export interface HeldConnection {
  /**
   * Connects, and stays connected until the other end or `stop` ends it.
   * @returns why it ended; undefined if `stop` ended it
   */
  hold(holding: Holding): Promise<string | undefined>;
}
