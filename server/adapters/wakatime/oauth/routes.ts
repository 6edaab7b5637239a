// OAuth 2 over HTTP, at the root of the site as WakaTime has it: the approval page, the exchange of codes for tokens, and revocation.
// apps.ts stores codes, tokens and apps; page.ts has the markup. The hub has no passwords and no cookies: a person pastes a token into
// the form, so another page cannot submit the form in their name.

import type { Accounts } from '../../../core/accounts.ts';
import { json, type Reply, type Request, type Route } from '../../../http/types.ts';
import { type Authorizer, accountId } from '../auth/authorize.ts';
import { parseBody } from '../ingest/parse-body.ts';
import { formatIso } from '../model/calendar.ts';
import { isObject } from '../model/heartbeat.ts';
import { mayGrant, parseScopes } from '../model/scopes.ts';
import { type IssuedToken, isRedirect, type OauthApp, type OauthApps, type TokenExchange } from './apps.ts';
import { approvalPage, messagePage, pageHeaders } from './page.ts';

const authorizePath = '/oauth/authorize';

/** An app's request for approval, parsed and checked. */
interface ApprovalRequest {
  readonly app: OauthApp;
  readonly redirect: string;
  readonly type: 'code' | 'token';
  readonly scopes: readonly string[];
  readonly state: string;
  readonly challenge: string;
}

type ParsedApproval =
  | { readonly ok: true; readonly asked: ApprovalRequest }
  | { readonly ok: false; readonly reply: Reply };

const fields = [
  'client_id',
  'response_type',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
];

/** `page` has the approval page, `api` the exchange and revocation of tokens, which pages of any origin may call. */
export function oauthRoutes(authorizer: Authorizer, accounts: Accounts, apps: OauthApps) {
  const page: readonly Route[] = [
    {
      method: 'GET',
      path: authorizePath,
      async handle(request) {
        const query = new URLSearchParams(request.query);
        const parsed = await parseApprovalRequest(apps, query);
        return parsed.ok ? approval(request, parsed.asked, query, '') : parsed.reply;
      },
    },
    {
      method: 'POST',
      path: authorizePath,
      async handle(request) {
        if (!authorizer.isTrustedPage(request)) return message(403, 'This form was sent by another site.');
        const form = new URLSearchParams(request.body.toString());
        const parsed = await parseApprovalRequest(apps, form);
        if (!parsed.ok) return parsed.reply;
        const { asked } = parsed;
        if (form.get('answer') !== 'allow') return sendBack(asked, { error: 'access_denied' });
        const secret = (form.get('token') ?? '').trim().toLowerCase();
        const identified = accounts.identify(secret, '', request.address, request.client);
        if (!identified.ok) return approval(request, asked, form, 'The hub does not know this token.', 401);
        const { identity } = identified;
        if (!mayGrant(identity, asked.scopes)) {
          const problem = 'This token does not have all of these rights: paste one that may read and write.';
          return approval(request, asked, form, problem, 403);
        }
        const { app, redirect, scopes, challenge } = asked;
        const allowed = { app: app.id, account: identity.account, scopes, redirect, challenge };
        if (asked.type === 'code') return sendBack(asked, { code: await apps.allow(allowed) });
        const granted = await apps.grant(allowed);
        if (!granted.ok) return sendBack(asked, { error: 'temporarily_unavailable' });
        return sendBack(asked, describeToken(granted.issued, authorizer.hub.world.now()));
      },
    },
  ];

  const api: readonly Route[] = [
    {
      method: 'POST',
      path: '/oauth/token',
      async handle(request) {
        const input = formOf(request);
        const app = await appOf(apps, request, input);
        if (app === undefined) return replyForm(request, 401, { error: 'invalid_client' });
        const exchanged = await exchange(apps, app, input);
        if (exchanged === undefined) return replyForm(request, 400, { error: 'unsupported_grant_type' });
        if (!exchanged.ok)
          return replyForm(request, exchanged.error === 'too_many' ? 429 : 400, { error: exchanged.error });
        return replyForm(request, 200, describeToken(exchanged.issued, authorizer.hub.world.now()));
      },
    },
    {
      method: 'POST',
      path: '/oauth/revoke',
      async handle(request) {
        const input = formOf(request);
        const app = await appOf(apps, request, input);
        const user = input.get('user_id') ?? '';
        if (app !== undefined && input.has('token')) await apps.revokeSecret(app, input.get('token') ?? '');
        // Without the token itself only an app that proves by its secret who it is may revoke: anybody knows the id of another one.
        else if (app !== undefined && app.secret !== '' && (input.get('all') === 'true' || user !== '')) {
          await apps.revoke(app.id, ({ account }) => user === '' || user === account || user === accountId(account));
        }
        // The answer is the same whether or not there was anything to revoke.
        return json(200, {}, { 'cache-control': 'no-store' });
      },
    },
  ];
  return { page, api };
}

