// OAuth 2 over HTTP, at the root of the site as WakaTime has it: the page on which a person allows an app something, the exchange of a
// code for tokens, and their end. Codes, tokens and apps are apps.ts'; the page's markup is oauth-page.ts'. The hub has no
// passwords and no cookies: a person shows that it is them by pasting their token into the form, so no other page can press the
// button for them.

import type { Accounts } from '../../../core/accounts.ts';
import { json, type Reply, type Request, type Route } from '../../../http/types.ts';
import { type Admission, accountId } from '../auth/authorize.ts';
import { parsedBody } from '../ingest/ingest.ts';
import { iso } from '../model/calendar.ts';
import { isObject } from '../model/heartbeat.ts';
import { covers, readScopes } from '../model/scopes.ts';
import type { App, Apps, Exchange, Issued } from './apps.ts';
import { approvalPage, messagePage, pageHeaders } from './page.ts';

/** What an app asks a person for. */
interface Wish {
  readonly app: App;
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

/** Pages of any origin may exchange a code they were given; the page to allow it on is for the person alone. */
export function oauthRoutes(admission: Admission, accounts: Accounts, apps: Apps) {
  const page: readonly Route[] = [
    {
      method: 'GET',
      path: '/oauth/authorize',
      async handle(request) {
        const asked = new URLSearchParams(request.query);
        const wished = await wishOf(apps, asked);
        return wished.ok ? approval(wished.wish, asked, '') : wished.reply;
      },
    },
    {
      method: 'POST',
      path: '/oauth/authorize',
      async handle(request) {
        if (!admission.near(request)) return message(403, 'This form was sent by another site.');
        const form = new URLSearchParams(request.body.toString());
        const wished = await wishOf(apps, form);
        if (!wished.ok) return wished.reply;
        const { wish } = wished;
        if (form.get('answer') !== 'allow') return sendBack(wish, { error: 'access_denied' });
        const secret = (form.get('token') ?? '').trim().toLowerCase();
        const identified = accounts.identify(secret, '', request.address);
        if (!identified.ok) return approval(wish, form, 'The hub does not know this token.', 401);
        const { identity } = identified;
        if (!covers(identity, wish.scopes)) {
          return approval(wish, form, 'This token may not all of that itself: paste one that may read and write.', 403);
        }
        const { app, redirect, scopes, challenge } = wish;
        const allowed = { app: app.id, account: identity.account, scopes, redirect, challenge };
        if (wish.type === 'code') return sendBack(wish, { code: await apps.allow(allowed) });
        const granted = await apps.grant(allowed);
        if (!granted.ok) return sendBack(wish, { error: 'temporarily_unavailable' });
        return sendBack(wish, told(granted.issued, admission.hub.world.now()));
      },
    },
  ];

  const api: readonly Route[] = [
    {
      method: 'POST',
      path: '/oauth/token',
      async handle(request) {
        const said = formOf(request);
        const app = await appOf(apps, request, said);
        if (app === undefined) return spoken(request, 401, { error: 'invalid_client' });
        const exchanged = await exchange(apps, app, said);
        if (exchanged === undefined) return spoken(request, 400, { error: 'unsupported_grant_type' });
        if (!exchanged.ok)
          return spoken(request, exchanged.error === 'too_many' ? 429 : 400, { error: exchanged.error });
        return spoken(request, 200, told(exchanged.issued, admission.hub.world.now()));
      },
    },
    {
      method: 'POST',
      path: '/oauth/revoke',
      async handle(request) {
        const said = formOf(request);
        const app = await appOf(apps, request, said);
        const user = said.get('user_id') ?? '';
        if (app !== undefined && said.has('token')) await apps.revokeSecret(app, said.get('token') ?? '');
        else if (app !== undefined && (said.get('all') === 'true' || user !== '')) {
          await apps.revoke(app.id, ({ account }) => user === '' || user === account || user === accountId(account));
        }
        // Whether there was anything to revoke is nobody's business.
        return json(200, {}, { 'cache-control': 'no-store' });
      },
    },
  ];
  return { page, api };
}

function exchange(apps: Apps, app: App, said: URLSearchParams): Promise<Exchange> | undefined {
  const get = (name: string): string => said.get(name) ?? '';
  switch (get('grant_type')) {
    case 'authorization_code':
      return apps.exchange(app, get('code'), get('redirect_uri'), get('code_verifier'));
    case 'refresh_token':
      return apps.refresh(app, get('refresh_token'));
    default:
      return undefined;
  }
}

/** What somebody is to be asked. Never sends anybody to an address that is not the app's own. */
async function wishOf(apps: Apps, asked: URLSearchParams): Promise<Wished> {
  const get = (name: string): string => asked.get(name) ?? '';
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
  const scopes = readScopes(get('scope'));
  if (scopes === undefined) return refused('invalid_scope');
  // Only hashes: a challenge that is the verifier itself protects nobody. Who keeps no secret must have one.
  if (wish.challenge !== '' && (get('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(wish.challenge))) {
    return refused('invalid_request');
  }
  if (type === 'code' && wish.challenge === '' && app.secret === '') return refused('invalid_request');
  return { ok: true, wish: { ...wish, scopes } };
}

/** Back to the app; tokens go behind the `#`, where no server sees them. */
function sendBack({ redirect, state, type }: Pick<Wish, 'redirect' | 'state' | 'type'>, said: object): Reply {
  const answer = formFrom(said);
  if (state !== '') answer.set('state', state);
  const separator = type === 'token' ? '#' : redirect.includes('?') ? '&' : '?';
  return { status: 303, headers: { ...pageHeaders(redirect), location: `${redirect}${separator}${answer}` }, body: '' };
}

function approval({ app, redirect, scopes }: Wish, asked: URLSearchParams, problem: string, status = 200): Reply {
  const kept = fields.flatMap((name) => (asked.has(name) ? [[name, asked.get(name) ?? ''] as const] : []));
  return {
    status,
    headers: pageHeaders(redirect),
    body: approvalPage({ app: app.name, redirect, scopes, kept, problem }),
  };
}

function message(status: number, text: string): Reply {
  return { status, headers: pageHeaders(undefined), body: messagePage(text) };
}

/** Which app asks, and knows its secret; in the form or, as the standard prefers, in the header. */
async function appOf(apps: Apps, { authorization }: Request, said: URLSearchParams): Promise<App | undefined> {
  const [, credentials = ''] = /^Basic\s+(\S+)$/i.exec(authorization) ?? [];
  const [id = '', secret = ''] = credentials === '' ? [] : Buffer.from(credentials, 'base64').toString().split(':', 2);
  const app = await apps.find(id || (said.get('client_id') ?? ''));
  return app !== undefined && apps.knows(app, secret || (said.get('client_secret') ?? '')) ? app : undefined;
}

/** A form, or JSON as some libraries send it. */
function formOf({ body }: Request): URLSearchParams {
  const said = parsedBody(body);
  if (!isObject(said)) return new URLSearchParams(body.toString());
  return formFrom(said);
}

function formFrom(said: object): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(said)) form.set(name, String(value));
  return form;
}

function told({ access, refresh, expires, account, scopes }: Issued, now: number) {
  return {
    access_token: `waka_tok_${access}`,
    ...(refresh === '' ? {} : { refresh_token: `waka_ref_${refresh}` }),
    token_type: 'bearer',
    expires_in: Math.round((expires - now) / 1_000),
    expires_at: iso(expires * 1_000),
    scope: scopes.join(' '),
    uid: accountId(account),
  };
}

/** A form, as WakaTime answers, unless JSON is asked for. */
function spoken(request: Request, status: number, said: object): Reply {
  const headers = { 'cache-control': 'no-store', pragma: 'no-cache' };
  if (/json/.test(request.headers.get('accept') ?? '')) return json(status, said, headers);
  const body = formFrom(said).toString();
  return { status, headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body };
}
