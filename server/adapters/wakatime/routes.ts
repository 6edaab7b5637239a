// WakaTime's HTTP: which endpoint is where, and how answers and refusals look. One table; what an endpoint computes is in the other
// files, who may ask in admission.ts. Tools put all kinds of prefixes before the same paths, so each path is served under each.

import { withDocs } from '../../http/route-docs.ts';
import { type Flow, json, type Reply, type Request, type Route, type Stream } from '../../http/types.ts';
import { Admission, type WakatimeDeps } from './auth/authorize.ts';
import { wakapiRoutes } from './compat/wakapi.ts';
import {
  type Asking,
  answered,
  baseOf,
  type Endpoint,
  failed,
  jsonText,
  param,
  saidIn,
  type Told,
  withoutHeartbeats,
} from './endpoint.ts';
import type { Reach } from './index/account-index.ts';
import { type Manner, parsedBody, type SingleForm, takeHeartbeats } from './ingest/ingest.ts';
import { list, remove } from './ingest/list-and-delete.ts';
import { Today } from './ingest/today-channel.ts';
import { areShared, isDateShared, type Settings } from './model/account-settings.ts';
import { readDate, readStatsRange, type StatsRange } from './model/calendar.ts';
import { grandAmount, inWakapiWords, secondsOf } from './model/format-time.ts';
import { isObject } from './model/heartbeat.ts';
import { registryRoutes } from './model/languages-and-editors.ts';
import { partsOf, pruned } from './model/scopes.ts';
import { Apps, appEndpoints } from './oauth/apps.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { priceEndpoints } from './resources/ai-prices.ts';
import { commitEndpoints } from './resources/commits.ts';
import { ruleEndpoints } from './resources/custom-rules.ts';
import { createDump, dumpOf, dumpPieces, kindOf, listDumps } from './resources/data-dumps.ts';
import { externalEndpoints } from './resources/external-durations.ts';
import { dropGoal, keepGoal, listGoals, oneGoal } from './resources/goals.ts';
import { profile, stranger } from './resources/profile.ts';
import { wakatimeDocs, wakatimeUnlisted } from './route-docs.ts';
import { dashboardEndpoints } from './social/dashboards.ts';
import { boardEndpoints } from './social/leaderboards.ts';
import { orgEndpoints } from './social/organization-routes.ts';
import { leaders } from './social/public-leaderboard.ts';
import { shareEndpoints, shareRoutes } from './social/share-links.ts';
import { durations } from './stats/durations.ts';
import { tally } from './stats/durations-algorithm.ts';
import { insight } from './stats/insights.ts';
import { languages, machines, paged, projects, userAgents } from './stats/lists.ts';
import { isSameName } from './stats/names.ts';
import { ask, type Person, partsAsked, type Question, reachOf, type Someone, spanOf } from './stats/query.ts';
import { allTimeSinceToday, sharedStats, stats } from './stats/stats.ts';
import { statusBar, summaries, summariesText } from './stats/summaries.ts';
import { warmUp } from './warm-up.ts';

/** A batch of a thousand heartbeats with long lists of dependencies, and room to spare. */
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
  readonly manner: Manner;
  readonly single: SingleForm;
}

const prefixes: readonly Prefix[] = [
  { prefix: '/api/v1', manner: 'wakatime', single: 'data' },
  { prefix: '/api', manner: 'wakatime', single: 'responses' },
  { prefix: '/v1', manner: 'wakatime', single: 'data' },
  { prefix: '/api/hackatime/v1', manner: 'wakatime', single: 'data' },
  { prefix: '/api/compat/wakatime/v1', manner: 'wakapi', single: 'responses' },
];

