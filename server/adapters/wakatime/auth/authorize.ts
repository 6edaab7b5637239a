// Who asks, about whom, and whether they may: the one place where that is decided for all of WakaTime's paths, open ones too.

import type { Identity, Verb } from '../../../core/access.ts';
import type { Hub } from '../../../core/hub.ts';
import type { Trust } from '../../../http/authenticate.ts';
import { json, type Reply, type Request } from '../../../http/types.ts';
import { baseOf } from '../endpoint.ts';
import { type Reach, Timelines } from '../index/account-index.ts';
import type { Beats } from '../index/columns.ts';
import { readSettings, type Settings } from '../model/account-settings.ts';
import { type Limits, uuidOf } from '../model/heartbeat.ts';
import { holds, isApp } from '../model/scopes.ts';
import { rulesOf } from '../resources/custom-rules.ts';
import { besidesOf } from '../resources/external-durations.ts';
import type { Person, Someone } from '../stats/query.ts';
import { apiKeyOf, identify } from './credentials.ts';

export interface WakatimeDeps extends Trust {
  readonly hub: Hub;
  /** Whether a request comes from no page, or from one that may use the hub anyway. */
  readonly near: (request: Request) => boolean;
  /** How far from now heartbeats may be; a day ahead and as far back as they like, unless said. */
  readonly limits?: Limits;
  /** What the process and the store take, in bytes; nothing is said of them unless there is this. */
  readonly sizes?: () => Promise<Sizes>;
}

export interface Sizes {
  readonly resident: number;
  readonly heap: number;
  readonly heapUsed: number;
  /** Where the store is files of the hub's own. */
  readonly store?: number;
}

export type Admitted =
  | {
      readonly ok: true;
      readonly account: string;
      /** Without a key to this account: sees what it shares. */
      readonly stranger: boolean;
      /** Whether the asker may see this part of it. */
      readonly may: (part: string) => boolean;
    }
  | { readonly ok: false; readonly reply: Reply };

/** Plugins then ask for a key, whatever was wrong with the one they have. */
const unauthorized: Admitted = { ok: false, reply: json(401, { error: 'Unauthorized' }) };

export class Admission {
  readonly hub: Hub;
  readonly #deps: WakatimeDeps;
  readonly #timelines: Timelines;

  constructor(deps: WakatimeDeps) {
    this.hub = deps.hub;
    this.#deps = deps;
    this.#timelines = new Timelines(deps.hub);
  }

  /** Whether no page of another site sent this. */
  near(request: Request): boolean {
    return this.#deps.near(request);
  }

  /** undefined for a stranger. */
  identify(request: Request): Identity | undefined {
    return identify(this.#deps, request, this.#deps.near(request));
  }

  /**
   * @param said the path's `:user`: `current`, a name, `@name` or an id
   * @param asked `open`: strangers may ask, too. `needs`: apps that may one of these may ask
   */
  admit(
    request: Request,
    said: string,
    verb: Verb,
    { open = false, needs = [] }: { readonly open?: boolean; readonly needs?: readonly string[] } = {},
  ): Admitted {
    const identity = this.identify(request);
    // Whoever shows a key that is none is told so, also where they might have come without.
    if (identity === undefined && apiKeyOf(request) !== undefined) return unauthorized;
    const account = said === 'current' ? identity?.account : this.accountOf(said);
    const allowed = identity !== undefined && account !== undefined && holds(identity, verb, account, needs);
    if (account !== undefined && (allowed || open)) {
      const may = (part: string) => identity !== undefined && holds(identity, verb, account, [part]);
      return { ok: true, account, stranger: !allowed, may };
    }
    const nobody = open && said !== 'current' && account === undefined;
    if (nobody || (identity !== undefined && identity.account !== account)) {
      return { ok: false, reply: json(404, { error: 'no such user' }) };
    }
    // An app that asks for what nobody allowed it has the right key nevertheless.
    if (identity === undefined || !isApp(identity)) return unauthorized;
    return { ok: false, reply: json(403, { error: `this app may not ${verb} that: its scopes are others` }) };
  }

  /** @param request for the address that links begin with */
  async person(account: string, request?: Request): Promise<Person> {
    const [someone, beats] = await Promise.all([this.someone(account, request), this.beats(account)]);
    return { ...someone, beats };
  }

  /** A person but for the heartbeats, which `beats` has. */
  async someone(account: string, request?: Request): Promise<Someone> {
    const [settings, rules, besides] = await Promise.all([
      this.settings(account),
      rulesOf(this.hub, account),
      besidesOf(this.hub, account),
    ]);
    const created = this.#deps.accounts.list().find(({ name }) => name === account)?.created ?? 0;
    const links = request === undefined ? {} : { base: baseOf(request) };
    return { account, id: accountId(account), created, settings, rules, besides, ...links };
  }

  /** @param reach the moments that are needed, all unless said: a hub that has just started knows a few sooner */
  beats(account: string, reach?: Reach): Promise<Beats> {
    return this.#timelines.of(account, reach);
  }

  /** Resolves when `beats` need not read them from the channel itself any more. */
  opened(account: string): Promise<void> {
    return this.#timelines.opened(account);
  }

  settings(account: string): Promise<Settings> {
    return readSettings(this.hub, account);
  }

  get accounts(): readonly string[] {
    return this.#deps.accounts.list().map(({ name }) => name);
  }

  /** By a name, `@name` or an id. */
  accountOf(said: string): string | undefined {
    const name = said.replace(/^@/, '');
    return this.accounts.find((account) => account === name || accountId(account) === said);
  }
}

export function accountId(name: string): string {
  return uuidOf(['account', name]);
}
