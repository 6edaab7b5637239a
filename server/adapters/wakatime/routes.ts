// WakaTime's HTTP: which endpoint is where, who may ask it, and how answers and refusals look. One table; what an endpoint computes
// is in the other files. Tools put all kinds of prefixes before the same paths, so each path is served under each of them.

import { may } from '../../core/access.ts';
import type { Hub } from '../../core/hub.ts';
import { json, type Reply, type Request, type Route } from '../adapter.ts';
import type { Trust } from '../authenticate.ts';
import { grandAmount, secondsOf } from './amount.ts';
import { readStatsRange } from './calendar.ts';
import { identify } from './credentials.ts';
import { tally } from './credit.ts';
import { durations } from './durations.ts';
import { isObject, uuidOf } from './heartbeat.ts';
import { list, remove } from './heartbeats.ts';
import { type Manner, parsedBody, takeHeartbeats } from './ingest.ts';
import { languages, machines, paged, projects, userAgents } from './lists.ts';
import { profile } from './profile.ts';
import { type Asked, ask, type Person, type Question, spanOf } from './question.ts';
import { readSettings } from './settings.ts';
import { allTimeSinceToday, shared, stats } from './stats.ts';
import { statusBar, summaries } from './summaries.ts';
import { Timelines } from './timeline.ts';

export interface WakatimeDoors extends Trust {
  readonly hub: Hub;
  /** Whether a request comes from no page, or from one that may use the hub anyway. */
  readonly near: (request: Request) => boolean;
}

/** A batch of a thousand heartbeats with long lists of dependencies, and room to spare. */
const bodyLimit = 8_388_608;
const errorReportLimit = 262_144;

const crossOrigin = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, PUT, DELETE, OPTIONS',
  'access-control-allow-headers': 'Authorization, Content-Type, X-Machine-Name, Timezone, User-Agent',
  'access-control-max-age': '86400',
} as const;

const prefixes: readonly (readonly [string, Manner])[] = [
  ['/api/v1', 'wakatime'],
  ['/api', 'wakatime'],
  ['/v1', 'wakatime'],
  ['/api/hackatime/v1', 'wakatime'],
  ['/api/compat/wakatime/v1', 'wakapi'],
];

/** What an endpoint is told. */
interface Told {
  readonly request: Request;
  readonly manner: Manner;
  readonly person: Person;
  readonly question: Question;
  /** Asked by somebody without a key to this account, where that is allowed. */
  readonly stranger: boolean;
}

interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Behind `users/:user`, without a slash before it. */
  readonly path: string;
  /** Whether strangers may ask; the endpoint leaves out what is not shared. */
  readonly open?: boolean;
  readonly answer: (told: Told) => Promise<Reply> | Reply;
}