export function wakatimeRoutes(deps: WakatimeDeps): readonly Route[] {
  const admission = new Admission(deps);
  const { hub } = admission;
  new Today(admission);
  hub.world.after(0, () => void warmUp(admission));
  const apps = new Apps(hub, deps.accounts);
  const oauth = oauthRoutes(admission, deps.accounts, apps);
  const userOf = (request: Request): string => request.params.get('user') ?? 'current';

  const handle = (endpoint: Endpoint, manner: Manner) => async (request: Request) => {
    const { method, open = false, needs = [], reach } = endpoint;
    const admitted = admission.admit(request, userOf(request), method === 'GET' ? 'read' : 'write', { open, needs });
    if (!admitted.ok) return admitted.reply;
    const { account, stranger, may } = admitted;
    const now = hub.world.now();
    const someone = await admission.someone(account, request);
    const asked = ask(someone, new URLSearchParams(request.query), now);
    if (!asked.ok) return failed(asked.status, asked.error);
    const beats = await admission.beats(account, reach?.({ question: asked.value, request, manner, stranger }));
    const person = { ...someone, beats };
    const question = { ...asked.value, person };
    const tell = (value: unknown): Reply => json(200, manner === 'wakapi' ? inWakapiWords(value) : value);
    return endpoint.answer({
      hub,
      admission,
      request,
      manner,
      tell,
      person,
      question,
      stranger,
      may,
    });
  };

  const ingest = (single: SingleForm, batch: boolean) => async (request: Request) => {
    const admitted = admission.admit(request, userOf(request), 'write', { needs: ['heartbeats'] });
    return admitted.ok
      ? takeHeartbeats(hub, admitted.account, request, { batch, single, limits: deps.limits })
      : admitted.reply;
  };

  const endpoints: readonly Endpoint[] = [
    {
      method: 'GET',
      path: '',
      needs: ['profile'],
      open: true,
      reach: ({ question }) => reachOf(question, undefined),
      answer({ person, may, stranger: isStranger }) {
        if (!isStranger) return json(200, { data: profile(person, may('email')) });
        return sharesNothing(person) ? failed(404, 'no such user') : json(200, { data: stranger(person) });
      },
    },
    ...['statusbar/today', 'status_bar/today'].map(
      (path): Endpoint => ({
        method: 'GET',
        path,
        reach: ({ question }) => reachOf(question, { first: question.now.today, last: question.now.today }),
        needs: partsOf('summaries'),
        answer({ question, tell, may }) {
          const bar = statusBar(question);
          return tell({ ...bar, data: pruned(bar.data, 'summaries', may) });
        },
      }),
    ),
    {
      method: 'GET',
      path: 'summaries',
      needs: partsOf('summaries'),
      reach({ question }) {
        const span = spanOf(question);
        return reachOf(question, span.ok ? span.value : undefined);
      },
      answer(told) {
        const { question, tell, may, manner } = told;
        const span = spanOf(question);
        if (!span.ok) return failed(400, span.error);
        if (!mayPick(told, 'summaries')) return notTheirs;
        if (manner === 'wakatime' && may('summaries')) return jsonText(200, summariesText(question, span.value));
        const all = summaries(question, span.value);
        return tell({ ...all, data: all.data.map((day) => pruned(day, 'summaries', may)) });
      },
    },
    ...['stats', 'stats/:range'].map(
      (path): Endpoint => ({
        method: 'GET',
        path,
        open: true,
        needs: partsOf('stats'),
        reach: reachOfRange,
        answer(told) {
          const { question, person } = told;
          if (told.stranger && sharesNothing(person)) {
            return failed(403, 'this account shares nothing');
          }
          if (!mayPick(told, 'stats')) return notTheirs;
          const range = rangeOf(told);
          if (range === undefined) return noRange;
          if (told.stranger && !isRangeShared(range, question)) return beyondShared(person.settings);
          const all = stats(question, range);
          return told.tell({ data: told.stranger ? sharedStats(all, question) : pruned(all, 'stats', told.may) });
        },
      }),
    ),
    {
      method: 'GET',
      path: 'all_time_since_today',
      needs: ['stats', 'summaries'],
      answer: ({ question, tell }) => tell({ data: allTimeSinceToday(question) }),
    },
    {
      method: 'GET',
      path: 'insights/:type/:range',
      reach: reachOfRange,
      needs: ['stats', 'summaries'],
      answer(told) {
        const range = rangeOf(told);
        if (range === undefined) return noRange;
        return answered(insight(told.question, param(told.request, 'type'), range));
      },
    },
    {
      method: 'GET',
      path: 'durations',
      needs: ['summaries'],
      reach: reachOfDate,
      answer: ({ question }) => answered(durations(question)),
    },
    {
      method: 'GET',
      path: 'heartbeats',
      needs: ['heartbeats'],
      reach: reachOfDate,
      answer: async ({ question }) => answered(await list(hub, question)),
    },
    {
      method: 'DELETE',
      path: 'heartbeats.bulk',
      needs: ['heartbeats'],
      reach: ({ question }) => reachOf(question, undefined),
      answer: async ({ question, request }) => answered(await remove(hub, question, parsedBody(request.body))),
    },
    {
      method: 'GET',
      path: 'projects',
      needs: ['summaries', 'stats'],
      answer({ question, person }) {
        const wanted = question.query.get('q')?.toLowerCase() ?? '';
        const found = projects(person, question.moment).filter(({ name }) => name.toLowerCase().includes(wanted));
        return json(200, paged(found, question.query));
      },
    },
    {
      method: 'GET',
      path: 'projects/:project',
      needs: ['summaries', 'stats'],
      answer({ question, person, request }) {
        const wanted = param(request, 'project');
        const found = projects(person, question.moment).find(
          ({ name, id }) => isSameName(name, wanted) || id === wanted,
        );
        return found === undefined ? failed(404, 'no such project') : json(200, { data: found });
      },
    },
    {
      method: 'GET',
      path: 'machine_names',
      needs: ['summaries', 'stats'],
      answer: ({ person, question }) => json(200, paged(machines(person), question.query)),
    },
    {
      method: 'GET',
      path: 'user_agents',
      needs: ['summaries', 'stats'],
      answer: ({ person, question }) => json(200, paged(userAgents(person), question.query)),
    },
    {
      method: 'GET',
      path: 'languages',
      needs: ['summaries', 'stats'],
      answer: ({ person, question }) => json(200, paged(languages(person), question.query)),
    },
    {
      method: 'GET',
      path: 'goals',
      needs: ['goals'],
      answer: async ({ question }) => json(200, await listGoals(hub, question)),
    },
    {
      method: 'GET',
      path: 'goals/:goal',
      needs: ['goals'],
      async answer({ question, request }) {
        const found = await oneGoal(hub, question, param(request, 'goal'));
        return found === undefined ? failed(404, 'no such goal') : json(200, found);
      },
    },
    {
      method: 'POST',
      path: 'goals',
      async answer({ question, request }) {
        return answered(await keepGoal(hub, question, saidIn(request), undefined), 201);
      },
    },
    {
      method: 'PUT',
      path: 'goals/:goal',
      async answer({ question, request }) {
        return answered(await keepGoal(hub, question, saidIn(request), param(request, 'goal')));
      },
    },
    {
      method: 'DELETE',
      path: 'goals/:goal',
      async answer({ question, request }) {
        await dropGoal(hub, question, param(request, 'goal'));
        return json(200, { data: {} });
      },
    },
    {
      method: 'GET',
      path: 'data_dumps',
      answer: async ({ question, request }) => json(200, await listDumps(hub, question, baseOf(request))),
    },
    {
      method: 'POST',
      path: 'data_dumps',
      async answer({ question, request }) {
        const kind = kindOf(saidIn(request)['type'] ?? 'heartbeats');
        if (kind === undefined) return failed(400, 'type must be heartbeats or daily');
        return json(201, await createDump(hub, question, kind, baseOf(request)));
      },
    },
    {
      method: 'GET',
      path: 'data_dumps/:dump/file',
      reach: ({ question }) => reachOf(question, undefined),
      open: true,
      async answer({ question, person, request }) {
        const kind = await dumpOf(hub, person.account, param(request, 'dump'));
        if (kind === undefined) return failed(404, 'no such file any more: make another dump');
        const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
        return { status: 200, headers, pieces: dumpPieces(admission, question, kind) };
      },
    },
    {
      method: 'POST',
      path: 'file_experts',
      answer({ person, question, request }) {
        return json(200, { data: experts(person, question, parsedBody(request.body)) });
      },
    },
    ...priceEndpoints.map(withoutHeartbeats),
    ...externalEndpoints.map(withoutHeartbeats),
    ...commitEndpoints,
    ...ruleEndpoints.map(withoutHeartbeats),
    ...shareEndpoints.map(withoutHeartbeats),
    ...boardEndpoints.map(withoutHeartbeats),
    ...orgEndpoints.map(withoutHeartbeats),
    ...dashboardEndpoints.map(withoutHeartbeats),
    ...appEndpoints(apps).map(withoutHeartbeats),
  ];

  const nothing: Route['handle'] = async () => failed(404, 'this hub has no such endpoint');
  const routes: Route[] = [];
  for (const { prefix, manner, single } of prefixes) {
    const under = (path: string) => `${prefix}/users/:user${path === '' ? '' : `/${path}`}`;
    const route = (method: string, path: string, its: Route['handle'], limit?: number) =>
      routes.push({ method, path, handle: its, ...(limit === undefined ? {} : { limit }) });
    for (const endpoint of endpoints) {
      route(endpoint.method, under(endpoint.path), handle(endpoint, manner), endpoint.limit);
    }
    for (const path of ['heartbeats.bulk', 'heartbeats', 'heartbeat']) {
      const takes = ingest(single, path === 'heartbeats.bulk');
      route('POST', under(path), takes, batchLimit);
      // What remains of a whole address that somebody typed where only its beginning belongs.
      route('POST', `${prefix}/${path}`, takes, batchLimit);
    }
    route('POST', `${prefix}/plugins/errors`, errorReport, errorReportLimit);
    for (const { path, handle: tells } of registryRoutes) route('GET', `${prefix}/${path}`, tells);
    route('GET', `${prefix}/leaders`, async (request) => {
      return json(200, await leaders(admission, request));
    });
    for (const [method, path, why] of absent) route(method, `${prefix}/${path}`, async () => failed(404, why));
    route('*', `${prefix}/users/*`, nothing);
  }
  for (const path of ['/api/v1/*', '/api/compat/*', '/api/hackatime/*', '/users/:user/:what/*'])
    routes.push({ method: '*', path, handle: nothing });
  // Without a prefix only what cannot be mistaken for a room of the mob timer.
  const bare = routes.filter(({ path }) => /^\/v1\/(?:users\/:user\/|plugins\/)/.test(path));
  routes.push(...bare.map((route) => ({ ...route, path: route.path.slice('/v1'.length) })));
  const itself = routes.filter(({ path }) => path === '/v1/users/:user');
  routes.push(...itself.map((route) => ({ ...route, path: '/users/current' })));
  for (const path of ['heartbeats.bulk', 'heartbeats', 'heartbeat']) {
    routes.push({
      method: 'POST',
      path: `/${path}`,
      limit: batchLimit,
      handle: ingest('data', path.endsWith('bulk')),
    });
  }
  routes.push(...wakapiRoutes(admission, deps.sizes), ...oauth.api);
  routes.push(...routes.flatMap((route) => withSlashes(route.path).map((path) => ({ ...route, path }))));
  const preflight: Route['handle'] = async () => ({ status: 204, headers: {}, body: '' });
  const methods = new Map<string, string[]>();
  for (const { method, path } of routes) methods.set(path, [...(methods.get(path) ?? []), method]);
  for (const [path, its] of methods) {
    routes.push({ method: 'OPTIONS', path, handle: preflight });
    if (!its.includes('*')) routes.push({ method: '*', path, handle: notAllowed(its) });
  }
  const opened_ = routes.map((route) => ({ ...route, errorHeaders: crossOrigin, handle: open(route.handle) }));
  const all = [...opened_, ...oauth.page, ...shareRoutes(admission)];
  return withDocs(all, wakatimeDocs, { keyOf: withoutPrefix, unlisted: wakatimeUnlisted });
}

