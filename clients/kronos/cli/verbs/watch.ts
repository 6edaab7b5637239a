// The changes of one channel, or of all that match a pattern, a line each, until the person has seen enough.

import { escapeControls } from '../../../../protocol/columns.ts';
import type { ChannelEvent, Connection, SdkChange } from '../../../typescript/api.ts';
import { connectOnce } from '../../sync/hub.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

export const watch: RunCommand = async ({ words, json }, cli) => {
  const [name, ...more] = words;
  if (name === undefined || more.length > 0) return printUsage(cli, 'watch <channel>');
  const database = cli.database.read();
  const hub = await connectOnce({ ...database, sync_device_id: '' });
  if (hub === undefined) {
    cli.printError(`${database.sync_host} is no address of a hub: run "kronos login <host>"`);
    return exitCode.failure;
  }
  const told = name.endsWith('*') ? hub.follow(name) : hub.channel(name).subscribe();
  const outcome = ending(hub, cli);
  const lines = (async () => {
    for await (const one of told) show(one, json, cli);
  })();
  hub.start();
  const code = await outcome;
  told.close();
  await hub.close();
  await lines;
  return code;
};

/** Resolves with the exit code, once it is over. */
function ending(hub: Connection, cli: CliContext): Promise<0 | 4> {
  return new Promise((resolve) => {
    const forget = cli.onInterrupt(() => over(exitCode.ok));
    const over = (code: 0 | 4) => {
      forget();
      stop();
      resolve(code);
    };
    const stop = hub.onState((state) => {
      if (state.name === 'offline') cli.printError(`note: the hub is not reached (${state.reason}); trying again`);
      if (state.name !== 'revoked') return;
      cli.printError(`the hub refuses the token: ${state.reason}`);
      over(exitCode.auth);
    });
  });
}

function show(told: ChannelEvent<unknown> | SdkChange<unknown>, json: boolean, cli: CliContext): void {
  if (json) {
    cli.print(JSON.stringify(told));
    return;
  }
  if ('items' in told) {
    cli.print(`${told.channel}: ${told.items.length} items${told.type === 'reset' ? ', anew' : ''}`);
    for (const { key, item } of told.items)
      cli.print(`  ${escapeControls(key)} ${escapeControls(JSON.stringify(item))}`);
    return;
  }
  const value = told.type === 'delete' ? '' : ` ${escapeControls(JSON.stringify(told.item))}`;
  cli.print(`${told.channel} ${told.seq} ${told.type} ${escapeControls(told.key)}${value}`);
}
