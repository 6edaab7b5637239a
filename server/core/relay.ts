// The port to other nodes. A notice says "channel X moved to N" and carries no data. A notice that is lost, doubled or late costs
// freshness only, because a node always reads from the store.

export interface ChangeNotice {
  readonly channel: string;
  /** The position before the move, for a node that does not have the channel open. */
  readonly from: number;
  readonly seq: number;
}

export interface Relay {
  /** Why notices do not travel at the moment; undefined while they do. */
  readonly trouble: string | undefined;
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
