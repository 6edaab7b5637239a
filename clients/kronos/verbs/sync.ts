// Synchronizing when asked to, and whom with. The sync that follows every action is the same, quietly, in a process of its own.

import { join } from 'node:path';
import type { Synced } from '../../typescript/api.ts';
import type { Database } from '../database.ts';
import { type Exit, exit, type House } from '../house.ts';
import { forgetHub, hubOf, hubUrl } from '../hub.ts';
import { writeLastSync } from '../last-sync.ts';
import { tryLock } from '../lock.ts';
import { synchronize } from '../sync.ts';
import type { Tool } from './tool.ts';

const deadlineMs = 5_000;
/** Another's sync is two of these at most. */
const patienceMs = 2 * deadlineMs;
const pauseMs = 50;

type Told = Synced | 'busy' | 'no hub';

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
    let told: Told;
    try {
      told = await once(house);
    } finally {
      unlock();
    }
    if (told === 'no hub' || told.state !== 'live' || house.keeper.read().queue.length === 0) return told;
  }
}

async function once(house: House): Promise<Synced | 'no hub'> {
  const hub = await hubOf(house.keeper.read(), house.folder);
  if (hub === undefined) return 'no hub';
  try {
    const synced = await synchronize(house.keeper, hub, hub.channel('tasks'), { now: house.now, deadlineMs });
    const outcome = synced.state === 'live' ? 'ok' : synced.state === 'offline' ? 'offline' : 'refused';
    writeLastSync(house.folder, { outcome, reason: synced.reason, at: house.now() });
    return synced;
  } finally {
    await hub.close();
  }
}

export const sync: Tool = async ({ words, json, quiet }, house) => {
  if (words.length > 0) return misused(house, 'sync');
  const database = house.keeper.read();
  if (!database.enable_sync) {
    house.complain('sync is not enabled: run "kronos login"');
    return exit.failure;
  }
  const told = await syncNow(house, !quiet);
  if (quiet) return exit.ok;
  return report(told, json, house);
};

function report(told: Told, json: boolean, house: House): Exit {
  const { sync_host: host, queue } = house.keeper.read();
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
    const waiting = `${pending} ${pending === 1 ? 'change waits' : 'changes wait'} here and will be sent`;
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
  const same = before.sync_host === host && (token === '' || before.sync_user_id === token);
  if (!same) forgetHub(house.folder);
  const fresh = { sync_user_id: token, sync_device_id: '', sync_epoch: '', queue: [] };
  house.keeper.write(() => ({ enable_sync: true, sync_host: host, ...(same ? {} : fresh) }));
  const told = await syncNow(house, true);
  if (typeof told !== 'string' && told.state === 'revoked') house.keeper.write(() => optionsOf(before));
  return report(told, json, house);
};

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
