// The sessions of browsers: how one begins (with a token, a one-time link or a sign-up), what a page may know of it, and how it ends. A
// session is a token of the kind `session` in the account's list, so revoking it closes its connections on every node.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import { type Identity, isAdmin } from '../core/access.ts';
import type { Accounts, Token } from '../core/accounts.ts';
import type { Hub } from '../core/hub.ts';
import { identifyPage } from './authenticate.ts';
import type { Links } from './links.ts';
import type { Caller, Request } from './types.ts';

/** Milliseconds after which a person signs in again. */
export const sessionMs = 90 * 86_400_000;

export interface PageSessionDeps {
  readonly hub: Hub;
  readonly accounts: Accounts;
  readonly links: Links;
  readonly personal: boolean;
  readonly signup: 'open' | 'closed';
}

/** The values that a browser has for a session. */
export type Credential =
  | { readonly token: string }
  /** The code of a one-time link. */
  | { readonly link: string }
  | { readonly sign_up: true };

export interface BegunSession {
  readonly ok: true;
  readonly secret: string;
  readonly token: Token;
}

/**
 * Begins a session with a new secret: one that the browser brought along ends, and is never taken over (session fixation).
 * @param request of one of the hub's own pages
 */
export async function beginSession(
  deps: PageSessionDeps,
  request: Request,
  credential: Credential,
): Promise<BegunSession | Refusal> {
  const { accounts, hub } = deps;
  const before = identifyPage(accounts, request);
  const origin = await originOf(deps, request, credential);
  if (!origin.ok) return origin;
  const expires = Math.min(hub.world.now() + sessionMs, origin.expires ?? Number.POSITIVE_INFINITY);
  const from = origin.from === undefined ? {} : { from: origin.from };
  const name = browserName(request.headers.get('user-agent') ?? '');
  const extras = { kind: 'session', expires, ...from } as const;
  const made = await accounts.createToken(origin.account, name, origin.scopes, undefined, extras);
  if (made.ok) accounts.sessionBegan(made.token, request, 'token' in credential);
  if (made.ok && before !== undefined) await accounts.revoke(before.token);
  return made;
}

/** Ends the session of a page. */
export async function endSession({ accounts }: Pick<PageSessionDeps, 'accounts'>, caller: Caller): Promise<void> {
  const identity = identifyPage(accounts, caller);
  if (identity !== undefined) await accounts.revoke(identity.token);
}

/** True for a person at one of the hub's pages, and for administrators: they may make tokens and links. A tool's token may not. */
export function isPerson(accounts: Accounts, identity: Identity): boolean {
  if (isAdmin(identity)) return true;
  return accounts.tokens(identity.account).some(({ id, kind }) => id === identity.token && kind === 'session');
}

interface SessionOrigin {
  readonly ok: true;
  readonly account: string;
  readonly scopes: readonly string[];
  /** Milliseconds since 1970. */
  readonly expires?: number;
  readonly from?: string;
}

async function originOf(
  { accounts, links, signup }: PageSessionDeps,
  request: Request,
  credential: Credential,
): Promise<SessionOrigin | Refusal> {
  if ('link' in credential) {
    const link = await links.take(credential.link);
    const isGood =
      link !== undefined && (link.from === undefined || accounts.tokens().some(({ id }) => id === link.from));
    if (isGood) return { ok: true, account: link.account, scopes: link.scopes };
    return accounts.countFailure(request, 'unknown link')
      ? refuse('too_many', '', 'wait a minute')
      : refuse('login_first', '', 'this link was used, or it has expired: ask for another');
  }
  if ('sign_up' in credential) {
    if (signup === 'closed') return refuse('forbidden', '', 'sign-up is closed on this hub: ask its administrator');
    const made = await accounts.signUp('sign-up', request.address);
    return made.ok ? { ok: true, account: made.token.account, scopes: made.token.scopes, from: made.token.id } : made;
  }
  const known = accounts.identify(credential.token, '', request.address, request.client);
  if (!known.ok) return known;
  const { account, token, scopes } = known.identity;
  const expires = accounts.tokens(account).find(({ id }) => id === token)?.expires;
  return {
    ok: true,
    account,
    scopes,
    ...(token === '' ? {} : { from: token }),
    ...(expires === undefined ? {} : { expires }),
  };
}

const browsers = [
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['Firefox', 'Firefox'],
  ['Chrome', 'Chrome'],
  ['Safari', 'Safari'],
] as const;
const systems = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Mac OS', 'macOS'],
  ['Linux', 'Linux'],
] as const;

/** `Firefox on Linux`: the name of a session in the list of devices. */
export function browserName(userAgent: string): string {
  const find = (table: readonly (readonly [string, string])[]) => table.find(([sign]) => userAgent.includes(sign))?.[1];
  const [browser = 'A browser', system] = [find(browsers), find(systems)];
  return system === undefined ? browser : `${browser} on ${system}`;
}
