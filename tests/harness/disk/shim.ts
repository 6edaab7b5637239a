// Compiles fault-shim.c, and sets the faults that it makes. Without a C compiler there are no such tests.

import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ended } from '../process.ts';

/** The fault that a call meets. `short` writes the first half, then finds the disk full. */
export type FaultKind = 'io error' | 'full' | 'short';

const numbers: Readonly<Record<FaultKind, number>> = { 'io error': 1, full: 2, short: 3 };
const controlBytes = 20;

export interface Fault {
  readonly kind: FaultKind;
  /** The number of the call that is the first to fail, from 1; 0 counts the calls and lets none fail. */
  readonly at: number;
  /** How many calls fail. */
  readonly times: number;
}

/** The name of a C compiler on this machine; undefined if there is none. */
export const compiler = ['cc', 'gcc', 'clang'].find((name) => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return process.platform === 'linux';
  } catch {
    return false;
  }
});

if (compiler === undefined) {
  console.warn(
    'There is no C compiler (Debian: gcc), or this is not Linux: the tests of faults of the disk are SKIPPED.',
  );
}

/** @returns the path of the compiled library */
export function compileShim(folder: string): string {
  const library = join(folder, 'fault-shim.so');
  const source = fileURLToPath(new URL('fault-shim.c', import.meta.url));
  execFileSync(compiler ?? 'cc', ['-O1', '-shared', '-fPIC', '-o', library, source, '-ldl', '-lpthread']);
  return library;
}

/** The faults of the processes that share the control file. */
export class Faults {
  readonly #file: number;

  /** @param path the control file; it is created if it is missing */
  constructor(path: string) {
    this.#file = openSync(path, 'a+');
    closeSync(this.#file);
    this.#file = openSync(path, 'r+');
    this.#write([0, 0, 0, 0, 0]);
  }

  set({ kind, at, times }: Fault): void {
    this.#write([numbers[kind], at, times, 0, 0]);
  }

  /** No call fails any more; what was counted stays. */
  clear(): void {
    this.#write([0]);
  }

  /** Calls since the fault was set, and how many of them failed. */
  get counted(): { readonly calls: number; readonly failed: number } {
    const bytes = Buffer.alloc(controlBytes);
    readSync(this.#file, bytes, 0, controlBytes, 0);
    return { calls: bytes.readInt32LE(12), failed: bytes.readInt32LE(16) };
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(values: readonly number[]): void {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [at, value] of values.entries()) bytes.writeInt32LE(value, at * 4);
    writeSync(this.#file, bytes, 0, bytes.length, 0);
  }
}

export interface ShimOptions {
  readonly library: string;
  /** Only what is below it is touched. */
  readonly folder: string;
  readonly control?: string;
  readonly trace?: string;
}

/** The environment of a process above the shim. */
export function shimEnvironment({ library, folder, control, trace }: ShimOptions): Record<string, string> {
  return {
    LD_PRELOAD: library,
    HORAI_DISK_FOLDER: folder,
    ...(control === undefined ? {} : { HORAI_DISK_CONTROL: control }),
    ...(trace === undefined ? {} : { HORAI_DISK_TRACE: trace }),
  };
}

/** Runs a script of the harness above the shim. */
export function runAboveShim(script: string, args: readonly string[], options: ShimOptions): Promise<Ended> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), path, ...args], {
    env: { PATH, HOME, ...shimEnvironment(options) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

/** Runs a store while calls of the file system fail (fault-child.ts). */
export interface FaultReport {
  /** Calls of the scenario, by the fault. */
  readonly calls: Readonly<Record<string, number>>;
  /** Writes that were refused, and starts. */
  readonly refusals: number;
  readonly problems: readonly string[];
}

export const faultScenarios = ['new folder', 'life', 'format 1', 'format 2', 'backup'] as const;

export interface FailedCalls {
  readonly library: string;
  /** The folder in which the scenario makes its own. */
  readonly top: string;
  readonly scenario: (typeof faultScenarios)[number];
  /** How many calls are tried for each kind of fault; 0 for all. */
  readonly most: number;
}

/** Runs a scenario once for each call that fails, in a process above the shim. */
export async function failCalls({ library, top, scenario, most }: FailedCalls): Promise<FaultReport> {
  const folder = join(top, scenario.replace(' ', '-'));
  const control = join(top, `${scenario}.control`);
  mkdirSync(folder);
  // The shim reads it when the process begins.
  new Faults(control).close();
  const options = { library, folder: `${folder}/`, control };
  const { code, out, err } = await runAboveShim('fault-child.ts', [folder, control, scenario, String(most)], options);
  if (code !== 0 || err !== '') throw new Error(`${scenario}: the process ended with ${code}: ${err}`);
  return JSON.parse(out);
}
