// The environment: clock, timers, ids, randomness, log. It is passed in, and only server/main.ts and the tests make one. A write reads
// the clock once.

export interface Log {
  /** The least level that is written, such as `info`. Setting it changes the level. */
  level: string;
  debug(facts: object, text: string): void;
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

export interface World {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `act` once after `ms` milliseconds. Returns a function that cancels it. Does not keep the process alive. */
  after(ms: number, act: () => void): () => void;
  /** A short unguessable id, for devices, write ids, epochs, sessions. */
  id(): string;
  /** A UUID version 4: the form of every secret, because the WakaTime tools accept no other. */
  secret(): string;
  /** 0 ≤ x < 1 */
  random(): number;
  readonly log: Log;
  /** True for a clock that is moved by hand: it is not compared with that of a database. */
  readonly isSimulated?: true;
}
