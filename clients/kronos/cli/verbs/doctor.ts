// The command `doctor`: checks the installation, the database and the hub, and prints how to fix each problem. It changes nothing and
// prints no secret.

import { accessSync, constants, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { hubPath } from '../../../../protocol/hub-path.ts';
import type { Connection } from '../../../typescript/api.ts';
import { inspectLock } from '../../../typescript/lock-file.ts';
import type { KronosDatabase } from '../../data/database.ts';
import { DatabaseError } from '../../data/database.ts';
import { connectOnce, parseHubUrl } from '../../sync/hub.ts';
import { causeMessage } from '../cause-message.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

const timeoutMs = 5_000;
/** A command or a background sync holds the lock of a file for milliseconds; a running process that has it for longer hangs. */
const maxLockAgeMs = 10_000;
/** The hub accepts timestamps that are at most this far in the future. */
const maxClockSkewMs = 2_000;
const minimumNodeVersion = [20, 19] as const;

/** The result of one check, which `--json` prints. */
export interface Finding {
  /** The name of the check. */
  readonly what: string;
  readonly ok: boolean;
  /** The result as a text for people. */
  readonly found: string;
  /** The advice to the person; '' if there is nothing to do. */
  readonly fix: string;
}

function createSuccess(what: string, found: string): Finding {
  return { what, ok: true, found, fix: '' };
}

function createProblem(what: string, found: string, fix: string): Finding {
  return { what, ok: false, found, fix };
}

export const doctor: RunCommand = async ({ words, json }, cli) => {
  if (words.length > 0) return printUsage(cli, 'doctor');
  const findings: Finding[] = [checkNodeVersion(), checkBundle(cli)];
  const database = checkDatabase(cli, findings);
  if (database !== undefined) await checkHub(database, cli, findings);
  if (json) cli.print(JSON.stringify(findings, null, 2));
  else for (const finding of findings) for (const line of formatFinding(finding)) cli.print(line);
  return findings.every(({ ok }) => ok) ? exitCode.ok : exitCode.failure;
};

function formatFinding({ what, ok, found, fix }: Finding): readonly string[] {
  return [`${ok ? 'ok   ' : 'WRONG'} ${what}: ${found}`, ...(fix === '' ? [] : [`      → ${fix}`])];
}

function checkNodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [minimumMajor, minimumMinor] = minimumNodeVersion;
  const isTooOld = major < minimumMajor || (major === minimumMajor && minor < minimumMinor);
  const found = process.versions.node;
  return isTooOld
    ? createProblem('Node', found, `install Node ${minimumNodeVersion.join('.')} or later`)
    : createSuccess('Node', found);
}

function checkBundle({ unbundledReason }: CliContext): Finding {
  return unbundledReason === ''
    ? createSuccess('start', 'bundled')
    : createProblem(
        'start',
        `slow, because the program is not bundled: ${unbundledReason}`,
        'make the cache folder writable (XDG_CACHE_HOME, or ~/.cache)',
      );
}

function checkDatabase(cli: CliContext, findings: Finding[]): KronosDatabase | undefined {
  const path = join(cli.dataDir, 'kronos.json');
  try {
    const database = cli.database.read();
    const { tasks, log, queue } = database;
    findings.push(
      createSuccess(
        'database',
        `${path}: ${tasks.length} tasks, ${log.length} changes in the log, ${queue.length} to send`,
      ),
    );
    findings.push(...checkAccess(path, cli));
    compact(cli);
    return database;
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    findings.push(
      createProblem('database', `${path}: ${error.reason}`, 'repair the file, or move it away and import your tasks'),
    );
    return undefined;
  }
}

/** Joins the changes at the end of a large file with the rest, so that kronos 0.2 can read it. */
function compact({ database }: CliContext): void {
  try {
    database.compact();
  } catch (error) {
    // The checks say what is wrong with the file, its folder or its lock.
    if (!(error instanceof DatabaseError)) throw error;
  }
}

/** Checks the permissions of the database file and its folder, and the lock files. */
function checkAccess(path: string, cli: CliContext): Finding[] {
  const findings: Finding[] = [];
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (cli.platform !== 'win32' && mode !== undefined && (mode & 0o077) !== 0) {
    findings.push(createProblem('permissions', `others may read ${path}, which has your token`, `chmod 600 '${path}'`));
  }
  try {
    if (mode !== undefined) accessSync(cli.dataDir, constants.W_OK);
  } catch {
    findings.push(createProblem('folder', `${cli.dataDir} is not writable`, `chown -R "$USER" '${cli.dataDir}'`));
  }
  findings.push(...checkLocks(cli));
  return findings;
}

/** Reports stale locks too: they block no command, but show that a process was killed. */
function checkLocks({ dataDir }: CliContext): Finding[] {
  return ['kronos.json.lock', 'sync.lock', 'sync.json.lock'].flatMap((name) => {
    const path = join(dataDir, name);
    const state = inspectLock(path);
    if (state === undefined) return [];
    const { holder, ageMs, expired } = state;
    const age = `${Math.round(ageMs / 1_000)} s old`;
    if (expired || holder === '') {
      const problem = holder === '' ? `names no process (${age})` : `was left by process ${holder} (${age})`;
      const fix = `nothing to do: the next command that needs the lock removes it (or rm '${path}')`;
      return [createProblem('lock', `${path} ${problem}`, fix)];
    }
    if (name === 'sync.lock' || ageMs < maxLockAgeMs) return [];
    const fix = `if there is no such process: rm '${path}'`;
    return [createProblem('lock', `process ${holder} has the lock ${path} (${age})`, fix)];
  });
}

