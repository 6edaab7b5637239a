// The HTTP of signing in and out, and of what a person manages on the pages: their tokens, one-time links, invitations. All of it works
// for programs with a token too, except for the session itself, which is a browser's.

import { type Static, Type } from '@sinclair/typebox';
import { type Check, compile } from '../../../protocol/check.ts';
import { type Refusal, refuse } from '../../../protocol/errors.ts';
import { covers, type Identity, isAdmin, mayReadAccount } from '../../core/access.ts';
import type { Token } from '../../core/accounts.ts';
import { authenticate } from '../../http/authenticate.ts';
import { refusalReply, refusedReply } from '../../http/error-boundary.ts';
import type { OpenLink } from '../../http/links.ts';
import { beginSession, endSession, isPerson, type PageSessionDeps, sessionMs } from '../../http/page-sessions.ts';
import { sessionCookie } from '../../http/session-cookie.ts';
import { json, type Reply, type Request, type Route, type RouteDoc } from '../../http/types.ts';

const dayMs = 86_400_000;
const noStore = { 'cache-control': 'no-store' };
const clientScopes = ['read', 'write'] as const;

const Secret = Type.String({ minLength: 1, maxLength: 256 });
const CredentialBody = Type.Union([
  Type.Object({ token: Secret }),
  Type.Object({ link: Secret }),
  Type.Object({ sign_up: Type.Literal(true) }),
]);
const TokenBody = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100 }),
  scopes: Type.Array(Type.String({ maxLength: 240 }), { minItems: 1, maxItems: 100 }),
  /** From now on; without it, the token does not expire. */
  days: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 3_660 })),
});
const LinkBody = Type.Union([
  Type.Object({ kind: Type.Literal('pairing') }),
  Type.Object({ kind: Type.Literal('login'), account: Type.String() }),
  Type.Object({ kind: Type.Literal('invitation'), account: Type.String() }),
]);
type CredentialBody = Static<typeof CredentialBody>;
type TokenBody = Static<typeof TokenBody>;
type LinkBody = Static<typeof LinkBody>;

const checks = { credential: compile(CredentialBody), token: compile(TokenBody), link: compile(LinkBody) };
const tag = 'Signing in';

const docs = {
  session: {
    tag,
    scope: 'none',
    summary: 'Tells a page who it is: the account, what it may do, and until when',
    description: '`account` is null for a browser that is not signed in.',
    responses: { 200: { example: { account: 'ann', scopes: ['read', 'write'], admin: false, personal: false } } },
  },
  begin: {
    tag,
    scope: 'none',
    summary: 'Signs a browser in with a token, with the code of a one-time link, or by signing up',
    description:
      'Only for the hub’s own pages: the session is a cookie that no script can read. Programs send their token with each request.',
    body: { schema: CredentialBody },
    responses: { 201: { description: 'Signed in; the cookie is in `Set-Cookie`.' }, 401: { description: 'Wrong.' } },
  },
  end: {
    tag,
    scope: 'none',
    summary: 'Signs a browser out: its session ends on every node, with its connections',
    responses: { 204: { description: 'Signed out.' } },
  },
  tokens: {
    tag,
    scope: 'read',
    summary: 'Lists the tokens and sessions of the account, without their secrets',
    responses: { 200: { description: '`current` is the one that asks.' } },
  },
  makeToken: {
    tag,
    scope: 'admin',
    summary: 'Makes a token of the account; its secret is shown once',
    description: 'A session may do this too. The token can do no more than whoever makes it.',
    body: { schema: TokenBody, example: { name: 'laptop', scopes: ['read:wakatime', 'write:wakatime'] } },
    responses: { 201: { description: 'The token, with its secret.' } },
  },
  revokeToken: {
    tag,
    scope: 'admin',
    summary: 'Revokes a token or session of the account and closes its connections',
    description: 'A session may do this too, and every token may revoke itself. An administrator may revoke any.',
    params: { id: 'The id of the token, as the list has it.' },
    responses: { 204: { description: 'Revoked.' } },
  },
  links: {
    tag,
    scope: 'admin',
    summary: 'Lists the one-time links that nobody has used yet',
    responses: { 200: { description: 'Without their codes.' } },
  },
  makeLink: {
    tag,
    scope: 'admin',
    summary: 'Makes a one-time link: to pair a phone, to invite a person, or to sign an account in',
    description:
      'The link is `/sign-in#<code>`. A session may pair a phone, which can then do what the session can. The others are for administrators; an invitation makes the account if there is none of that name.',
    body: { schema: LinkBody, example: { kind: 'invitation', account: 'bob' } },
    responses: { 201: { description: 'The code, shown once, and when it expires.' } },
  },
  removeLink: {
    tag,
    scope: 'admin',
    summary: 'Takes a one-time link back',
    params: { id: 'The id of the link, as the list has it.' },
    responses: { 204: { description: 'Taken back.' } },
  },
} as const satisfies Record<string, RouteDoc>;

