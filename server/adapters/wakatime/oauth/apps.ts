// OAuth apps and what people have allowed them: registered apps, codes that wait to be exchanged, and grants beside the tokens they
// came with. All of it lies in the hub's own channels, which no client reads; secrets, codes and refresh tokens only as hashes.
// What a browser or an app says over HTTP is oauth.ts'.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Accounts } from '../../../core/accounts.ts';
import type { Hub } from '../../../core/hub.ts';
import { json } from '../../../http/types.ts';
import { answered, type Endpoint, param, saidIn, textIn } from '../endpoint.ts';
import { iso } from '../model/calendar.ts';
import { isObject } from '../model/heartbeat.ts';
import { hubScopes } from '../model/scopes.ts';
import { rewrite } from '../model/update-item.ts';
import { type Asked, wrong } from '../stats/query.ts';

const appsChannel = '@hub/apps';
const codesChannel = '@hub/codes';
const grantsChannel = '@hub/grants';
const codeMs = 120_000;
const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
const implicitMs = 12 * hourMs;
const liveTokens = 8;
const newAnHour = 10;
const mostApps = 100;
const mostRedirects = 10;

export interface App {
  readonly id: string;
  readonly name: string;
  /** The account that registered it, and may change or drop it. */
  readonly account: string;
  /** '' for one that can keep no secret: it must use PKCE. */
  readonly secret: string;
  readonly redirects: readonly string[];
  readonly at: number;
}

/** What was asked for on the page, and allowed. */
export interface Allowed {
  readonly app: string;
  readonly account: string;
  readonly scopes: readonly string[];
  readonly redirect: string;
  /** Of PKCE: the SHA-256 of what the app will show; '' without. */
  readonly challenge: string;
}

interface Code extends Allowed {
  readonly until: number;
  /** The token it was exchanged for: shown again, it was stolen. */
  readonly token?: string;
}

interface Grant {
  readonly app: string;
  readonly account: string;
  readonly scopes: readonly string[];
  /** The hash of the refresh token; '' where there is none. */
  readonly refresh: string;
  readonly at: number;
}

export interface Issued {
  readonly access: string;
  /** '' where there is none. */
  readonly refresh: string;
  readonly expires: number;
  readonly account: string;
  readonly scopes: readonly string[];
}

export type Exchange =
  | { readonly ok: true; readonly issued: Issued }
  | { readonly ok: false; readonly error: 'invalid_grant' | 'too_many' };

export class Apps {
  readonly #hub: Hub;
  readonly #accounts: Accounts;

  constructor(hub: Hub, accounts: Accounts) {
    this.#hub = hub;
    this.#accounts = accounts;
  }

