// The command `watch`: prints the changes of one channel, or of all channels that match a pattern, one per line, until it is interrupted; or
// runs a program for each change.

import { escapeControls } from '../../../../protocol/columns.ts';
import type { ChannelEvent, Connection, SdkChange } from '../../../typescript/api.ts';
import { connectOnce } from '../../sync/hub.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

const usage = 'watch <channel> [-- <program> [argument…]]';

export const watch: RunCommand = async ({ words, json, textFrom }, cli) => {
  const [name, ...more] = words.slice(0, textFrom);
  const program = textFrom === undefined ? undefined : words.slice(textFrom);
  if (name === undefined || more.length > 0 || program?.length === 0) return printUsage(cli, usage);
  const database = cli.database.read();
  const hub = await connectOnce({ ...database, sync_device_id: '' });
  if (hub === undefined) {
    cli.printError(`${database.sync_host} is not the address of a hub: run "kronos login <host>"`);
    return exitCode.failure;
  }
  const events = name.endsWith('*') ? hub.follow(name) : hub.channel(name).subscribe();
  const waiting = waitForEnd(hub, cli);
  const printing = (async () => {
    for await (const event of events) {
      if (program === undefined) printEvent(event, json, cli);
      else await runFor(event, program, cli);
    }
  })();
  hub.start();
  const code = await waiting;
  events.close();
  await hub.close();
  await printing;
  return code;
};

/** Resolves with the exit code when the person interrupts the command, or the hub refuses the token. */
function waitForEnd(hub: Connection, cli: CliContext): Promise<0 | 4> {
  return new Promise((resolve) => {
    const removeInterruptListener = cli.onInterrupt(() => end(exitCode.ok));
    const end = (code: 0 | 4) => {
      removeInterruptListener();
      removeStateListener();
      resolve(code);
    };
    const removeStateListener = hub.onState((state) => {
      if (state.name === 'offline') cli.printError(`note: cannot reach the hub (${state.reason}); trying again`);
      if (state.name !== 'revoked') return;
      cli.printError(`the hub refuses the token: ${state.reason}`);
      end(exitCode.auth);
    });
  });
}

/** Runs the program for a change, one after the other. What the channel has at the beginning is no change. */
async function runFor(
  event: ChannelEvent<unknown> | SdkChange<unknown>,
  words: readonly string[],
  cli: CliContext,
): Promise<void> {
  if (event.type === 'snapshot') return;
  const key = 'key' in event ? event.key : '';
  const env = { KRONOS_CHANNEL: event.channel, KRONOS_CHANGE: event.type, KRONOS_KEY: key };
  const code = await cli.runProcess({ words, env, input: `${JSON.stringify(event)}\n` });
  if (code !== 0) cli.printError(`note: ${words[0]} ended with ${code}`);
}

function printEvent(event: ChannelEvent<unknown> | SdkChange<unknown>, json: boolean, cli: CliContext): void {
  if (json) {
    cli.print(JSON.stringify(event));
    return;
  }
  if ('items' in event) {
    cli.print(`${event.channel}: ${event.items.length} items${event.type === 'reset' ? ' (reset)' : ''}`);
    for (const { key, item } of event.items)
      cli.print(`  ${escapeControls(key)} ${escapeControls(JSON.stringify(item))}`);
    return;
  }
  const value = event.type === 'delete' ? '' : ` ${escapeControls(JSON.stringify(event.item))}`;
  cli.print(`${event.channel} ${event.seq} ${event.type} ${escapeControls(event.key)}${value}`);
}
