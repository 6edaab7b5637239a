// Where a check is made: accounts of its own, names that no other check uses, and connections that end with it. An administrator makes
// each check an account; without one the checks share the accounts of the tokens that the user names, one after the other.

import { setTimeout as pause } from 'node:timers/promises';
import { BrokenRule, NotRun } from './broken-rule.ts';
import { type CheckMessage, CheckTalk } from './check-talk.ts';
import { difference, isObject, show } from './match.ts';

export interface CheckTarget {
  /** `ws:` or `wss:`, with a slash at its end. */
  readonly url: string;
  /** `host:port` of raw TCP. */
  readonly tcp?: string;
  /** Of the account that the checks may use, or of an administrator. */
  readonly token?: string;
  readonly secondToken?: string;
  /** How long an answer may take, in milliseconds. */
  readonly limitMs: number;
}

export interface CheckAccount {
  readonly secret: string;
  /** Undefined where no administrator made it. */
  readonly name?: string;
}

/** Makes and ends accounts. */
export interface CheckAccounts {
  readonly isAdmin: boolean;
  /** @returns the account of the next check, without tasks */
  first(): Promise<CheckAccount>;
  /** @returns another account. @throws NotRun if there is none */
  second(): Promise<CheckAccount>;
  /** @returns a further token of an account. @throws NotRun without an administrator */
  token(account: CheckAccount, scopes: readonly string[]): Promise<{ readonly secret: string; readonly id: string }>;
}

/** Milliseconds after which a change counts as seen (W6), and a little more. */
export const seenMs = 2_300;

export class CheckPlace {
  readonly target: CheckTarget;
  readonly accounts: CheckAccounts;
  readonly account: CheckAccount;
  /** A channel that no other check uses. */
  readonly channel: string;
  readonly #prefix: string;
  readonly #talks: CheckTalk[] = [];

  /** @param prefix begins the names of its channels and devices */
  constructor(target: CheckTarget, accounts: CheckAccounts, account: CheckAccount, prefix: string) {
    this.target = target;
    this.accounts = accounts;
    this.account = account;
    this.#prefix = prefix;
    this.channel = this.name('notes');
  }

  /** @returns a name that no other check has */
  name(part: string): string {
    return `${this.#prefix}-${part}`;
  }

  /** @param path below the address of the server */
  async connect(headers: Readonly<Record<string, string>> = {}, path = ''): Promise<CheckTalk> {
    const talk = await CheckTalk.overWebSocket(this.target.url + path, headers, this.target.limitMs);
    this.#talks.push(talk);
    return talk;
  }

  /** @throws NotRun if the user named no port of raw TCP */
  tcpAddress(): string {
    if (this.target.tcp === undefined) throw new NotRun('no port of raw TCP was named (--tcp)');
    return this.target.tcp;
  }

  async connectTcp(): Promise<CheckTalk> {
    const talk = await CheckTalk.overTcp(this.tcpAddress(), this.target.limitMs);
    this.#talks.push(talk);
    return talk;
  }

  /** @returns a connection that has logged in as a new device, or as the one named */
  async login(
    { secret }: { readonly secret: string } = this.account,
    device = '',
    more: object = {},
  ): Promise<CheckTalk> {
    return (await this.loginAnswer(secret, device, more)).talk;
  }

  /** @param device a name within the check; '' for one that the server makes */
  async loginAnswer(
    secret: string,
    device: string,
    more: object = {},
  ): Promise<{ readonly talk: CheckTalk; readonly answer: CheckMessage }> {
    const talk = await this.connect();
    const device_id = device === '' ? '' : this.name(device);
    const answer = await talk.request({ type: 'login', user_id: secret, device_id, version: 0, ...more });
    demand({ success: true, type: 'login' }, answer, 'a login with a valid token');
    return { talk, answer };
  }

  /** @returns two devices of the account */
  async pair(): Promise<readonly [CheckTalk, CheckTalk]> {
    return [await this.login(this.account, 'a'), await this.login(this.account, 'b')];
  }

  /** @returns a connection of an administrator. @throws NotRun if there is none */
  async admin(): Promise<CheckTalk> {
    if (!this.accounts.isAdmin) throw new NotRun('it needs the token of an administrator');
    const { token } = this.target;
    return token === undefined ? this.connect() : this.login({ secret: token });
  }

  /** Waits by the clock, in milliseconds. */
  pass(ms: number): Promise<void> {
    return pause(ms);
  }

  async close(): Promise<void> {
    for (const talk of this.#talks) talk.cut();
  }
}

/** @throws BrokenRule if the value is not as wanted */
export function demand(wanted: unknown, value: unknown, about: string): void {
  const found = difference(wanted, value);
  if (found !== undefined) throw new BrokenRule(`${about}: wanted ${show(wanted)}; found ${show(value)}: ${found}`);
}

/** @returns a field that must be a list of objects */
export function listOf(message: CheckMessage | undefined, field: string): readonly CheckMessage[] {
  const value = message?.[field];
  if (!Array.isArray(value)) throw new BrokenRule(`${show(message)} has no list "${field}"`);
  return value.filter(isObject);
}

/** @returns a field that must be a text */
export function textOf(message: CheckMessage | undefined, field: string): string {
  const value = message?.[field];
  if (typeof value !== 'string') throw new BrokenRule(`${show(message)} has no text "${field}"`);
  return value;
}

/** @returns a field that must be a number */
export function numberOf(message: CheckMessage | undefined, field: string): number {
  const value = message?.[field];
  if (typeof value !== 'number') throw new BrokenRule(`${show(message)} has no number "${field}"`);
  return value;
}

/** @returns the tasks of an answered `read-all`, which may come after other messages */
export async function tasksOf(talk: CheckTalk): Promise<readonly CheckMessage[]> {
  return listOf((await talk.ask({ type: 'read-all' })).at(-1), 'tasks');
}

/** A task with all fields that clients of 2018 send. */
export function plainTask(id: number, desc: string, more: object = {}): CheckMessage {
  return { id, desc, tags: [], active: 0, last_active: 0, due: 0, done: 0, worktime: 0, ...more };
}

/** A task with all fields that clients of 2019 send. */
export function listedTask(id: number, desc: string, more: object = {}): CheckMessage {
  return { id, desc, tags: [], active: 0, start: [], stop: [], due: 0, done: 0, ...more };
}
