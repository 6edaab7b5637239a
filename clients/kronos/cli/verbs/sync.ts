// The commands `sync`, `login` and `logout`. After each action a background process runs `sync --quiet`.

import { join } from 'node:path';
import { errors } from '../../../../protocol/errors.ts';
import type { Connection, SyncResult } from '../../../typescript/api.ts';
import { tryLock } from '../../../typescript/lock-file.ts';
import type { KronosDatabase } from '../../data/database.ts';
import { questionText } from '../../day/hub-questions.ts';
import { sendEntries } from '../../sync/entries.ts';
import { connectDevice, connectOnce, countStoredWrites, forgetHub, parseHubUrl } from '../../sync/hub.ts';
import { writeLastSync } from '../../sync/last-sync.ts';
import { AccountDatabase, HubChangedError, synchronize } from '../../sync/sync.ts';
import { type CliContext, type ExitCode, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

/** A sync gives up after this long without progress. */
const patienceMs = 15_000;
/** How long to wait for another process that syncs but makes no progress. */
const busyPatienceMs = patienceMs;
const pollMs = 100;

type SyncOutcome = SyncResult | 'busy' | 'no hub' | 'off';

/**
 * Syncs, one process at a time, until the queue is empty or the hub does not answer.
 * @param wait whether to wait for another process that syncs right now, and to show progress
 */
async function syncNow(cli: CliContext, wait: boolean): Promise<SyncOutcome> {
  for (;;) {
    const lock = wait ? await waitForLock(cli) : tryLock(lockPath(cli));
    if (lock === undefined) return 'busy';
    let outcome: SyncOutcome | 'changed';
    try {
      outcome = await syncOnce(cli, wait);
    } finally {
      lock.release();
    }
    if (outcome === 'changed') continue;
    const isFinished = typeof outcome === 'string' || outcome.state !== 'live';
    if (isFinished || cli.database.read().queue.length === 0) return outcome;
  }
}

function lockPath({ dataDir }: CliContext): string {
  return join(dataDir, 'sync.lock');
}

/** @returns undefined if another process has the lock and makes no progress */
async function waitForLock(cli: CliContext): Promise<ReturnType<typeof tryLock>> {
  let left = -1;
  let until = 0;
  for (;;) {
    const lock = tryLock(lockPath(cli));
    if (lock !== undefined) {
      cli.showProgress('');
      return lock;
    }
    const now = await countLeft(cli);
    if (now !== left) {
      left = now;
      until = Date.now() + busyPatienceMs;
      cli.showProgress(`another kronos is syncing: ${countText(left)} left`);
    } else if (Date.now() >= until) {
      cli.showProgress('');
      return undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Counts the changes that the hub has not confirmed: in the queue and in the storage of the SDK. */
async function countLeft({ database, dataDir }: CliContext): Promise<number> {
  const { queue, entries } = database.read();
  return queue.length + entries.length + (await countStoredWrites(dataDir));
}

async function syncOnce(cli: CliContext, showProgress: boolean): Promise<SyncResult | 'no hub' | 'off' | 'changed'> {
  const database = cli.database.read();
  if (!database.enable_sync) return 'off';
  const hub = await connectDevice(database, cli.dataDir);
  if (hub === undefined) return 'no hub';
  try {
    const account = new AccountDatabase(cli.database, database);
    const onProgress = (left: number, total: number) =>
      cli.showProgress(left === 0 ? '' : `sent ${numberText(total - left)} of ${countText(total)}`);
    const result = await synchronize(account, hub, hub.channel('tasks'), {
      now: cli.now,
      patienceMs,
      ...(showProgress ? { onProgress } : {}),
    });
    if (result.state === 'live') await sendEntries(account, hub);
    const outcome = result.state === 'live' ? 'ok' : result.state === 'offline' ? 'offline' : 'refused';
    const asked = result.state === 'live' ? { questions: await taskQuestions(hub, cli) } : {};
    writeLastSync(cli.dataDir, { outcome, reason: result.reason, at: cli.now(), ...asked });
    return result;
  } catch (error) {
    if (error instanceof HubChangedError) return 'changed';
    throw error;
  } finally {
    if (showProgress) cli.showProgress('');
    await hub.close();
  }
}

/** Stores the hub's questions about running tasks for the next command. Yesterday's unexplained time is offered by the first one of a day. */
async function taskQuestions(hub: Pick<Connection, 'questions'>, cli: CliContext): Promise<readonly string[]> {
  const answer = await hub.questions();
  if (!answer.ok) return [];
  return answer.questions.filter(({ kind }) => kind !== 'unexplained').map((one) => questionText(one, cli));
}

function numberText(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

function countText(count: number): string {
  return `${numberText(count)} ${count === 1 ? 'change' : 'changes'}`;
}

export const sync: RunCommand = async ({ words, json, quiet }, cli) => {
  if (words.length > 0) return printUsage(cli, 'sync');
  const outcome = await syncNow(cli, !quiet);
  if (quiet) return exitCode.ok;
  return report(outcome, json, cli);
};

async function report(outcome: SyncOutcome, json: boolean, cli: CliContext): Promise<ExitCode> {
  const { sync_host: host, queue, entries } = cli.database.read();
  if (outcome === 'off') {
    cli.printError('sync is not enabled: run "kronos login"');
    return exitCode.failure;
  }
  if (outcome === 'no hub') {
    cli.printError(`${host} is not the address of a hub: run "kronos login <host>"`);
    return exitCode.failure;
  }
  if (outcome === 'busy') {
    cli.printError(`another kronos is syncing right now and makes no progress; ${leftText(await countLeft(cli))}`);
    return exitCode.failure;
  }
  const left = queue.length + entries.length + outcome.pending;
  const { state, reason, refused } = outcome;
  if (json) {
    const failures = refused.map(({ failure }) => failure.error);
    cli.print(JSON.stringify({ state, reason, pending: left, refused: failures }, null, 2));
  }
  for (const { failure } of refused) cli.printError(`note: the hub refused a change: ${failure.error}`);
  if (state === 'revoked') {
    cli.printError(`the hub refuses the token: ${reason}`);
    cli.printError('  Run "kronos login" with another token, or "kronos login --no-token" to continue without one.');
    cli.printError(`  Nothing is lost: ${leftText(left)}.`);
    return exitCode.auth;
  }
  if (state === 'offline') {
    cli.printError(`note: the hub was not reached (${reason}); ${leftText(left)}`);
    return exitCode.failure;
  }
  if (!json) cli.print('synchronized');
  return exitCode.ok;
}

function leftText(count: number): string {
  if (count === 0) return 'no change waits here';
  return `${countText(count)} ${count === 1 ? 'waits' : 'wait'} here and will be sent`;
}

const loginUsage = 'login [host] [--token <token> | --no-token]';
/** The fields that link a device to an account of a hub, emptied. */
const unlinked = { sync_user_id: '', sync_device_id: '', sync_epoch: '', queue: [] } as const;

export const login: RunCommand = async (parsed, cli) => {
  const before = cli.database.read();
  const [host = before.sync_host, ...more] = parsed.words;
  if (more.length > 0) return printUsage(cli, loginUsage);
  if (parseHubUrl(host, 'ws') === undefined) {
    cli.printError(`${host} is not the address of a hub`);
    return exitCode.usage;
  }
  if (parsed.noToken) return loginWithoutToken(host, before, parsed.json, cli);
  const typed =
    parsed.token ?? cli.env['KRONOS_TOKEN'] ?? (await cli.askSecret('Token (empty: the stored one, or none): '));
  const token = typed.trim();
  const account = await checkToken(before, host, token);
  if (account.answer?.state === 'revoked') return report(account.answer, parsed.json, cli);
  const { sync_user_id: stored, ...otherAccount } = unlinked;
  cli.database.write(() => ({
    enable_sync: true,
    sync_host: host,
    ...(token === '' && account.same ? {} : { sync_user_id: token === '' ? stored : token }),
    ...(account.same ? {} : otherAccount),
  }));
  const outcome = account.answer?.state === 'offline' ? account.answer : await syncNow(cli, true);
  if (typeof outcome === 'string') return report(outcome, parsed.json, cli);
  if (outcome.state === 'revoked') {
    cli.database.write(() => linkOf(before, account.same));
    const usedStored = token === '' || token === before.sync_user_id;
    if (usedStored && before.sync_user_id !== '') return offerWithoutToken(host, before, outcome, parsed.json, cli);
  }
  return reportLogin(outcome, parsed.json, cli);
};

/** A login succeeds offline too: the hub's address is stored, and later commands sync. */
async function reportLogin(outcome: SyncOutcome, json: boolean, cli: CliContext): Promise<ExitCode> {
  const code = await report(outcome, json, cli);
  return typeof outcome !== 'string' && outcome.state === 'offline' ? exitCode.ok : code;
}

/** Asks what to do if the hub does not know the stored token: its data was created again, or the token was deleted there. */
async function offerWithoutToken(
  host: string,
  before: KronosDatabase,
  refused: SyncResult,
  json: boolean,
  cli: CliContext,
): Promise<ExitCode> {
  const answer = await cli.confirm(
    `${host} does not know the token that is stored here (${refused.reason}).\n` +
      'Continue without it? The tasks here stay, and are sent to the account that the hub gives you. [y/N] ',
  );
  if (answer === 'yes') return loginWithoutToken(host, before, json, cli);
  return report(refused, json, cli);
}

async function loginWithoutToken(
  host: string,
  before: KronosDatabase,
  json: boolean,
  cli: CliContext,
): Promise<ExitCode> {
  cli.database.write(() => ({ ...unlinked, enable_sync: true, sync_host: host }));
  const outcome = await syncNow(cli, true);
  if (typeof outcome !== 'string' && outcome.state === 'revoked') cli.database.write(() => linkOf(before, false));
  return reportLogin(outcome, json, cli);
}

interface TokenCheck {
  /** True if the local tasks belong to this account of this hub. */
  readonly same: boolean;
  /** The hub's answer; undefined if the hub was not asked. */
  readonly answer?: SyncResult;
}

/**
 * Checks a new token with the hub before the stored one is replaced. The check uses this device's id, which only its own account may use
 * (L4): so it shows whether the new token belongs to the same account.
 */
async function checkToken(before: KronosDatabase, host: string, token: string): Promise<TokenCheck> {
  const isSameHost = before.sync_host === host;
  if (isSameHost && (token === '' || before.sync_user_id === token)) return { same: true };
  // With open sign-up, a request without a token would create an account.
  if (token === '') return { same: false };
  const device = { sync_host: host, sync_user_id: token, sync_device_id: before.sync_device_id };
  if (isSameHost && before.sync_device_id !== '') {
    const answer = await askHub(device);
    if (answer.reason !== errors.device_not_found.text) return { same: answer.state === 'live', answer };
  }
  return { same: false, answer: await askHub({ ...device, sync_device_id: '' }) };
}

async function askHub(device: Parameters<typeof connectOnce>[0]): Promise<SyncResult> {
  const hub = await connectOnce(device);
  if (hub === undefined) return { state: 'offline', reason: 'not an address', pending: 0, refused: [] };
  try {
    return await hub.sync({ deadlineMs: patienceMs });
  } finally {
    await hub.close();
  }
}

/**
 * Restores the link to the hub of before the login: a refused token is not stored.
 * @param same whether the login was to the same account. If not, the state of the old hub is gone, so all tasks are sent again
 */
function linkOf(before: KronosDatabase, same: boolean): Partial<KronosDatabase> {
  const { enable_sync, sync_host, sync_user_id, sync_device_id } = before;
  return { enable_sync, sync_host, sync_user_id, sync_device_id, ...(same ? {} : { sync_epoch: '' }) };
}

export const logout: RunCommand = ({ words }, cli) => {
  if (words.length > 0) return printUsage(cli, 'logout');
  cli.database.write(() => ({ ...unlinked, enable_sync: false }));
  forgetHub(cli.dataDir);
  cli.print('logged out; the tasks stay here');
  return exitCode.ok;
};
