// The port to other nodes. A rumour says "channel X moved to N" and carries no data: lost, doubled or late, it costs freshness
// only, because followers always ask the store.

export interface Rumour {
  readonly channel: string;
  /** Where it was before the move, for who does not know the channel yet. */
  readonly from: number;
  readonly seq: number;
}

export interface Relay {
  /** Why rumours do not travel at the moment; undefined while they do. */
  readonly trouble: string | undefined;
  announce(rumour: Rumour): void;
  /**
   * @param heard called for rumours of other nodes, never for our own
   * @param missed called when some may have been lost
   */
  listen(heard: (rumour: Rumour) => void, missed: () => void): void;
  close(): Promise<void>;
}

/** One node: nobody to tell, and nothing to miss. */
export const silence: Relay = {
  trouble: undefined,
  announce() {},
  listen() {},
  close: () => Promise.resolve(),
};
