// WakaTime's HTTP routes: the tables of endpoints under every prefix that tools use, the paths that take heartbeats, and the headers
// that pages of other origins need. Each folder has its endpoints; auth/authorize.ts decides who may call them.

import { withDocs } from '../../http/route-docs.ts';
import { type ChunkedReply, json, type Reply, type Request, type Route, type StreamReply } from '../../http/types.ts';
import { Authorizer, type WakatimeDeps } from './auth/authorize.ts';
import { wakapiRoutes } from './compat/wakapi.ts';
import { type Dialect, type Endpoint, errorReply, withoutHeartbeats } from './endpoint.ts';
import { heartbeatEndpoints } from './ingest/endpoints.ts';
import { type GoalListener, GoalWatch } from './ingest/goal-watch.ts';
import { ingestHeartbeats, type SingleForm } from './ingest/ingest.ts';
import { TodayChannel } from './ingest/today-channel.ts';
import { toWakapiFormat } from './model/format-time.ts';
import { registryRoutes } from './model/languages-and-editors.ts';
import { appEndpoints, OauthApps } from './oauth/apps.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { priceEndpoints } from './resources/ai-prices.ts';
import { commitEndpoints } from './resources/commits.ts';
import { ruleEndpoints } from './resources/custom-rule-endpoints.ts';
import { dumpEndpoints } from './resources/dump-endpoints.ts';
import { externalEndpoints } from './resources/external-duration-endpoints.ts';
import { goalEndpoints } from './resources/goal-endpoints.ts';
import { wakatimeDocs, wakatimeUnlisted } from './route-docs.ts';
import { dashboardEndpoints } from './social/dashboards.ts';
import { boardEndpoints } from './social/leaderboards.ts';
import { orgEndpoints } from './social/organization-routes.ts';
import { rankPublic } from './social/public-leaderboard.ts';
import { shareEndpoints, shareRoutes } from './social/share-links.ts';
import { timeEndpoints } from './stats/endpoints.ts';
import { listEndpoints } from './stats/list-endpoints.ts';
import { parseQuery } from './stats/query.ts';
import { warmUp } from './warm-up.ts';

type Handle = Route['handle'];

/** Bytes: more than a batch of a thousand heartbeats with long lists of dependencies. */
const batchLimit = 4_194_304;
const errorReportLimit = 262_144;

const crossOrigin = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, PUT, DELETE, OPTIONS',
  'access-control-allow-headers': 'Authorization, Content-Type, X-Machine-Name, Timezone, User-Agent',
  'access-control-max-age': '86400',
} as const;

interface Prefix {
  readonly prefix: string;
  readonly dialect: Dialect;
  readonly single: SingleForm;
}

const prefixes: readonly Prefix[] = [
  { prefix: '/api/v1', dialect: 'wakatime', single: 'data' },
  { prefix: '/api', dialect: 'wakatime', single: 'responses' },
  { prefix: '/v1', dialect: 'wakatime', single: 'data' },
  { prefix: '/api/hackatime/v1', dialect: 'wakatime', single: 'data' },
  { prefix: '/api/compat/wakatime/v1', dialect: 'wakapi', single: 'responses' },
];

/** The paths that take heartbeats, also without `users/:user`: tools are configured with whole addresses. */
const ingestPaths = ['heartbeats.bulk', 'heartbeats', 'heartbeat'];

export interface WakatimeRouteDeps extends WakatimeDeps {
  /** Who wants to know of goals that are reached; absent: nobody. */
  readonly goals?: readonly GoalListener[];
}

