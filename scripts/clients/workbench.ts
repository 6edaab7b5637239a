// Tools that rows share: hubs, folders that are removed after the row, programs with their output, and packages that are installed once into a
// cache outside of the tree (HORAI_CLIENTS_CACHE, else the user's cache folder).

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorMessage } from '../../protocol/error-message.ts';
import type { LimitName } from '../../server/core/limits.ts';
import { HubProcess, Leftovers } from '../../tests/harness/process.ts';
import { readStream } from '../../tests/harness/stream.ts';
import { freePort } from '../prove/free-port.ts';
import { check, Missing } from './check.ts';
import { reachedLimits } from './reached-limits.ts';

export const owner = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
/** The basic credentials of WakaTime's clients. */
export const basic = Buffer.from(owner).toString('base64');
const programsFolder = fileURLToPath(new URL('./programs/', import.meta.url));
const timeLimitMs = 180_000;
const installAttempts = 3;

export interface ClientHub {
  readonly url: string;
  readonly port: number;
  readonly kronosPort: number;
  /** The tasks that the hub has stored. */
  tasks(): Promise<readonly StoredTask[]>;
  stop(): Promise<void>;
  /** Ends it as a power cut does. */
  kill(): Promise<void>;
}

export type StoredTask = Readonly<Record<string, unknown>> & { readonly desc: string };

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunningProgram {
  /** Its output so far. */
  readonly out: () => string;
  /** Writes the input, closes it, and waits for the end. */
  readonly finish: (input?: string) => Promise<Ran>;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

async function readTasks(port: number): Promise<readonly StoredTask[]> {
  const stream = await readStream(port, '/-/channels/tasks/events', { authorization: `Bearer ${owner}` });
  const snapshot = await stream.next();
  stream.close();
  const { items }: { readonly items: readonly { readonly item: StoredTask }[] } = JSON.parse(
    /^data: (.*)$/m.exec(snapshot ?? '')?.[1] ?? '',
  );
  return items.map(({ item }) => item);
}

export class Workbench {
  readonly #leftovers = new Leftovers();
  readonly #hubs: HubProcess[] = [];
  readonly #cache: string;
  readonly #from: string;

  /** @param from the folder of `CLIENTS_FROM`; '' if it is not set */
  constructor(from: string, env: Readonly<Record<string, string | undefined>> = process.env) {
    this.#from = from;
    const caches = env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
    this.#cache = env['HORAI_CLIENTS_CACHE'] ?? join(caches, 'horai-clients');
  }

  /** A hub in a process of its own, whose owner's token is `owner`. */
  async hub(env: Readonly<Record<string, string>> = {}): Promise<ClientHub> {
    const kronosPort = await freePort();
    const settings = { HORAI_DATA: this.folder(), HORAI_OWNER_TOKEN: owner, HORAI_KRONOS_PORT: String(kronosPort) };
    const hub = new HubProcess(this.#leftovers, { ...settings, ...env });
    this.#hubs.push(hub);
    const url = await hub.up();
    const port = Number(new URL(url).port);
    return {
      url,
      port,
      kronosPort,
      tasks: () => readTasks(port),
      stop: async () => void (await hub.stop()),
      kill: async () => {
        hub.signal('SIGKILL');
        await hub.ended;
      },
    };
  }

  /** Stops the hubs, kills what still runs, and removes the folders. @returns the limits that the hubs reached */
  async close(): Promise<readonly LimitName[]> {
    // A hub that is asked to stop also ends its compiler; a killed one leaves it behind.
    const ended = await Promise.all(this.#hubs.map((hub) => hub.stop()));
    await this.#leftovers.clear();
    return ended.flatMap(({ err }) => reachedLimits(err));
  }

  /** A folder that is removed after the row. */
  folder(): string {
    return this.#leftovers.folder();
  }

  /** Starts a program whose input stays open. It is killed after the row, or after three minutes. */
  start(command: string, args: readonly string[], { env = {}, cwd }: ProgramOptions = {}): RunningProgram {
    const child = spawn(command, args, { env: { ...process.env, ...env }, cwd, timeout: timeLimitMs });
    // A program that does not exist never exits.
    child.once('spawn', () => this.#leftovers.add(child));
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString();
    });
    // A program that reads no input may end before it is written.
    child.stdin.on('error', () => undefined);
    const ended = new Promise<Ran>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, out, err }));
    });
    // Nobody waits for a program that runs until the row ends.
    ended.catch(() => undefined);
    return {
      out: () => out,
      finish: (input = '') => {
        child.stdin.end(input);
        return ended;
      },
    };
  }

  /** Runs a program to its end. It is killed after three minutes. */
  run(command: string, args: readonly string[], options: ProgramOptions = {}): Promise<Ran> {
    return this.start(command, args, options).finish(options.input);
  }

  /** Runs a program that must end with 0. @returns what it printed */
  async succeed(command: string, args: readonly string[], options?: ProgramOptions): Promise<string> {
    const { code, out, err } = await this.run(command, args, options);
    check(code === 0, `${command.split('/').at(-1)} ended with ${code}: ${(err.trim() || out.trim()).slice(-600)}`);
    return out;
  }

  /** The path of one of the small programs that call a library. */
  program(name: string): string {
    return join(programsFolder, name);
  }

  /** @throws Missing */
  tool(name: string): string {
    const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
    const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
    if (found === undefined) throw new Missing(`${name} is not installed`);
    return found;
  }

  /** A file or folder in `CLIENTS_FROM`. @throws Missing */
  checkout(name: string): string {
    const file = join(this.#from, name);
    if (!existsSync(file)) throw new Missing(`CLIENTS_FROM has no ${name}`);
    return file;
  }

  /**
   * Installs packages of PyPI into a virtual environment of their own.
   * @param spec such as `wakatime==13.1.0`, with spaces between several
   * @param newest Python's minor version that can run it
   * @returns the folder of its programs
   */
  async python(spec: string, newest = 99): Promise<string> {
    const python = await this.#interpreter(newest);
    const home = await this.#installed(`pypi-${spec.replace(/[^\w.-]+/g, '-')}`, async (folder) => {
      await this.succeed(python, ['-m', 'venv', folder]);
      await this.succeed(join(folder, 'bin/python'), ['-m', 'pip', 'install', '-q', '--no-input', ...spec.split(' ')]);
    });
    return join(home, 'bin');
  }

  /** Installs one package of npm. @returns the folder whose `node_modules` has it */
  npm(spec: string): Promise<string> {
    return this.#installed(`npm-${spec.replace(/[^\w.-]+/g, '-')}`, async (folder) => {
      mkdirSync(folder, { recursive: true });
      await this.succeed('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', spec]);
    });
  }

  /** Python environments cannot be moved, so an unfinished installation is known by the absence of its mark. */
  async #installed(name: string, install: (folder: string) => Promise<void>): Promise<string> {
    const folder = join(this.#cache, name);
    const mark = join(this.#cache, `${name}.installed`);
    if (existsSync(mark) && existsSync(folder)) return folder;
    mkdirSync(this.#cache, { recursive: true });
    for (let attempt = 1; ; attempt += 1) {
      rmSync(folder, { recursive: true, force: true });
      try {
        await install(folder);
        break;
      } catch (error) {
        if (attempt === installAttempts) throw error;
        console.error(`${name}: ${errorMessage(error)}; it is installed again`);
      }
    }
    const unfinished = `${mark}.${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    rmSync(mark, { recursive: true, force: true });
    renameSync(unfinished, mark);
    return folder;
  }

  async #interpreter(newest: number): Promise<string> {
    const versions = join(homedir(), '.pyenv/versions');
    const own = existsSync(versions) ? readdirSync(versions).map((name) => join(versions, name, 'bin/python3')) : [];
    const named = ['3.9', '3.8', '3.7', ''].map((version) => `python${version === '' ? '3' : version}`);
    let best = { minor: 0, file: '' };
    for (const file of [...own, ...named]) {
      const minor = await this.#minorOf(file);
      if (minor <= newest && minor > best.minor) best = { minor, file };
    }
    if (best.minor < 7)
      throw new Missing(newest === 99 ? 'there is no Python 3' : `there is no Python up to 3.${newest}`);
    return best.file;
  }

  /** 0 if the file is no Python 3 that can make virtual environments. */
  async #minorOf(file: string): Promise<number> {
    try {
      const { code, out } = await this.run(file, ['-c', 'import ensurepip, sys; print(sys.version_info[1])']);
      return code === 0 ? Number(out) : 0;
    } catch {
      return 0;
    }
  }
}
