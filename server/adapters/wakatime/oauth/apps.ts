// OAuth apps, codes that wait to be exchanged, and grants with their tokens. They are items of the hub's channels, which no client can
// read. Secrets, codes and refresh tokens are stored as hashes. routes.ts is the HTTP side.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Accounts } from '../../../core/accounts.ts';
import type { Hub } from '../../../core/hub.ts';
import { json } from '../../../http/types.ts';
import { type Endpoint, outcomeReply } from '../endpoint.ts';
import { formatIso } from '../model/calendar.ts';
import { isObject } from '../model/heartbeat.ts';
import { toHubScopes } from '../model/scopes.ts';
import { updateItem } from '../model/update-item.ts';
import { pathParam, readObject, readText } from '../request-fields.ts';
import { failure, type QueryOutcome } from '../stats/query.ts';

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

export interface OauthApp {
  readonly id: string;
  readonly name: string;
  /** The account that registered it, and may change or delete it. */
  readonly account: string;
  /** '' for an app that cannot keep a secret: it must use PKCE. */
  readonly secret: string;
  readonly redirects: readonly string[];
  readonly at: number;
}

/** What a person approved on the page. */
export interface AppApproval {
  readonly app: string;
  readonly account: string;
  readonly scopes: readonly string[];
  readonly redirect: string;
  /** PKCE: the SHA-256 of the verifier; '' without. */
  readonly challenge: string;
}

interface Code extends AppApproval {
  readonly until: number;
  /** The hash of the token that it was exchanged for. If the code is sent a second time, it was stolen. */
  readonly token?: string;
}

interface Grant {
  readonly app: string;
  readonly account: string;
  readonly scopes: readonly string[];
  /** The hash of the refresh token; '' without one. */
  readonly refresh: string;
  readonly at: number;
}

export interface IssuedToken {
  readonly access: string;
  /** '' without one. */
  readonly refresh: string;
  readonly expires: number;
  readonly account: string;
  readonly scopes: readonly string[];
}

export type TokenExchange =
  | { readonly ok: true; readonly issued: IssuedToken }
  | { readonly ok: false; readonly error: 'invalid_grant' | 'too_many' };

export class OauthApps {
  readonly #hub: Hub;
  readonly #accounts: Accounts;

  constructor(hub: Hub, accounts: Accounts) {
    this.#hub = hub;
    this.#accounts = accounts;
  }

