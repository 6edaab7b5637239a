// The paths that Wakapi adds to WakaTime's: summary, metrics for Prometheus, badges, shields and the chart of a year. Public ones show
// only what the account shares.

import { isAdmin } from '../../../core/access.ts';
import { json, type Reply, type Request, type Route, text } from '../../../http/types.ts';
import type { Authorizer, WakatimeDeps } from '../auth/authorize.ts';
import { areListsShared, isDateShared } from '../model/account-settings.ts';
import {
  addDays,
  type DateSpan,
  dateAt,
  formatDate,
  formatIso,
  formatIsoEnd,
  listDates,
  readMoment,
  readStatsRange,
  readSummaryRange,
} from '../model/calendar.ts';
import { formatWakapiTime, toSeconds } from '../model/format-time.ts';
import { rankPublic } from '../social/public-leaderboard.ts';
import { badgeColor, drawBadge, drawIdenticon, drawYear, svgReply } from '../social/svg.ts';
import type { Dimension } from '../stats/names.ts';
import { filteredLists, mostDays, parseQuery, type TimeQuery } from '../stats/query.ts';
import { allTimeSpan, computeSpan } from '../stats/stats.ts';
import { sumLabels, writeHubMetrics, writeMetrics } from './metrics-text.ts';
import { AccountMetrics } from './prometheus.ts';

/** The requirements of a request to one of Wakapi's paths. */
interface Wakapi {
  readonly authorizer: Authorizer;
  readonly metrics: AccountMetrics;
  readonly sizes: WakatimeDeps['sizes'];
}

export function wakapiRoutes(authorizer: Authorizer, sizes?: WakatimeDeps['sizes']): readonly Route[] {
  const wakapi: Wakapi = { authorizer, sizes, metrics: new AccountMetrics(authorizer) };
  return [
    { method: 'GET', path: '/api/health', handle: (request) => replyHealth(wakapi, request) },
    { method: 'GET', path: '/api/summary', handle: (request) => replySummary(wakapi, request) },
    { method: 'GET', path: '/api/metrics', handle: (request) => replyMetrics(wakapi, request) },
    { method: 'GET', path: '/api/compat/shields/v1/:user/*', handle: answerPublic(wakapi, shieldOf) },
    { method: 'GET', path: '/api/badge/:user/*', handle: answerPublic(wakapi, badgeOf), isEmbeddable: true },
    {
      method: 'GET',
      path: '/api/activity/chart/:user',
      handle: answerPublic(wakapi, chartOf, true),
      isEmbeddable: true,
    },
    ...['/api/avatar/:hash', '/photo/:hash'].map(
      (path): Route => ({ method: 'GET', path, handle: replyAvatar, isEmbeddable: true }),
    ),
  ];
}

async function parseTimeQuery({ authorizer }: Wakapi, request: Request, account: string, query = request.query) {
  const person = await authorizer.person(account, request);
  return parseQuery(person, new URLSearchParams(query), authorizer.hub.world.now());
}

async function replyHealth({ authorizer }: Wakapi, request: Request): Promise<Reply> {
  const works = await authorizer.hub.store.check().then(
    () => 1,
    () => 0,
  );
  const asJson = /json/.test(request.headers.get('content-type') ?? request.headers.get('accept') ?? '');
  const status = works === 1 ? 200 : 503;
  return asJson ? json(status, { app: 1, db: works }) : text(status, `app=1\ndb=${works}`);
}

async function replySummary(wakapi: Wakapi, request: Request): Promise<Reply> {
  const authorized = wakapi.authorizer.authorize(request, 'current', ['read'], { scopes: ['stats'] });
  if (!authorized.ok) return authorized.reply;
  const question = await parseTimeQuery(wakapi, request, authorized.account);
  if (!question.ok) return json(400, { error: question.error });
  const span = summarySpan(question.value);
  const form = `send interval=today or the like, or from and to as YYYY-MM-DD or with a time, at most ${mostDays} days`;
  return span === undefined ? json(400, { error: form }) : json(200, await summary(question.value, span));
}

