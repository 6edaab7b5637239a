// Debian's proxies in front of a hub, with a configuration that a test writes or that docs/proxies.md has.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

const apache = program('apache2');
const caddy = program('caddy');

export const nginx = program('nginx');
export const haproxy = program('haproxy');

if (nginx === undefined || haproxy === undefined) {
  console.warn('nginx or HAProxy is not installed (Debian: nginx-light, haproxy): the tests of proxies are SKIPPED.');
}

export interface RunningProxy {
  readonly port: number;
  stop(): Promise<void>;
}

/** @param location the directives in `location path { … }` @param http the directives before the server, in `http { … }` */
export function startNginx(location: string, path = '/', http = ''): Promise<RunningProxy> {
  return start(nginx, (port, folder) => {
    const file = join(folder, 'nginx.conf');
    writeFileSync(
      file,
      `worker_processes 1; pid ${folder}/pid; error_log stderr; daemon off; master_process off; events {}
       http { access_log off; ${nginxFolders(folder)}
         ${http}
         server { listen 127.0.0.1:${port}; location ${path} { ${location} } } }`,
    );
    return ['-p', folder, '-c', file, '-e', 'stderr'];
  });
}

/** @param http the directives before the server; the server passes everything on to the upstream `horai` */
export function startNginxBalancer(http: string): Promise<RunningProxy> {
  return startNginx('proxy_pass http://horai;', '/', http);
}

/** Uses the `defaults` of Debian's own configuration. */
export function startHaproxy(hub: number): Promise<RunningProxy> {
  return startHaproxyBalancer(`backend horai\n  server hub 127.0.0.1:${hub}\n`, '  option dontlognull\n');
}

/** @param backend a section `backend horai` @param defaults further lines of the section `defaults` */
export function startHaproxyBalancer(backend: string, defaults = ''): Promise<RunningProxy> {
  return start(haproxy, (port, folder) => {
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(
      file,
      `defaults
  mode http
${defaults}  timeout connect 5000
  timeout client 50000
  timeout server 50000
frontend web
  bind 127.0.0.1:${port}
  default_backend horai
${backend}`,
    );
    return ['-db', '-q', '-f', file];
  });
}

/** The proxies whose lines in docs/proxies.md are tested. */
export const documentedProxies = ['nginx', 'caddy', 'apache', 'haproxy'] as const;
export type DocumentedProxy = (typeof documentedProxies)[number];

const installed = { nginx, caddy, apache, haproxy };
export const missingProxies = documentedProxies.filter((name) => installed[name] === undefined);

/** A certificate for hub.example.org, with its key in the file `key` and, for HAProxy, in the same file. */
function writeCertificate(folder: string): { readonly certificate: string; readonly key: string } {
  const [certificate, key] = [join(folder, 'hub.pem'), join(folder, 'hub.key')];
  const subject = ['-subj', '/CN=hub.example.org', '-addext', 'subjectAltName=DNS:hub.example.org'];
  const form = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', ...form, ...subject, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  writeFileSync(certificate, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
  return { certificate, key };
}

/**
 * Runs a proxy with the lines of docs/proxies.md.
 * @param hub the port of the hub
 */
export function startDocumented(name: DocumentedProxy, hub: number): Promise<RunningProxy> {
  const page = readFileSync(new URL('../../docs/proxies.md', import.meta.url), 'utf8');
  const documented = new RegExp(`^\`\`\`${name}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1];
  if (documented === undefined) throw new Error(`docs/proxies.md has no lines for ${name}`);
  return start(installed[name], (port, folder) => {
    const { certificate, key } = writeCertificate(folder);
    const lines = documented
      .replaceAll('127.0.0.1:5600', `127.0.0.1:${hub}`)
      .replaceAll('/etc/ssl/hub.pem', certificate)
      .replaceAll('/etc/ssl/hub.key', key)
      .replace(/(listen |bind :|\*:)443/, (_, before: string) => `${before}${port}`);
    const file = join(folder, 'configuration');
    const whole = {
      nginx: () =>
        `worker_processes 1; pid ${folder}/pid; error_log stderr; daemon off; master_process off; events {}
         http { access_log off; ${nginxFolders(folder)} ${lines} }`,
      caddy: () =>
        `{\n admin off\n auto_https disable_redirects\n}\n${lines.replace('hub.example.org {', `https://hub.example.org:${port} {\n tls ${certificate} ${key}`)}`,
      apache: () =>
        [
          `ServerRoot ${folder}`,
          `PidFile ${folder}/pid`,
          `DefaultRuntimeDir ${folder}`,
          `ErrorLog ${folder}/error.log`,
          'ServerName 127.0.0.1',
          `Listen ${port}`,
          // Apache run by root answers as another user.
          ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
          ...['mpm_event', 'authz_core', 'ssl', 'http2', 'proxy', 'proxy_http', 'socache_shmcb'].map(
            (module) => `LoadModule ${module}_module /usr/lib/apache2/modules/mod_${module}.so`,
          ),
          lines,
        ].join('\n'),
      haproxy: () => lines,
    }[name];
    writeFileSync(file, `${whole()}\n`);
    return {
      nginx: ['-p', folder, '-c', file, '-e', 'stderr'],
      caddy: ['run', '--adapter', 'caddyfile', '--config', file],
      apache: ['-D', 'FOREGROUND', '-f', file],
      haproxy: ['-db', '-q', '-f', file],
    }[name];
  });
}

function nginxFolders(folder: string): string {
  const names = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return names.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
}

async function start(
  file: string | undefined,
  configure: (port: number, folder: string) => readonly string[],
): Promise<RunningProxy> {
  if (file === undefined) throw new Error('the proxy is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'horai-proxy-'));
  const port = await freePort();
  const child = spawn(file, configure(port, folder), {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: folder },
  });
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