  async find(id: string): Promise<OauthApp | undefined> {
    return (await this.#all()).find((app) => app.id === id);
  }

  async of(account: string): Promise<readonly OauthApp[]> {
    return (await this.#all()).filter((app) => app.account === account);
  }

  /**
   * Registers an app.
   * @returns the app and its secret, which is shown only here; '' for an app without one
   */
  async register(
    account: string,
    { name, redirects, keepsSecret }: { name: string; redirects: readonly string[]; keepsSecret: boolean },
  ): Promise<QueryOutcome<{ readonly app: OauthApp; readonly secret: string }>> {
    if (name === '') return failure('name is required');
    const bad = redirects.find((uri) => !isRedirect(uri));
    if (redirects.length === 0 || redirects.length > mostRedirects || bad !== undefined) {
      return failure('redirect_uris must be a list of addresses without a fragment');
    }
    if ((await this.of(account)).length >= mostApps) return failure(`at most ${mostApps} apps`);
    const [id, secret] = [this.#hub.world.secret(), keepsSecret ? this.#hub.world.secret() : ''];
    const app = { name, account, secret: secret === '' ? '' : hash(secret), redirects, at: this.#hub.world.now() };
    const written = await updateItem(this.#hub, appsChannel, id, () => ({ ok: true, value: app }));
    return written.ok ? { ok: true, value: { app: { id, ...app }, secret } } : written;
  }

  /** Deletes an app and all grants that people have given it. */
  async drop(account: string, id: string): Promise<QueryOutcome<object>> {
    const app = await this.find(id);
    if (app?.account !== account) return failure('no such app', 404);
    await updateItem(this.#hub, appsChannel, id, () => ({ ok: true, value: undefined }));
    await this.revoke(id, () => true);
    return { ok: true, value: { data: {} } };
  }

  /** True if the secret is the app's. An app without a secret sends none. */
  knows(app: OauthApp, secret: string): boolean {
    if (app.secret === '') return secret === '';
    return timingSafeEqual(Buffer.from(hash(secret)), Buffer.from(app.secret));
  }

  /** Creates a code. It is valid once and for two minutes. */
  async allow(allowed: AppApproval): Promise<string> {
    const code = this.#hub.world.secret();
    const now = this.#hub.world.now();
    const document = await this.#hub.cachedChannel(codesChannel);
    for (const [key, { value }] of document.view.items) {
      const old: Code = JSON.parse(value);
      if (old.until <= now) await updateItem(this.#hub, codesChannel, key, () => ({ ok: true, value: undefined }));
    }
    await updateItem(this.#hub, codesChannel, hash(code), () => ({
      ok: true,
      value: { ...allowed, until: now + codeMs },
    }));
    return code;
  }

  async exchange(app: OauthApp, code: string, redirect: string, verifier: string): Promise<TokenExchange> {
    const token = this.#hub.world.secret();
    let found: Code | undefined;
    const taken = await updateItem<Code>(this.#hub, codesChannel, hash(code), (before) => {
      found = isCode(before) ? before : undefined;
      if (found === undefined || found.app !== app.id || found.redirect !== redirect) return failure('invalid_grant');
      if (found.until <= this.#hub.world.now() || found.token !== undefined) return failure('invalid_grant');
      const challenge = verifier === '' ? '' : createHash('sha256').update(verifier).digest('base64url');
      return challenge === found.challenge
        ? { ok: true, value: { ...found, token: hash(token) } }
        : failure('invalid_grant');
    });
    if (!taken.ok) {
      const stolen = found?.app === app.id ? found.token : undefined;
      if (stolen !== undefined) await this.revoke(app.id, (_, { token: its }) => its === stolen);
      return { ok: false, error: 'invalid_grant' };
    }
    return this.#issue(app.id, taken.value, token, yearMs);
  }

  /** Issues a token without a code, for apps that run only in a page. It is valid for half a day and cannot be refreshed. */
  grant(allowed: AppApproval): Promise<TokenExchange> {
    return this.#issue(allowed.app, allowed, this.#hub.world.secret(), implicitMs);
  }

  /** Issues a new token for a refresh token. The old token and the old refresh token become invalid. */
  async refresh(app: OauthApp, secret: string): Promise<TokenExchange> {
    const hashed = hash(secret);
    const found = (await this.#grants()).find(({ grant }) => grant.app === app.id && grant.refresh === hashed);
    if (found === undefined) return { ok: false, error: 'invalid_grant' };
    // Of two concurrent requests with the same token, one succeeds.
    const taken = await updateItem<undefined>(this.#hub, grantsChannel, found.id, (before) =>
      before === undefined ? failure('gone') : { ok: true, value: undefined },
    );
    const ended = taken.ok ? await this.#accounts.revoke(found.id) : taken;
    // If the account has revoked the token, nothing is refreshed.
    if (!ended.ok) return { ok: false, error: 'invalid_grant' };
    return this.#issue(app.id, found.grant, this.#hub.world.secret(), yearMs);
  }

  /** Revokes tokens of an app, with their refresh tokens. */
  async revoke(
    app: string,
    which: (grant: Grant, its: { readonly id: string; readonly token: string }) => boolean,
  ): Promise<void> {
    for (const { id, token, grant } of await this.#grants()) {
      if (grant.app !== app || !which(grant, { id, token })) continue;
      await this.#drop(id);
    }
  }

  /** Revokes by an access token or a refresh token. */
  async revokeSecret(app: OauthApp, secret: string): Promise<void> {
    const hashed = hash(secret);
    await this.revoke(app.id, (grant, { token }) => token === hashed || grant.refresh === hashed);
  }

  async #issue(
    app: string,
    { account, scopes }: { readonly account: string; readonly scopes: readonly string[] },
    access: string,
    lives: number,
  ): Promise<TokenExchange> {
    const now = this.#hub.world.now();
    const expires = now + lives;
    const counted = await updateItem<readonly number[]>(this.#hub, grantsChannel, `issued ${account}`, (before) => {
      const recent = (Array.isArray(before) ? before : []).filter((at) => typeof at === 'number' && at > now - hourMs);
      return recent.length >= newAnHour ? failure('too many', 429) : { ok: true, value: [...recent, now] };
    });
    if (!counted.ok) return { ok: false, error: 'too_many' };
    const theirs = (await this.#grants()).filter(({ grant }) => grant.app === app && grant.account === account);
    const oldest = theirs.sort((a, b) => a.grant.at - b.grant.at).slice(0, Math.max(0, theirs.length - liveTokens + 1));
    for (const { id } of oldest) await this.#drop(id);
    const name = (await this.find(app))?.name ?? 'app';
    const made = await this.#accounts.createToken(account, `app ${name}`, toHubScopes(scopes), access, expires);
    if (!made.ok) return { ok: false, error: 'invalid_grant' };
    const refresh = lives === yearMs ? this.#hub.world.secret() : '';
    const grant = { app, account, scopes, refresh: refresh === '' ? '' : hash(refresh), at: now, token: hash(access) };
    await updateItem(this.#hub, grantsChannel, made.token.id, () => ({ ok: true, value: grant }));
    return { ok: true, issued: { access, refresh, expires, account, scopes } };
  }

  async #drop(id: string): Promise<void> {
    await updateItem<undefined>(this.#hub, grantsChannel, id, () => ({ ok: true, value: undefined }));
    await this.#accounts.revoke(id);
  }

  async #all(): Promise<readonly OauthApp[]> {
    const { items } = (await this.#hub.cachedChannel(appsChannel)).view;
    return [...items].map(([id, { value }]): OauthApp => ({ ...JSON.parse(value), id }));
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

/** Only this file writes the channel. */
function isCode(input: unknown): input is Code {
  return isObject(input) && typeof input['until'] === 'number';
}

/** Hashes a secret without the prefix that names its kind. */
function hash(secret: string): string {
  const bare = secret.trim().replace(/^waka_(?:tok|ref|sec)_/, '');
  return createHash('sha256').update(bare).digest('hex');
}

/** True for an address that a browser may be sent to: no script, no file, and no fragment, because tokens travel in it. */
function isRedirect(uri: string): boolean {
  if (uri.length > 2_000 || uri.includes('#') || !URL.canParse(uri)) return false;
  const { protocol, username } = new URL(uri);
  return username === '' && !['javascript:', 'data:', 'vbscript:', 'file:', 'blob:', 'about:'].includes(protocol);
}

function describeApp({ id, name, secret, redirects, at }: OauthApp) {
  return { id, name, redirect_uris: redirects, is_confidential: secret !== '', created_at: formatIso(at * 1_000) };
}

/** Endpoints to register apps are Horai's own: WakaTime registers them on its web site. */
export function appEndpoints(apps: OauthApps): readonly Endpoint[] {
  return [
    {
      method: 'GET',
      path: 'oauth_apps',
      answer: async ({ person }) => json(200, { data: (await apps.of(person.account)).map(describeApp) }),
    },
    {
      method: 'POST',
      path: 'oauth_apps',
      async answer({ person, request }) {
        const input = readObject(request);
        const uris: unknown = input['redirect_uris'];
        const redirects = Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : [];
        const keepsSecret = input['is_confidential'] !== false;
        const made = await apps.register(person.account, {
          name: readText(input, 'name', 100),
          redirects,
          keepsSecret,
        });
        if (!made.ok) return outcomeReply(made);
        const { app, secret } = made.value;
        const shownSecret = secret === '' ? null : `waka_sec_${secret}`;
        return json(201, { data: { ...describeApp(app), client_id: app.id, client_secret: shownSecret } });
      },
    },
    {
      method: 'DELETE',
      path: 'oauth_apps/:app',
      answer: async ({ person, request }) => outcomeReply(await apps.drop(person.account, pathParam(request, 'app'))),
    },
  ];
}