export function wakatimeRoutes(doors: WakatimeDoors): readonly Route[] {
  const { hub, accounts, near } = doors;
  const { world } = hub;
  const timelines = new Timelines(hub);

  const personOf = async (account: string): Promise<Person> => {
    const [settings, beats] = await Promise.all([readSettings(hub, account), timelines.of(account)]);
    const created = accounts.list().find(({ name }) => name === account)?.created ?? 0;
    return { account, id: accountId(account), created, settings, beats };
  };

  /** `current`, a name, `@name` or an id. */
  const accountOf = (said: string, own: string | undefined): string | undefined => {
    if (said === 'current') return own;
    const name = said.replace(/^@/, '');
    return accounts.isAccount(name) ? name : accounts.list().find((one) => accountId(one.name) === said)?.name;
  };

  /** The account that a request is about and may be about, or the refusal. */
  const admit = (request: Request, verb: 'read' | 'write', open: boolean) => {
    const identity = identify(doors, request, near(request));
    const account = accountOf(request.params.get('user') ?? 'current', identity?.account);
    const allowed = identity !== undefined && account !== undefined && may(identity, verb, `${account}/wakatime`);
    if (allowed || (open && account !== undefined)) return { ok: true, account, stranger: !allowed } as const;
    if (identity === undefined) return { ok: false, reply: unauthorized } as const;
    return { ok: false, reply: account === identity.account ? unauthorized : failed(404, 'no such user') } as const;
  };

  const handle = (endpoint: Endpoint, manner: Manner) => async (request: Request) => {
    const admitted = admit(request, endpoint.method === 'GET' ? 'read' : 'write', endpoint.open === true);
    if (!admitted.ok) return admitted.reply;
    const person = await personOf(admitted.account);
    const question = ask(person, new URLSearchParams(request.query), world.now());
    if (!question.ok) return failed(400, question.error);
    return endpoint.answer({ request, manner, person, question: question.value, stranger: admitted.stranger });
  };

  const ingest = (manner: Manner, batch: boolean) => async (request: Request) => {
    const admitted = admit(request, 'write', false);
    return admitted.ok ? takeHeartbeats(hub, admitted.account, request, { batch, manner }) : admitted.reply;
  };

  const endpoints: readonly Endpoint[] = [
    { method: 'GET', path: '', answer: ({ person }) => json(200, { data: profile(person) }) },
    { method: 'GET', path: 'statusbar/today', answer: ({ question }) => json(200, statusBar(question)) },
    { method: 'GET', path: 'status_bar/today', answer: ({ question }) => json(200, statusBar(question)) },
    {
      method: 'GET',
      path: 'summaries',
      answer({ question }) {
        const span = spanOf(question);
        return span.ok ? json(200, summaries(question, span.value)) : failed(400, span.error);
      },
    },
    ...['stats', 'stats/:range'].map(
      (path): Endpoint => ({
        method: 'GET',
        path,
        open: true,
        answer({ request, question, manner, person, stranger }) {
          const { shares } = person.settings;
          if (stranger && !Object.values(shares).includes(true)) return failed(403, 'this account shares nothing');
          const said = question.query.get('is_including_today');
          const includesToday = said === null ? manner === 'wakapi' : /^(?:true|1)$/i.test(said);
          const range = readStatsRange(request.params.get('range') ?? 'last_7_days', question.now, includesToday);
          if (range === undefined) return failed(404, 'no such range');
          const all = stats(question, range);
          return json(200, { data: stranger ? shared(all, question) : all });
        },
      }),
    ),
    {
      method: 'GET',
      path: 'all_time_since_today',
      answer: ({ question }) => json(200, { data: allTimeSinceToday(question) }),
    },
    { method: 'GET', path: 'durations', answer: ({ question }) => answered(durations(question)) },
    { method: 'GET', path: 'heartbeats', answer: async ({ question }) => answered(await list(hub, question)) },
    {
      method: 'DELETE',
      path: 'heartbeats.bulk',
      answer: async ({ question, request }) => answered(await remove(hub, question, parsedBody(request.body))),
    },
    {
      method: 'GET',
      path: 'projects',
      answer({ question, person }) {
        const wanted = question.query.get('q')?.toLowerCase() ?? '';
        const found = projects(person, question.moment).filter(({ name }) => name.toLowerCase().includes(wanted));
        return json(200, paged(found, question.query));
      },
    },
    {
      method: 'GET',
      path: 'projects/:project',
      answer({ question, person, request }) {
        const wanted = request.params.get('project');
        const found = projects(person, question.moment).find(({ name, id }) => name === wanted || id === wanted);
        return found === undefined ? failed(404, 'no such project') : json(200, { data: found });
      },
    },
    {
      method: 'GET',
      path: 'machine_names',
      answer: ({ person, question }) => json(200, paged(machines(person), question.query)),
    },
    {
      method: 'GET',
      path: 'user_agents',
      answer: ({ person, question }) => json(200, paged(userAgents(person), question.query)),
    },
    {
      method: 'GET',
      path: 'languages',
      answer: ({ person, question }) => json(200, paged(languages(person), question.query)),
    },
    {
      method: 'POST',
      path: 'file_experts',
      answer: ({ person, question, request }) =>
        json(200, { data: experts(person, question, parsedBody(request.body)) }),
    },
  ];

  const routes: Route[] = [];
  for (const [prefix, manner] of prefixes) {
    const under = (path: string) => `${prefix}/users/:user${path === '' ? '' : `/${path}`}`;
    for (const endpoint of endpoints) {
      routes.push({
        method: endpoint.method,
        path: under(endpoint.path),
        limit: bodyLimit,
        handle: handle(endpoint, manner),
      });
    }
    for (const path of ['heartbeats.bulk', 'heartbeats', 'heartbeat']) {
      const takes = ingest(manner, path === 'heartbeats.bulk');
      routes.push({ method: 'POST', path: under(path), limit: bodyLimit, handle: takes });
      // What remains of a whole address that somebody typed where only its beginning belongs.
      routes.push({ method: 'POST', path: `${prefix}/${path}`, limit: bodyLimit, handle: takes });
    }
    routes.push({ method: 'POST', path: `${prefix}/plugins/errors`, limit: errorReportLimit, handle: errorReport });
    routes.push({
      method: '*',
      path: `${prefix}/users/*`,
      handle: async () => failed(404, 'not here: see the adapter’s README'),
    });
  }
  // Without a prefix only what cannot be mistaken for a room of the mob timer.
  const bare = routes.filter(({ path }) => path.startsWith('/v1/users/:user'));
  routes.push(...bare.map((route) => ({ ...route, path: route.path.replace('/v1/users/:user', '/users/current') })));
  for (const path of ['heartbeats.bulk', 'heartbeats', 'heartbeat']) {
    routes.push({
      method: 'POST',
      path: `/${path}`,
      limit: bodyLimit,
      handle: ingest('wakatime', path.endsWith('bulk')),
    });
  }
  const paths = new Set(routes.map(({ path }) => path));
  const preflight = async (): Promise<Reply> => ({ status: 204, headers: {}, body: '' });
  routes.push(...[...paths].map((path) => ({ method: 'OPTIONS', path, handle: preflight })));
  return routes.map((route) => ({ ...route, handle: open(route.handle) }));
}

