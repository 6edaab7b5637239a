// The changes of one channel, or of all that match a pattern, a line each, until the person has seen enough.

import type { Change, Connection, Told } from '../../../typescript/api.ts';
import { askerOf } from '../../sync/hub.ts';
import { exit, type House } from '../cli-context.ts';
import { harmless } from '../columns.ts';
import { misused } from './sync.ts';
import type { Tool } from './tool.ts';

export const watch: Tool = async ({ words, json }, house) => {
  const [name, ...more] = words;
  if (name === undefined || more.length > 0) return misused(house, 'watch <channel>');
  const database = house.keeper.read();
  const hub = await askerOf({ ...database, sync_device_id: '' });
  if (hub === undefined) {
    house.complain(`${database.sync_host} is no address of a hub: run "kronos login <host>"`);
    return exit.failure;
  }
  const told = name.endsWith('*') ? hub.follow(name) : hub.channel(name).subscribe();
  const outcome = ending(hub, house);
  const lines = (async () => {
    for await (const one of told) show(one, json, house);
  })();
  hub.start();
  const code = await outcome;
  told.close();
  await hub.close();
  await lines;
  return code;
};

/** Resolves with the exit code, once it is over. */
function ending(hub: Connection, house: House): Promise<0 | 4> {
  return new Promise((resolve) => {
    const forget = house.atEnd(() => over(exit.ok));
    const over = (code: 0 | 4) => {
      forget();
      stop();
      resolve(code);
    };
    const stop = hub.onState((state) => {
      if (state.name === 'offline') house.complain(`note: the hub is not reached (${state.reason}); trying again`);
      if (state.name !== 'revoked') return;
      house.complain(`the hub refuses the token: ${state.reason}`);
      over(exit.auth);
    });
  });
}

function show(told: Told<unknown> | Change<unknown>, json: boolean, house: House): void {
  if (json) {
    house.print(JSON.stringify(told));
    return;
  }
  if ('items' in told) {
    house.print(`${told.channel}: ${told.items.length} items${told.type === 'reset' ? ', anew' : ''}`);
    for (const { key, item } of told.items) house.print(`  ${harmless(key)} ${harmless(JSON.stringify(item))}`);
    return;
  }
  const value = told.type === 'delete' ? '' : ` ${harmless(JSON.stringify(told.item))}`;
  house.print(`${told.channel} ${told.seq} ${told.type} ${harmless(told.key)}${value}`);
}
