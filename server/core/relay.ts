// The port to other nodes. A notice says "channel X moved to N", after the commit, and may carry the steps, so that a node in step reads
// nothing. A notice that is lost, doubled or late costs freshness only: positions prove the order, and the store fills every gap.

import type { Change } from './store.ts';

export interface ChangeNotice {
  readonly channel: string;
  /** The position before the move, for a node that does not have the channel open. */
  readonly from: number;
  readonly seq: number;
  /** Every step of the move, if the relay could carry them. */
  readonly steps?: { readonly epoch: string; readonly changes: readonly Change[] };
}

export interface Relay {
  /** Why notices do not travel at the moment; undefined while they do. */
  readonly trouble: string | undefined;
  /** When each other node was last heard, in milliseconds since 1970. */
  readonly lastNotices?: ReadonlyMap<string, number>;
  announce(notice: ChangeNotice): void;
  /**
   * @param onNotice called with notices of other nodes, never with this node's own
   * @param onGap called when notices may have been lost
   */
  listen(onNotice: (notice: ChangeNotice) => void, onGap: () => void): void;
  close(): Promise<void>;
}

/** The relay of a hub with one node. */
export const noopRelay: Relay = {
  trouble: undefined,
  announce() {},
  listen() {},
  close: () => Promise.resolve(),
};
