// The verbs on tokens (rules A3): a person lists, names, limits and revokes the tokens of their account; an administrator, of all accounts.
// None of it gives anybody a right that they do not have.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Requests } from '../../protocol/messages.ts';
import { covers, type Identity, isAdmin, mayReadAccount } from '../core/access.ts';
import type { Accounts, Token, TokenChange } from '../core/accounts.ts';
import { mapEach } from '../core/list-pieces.ts';
import type { AnswerList } from './response-order.ts';

type TokenRequest = Requests['tokens' | 'revoke' | 'change-token'];
type TokenAnswer =
  | { readonly ok: true; readonly fields: object }
  | { readonly ok: true; readonly list: AnswerList }
  | Refusal;

export async function administerTokens(accounts: Accounts, who: Identity, request: TokenRequest): Promise<TokenAnswer> {
  const own = isAdmin(who) ? undefined : who.account;
  if (request.type === 'tokens') {
    const account = request.account ?? own;
    if (own !== undefined && (account !== own || !mayReadAccount(who)))
      return refuse('forbidden', '', 'this needs a token with the scope read; of other accounts, admin');
    return { ok: true, list: { name: 'tokens', entries: mapEach(accounts.eachToken(account), describeToken) } };
  }
  const isOwn = request.token === who.token;
  if (own !== undefined && !managesTokens(who) && !(isOwn && request.type === 'revoke'))
    return refuse('forbidden', '', 'this needs a token that may read and write; every token may revoke itself');
  if (request.type === 'revoke') {
    const revoked = await accounts.revoke(request.token, own);
    return revoked.ok ? { ok: true, fields: { token: request.token } } : revoked;
  }
  const { name, scopes, expires } = request;
  const change: TokenChange = {
    ...(name === undefined ? {} : { name }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(expires === undefined ? {} : { expires }),
  };
  const changed = await accounts.changeToken(request.token, (token) =>
    own === undefined ? { ok: true, ...change } : limitToken(own, token, change),
  );
  return changed.ok ? { ok: true, fields: { token: describeToken(changed.token) } } : changed;
}

/** True for a token that may do everything in its account: it may also limit and revoke the others. */
export function managesTokens({ scopes }: Identity): boolean {
  return scopes.includes('read') && scopes.includes('write');
}

/** A person takes rights away and brings an end closer; the other way, they make a new token. */
export function limitToken(
  account: string,
  token: Token,
  change: TokenChange,
): ({ readonly ok: true } & TokenChange) | Refusal {
  if (token.account !== account) return refuse('not_found', 'token', 'list them: {"type":"tokens"}');
  const beyond = change.scopes?.find(
    (scope) => !covers({ account, device: '', token: '', scopes: token.scopes }, scope),
  );
  if (beyond !== undefined) return refuse('forbidden', '', `the token does not have ${beyond}: make another one`);
  const end = token.expires ?? Number.POSITIVE_INFINITY;
  if (change.expires !== undefined && (change.expires ?? Number.POSITIVE_INFINITY) > end)
    return refuse('forbidden', '', 'the token ends before that: make another one');
  return { ok: true, ...change };
}

/** Without the token that a session was made with. */
export function describeToken({ from: _, ...token }: Token): object {
  return token;
}
