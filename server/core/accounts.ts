// Accounts and tokens. They are items of `@hub/…` channels, so every node and every open session learns of a revoked token as an
// ordinary change. Only the SHA-256 of a secret is stored; the secret itself is shown once.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import { allScopes, type Identity, isAccountName, isScope } from './access.ts';
import type { CachedChannel } from './cached-channel.ts';
import type { Hub } from './hub.ts';
import { Limits } from './limits.ts';
import type { SignInFailure, SignInSource } from './operator-events.ts';
import { hashToken } from './token-hash.ts';

export const ownerName = 'owner';
const hourMs = 3_600_000;
const minuteMs = 60_000;
const failuresAMinute = 10;
/** Addresses whose failures are counted at the same time; the oldest is dropped first. */
const countedAddresses = 10_000;
/** Characters of the name of a program that are stored. */
const longestClient = 200;
/** How often sessions are ended if the list of tokens is too old. */
const ageCheckMs = 500;
/** Tokens and addresses whose sign-in is remembered; the oldest is dropped first. */
const rememberedSignIns = 10_000;
/** setTimeout takes 24 days at most. */
const longestTimer = 2_000_000_000;
const defaultMaxAgeMs = 10_000;
/** Scopes of a client that signs up: it syncs, and does not administer. */
const clientScopes: readonly string[] = ['read', 'write'];

export interface Account {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** True for one whose tokens and links are not accepted. */
  readonly disabled?: true;
}

/** A token without its secret. */
export interface Token {
  readonly id: string;
  readonly account: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly created: number;
  /** Milliseconds since 1970, from which on the token is invalid. Absent when it does not expire. */
  readonly expires?: number;
  /** `session`: a browser's, presented by its cookie and by nothing else. */
  readonly kind?: 'session';
  /** The id of the token that a session was made with; the session ends with it. */
  readonly from?: string;
  /** The last use in milliseconds since 1970, to the hour; null when it was never used. */
  readonly used: number | null;
  /** From where it was last used, and by which program: `User-Agent`, or the name that a client gave at its login. */
  readonly address?: string;
  readonly client?: string;
}

/** A token as it is stored. */
type StoredToken = Omit<Token, 'used' | 'address' | 'client'>;

/** The fields of a token that a person may change. `expires` null: it does not expire. */
export interface TokenChange {
  readonly name?: string;
  readonly scopes?: readonly string[];
  readonly expires?: number | null;
}

/** The fields of a token besides its name and scopes. */
export type TokenExtras = Pick<Token, 'expires' | 'kind' | 'from'>;

type Made = { readonly ok: true; readonly token: Token; readonly secret: string };

interface Documents {
  readonly accounts: CachedChannel;
  readonly tokens: CachedChannel;
  readonly uses: CachedChannel;
}

export class Accounts {
  #hub: Hub;
  #documents: Documents;
  #failures = new Map<string, { count: number; since: number }>();
  /** Parsed tokens by the hash of their secret. */
  #byHash = new Map<string, StoredToken>();
  /** The same by their ids. */
  #byId = new Map<string, StoredToken>();
  /** When a token was last seen from an address, in milliseconds since 1970, by both. */
  #seen = new Map<string, number>();
  #processHash = '';
  /** Ids of used tokens for whose expiry a timer runs. */
  #ending = new Set<string>();
  #limits: Limits;

  /** L8.2: the greatest age of the list of tokens in milliseconds. */
  #maxAgeMs: number;

