// The surroundings of a command of the command line, as values and functions: main.ts makes them from the process,
// tests make them by hand. Also the exit codes.

import type { Zone } from '../../../protocol/zone.ts';
import type { ActionContext } from '../data/actions.ts';
import type { DatabaseStore } from '../data/database.ts';
import type { ListedIds } from '../data/listed-ids.ts';
import type { ListedTime } from '../data/listed-times.ts';
import type { ProcessRequest } from './run-process.ts';

export const exitCode = { ok: 0, failure: 1, usage: 2, notFound: 3, auth: 4 } as const;
/** One of `exitCode`, or that of a program that the command ran. */
export type ExitCode = number;

/** The result of the last sync, by this command or another one. */
export interface LastSync {
  readonly outcome: 'ok' | 'offline' | 'refused';
  /** For people; '' if it succeeded. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The hub's questions about running tasks at that time, as sentences; undefined if the hub was not asked. */
  readonly questions?: readonly string[];
}

export type EditedText =
  | { readonly ok: true; readonly text: string; readonly path: string }
  | { readonly ok: false; readonly error: string };

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
  /** True if both the input and the output are a terminal. */
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
  /** Asks for a line; undefined if the standard input is not a terminal. */
  askLine(question: string): Promise<string | undefined>;
  /** Opens the text in the person's editor, and waits until they close it. The text stays in `path`. */
  editText(text: string): Promise<EditedText>;
  /** Milliseconds since 1970. */
  now(): number;
  /** A new random id. */
  createId(): string;
  /** @param seconds since 1970; shown in full, in the person's locale */
  formatDate(seconds: number): string;
  /** Runs a program in the foreground until it ends. @returns its exit code, as shells have it */
  runProcess(request: ProcessRequest): Promise<number>;
  /** Starts a sync in a background process. */
  startBackgroundSync(): void;
  readLastSync(): LastSync | undefined;
  /** The date (`2026-11-28`, in local time) on which a command last asked for the hub's questions; '' if none did. */
  readAskedDate(): string;
  writeAskedDate(date: string): void;
  /** Which task each id named when the command line last showed it; empty if that is not known. */
  readListedIds(): ListedIds;
  writeListedIds(ids: ListedIds): void;
  /** Which interval each number named when `kronos time` last listed a day; undefined if it did not. */
  readListedTimes(): readonly ListedTime[] | undefined;
  writeListedTimes(times: readonly ListedTime[]): void;
  /** Calls `act` when the person ends the command (Ctrl-C). @returns removes `act` again */
  onInterrupt(act: () => void): () => void;
}

/** @param now seconds since 1970 */
export function actionContext(cli: CliContext, now: number): ActionContext {
  return {
    now,
    zone: cli.zone,
    zoneName: () => cli.zoneName(),
    createId: () => cli.createId(),
    date: (seconds) => cli.formatDate(seconds),
  };
}
