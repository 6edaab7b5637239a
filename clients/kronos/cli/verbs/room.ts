// The command `room`: starts the timer of a mob room by the request that the `mob` command sends.

import { userInfo } from 'node:os';
import { hubPath } from '../../../../protocol/hub-path.ts';
import { parseHubUrl } from '../../sync/hub.ts';
import { causeMessage } from '../cause-message.ts';
import { type CliContext, exitCode } from '../cli-context.ts';
import { printUsage, type RunCommand } from '../command.ts';

const requestTimeoutMs = 10_000;
const usage = 'room <name> timer|break <minutes>';
/** The timers of the command line, and their fields in the request. */
const requestFields = new Map([
  ['timer', 'timer'],
  ['break', 'breaktimer'],
]);

export const room: RunCommand = async ({ words, json }, cli) => {
  const [name = '', kind = '', minutes = '', ...more] = words;
  const field = requestFields.get(kind);
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
  const mobUrl = cli.env['MOB_TIMER_URL'];
  const base = mobUrl === undefined ? parseHubUrl(host, 'http') : URL.canParse(mobUrl) ? new URL(mobUrl) : undefined;
  if (base === undefined) {
    cli.printError(`${mobUrl ?? host} is not the address of a hub`);
    return exitCode.usage;
  }
  // The token is sent to the hub only, not to another server that MOB_TIMER_URL names.
  const isHub = mobUrl === undefined || base.origin === parseHubUrl(host, 'http')?.origin;
  const address = hubPath(base, `/${name}`);
  const body = { [field]: count, user: cli.env['MOB_TIMER_USER'] ?? readUserName(cli) };
  let status: number;
  try {
    const answer = await fetch(address, {
      method: 'PUT',
      headers: {
        'content-type': 'application/json',
        ...(isHub && token !== '' ? { authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    status = answer.status;
  } catch (error) {
    cli.printError(`cannot reach ${address.href}: ${causeMessage(error)}`);
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

function readUserName({ env }: CliContext): string {
  try {
    return env['USER'] ?? userInfo().username;
  } catch {
    return '';
  }
}