interface JsonResponse {
  readonly status: number;
  /** undefined if the body is not JSON */
  readonly value: unknown;
}

/** @returns the error's message if there was no response */
async function fetchJson(url: URL): Promise<JsonResponse | string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    const text = await response.text();
    try {
      return { status: response.status, value: JSON.parse(text) };
    } catch {
      return { status: response.status, value: undefined };
    }
  } catch (error) {
    return causeMessage(error);
  }
}

function readField(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

async function checkHub(database: KronosDatabase, cli: CliContext, findings: Finding[]): Promise<void> {
  const { sync_host: host, enable_sync: enabled } = database;
  const url = parseHubUrl(host, 'http');
  if (url === undefined) {
    findings.push(createProblem('hub', `${host} is not an address`, 'run "kronos login <host>"'));
    return;
  }
  const health = await fetchJson(hubPath(url, '/-/health'));
  if (typeof health === 'string') {
    if (!enabled) findings.push(createSuccess('sync', 'not enabled; "kronos login" enables it'));
    else findings.push(await explainNoResponse(url, health));
    return;
  }
  const version = readField(health.value, 'version');
  if (typeof version !== 'string') {
    findings.push(createProblem('hub', `the server at ${url.origin} is not a hub`, formatPortFix(url)));
    return;
  }
  if (health.status === 200) findings.push(createSuccess('hub', `${url.origin} runs Horai ${version}`));
  else {
    const problem = `${url.origin} accepts no writes: ${JSON.stringify(health.value)}`;
    findings.push(createProblem('hub', problem, 'look at the log of the hub'));
  }
  const ours = cli.version();
  const versions = `${ours} here, ${version} on the hub`;
  findings.push(
    version.split('.')[0] === ours.split('.')[0]
      ? createSuccess('versions', versions)
      : createProblem('versions', versions, 'upgrade the older one'),
  );
  findings.push(...(await checkClock(url, cli)));
  if (!enabled) {
    findings.push(createSuccess('sync', 'not enabled; "kronos login" enables it'));
    return;
  }
  findings.push(...(await checkToken(database)));
}

async function explainNoResponse(url: URL, reason: string): Promise<Finding> {
  return (await acceptsConnections(url))
    ? createProblem('hub', `${url.host} accepts connections, but is not a hub (${reason})`, formatPortFix(url))
    : createProblem(
        'hub',
        `cannot reach ${url.origin}: ${reason}`,
        'start the hub (horai start), or run "kronos login <host>" with its address',
      );
}

function formatPortFix({ port }: URL): string {
  const number = port === '' ? 'that port' : `port ${port}`;
  return `find the program on ${number} (ss -ltnp, or lsof -i) and stop it, or start the hub on another port with HORAI_PORT and run "kronos login host:port"`;
}

function acceptsConnections(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port);
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: timeoutMs });
    const end = (isAccepted: boolean) => {
      socket.destroy();
      resolve(isAccepted);
    };
    socket.on('connect', () => end(true));
    socket.on('timeout', () => end(false));
    socket.on('error', () => end(false));
  });
}

async function checkClock(url: URL, cli: CliContext): Promise<readonly Finding[]> {
  const sentAt = cli.now();
  const response = await fetchJson(hubPath(url, '/-/clock'));
  const hubNow = typeof response === 'string' ? undefined : readField(response.value, 'now');
  if (typeof hubNow !== 'number') return [];
  const aheadMs = Math.round((sentAt + cli.now()) / 2 - hubNow);
  const found = `this clock is ${Math.abs(aheadMs)} ms ${aheadMs < 0 ? 'behind' : 'ahead of'} the hub's`;
  const fix = 'synchronize it (timedatectl set-ntp true): due dates and worktime depend on it';
  return [Math.abs(aheadMs) <= maxClockSkewMs ? createSuccess('clock', found) : createProblem('clock', found, fix)];
}

async function checkToken(database: KronosDatabase): Promise<readonly Finding[]> {
  const hub = await connectOnce({ ...database, sync_device_id: '' });
  if (hub === undefined) return [createProblem('token', 'no hub to check it with', 'run "kronos login <host>"')];
  try {
    const { state, reason } = await hub.sync({ deadlineMs: timeoutMs });
    if (state === 'live') return [createSuccess('token', 'the hub accepts it'), ...(await checkIdleGuard(hub))];
    return [
      state === 'revoked'
        ? createProblem(
            'token',
            `the hub refuses it: ${reason}`,
            'create one on the hub (horai token create --name kronos) and run "kronos login"',
          )
        : createProblem('token', `could not be checked: ${reason}`, 'try again'),
    ];
  } finally {
    await hub.close();
  }
}

/** That the guard is silent is no problem. A hub of an older version has none. */
async function checkIdleGuard(hub: Connection): Promise<readonly Finding[]> {
  const answer = await hub.questions();
  if (!answer.ok) return [];
  const found = answer.watches ? 'asks when a task runs and nobody is there' : `silent: ${answer.why}`;
  return [createSuccess('idle guard', found)];
}
