// What tools made for Wakapi ask besides WakaTime's own paths: its summary, metrics for Prometheus, badges, shields and the chart of a
// year. Public ones show what the account shares, decided in admission.ts and here in one function.

import { isAdmin } from '../../../core/access.ts';
import { json, type Reply, type Request, type Route, text } from '../../../http/types.ts';
import type { Admission, Sizes, WakatimeDeps } from '../auth/authorize.ts';
import { areShared, isDateShared } from '../model/account-settings.ts';
import {
  addDays,
  dateAt,
  datesOf,
  iso,
  isoEnd,
  readMoment,
  readStatsRange,
  readSummaryRange,
  type Span,
  spoken,
} from '../model/calendar.ts';
import { secondsOf, wakapiText } from '../model/format-time.ts';
import { leaders } from '../social/public-leaderboard.ts';
import { badge, badgeColor, face, svg, yearChart } from '../social/svg.ts';
import { type Grouped, type Row, sortRows } from '../stats/group-by.ts';
import { type Dimension, isSameName } from '../stats/names.ts';
import { ask, mostDays, partsAsked, type Question } from '../stats/query.ts';
import { allTime, compute } from '../stats/stats.ts';
import { Census, type Counted } from './prometheus.ts';

export function wakapiRoutes(admission: Admission, sizes?: WakatimeDeps['sizes']): readonly Route[] {
  const { hub } = admission;
  const questionOf = async (request: Request, account: string, query = request.query) =>
    ask(await admission.person(account, request), new URLSearchParams(query), hub.world.now());

  const census = new Census(admission);

  /** @param shortens whether the answer itself leaves out the days that strangers may not see */
  const shown =
    (answer: (wanted: Wanted) => Reply, shortens = false): Route['handle'] =>
    async (request) => {
      const admitted = admission.admit(request, request.params.get('user')?.replace(/\.svg$/, '') ?? '', 'read', {
        open: true,
        needs: ['stats'],
      });
      if (!admitted.ok) return admitted.reply;
      const wanted = wantedOf(request.path);
      const question = await questionOf(request, admitted.account, filterQuery(wanted.filters, request.query));
      if (!question.ok) return json(400, { error: question.error });
      const range = readStatsRange(wanted.interval, question.value.now, true);
      if (range === undefined) return json(404, { error: 'no such interval' });
      const { person, now } = question.value;
      const first = range.span?.first ?? '';
      if (!shortens && admitted.stranger && !isDateShared(person.settings, first, now.today))
        return json(403, { error: `this account shares the last ${person.settings.shareDays ?? 0} days` });
      if (admitted.stranger && !mayShow(question.value))
        return json(403, { error: 'this account does not share that' });
      return answer({
        question: question.value,
        span: range.span ?? allTime(question.value),
        query: new URLSearchParams(request.query),
        stranger: admitted.stranger,
      });
    };

  return [
    {
      method: 'GET',
      path: '/api/health',
      async handle(request) {
        const works = await hub.store.check().then(
          () => 1,
          () => 0,
        );
        const asJson = /json/.test(request.headers.get('content-type') ?? request.headers.get('accept') ?? '');
        const status = works === 1 ? 200 : 503;
        return asJson ? json(status, { app: 1, db: works }) : text(status, `app=1\ndb=${works}`);
      },
    },
    {
      method: 'GET',
      path: '/api/summary',
      async handle(request) {
        const admitted = admission.admit(request, 'current', 'read', { needs: ['stats'] });
        if (!admitted.ok) return admitted.reply;
        const question = await questionOf(request, admitted.account);
        if (!question.ok) return json(400, { error: question.error });
        const span = summarySpan(question.value);
        return span === undefined
          ? json(400, {
              error: `send interval=today or the like, or from and to as YYYY-MM-DD or with a time, at most ${mostDays} days`,
            })
          : json(200, summary(question.value, span));
      },
    },
    {
      method: 'GET',
      path: '/api/metrics',
      async handle(request) {
        const admitted = admission.admit(request, 'current', 'read', { needs: ['stats'] });
        if (!admitted.ok) return admitted.reply;
        const question = await questionOf(request, admitted.account, '');
        if (!question.ok) return json(400, { error: question.error });
        const { rank } = (await leaders(admission, request)).current_user;
        const identity = admission.identify(request);
        const told = metrics(question.value, rank);
        const rest = identity !== undefined && isAdmin(identity) ? ofAll(await census.take(), await sizes?.()) : '';
        return text(200, `${told}${rest}`);
      },
    },
    {
      method: 'GET',
      path: '/api/compat/shields/v1/:user/*',
      handle: shown(({ question, span, query }) =>
        json(200, {
          schemaVersion: 1,
          label: query.get('label') ?? 'Horai',
          message: wakapiText(total(question, span)),
          color: query.get('color') ?? badgeColor,
        }),
      ),
    },
    {
      method: 'GET',
      path: '/api/badge/:user/*',
      handle: shown(({ question, span, query }) => {
        const [label, color] = [query.get('label') ?? 'Horai', query.get('color') ?? badgeColor];
        return svg(badge(label, wakapiText(total(question, span)), color, query.get('style') ?? 'flat'));
      }),
    },
    {
      method: 'GET',
      path: '/api/activity/chart/:user',
      handle: shown(({ question, query, stranger }) => {
        const { today } = question.now;
        const { shareDays = 364 } = stranger ? question.person.settings : {};
        const span = { first: addDays(today, -Math.min(shareDays, 364)), last: today };
        const { days } = compute(question, span);
        const squares = datesOf(span).map((date, index) => {
          const amount = days[index] ?? 0;
          return { date, amount, title: `${spoken(date)}: ${wakapiText(secondsOf(amount))}` };
        });
        return svg(yearChart(squares, { dark: query.has('dark') }));
      }, true),
    },
    ...['/api/avatar/:hash', '/photo/:hash'].map(
      (path): Route => ({
        method: 'GET',
        path,
        // Made of the name in the path alone, so that it says nothing of anybody.
        handle: async ({ params }) => svg(face((params.get('hash') ?? '').replace(/\.svg$/, ''))),
      }),
    ),
  ];
}

