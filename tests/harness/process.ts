// A real hub in a process of its own, or one of its commands: what it is started with, what it prints, how it ends.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waiting } from './waiting.ts';

const top = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  /** null when a signal ended it. */
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
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
    this.#folders = [];
  }
}

export class HubProcess {
  readonly ended: Promise<Ended>;
  #child: ChildProcess;
  #out = '';
  #err = '';
  #heard = () => undefined as undefined;

  /**
   * Ports are any free ones, and there is no Kronos port, unless `env` says so.
   * @param through a command that runs the hub's
   */
  constructor(
    leftovers: Leftovers,
    env: Readonly<Record<string, string>>,
    args: readonly string[] = [],
    through: readonly string[] = [],
  ) {
    const { PATH, HOME } = process.env;
    const [command = '', ...rest] = [...through, process.execPath, '--import', 'tsx', 'server/main.ts', ...args];
    this.#child = spawn(command, rest, {
      cwd: top,
      env: { PATH, HOME, HORAI_PORT: '0', HORAI_KRONOS_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    leftovers.add(this.#child);
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#out += chunk.toString();
      this.#heard();
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

  /** Bytes of memory that it holds. */
  get resident(): number {
    const pages = readFileSync(`/proc/${this.#child.pid}/statm`, 'utf8').split(' ')[1];
    return Number(pages) * 4_096;
  }

  /** Resolves with the hub's URL once it is up; fails with what it printed when it ends instead. */
  async up(): Promise<string> {
    const printed = new Promise<string>((resolve) => {
      this.#heard = () => {
        const url = /^Horai \S+ is at (\S+) [\s\S]*^Data: .*\n/m.exec(this.#out)?.[1];
        if (url !== undefined) resolve(url);
        return undefined;
      };
      this.#heard();
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