export function wakatimeRoutes(deps: WakatimeRouteDeps): readonly Route[] {
  const authorizer = new Authorizer(deps);
  const { hub } = authorizer;
  new TodayChannel(authorizer);
  if (deps.goals !== undefined) new GoalWatch(authorizer, deps.goals);
  hub.world.after(0, () => void warmUp(authorizer));
  const apps = new OauthApps(hub, deps.accounts);
  const oauth = oauthRoutes(authorizer, deps.accounts, apps);
  const endpoints = [
    ...timeEndpoints,
    ...heartbeatEndpoints,
    ...listEndpoints,
    ...goalEndpoints,
    ...dumpEndpoints,
    ...commitEndpoints,
    ...[
      ...priceEndpoints,
      ...externalEndpoints,
      ...ruleEndpoints,
      ...shareEndpoints,
      ...boardEndpoints,
      ...orgEndpoints,
      ...dashboardEndpoints,
      ...appEndpoints(apps),
    ].map(withoutHeartbeats),
  ];
  const prefixed = prefixes.flatMap((prefix) => prefixRoutes(prefix, endpoints, authorizer, deps));
  const open = [
    ...prefixed,
    ...unknownPaths.map((path): Route => ({ method: '*', path, handle: noEndpoint })),
    ...bareRoutes(prefixed),
    ...ingestPaths.map(
      (path): Route => ({
        method: 'POST',
        path: `/${path}`,
        limit: batchLimit,
        handle: ingestHandler(authorizer, deps, 'data', path),
      }),
    ),
    ...wakapiRoutes(authorizer, deps.sizes),
    ...oauth.api,
  ];
  const all = [...withFallbacks(open).map(allowOrigins), ...oauth.page, ...shareRoutes(authorizer)];
  return withDocs(all, wakatimeDocs, { keyOf: withoutPrefix, unlisted: wakatimeUnlisted });
}

const noEndpoint: Handle = async () => errorReply(404, 'this hub has no such endpoint');
const unknownPaths = ['/api/v1/*', '/api/compat/*', '/api/hackatime/*', '/users/:user/:what/*'];

/** All routes under one prefix. */
function prefixRoutes(
  { prefix, dialect, single }: Prefix,
  endpoints: readonly Endpoint[],
  authorizer: Authorizer,
  deps: WakatimeDeps,
): readonly Route[] {
  const under = (path: string) => `${prefix}/users/:user${path === '' ? '' : `/${path}`}`;
  return [
    ...endpoints.map((endpoint): Route => {
      const { method, path, limit } = endpoint;
      const handle = endpointHandler(authorizer, endpoint, dialect);
      return { method, path: under(path), handle, ...(limit === undefined ? {} : { limit }) };
    }),
    ...ingestPaths.flatMap((path): Route[] => {
      const handle = ingestHandler(authorizer, deps, single, path);
      return [under(path), `${prefix}/${path}`].map((at) => ({ method: 'POST', path: at, handle, limit: batchLimit }));
    }),
    { method: 'POST', path: `${prefix}/plugins/errors`, handle: acceptErrorReport, limit: errorReportLimit },
    ...registryRoutes.map(({ path, handle }): Route => ({ method: 'GET', path: `${prefix}/${path}`, handle })),
    {
      method: 'GET',
      path: `${prefix}/leaders`,
      handle: async (request) => json(200, await rankPublic(authorizer, request)),
    },
    ...absent.map(([method, path, why]): Route => {
      return { method, path: `${prefix}/${path}`, handle: async () => errorReply(404, why) };
    }),
    { method: '*', path: `${prefix}/users/*`, handle: noEndpoint },
  ];
}

function userOf(request: Request): string {
  return request.params.get('user') ?? 'current';
}

function endpointHandler(authorizer: Authorizer, endpoint: Endpoint, dialect: Dialect): Handle {
  const { hub } = authorizer;
  const { method, isPublic = false, scopes = [], timeRange } = endpoint;
  const { needs = method === 'GET' ? ['read'] : ['read', 'write'] } = endpoint;
  return async (request) => {
    const authorized = authorizer.authorize(request, userOf(request), needs, { isPublic, scopes });
    if (!authorized.ok) return authorized.reply;
    const { account, maker, isStranger, maySee } = authorized;
    const now = hub.world.now();
    const info = await authorizer.personInfo(account, request);
    const parsed = parseQuery(info, new URLSearchParams(request.query), now);
    if (!parsed.ok) return errorReply(parsed.status, parsed.error);
    const range = timeRange?.({ question: parsed.value, request, dialect, isStranger });
    const person = { ...info, beats: await authorizer.beats(account, range) };
    const question = { ...parsed.value, person };
    const formatted = (value: object): object => (dialect === 'wakapi' ? Object(toWakapiFormat(value)) : value);
    const reply = (value: object): Reply => json(200, formatted(value));
    const call = { hub, authorizer, request, dialect, formatted, reply, person, question, maker, isStranger, maySee };
    return endpoint.answer(call);
  };
}

