// The port to other nodes. A rumour says "channel X moved to N" and carries no data: lost, doubled or late, it costs freshness
// only, because followers always ask the store.

export interface Rumour {
  readonly channel: string;
  readonly seq: number;
}

export interface Relay {
  announce(rumour: Rumour): void;
  /** Called for rumours of other nodes, never for our own. */
  listen(heard: (rumour: Rumour) => void): void;
  close(): Promise<void>;
}

/** One node: nobody to tell. */
export const silence: Relay = {
  announce() {},
  listen() {},
  close: () => Promise.resolve(),
};
