// Authenticates an HTTP request by the token in `Authorization`; a personal hub also accepts a request without one. A token in the URL
// is not read here: the one adapter whose tools send it reads it itself.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import { allScopes, type Identity } from '../core/access.ts';
import { type Accounts, ownerName } from '../core/accounts.ts';
import type { Caller } from './types.ts';

export interface AuthenticationDeps {
  readonly accounts: Accounts;
  /** Whether a request without a token is the owner's. */
  readonly personal: boolean;
}

export type AuthenticationResult = { readonly ok: true; readonly identity: Identity } | Refusal;

/** Failed tokens are counted by the caller's address. A request without a token is refused, but does not count as a failure. */
export function authenticate(trust: AuthenticationDeps, caller: Caller): AuthenticationResult {
  if (caller.authorization === '') {
    return trust.personal
      ? { ok: true, identity: { account: ownerName, device: '', token: '', scopes: allScopes } }
      : refuse('login_first', '', 'send `Authorization: Bearer <token>`; `horai token create` makes one');
  }
  return trust.accounts.identify(secretOf(caller.authorization), '', caller.address);
}

/** `Bearer secret`, `Basic base64(secret)` or `Basic base64(secret:)`; '' for anything else, which is nobody's secret. */
function secretOf(authorization: string): string {
  const [, scheme, credentials] = /^(\S+) +(\S+)$/.exec(authorization.trim()) ?? [];
  if (scheme === undefined || credentials === undefined) return '';
  if (scheme.toLowerCase() === 'bearer') return credentials;
  if (scheme.toLowerCase() !== 'basic') return '';
  return Buffer.from(credentials, 'base64').toString().replace(/:$/, '');
}