function exchange(apps: OauthApps, app: OauthApp, input: URLSearchParams): Promise<TokenExchange> | undefined {
  const get = (name: string): string => input.get(name) ?? '';
  switch (get('grant_type')) {
    case 'authorization_code':
      return apps.exchange(app, get('code'), get('redirect_uri'), get('code_verifier'));
    case 'refresh_token':
      return apps.refresh(app, get('refresh_token'));
    default:
      return undefined;
  }
}

/** Parses and checks an authorization request. It redirects only to addresses that the app has registered. */
async function parseApprovalRequest(apps: OauthApps, query: URLSearchParams): Promise<ParsedApproval> {
  const get = (name: string): string => query.get(name) ?? '';
  const app = await apps.find(get('client_id'));
  if (app === undefined) return { ok: false, reply: message(400, 'No app with this client_id is registered here.') };
  const redirect = get('redirect_uri');
  // Addresses of earlier versions are checked by today's rules.
  if (!app.redirects.includes(redirect) || !isRedirect(redirect)) {
    return { ok: false, reply: message(400, `“${app.name}” has not registered this redirect_uri.`) };
  }
  const type = get('response_type') === 'token' ? 'token' : 'code';
  const asked = { app, redirect, type, scopes: [], state: get('state'), challenge: get('code_challenge') } as const;
  const refuseWith = (error: string): ParsedApproval => ({ ok: false, reply: sendBack(asked, { error }) });
  if (!['code', 'token'].includes(get('response_type'))) return refuseWith('unsupported_response_type');
  const scopes = parseScopes(get('scope'));
  if (scopes === undefined) return refuseWith('invalid_scope');
  // S256 only: a plain challenge protects nothing. An app without a secret must send one.
  if (asked.challenge !== '' && (get('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(asked.challenge))) {
    return refuseWith('invalid_request');
  }
  if (type === 'code' && asked.challenge === '' && app.secret === '') return refuseWith('invalid_request');
  return { ok: true, asked: { ...asked, scopes } };
}

/** Redirects to the app. Tokens are sent in the fragment, which browsers do not send to servers. */
function sendBack(
  { redirect, state, type }: Pick<ApprovalRequest, 'redirect' | 'state' | 'type'>,
  input: object,
): Reply {
  const answer = formFrom(input);
  if (state !== '') answer.set('state', state);
  const separator = type === 'token' ? '#' : redirect.includes('?') ? '&' : '?';
  return { status: 303, headers: { ...pageHeaders(redirect), location: `${redirect}${separator}${answer}` }, body: '' };
}

function approval(
  { base = '' }: Request,
  { app, redirect, scopes }: ApprovalRequest,
  query: URLSearchParams,
  problem: string,
  status = 200,
): Reply {
  const hiddenFields = fields.flatMap((name) => (query.has(name) ? [[name, query.get(name) ?? ''] as const] : []));
  return {
    status,
    headers: pageHeaders(redirect),
    body: approvalPage({ app: app.name, redirect, scopes, action: `${base}${authorizePath}`, hiddenFields, problem }),
  };
}

function message(status: number, text: string): Reply {
  return { status, headers: pageHeaders(undefined), body: messagePage(text) };
}

/** The calling app, if its secret is right. The secret is in the form or, as the standard prefers, in the header. */
async function appOf(
  apps: OauthApps,
  { authorization }: Request,
  input: URLSearchParams,
): Promise<OauthApp | undefined> {
  const [, credentials = ''] = /^Basic\s+(\S+)$/i.exec(authorization) ?? [];
  const [id = '', secret = ''] = credentials === '' ? [] : Buffer.from(credentials, 'base64').toString().split(':', 2);
  const app = await apps.find(id || (input.get('client_id') ?? ''));
  return app !== undefined && apps.knows(app, secret || (input.get('client_secret') ?? '')) ? app : undefined;
}

/** The fields of a form, or of JSON as some libraries send it. */
function formOf({ body }: Request): URLSearchParams {
  const input = parseBody(body);
  if (!isObject(input)) return new URLSearchParams(body.toString());
  return formFrom(input);
}

function formFrom(input: object): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) form.set(name, String(value));
  return form;
}

function describeToken({ access, refresh, expires, account, scopes }: IssuedToken, now: number) {
  return {
    access_token: `waka_tok_${access}`,
    ...(refresh === '' ? {} : { refresh_token: `waka_ref_${refresh}` }),
    token_type: 'bearer',
    expires_in: Math.round((expires - now) / 1_000),
    expires_at: formatIso(expires * 1_000),
    scope: scopes.join(' '),
    uid: accountId(account),
  };
}

/** Replies with a form, as WakaTime does, or with JSON if the request accepts it. */
function replyForm(request: Request, status: number, input: object): Reply {
  const headers = { 'cache-control': 'no-store', pragma: 'no-cache' };
  if (/json/.test(request.headers.get('accept') ?? '')) return json(status, input, headers);
  const body = formFrom(input).toString();
  return { status, headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body };
}