interface Wanted {
  readonly question: Question;
  readonly span: Span;
  readonly query: URLSearchParams;
  readonly stranger: boolean;
}

/** What a stranger may be shown: the sum of all needs the coding time to be shared, that of a part also its list. */
function mayShow({ person: { settings }, query }: Question): boolean {
  return settings.shares.time && areShared(settings, partsAsked(query));
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

/** `…/interval:today/project:hub`, as it came: a name may have slashes of its own, which are escaped. */
function wantedOf(path: string) {
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

function filterQuery(filters: ReadonlyMap<string, string>, said: string): string {
  const query = new URLSearchParams();
  for (const [name, value] of filters) query.set(name, value);
  const timezone = new URLSearchParams(said).get('timezone');
  if (timezone !== null) query.set('timezone', timezone);
  return query.toString();
}

/**
 * The span of `/api/summary`, as Wakapi reads it: an interval's name in `interval` or `start`; else the moments `from` and `to`, of
 * which `to` is not included. A date alone is its first moment.
 */
function summarySpan(question: Question): Span | undefined {
  const { query, now, zone } = question;
  const start = query.get('start') || undefined;
  const named = query.get('interval') || (start === undefined || isMoment(start, question) ? undefined : start);
  if (named !== undefined) {
    const range = readStatsRange(named, now, true);
    return range === undefined ? readSummaryRange(named, now) : (range.span ?? allTime(question));
  }
  const from = readMoment(query.get('from') ?? start ?? '', now, zone);
  const to = readMoment(query.get('to') ?? query.get('end') ?? '', now, zone);
  if (from === undefined || to === undefined || from > to) return undefined;
  const [first, last] = [dateAt(from, zone), dateAt(Math.max(from, to - 1), zone)];
  return addDays(first, mostDays) < last ? undefined : { first, last, from, to };
}

/** True for a date or a time, also in words that name an interval, too, where an end is given. */
function isMoment(said: string, { query, now, zone }: Question): boolean {
  const hasEnd = query.has('end') || query.has('to');
  return readMoment(said, now, zone) !== undefined && (hasEnd || readStatsRange(said, now, true) === undefined);
}

function total(question: Question, span: Span): number {
  return secondsOf(compute(question, span).all.total);
}

function summary(question: Question, span: Span) {
  const { all, bounds } = compute(question, span);
  const list = (dimension: Dimension) =>
    all.rows(dimension).map(({ name, sum }) => ({ key: name, total: Math.floor(secondsOf(sum)) }));
  return {
    user_id: question.person.account,
    from: iso(bounds[0] ?? 0),
    to: span.to === undefined ? isoEnd(bounds.at(-1) ?? 0) : iso(span.to),
    projects: list('projects'),
    languages: list('languages'),
    editors: list('editors'),
    operating_systems: list('operating_systems'),
    machines: list('machines'),
    labels: labelled(question, all).map(({ name, sum }) => ({ key: name, total: Math.floor(secondsOf(sum)) })),
    branches: list('branches'),
    categories: list('categories'),
  };
}

/** The account's own names for several projects; a project may have more than one. */
function labelled({ person }: Question, { rows }: Grouped): readonly Row[] {
  const projects = rows('projects');
  const sumOf = (names: readonly string[]): number =>
    projects.reduce((sum, row) => (names.some((name) => isSameName(name, row.name)) ? sum + row.sum : sum), 0);
  return sortRows([...person.settings.labels].map(([name, names]) => ({ name, sum: sumOf(names) })));
}

type Value = readonly [label: string, value: number];

/** Gauges all of them: those of today fall at midnight, and any when heartbeats are deleted. */
function gauge(name: string, help: string, values: readonly Value[]): string {
  const lines = values.map(([label, value]) => `wakatime_${name}${label} ${value}\n`);
  return `# HELP wakatime_${name} ${help}\n# TYPE wakatime_${name} gauge\n${lines.join('')}`;
}

/** Of today, and of all time. */
function metrics(question: Question, rank: number | null): string {
  const { now, person } = question;
  const today = compute(question, { first: now.today, last: now.today }).all;
  const all = compute(question, allTime(question)).all;
  const named = (rows: readonly Row[]) =>
    rows.map(({ name, sum }): Value => [`{name=${quoted(name)}}`, Math.floor(secondsOf(sum))]);
  const of = (name: string, words: string, rows: readonly Row[]) =>
    gauge(`${name}_seconds_total`, `Seconds of today by ${words}.`, named(rows));
  return [
    gauge('seconds_total', 'Seconds of today.', [['', Math.floor(secondsOf(today.total))]]),
    gauge('cumulative_seconds_total', 'Seconds of all time.', [['', Math.floor(secondsOf(all.total))]]),
    gauge('heartbeats_total', 'Heartbeats of all time.', [['', person.beats.size]]),
    of('project', 'project', today.rows('projects')),
    of('language', 'language', today.rows('languages')),
    of('editor', 'editor', today.rows('editors')),
    of('operating_system', 'system', today.rows('operating_systems')),
    of('machine', 'machine', today.rows('machines')),
    of('category', 'category', today.rows('categories')),
    of('label', 'label', labelled(question, today)),
    rank === null ? '' : gauge('rank', 'Place among those who share their time here.', [['', rank]]),
  ].join('');
}

/** For administrators: all accounts, and what the hub takes. */
function ofAll(accounts: readonly Counted[], sizes: Sizes | undefined): string {
  const sum = (of: (one: Counted) => number): readonly Value[] => [
    ['', Math.floor(accounts.reduce((all, one) => all + of(one), 0))],
  ];
  const each = (of: (one: Counted) => number) =>
    accounts.map((one): Value => [`{user=${quoted(one.account)}}`, Math.floor(of(one))]);
  const bytes = (name: string, help: string, value: number | undefined) =>
    value === undefined ? '' : gauge(name, `Bytes: ${help}.`, [['', value]]);
  return [
    gauge(
      'admin_seconds_total',
      'Seconds of all accounts, all time.',
      sum(({ seconds }) => seconds),
    ),
    gauge(
      'admin_heartbeats_total',
      'Heartbeats of all accounts.',
      sum(({ heartbeats }) => heartbeats),
    ),
    gauge('admin_users_total', 'Accounts.', [['', accounts.length]]),
    gauge(
      'admin_users_active_total',
      'Accounts with a heartbeat of the last seven days.',
      sum(({ isActive }) => Number(isActive)),
    ),
    gauge(
      'admin_user_heartbeats_total',
      'Heartbeats by account.',
      each(({ heartbeats }) => heartbeats),
    ),
    gauge(
      'admin_user_time_seconds_total',
      'Seconds by account, all time.',
      each(({ seconds }) => seconds),
    ),
    bytes('mem_sys', 'what the process has of the machine', sizes?.resident),
    bytes('mem_alloc', 'objects on the heap', sizes?.heapUsed),
    bytes('mem_heap_sys', 'the heap', sizes?.heap),
    bytes('mem_heap_inuse', 'objects on the heap', sizes?.heapUsed),
    bytes('mem_heap_idle', 'the heap without them', sizes && sizes.heap - sizes.heapUsed),
    bytes('db_total_bytes', 'the files of the store', sizes?.store),
  ].join('');
}

function quoted(value: string): string {
  return `"${value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"')}"`;
}
