// Debian's nginx and HAProxy in front of a hub, with a configuration that a test writes.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../../scripts/prove/free-port.ts';
import { eventually } from './eventually.ts';

function program(name: string): string | undefined {
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

export const nginx = program('nginx');
export const haproxy = program('haproxy');

if (nginx === undefined || haproxy === undefined) {
  console.warn('nginx or HAProxy is not installed (Debian: nginx-light, haproxy): the tests of proxies are SKIPPED.');
}

export interface RunningProxy {
  readonly port: number;
  stop(): Promise<void>;
}

/** @param location the directives in `location / { … }` */
export function startNginx(location: string): Promise<RunningProxy> {
  return start(nginx, (port, folder) => {
    const file = join(folder, 'nginx.conf');
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    writeFileSync(
      file,
      `worker_processes 1; pid ${folder}/pid; error_log stderr; daemon off; master_process off; events {}
       http { access_log off; ${paths.join(' ')}
         server { listen 127.0.0.1:${port}; location / { ${location} } } }`,
    );
    return ['-p', folder, '-c', file, '-e', 'stderr'];
  });
}

/** Uses the `defaults` of Debian's own configuration. */
export function startHaproxy(hub: number): Promise<RunningProxy> {
  return start(haproxy, (port, folder) => {
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(
      file,
      `defaults
  mode http
  option dontlognull
  timeout connect 5000
  timeout client 50000
  timeout server 50000
frontend web
  bind 127.0.0.1:${port}
  default_backend horai
backend horai
  server hub 127.0.0.1:${hub}
`,
    );
    return ['-db', '-q', '-f', file];
  });
}

async function start(
  file: string | undefined,
  configure: (port: number, folder: string) => readonly string[],
): Promise<RunningProxy> {
  if (file === undefined) throw new Error('the proxy is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'horai-proxy-'));
  const port = await freePort();
  const child = spawn(file, configure(port, folder), { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (bytes: Buffer) => {
    errors += bytes.toString();
  });
  await eventually(() => listens(port, child), 'the proxy to listen', { instead: () => errors });
  return {
    port,
    async stop() {
      const exit = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null) {
        child.kill('SIGKILL');
        await exit;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function listens(port: number, child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null) throw new Error('the proxy ended');
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
