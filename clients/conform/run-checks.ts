// Makes the checks of a server: finds out what its tokens allow, runs the checks side by side where each can have an account of its own,
// and removes what they made. It knows no server but by its wire.

import { randomUUID } from 'node:crypto';
import { BrokenRule, NotRun } from './broken-rule.ts';
import {
  type CheckAccount,
  type CheckAccounts,
  CheckPlace,
  type CheckTarget,
  listOf,
  seenMs,
  textOf,
} from './check-place.ts';
import { CheckTalk } from './check-talk.ts';
import { isObject, show } from './match.ts';
import type { RuleCheck } from './rule-check.ts';
import { lastChecks, ruleChecks } from './rule-checks.ts';

export interface CheckOutcome {
  readonly rule: string;
  readonly says: string;
  readonly outcome: 'kept' | 'broken' | 'not run';
  /** Why it was broken or not run. */
  readonly why?: string;
}

export interface CheckSelection {
  /** Beginnings of the numbers of rules: `W9`, `S`. All if empty. */
  readonly rules: readonly string[];
  /** Leaves out checks that wait by the clock. */
  readonly isQuick: boolean;
}

export type CheckedServer =
  | { readonly ok: true; readonly outcomes: readonly CheckOutcome[] }
  | { readonly ok: false; readonly error: string };

/** How many checks run at the same time, where each has an account of its own. */
const lanes = 8;

/**
 * @param onOutcome called after each check
 * @param onCleanUp called when all checks are made, and what they made is removed: of many accounts that takes a while
 */
export async function runChecks(
  target: CheckTarget,
  selection: CheckSelection,
  onOutcome: (outcome: CheckOutcome) => void = () => undefined,
  onCleanUp: () => void = () => undefined,
): Promise<CheckedServer> {
  const isSelected = ({ rule, waits }: RuleCheck) =>
    (selection.rules.length === 0 || selection.rules.some((named) => names(named, rule))) &&
    !(selection.isQuick && waits !== undefined);
  const run = `conform-${randomUUID().slice(0, 8)}`;
  let accounts: TestAccounts;
  try {
    accounts = await openAccounts(target, run);
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
  const outcomes: CheckOutcome[] = [];
  let number = 0;
  const makeNext = async (queue: RuleCheck[]): Promise<void> => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
      number += 1;
      const outcome = await make(check, target, accounts, `${run}-${number}`);
      outcomes.push(outcome);
      onOutcome(outcome);
    }
  };
  // The longest first, so that no lane ends long after the others.
  const queue = ruleChecks.filter(isSelected).sort((one, other) => (other.waits ?? 0) - (one.waits ?? 0));
  await Promise.all(Array.from({ length: accounts.isAdmin ? lanes : 1 }, () => makeNext(queue)));
  await makeNext(lastChecks.filter(isSelected));
  onCleanUp();
  await accounts.close();
  const order = new Map([...ruleChecks, ...lastChecks].map(({ rule, says }, at) => [`${rule} ${says}`, at]));
  const place = ({ rule, says }: CheckOutcome) => order.get(`${rule} ${says}`) ?? 0;
  return { ok: true, outcomes: outcomes.sort((one, other) => place(one) - place(other)) };
}

/** True for the rule itself, for `W9` of `W9.1`, and for `W` of both. */
function names(named: string, rule: string): boolean {
  return rule === named || rule.startsWith(`${named}.`) || (/^[A-Z]$/.test(named) && rule.startsWith(named));
}

/** @returns the names among these of which there is no check */
export function unknownRules(rules: readonly string[]): readonly string[] {
  return rules.filter((named) => ![...ruleChecks, ...lastChecks].some(({ rule }) => names(named, rule)));
}

async function make(
  check: RuleCheck,
  target: CheckTarget,
  accounts: TestAccounts,
  prefix: string,
): Promise<CheckOutcome> {
  const { rule, says } = check;
  let place: CheckPlace | undefined;
  try {
    if (check.needsNewAccount === true && !accounts.isAdmin)
      throw new NotRun('it needs a new account, made by an administrator');
    place = new CheckPlace(target, accounts, await accounts.first(), prefix);
    await check.run(place);
    return { rule, says, outcome: 'kept' };
  } catch (error) {
    if (error instanceof NotRun) return { rule, says, outcome: 'not run', why: error.message };
    const why = error instanceof BrokenRule ? error.message : `the check failed: ${String(error)}`;
    return { rule, says, outcome: 'broken', why };
  } finally {
    await place?.close();
  }
}

interface TestAccounts extends CheckAccounts {
  close(): Promise<void>;
}

