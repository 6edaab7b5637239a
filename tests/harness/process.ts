// Runs a real hub, or one of its commands, as a process: its start, its output and its end.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waiting } from './waiting.ts';

const top = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  /** The exit code; null after a signal. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Kills what tests left running and removes their folders; for `afterEach`. */
export class Leftovers {
  #children = new Set<ChildProcess>();
  #folders: string[] = [];

  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'horai-'));
    this.#folders.push(folder);
    return folder;
  }

  add(child: ChildProcess): void {
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
  }

  async clear(): Promise<void> {
    for (const child of this.#children) {
      const exit = new Promise((resolve) => child.once('exit', resolve));
      const descendants = child.pid === undefined ? [] : descendantsOf(child.pid);
      child.kill('SIGKILL');
      await exit;
      for (const pid of descendants) kill(pid);
    }
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
    this.#folders = [];
  }
}

/** The processes that a process has started, and those that they have: npx leaves its program behind. Linux only. */
function descendantsOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return children.flatMap((child) => [child, ...descendantsOf(child)]);
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended with its parent.
  }
}

export class HubProcess {
  readonly ended: Promise<Ended>;
  #child: ChildProcess;
  #out = '';
  #err = '';
  #onOutput = () => undefined as undefined;

  /**
   * Uses a free port and opens no Kronos port, unless `env` sets them.
   * @param prefix a command line before the hub's own, such as `ip netns exec …`
   * @param program the hub's own command line
   * @param sources the folder with the hub's sources; this project by default
   */
  constructor(
    leftovers: Leftovers,
    env: Readonly<Record<string, string>>,
    args: readonly string[] = [],
    prefix: readonly string[] = [],
    program: readonly string[] = [process.execPath, 'bin/horai.js'],
    sources = top,
  ) {
    const { PATH, HOME } = process.env;
    const [command = '', ...rest] = [...prefix, ...program, ...args];
    this.#child = spawn(command, rest, {
      cwd: sources,
      env: { PATH, HOME, HORAI_PORT: '0', HORAI_KRONOS_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    leftovers.add(this.#child);
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#out += chunk.toString();
      this.#onOutput();
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#err += chunk.toString();
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code) => resolve({ code, out: this.#out, err: this.#err }));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get out(): string {
    return this.#out;
  }

  /** Its standard error so far. */
  get err(): string {
    return this.#err;
  }

  /** Resident memory in bytes. */
  get resident(): number {
    const pages = readFileSync(`/proc/${this.#child.pid}/statm`, 'utf8').split(' ')[1];
    return Number(pages) * 4_096;
  }

  /** Resolves with the hub's URL when the hub is up. @throws with the hub's output if it ends instead */
  async up(): Promise<string> {
    const printed = new Promise<string>((resolve) => {
      this.#onOutput = () => {
        const url = /^Horai \S+ is at (\S+) [\s\S]*^Data: .*\n/m.exec(this.#out)?.[1];
        if (url !== undefined) resolve(url);
        return undefined;
      };
      this.#onOutput();
    });
    const ended = this.ended.then(({ err }) => Promise.reject(new Error(`the hub did not start: ${err}`)));
    return waiting('the hub to start', Promise.race([printed, ended]));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  stop(): Promise<Ended> {
    this.signal('SIGTERM');
    return waiting('the hub to end', this.ended);
  }
}