  private constructor(hub: Hub, documents: Documents, limits: Limits, maxAgeMs: number) {
    this.#hub = hub;
    this.#limits = limits;
    this.#maxAgeMs = maxAgeMs;
    if (hub.isShared) this.#watchAge();
    this.#documents = documents;
    documents.accounts.channel.listen((changes) => this.#followAccounts(changes));
    for (const [hash, item] of documents.tokens.view.items) this.#remember(hash, readToken(item.value));
    documents.tokens.channel.listen(
      (changes) => {
        for (const change of changes) {
          const before = this.#byHash.get(change.key);
          if (change.value !== null) {
            const token = readToken(change.value);
            this.#remember(change.key, token);
            // A client that comes again has the new scopes.
            if (before !== undefined && describeRights(before) !== describeRights(token))
              this.#endSessions(token.id, 'away');
            continue;
          }
          this.#byHash.delete(change.key);
          if (before === undefined) continue;
          this.#byId.delete(before.id);
          this.#endSessions(before.id, 'revoked');
        }
      },
      () => void this.#readAgain(),
    );
    this.#endExpiredEachMinute();
  }

  /** @param maxAgeMs without an answer of the database for so long, this node no longer trusts the tokens that it knows (L8.2) */
  static async open(hub: Hub, limits = new Limits(hub.world), maxAgeMs = defaultMaxAgeMs): Promise<Accounts> {
    const [accounts, tokens, uses] = await Promise.all([
      hub.cachedChannel('@hub/accounts'),
      hub.cachedChannel('@hub/tokens'),
      hub.cachedChannel('@hub/uses'),
    ]);
    return new Accounts(hub, { accounts, tokens, uses }, limits, maxAgeMs);
  }

  /**
   * Creates the owner's account if there is no account yet.
   * @param secret of the owner's first token; undefined makes a new one
   * @returns the secret, only this once; undefined on later starts
   */
  async createOwner(secret: string | undefined): Promise<string | undefined> {
    if (this.#documents.accounts.view.items.size > 0) return undefined;
    const made = await this.createAccount(ownerName, allScopes, secret);
    // Another node created it meanwhile.
    if (!made.ok && made.code === 'exists') return undefined;
    if (!made.ok) throw new Error(made.error);
    return made.secret;
  }

  /** Registers an admin secret valid until this process exits. Never stored. */
  registerProcessSecret(secret: string): void {
    this.#processHash = hashToken(secret);
  }

  /** True for an account whose tokens, sessions and links are accepted. */
  isEnabled(name: string): boolean {
    const item = this.#documents.accounts.view.items.get(name);
    return item !== undefined && readAccount(item.value).state === undefined;
  }

  /** @param state `moving`: it is being renamed. undefined enables the account */
  async setState(
    name: string,
    state: AccountState,
  ): Promise<{ readonly ok: true; readonly account: Account } | Refusal> {
    const written = await this.#documents.accounts.write((view) => {
      const item = view.items.get(name);
      if (item === undefined) return refuse('not_found', 'account', 'list them: {"type":"accounts"}');
      const { created } = readAccount(item.value);
      const value = JSON.stringify(state === undefined ? { created } : { created, state });
      const op = { op: 'put', key: name, value } as const;
      return { ok: true, write: { ops: [op], origin: 'hub', at: this.#hub.world.now() } };
    });
    const account = this.list().find((one) => one.name === name);
    if (!written.ok) return written;
    return account === undefined ? refuse('not_found', 'account') : { ok: true, account };
  }

  /** Removes an account and its tokens from the lists. @returns the ids of the tokens */
  async remove(name: string): Promise<readonly string[]> {
    const at = this.#hub.world.now();
    const op = { op: 'remove', key: name } as const;
    await this.#documents.accounts.write(() => ({ ok: true, write: { ops: [op], origin: 'hub', at } }));
    const theirs = [...this.#byHash].filter(([, token]) => token.account === name);
    await this.#documents.tokens.write(() => ({
      ok: true,
      write: { ops: theirs.map(([key]) => ({ op: 'remove', key })), origin: 'hub', at },
    }));
    return theirs.map(([, { id }]) => id);
  }