/**
 * Whether pages of any origin may ask for this: WakaTime's tools are pages and extensions of many origins, and get nothing here
 * without a key.
 */
export function pagesMay({ path }: { readonly path: string }): boolean {
  return /^\/(?:api\/(?!0\/)|v1\/|users\/current(?:\/|$)|heartbeats?(?:\.bulk)?$)/.test(path);
}

/** Browsers show a page no answer that lacks these, an error least of all. */
function open(handle: Route['handle']): Route['handle'] {
  return async (request) => {
    const reply = await handle(request);
    return { ...reply, headers: { ...reply.headers, ...crossOrigin } };
  };
}

/** Command lines report their own crashes here, with or without a key. Nobody here could mend them, so they are not kept. */
const errorReport: Route['handle'] = async () => json(201, { data: {} });

/** Who knows this file: the account alone, since it shares files with nobody. */
function experts({ beats, account, id }: Person, { rule, moment }: Question, body: unknown) {
  const entity = isObject(body) && typeof body['entity'] === 'string' ? body['entity'] : '';
  const [all] = tally(beats, rule, { bounds: [beats.first ?? moment, moment + rule.timeout], entities: true });
  const sums = [...(all?.entities ?? [])].filter(([code]) => beats.entities[code] === entity);
  const { decimal, digital, text, total_seconds } = grandAmount(secondsOf(sums[0]?.[1] ?? 0));
  const user = { id, is_current_user: true, long_name: account, name: account };
  return [{ user, total: { decimal, digital, text, total_seconds } }];
}

function accountId(name: string): string {
  return uuidOf(['account', name]);
}

function failed(status: number, error: string): Reply {
  return json(status, { error });
}

/** Plugins then ask for a key, whatever was wrong with the one they have. */
const unauthorized = failed(401, 'Unauthorized');

function answered(asked: Asked<object>): Reply {
  return asked.ok ? json(200, asked.value) : failed(400, asked.error);
}
