// Looks for what may be wrong, one thing after the other, and says what to do about each. It changes nothing, and tells nobody's
// secret.

import { accessSync, constants, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { inspectLock } from '../../../typescript/lock-file.ts';
import type { KronosDatabase } from '../../data/database.ts';
import { DatabaseError } from '../../data/database.ts';
import { connectOnce, parseHubUrl } from '../../sync/hub.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';
import { errorMessage } from '../error-message.ts';

const patienceMs = 5_000;
/** What the hub allows a client's clock to be ahead. */
const skewMs = 2_000;
const oldestNode = [20, 19] as const;

export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do; '' where nothing has to be done. */
  readonly fix: string;
}

function good(what: string, found: string): Finding {
  return { what, ok: true, found, fix: '' };
}

function bad(what: string, found: string, fix: string): Finding {
  return { what, ok: false, found, fix };
}

export const doctor: RunCommand = async ({ words, json }, cli) => {
  if (words.length > 0) return printUsage(cli, 'doctor');
  const findings: Finding[] = [nodeVersion(), startUp(cli)];
  const database = readable(cli, findings);
  if (database !== undefined) await examineHub(database, cli, findings);
  if (json) cli.print(JSON.stringify(findings, null, 2));
  else for (const finding of findings) for (const line of linesOf(finding)) cli.print(line);
  return findings.every(({ ok }) => ok) ? exitCode.ok : exitCode.failure;
};

function linesOf({ what, ok, found, fix }: Finding): readonly string[] {
  return [`${ok ? 'ok   ' : 'WRONG'} ${what}: ${found}`, ...(fix === '' ? [] : [`      → ${fix}`])];
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const old = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
  const found = process.versions.node;
  return old ? bad('Node', found, `install Node ${oldestNode.join('.')} or later`) : good('Node', found);
}

function startUp({ unbundledReason }: CliContext): Finding {
  return unbundledReason === ''
    ? good('start', 'bundled')
    : bad(
        'start',
        `slow, for it is not bundled: ${unbundledReason}`,
        'let the cache folder be written (XDG_CACHE_HOME, or ~/.cache)',
      );
}

function readable(cli: CliContext, findings: Finding[]): KronosDatabase | undefined {
  const path = join(cli.dataDir, 'kronos.json');
  try {
    const database = cli.database.read();
    const { tasks, log, queue } = database;
    findings.push(
      good('database', `${path}: ${tasks.length} tasks, ${log.length} changes remembered, ${queue.length} to be sent`),
    );
    findings.push(...guarded(path, cli));
    return database;
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    findings.push(
      bad('database', `${path}: ${error.reason}`, 'mend the file by hand, or move it away and import what you have'),
    );
    return undefined;
  }
}

function guarded(path: string, cli: CliContext): Finding[] {
  const found: Finding[] = [];
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (cli.platform !== 'win32' && mode !== undefined && (mode & 0o077) !== 0) {
    found.push(bad('secrecy', `others may read ${path}, which has your token`, `chmod 600 '${path}'`));
  }
  try {
    if (mode !== undefined) accessSync(cli.dataDir, constants.W_OK);
  } catch {
    found.push(bad('folder', `${cli.dataDir} cannot be written`, `make it yours: chown -R "$USER" '${cli.dataDir}'`));
  }
  found.push(...checkLocks(cli));
  return found;
}

/** A lock that nobody holds blocks no command, but shows that a process ended in the middle of something. */
function checkLocks({ dataDir }: CliContext): Finding[] {
  return ['kronos.json.lock', 'sync.lock', 'sync.json.lock'].flatMap((name) => {
    const path = join(dataDir, name);
    const state = inspectLock(path);
    if (state === undefined) return [];
    const { holder, ageMs, expired } = state;
    const since = `${Math.round(ageMs / 1_000)} s old`;
    if (expired || holder === '') {
      const what = holder === '' ? `names no process (${since})` : `was left by process ${holder} (${since})`;
      return [bad('lock', `${path} ${what}`, `nothing: the next command that needs it removes it (or rm '${path}')`)];
    }
    if (name === 'sync.lock') return [];
    return [bad('lock', `process ${holder} holds ${path} (${since})`, `if there is no such process: rm '${path}'`)];
  });
}

