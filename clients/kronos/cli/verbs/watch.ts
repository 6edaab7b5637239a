// The changes of one channel, or of all that match a pattern, a line each, until the person has seen enough.

import type { ChannelEvent, Connection, SdkChange } from '../../../typescript/api.ts';
import { connectOnce } from '../../sync/hub.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { escapeControls } from '../columns.ts';
import { printUsage } from './sync.ts';
import type { RunTool } from './tool.ts';

export const watch: RunTool = async ({ words, json }, house) => {
  const [name, ...more] = words;
  if (name === undefined || more.length > 0) return printUsage(house, 'watch <channel>');
  const database = house.database.read();
  const hub = await connectOnce({ ...database, sync_device_id: '' });
  if (hub === undefined) {
    house.printError(`${database.sync_host} is no address of a hub: run "kronos login <host>"`);
    return exitCode.failure;
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
function ending(hub: Connection, house: CliContext): Promise<0 | 4> {
  return new Promise((resolve) => {
    const forget = house.onInterrupt(() => over(exitCode.ok));
    const over = (code: 0 | 4) => {
      forget();
      stop();
      resolve(code);
    };
    const stop = hub.onState((state) => {
      if (state.name === 'offline') house.printError(`note: the hub is not reached (${state.reason}); trying again`);
      if (state.name !== 'revoked') return;
      house.printError(`the hub refuses the token: ${state.reason}`);
      over(exitCode.auth);
    });
  });
}

function show(told: ChannelEvent<unknown> | SdkChange<unknown>, json: boolean, house: CliContext): void {
  if (json) {
    house.print(JSON.stringify(told));
    return;
  }
  if ('items' in told) {
    house.print(`${told.channel}: ${told.items.length} items${told.type === 'reset' ? ', anew' : ''}`);
    for (const { key, item } of told.items)
      house.print(`  ${escapeControls(key)} ${escapeControls(JSON.stringify(item))}`);
    return;
  }
  const value = told.type === 'delete' ? '' : ` ${escapeControls(JSON.stringify(told.item))}`;
  house.print(`${told.channel} ${told.seq} ${told.type} ${escapeControls(told.key)}${value}`);
}