  /** Gives an account and its tokens the new name, once its channels have it. */
  async finishRename(name: string, to: string): Promise<Account> {
    const at = this.#hub.world.now();
    const before = this.list().find((account) => account.name === name);
    const value = JSON.stringify({ created: before?.created ?? at });
    await this.#documents.accounts.write(() => ({
      ok: true,
      write: {
        ops: [
          { op: 'add', key: to, value },
          { op: 'remove', key: name },
        ],
        origin: 'hub',
        at,
      },
    }));
    await this.#documents.tokens.write(() => {
      const ops = [...this.#byHash].flatMap(([key, token]) =>
        token.account === name ? [{ op: 'put', key, value: JSON.stringify({ ...token, account: to }) } as const] : [],
      );
      return { ok: true, write: { ops, origin: 'hub', at } };
    });
    return { name: to, created: before?.created ?? at };
  }

  #followAccounts(changes: readonly { readonly key: string; readonly value: string | null }[]): void {
    for (const { key, value } of changes) {
      const state = value === null ? 'gone' : readAccount(value).state;
      if (state === 'gone' || state === 'moving') this.#hub.retire(key);
      if (state === undefined) continue;
      for (const session of [...this.#hub.sessions]) {
        if (session.identity.account === key) session.end(state === 'moving' ? 'away' : 'revoked');
      }
    }
  }

  isAccount(name: string): boolean {
    return this.#documents.accounts.view.items.has(name);
  }

  list(): readonly Account[] {
    return [...this.#documents.accounts.view.items.values()].map((item) => {
      const { created, state } = readAccount(item.value);
      return { name: item.key, created, ...(state === undefined ? {} : { disabled: true as const }) };
    });
  }

  tokens(account?: string): readonly Token[] {
    return [...this.eachToken(account)];
  }

  /** The same, each described when it is asked for. */
  *eachToken(account?: string): Generator<Token, void> {
    for (const token of [...this.#byHash.values()]) {
      if (account !== undefined && token.account !== account) continue;
      const use = this.#documents.uses.view.items.get(token.id);
      yield { ...token, used: use?.at ?? null, ...(use === undefined ? {} : readUse(use.value)) };
    }
  }

  /** Creates an account and its first token. */
  async createAccount(name: string, scopes = clientScopes, secret?: string): Promise<Made | Refusal> {
    const added = await this.addAccount(name);
    return added.ok ? this.createToken(name, 'first', scopes, secret) : added;
  }

  /** Creates an account without a token: its person gets in by a one-time link. */
  async addAccount(name: string): Promise<{ readonly ok: true } | Refusal> {
    if (!isAccountName(name)) {
      return refuse('property', 'name', 'lower-case letters, digits, - and _, at most 32, none of the hub’s own words');
    }
    // The in-memory state of the account of that name is gone with the process.
    if (this.#hub.isRetired(name))
      return refuse('exists', 'account', 'one of this name was erased or renamed: restart the hub first');
    const at = this.#hub.world.now();
    const written = await this.#documents.accounts.write((view) =>
      view.items.has(name)
        ? refuse('exists', 'account')
        : {
            ok: true,
            write: { ops: [{ op: 'add', key: name, value: JSON.stringify({ created: at }) }], origin: 'hub', at },
          },
    );
    if (written.ok) this.#hub.events.report({ event: 'account_created', account: name });
    return written.ok ? { ok: true } : written;
  }

  /** Creates an account with a random name, where sign-up is open. @param address by which new accounts are limited */
  async signUp(tokenName: string, address: string): Promise<Made | Refusal> {
    const refusal = this.#limits.take('address_accounts', address);
    if (refusal !== undefined) return refusal;
    const name = `u-${this.#hub.world.secret().slice(0, 8)}${this.#hub.world.secret().slice(0, 8)}`;
    return this.createAccount(name, clientScopes).then((made) =>
      made.ok ? { ...made, token: { ...made.token, name: tokenName } } : made,
    );
  }

  async createToken(
    account: string,
    name: string,
    scopes: readonly string[],
    secret?: string,
    extras: TokenExtras = {},
  ): Promise<Made | Refusal> {
    if (!this.isAccount(account))
      return refuse('not_found', 'account', `create it first: {"type":"account","name":"${account}"}`);
    const wrong = scopes.find((scope) => !isScope(scope));
    if (wrong !== undefined || scopes.length === 0) {
      return wrongScopes;
    }
    if (this.#countTokens(account) >= this.#limits.size('account_tokens', account))
      return this.#limits.reached('account_tokens', 'quota', { account });
    const ownSecret = secret ?? this.#hub.world.secret();
    const created = this.#hub.world.now();
    const token = { id: this.#hub.world.id(), account, name, scopes, created, ...extras };
    const written = await this.#documents.tokens.write((view) =>
      view.items.has(hashToken(ownSecret))
        ? refuse('exists', 'token')
        : {
            ok: true,
            write: {
              ops: [{ op: 'add', key: hashToken(ownSecret), value: JSON.stringify(token) }],
              origin: 'hub',
              at: created,
            },
          },
    );
    if (!written.ok) return written;
    this.#hub.events.report({ event: 'token_created', account, token: token.id, name, scopes });
    return { ok: true, token: { ...token, used: null }, secret: ownSecret };
  }

  /**
   * Revokes a token on every node, with the browsers' sessions that were made with it: each node closes their connections when it
   * receives the change.
   * @param account revoke only a token of this account; undefined means any
   */
  async revoke(id: string, account?: string): Promise<{ readonly ok: true } | Refusal> {
    const found = [...this.#byHash].find(
      ([, token]) => token.id === id && (account === undefined || token.account === account),
    );
    if (found === undefined) return refuse('not_found', 'token', 'list them: {"type":"tokens"}');
    const at = this.#hub.world.now();
    const keys = [...this.#byHash].flatMap(([key, token]) => (token.id === id || token.from === id ? [key] : []));
    await this.#documents.tokens.write(() => ({
      ok: true,
      write: { ops: keys.map((key) => ({ op: 'remove', key })), origin: 'hub', at },
    }));
    const { account: of, name } = found[1];
    this.#hub.events.report({ event: 'token_revoked', account: of, token: id, name });
    return { ok: true };
  }

  /**
   * Changes the name, the scopes or the expiry of a token.
   * @param compute the change from the token as it is, or why it may not be changed
   * @returns the token as it is then
   */
  async changeToken(
    id: string,
    compute: (token: Token) => ({ readonly ok: true } & TokenChange) | Refusal,
  ): Promise<{ readonly ok: true; readonly token: Token } | Refusal> {
    const found = [...this.#byHash].find(([, token]) => token.id === id);
    if (found === undefined) return refuse('not_found', 'token', 'list them: {"type":"tokens"}');
    const [key] = found;
    const written = await this.#documents.tokens.write((view) => {
      const item = view.items.get(key);
      if (item === undefined) return refuse('not_found', 'token', 'list them: {"type":"tokens"}');
      const token = readToken(item.value);
      const change = compute({ ...token, used: null });
      if (!change.ok) return change;
      const wrong = change.scopes?.find((scope) => !isScope(scope));
      if (wrong !== undefined || change.scopes?.length === 0) return wrongScopes;
      const { expires: before, ...rest } = {
        ...token,
        name: change.name ?? token.name,
        scopes: change.scopes ?? token.scopes,
      };
      const expires = change.expires === undefined ? before : (change.expires ?? undefined);
      const value = JSON.stringify(expires === undefined ? rest : { ...rest, expires });
      return { ok: true, write: { ops: [{ op: 'put', key, value }], origin: 'hub', at: this.#hub.world.now() } };
    });
    if (!written.ok) return written;
    const changed = this.tokens().find((token) => token.id === id);
    return changed === undefined ? refuse('not_found', 'token') : { ok: true, token: changed };
  }

  /** True for a token that exists and has not expired, and for the owner's own machine, which has none (''). */
  isLive(id: string): boolean {
    if (id === '') return true;
    const token = this.#byId.get(id);
    return token !== undefined && !this.#isOver(token) && this.isEnabled(token.account);
  }

  /** The scopes that a token has now; undefined for one that is over. */
  scopesOf(id: string): readonly string[] | undefined {
    return this.isLive(id) ? this.#byId.get(id)?.scopes : undefined;
  }

  #remember(hashed: string, token: StoredToken): void {
    this.#byHash.set(hashed, token);
    this.#byId.set(token.id, token);
  }

  #endSessions(token: string, code: 'revoked' | 'away'): void {
    for (const session of [...this.#hub.sessions]) if (session.identity.token === token) session.end(code);
  }

  /** Ends the sessions of tokens that have expired, whatever their timers say: clocks are set, and machines sleep. */
  #endExpiredEachMinute(): void {
    this.#hub.world.after(minuteMs, () => this.#endExpiredEachMinute());
    for (const session of [...this.#hub.sessions]) {
      const { token } = session.identity;
      const stored = this.#byId.get(token);
      if (stored !== undefined && this.#isOver(stored)) session.end('revoked');
    }
  }

  /**
   * Finds the identity of a secret. Failures are counted per address; a valid secret is never rejected for them.
   * @param secret as the client sent it, with or without the prefix `waka_` of the WakaTime tools
   * @param client the program, as it names itself
   */
  identify(
    secret: string,
    device: string,
    address: string,
    client = '',
  ): { readonly ok: true; readonly identity: Identity } | Refusal {
    const hashed = hashToken(secret);
    if (hashed === this.#processHash) {
      return { ok: true, identity: { account: ownerName, device, token: '', scopes: allScopes } };
    }
    if (this.#isTooOld()) return refuse('away', '', 'this node cannot reach its database: ask another node, or wait');
    const token = this.#byHash.get(hashed);
    if (token !== undefined && !this.isEnabled(token.account)) return this.#refuseDisabled(token.account);
    if (token === undefined || token.kind === 'session' || this.#isOver(token)) {
      const reason = token === undefined || token.kind === 'session' ? 'unknown token' : 'expired token';
      return this.countFailure({ address, client }, reason)
        ? { ...refuse('too_many', '', `${failuresAMinute} failed logins a minute: wait a minute`), retryMs: minuteMs }
        : refuse('user_not_found', '', 'send the secret of a token as user_id; `horai token create` makes one');
    }
    this.#signedIn(token, { address, client });
    return { ok: true, identity: this.#identityOf(token, device, { address, client }) };
  }

  /**
   * Reports that a browser has signed in and has this session now.
   * @param isReported true if it signed in with a token, whose use `identify` reports
   */
  sessionBegan(session: Token, source: SignInSource, isReported: boolean): void {
    if (isReported) this.#isFirstUse(session.id, source.address);
    else this.#signedIn(session, source);
  }

  /**
   * The identity of a browser's session. An unknown one is not counted as a failure: a browser with an old cookie repeats it by itself.
   * @param secret from its cookie @returns undefined for one that is over
   */
  identifySession(secret: string, device: string, use: TokenUse): Identity | undefined {
    const token = this.#isTooOld() ? undefined : this.#byHash.get(hashToken(secret));
    if (token?.kind !== 'session' || this.#isOver(token) || !this.isEnabled(token.account)) return undefined;
    this.#signedIn(token, use);
    return this.#identityOf(token, device, use);
  }

  #refuseDisabled(account: string): Refusal {
    const item = this.#documents.accounts.view.items.get(account);
    const isMoving = item !== undefined && readAccount(item.value).state === 'moving';
    return isMoving
      ? refuse('away')
      : refuse('forbidden', '', 'this account is disabled: ask the administrator of the hub');
  }

  #isOver({ expires }: StoredToken): boolean {
    return (expires ?? Number.POSITIVE_INFINITY) <= this.#hub.world.now();
  }

  #identityOf(token: StoredToken, device: string, use: TokenUse): Identity {
    this.#noteUse(token.id, use);
    this.#awaitEnd(token);
    return { account: token.account, device, token: token.id, scopes: token.scopes };
  }

  /** The id of the token with this secret; undefined if there is none. It is not counted as a use, nor as a failure. */
  tokenOf(secret: string): string | undefined {
    return this.#byHash.get(hashToken(secret))?.id;
  }

  /**
   * The token with which the links end that are made with this one: itself, or, of a browser's session, the token that it was made
   * with, because links outlive sessions. '' for links that end with the account alone.
   */
  makerOf(id: string): string {
    const token = this.#byId.get(id);
    return token?.kind === 'session' ? (token.from ?? '') : id;
  }

  /** True while the token that made a link exists and has not expired; '' and undefined stand for a link without one. */
  isMakerLive(account: string, maker: string | undefined): boolean {
    if (!this.isEnabled(account)) return false;
    if (maker === undefined || maker === '') return true;
    const token = this.#byId.get(maker);
    return token?.account === account && !this.#isOver(token);
  }

  /** True if the secret is a token of the account; a task's index may hold an old one. */
  isSecretOf(secret: string, account: string): boolean {
    return this.#byHash.get(hashToken(secret))?.account === account;
  }

  #countTokens(account: string): number {
    let count = 0;
    for (const token of this.#byHash.values()) if (token.account === account) count += 1;
    return count;
  }

  /** The list of tokens is not the continuation of the one before: those that are not in it are revoked. */
  async #readAgain(): Promise<void> {
    const { items } = await this.#documents.tokens.settled();
    this.#byHash = new Map([...items].map(([hashed, { value }]) => [hashed, readToken(value)]));
    this.#byId = new Map([...this.#byHash.values()].map((token) => [token.id, token]));
    for (const session of [...this.#hub.sessions]) {
      const { token } = session.identity;
      if (token !== '' && !this.#byId.has(token)) session.end('revoked');
    }
  }

  #isTooOld(): boolean {
    return this.#hub.world.now() - this.#hub.confirmedAt > this.#maxAgeMs;
  }

  /** L8.2: ends the sessions that tokens opened while this node cannot know whether they were revoked. */
  #watchAge(): void {
    const { world, sessions } = this.#hub;
    world.after(ageCheckMs, () => {
      this.#watchAge();
      if (!this.#isTooOld()) return;
      for (const session of [...sessions]) if (session.identity.token !== '') session.end('away');
    });
  }

  /** Reports the use of a token from an address, once an hour: a client that sends its token with each request signs in once. */
  #signedIn({ id, account }: Omit<Token, 'used'>, { address, client = '' }: SignInSource): void {
    if (!this.#isFirstUse(id, address)) return;
    this.#hub.events.report({
      event: 'signed_in',
      account,
      token: id,
      address,
      client: client.slice(0, longestClient),
    });
  }

  /** True once an hour for a token and an address. */
  #isFirstUse(token: string, address: string): boolean {
    const now = this.#hub.world.now();
    const name = `${token} ${address}`;
    const last = this.#seen.get(name);
    if (last !== undefined && Math.abs(now - last) < hourMs) return false;
    this.#seen.delete(name);
    this.#seen.set(name, now);
    const oldest = this.#seen.keys().next().value;
    if (this.#seen.size > rememberedSignIns && oldest !== undefined) this.#seen.delete(oldest);
    return true;
  }

  /**
   * Counts a failed sign-in and reports it; of those beyond the limit only the first within a minute, because a report costs a line of the
   * log. @returns whether there were too many from this address within a minute
   */
  countFailure({ address, client = '' }: SignInSource, reason: SignInFailure): boolean {
    const count = this.#countFailure(address);
    const source = { address, client: client.slice(0, longestClient) };
    const { events } = this.#hub;
    const isOver = count > failuresAMinute;
    if (!isOver) events.report({ event: 'failed_sign_in', ...source, reason });
    else if (count === failuresAMinute + 1) {
      events.report({ event: 'failed_sign_in', ...source, reason: 'too many attempts' });
    }
    if (isOver) events.report({ event: 'limit_reached', limit: 'failed sign-ins', of: address });
    return isOver;
  }

  /** @returns how many failures there were from this address within a minute */
  #countFailure(address: string): number {
    const now = this.#hub.world.now();
    const counted = this.#failures.get(address);
    if (counted === undefined || Math.abs(now - counted.since) >= minuteMs) {
      this.#failures.delete(address);
      this.#failures.set(address, { count: 1, since: now });
      const oldest = this.#failures.keys().next().value;
      if (this.#failures.size > countedAddresses && oldest !== undefined) this.#failures.delete(oldest);
      return 1;
    }
    counted.count += 1;
    return counted.count;
  }

  /** Ends the sessions that a token opened when it expires. */
  #awaitEnd({ id, expires }: StoredToken): void {
    if (expires === undefined || this.#ending.has(id)) return;
    this.#ending.add(id);
    const wait = () => {
      const left = (this.#byId.get(id)?.expires ?? Number.POSITIVE_INFINITY) - this.#hub.world.now();
      if (left > 0 && left < Number.POSITIVE_INFINITY) {
        this.#hub.world.after(Math.min(left, longestTimer), wait);
        return;
      }
      this.#ending.delete(id);
      if (left <= 0) this.#endSessions(id, 'revoked');
    };
    wait();
  }

  /** Stores the last use: at most once an hour, or once a minute from another address or program, so that a login does not cost a write. */
  #noteUse(id: string, { address, client }: TokenUse): void {
    const at = this.#hub.world.now();
    const use: TokenUse = { address: address.slice(0, 64), client: client.slice(0, longestClient) };
    const before = this.#documents.uses.view.items.get(id);
    const known = before === undefined ? {} : readUse(before.value);
    const isSame = known.address === use.address && known.client === use.client;
    if (Math.abs(at - (before?.at ?? 0)) < (isSame ? hourMs : minuteMs)) return;
    const op = { op: 'put', key: id, value: JSON.stringify({ ...use, at }) } as const;
    this.#documents.uses
      .write(() => ({ ok: true, write: { ops: [op], origin: 'hub', at } }))
      .catch((error: unknown) => {
        this.#hub.world.log.warn({ error }, 'accounts: cannot store the last use of a token');
      });
  }
}

/** From where a token is used, and by which program. */
export interface TokenUse {
  readonly address: string;
  readonly client: string;
}

/** @param text of an earlier version: the time alone */
function readUse(text: string): Partial<TokenUse> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) return {};
  const { address, client } = Object.assign({ address: '', client: '' }, value);
  return { address: String(address), client: String(client) };
}

function describeRights({ account, scopes }: StoredToken): string {
  return [account, ...scopes].join(' ');
}

const wrongScopes = refuse(
  'property',
  'scopes',
  'a list of read, write, admin, read:<channel or prefix/*>, write:<channel or prefix/*>',
);

type AccountState = 'disabled' | 'moving' | undefined;

/** Only this file writes these texts. */
function readAccount(text: string): { readonly created: number; readonly state?: AccountState } {
  return JSON.parse(text);
}

/** Only this file writes these texts, so they are not checked again. */
function readToken(text: string): StoredToken {
  return JSON.parse(text);
}
