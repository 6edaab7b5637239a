// Runs a PostgreSQL server for tests: a cluster in a temporary folder, on a free port, as a user other than root, whom the server
// refuses. Its programs are searched in Debian's folder and on the PATH. Where none is installed, the tests that need it are skipped with a
// warning.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../scripts/prove/free-port.ts';
import type { PostgresUrl } from '../../server/config.ts';
import { eventually } from './eventually.ts';

const debian = '/usr/lib/postgresql';

/** The folder of the newest server's programs, 15 or later; undefined where none is installed. */
export const postgresBin = ((): string | undefined => {
  const versions = existsSync(debian) ? readdirSync(debian).filter((version) => Number(version) >= 15) : [];
  const folders = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(debian, version, 'bin'));
  return [...folders, ...(process.env['PATH'] ?? '').split(delimiter)].find((folder) =>
    existsSync(join(folder, 'initdb')),
  );
})();

if (postgresBin === undefined) {
  console.warn('PostgreSQL is not installed (Debian: postgresql): the tests of the hub on it are SKIPPED.');
}

/** A user who can run the server, if this process is root; else undefined. */
export function serverUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string, name: string) =>
    Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: id('-u', name), gid: id('-g', name) };
    } catch {
      // This user does not exist: try the next one.
    }
  }
  return undefined;
}

export class Postgres {
  readonly port: number;
  #folders = 0;
  readonly #folder: string;
  readonly #bin: string;
  readonly #user = serverUser();
  readonly #settings: readonly string[];
  #server: ChildProcess | undefined;
  #databases = 0;
  #data: string;

  private constructor(bin: string, folder: string, port: number, settings: readonly string[]) {
    this.#bin = bin;
    this.#folder = folder;
    this.#data = join(folder, 'data');
    this.port = port;
    this.#settings = settings;
  }

  /** @param settings as `name=value`; by default nothing is flushed, because the machine does not lose its power in tests */
  static async start(settings: readonly string[] = ['fsync=off']): Promise<Postgres> {
    if (postgresBin === undefined) throw new Error('PostgreSQL is not installed');
    const folder = mkdtempSync(join(tmpdir(), 'horai-postgres-'));
    const postgres = new Postgres(postgresBin, folder, await freePort(), settings);
    if (postgres.#user !== undefined) chownSync(folder, postgres.#user.uid, postgres.#user.gid);
    execFileSync(
      join(postgresBin, 'initdb'),
      ['-D', join(folder, 'data'), '-U', 'horai', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      { ...postgres.#user, cwd: folder, stdio: 'pipe' },
    );
    await postgres.up();
    return postgres;
  }

  /** Starts the server, which must not run. Tries again for a while, because backends of a killed server may still be running. */
  async up(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const errors = await this.#up();
      if (errors === undefined) return;
      if (attempt === 20) throw new Error(`PostgreSQL did not start: ${errors}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  #spawn(data: string, port: number, more: readonly string[]) {
    const settings = [`port=${port}`, `unix_socket_directories=${this.#folder}`, 'listen_addresses=127.0.0.1'];
    const args = [...settings, 'max_connections=200', ...this.#settings, ...more].flatMap((setting) => ['-c', setting]);
    return spawn(join(this.#bin, 'postgres'), ['-D', data, ...args], {
      ...this.#user,
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  /** @returns its error output if it did not start */
  async #up(): Promise<string | undefined> {
    const server = this.#spawn(this.#data, this.port, []);
    this.#server = server;
    let errors = '';
    server.stderr.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk}`.slice(-4_000);
    });
    for (;;) {
      if (server.exitCode !== null) return errors;
      try {
        await this.query('SELECT 1');
        return undefined;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Stops the server. `SIGINT` is a fast shutdown, `SIGQUIT` an immediate one without a checkpoint, `SIGKILL` a crash. */
  async down(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void> {
    const server = this.#server;
    if (server === undefined || server.exitCode !== null) return;
    const exit = new Promise((resolve) => server.once('exit', resolve));
    // After SIGKILL the backends run on for a moment, until they notice.
    server.kill(signal);
    await exit;
    this.#server = undefined;
  }

  urlOf(database: string, port = this.port): PostgresUrl {
    return `postgres://horai@127.0.0.1:${port}/${database}`;
  }

  /** Returns a new folder for a node's data; `remove` deletes it. */
  folder(): string {
    this.#folders += 1;
    return join(this.#folder, `node-${this.#folders}`);
  }

  /**
   * Creates a database.
   * @param template the URL of a database without connections, which is copied; without it the new one is empty
   */
  async database(template?: string): Promise<PostgresUrl> {
    this.#databases += 1;
    const name = `d${this.#databases}`;
    await this.query(`CREATE DATABASE ${name} TEMPLATE ${template?.split('/').at(-1) ?? 'template1'}`);
    return this.urlOf(name);
  }

  async query(text: string, url = this.urlOf('postgres')): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query(text)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /**
   * Makes a standby with all that is written up to now; what is written from then on does not reach it.
   * @returns a function that stops this server and lets the standby take over, at the same address
   */
  async standby(): Promise<() => Promise<void>> {
    const data = await this.#copy();
    return () => this.#takeOver(data, 'SIGKILL');
  }

  /** A standby with everything takes over at the same address, after an orderly stop. */
  async failOver(): Promise<void> {
    const server = this.#server;
    const data = await this.#copy();
    const port = await freePort();
    const standby = this.#spawn(data, port, [`primary_conninfo=host=127.0.0.1 port=${this.port} user=horai`]);
    const exit = new Promise((resolve) => standby.once('exit', resolve));
    // An orderly stop sends everything to the standby first.
    const isStreaming = async () =>
      (await this.query(`SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'`)).length > 0;
    await eventually(isStreaming, 'the standby to follow');
    const stopped = new Promise((resolve) => server?.once('exit', resolve));
    server?.kill('SIGINT');
    await stopped;
    standby.kill('SIGINT');
    await exit;
    this.#server = undefined;
    await this.#takeOver(data, 'SIGINT');
  }

  async #copy(): Promise<string> {
    this.#folders += 1;
    const data = join(this.#folder, `standby-${this.#folders}`);
    execFileSync(
      join(this.#bin, 'pg_basebackup'),
      ['-D', data, '-h', '127.0.0.1', '-p', String(this.port), '-U', 'horai', '-c', 'fast', '-X', 'stream', '-N'],
      { ...this.#user, cwd: this.#folder, stdio: 'pipe' },
    );
    writeFileSync(join(data, 'standby.signal'), '');
    return data;
  }

  async #takeOver(data: string, signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
    await this.down(signal);
    this.#data = data;
    await this.up();
    await this.query('SELECT pg_promote(true)');
  }

  async remove(): Promise<void> {
    await this.down('SIGQUIT');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
