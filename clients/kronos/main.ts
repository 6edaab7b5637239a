// The process: arguments, environment, streams, signals and exit code. program.ts interprets the command line.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { localZone } from '../../protocol/zone.ts';
import type { CliContext } from './cli/cli-context.ts';
import { findLocale, formatDate } from './cli/date.ts';
import { run } from './cli/program.ts';
import { StandardOutput } from './cli/stdout.ts';
import { readAskedDate, writeAskedDate } from './data/asked-date.ts';
import { findDataDir } from './data/data-dir.ts';
import { DatabaseFile } from './data/file.ts';
import { readListedIds, writeListedIds } from './data/listed-ids.ts';
import { readListedTimes, writeListedTimes } from './data/listed-times.ts';
import { readLastSync } from './sync/last-sync.ts';

/** The values that bin/kronos.cjs passes on, because this file cannot find it out once it is bundled. */
export interface LaunchInfo {
  /** Path of the script that was started, to start it again. */
  readonly self: string;
  /** Path of package.json. */
  readonly about: string;
  /** Why it runs through tsx, which is slow; '' if it is bundled. */
  readonly unbundled: string;
}

/** Resolves when the exit code is set. The process ends by itself once its streams are written. */
export async function main({ self, about, unbundled }: LaunchInfo): Promise<void> {
  const { env, platform } = process;
  const stdout = new StandardOutput();
  const home = homedir();
  const dataDir = findDataDir({ env, platform, home });
  const cli: CliContext = {
    database: new DatabaseFile(join(dataDir, 'kronos.json')),
    env,
    platform,
    home,
    dataDir,
    // Getters: reading process.stdout makes Node create the stream, which takes milliseconds.
    get colour() {
      return !env['NO_COLOR'] && env['TERM'] !== 'dumb' && stdout.terminal !== undefined;
    },
    get width() {
      return stdout.terminal?.columns;
    },
    get interactive() {
      return stdout.terminal !== undefined && process.stdin.isTTY === true;
    },
    zone: localZone,
    zoneName: () => new Intl.DateTimeFormat().resolvedOptions().timeZone,
    unbundledReason: unbundled,
    version: () => readVersion(about),
    print: (line) => stdout.print(`${line}\n`),
    printError: (line) => void process.stderr.write(`${line}\n`),
    readStdin: () => readFileSync(0, 'utf8'),
    showProgress,
    askSecret: (question) =>
      process.stdin.isTTY === true ? ask(question, 'hidden') : Promise.resolve(readFileSync(0, 'utf8')),
    confirm: async (question) => {
      if (process.stdin.isTTY !== true) return 'cannot ask';
      return /^y(?:es)?$/i.test((await ask(question, 'shown')).trim()) ? 'yes' : 'no';
    },
    askLine: (question) => (process.stdin.isTTY === true ? ask(question, 'shown') : Promise.resolve(undefined)),
    editText: async (text) => {
      const { editFile } = await import('./cli/edit-file.ts');
      return editFile(join(dataDir, 'time-edit.txt'), text, env);
    },
    now: () => Date.now(),
    createId: () => process.getBuiltinModule('node:crypto').randomBytes(15).toString('base64url'),
    formatDate: (seconds) => formatDate(findLocale(env), seconds),
    runProcess: async (request) => (await import('./cli/run-process.ts')).runProcess(request),
    startBackgroundSync: () => startSync(self, home),
    readLastSync: () => readLastSync(dataDir),
    readAskedDate: () => readAskedDate(dataDir),
    writeAskedDate: (date) => writeAskedDate(dataDir, date),
    readListedIds: () => readListedIds(dataDir),
    writeListedIds: (ids) => writeListedIds(dataDir, ids),
    readListedTimes: () => readListedTimes(dataDir),
    writeListedTimes: (times) => writeListedTimes(dataDir, times),
    onInterrupt: (act) => {
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      // Not `once`: Ink ends the process when its own listener is the last one.
      for (const signal of signals) process.on(signal, act);
      return () => {
        for (const signal of signals) process.off(signal, act);
      };
    },
  };
  process.exitCode = await run(process.argv.slice(2), cli);
}

function readVersion(about: string): string {
  const value: unknown = JSON.parse(readFileSync(about, 'utf8'));
  return typeof value === 'object' && value !== null && 'version' in value ? String(value.version) : '';
}

/** Starts a sync in a background process that outlives this one. */
function startSync(self: string, home: string): void {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const options = { detached: true, stdio: 'ignore', cwd: home, windowsHide: true } as const;
  const child = spawn(process.execPath, [self, 'sync', '--quiet'], options);
  child.on('error', () => undefined);
  child.unref();
}

/** Replaces the progress line on stderr. Prints nothing if stderr is not a terminal. */
function showProgress(line: string): void {
  if (process.stderr.isTTY !== true) return;
  process.stderr.write(`\r\u001b[K${line}`);
}

/** Asks on stderr for a line of stdin. */
async function ask(question: string, typed: 'shown' | 'hidden'): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const { Writable } = await import('node:stream');
  if (typed === 'hidden') process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = typed === 'shown' ? process.stderr : nowhere;
  const reader = createInterface({ input: process.stdin, output, terminal: true });
  // Ctrl-C and Ctrl-D close the reader: the answer is then empty.
  const closed = new Promise<string>((resolve) => reader.once('close', () => resolve('')));
  const line = await Promise.race([reader.question(typed === 'shown' ? question : ''), closed]);
  reader.close();
  if (typed === 'hidden') process.stderr.write('\n');
  return line;
}
