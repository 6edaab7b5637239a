// Synchronizing when asked to, and whom with. The sync that follows every action is the same, quietly, in a process of its own.

import { join } from 'node:path';
import { errors } from '../../../../protocol/errors.ts';
import type { SyncResult } from '../../../typescript/api.ts';
import type { KronosDatabase } from '../../data/database.ts';
import { tryLock } from '../../data/lock.ts';
import { connectDevice, connectOnce, forgetHub, parseHubUrl } from '../../sync/hub.ts';
import { writeLastSync } from '../../sync/last-sync.ts';
import { AccountDatabase, HubChangedError, synchronize } from '../../sync/sync.ts';
import { type CliContext, type ExitCode, exitCode } from '../cli-context.ts';
import type { RunTool } from './tool.ts';

const deadlineMs = 5_000;
/** Another's sync is two of these at most. */
const patienceMs = 2 * deadlineMs;
const pauseMs = 50;

type Told = SyncResult | 'busy' | 'no hub' | 'off';

/**
 * One sync at a time: who comes meanwhile leaves it to who is at it, and who is at it looks once more.
 * @param patient for a person who wants to know how it goes: it is waited for
 */
async function syncNow(house: CliContext, patient: boolean): Promise<Told> {
  const until = Date.now() + (patient ? patienceMs : 0);
  for (;;) {
    const unlock = tryLock(join(house.dataDir, 'sync.lock'));
    if (unlock === undefined) {
      if (Date.now() >= until) return 'busy';
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      continue;
    }
    let told: Told | 'changed';
    try {
      told = await once(house);
    } finally {
      unlock();
    }
    if (told === 'changed') continue;
    if (typeof told === 'string' || told.state !== 'live' || house.database.read().queue.length === 0) return told;
  }
}

async function once(house: CliContext): Promise<SyncResult | 'no hub' | 'off' | 'changed'> {
  const database = house.database.read();
  if (!database.enable_sync) return 'off';
  const hub = await connectDevice(database, house.dataDir);
  if (hub === undefined) return 'no hub';
  try {
    const keeper = new AccountDatabase(house.database, database);
    const synced = await synchronize(keeper, hub, hub.channel('tasks'), { now: house.now, deadlineMs });
    const outcome = synced.state === 'live' ? 'ok' : synced.state === 'offline' ? 'offline' : 'refused';
    writeLastSync(house.dataDir, { outcome, reason: synced.reason, at: house.now() });
    return synced;
  } catch (error) {
    if (error instanceof HubChangedError) return 'changed';
    throw error;
  } finally {
    await hub.close();
  }
}

export const sync: RunTool = async ({ words, json, quiet }, house) => {
  if (words.length > 0) return printUsage(house, 'sync');
  const told = await syncNow(house, !quiet);
  if (quiet) return exitCode.ok;
  return report(told, json, house);
};

function report(told: Told, json: boolean, house: CliContext): ExitCode {
  const { sync_host: host, queue } = house.database.read();
  if (told === 'off') {
    house.printError('sync is not enabled: run "kronos login"');
    return exitCode.failure;
  }
  if (told === 'no hub') {
    house.printError(`${host} is no address of a hub: run "kronos login <host>"`);
    return exitCode.failure;
  }
  if (told === 'busy') {
    house.printError('note: another kronos is synchronizing right now');
    return exitCode.ok;
  }
  const pending = queue.length + told.pending;
  if (json) {
    const { state, reason, refused } = told;
    house.print(
      JSON.stringify({ state, reason, pending, refused: refused.map(({ failure }) => failure.error) }, null, 2),
    );
  }
  for (const { failure } of told.refused) house.printError(`note: the hub refused a change: ${failure.error}`);
  if (told.state === 'revoked') {
    house.printError(`the hub refuses the token: ${told.reason}`);
    house.printError('  Run "kronos login" with another one; nothing is lost meanwhile.');
    return exitCode.auth;
  }
  if (told.state === 'offline') {
    const waiting =
      pending === 0
        ? 'what is here will be sent'
        : `${pending} ${pending === 1 ? 'change waits' : 'changes wait'} here and will be sent`;
    house.printError(`note: the hub was not reached (${told.reason}); ${waiting}`);
  } else if (!json) house.print('synchronized');
  return exitCode.ok;
}

export const login: RunTool = async ({ words, json, token: said }, house) => {
  const [host = house.database.read().sync_host, ...more] = words;
  if (more.length > 0) return printUsage(house, 'login [host] [--token <token>]');
  if (parseHubUrl(host, 'ws') === undefined) {
    house.printError(`${host} is no address of a hub`);
    return exitCode.usage;
  }
  const typed = said ?? house.env['KRONOS_TOKEN'] ?? (await house.askSecret('Token (empty on a hub of your own): '));
  const token = typed.trim();
  const before = house.database.read();
  const there = await admission(before, host, token);
  if (there.answer?.state === 'revoked') return report(there.answer, json, house);
  const elsewhere = { sync_device_id: '', sync_epoch: '', queue: [] };
  house.database.write(() => ({
    enable_sync: true,
    sync_host: host,
    ...(token === '' && there.same ? {} : { sync_user_id: token }),
    ...(there.same ? {} : elsewhere),
  }));
  const told = there.answer?.state === 'offline' ? there.answer : await syncNow(house, true);
  if (typeof told !== 'string' && told.state === 'revoked') house.database.write(() => optionsOf(before));
  return report(told, json, house);
};

interface Admission {
  /** Whether the tasks here are of the same account of the same hub. */
  readonly same: boolean;
  /** What the hub said to the token; undefined where it was not asked. */
  readonly answer?: SyncResult;
}

/**
 * A new token is shown to the hub before anything here is given up for it. Another token of the same account is told from one of
 * another by this device, which only its own account may use (L4).
 */
async function admission(before: KronosDatabase, host: string, token: string): Promise<Admission> {
  const here = before.sync_host === host;
  if (here && (token === '' || before.sync_user_id === token)) return { same: true };
  // Where sign-up is open, to ask would be to make an account.
  if (token === '') return { same: false };
  const linked = { sync_host: host, sync_user_id: token, sync_device_id: before.sync_device_id };
  if (here && before.sync_device_id !== '') {
    const answer = await asked(linked);
    if (answer.reason !== errors.device_not_found.text) return { same: answer.state === 'live', answer };
  }
  return { same: false, answer: await asked({ ...linked, sync_device_id: '' }) };
}

async function asked(linked: Parameters<typeof connectOnce>[0]): Promise<SyncResult> {
  const hub = await connectOnce(linked);
  if (hub === undefined) return { state: 'offline', reason: 'it is no address', pending: 0, refused: [] };
  try {
    return await hub.sync({ deadlineMs });
  } finally {
    await hub.close();
  }
}

/** As it was: a token that is refused is not kept. */
function optionsOf(before: KronosDatabase): Partial<KronosDatabase> {
  const { enable_sync, sync_host, sync_user_id, sync_device_id } = before;
  return { enable_sync, sync_host, sync_user_id, sync_device_id, sync_epoch: '' };
}

export const logout: RunTool = ({ words }, house) => {
  if (words.length > 0) return printUsage(house, 'logout');
  house.database.write(() => ({ enable_sync: false, sync_user_id: '', sync_device_id: '', sync_epoch: '', queue: [] }));
  forgetHub(house.dataDir);
  house.print('logged out; the tasks stay here');
  return exitCode.ok;
};

export function printUsage(house: CliContext, usage: string): ExitCode {
  house.printError(`Usage: kronos ${usage}`);
  return exitCode.usage;
}