function ingestHandler(authorizer: Authorizer, { limits }: WakatimeDeps, single: SingleForm, path: string): Handle {
  const batch = path === 'heartbeats.bulk';
  return async (request) => {
    const authorized = authorizer.authorize(request, userOf(request), ['write'], { scopes: ['heartbeats'] });
    if (!authorized.ok) return authorized.reply;
    return ingestHeartbeats(authorizer.hub, authorized.account, request, { batch, single, limits });
  };
}

/** Routes without a prefix: only those whose path cannot be a room of the mob timer. */
function bareRoutes(routes: readonly Route[]): readonly Route[] {
  return [
    ...routes
      .filter(({ path }) => /^\/v1\/(?:users\/:user\/|plugins\/)/.test(path))
      .map((route) => ({ ...route, path: route.path.slice('/v1'.length) })),
    ...routes.filter(({ path }) => path === '/v1/users/:user').map((route) => ({ ...route, path: '/users/current' })),
  ];
}

/** Adds to each path an answer to preflight requests, and a 405 for the methods that it does not have. */
function withFallbacks(routes: readonly Route[]): readonly Route[] {
  const methods = new Map<string, string[]>();
  for (const { method, path } of routes) methods.set(path, [...(methods.get(path) ?? []), method]);
  const preflight: Handle = async () => ({ status: 204, headers: {}, body: '' });
  return [
    ...routes,
    ...[...methods].flatMap(([path, its]): Route[] => [
      { method: 'OPTIONS', path, handle: preflight },
      ...(its.includes('*') ? [] : [{ method: '*', path, handle: notAllowed(its) }]),
    ]),
  ];
}

/** Replies 405. The transport would reply the same, but without the headers that pages of other origins need. */
function notAllowed(methods: readonly string[]): Handle {
  const allow = [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].sort().join(', ');
  return async () => json(405, { error: `method not allowed: use ${allow}` }, { allow });
}

/**
 * Lets pages of any origin read every answer. Browsers show a page no answer without these headers, errors included. Slashes too many are
 * served and not redirected, because a redirect would turn a POST into a GET.
 */
function allowOrigins(route: Route): Route {
  const withHeaders = <T extends Reply | ChunkedReply | StreamReply>(reply: T): T => {
    return { ...reply, headers: { ...reply.headers, ...crossOrigin } };
  };
  return {
    ...route,
    allowsSlashes: true,
    errorHeaders: crossOrigin,
    handle: async (request) => withHeaders(await route.handle(request)),
  };
}

/** The path under which route-docs.ts has a route. */
function withoutPrefix(path: string): string {
  const base = bases.find((one) => path.startsWith(`${one}/`)) ?? '';
  const rest = path.slice(base.length);
  return rest === '/users/current' ? '/users/:user' : rest;
}

const bases = prefixes.map(({ prefix }) => prefix).sort((a, b) => b.length - a.length);

/**
 * True if pages of any origin may request a path. WakaTime's tools are pages and extensions of many origins, and get nothing without a
 * key. Paths below `/api/0` are ActivityWatch's, also where the 0 is written `%30`.
 */
export function pagesMay({ path }: { readonly path: string }): boolean {
  return /^\/(?:api\/(?!0\/|[^/]*%)|v1\/|\/?users\/(?:current$|[^/]+\/)|\/?plugins\/errors\/?$|\/?heartbeats?(?:\.bulk)?\/?$|oauth\/(?:token|revoke)$)/.test(
    path,
  );
}

/** Plugins report their own crashes here, with or without a key. The hub does not store them. */
const acceptErrorReport: Handle = async () => json(201, { data: {} });

/** Endpoints that only WakaTime itself can serve, and the reason that the hub answers. */
const absent: readonly (readonly [method: string, path: string, why: string])[] = [
  ['GET', 'meta', 'a self-hosted hub does not publish its addresses'],
  ['GET', 'stats/:range', 'a self-hosted hub has no statistics of all users of WakaTime'],
  ['GET', 'users/:user/stats_aggregated', 'a self-hosted hub has no statistics of all users of WakaTime'],
  ['POST', 'users/:user/get_api_key', 'this hub has no login with cookies: create a token with `horai token create`'],
];
