// Runs pgbouncer, a connection pooler, in front of a PostgreSQL server of a test. Where it is not installed, its tests are skipped with a
// warning.

import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../../scripts/prove/free-port.ts';
import type { PostgresUrl } from '../../server/config.ts';
import { arrival, eventually } from './eventually.ts';
import { type Postgres, serverUser } from './postgres.ts';

export const pgbouncerProgram = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'pgbouncer'))
  .find((program) => existsSync(program));

if (pgbouncerProgram === undefined) {
  console.warn('pgbouncer is not installed (Debian: pgbouncer): the tests of hubs behind it are SKIPPED.');
}

export class PgBouncer {
  readonly #port: number;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(port: number, folder: string, process: ChildProcess) {
    this.#port = port;
    this.#folder = folder;
    this.#process = process;
  }

  /** @param size the most connections to the database */
  static async start(
    postgres: Postgres,
    { mode, size = 20 }: { readonly mode: 'session' | 'transaction'; readonly size?: number },
  ): Promise<PgBouncer> {
    if (pgbouncerProgram === undefined) throw new Error('pgbouncer is not installed');
    const folder = mkdtempSync(join(tmpdir(), 'horai-pgbouncer-'));
    const port = await freePort();
    const user = serverUser();
    const file = join(folder, 'pgbouncer.ini');
    writeFileSync(join(folder, 'users.txt'), '"horai" ""\n');
    writeFileSync(
      file,
      `[databases]
* = host=127.0.0.1 port=${postgres.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users.txt')}
pool_mode = ${mode}
default_pool_size = ${size}
`,
    );
    if (user !== undefined)
      for (const path of [folder, file, join(folder, 'users.txt')]) chownSync(path, user.uid, user.gid);
    const child = spawn(pgbouncerProgram, [file], { ...user, cwd: folder, stdio: 'ignore' });
    const bouncer = new PgBouncer(port, folder, child);
    const isUp = () => postgres.query('SELECT 1', bouncer.urlOf('postgres')).then(() => true);
    await eventually(isUp, 'pgbouncer to answer');
    return bouncer;
  }

  /** The address of a database through the pooler. @param url its address at the server */
  throughOf(url: PostgresUrl): PostgresUrl {
    return this.urlOf(url.split('/').at(-1) ?? '');
  }

  urlOf(database: string): PostgresUrl {
    return `postgres://horai@127.0.0.1:${this.#port}/${database}`;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const exit = new Promise((resolve) => this.#process.once('exit', resolve));
      this.#process.kill('SIGTERM');
      await arrival(exit, 'pgbouncer to end');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
