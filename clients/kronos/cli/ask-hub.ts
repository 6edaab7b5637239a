// A connection to the hub for one command, and what the command prints if there is none.

import { escapeControls } from '../../../protocol/columns.ts';
import type { Connection, SdkFailure } from '../../typescript/api.ts';
import { connectOnce } from '../sync/hub.ts';
import { type CliContext, type ExitCode, exitCode } from './cli-context.ts';

/**
 * Connects, lets `ask` use the connection, and closes it.
 * @param what what comes from the hub, for the error without one: `suggestions`
 */
export async function askHub(
  cli: CliContext,
  what: string,
  ask: (hub: Connection) => Promise<ExitCode>,
): Promise<ExitCode> {
  const database = cli.database.read();
  if (!database.enable_sync) {
    cli.printError(`${what} come from a hub: run "kronos login"`);
    return exitCode.failure;
  }
  const hub = await connectOnce({ ...database, sync_device_id: '' });
  if (hub === undefined) {
    cli.printError(`${database.sync_host} is not the address of a hub: run "kronos login <host>"`);
    return exitCode.failure;
  }
  try {
    return await ask(hub);
  } finally {
    await hub.close();
  }
}

/** Prints why the hub did not answer. */
export function printHubFailure({ code, error, hint }: SdkFailure, cli: CliContext): ExitCode {
  const text = hint === undefined ? error : `${error}: ${hint}`;
  const isAuth = code === 'forbidden' || code === 'user_not_found' || code === 'revoked';
  const prefix = isAuth ? 'the hub refuses the token: ' : code === 'offline' ? 'the hub was not reached: ' : '';
  cli.printError(escapeControls(`${prefix}${text}`));
  if (isAuth) return exitCode.auth;
  return code === 'not_found' ? exitCode.notFound : exitCode.failure;
}