async function replyMetrics(wakapi: Wakapi, request: Request): Promise<Reply> {
  const { authorizer, metrics, sizes } = wakapi;
  const authorized = authorizer.authorize(request, 'current', ['read'], { scopes: ['stats'] });
  if (!authorized.ok) return authorized.reply;
  const question = await parseTimeQuery(wakapi, request, authorized.account, '');
  if (!question.ok) return json(400, { error: question.error });
  const { rank } = (await rankPublic(authorizer, request)).current_user;
  const identity = authorizer.identify(request);
  const isAdministrator = identity !== undefined && isAdmin(identity);
  const ofHub = isAdministrator ? writeHubMetrics(await metrics.collect(), await sizes?.()) : '';
  return text(200, `${await writeMetrics(question.value, rank)}${ofHub}`);
}

/** An avatar is computed from the name in the path alone, so it reveals nothing about an account. */
async function replyAvatar({ params }: Request): Promise<Reply> {
  return svgReply(drawIdenticon((params.get('hash') ?? '').replace(/\.svg$/, '')));
}

/** @param shortens true if `answer` itself leaves out the days that strangers may not see */
function answerPublic(
  wakapi: Wakapi,
  answer: (wanted: WantedImage) => Promise<Reply>,
  shortens = false,
): Route['handle'] {
  return async (request) => {
    const user = request.params.get('user')?.replace(/\.svg$/, '') ?? '';
    const authorized = wakapi.authorizer.authorize(request, user, ['read'], { isPublic: true, scopes: ['stats'] });
    if (!authorized.ok) return authorized.reply;
    const { account, isStranger } = authorized;
    const wanted = parseWantedPath(request.path);
    const parsed = await parseTimeQuery(wakapi, request, account, filterQuery(wanted.filters, request.query));
    if (!parsed.ok) return json(400, { error: parsed.error });
    const question = parsed.value;
    const { person, now } = question;
    const range = readStatsRange(wanted.interval, now, true);
    if (range === undefined) return json(404, { error: 'no such interval' });
    const first = range.span?.first ?? '';
    if (!shortens && isStranger && !isDateShared(person.settings, first, now.today))
      return json(403, { error: `this account shares the last ${person.settings.shareDays ?? 0} days` });
    if (isStranger && !mayShow(question)) return json(403, { error: 'this account does not share that' });
    const span = range.span ?? allTimeSpan(question);
    return answer({ question, span, query: new URLSearchParams(request.query), isStranger });
  };
}

async function shieldOf({ question, span, query }: WantedImage): Promise<Reply> {
  return json(200, {
    schemaVersion: 1,
    label: query.get('label') ?? 'Horai',
    message: formatWakapiTime(await total(question, span)),
    color: query.get('color') ?? badgeColor,
  });
}

async function badgeOf({ question, span, query }: WantedImage): Promise<Reply> {
  const [label, color] = [query.get('label') ?? 'Horai', query.get('color') ?? badgeColor];
  return svgReply(drawBadge(label, formatWakapiTime(await total(question, span)), color, query.get('style') ?? 'flat'));
}

/** The last year, or the days of it that strangers may see. */
async function chartOf({ question, query, isStranger }: WantedImage): Promise<Reply> {
  const { today } = question.now;
  const { shareDays = 364 } = isStranger ? question.person.settings : {};
  const span = { first: addDays(today, -Math.min(shareDays, 364)), last: today };
  const { days } = await computeSpan(question, span);
  const squares = listDates(span).map((date, index) => {
    const amount = days[index] ?? 0;
    return { date, amount, title: `${formatDate(date)}: ${formatWakapiTime(toSeconds(amount))}` };
  });
  return svgReply(drawYear(squares, { dark: query.has('dark') }));
}

