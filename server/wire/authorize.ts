// Who sends a request (rules L1 to L3, L6): turns a login, or a request without one, into an identity or a refusal. conversation.ts
// remembers it for the connection.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Requests, WireRequest } from '../../protocol/messages.ts';
import { allScopes, type Identity } from '../core/access.ts';
import { type Accounts, ownerName } from '../core/accounts.ts';
import { identifyPage } from '../http/authenticate.ts';
import type { Caller } from '../http/types.ts';

export interface AuthorizePolicy {
  readonly accounts: Accounts;
  /** True if the hub is bound to loopback: a request without a token belongs to the owner. */
  readonly personal: boolean;
  readonly signup: 'open' | 'closed';
}

export interface Speaker {
  readonly identity: Identity;
  /** The token as the client sent it, or as the hub made it; '' for the owner without a token. */
  readonly userId: string;
}

export type Admission = ({ readonly ok: true } & Speaker) | Refusal;

/** L1 to L3: the identity of a login, without its device. */
export function admitLogin(
  policy: AuthorizePolicy,
  caller: Caller,
  request: Requests['login'],
): Admission | Promise<Admission> {
  const secret = request.user_id || request.token || bearerOf(caller) || '';
  if (secret !== '') return admitSecret(policy, caller, secret, '', request.name);
  return caller.page === undefined
    ? admitWithoutToken(policy, request.name ?? 'kronos', caller.address)
    : admitPage(policy, caller, '');
}

/** L6: the identity of a request on a connection without a login. */
export function admitRequest(
  policy: AuthorizePolicy,
  caller: Caller,
  peerName: string,
  request: WireRequest,
): Admission {
  const device = request.device_id ?? '';
  const secret = request.user_id || bearerOf(caller);
  if (secret !== undefined) return admitSecret(policy, caller, secret, device);
  if (caller.page !== undefined) return admitPage(policy, caller, device || `by-hand-${peerName}`);
  if (!policy.personal) return refuse('login_first', '', 'log in first: {"type":"login","user_id":"<your token>"}');
  const name = device === '' ? `by-hand-${peerName}` : device;
  return { ok: true, identity: { account: ownerName, device: name, token: '', scopes: allScopes }, userId: '' };
}

/** L3.4: one of the hub's own pages is its session's, or the owner's on a personal hub. No secret is told to it. */
function admitPage({ accounts, personal }: AuthorizePolicy, caller: Caller, device: string): Admission {
  const known = identifyPage(accounts, caller);
  if (known !== undefined) return { ok: true, identity: { ...known, device }, userId: '' };
  if (!personal) return refuse('user_not_found', '', 'sign in: this browser has no session, or it has ended');
  return { ok: true, identity: { account: ownerName, device, token: '', scopes: allScopes }, userId: '' };
}

function admitSecret(
  { accounts }: AuthorizePolicy,
  { address, client = '' }: Caller,
  secret: string,
  device: string,
  name = '',
): Admission {
  const known = accounts.identify(secret, device, address, client || name);
  return known.ok ? { ok: true, identity: known.identity, userId: secret } : known;
}

/** L3: a login without a token. */
async function admitWithoutToken(
  { accounts, personal, signup }: AuthorizePolicy,
  name: string,
  address: string,
): Promise<Admission> {
  if (!personal && signup === 'closed') {
    return refuse(
      'user_not_found',
      '',
      'sign-up is closed on this hub: ask its administrator for a token and send it as user_id',
    );
  }
  const made = personal
    ? await accounts.createToken(ownerName, name, ['read', 'write'])
    : await accounts.signUp(name, address);
  if (!made.ok) return made;
  const { account, id, scopes } = made.token;
  return { ok: true, identity: { account, device: '', token: id, scopes }, userId: made.secret };
}

/** The token in the `Authorization` header of the handshake. */
function bearerOf({ authorization }: Caller): string | undefined {
  return /^Bearer (\S+)$/i.exec(authorization)?.[1];
}
