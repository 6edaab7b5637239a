// What the command line is run in, as values and a few calls: main.ts makes it of the process, tests by hand. And the exit codes.

import type { Zone } from '../../../protocol/zone.ts';
import type { DatabaseStore } from '../data/database.ts';

export const exitCode = { ok: 0, failure: 1, usage: 2, notFound: 3, auth: 4 } as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** How the last sync of any command went. */
export interface LastSync {
  readonly outcome: 'ok' | 'offline' | 'refused';
  /** For people; '' when it went well. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface CliContext {
  readonly database: DatabaseStore;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly home: string;
  /** Where the database and what belongs to it are. */
  readonly dataDir: string;
  readonly colour: boolean;
  /** Columns of the terminal; undefined where it is none. */
  readonly width: number | undefined;
  /** Whether a person sits at both ends. */
  readonly interactive: boolean;
  readonly zone: Zone;
  /** Why each start takes long; '' where it does not. */
  readonly unbundledReason: string;
  /** Of the project. */
  version(): string;
  print(line: string): void;
  printError(line: string): void;
  /** All of the standard input. */
  readStdin(): string;
  /** A line from the person, who does not see it; or all of the standard input where there is none. */
  askSecret(question: string): Promise<string>;
  /** Milliseconds since 1970. */
  now(): number;
  /** A name that nobody else gives. */
  createId(): string;
  /** Seconds since 1970, in full, in the person's locale. */
  formatDate(seconds: number): string;
  /** Starts a sync that this command does not wait for. */
  startBackgroundSync(): void;
  readLastSync(): LastSync | undefined;
  /** Is called when the person wants to end what runs until then. The answer takes it back. */
  onInterrupt(act: () => void): () => void;
}