interface WantedImage {
  readonly question: TimeQuery;
  readonly span: DateSpan;
  readonly query: URLSearchParams;
  /** True without a key to the account. */
  readonly isStranger: boolean;
}

/** True if strangers may see an image: a total needs the time to be shared, a filtered one also the list. */
function mayShow({ person: { settings }, query }: TimeQuery): boolean {
  return settings.shares.time && areListsShared(settings, filteredLists(query));
}

const filterNames = new Map([
  ['project', 'project'],
  ['language', 'language'],
  ['editor', 'editor'],
  ['os', 'operating_system'],
  ['operating_system', 'operating_system'],
  ['machine', 'machine'],
  ['label', 'label'],
]);

function plain(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Parses a path such as `…/interval:today/project:hub`. Slashes in a name are percent-encoded. */
function parseWantedPath(path: string) {
  const filters = new Map<string, string>();
  let interval = 'last_30_days';
  for (const segment of path.split('/')) {
    const [, name = '', value = ''] = /^([a-z_]+):(.+)$/s.exec(plain(segment)) ?? [];
    const filter = filterNames.get(name);
    if (name === 'interval') interval = value;
    else if (filter !== undefined) filters.set(filter, value);
  }
  return { interval, filters };
}

function filterQuery(filters: ReadonlyMap<string, string>, input: string): string {
  const query = new URLSearchParams();
  for (const [name, value] of filters) query.set(name, value);
  const timezone = new URLSearchParams(input).get('timezone');
  if (timezone !== null) query.set('timezone', timezone);
  return query.toString();
}

/**
 * The span of `/api/summary`, as Wakapi reads it: an interval's name in `interval` or `start`; else the moments `from` and `to`, of
 * which `to` is not included. A date alone is its first moment.
 */
function summarySpan(question: TimeQuery): DateSpan | undefined {
  const { query, now, zone } = question;
  const start = query.get('start') || undefined;
  const named = query.get('interval') || (start === undefined || isMoment(start, question) ? undefined : start);
  if (named !== undefined) {
    const range = readStatsRange(named, now, true);
    return range === undefined ? readSummaryRange(named, now) : (range.span ?? allTimeSpan(question));
  }
  const from = readMoment(query.get('from') ?? start ?? '', now, zone);
  const to = readMoment(query.get('to') ?? query.get('end') ?? '', now, zone);
  if (from === undefined || to === undefined || from > to) return undefined;
  const [first, last] = [dateAt(from, zone), dateAt(Math.max(from, to - 1), zone)];
  return addDays(first, mostDays) < last ? undefined : { first, last, from, to };
}

/** True if a text names a moment. A word that also names an interval is a moment only where an end is given. */
function isMoment(input: string, { query, now, zone }: TimeQuery): boolean {
  const hasEnd = query.has('end') || query.has('to');
  return readMoment(input, now, zone) !== undefined && (hasEnd || readStatsRange(input, now, true) === undefined);
}

async function total(question: TimeQuery, span: DateSpan): Promise<number> {
  const { all } = await computeSpan(question, span);
  return toSeconds(all.total);
}

async function summary(question: TimeQuery, span: DateSpan) {
  const { all, bounds } = await computeSpan(question, span);
  const list = (dimension: Dimension) =>
    all.rows(dimension).map(({ name, sum }) => ({ key: name, total: Math.floor(toSeconds(sum)) }));
  return {
    user_id: question.person.account,
    from: formatIso(bounds[0] ?? 0),
    to: span.to === undefined ? formatIsoEnd(bounds.at(-1) ?? 0) : formatIso(span.to),
    projects: list('projects'),
    languages: list('languages'),
    editors: list('editors'),
    operating_systems: list('operating_systems'),
    machines: list('machines'),
    labels: sumLabels(question, all).map(({ name, sum }) => ({ key: name, total: Math.floor(toSeconds(sum)) })),
    branches: list('branches'),
    categories: list('categories'),
  };
}
