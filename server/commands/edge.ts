// `horai edge`: builds the configuration of an edge from options and environment, or explains what is wrong with them. main.ts runs the
// edge, server/edge implements it.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { errorMessage } from '../../protocol/error-message.ts';
import type { Config, ConfigSources } from '../config.ts';
import type { EdgeConfig, EdgeStatus, RunningEdge } from '../edge/edge.ts';
import { isLoopback } from '../transport/host-origin-rules.ts';
import { engineOptions } from '../transport/listen.ts';
import { version } from '../version.ts';
import { formatMoment } from './format-moment.ts';

export interface EdgeOptions {
  readonly hub?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly rules?: string;
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly keep: string;
}

export type EdgeConfigured =
  | { readonly ok: true; readonly config: EdgeConfig; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly error: string };

const hubVariable = 'HORAI_EDGE_HUB';
const tokenVariable = 'HORAI_EDGE_TOKEN';
const tokenForm = /^(?:waka_)?[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Files with the trusted certificates of a system. The edge trusts them in addition to Node's own. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

export function configureEdge(options: EdgeOptions, config: Config, { env }: ConfigSources): EdgeConfigured {
  const address = options.hub ?? env[hubVariable] ?? '';
  if (address === '') return refuseConfig(`No hub is given: use --hub https://… or set ${hubVariable}.`);
  const url = hubUrl(address);
  if (url === undefined)
    return refuseConfig(`"${address}" is not the address of a hub, such as https://hub.example.org/.`);
  const name = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol === 'http:' && !isLoopback(name) && options.insecure !== true) {
    return refuseConfig(
      `${url.href} is not encrypted: others could read the token and your data. Use https, or --insecure if the network itself is safe (a VPN, say).`,
    );
  }
  const keepDays = Number(options.keep);
  if (!(keepDays >= 0 && keepDays <= 36_500)) return refuseConfig(`--keep "${options.keep}" is not a number of days.`);
  try {
    const token = readToken(options, env);
    if (token === undefined)
      return refuseConfig(`No token is given: use --token-file FILE (- for stdin) or set ${tokenVariable}.`);
    if (!tokenForm.test(token))
      return refuseConfig('The token is not valid: it must be a UUID, as `horai token create` prints on the hub.');
    return {
      ok: true,
      config: {
        hub: { url, token, ca: url.protocol === 'https:' ? readCertificates(options.ca, env) : undefined },
        folder: join(config.data, 'edge'),
        port: config.port,
        kronosPort: config.kronosPort,
        isKronosRequired: config.isKronosRequired,
        keepDays,
        rules: options.rules,
        testing: config.testing,
        socketEngine: engineOptions(config),
      },
      warnings:
        options.token === undefined
          ? []
          : [
              `Other users of this machine can see a token on the command line, and shells save it: use ${tokenVariable} or --token-file.`,
            ],
    };
  } catch (error) {
    return refuseConfig(errorMessage(error));
  }
}

/** The text that a start prints. */
export async function edgeGreeting(edge: RunningEdge, config: EdgeConfig): Promise<string> {
  const status = await edge.status();
  const { hub, away } = status;
  return [
    `Horai edge ${version} is at ${edge.url}: ActivityWatch’s watchers need no configuration.`,
    `WakaTime plugins, in ~/.wakatime.cfg: api_url = ${edge.url}api/v1`,
    `Socket engine: ${edge.engineNote}.`,
    `Kronos clients: ${edge.kronos ?? 'off'}.`,
    `Hub: ${hub} ${away === null ? 'answers' : `cannot be reached now: ${away}`}.`,
    `Waiting to be sent: ${waitingText(status)}.`,
    `Privacy rules: ${config.rules ?? 'none: everything is sent unchanged'}.`,
    `Data: ${config.folder}; status: ${edge.url}-/health`,
  ].join('\n');
}

function waitingText({ waiting, oldest }: EdgeStatus): string {
  return waiting === 0 ? 'nothing' : `${waiting}, the oldest of ${formatMoment(oldest)}`;
}

/** Explains a taken port if the program on it is the server that an edge replaces. */
export async function describeListener(port: number): Promise<string | undefined> {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}/api/0/info`, { signal: AbortSignal.timeout(2_000) });
    const info: unknown = await reply.json();
    const theirs = typeof info === 'object' && info !== null && 'version' in info ? info.version : undefined;
    if (typeof theirs !== 'string') return undefined;
    if (theirs.startsWith('horai-')) return `A Horai hub or edge runs on port ${port} already.`;
    return [
      `ActivityWatch’s own server (${theirs}) runs on port ${port}. The edge takes its place:`,
      'stop it (uncheck "aw-server" in aw-qt’s menu, or run `pkill -x aw-server`), remove it from autostart_modules in aw-qt.toml, and start the',
      'edge again. The watchers stay as they are. `horai import activitywatch` imports its data.',
    ].join('\n');
  } catch {
    return undefined;
  }
}

function refuseConfig(error: string): EdgeConfigured {
  return { ok: false, error };
}

function hubUrl(address: string): URL | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined;
  url.search = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** @throws if the file cannot be read */
function readToken({ token, tokenFile }: EdgeOptions, env: ConfigSources['env']): string | undefined {
  if (tokenFile !== undefined) return readFileSync(tokenFile === '-' ? 0 : tokenFile, 'utf8').trim();
  if (token === '-') return readFileSync(0, 'utf8').trim();
  return (token ?? env[tokenVariable] ?? '').trim() || undefined;
}

/** @throws if a named file cannot be read */
function readCertificates(file: string | undefined, env: ConfigSources['env']): readonly string[] {
  const system = [env['SSL_CERT_FILE'], env['NODE_EXTRA_CA_CERTS'], ...bundles].filter(
    (file): file is string => file !== undefined && file !== '' && existsSync(file),
  );
  const files = [...new Set(file === undefined ? system : [file, ...system])];
  return [...rootCertificates, ...files.map((file) => readFileSync(file, 'utf8'))];
}