  async find(id: string): Promise<App | undefined> {
    return (await this.#all()).find((app) => app.id === id);
  }

  async of(account: string): Promise<readonly App[]> {
    return (await this.#all()).filter((app) => app.account === account);
  }

  /** @returns the app and its secret, this once; '' for an app without */
  async register(
    account: string,
    { name, redirects, keepsSecret }: { name: string; redirects: readonly string[]; keepsSecret: boolean },
  ): Promise<Asked<{ readonly app: App; readonly secret: string }>> {
    if (name === '') return wrong('name is required');
    const bad = redirects.find((uri) => !isRedirect(uri));
    if (redirects.length === 0 || redirects.length > mostRedirects || bad !== undefined) {
      return wrong('redirect_uris must be a list of addresses without a fragment');
    }
    if ((await this.of(account)).length >= mostApps) return wrong(`at most ${mostApps} apps`);
    const [id, secret] = [this.#hub.world.secret(), keepsSecret ? this.#hub.world.secret() : ''];
    const app = { name, account, secret: secret === '' ? '' : hash(secret), redirects, at: this.#hub.world.now() };
    const written = await rewrite(this.#hub, appsChannel, id, () => ({ ok: true, value: app }));
    return written.ok ? { ok: true, value: { app: { id, ...app }, secret } } : written;
  }

  /** With all that people had allowed it. */
  async drop(account: string, id: string): Promise<Asked<object>> {
    const app = await this.find(id);
    if (app?.account !== account) return wrong('no such app', 404);
    await rewrite(this.#hub, appsChannel, id, () => ({ ok: true, value: undefined }));
    await this.revoke(id, () => true);
    return { ok: true, value: { data: {} } };
  }

  /** Whether this is the app's own secret; an app without one has nothing to show. */
  knows(app: App, secret: string): boolean {
    if (app.secret === '') return secret === '';
    return timingSafeEqual(Buffer.from(hash(secret)), Buffer.from(app.secret));
  }

  /** A code, good once and for two minutes. */
  async allow(allowed: Allowed): Promise<string> {
    const code = this.#hub.world.secret();
    const now = this.#hub.world.now();
    const document = await this.#hub.cachedChannel(codesChannel);
    for (const [key, { value }] of document.view.items) {
      const old: Code = JSON.parse(value);
      if (old.until <= now) await rewrite(this.#hub, codesChannel, key, () => ({ ok: true, value: undefined }));
    }
    await rewrite(this.#hub, codesChannel, hash(code), () => ({
      ok: true,
      value: { ...allowed, until: now + codeMs },
    }));
    return code;
  }

  async exchange(app: App, code: string, redirect: string, verifier: string): Promise<Exchange> {
    const token = this.#hub.world.secret();
    let found: Code | undefined;
    const taken = await rewrite<Code>(this.#hub, codesChannel, hash(code), (before) => {
      found = isCode(before) ? before : undefined;
      if (found === undefined || found.app !== app.id || found.redirect !== redirect) return wrong('invalid_grant');
      if (found.until <= this.#hub.world.now() || found.token !== undefined) return wrong('invalid_grant');
      const shown = verifier === '' ? '' : createHash('sha256').update(verifier).digest('base64url');
      return shown === found.challenge ? { ok: true, value: { ...found, token: hash(token) } } : wrong('invalid_grant');
    });
    if (!taken.ok) {
      const stolen = found?.app === app.id ? found.token : undefined;
      if (stolen !== undefined) await this.revoke(app.id, (_, { token: its }) => its === stolen);
      return { ok: false, error: 'invalid_grant' };
    }
    return this.#issue(app.id, taken.value, token, yearMs);
  }

  /** Without a code, for apps that are nothing but a page: half a day, and no refreshing. */
  grant(allowed: Allowed): Promise<Exchange> {
    return this.#issue(allowed.app, allowed, this.#hub.world.secret(), implicitMs);
  }

  /** Another token, in the place of the one that came with this refresh token; both of them end. */
  async refresh(app: App, secret: string): Promise<Exchange> {
    const hashed = hash(secret);
    const found = (await this.#grants()).find(({ grant }) => grant.app === app.id && grant.refresh === hashed);
    if (found === undefined) return { ok: false, error: 'invalid_grant' };
    // Taken by one of two who show it at once.
    const taken = await rewrite<undefined>(this.#hub, grantsChannel, found.id, (before) =>
      before === undefined ? wrong('gone') : { ok: true, value: undefined },
    );
    const ended = taken.ok ? await this.#accounts.revoke(found.id) : taken;
    // The account may have revoked the token itself: then nothing is refreshed.
    if (!ended.ok) return { ok: false, error: 'invalid_grant' };
    return this.#issue(app.id, found.grant, this.#hub.world.secret(), yearMs);
  }

  /** Ends tokens of an app, and what would refresh them. */
  async revoke(
    app: string,
    which: (grant: Grant, its: { readonly id: string; readonly token: string }) => boolean,
  ): Promise<void> {
    for (const { id, token, grant } of await this.#grants()) {
      if (grant.app !== app || !which(grant, { id, token })) continue;
      await this.#drop(id);
    }
  }

  /** By what the app knows of it: an access token or a refresh token. */
  async revokeSecret(app: App, secret: string): Promise<void> {
    const hashed = hash(secret);
    await this.revoke(app.id, (grant, { token }) => token === hashed || grant.refresh === hashed);
  }

  async #issue(
    app: string,
    { account, scopes }: { readonly account: string; readonly scopes: readonly string[] },
    access: string,
    lives: number,
  ): Promise<Exchange> {
    const now = this.#hub.world.now();
    const expires = now + lives;
    const counted = await rewrite<readonly number[]>(this.#hub, grantsChannel, `issued ${account}`, (before) => {
      const recent = (Array.isArray(before) ? before : []).filter((at) => typeof at === 'number' && at > now - hourMs);
      return recent.length >= newAnHour ? wrong('too many', 429) : { ok: true, value: [...recent, now] };
    });
    if (!counted.ok) return { ok: false, error: 'too_many' };
    const theirs = (await this.#grants()).filter(({ grant }) => grant.app === app && grant.account === account);
    const oldest = theirs.sort((a, b) => a.grant.at - b.grant.at).slice(0, Math.max(0, theirs.length - liveTokens + 1));
    for (const { id } of oldest) await this.#drop(id);
    const name = (await this.find(app))?.name ?? 'app';
    const made = await this.#accounts.createToken(account, `app ${name}`, hubScopes(scopes), access, expires);
    if (!made.ok) return { ok: false, error: 'invalid_grant' };
    const refresh = lives === yearMs ? this.#hub.world.secret() : '';
    const grant = { app, account, scopes, refresh: refresh === '' ? '' : hash(refresh), at: now, token: hash(access) };
    await rewrite(this.#hub, grantsChannel, made.token.id, () => ({ ok: true, value: grant }));
    return { ok: true, issued: { access, refresh, expires, account, scopes } };
  }

  async #drop(id: string): Promise<void> {
    await rewrite<undefined>(this.#hub, grantsChannel, id, () => ({ ok: true, value: undefined }));
    await this.#accounts.revoke(id);
  }

  async #all(): Promise<readonly App[]> {
    const { items } = (await this.#hub.cachedChannel(appsChannel)).view;
    return [...items].map(([id, { value }]): App => ({ ...JSON.parse(value), id }));
  }

  async #grants(): Promise<readonly { readonly id: string; readonly token: string; readonly grant: Grant }[]> {
    const { items } = (await this.#hub.cachedChannel(grantsChannel)).view;
    return [...items]
      .filter(([id]) => !id.startsWith('issued '))
      .map(([id, { value }]) => {
        const grant: Grant & { readonly token: string } = JSON.parse(value);
        return { id, token: grant.token, grant };
      });
  }
}

/** Written by this file alone. */
function isCode(said: unknown): said is Code {
  return isObject(said) && typeof said['until'] === 'number';
}

/** Without the prefixes that tell people what kind of secret it is. */
function hash(secret: string): string {
  const bare = secret.trim().replace(/^waka_(?:tok|ref|sec)_/, '');
  return createHash('sha256').update(bare).digest('hex');
}

/** What a browser may be sent to: no scripts, no files, and no fragment, because tokens travel in one. */
function isRedirect(uri: string): boolean {
  if (uri.length > 2_000 || uri.includes('#') || !URL.canParse(uri)) return false;
  const { protocol, username } = new URL(uri);
  return username === '' && !['javascript:', 'data:', 'vbscript:', 'file:', 'blob:', 'about:'].includes(protocol);
}

function shown({ id, name, secret, redirects, at }: App) {
  return { id, name, redirect_uris: redirects, is_confidential: secret !== '', created_at: iso(at * 1_000) };
}

/** Registering apps is Horai's own: WakaTime does it on its web site. */
export function appEndpoints(apps: Apps): readonly Endpoint[] {
  return [
    {
      method: 'GET',
      path: 'oauth_apps',
      answer: async ({ person }) => json(200, { data: (await apps.of(person.account)).map(shown) }),
    },
    {
      method: 'POST',
      path: 'oauth_apps',
      async answer({ person, request }) {
        const said = saidIn(request);
        const uris: unknown = said['redirect_uris'];
        const redirects = Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : [];
        const keepsSecret = said['is_confidential'] !== false;
        const made = await apps.register(person.account, { name: textIn(said, 'name', 100), redirects, keepsSecret });
        if (!made.ok) return answered(made);
        const { app, secret } = made.value;
        const told = secret === '' ? null : `waka_sec_${secret}`;
        return json(201, { data: { ...shown(app), client_id: app.id, client_secret: told } });
      },
    },
    {
      method: 'DELETE',
      path: 'oauth_apps/:app',
      answer: async ({ person, request }) => answered(await apps.drop(person.account, param(request, 'app'))),
    },
  ];
}
