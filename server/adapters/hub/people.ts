// The accounts of the hub for its administrators: who is here, what they store, and whether they still use it.

import { Type } from '@sinclair/typebox';
import { refuse } from '../../../protocol/errors.ts';
import { isAdmin } from '../../core/access.ts';
import { type Account, ownerName } from '../../core/accounts.ts';
import type { Hub } from '../../core/hub.ts';
import type { OwnerUsage } from '../../core/limited-store.ts';
import { mapEach } from '../../core/list-pieces.ts';
import { type AuthenticationDeps, authenticate } from '../../http/authenticate.ts';
import { refusalReply } from '../../http/error-boundary.ts';
import { listReply } from '../../http/pieces-reply.ts';
import type { ChunkedReply, Reply, Request, Route } from '../../http/types.ts';

export interface PeopleDeps extends AuthenticationDeps {
  readonly hub: Hub;
  readonly usage: (owner: string) => Promise<OwnerUsage>;
}

const noStore = { 'cache-control': 'no-store' };
const millis = Type.Number({ description: 'milliseconds since 1970' });
const PeopleView = Type.Object({
  people: Type.Array(
    Type.Object({
      account: Type.String(),
      created: millis,
      used: Type.Union([millis, Type.Null()], { description: 'the last use of any of its tokens, to the hour' }),
      admin: Type.Boolean(),
      tokens: Type.Integer(),
      sessions: Type.Integer({ description: 'browsers that are signed in' }),
      connections: Type.Integer({ description: 'open now' }),
      channels: Type.Integer(),
      items: Type.Integer(),
      bytes: Type.Integer({ description: 'as the limit `account_bytes` counts them' }),
    }),
  ),
});

export function peopleRoutes(deps: PeopleDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/-/people',
      doc: {
        summary: 'Lists the accounts with what they store and when they were last used',
        tag: 'Signing in',
        scope: 'admin',
        responses: { 200: { description: 'By name.', schema: PeopleView } },
      },
      handle: (request) => listPeople(deps, request),
    },
    {
      method: 'GET',
      path: '/-/people/:account',
      doc: {
        summary: 'Lists the tokens and sessions of one account, without their secrets',
        tag: 'Signing in',
        scope: 'admin',
        params: { account: 'The name of the account.' },
        responses: { 200: { description: 'Its tokens.' }, 404: { description: 'No such account.' } },
      },
      handle: async (request) => listTokensOf(deps, request),
    },
  ];
}

async function listPeople(deps: PeopleDeps, request: Request): Promise<Reply | ChunkedReply> {
  const refusal = refuseMember(deps, request);
  if (refusal !== undefined) return refusal;
  const accounts = [...deps.accounts.list()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return listReply('people', describePeople(deps, accounts), noStore);
}

async function* describePeople(deps: PeopleDeps, accounts: readonly Account[]) {
  for (const account of accounts) yield await describePerson(deps, account);
}

async function describePerson({ hub, accounts, usage }: PeopleDeps, { name, created }: Account) {
  const tokens = accounts.tokens(name);
  const { channels, items, bytes } = await usage(name);
  const used = Math.max(...tokens.map((token) => token.used ?? 0), 0);
  return {
    account: name,
    created,
    used: used === 0 ? null : used,
    admin: name === ownerName || tokens.some(({ scopes }) => scopes.includes('admin')),
    tokens: tokens.filter(({ kind }) => kind === undefined).length,
    sessions: tokens.filter(({ kind }) => kind === 'session').length,
    connections: [...hub.sessions].filter(({ identity }) => identity.account === name).length,
    channels,
    items,
    bytes,
  };
}

async function listTokensOf(deps: PeopleDeps, request: Request): Promise<Reply | ChunkedReply> {
  const refusal = refuseMember(deps, request);
  if (refusal !== undefined) return refusal;
  const account = request.params.get('account') ?? '';
  if (!deps.accounts.isAccount(account))
    return refusalReply(refuse('not_found', 'account', 'list them: GET /-/people'));
  const tokens = mapEach(deps.accounts.eachToken(account), ({ kind = 'token', from: _, ...token }) => ({
    ...token,
    kind,
  }));
  return listReply('tokens', tokens, noStore);
}

function refuseMember(deps: PeopleDeps, request: Request): Reply | undefined {
  const admitted = authenticate(deps, request);
  if (!admitted.ok) return refusalReply(admitted);
  return isAdmin(admitted.identity) ? undefined : refusalReply(refuse('forbidden', '', 'this needs the scope admin'));
}
