// Runs a NATS server for tests on a free port. Where none is installed, the tests that need it are skipped with a warning.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { freePort } from '../../scripts/prove/free-port.ts';

export const natsServer = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'nats-server'))
  .find((program) => existsSync(program));

if (natsServer === undefined) {
  console.warn('NATS is not installed (Debian: nats-server): the tests of nodes that NATS connects are SKIPPED.');
}

export class Nats {
  readonly url: string;
  readonly #port: number;
  #server: ChildProcess | undefined;

  private constructor(port: number) {
    this.#port = port;
    this.url = `nats://127.0.0.1:${port}`;
  }

  static async start(): Promise<Nats> {
    const nats = new Nats(await freePort());
    await nats.up();
    return nats;
  }

  async up(): Promise<void> {
    if (natsServer === undefined) throw new Error('NATS is not installed');
    if (this.#server !== undefined)
      throw new Error('NATS is up: a second server would end at once, and nobody would end the first');
    const server = spawn(natsServer, ['-a', '127.0.0.1', '-p', String(this.#port)], { stdio: 'ignore' });
    this.#server = server;
    while (!(await answers(this.#port))) {
      if (server.exitCode !== null) throw new Error('NATS did not start');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async down(): Promise<void> {
    const server = this.#server;
    if (server === undefined || server.exitCode !== null) return;
    const exit = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await exit;
    this.#server = undefined;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
