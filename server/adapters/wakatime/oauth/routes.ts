// OAuth 2 over HTTP, at the root of the site as WakaTime has it: the approval page, the exchange of codes for tokens, and revocation.
// Codes, tokens and apps are apps.ts'; the markup is page.ts'. The hub has no passwords and no cookies: people prove who they are by
// pasting their token into the form, so no other page can press the button for them.

import type { Accounts } from '../../../core/accounts.ts';
import { json, type Reply, type Request, type Route } from '../../../http/types.ts';
import { type Authorizer, accountId } from '../auth/authorize.ts';
import { parseBody } from '../ingest/parse-body.ts';
import { formatIso } from '../model/calendar.ts';
import { isObject } from '../model/heartbeat.ts';
import { mayGrant, parseScopes } from '../model/scopes.ts';
import type { IssuedToken, OauthApp, OauthApps, TokenExchange } from './apps.ts';
import { approvalPage, messagePage, pageHeaders } from './page.ts';

/** What an app asks a person for. */
interface Wish {
  readonly app: OauthApp;
  readonly redirect: string;
  readonly type: 'code' | 'token';
  readonly scopes: readonly string[];
  readonly state: string;
  readonly challenge: string;
}

type Wished = { readonly ok: true; readonly wish: Wish } | { readonly ok: false; readonly reply: Reply };

const fields = [
  'client_id',
  'response_type',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
];

/** Pages of any origin may exchange a code that they were given. The approval page is for the person alone. */
export function oauthRoutes(authorizer: Authorizer, accounts: Accounts, apps: OauthApps) {
  const page: readonly Route[] = [
    {
      method: 'GET',
      path: '/oauth/authorize',
      async handle(request) {
        const query = new URLSearchParams(request.query);
        const wished = await wishOf(apps, query);
        return wished.ok ? approval(wished.wish, query, '') : wished.reply;
      },
    },
    {
      method: 'POST',
      path: '/oauth/authorize',
      async handle(request) {
        if (!authorizer.isTrustedPage(request)) return message(403, 'This form was sent by another site.');
        const form = new URLSearchParams(request.body.toString());
        const wished = await wishOf(apps, form);
        if (!wished.ok) return wished.reply;
        const { wish } = wished;
        if (form.get('answer') !== 'allow') return sendBack(wish, { error: 'access_denied' });
        const secret = (form.get('token') ?? '').trim().toLowerCase();
        const identified = accounts.identify(secret, '', request.address);
        if (!identified.ok) return approval(wish, form, 'The hub does not know this token.', 401);
        const { identity } = identified;
        if (!mayGrant(identity, wish.scopes)) {
          return approval(wish, form, 'This token may not all of that itself: paste one that may read and write.', 403);
        }
        const { app, redirect, scopes, challenge } = wish;
        const allowed = { app: app.id, account: identity.account, scopes, redirect, challenge };
        if (wish.type === 'code') return sendBack(wish, { code: await apps.allow(allowed) });
        const granted = await apps.grant(allowed);
        if (!granted.ok) return sendBack(wish, { error: 'temporarily_unavailable' });
        return sendBack(wish, describeToken(granted.issued, authorizer.hub.world.now()));
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
        else if (app !== undefined && (input.get('all') === 'true' || user !== '')) {
          await apps.revoke(app.id, ({ account }) => user === '' || user === account || user === accountId(account));
        }
        // The answer does not tell whether there was anything to revoke.
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

/** Parses and checks an authorization request. Nobody is ever sent to an address that is not the app's own. */
async function wishOf(apps: OauthApps, query: URLSearchParams): Promise<Wished> {
  const get = (name: string): string => query.get(name) ?? '';
  const app = await apps.find(get('client_id'));
  if (app === undefined) return { ok: false, reply: message(400, 'No app with this client_id is registered here.') };
  const redirect = get('redirect_uri');
  if (!app.redirects.includes(redirect)) {
    return { ok: false, reply: message(400, `“${app.name}” has not registered this redirect_uri.`) };
  }
  const type = get('response_type') === 'token' ? 'token' : 'code';
  const wish = { app, redirect, type, scopes: [], state: get('state'), challenge: get('code_challenge') } as const;
  const refused = (error: string): Wished => ({ ok: false, reply: sendBack(wish, { error }) });
  if (!['code', 'token'].includes(get('response_type'))) return refused('unsupported_response_type');
  const scopes = parseScopes(get('scope'));
  if (scopes === undefined) return refused('invalid_scope');
  // S256 only: a plain challenge protects nothing. An app without a secret must send one.
  if (wish.challenge !== '' && (get('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(wish.challenge))) {
    return refused('invalid_request');
  }
  if (type === 'code' && wish.challenge === '' && app.secret === '') return refused('invalid_request');
  return { ok: true, wish: { ...wish, scopes } };
}

/** Redirects to the app. Tokens go behind the `#`, where no server sees them. */
function sendBack({ redirect, state, type }: Pick<Wish, 'redirect' | 'state' | 'type'>, input: object): Reply {
  const answer = formFrom(input);
  if (state !== '') answer.set('state', state);
  const separator = type === 'token' ? '#' : redirect.includes('?') ? '&' : '?';
  return { status: 303, headers: { ...pageHeaders(redirect), location: `${redirect}${separator}${answer}` }, body: '' };
}

function approval({ app, redirect, scopes }: Wish, query: URLSearchParams, problem: string, status = 200): Reply {
  const hiddenFields = fields.flatMap((name) => (query.has(name) ? [[name, query.get(name) ?? ''] as const] : []));
  return {
    status,
    headers: pageHeaders(redirect),
    body: approvalPage({ app: app.name, redirect, scopes, hiddenFields, problem }),
  };
}

function message(status: number, text: string): Reply {
  return { status, headers: pageHeaders(undefined), body: messagePage(text) };
}

/** The app that calls, if its secret is right. It comes in the form or, as the standard prefers, in the header. */
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

/** Replies with a form, as WakaTime does, or with JSON where that is accepted. */
function replyForm(request: Request, status: number, input: object): Reply {
  const headers = { 'cache-control': 'no-store', pragma: 'no-cache' };
  if (/json/.test(request.headers.get('accept') ?? '')) return json(status, input, headers);
  const body = formFrom(input).toString();
  return { status, headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body };
}
