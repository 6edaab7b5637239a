// Authenticates an HTTP request by the token in `Authorization`, or by the session of the page that sent it; a personal hub also accepts
// a request without either. A token in the URL is not read here: the one adapter whose tools send it reads it itself.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import { allScopes, type Identity } from '../core/access.ts';
import { type Accounts, ownerName } from '../core/accounts.ts';
import { isFromOtherSite } from './browser-defences.ts';
import type { Caller } from './types.ts';

export interface AuthenticationDeps {
  readonly accounts: Accounts;
  /** True if a request without a token is the owner's. */
  readonly personal: boolean;
  /** True if a browser may send this from another site and it is still the owner's: the extensions of watchers, and pages that are listed. */
  readonly mayCross?: (request: Caller) => boolean;
}

export type AuthenticationResult = { readonly ok: true; readonly identity: Identity } | Refusal;

/** Failed tokens are counted by the caller's address. A request without a token is refused, but does not count as a failure. */
export function authenticate(trust: AuthenticationDeps, caller: Caller): AuthenticationResult {
  if (caller.authorization === '') {
    const identity = identifyPage(trust.accounts, caller);
    if (identity !== undefined) return { ok: true, identity };
    return isOwners(trust, caller)
      ? { ok: true, identity: { account: ownerName, device: '', token: '', scopes: allScopes } }
      : refuse('login_first', '', 'send `Authorization: Bearer <token>`; `horai token create` makes one');
  }
  return trust.accounts.identify(secretOf(caller.authorization), '', caller.address, caller.client);
}

/** The identity of the session of the hub's own page that sent this; undefined if no page did, or it has no session. */
export function identifyPage(accounts: Accounts, { page, address, client = '' }: Caller): Identity | undefined {
  return page === undefined || page.session === ''
    ? undefined
    : accounts.identifySession(page.session, '', { address, client });
}

/** True if a request without a token is the owner's: on a personal hub, unless a page of another site made the browser send it. */
function isOwners({ personal, mayCross }: AuthenticationDeps, caller: Caller): boolean {
  return personal && (!isFromOtherSite(caller) || mayCross?.(caller) === true);
}

/** `Bearer secret`, `Basic base64(secret)` or `Basic base64(secret:)`; '' for anything else, which is nobody's secret. */
function secretOf(authorization: string): string {
  const [, scheme, credentials] = /^(\S+) +(\S+)$/.exec(authorization.trim()) ?? [];
  if (scheme === undefined || credentials === undefined) return '';
  if (scheme.toLowerCase() === 'bearer') return credentials;
  if (scheme.toLowerCase() !== 'basic') return '';
  return Buffer.from(credentials, 'base64').toString().replace(/:$/, '');
}
