// Decides who calls, about which account, and whether they may: the one place for all of WakaTime's paths, public ones included.

import type { Identity, Verb } from '../../../core/access.ts';
import type { Hub } from '../../../core/hub.ts';
import type { AuthenticationDeps } from '../../../http/authenticate.ts';
import { hubAddress, json, type Reply, type Request } from '../../../http/types.ts';
import { AccountIndexes, type TimeRange } from '../index/account-index.ts';
import type { HeartbeatColumns } from '../index/columns.ts';
import { type AccountSettings, readSettings } from '../model/account-settings.ts';
import { derivedUuid, type HeartbeatLimits } from '../model/heartbeat.ts';
import { allows, isApp } from '../model/scopes.ts';
import { readRuleSet } from '../resources/custom-rules.ts';
import { readExternalSpans } from '../resources/external-durations.ts';
import type { Person, PersonInfo } from '../stats/query.ts';
import { identify, parseApiKey } from './credentials.ts';

export interface WakatimeDeps extends AuthenticationDeps {
  readonly hub: Hub;
  /** True if a request comes from no page, or from a page that may use the hub without a key. */
  readonly near: (request: Request) => boolean;
  /** How far from now heartbeats may be. Default: any time ago, and at most a day ahead. */
  readonly limits?: HeartbeatLimits;
  /** The memory of the process and the size of the store, in bytes; the metrics leave them out where this is absent. */
  readonly sizes?: () => Promise<MemorySizes>;
}

export interface MemorySizes {
  readonly resident: number;
  readonly heap: number;
  readonly heapUsed: number;
  /** Only where the store consists of the hub's own files. */
  readonly store?: number;
}

export type Authorization =
  | {
      readonly ok: true;
      readonly account: string;
      /** The token with which a link ends that the caller makes; '' for one that ends with the account alone. */
      readonly maker: string;
      /** True without a key to this account: the caller sees what the account shares. */
      readonly isStranger: boolean;
      /** True if the caller may see a part of the account (`email`, `stats.languages`). */
      readonly maySee: (part: string) => boolean;
    }
  | { readonly ok: false; readonly reply: Reply };

/** On this answer plugins ask their user for a new key. */
const unauthorized: Authorization = { ok: false, reply: json(401, { error: 'Unauthorized' }) };

export class Authorizer {
  readonly hub: Hub;
  readonly #deps: WakatimeDeps;
  readonly #indexes: AccountIndexes;

  constructor(deps: WakatimeDeps) {
    this.hub = deps.hub;
    this.#deps = deps;
    this.#indexes = new AccountIndexes(deps.hub);
  }

  /** True if no page of another site sent the request. */
  isTrustedPage(request: Request): boolean {
    return this.#deps.near(request);
  }

  /** The caller; undefined for a stranger. */
  identify(request: Request): Identity | undefined {
    return identify(this.#deps, request, this.#deps.near(request));
  }

  /**
   * @param user the path's `:user`: `current`, a name, `@name` or an id
   * @param verbs what the caller needs, all of it
   * @param options `isPublic`: strangers may call, too. `scopes`: an app must have at least one of these
   */
  authorize(
    request: Request,
    user: string,
    verbs: readonly Verb[],
    { isPublic = false, scopes = [] }: { readonly isPublic?: boolean; readonly scopes?: readonly string[] } = {},
  ): Authorization {
    const identity = this.identify(request);
    // A wrong key is refused also where none is needed: its owner must learn that it is wrong.
    if (identity === undefined && parseApiKey(request) !== undefined) return unauthorized;
    const account = user === 'current' ? identity?.account : this.accountOf(user);
    const isAllowed =
      identity !== undefined && account !== undefined && verbs.every((verb) => allows(identity, verb, account, scopes));
    if (account !== undefined && (isAllowed || isPublic)) {
      const maySee = (part: string) => identity !== undefined && allows(identity, 'read', account, [part]);
      const maker = this.#deps.accounts.makerOf(identity?.token ?? '');
      return { ok: true, account, maker, isStranger: !isAllowed, maySee };
    }
    const isUnknown = isPublic && user !== 'current' && account === undefined;
    if (isUnknown || (identity !== undefined && identity.account !== account)) {
      return { ok: false, reply: json(404, { error: 'no such user' }) };
    }
    // The key of an app is right, also where its scopes do not suffice: 401 would make it ask for another.
    if (identity === undefined || !isApp(identity)) return unauthorized;
    const needed = verbs
      .map((verb) => scopes.map((part) => `${verb}:wakatime/${part}`).join(' or ') || `${verb}:wakatime`)
      .join(', and ');
    return { ok: false, reply: json(403, { error: `insufficient scope: this needs ${needed}` }) };
  }

  /** True while a link of an account is open: as long as the account, and the token that made it. */
  isOpen(account: string, { maker }: { readonly maker?: string }): boolean {
    return this.#deps.accounts.isMakerLive(account, maker);
  }

  /** @param request for the address that links begin with */
  async person(account: string, request?: Request): Promise<Person> {
    const [info, beats] = await Promise.all([this.personInfo(account, request), this.beats(account)]);
    return { ...info, beats };
  }

  /** A person without the heartbeats. */
  async personInfo(account: string, request?: Request): Promise<PersonInfo> {
    const [settings, rules, externalSpans] = await Promise.all([
      this.settings(account),
      readRuleSet(this.hub, account),
      readExternalSpans(this.hub, account),
    ]);
    const created = this.#deps.accounts.list().find(({ name }) => name === account)?.created ?? 0;
    const links = request === undefined ? {} : { base: hubAddress(request) };
    return { account, id: accountId(account), created, settings, rules, externalSpans, ...links };
  }

  /** @param range the moments that are needed; undefined for all. After a start, a short range is available sooner */
  beats(account: string, range?: TimeRange): Promise<HeartbeatColumns> {
    return this.#indexes.of(account, range);
  }

  /** Resolves when the account's index is open, so that `beats` no longer reads days from the channel itself. */
  whenOpened(account: string): Promise<void> {
    return this.#indexes.opened(account);
  }

  settings(account: string): Promise<AccountSettings> {
    return readSettings(this.hub, account);
  }

  get accounts(): readonly string[] {
    return this.#deps.accounts.list().map(({ name }) => name);
  }

  /** The account of a name, `@name` or an id; undefined for an unknown one. */
  accountOf(user: string): string | undefined {
    const name = user.replace(/^@/, '');
    return this.accounts.find((account) => account === name || accountId(account) === user);
  }
}

export function accountId(name: string): string {
  return derivedUuid(['account', name]);
}
