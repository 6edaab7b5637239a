// The result of the upkeep of a store, and the figures that a store measures: shown by commands, by verbs of the wire, in health and in metrics.

/** `error` is a sentence for a person. */
export type BackupOutcome =
  | {
      readonly ok: true;
      readonly file: string;
      readonly bytes: number;
      readonly channels: number;
      readonly steps: number;
    }
  | { readonly ok: false; readonly error: string };

/** `found` has a sentence for each damaged place; empty if the store is intact. */
export interface VerifyOutcome {
  readonly channels: number;
  readonly steps: number;
  readonly found: readonly string[];
}

/** Of a node on a database that it shares with others. */
export interface DatabaseMeasures {
  /** Connections that write, and how many of them cannot at the moment. */
  readonly lanes: number;
  readonly brokenLanes: number;
  /** Connections that read, those of them without a question, and questions that wait for one. */
  readonly readers: number;
  readonly idleReaders: number;
  readonly waitingReads: number;
  /** Rows that reads have fetched since the start. */
  readonly rowsFetched: number;
  /** Milliseconds by which the database's clock is ahead of this machine's. */
  readonly clockMs: number;
}
