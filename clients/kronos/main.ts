// The process: its arguments, environment, streams, signals and exit. What the words on the command line mean is program.ts'.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { localZone } from '../../protocol/zone.ts';
import type { CliContext } from './cli/cli-context.ts';
import { findLocale, formatDate } from './cli/date.ts';
import { run } from './cli/program.ts';
import { StandardOutput } from './cli/stdout.ts';
import { findDataDir } from './data/data-dir.ts';
import { DatabaseFile } from './data/file.ts';
import { readLastSync } from './sync/last-sync.ts';

/** What bin/kronos.cjs knows and this file, once it is bundled, does not. */
export interface LaunchInfo {
  /** The file that was started, to start it again. */
  readonly self: string;
  /** package.json */
  readonly about: string;
  /** Why it runs through tsx, which takes long; '' when it is bundled. */
  readonly unbundled: string;
}

/** @returns when the exit code is set; the process ends by itself once its streams are written */
export async function main({ self, about, unbundled }: LaunchInfo): Promise<void> {
  const { env, platform } = process;
  const stdout = new StandardOutput();
  const home = homedir();
  const folder = findDataDir({ env, platform, home });
  const house: CliContext = {
    database: new DatabaseFile(join(folder, 'kronos.json')),
    env,
    platform,
    home,
    dataDir: folder,
    // Only to look at the standard streams makes Node set them up.
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
    unbundledReason: unbundled,
    version: () => versionIn(about),
    print: (line) => stdout.print(`${line}\n`),
    printError: (line) => void process.stderr.write(`${line}\n`),
    readStdin: () => readFileSync(0, 'utf8'),
    askSecret: (question) =>
      process.stdin.isTTY === true ? askUnseen(question) : Promise.resolve(readFileSync(0, 'utf8')),
    now: () => Date.now(),
    createId: () => process.getBuiltinModule('node:crypto').randomBytes(15).toString('base64url'),
    formatDate: (seconds) => formatDate(findLocale(env), seconds),
    startBackgroundSync: () => syncSoon(self, home),
    readLastSync: () => readLastSync(folder),
    onInterrupt: (act) => {
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      // Ink ends the process where it is the only one left to hear a signal: not `once`.
      for (const signal of signals) process.on(signal, act);
      return () => {
        for (const signal of signals) process.off(signal, act);
      };
    },
  };
  process.exitCode = await run(process.argv.slice(2), house);
}

function versionIn(about: string): string {
  const value: unknown = JSON.parse(readFileSync(about, 'utf8'));
  return typeof value === 'object' && value !== null && 'version' in value ? String(value.version) : '';
}

/** In a process of its own, which nobody waits for. */
function syncSoon(self: string, home: string): void {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const options = { detached: true, stdio: 'ignore', cwd: home, windowsHide: true } as const;
  const child = spawn(process.execPath, [self, 'sync', '--quiet'], options);
  child.on('error', () => undefined);
  child.unref();
}

async function askUnseen(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const { Writable } = await import('node:stream');
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const line = await reader.question('');
  reader.close();
  process.stderr.write('\n');
  return line;
}