/** The path as the table of docs has it. */
function withoutPrefix(path: string): string {
  const plain = path.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');
  const base = bases.find((one) => plain.startsWith(`${one}/`)) ?? '';
  const rest = plain.slice(base.length);
  return rest === '/users/current' ? '/users/:user' : rest;
}

const bases = prefixes.map(({ prefix }) => prefix).sort((a, b) => b.length - a.length);

/**
 * A path as it arrives from those whose base address ends with a slash, and from those who end with one. They are answered, not
 * sent elsewhere: a redirection would make a GET of what plugins post.
 */
function withSlashes(path: string): readonly string[] {
  if (path.endsWith('*')) return [];
  const base = bases.find((one) => path.startsWith(`${one}/`)) ?? '';
  const doubled = `${base}/${path.slice(base.length)}`;
  return [`${path}/`, doubled, `${doubled}/`];
}

/**
 * Whether pages of any origin may ask for this: WakaTime's tools are pages and extensions of many origins, and get nothing here
 * without a key. Below `/api/0` is ActivityWatch, also where the 0 is written `%30`.
 */
export function pagesMay({ path }: { readonly path: string }): boolean {
  return /^\/(?:api\/(?!0\/|[^/]*%)|v1\/|\/?users\/(?:current$|[^/]+\/)|\/?plugins\/errors\/?$|\/?heartbeats?(?:\.bulk)?\/?$|oauth\/(?:token|revoke)$)/.test(
    path,
  );
}