type Handler = (deps: PageSessionDeps, request: Request) => Promise<Reply>;

const table: readonly { readonly method: string; readonly path: string; readonly doc: RouteDoc; handle: Handler }[] = [
  { method: 'GET', path: '/-/session', doc: docs.session, handle: showSession },
  { method: 'POST', path: '/-/session', doc: docs.begin, handle: signIn },
  { method: 'DELETE', path: '/-/session', doc: docs.end, handle: signOut },
  { method: 'GET', path: '/-/tokens', doc: docs.tokens, handle: listTokens },
  { method: 'POST', path: '/-/tokens', doc: docs.makeToken, handle: makeToken },
  { method: 'DELETE', path: '/-/tokens/:id', doc: docs.revokeToken, handle: revokeToken },
  { method: 'GET', path: '/-/links', doc: docs.links, handle: listLinks },
  { method: 'POST', path: '/-/links', doc: docs.makeLink, handle: makeLink },
  { method: 'DELETE', path: '/-/links/:id', doc: docs.removeLink, handle: removeLink },
];

export function sessionRoutes(deps: PageSessionDeps): readonly Route[] {
  return table.map(({ handle, ...row }) => ({ ...row, handle: (request) => handle(deps, request) }));
}

async function showSession(deps: PageSessionDeps, request: Request): Promise<Reply> {
  const admitted = authenticate(deps, request);
  const { personal, signup } = deps;
  const known = admitted.ok ? describeSession(deps, admitted.identity) : { account: null };
  return json(200, { ...known, personal, signup }, noStore);
}

function describeSession({ accounts }: PageSessionDeps, identity: Identity): object {
  const { account, token, scopes } = identity;
  const expires = accounts.tokens(account).find(({ id }) => id === token)?.expires ?? null;
  return { account, scopes, admin: isAdmin(identity), token, expires };
}

async function signIn(deps: PageSessionDeps, request: Request): Promise<Reply> {
  if (request.page === undefined) return refusalReply(onlyPages);
  const credential = readBody<CredentialBody>(request, checks.credential);
  if (credential === undefined) return wrongBody('{"token": "…"} or {"link": "…"}');
  const begun = await beginSession(deps, request, credential);
  if (!begun.ok) return refusalReply(begun);
  const { account, id, scopes, expires } = begun.token;
  const known = describeSession(deps, { account, token: id, scopes, device: '' });
  const seconds = Math.floor(((expires ?? deps.hub.world.now() + sessionMs) - deps.hub.world.now()) / 1_000);
  const cookie = sessionCookie(request, begun.secret, seconds);
  return json(201, { ...known, personal: deps.personal, signup: deps.signup }, { ...noStore, 'set-cookie': cookie });
}

async function signOut(deps: PageSessionDeps, request: Request): Promise<Reply> {
  if (request.page === undefined) return refusalReply(onlyPages);
  await endSession(deps, request);
  // Browsers do this on https and on their own machine; the page itself removes what it stored everywhere. Below a path, the hub shares its
  // origin with others, whose storage it leaves alone.
  const clearing = request.base === undefined ? { 'clear-site-data': '"storage"' } : {};
  const headers = { ...noStore, 'set-cookie': sessionCookie(request, '', 0), ...clearing };
  return { status: 204, headers, body: '' };
}

async function listTokens(deps: PageSessionDeps, request: Request): Promise<Reply> {
  const admitted = authenticate(deps, request);
  if (!admitted.ok) return refusalReply(admitted);
  if (!mayReadAccount(admitted.identity)) return refusedReply('forbidden', 'this needs a token with the scope read');
  const { account, token } = admitted.identity;
  const tokens = deps.accounts.tokens(account).map((one) => ({ ...describeToken(one), current: one.id === token }));
  return json(200, { tokens }, noStore);
}

async function makeToken(deps: PageSessionDeps, request: Request): Promise<Reply> {
  const admitted = admitPerson(deps, request);
  if (!admitted.ok) return refusalReply(admitted);
  const body = readBody<TokenBody>(request, checks.token);
  if (body === undefined) return wrongBody('{"name": "laptop", "scopes": ["read", "write"], "days": 90}');
  const { identity } = admitted;
  const beyond = body.scopes.find((scope) => !covers(identity, scope));
  if (beyond !== undefined)
    return refusalReply(refuse('forbidden', '', `you may not give ${beyond}: you do not have it`));
  const extras = body.days === undefined ? {} : { expires: deps.hub.world.now() + body.days * dayMs };
  const made = await deps.accounts.createToken(identity.account, body.name, body.scopes, undefined, extras);
  return made.ok ? json(201, { secret: made.secret, token: describeToken(made.token) }, noStore) : refusalReply(made);
}

