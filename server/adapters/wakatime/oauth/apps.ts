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
/** Refresh tokens of a family that are remembered after their use; older ones are refused like unknown ones. */
const mostSpent = 1_000;

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

/** The rights that a person approved on the page. */
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
  /** The family of the tokens that it was exchanged for. */
  readonly family?: string;
}

interface Grant {
  readonly app: string;
  readonly account: string;
  readonly scopes: readonly string[];
  /** The hash of the refresh token; '' without one. */
  readonly refresh: string;
  readonly at: number;
  /** All tokens that one approval led to, each refreshed from the one before; absent in grants of earlier versions. */
  readonly family?: string;
  /** The hashes of the refresh tokens of the family that were used. One that comes again was stolen, by its sender or from it. */
  readonly spent?: readonly string[];
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
      return failure(
        'redirect_uris must be a list of addresses such as https://example.org/callback: in ASCII, and without user name, password, fragment or script',
      );
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
    const [token, family] = [this.#hub.world.secret(), this.#hub.world.id()];
    let found: Code | undefined;
    const taken = await updateItem<Code>(this.#hub, codesChannel, hash(code), (before) => {
      found = isCode(before) ? before : undefined;
      if (found === undefined || found.app !== app.id || found.redirect !== redirect) return failure('invalid_grant');
      if (found.until <= this.#hub.world.now() || found.token !== undefined) return failure('invalid_grant');
      const challenge = verifier === '' ? '' : createHash('sha256').update(verifier).digest('base64url');
      return challenge === found.challenge
        ? { ok: true, value: { ...found, token: hash(token), family } }
        : failure('invalid_grant');
    });
    if (!taken.ok) {
      if (found?.app === app.id && found.token !== undefined) {
        const { family, token: stolen } = found;
        if (family !== undefined) await this.#endFamily(app.id, family);
        await this.revoke(app.id, (_, { token: its }) => its === stolen);
      }
      return { ok: false, error: 'invalid_grant' };
    }
    return this.#issue(app.id, { ...taken.value, family }, token, yearMs);
  }

  /** Issues a token without a code, for apps that run only in a page. It is valid for half a day and cannot be refreshed. */
  grant(allowed: AppApproval): Promise<TokenExchange> {
    const family = this.#hub.world.id();
    return this.#issue(allowed.app, { ...allowed, family }, this.#hub.world.secret(), implicitMs);
  }

  /**
   * Issues a new token for a refresh token. The old token and the old refresh token become invalid. A refresh token that was used
   * before ends all tokens of its family, because one of its two senders stole it (RFC 9700, 4.14.2).
   */
  async refresh(app: OauthApp, secret: string): Promise<TokenExchange> {
    const hashed = hash(secret);
    const grants = (await this.#grants()).filter(({ grant }) => grant.app === app.id);
    const replayed = grants.find(({ grant }) => grant.spent?.includes(hashed) === true);
    if (replayed?.grant.family !== undefined) await this.#endFamily(app.id, replayed.grant.family);
    const found = grants.find(({ grant }) => grant.refresh === hashed);
    if (found === undefined) return { ok: false, error: 'invalid_grant' };
    const { family = this.#hub.world.id() } = found.grant;
    const spent = [...(found.grant.spent ?? []), hashed].slice(-mostSpent);
    // Until the next grant is stored, this one knows that its refresh token was used.
    const used = { ...found.grant, token: found.token, refresh: '', family, spent };
    const taken = await updateItem<typeof used>(this.#hub, grantsChannel, found.id, (before) =>
      isObject(before) && before['refresh'] === hashed ? { ok: true, value: used } : failure('gone'),
    );
    // Another request used it at the same moment.
    if (!taken.ok) {
      await this.#endFamily(app.id, family);
      return { ok: false, error: 'invalid_grant' };
    }
    const ended = await this.#accounts.revoke(found.id);
    // If the account has revoked the token, nothing is refreshed.
    const next = { ...found.grant, family, spent };
    const issued: TokenExchange = ended.ok
      ? await this.#issue(app.id, next, this.#hub.world.secret(), yearMs)
      : { ok: false, error: 'invalid_grant' };
    await updateItem<undefined>(this.#hub, grantsChannel, found.id, () => ({ ok: true, value: undefined }));
    return issued;
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

  /** Revokes the tokens of a family, also one that is being issued at this moment. */
  async #endFamily(app: string, family: string): Promise<void> {
    const now = this.#hub.world.now();
    // An issue that began a day ago has long ended.
    for (const [key, { at }] of (await this.#hub.cachedChannel(grantsChannel)).view.items) {
      if (key.startsWith(endedKey('')) && at < now - 24 * hourMs) {
        await updateItem(this.#hub, grantsChannel, key, () => ({ ok: true, value: undefined }));
      }
    }
    await updateItem(this.#hub, grantsChannel, endedKey(family), () => ({ ok: true, value: now }));
    await this.revoke(app, (grant) => grant.family === family);
  }

  async #issue(
    app: string,
    { account, scopes, family, spent = [] }: Pick<Grant, 'account' | 'scopes' | 'spent'> & { readonly family: string },
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
    const made = await this.#accounts.createToken(account, `app ${name}`, toHubScopes(scopes), access, { expires });
    if (!made.ok) return { ok: false, error: 'invalid_grant' };
    const refresh = lives === yearMs ? this.#hub.world.secret() : '';
    const hashes = { refresh: refresh === '' ? '' : hash(refresh), token: hash(access) };
    const grant = { app, account, scopes, ...hashes, at: now, family, spent };
    await updateItem(this.#hub, grantsChannel, made.token.id, () => ({ ok: true, value: grant }));
    const { items } = (await this.#hub.cachedChannel(grantsChannel)).view;
    if (items.has(endedKey(family))) {
      await this.#drop(made.token.id);
      return { ok: false, error: 'invalid_grant' };
    }
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
      .filter(([id]) => !id.startsWith('issued ') && !id.startsWith('ended '))
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

function endedKey(family: string): string {
  return `ended ${family}`;
}

/** Schemes that run or show what the address itself contains, or open something on the device. */
const unsafeSchemes = new Set(
  (
    'javascript data vbscript livescript mocha jscript file filesystem blob about view-source jar mhtml mk its ms-its res resource ' +
    'chrome chrome-extension moz-extension edge intent content shell cid mid ws wss ftp'
  ).split(' '),
);

/**
 * True for an address that a browser may be sent to: no script and no file; no user name or password; no fragment, because tokens travel
 * in it; no control character, blank or backslash, which browsers drop or read as something else.
 */
export function isRedirect(uri: string): boolean {
  if (uri.length > 2_000 || !/^[\x21-\x7e]+$/.test(uri) || /[#\\<>"`{}|^]/.test(uri) || !URL.canParse(uri))
    return false;
  const { protocol, username, password, host } = new URL(uri);
  const scheme = protocol.slice(0, -1);
  if (username !== '' || password !== '' || unsafeSchemes.has(scheme)) return false;
  if (!/^https?$/.test(scheme)) return !/^[a-z][a-z0-9+.-]*:\/\/[^/]*@/i.test(uri);
  return host !== '' && /^https?:\/\/[^/?@]+(?:[/?]|$)/i.test(uri);
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
