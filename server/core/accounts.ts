// Accounts and tokens. They are items of `@hub/…` channels, so every node and every open session learns of a revoked token as an
// ordinary change. Only the SHA-256 of a secret is stored; the secret itself is shown once.

import { createHash } from 'node:crypto';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import { allScopes, type Identity, isAccountName, isScope } from './access.ts';
import type { CachedChannel } from './cached-channel.ts';
import type { Hub } from './hub.ts';

export const ownerName = 'owner';
const hourMs = 3_600_000;
const minuteMs = 60_000;
const failuresAMinute = 10;
/** Addresses whose failures are counted at the same time; the oldest is dropped first. */
const countedAddresses = 10_000;
/** setTimeout takes 24 days at most. */
const longestTimer = 2_000_000_000;
/** Scopes of a client that signs up: it syncs, and does not administer. */
const clientScopes: readonly string[] = ['read', 'write'];

export interface Account {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created: number;
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
  /** The last use in milliseconds since 1970, to the hour; null when it was never used. */
  readonly used: number | null;
}

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
  #byHash = new Map<string, Omit<Token, 'used'>>();
  #processHash = '';
  /** Ids of used tokens for whose expiry a timer runs. */
  #ending = new Set<string>();

  private constructor(hub: Hub, documents: Documents) {
    this.#hub = hub;
    this.#documents = documents;
    for (const [hash, item] of documents.tokens.view.items) this.#byHash.set(hash, readToken(item.value));
    documents.tokens.channel.listen((changes) => {
      for (const change of changes) {
        if (change.value !== null) {
          this.#byHash.set(change.key, readToken(change.value));
          continue;
        }
        const revoked = this.#byHash.get(change.key);
        this.#byHash.delete(change.key);
        if (revoked === undefined) continue;
        for (const session of [...hub.sessions]) if (session.identity.token === revoked.id) session.end('revoked');
      }
    });
  }

  static async open(hub: Hub): Promise<Accounts> {
    const [accounts, tokens, uses] = await Promise.all([
      hub.cachedChannel('@hub/accounts'),
      hub.cachedChannel('@hub/tokens'),
      hub.cachedChannel('@hub/uses'),
    ]);
    return new Accounts(hub, { accounts, tokens, uses });
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
    this.#processHash = hash(secret);
  }

  isAccount(name: string): boolean {
    return this.#documents.accounts.view.items.has(name);
  }

  list(): readonly Account[] {
    return [...this.#documents.accounts.view.items.values()].map((item) => {
      const { created } = JSON.parse(item.value);
      return { name: item.key, created };
    });
  }

  tokens(account?: string): readonly Token[] {
    const uses = this.#documents.uses.view.items;
    return [...this.#byHash.values()]
      .filter((token) => account === undefined || token.account === account)
      .map((token) => ({ ...token, used: uses.get(token.id)?.at ?? null }));
  }

  /** Creates an account and its first token. */
  async createAccount(name: string, scopes = clientScopes, secret?: string): Promise<Made | Refusal> {
    if (!isAccountName(name)) {
      return refuse('property', 'name', 'lower-case letters, digits, - and _, at most 32, none of the hub’s own words');
    }
    const at = this.#hub.world.now();
    const written = await this.#documents.accounts.write((view) =>
      view.items.has(name)
        ? refuse('exists', 'account')
        : {
            ok: true,
            write: { ops: [{ op: 'add', key: name, value: JSON.stringify({ created: at }) }], origin: 'hub', at },
          },
    );
    if (!written.ok) return written;
    return this.createToken(name, 'first', scopes, secret);
  }

  /** Creates an account with a random name, where sign-up is open. */
  signUp(tokenName: string): Promise<Made | Refusal> {
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
    expires?: number,
  ): Promise<Made | Refusal> {
    if (!this.isAccount(account))
      return refuse('not_found', 'account', `create it first: {"type":"account","name":"${account}"}`);
    const wrong = scopes.find((scope) => !isScope(scope));
    if (wrong !== undefined || scopes.length === 0) {
      return refuse(
        'property',
        'scopes',
        'a list of read, write, admin, read:<channel or prefix/*>, write:<channel or prefix/*>',
      );
    }
    const ownSecret = secret ?? this.#hub.world.secret();
    const created = this.#hub.world.now();
    const end = expires === undefined ? {} : { expires };
    const token = { id: this.#hub.world.id(), account, name, scopes, created, ...end };
    const written = await this.#documents.tokens.write((view) =>
      view.items.has(hash(ownSecret))
        ? refuse('exists', 'token')
        : {
            ok: true,
            write: {
              ops: [{ op: 'add', key: hash(ownSecret), value: JSON.stringify(token) }],
              origin: 'hub',
              at: created,
            },
          },
    );
    if (!written.ok) return written;
    return { ok: true, token: { ...token, used: null }, secret: ownSecret };
  }

  /**
   * Revokes a token on every node: each closes its sessions when it receives the change.
   * @param account revoke only a token of this account; undefined means any
   */
  async revoke(id: string, account?: string): Promise<{ readonly ok: true } | Refusal> {
    const found = [...this.#byHash].find(
      ([, token]) => token.id === id && (account === undefined || token.account === account),
    );
    if (found === undefined) return refuse('not_found', 'token', 'list them: {"type":"tokens"}');
    const at = this.#hub.world.now();
    await this.#documents.tokens.write(() => ({
      ok: true,
      write: { ops: [{ op: 'remove', key: found[0] }], origin: 'hub', at },
    }));
    return { ok: true };
  }

  /**
   * Finds the identity of a secret. Failures are counted per address; a valid secret is never rejected for them.
   * @param secret as the client sent it, with or without the prefix `waka_` of the WakaTime tools
   */
  identify(
    secret: string,
    device: string,
    address: string,
  ): { readonly ok: true; readonly identity: Identity } | Refusal {
    const hashed = hash(secret);
    if (hashed === this.#processHash) {
      return { ok: true, identity: { account: ownerName, device, token: '', scopes: allScopes } };
    }
    const token = this.#byHash.get(hashed);
    if (token === undefined || (token.expires ?? Number.POSITIVE_INFINITY) <= this.#hub.world.now()) {
      return this.#failed(address)
        ? refuse('too_many', '', `${failuresAMinute} failed logins a minute: wait a minute`)
        : refuse('user_not_found', '', 'send the secret of a token as user_id; `horai token create` makes one');
    }
    this.#used(token.id);
    this.#awaitEnd(token);
    return { ok: true, identity: { account: token.account, device, token: token.id, scopes: token.scopes } };
  }

  /** Whether the secret is a token of the account; a task's index may hold an old one. */
  isSecretOf(secret: string, account: string): boolean {
    return this.#byHash.get(hash(secret))?.account === account;
  }

  /** Counts a failure. Returns whether there were too many within a minute. */
  #failed(address: string): boolean {
    const now = this.#hub.world.now();
    const counted = this.#failures.get(address);
    if (counted === undefined || now - counted.since >= minuteMs) {
      this.#failures.delete(address);
      this.#failures.set(address, { count: 1, since: now });
      const oldest = this.#failures.keys().next().value;
      if (this.#failures.size > countedAddresses && oldest !== undefined) this.#failures.delete(oldest);
      return false;
    }
    counted.count += 1;
    return counted.count > failuresAMinute;
  }

  /** Ends the sessions that a token opened when it expires. */
  #awaitEnd({ id, expires }: Omit<Token, 'used'>): void {
    if (expires === undefined || this.#ending.has(id)) return;
    this.#ending.add(id);
    const { world, sessions } = this.#hub;
    const wait = () => {
      const left = expires - world.now();
      if (left > 0) {
        world.after(Math.min(left, longestTimer), wait);
        return;
      }
      this.#ending.delete(id);
      for (const session of [...sessions]) if (session.identity.token === id) session.end('revoked');
    };
    wait();
  }

  /** Stores the time of the last use, at most once an hour, so that a login does not cost a write. */
  #used(id: string): void {
    const at = this.#hub.world.now();
    const before = this.#documents.uses.view.items.get(id)?.at ?? 0;
    if (at - before < hourMs) return;
    const op = { op: 'put', key: id, value: String(at) } as const;
    this.#documents.uses
      .write(() => ({ ok: true, write: { ops: [op], origin: 'hub', at } }))
      .catch((error: unknown) => {
        this.#hub.world.log.warn({ error }, 'accounts: cannot store the last use of a token');
      });
  }
}

function hash(secret: string): string {
  return createHash('sha256')
    .update(secret.replace(/^waka_/, ''))
    .digest('hex');
}

/** Only this file writes these texts, so they are not checked again. */
function readToken(text: string): Omit<Token, 'used'> {
  return JSON.parse(text);
}
