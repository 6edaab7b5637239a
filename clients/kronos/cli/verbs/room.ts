// The timer of a mob room, started as the `mob` command line does it.

import { userInfo } from 'node:os';
import { parseHubUrl } from '../../sync/hub.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';
import { errorMessage } from '../error-message.ts';

const patienceMs = 10_000;
const usage = 'room <name> timer|break <minutes>';
const kinds = new Map([
  ['timer', 'timer'],
  ['break', 'breaktimer'],
]);

export const room: RunCommand = async ({ words, json }, cli) => {
  const [name = '', kind = '', minutes = '', ...more] = words;
  const field = kinds.get(kind);
  const count = /^\d{1,4}$/.test(minutes) ? Number(minutes) : undefined;
  if (
    !/^[A-Za-z0-9_-]+$/.test(name) ||
    field === undefined ||
    count === undefined ||
    count > 1_440 ||
    more.length > 0
  ) {
    return printUsage(cli, usage);
  }
  const { sync_host: host, sync_user_id: token } = cli.database.read();
  const said = cli.env['MOB_TIMER_URL'];
  const base = said === undefined ? parseHubUrl(host, 'http') : URL.canParse(said) ? new URL(said) : undefined;
  if (base === undefined) {
    cli.printError(`${said ?? host} is no address of a hub`);
    return exitCode.usage;
  }
  // The hub's secret is for the hub alone, not for whatever MOB_TIMER_URL names.
  const known = said === undefined || base.origin === parseHubUrl(host, 'http')?.origin;
  const address = new URL(name, base.href.endsWith('/') ? base : `${base.href}/`);
  const body = { [field]: count, user: cli.env['MOB_TIMER_USER'] ?? userOf(cli) };
  let status: number;
  try {
    const answer = await fetch(address, {
      method: 'PUT',
      headers: {
        'content-type': 'application/json',
        ...(known && token !== '' ? { authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(patienceMs),
    });
    status = answer.status;
  } catch (error) {
    cli.printError(`${address.href} was not reached: ${errorMessage(error)}`);
    return exitCode.failure;
  }
  if (status === 401 || status === 403) {
    cli.printError(`${address.href} refuses the token: run "kronos login"`);
    return exitCode.auth;
  }
  if (status >= 300) {
    cli.printError(`${address.href} answered ${status}`);
    return exitCode.failure;
  }
  if (json) cli.print(JSON.stringify({ room: name, ...body }));
  else cli.print(`${kind} of ${count} minutes started in ${address.href}`);
  return exitCode.ok;
};

function userOf({ env }: CliContext): string {
  try {
    return env['USER'] ?? userInfo().username;
  } catch {
    return '';
  }
}