async function openAccounts(target: CheckTarget, run: string): Promise<TestAccounts> {
  const talk = await CheckTalk.overWebSocket(target.url, {}, target.limitMs);
  // An administrator's verb: of a token with the scope admin, or of anyone on a personal server.
  const asked = target.token === undefined ? {} : { user_id: target.token };
  const answer = await talk.request({ type: 'accounts', ...asked });
  if (answer['success'] === true) return new MadeAccounts(talk, asked, run);
  talk.cut();
  if (target.token === undefined) throw new Error('The server needs a token: name one with --token-file.');
  if (answer['error'] === 'user not found') throw new Error('The server does not know the token.');
  const named = new NamedAccounts(target);
  await named.mustBeEmpty();
  return named;
}

/** Accounts that an administrator makes and erases: each check has its own. */
class MadeAccounts implements TestAccounts {
  readonly isAdmin = true;
  readonly #talk: CheckTalk;
  readonly #asked: object;
  readonly #run: string;
  readonly #names: string[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(talk: CheckTalk, asked: object, run: string) {
    this.#talk = talk;
    this.#asked = asked;
    this.#run = run;
  }

  first(): Promise<CheckAccount> {
    return this.#makeAccount();
  }

  second(): Promise<CheckAccount> {
    return this.#makeAccount();
  }

  async token(
    account: CheckAccount,
    scopes: readonly string[],
  ): Promise<{ readonly secret: string; readonly id: string }> {
    const made = await this.#ask({ type: 'token', name: 'check', account: account.name, scopes });
    const { token } = made;
    return { secret: textOf(made, 'secret'), id: textOf(isObject(token) ? token : {}, 'id') };
  }

  async close(): Promise<void> {
    for (const name of this.#names)
      await this.#ask({ type: 'erase-account', name, confirm: 'erase' }).catch(() => undefined);
    this.#talk.cut();
  }

  async #makeAccount(): Promise<CheckAccount> {
    const name = `${this.#run}-${this.#names.length + 1}`;
    this.#names.push(name);
    return { name, secret: textOf(await this.#ask({ type: 'account', name }), 'secret') };
  }

  /** One request at a time: the lanes share the connection. */
  #ask(request: object) {
    const answer = this.#turn.then(() => this.#talk.request({ ...request, ...this.#asked }));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}

/** The accounts of the tokens that the user names. Their tasks are removed before each check. */
class NamedAccounts implements TestAccounts {
  readonly isAdmin = false;
  readonly #target: CheckTarget;

  constructor(target: CheckTarget) {
    this.#target = target;
  }

  /** @throws Error if an account has tasks: the checks would remove them */
  async mustBeEmpty(): Promise<void> {
    for (const secret of [this.#target.token, this.#target.secondToken]) {
      if (secret === undefined) continue;
      const tasks = await this.#withTasks(secret, async (_, found) => found.length);
      if (tasks > 0) {
        throw new Error(
          `The account of the token has ${tasks} tasks, which the checks would remove: name a token of an empty account.`,
        );
      }
    }
  }

  first(): Promise<CheckAccount> {
    return this.#emptyAccount(this.#target.token ?? '');
  }

  second(): Promise<CheckAccount> {
    const { secondToken } = this.#target;
    if (secondToken === undefined) throw new NotRun('it needs a token of another account (--second-token-file)');
    return this.#emptyAccount(secondToken);
  }

  token(): Promise<never> {
    throw new NotRun('it needs the token of an administrator');
  }

  async close(): Promise<void> {
    await this.first();
    if (this.#target.secondToken !== undefined) await this.second();
  }

  async #emptyAccount(secret: string): Promise<CheckAccount> {
    // By key: a delete by an id that another device has just given to a task is not made (W6.6).
    const count = await this.#withTasks(secret, async (talk, keys) => {
      for (const key of keys) await talk.ask({ type: 'delete', channel: 'tasks', key });
      return keys.length;
    });
    if (count > 0) await new Promise((resolve) => setTimeout(resolve, seenMs));
    return { secret };
  }

  async #withTasks<T>(secret: string, use: (talk: CheckTalk, keys: readonly unknown[]) => Promise<T>): Promise<T> {
    const talk = await CheckTalk.overWebSocket(this.#target.url, {}, this.#target.limitMs);
    try {
      const [login] = await talk.ask({ type: 'login', user_id: secret, device_id: '', version: 0 });
      if (login?.['success'] !== true) throw new Error(`The server refuses a token: ${show(login)}`);
      const items = listOf((await talk.ask({ type: 'read-all', channel: 'tasks' })).at(-1), 'items');
      const keys = items.map(({ key }) => key);
      return await use(talk, keys);
    } finally {
      talk.cut();
    }
  }
}

/** @returns the outcomes by what became of them */
export function countOutcomes(outcomes: readonly CheckOutcome[]): Readonly<Record<CheckOutcome['outcome'], number>> {
  const count = (wanted: CheckOutcome['outcome']) => outcomes.filter(({ outcome }) => outcome === wanted).length;
  return { kept: count('kept'), broken: count('broken'), 'not run': count('not run') };
}
