// What a command of the command line needs from its surroundings, as values and functions: main.ts makes it from the process, tests
// make it by hand. Also the exit codes.

import type { Zone } from '../../../protocol/zone.ts';
import type { ActionContext } from '../data/actions.ts';
import type { DatabaseStore } from '../data/database.ts';
import type { ListedIds } from '../data/listed-ids.ts';

export const exitCode = { ok: 0, failure: 1, usage: 2, notFound: 3, auth: 4 } as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** The result of the last sync, by this command or another one. */
export interface LastSync {
  readonly outcome: 'ok' | 'offline' | 'refused';
  /** For people; '' if it succeeded. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface CliContext {
  readonly database: DatabaseStore;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly home: string;
  /** The folder of the database, the lock files and the sync state. */
  readonly dataDir: string;
  readonly colour: boolean;
  /** Columns of the terminal; undefined if the output is not a terminal. */
  readonly width: number | undefined;
  /** Whether both the input and the output are a terminal. */
  readonly interactive: boolean;
  readonly zone: Zone;
  /** The name of `zone` in the time zone database: `Europe/Berlin`. */
  zoneName(): string;
  /** Why the command runs without its bundle, which makes each start slow; '' if it has one. */
  readonly unbundledReason: string;
  /** The version of Horai. */
  version(): string;
  print(line: string): void;
  printError(line: string): void;
  /** Replaces the progress line on a terminal; '' removes it. Prints nothing elsewhere. */
  showProgress(line: string): void;
  /** Reads the whole standard input. */
  readStdin(): string;
  /** Asks for a line without echoing it. Reads the whole standard input instead if that is not a terminal. */
  askSecret(question: string): Promise<string>;
  /** Asks a yes-or-no question; 'cannot ask' if the standard input is not a terminal. */
  confirm(question: string): Promise<'yes' | 'no' | 'cannot ask'>;
  /** Milliseconds since 1970. */
  now(): number;
  /** A new random id. */
  createId(): string;
  /** @param seconds since 1970; shown in full, in the person's locale */
  formatDate(seconds: number): string;
  /** Starts a sync in a background process. */
  startBackgroundSync(): void;
  readLastSync(): LastSync | undefined;
  /** Which task each id named when the command line last showed it; empty if that is not known. */
  readListedIds(): ListedIds;
  writeListedIds(ids: ListedIds): void;
  /** Calls `act` when the person ends the command (Ctrl-C). @returns removes `act` again */
  onInterrupt(act: () => void): () => void;
}

/** @param now seconds since 1970 */
export function actionContext(cli: CliContext, now: number): ActionContext {
  return { now, zone: cli.zone, createId: () => cli.createId(), date: (seconds) => cli.formatDate(seconds) };
}