/** Browsers show a page no answer that lacks these, an error least of all. */
function open(handle: Route['handle']): Route['handle'] {
  return async (request) => opened(await handle(request));
}

function opened<T extends Reply | Flow | Stream>(reply: T): T {
  return { ...reply, headers: { ...reply.headers, ...crossOrigin } };
}

/** Command lines report their own crashes here, with or without a key. Nobody here could mend them, so they are not kept. */
const errorReport: Route['handle'] = async () => json(201, { data: {} });

function sharesNothing({ settings }: Person): boolean {
  return !Object.values(settings.shares).includes(true);
}

/** What only WakaTime itself can have, and why a hub of one's own has not. */
const absent: readonly (readonly [method: string, path: string, why: string])[] = [
  ['GET', 'meta', 'this hub is one machine of its owner’s: it publishes no addresses'],
  ['GET', 'stats/:range', 'a hub of one’s own knows nothing of all the world’s coders'],
  ['GET', 'users/:user/stats_aggregated', 'a hub of one’s own knows nothing of all the world’s coders'],
  ['POST', 'users/:user/get_api_key', 'nobody logs in here with a cookie: paste a token of `horai token create`'],
];

const notTheirs = failed(403, 'you may not see what this asks for alone: leave the filter out');

/** Whether the asker may see every list that the query picks from. */
function mayPick({ question, stranger, may }: Told, whole: 'stats' | 'summaries'): boolean {
  const parts = partsAsked(question.query);
  if (stranger) return areShared(question.person.settings, parts);
  return may(whole) || parts.every((part) => may(`${whole}.${part}`));
}

