// The timer of a mob room, started as the `mob` command line does it.

import { userInfo } from 'node:os';
import { hubUrl } from '../../sync/hub.ts';
import { exit, type House } from '../cli-context.ts';
import { reasonOf } from '../error-message.ts';
import { misused } from './sync.ts';
import type { Tool } from './tool.ts';

const patienceMs = 10_000;
const usage = 'room <name> timer|break <minutes>';
const kinds = new Map([
  ['timer', 'timer'],
  ['break', 'breaktimer'],
]);

export const room: Tool = async ({ words, json }, house) => {
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
    return misused(house, usage);
  }
  const { sync_host: host, sync_user_id: token } = house.keeper.read();
  const said = house.env['MOB_TIMER_URL'];
  const base = said === undefined ? hubUrl(host, 'http') : URL.canParse(said) ? new URL(said) : undefined;
  if (base === undefined) {
    house.complain(`${said ?? host} is no address of a hub`);
    return exit.usage;
  }
  // The hub's secret is for the hub alone, not for whatever MOB_TIMER_URL names.
  const known = said === undefined || base.origin === hubUrl(host, 'http')?.origin;
  const address = new URL(name, base.href.endsWith('/') ? base : `${base.href}/`);
  const body = { [field]: count, user: house.env['MOB_TIMER_USER'] ?? userOf(house) };
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
    house.complain(`${address.href} was not reached: ${reasonOf(error)}`);
    return exit.failure;
  }
  if (status === 401 || status === 403) {
    house.complain(`${address.href} refuses the token: run "kronos login"`);
    return exit.auth;
  }
  if (status >= 300) {
    house.complain(`${address.href} answered ${status}`);
    return exit.failure;
  }
  if (json) house.print(JSON.stringify({ room: name, ...body }));
  else house.print(`${kind} of ${count} minutes started in ${address.href}`);
  return exit.ok;
};

function userOf({ env }: House): string {
  try {
    return env['USER'] ?? userInfo().username;
  } catch {
    return '';
  }
}