async function revokeToken(deps: PageSessionDeps, request: Request): Promise<Reply> {
  const admitted = authenticate(deps, request);
  if (!admitted.ok) return refusalReply(admitted);
  const { identity } = admitted;
  const id = request.params.get('id') ?? '';
  if (id !== identity.token && !isPerson(deps.accounts, identity)) return refusalReply(onlyPersons);
  const revoked = await deps.accounts.revoke(id, isAdmin(identity) ? undefined : identity.account);
  return revoked.ok ? done : refusalReply(refuse('not_found', 'token', 'list them: GET /-/tokens'));
}

async function listLinks(deps: PageSessionDeps, request: Request): Promise<Reply> {
  const admitted = admitAdmin(deps, request);
  if (!admitted.ok) return refusalReply(admitted);
  const links = (await deps.links.list()).map(({ id, kind, account, expires }) => ({ id, kind, account, expires }));
  return json(200, { links }, noStore);
}

async function makeLink(deps: PageSessionDeps, request: Request): Promise<Reply> {
  const body = readBody<LinkBody>(request, checks.link);
  const admitted = body?.kind === 'pairing' ? admitPerson(deps, request) : admitAdmin(deps, request);
  if (!admitted.ok) return refusalReply(admitted);
  if (body === undefined) return wrongBody('{"kind": "pairing"} or {"kind": "invitation", "account": "bob"}');
  const { identity } = admitted;
  const made = await linkFor(deps, identity, body);
  return made.ok
    ? json(201, { code: made.code, id: made.id, kind: body.kind, expires: made.expires }, noStore)
    : refusalReply(made);
}

async function linkFor(
  { accounts, links }: PageSessionDeps,
  { account, scopes, token }: Identity,
  body: LinkBody,
): Promise<{ readonly ok: true; readonly code: string; readonly id: string; readonly expires: number } | Refusal> {
  if (body.kind === 'pairing') {
    const from = token === '' ? {} : { from: token };
    return { ok: true, ...(await links.make({ kind: 'pairing', account, scopes, ...from })) };
  }
  if (!accounts.isAccount(body.account)) {
    const added =
      body.kind === 'invitation'
        ? await accounts.addAccount(body.account)
        : refuse('not_found', 'account', body.account);
    if (!added.ok) return added;
  }
  return { ok: true, ...(await links.make({ kind: body.kind, account: body.account, scopes: clientScopes })) };
}

async function removeLink(deps: PageSessionDeps, request: Request): Promise<Reply> {
  const admitted = admitPerson(deps, request);
  if (!admitted.ok) return refusalReply(admitted);
  const { identity } = admitted;
  const id = request.params.get('id') ?? '';
  const isMine = (link: OpenLink) => isAdmin(identity) || link.account === identity.account;
  const count = await deps.links.remove((link) => link.id === id && isMine(link));
  return count > 0 ? done : refusalReply(refuse('not_found', 'link', 'it was used, or it has expired'));
}

const done: Reply = { status: 204, headers: noStore, body: '' };
const onlyPages = refuse(
  'forbidden',
  '',
  'sessions are for the hub’s own pages: a program sends `Authorization: Bearer <token>` with each request',
);
const onlyPersons = refuse(
  'forbidden',
  '',
  'this needs a browser that is signed in, or a token with the scope admin: a tool’s token makes no others',
);

type Admitted = { readonly ok: true; readonly identity: Identity } | Refusal;

function admitPerson(deps: PageSessionDeps, request: Request): Admitted {
  const admitted = authenticate(deps, request);
  return !admitted.ok || isPerson(deps.accounts, admitted.identity) ? admitted : onlyPersons;
}

function admitAdmin(deps: PageSessionDeps, request: Request): Admitted {
  const admitted = authenticate(deps, request);
  if (!admitted.ok || isAdmin(admitted.identity)) return admitted;
  return refuse('forbidden', '', 'this needs the scope admin');
}

function readBody<T>({ body }: Request, check: Check): T | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return isBody<T>(check, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The check is compiled from the schema that the type is of. */
function isBody<T>(check: Check, value: unknown): value is T {
  return check(value);
}

function wrongBody(example: string): Reply {
  return refusalReply(refuse('payload', '', `send ${example}`));
}

function describeToken({
  expires = null,
  kind = 'token',
  from: _,
  account: __,
  ...token
}: Omit<Token, 'expires' | 'kind'> & { readonly expires?: number | null; readonly kind?: string }): object {
  return { ...token, expires, kind };
}
