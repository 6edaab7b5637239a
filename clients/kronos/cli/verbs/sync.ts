// Synchronizing when asked to, and whom with. The sync that follows every action is the same, quietly, in a process of its own.

import { join } from 'node:path';
import { errors } from '../../../../protocol/errors.ts';
import type { Synced } from '../../../typescript/api.ts';
import type { Database } from '../../data/database.ts';
import { tryLock } from '../../data/lock.ts';
import { askerOf, forgetHub, hubOf, hubUrl } from '../../sync/hub.ts';
import { writeLastSync } from '../../sync/last-sync.ts';
import { BoundKeeper, HubChanged, synchronize } from '../../sync/sync.ts';
import { type Exit, exit, type House } from '../cli-context.ts';
import type { Tool } from './tool.ts';

const deadlineMs = 5_000;
/** Another's sync is two of these at most. */
const patienceMs = 2 * deadlineMs;
const pauseMs = 50;

type Told = Synced | 'busy' | 'no hub' | 'off';

/**
 * One sync at a time: who comes meanwhile leaves it to who is at it, and who is at it looks once more.
 * @param patient for a person who wants to know how it goes: it is waited for
 */
async function syncNow(house: House, patient: boolean): Promise<Told> {
  const until = Date.now() + (patient ? patienceMs : 0);
  for (;;) {
    const unlock = tryLock(join(house.folder, 'sync.lock'));
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
    if (typeof told === 'string' || told.state !== 'live' || house.keeper.read().queue.length === 0) return told;
  }
}

async function once(house: House): Promise<Synced | 'no hub' | 'off' | 'changed'> {
  const database = house.keeper.read();
  if (!database.enable_sync) return 'off';
  const hub = await hubOf(database, house.folder);
  if (hub === undefined) return 'no hub';
  try {
    const keeper = new BoundKeeper(house.keeper, database);
    const synced = await synchronize(keeper, hub, hub.channel('tasks'), { now: house.now, deadlineMs });
    const outcome = synced.state === 'live' ? 'ok' : synced.state === 'offline' ? 'offline' : 'refused';
    writeLastSync(house.folder, { outcome, reason: synced.reason, at: house.now() });
    return synced;
  } catch (error) {
    if (error instanceof HubChanged) return 'changed';
    throw error;
  } finally {
    await hub.close();
  }
}

export const sync: Tool = async ({ words, json, quiet }, house) => {
  if (words.length > 0) return misused(house, 'sync');
  const told = await syncNow(house, !quiet);
  if (quiet) return exit.ok;
  return report(told, json, house);
};

function report(told: Told, json: boolean, house: House): Exit {
  const { sync_host: host, queue } = house.keeper.read();
  if (told === 'off') {
    house.complain('sync is not enabled: run "kronos login"');
    return exit.failure;
  }
  if (told === 'no hub') {
    house.complain(`${host} is no address of a hub: run "kronos login <host>"`);
    return exit.failure;
  }
  if (told === 'busy') {
    house.complain('note: another kronos is synchronizing right now');
    return exit.ok;
  }
  const pending = queue.length + told.pending;
  if (json) {
    const { state, reason, refused } = told;
    house.print(
      JSON.stringify({ state, reason, pending, refused: refused.map(({ failure }) => failure.error) }, null, 2),
    );
  }
  for (const { failure } of told.refused) house.complain(`note: the hub refused a change: ${failure.error}`);
  if (told.state === 'revoked') {
    house.complain(`the hub refuses the token: ${told.reason}`);
    house.complain('  Run "kronos login" with another one; nothing is lost meanwhile.');
    return exit.auth;
  }
  if (told.state === 'offline') {
    const waiting =
      pending === 0
        ? 'what is here will be sent'
        : `${pending} ${pending === 1 ? 'change waits' : 'changes wait'} here and will be sent`;
    house.complain(`note: the hub was not reached (${told.reason}); ${waiting}`);
  } else if (!json) house.print('synchronized');
  return exit.ok;
}

export const login: Tool = async ({ words, json, token: said }, house) => {
  const [host = house.keeper.read().sync_host, ...more] = words;
  if (more.length > 0) return misused(house, 'login [host] [--token <token>]');
  if (hubUrl(host, 'ws') === undefined) {
    house.complain(`${host} is no address of a hub`);
    return exit.usage;
  }
  const typed = said ?? house.env['KRONOS_TOKEN'] ?? (await house.ask('Token (empty on a hub of your own): '));
  const token = typed.trim();
  const before = house.keeper.read();
  const there = await admission(before, host, token);
  if (there.answer?.state === 'revoked') return report(there.answer, json, house);
  const elsewhere = { sync_device_id: '', sync_epoch: '', queue: [] };
  house.keeper.write(() => ({
    enable_sync: true,
    sync_host: host,
    ...(token === '' && there.same ? {} : { sync_user_id: token }),
    ...(there.same ? {} : elsewhere),
  }));
  const told = there.answer?.state === 'offline' ? there.answer : await syncNow(house, true);
  if (typeof told !== 'string' && told.state === 'revoked') house.keeper.write(() => optionsOf(before));
  return report(told, json, house);
};

interface Admission {
  /** Whether the tasks here are of the same account of the same hub. */
  readonly same: boolean;
  /** What the hub said to the token; undefined where it was not asked. */
  readonly answer?: Synced;
}

/**
 * A new token is shown to the hub before anything here is given up for it. Another token of the same account is told from one of
 * another by this device, which only its own account may use (L4).
 */
async function admission(before: Database, host: string, token: string): Promise<Admission> {
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

async function asked(linked: Parameters<typeof askerOf>[0]): Promise<Synced> {
  const hub = await askerOf(linked);
  if (hub === undefined) return { state: 'offline', reason: 'it is no address', pending: 0, refused: [] };
  try {
    return await hub.sync({ deadlineMs });
  } finally {
    await hub.close();
  }
}

/** As it was: a token that is refused is not kept. */
function optionsOf(before: Database): Partial<Database> {
  const { enable_sync, sync_host, sync_user_id, sync_device_id } = before;
  return { enable_sync, sync_host, sync_user_id, sync_device_id, sync_epoch: '' };
}

export const logout: Tool = ({ words }, house) => {
  if (words.length > 0) return misused(house, 'logout');
  house.keeper.write(() => ({ enable_sync: false, sync_user_id: '', sync_device_id: '', sync_epoch: '', queue: [] }));
  forgetHub(house.folder);
  house.print('logged out; the tasks stay here');
  return exit.ok;
};

export function misused(house: House, usage: string): Exit {
  house.complain(`Usage: kronos ${usage}`);
  return exit.usage;
}
