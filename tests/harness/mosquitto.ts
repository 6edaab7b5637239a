// Debian's MQTT broker on a free port, with a password or TLS, and what it keeps as its own client reads it. Where it is not installed, the tests
// that need it are skipped with a warning.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../../scripts/prove/free-port.ts';
import { eventually } from './eventually.ts';

const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
const find = (name: string) => folders.map((folder) => join(folder, name)).find((program) => existsSync(program));
const [server, subscriber, passwords] = ['mosquitto', 'mosquitto_sub', 'mosquitto_passwd'].map(find);

export const hasMosquitto = server !== undefined && subscriber !== undefined && passwords !== undefined;

if (!hasMosquitto) {
  console.warn('Mosquitto is not installed (Debian: mosquitto, mosquitto-clients): the tests of MQTT are SKIPPED.');
}

export interface MosquittoOptions {
  /** Also opens a port with TLS, with a certificate of its own. */
  readonly isSecure?: boolean;
}

export class Mosquitto {
  readonly user = 'horai';
  readonly password = 'a password of mosquitto';
  readonly #folder = mkdtempSync(join(tmpdir(), 'horai-mosquitto-'));
  readonly #port: number;
  readonly #securePort: number;
  #broker: ChildProcess | undefined;
  #reader: ChildProcess | undefined;
  /** The messages that the subscriber received, by topic and in order. */
  readonly topics = new Map<string, string>();
  readonly messages: { readonly topic: string; readonly payload: string }[] = [];

  private constructor(port: number, securePort: number) {
    this.#port = port;
    this.#securePort = securePort;
  }

  static async start({ isSecure = false }: MosquittoOptions = {}): Promise<Mosquitto> {
    const broker = new Mosquitto(await freePort(), await freePort());
    broker.#configure(isSecure);
    await broker.up();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  get secureUrl(): string {
    return `mqtts://localhost:${this.#securePort}`;
  }

  get certificate(): string {
    return join(this.#folder, 'cert.pem');
  }

  async up(): Promise<void> {
    const broker = spawn(server ?? '', ['-c', join(this.#folder, 'mosquitto.conf')], { stdio: 'ignore' });
    this.#broker = broker;
    await eventually(() => broker.exitCode === null && answers(this.#port), 'mosquitto to start');
    this.topics.clear();
    const reader = spawn(subscriber ?? '', [
      ...['-h', '127.0.0.1', '-p', String(this.#port), '-u', this.user, '-P', this.password],
      ...['-t', 'homeassistant/#', '-t', 'horai/#', '-F', '%t %p'],
    ]);
    this.#reader = reader;
    let rest = '';
    reader.stdout.on('data', (data: Buffer) => {
      const lines = (rest + data.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [topic = ''] = line.split(' ', 1);
        const payload = line.slice(topic.length + 1);
        this.messages.push({ topic, payload });
        if (payload === '') this.topics.delete(topic);
        else this.topics.set(topic, payload);
      }
    });
  }

  /** Ends it as a power cut does: what it kept is gone. */
  async down(): Promise<void> {
    for (const child of [this.#reader, this.#broker]) {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) continue;
      const exit = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await exit;
    }
  }

  async close(): Promise<void> {
    await this.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #configure(isSecure: boolean): void {
    const file = (name: string) => join(this.#folder, name);
    execFileSync(passwords ?? '', ['-b', '-c', file('passwords'), this.user, this.password], { stdio: 'ignore' });
    const lines = [`listener ${this.#port} 127.0.0.1`, `password_file ${file('passwords')}`, 'allow_anonymous false'];
    if (isSecure) {
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
      const made = ['-keyout', file('key.pem'), '-out', this.certificate, '-days', '2', ...subject];
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...made], { stdio: 'ignore' });
      lines.push(
        `listener ${this.#securePort} 127.0.0.1`,
        `certfile ${this.certificate}`,
        `keyfile ${file('key.pem')}`,
      );
      chmodSync(file('key.pem'), 0o644);
    }
    writeFileSync(file('mosquitto.conf'), `${lines.join('\n')}\n`);
    // A broker that is started by root changes to a user of its own.
    for (const name of ['passwords', 'mosquitto.conf']) chmodSync(file(name), 0o644);
    chmodSync(this.#folder, 0o755);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