interface Answer {
  readonly status: number;
  readonly value: unknown;
}

async function ask(url: URL): Promise<Answer | string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs), redirect: 'error' });
    const text = await response.text();
    try {
      return { status: response.status, value: JSON.parse(text) };
    } catch {
      return { status: response.status, value: undefined };
    }
  } catch (error) {
    return errorMessage(error);
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

async function examineHub(database: KronosDatabase, cli: CliContext, findings: Finding[]): Promise<void> {
  const { sync_host: host, enable_sync: enabled } = database;
  const url = parseHubUrl(host, 'http');
  if (url === undefined) {
    findings.push(bad('hub', `${host} is no address`, 'run "kronos login <host>"'));
    return;
  }
  const health = await ask(new URL('/-/health', url));
  if (typeof health === 'string') {
    if (!enabled) findings.push(good('sync', 'not enabled; "kronos login" enables it'));
    else findings.push(await unreached(url, health));
    return;
  }
  const version = fieldOf(health.value, 'version');
  if (typeof version !== 'string') {
    findings.push(bad('hub', `what answers at ${url.origin} is no hub`, portFix(url)));
    return;
  }
  if (health.status === 200) findings.push(good('hub', `${url.origin} runs Horai ${version}`));
  else
    findings.push(
      bad('hub', `${url.origin} takes no writes: ${JSON.stringify(health.value)}`, 'look at the log of the hub'),
    );
  const ours = cli.version();
  findings.push(
    version.split('.')[0] === ours.split('.')[0]
      ? good('versions', `${ours} here, ${version} there`)
      : bad('versions', `${ours} here, ${version} there`, 'bring the older one up to date'),
  );
  findings.push(...(await clock(url, cli)));
  if (!enabled) {
    findings.push(good('sync', 'not enabled; "kronos login" enables it'));
    return;
  }
  findings.push(await admitted(database));
}

async function unreached(url: URL, reason: string): Promise<Finding> {
  const taken = await isTaken(url);
  return taken
    ? bad('hub', `something at ${url.host} takes connections, but is no hub (${reason})`, portFix(url))
    : bad(
        'hub',
        `${url.origin} is not reached: ${reason}`,
        'start the hub (horai start), or run "kronos login <host>" with its address',
      );
}

function portFix({ port }: URL): string {
  const number = port === '' ? 'that port' : `port ${port}`;
  return `see who has ${number} (ss -ltnp, or lsof -i), stop it, or start the hub elsewhere with HORAI_PORT and run "kronos login host:port"`;
}

function isTaken(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port);
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: patienceMs });
    const end = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket.on('connect', () => end(true));
    socket.on('timeout', () => end(false));
    socket.on('error', () => end(false));
  });
}

async function clock(url: URL, cli: CliContext): Promise<readonly Finding[]> {
  const asked = cli.now();
  const answer = await ask(new URL('/-/clock', url));
  const now = typeof answer === 'string' ? undefined : fieldOf(answer.value, 'now');
  if (typeof now !== 'number') return [];
  const ahead = Math.round((asked + cli.now()) / 2 - now);
  const found = `this clock is ${Math.abs(ahead)} ms ${ahead < 0 ? 'behind' : 'ahead of'} the hub's`;
  return [
    Math.abs(ahead) <= skewMs
      ? good('clock', found)
      : bad('clock', found, 'set it by the network (timedatectl set-ntp true): due dates and worktime go by it'),
  ];
}

async function admitted(database: KronosDatabase): Promise<Finding> {
  const hub = await connectOnce({ ...database, sync_device_id: '' });
  if (hub === undefined) return bad('token', 'there is no hub to show it to', 'run "kronos login <host>"');
  try {
    const { state, reason } = await hub.sync({ deadlineMs: patienceMs });
    if (state === 'live') return good('token', 'the hub takes it');
    return state === 'revoked'
      ? bad(
          'token',
          `the hub refuses it: ${reason}`,
          'make one on the hub (horai token create --name kronos) and run "kronos login"',
        )
      : bad('token', `not known: ${reason}`, 'try again');
  } finally {
    await hub.close();
  }
}