/** The transport would say so, too, but to no page of another origin. */
function notAllowed(methods: readonly string[]): Route['handle'] {
  const allow = [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].sort().join(', ');
  return async () => json(405, { error: `method not allowed: use ${allow}` }, { allow });
}

const noRange = failed(404, 'no such range');

function reachOfRange(asked: Asking): Reach | undefined {
  const range = rangeOf(asked);
  return range?.span === undefined ? undefined : reachOf(asked.question, range.span);
}

function reachOfDate({ question }: Asking): Reach {
  const date = readDate(question.query.get('date') ?? '', question.now, question.zone);
  return reachOf(question, date === undefined ? undefined : { first: date, last: date });
}

/** True if a stranger may look back as far as the range does. */
function isRangeShared({ span }: StatsRange, { person: { settings }, now }: Question): boolean {
  return settings.shareDays === undefined || (span !== undefined && isDateShared(settings, span.first, now.today));
}

function beyondShared({ shareDays = 0 }: Settings): Reply {
  return failed(403, `this account shares the last ${shareDays} days: ask for a shorter range`);
}

/** The range of stats where a request names none: a week, or less where strangers may not look back so far. */
function usualRange({ settings: { shareDays = 7 } }: Someone): string {
  if (shareDays >= 7) return 'last_7_days';
  return shareDays >= 1 ? 'last_24_hours' : 'today';
}

function rangeOf({ request, question, manner, stranger }: Asking): StatsRange | undefined {
  const said = question.query.get('is_including_today');
  const range = request.params.get('range') ?? (stranger ? usualRange(question.person) : 'last_7_days');
  const includesToday = said === null ? manner === 'wakapi' : /^(?:true|1)$/i.test(said);
  return readStatsRange(range, question.now, includesToday);
}

/** Who knows this file: the account alone, since it shares files with nobody. */
function experts(person: Person, { rule, moment }: Question, body: unknown) {
  const { beats } = person;
  const entity = isObject(body) && typeof body['entity'] === 'string' ? body['entity'] : '';
  const [all] = tally(beats, rule, { bounds: [beats.first ?? moment, moment + rule.timeout], entities: true });
  const at = all?.entities.codes.findIndex((code) => beats.entities[code] === entity) ?? -1;
  const { decimal, digital, text, total_seconds } = grandAmount(secondsOf(all?.entities.amounts[at] ?? 0));
  const { id, username, display_name } = stranger(person);
  const user = { id, is_current_user: true, long_name: display_name, name: username };
  return [{ user, total: { decimal, digital, text, total_seconds } }];
}
