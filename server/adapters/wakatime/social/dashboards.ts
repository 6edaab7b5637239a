// Dashboards of an organisation: who sees whose time. A dashboard shows only people with a seat, and never their machines,
// dependencies or files. organization-routes.ts handles the members of the organisation.

import { json, type Reply } from '../../../http/types.ts';
import { type Endpoint, type EndpointCall, errorReply, outcomeReply } from '../endpoint.ts';
import { formatIso } from '../model/calendar.ts';
import { formatClock, formatDecimal, formatSeconds } from '../model/format-time.ts';
import { pathParam, readObject, readText } from '../request-fields.ts';
import { compileRules, readRules } from '../resources/custom-rules.ts';
import { noAiMetrics } from '../stats/ai-metrics.ts';
import { type DayOfDurations, listDurations } from '../stats/durations.ts';
import { paginate } from '../stats/lists.ts';
import { failure, parseQuery, parseSpan, type QueryOutcome, type TimeQuery } from '../stats/query.ts';
import { buildSummaries, type Summaries, type SummaryDay } from '../stats/summaries.ts';
import { countPeople, hasJoined, memberOf, resolveMember } from './membership.ts';
import {
  changeOrg,
  type Dashboard,
  describeMember,
  findOrg,
  isAdmin,
  noOrg,
  notYours,
  type Org,
  replyWithMembers,
  type Seat,
  withNamedUser,
} from './organization.ts';

const mostDashboards = 200;
const noDashboard = failure('no such dashboard', 404);

/** The dashboard of the path, if the caller may see it. */
function dashboardIn(org: Org, { request, person }: EndpointCall): Dashboard | undefined {
  const found = org.dashboards.find(({ id }) => id === pathParam(request, 'dashboard'));
  return found !== undefined && maySee(org, found, person.account) ? found : undefined;
}

function maySee(org: Org, { restricted, seats }: Dashboard, account: string): boolean {
  return !restricted || isAdmin(org, account) || seats.some((seat) => seat.account === account);
}

function describeDashboard(org: Org, dashboard: Dashboard, account: string) {
  const { id, name, creator, restricted, seats, at } = dashboard;
  const [run, sits] = [isAdmin(org, account), seats.some((seat) => seat.account === account)];
  return {
    id,
    full_name: name,
    created_by: creator,
    timezone: org.timezone,
    has_changed_timezone: false,
    members_count: seats.length,
    members_count_human_readable: countPeople(seats.length),
    is_current_user_member: sits,
    is_viewing_restricted: restricted,
    is_manual_time_hidden: false,
    can_current_user_view: maySee(org, dashboard, account),
    can_current_user_request_to_view: false,
    can_current_user_request_to_join: false,
    can_current_user_add_members: run,
    can_current_user_remove_members: run,
    can_current_user_delete: run,
    created_at: formatIso(at * 1_000),
    modified_at: formatIso(org.changed * 1_000),
  };
}

/** The request's query, about another person, with the organisation's time zone, timeout and rules. */
async function questionAbout(call: EndpointCall, org: Org, account: string): Promise<TimeQuery> {
  const { authorizer, hub, request, question } = call;
  const person = await authorizer.person(account, request);
  const rules = compileRules([...(await readRules(hub, account)), ...org.rules]);
  const query = new URLSearchParams({
    timezone: org.timezone,
    timeout: String(org.timeout),
    writes_only: String(org.writesOnly),
  });
  for (const name of ['date', 'start', 'end', 'range']) {
    const input = question.query.get(name);
    if (input !== null) query.set(name, input);
  }
  const result = parseQuery({ ...person, rules }, query, hub.world.now());
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

/** The caller's view of a person: `all` if it is the same person, `nothing` if the person hides their time. */
function visibilityTo(org: Org, { account, viewOnly }: Seat, asker: string): 'all' | 'some' | 'nothing' {
  if (!hasJoined(org.members, account) || viewOnly) return 'nothing';
  if (account === asker) return 'all';
  return memberOf(org.members, account)?.privacy === 'hidden' ? 'nothing' : 'some';
}

function hidePrivate(org: Org, day: SummaryDay) {
  // The use and the cost of AI tools stay private.
  const usage = noAiMetrics();
  const projects = org.projects === 'visible' ? day.projects.map((project) => ({ ...project, ...usage })) : [];
  return { ...day, grand_total: { ...day.grand_total, ...usage }, projects, dependencies: [], machines: [] };
}

async function summariesOf(call: EndpointCall, org: Org, seat: Seat) {
  const question = await questionAbout(call, org, seat.account);
  const span = parseSpan(question);
  if (!span.ok) return span;
  const sees = visibilityTo(org, seat, call.person.account);
  const withoutTime = { ...question, filter: { fits: () => false } };
  const all = await buildSummaries(sees === 'nothing' ? withoutTime : question, span.value);
  return {
    ok: true,
    value: sees === 'all' ? all : { ...all, data: all.data.map((day) => hidePrivate(org, day)) },
  } as const;
}

async function durationsOf(call: EndpointCall, org: Org, seat: Seat) {
  const question = await questionAbout(call, org, seat.account);
  const sees = visibilityTo(org, seat, call.person.account);
  const all = listDurations(sees === 'nothing' ? { ...question, filter: { fits: () => false } } : question);
  if (!all.ok || sees === 'all') return all;
  const hidden = { ...noAiMetrics(), machine_name_id: null };
  const data = all.value.data.map((one) => ({
    ...one,
    ...hidden,
    project: org.projects === 'visible' ? one['project'] : null,
  }));
  return { ok: true, value: { ...all.value, data, branches: [] } } as const;
}

/**
 * Describes everybody on a dashboard who shows their time.
 * @param of computes what `show` describes
 */
async function forEachSeat<T>(
  call: EndpointCall,
  of: (org: Org, seat: Seat) => Promise<QueryOutcome<T>>,
  show: (member: object, its: T) => object,
): Promise<QueryOutcome<{ readonly rows: readonly object[]; readonly all: readonly T[] }>> {
  const org = await findOrg(call);
  const dashboard = org === undefined ? undefined : dashboardIn(org, call);
  if (org === undefined || dashboard === undefined) return noDashboard;
  const [rows, all]: [object[], T[]] = [[], []];
  for (const seat of dashboard.seats) {
    if (seat.viewOnly || !hasJoined(org.members, seat.account)) continue;
    const result = await of(org, seat);
    if (!result.ok) return result;
    all.push(result.value);
    const privacy = memberOf(org.members, seat.account)?.privacy ?? 'visible';
    rows.push(show({ ...(await describeMember(call, seat.account)), default_personal_privacy: privacy }, result.value));
  }
  return { ok: true, value: { rows, all } };
}

/** Replies for one person of a dashboard, by the path. */
async function replyForSeat<T extends object>(
  call: EndpointCall,
  of: (org: Org, seat: Seat) => Promise<QueryOutcome<T>>,
): Promise<Reply> {
  const org = await findOrg(call);
  const dashboard = org === undefined ? undefined : dashboardIn(org, call);
  const account = resolveMember(call.authorizer, call.request, call.person.account);
  const seat = dashboard?.seats.find((one) => one.account === account);
  if (org === undefined || seat === undefined || seat.viewOnly) return errorReply(404, 'no such member');
  const result = await of(org, seat);
  if (!result.ok) return outcomeReply(result);
  const privacy = memberOf(org.members, account)?.privacy ?? 'visible';
  return call.reply({ ...result.value, default_personal_privacy: privacy });
}

/** If the query has a `date`, the call for that day alone. */
function withDay(call: EndpointCall): EndpointCall {
  const { question } = call;
  const date = question.query.get('date');
  if (date === null) return call;
  const query = new URLSearchParams(question.query);
  query.set('start', date);
  query.set('end', date);
  return { ...call, question: { ...question, query } };
}

const scopes = ['orgs'];
const at = 'orgs/:org/dashboards';
const dashboardAt = `${at}/:dashboard`;

export const dashboardEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: at,
    scopes,
    async answer(call) {
      const org = await findOrg(call);
      if (org === undefined) return outcomeReply(noOrg);
      const { account } = call.person;
      const visible = org.dashboards.filter((dashboard) => maySee(org, dashboard, account));
      return json(
        200,
        paginate(
          visible.map((dashboard) => describeDashboard(org, dashboard, account)),
          call.question.query,
        ),
      );
    },
  },
  {
    method: 'POST',
    path: at,
    scopes,
    answer(call) {
      const { hub, person, request } = call;
      const input = readObject(request);
      const name = readText(input, 'full_name') || readText(input, 'name');
      if (name === '') return errorReply(400, 'send {"full_name": "…"}');
      const restricted = input['is_viewing_restricted'] === true;
      const id = hub.world.secret();
      const created = { id, name, creator: person.id, restricted, seats: [], at: hub.world.now() };
      const next = (org: Org): QueryOutcome<Org> => {
        if (!isAdmin(org, person.account)) return notYours;
        if (org.dashboards.length >= mostDashboards) return failure(`at most ${mostDashboards} dashboards`);
        return { ok: true, value: { ...org, dashboards: [...org.dashboards, created] } };
      };
      return changeOrg(call, next, (org) => describeDashboard(org, created, person.account), 201);
    },
  },
  {
    method: 'DELETE',
    path: dashboardAt,
    scopes,
    answer(call) {
      const id = pathParam(call.request, 'dashboard');
      const next = (org: Org): QueryOutcome<Org> => {
        if (!isAdmin(org, call.person.account)) return notYours;
        const dashboards = org.dashboards.filter((dashboard) => dashboard.id !== id);
        return dashboards.length < org.dashboards.length ? { ok: true, value: { ...org, dashboards } } : noDashboard;
      };
      return changeOrg(call, next, () => ({}));
    },
  },
  {
    method: 'GET',
    path: `${dashboardAt}/members`,
    scopes,
    async answer(call) {
      const org = await findOrg(call);
      const dashboard = org === undefined ? undefined : dashboardIn(org, call);
      if (dashboard === undefined) return outcomeReply(noDashboard);
      return replyWithMembers(call, dashboard.seats, ({ viewOnly }) => ({ is_view_only: viewOnly }));
    },
  },
  {
    method: 'POST',
    path: `${dashboardAt}/members`,
    scopes,
    answer: (call) =>
      withNamedUser(call, (account, input) => {
        const seat = { account, viewOnly: input['is_view_only'] === true };
        return changeSeats(call, account, (seats) => [...seats.filter((one) => one.account !== account), seat]);
      }),
  },
  {
    method: 'DELETE',
    path: `${dashboardAt}/members/:member`,
    scopes,
    answer(call) {
      const gone = resolveMember(call.authorizer, call.request, call.person.account);
      return changeSeats(call, gone, (seats) => seats.filter(({ account }) => account !== gone));
    },
  },
  {
    method: 'GET',
    path: `${dashboardAt}/durations`,
    scopes,
    async answer(call) {
      const show = (member: object, { data, start, end, timezone }: DayOfDurations) => {
        return { member, durations: data, start, end, timezone };
      };
      const result = await forEachSeat(call, (org, seat) => durationsOf(call, org, seat), show);
      return result.ok ? json(200, paginate(result.value.rows, call.question.query)) : outcomeReply(result);
    },
  },
  {
    method: 'GET',
    path: `${dashboardAt}/summaries`,
    scopes,
    async answer(original) {
      const call = withDay(original);
      const show = (member: object, { data }: Summaries) => ({ member, ...data[0] });
      const result = await forEachSeat<Summaries>(call, (org, seat) => summariesOf(call, org, seat), show);
      if (!result.ok) return outcomeReply(result);
      const { rows, all } = result.value;
      const total = all.reduce((sum, { cumulative_total }) => sum + cumulative_total.seconds, 0);
      return call.reply({
        ...paginate(rows, call.question.query),
        cumulative_total: {
          seconds: total,
          text: formatSeconds(total),
          decimal: formatDecimal(total),
          digital: formatClock(total),
        },
        ...(all[0] === undefined ? {} : { start: all[0].start, end: all[0].end }),
      });
    },
  },
  ...['members', 'member'].flatMap((name): readonly Endpoint[] => [
    {
      method: 'GET',
      path: `${dashboardAt}/${name}/:member/durations`,
      scopes,
      answer: (call) => replyForSeat(call, (org, seat) => durationsOf(call, org, seat)),
    },
    {
      method: 'GET',
      path: `${dashboardAt}/${name}/:member/summaries`,
      scopes,
      answer: (call) => replyForSeat(call, (org, seat) => summariesOf(call, org, seat)),
    },
  ]),
];

/** Changes the seats of a dashboard. Administrators add people who have joined the organisation; everyone may remove themselves. */
function changeSeats(
  call: EndpointCall,
  account: string,
  next: (seats: readonly Seat[]) => readonly Seat[],
): Promise<Reply> {
  const joins = call.request.method === 'POST';
  const id = pathParam(call.request, 'dashboard');
  const changedOrg = (org: Org): QueryOutcome<Org> => {
    const leaves = !joins && account === call.person.account;
    if (!isAdmin(org, call.person.account) && !leaves) return notYours;
    if (!hasJoined(org.members, account)) return failure('this person has not joined the organisation yet', 409);
    if (!org.dashboards.some((dashboard) => dashboard.id === id)) return noDashboard;
    const dashboards = org.dashboards.map((one) => (one.id === id ? { ...one, seats: next(one.seats) } : one));
    return { ok: true, value: { ...org, dashboards } };
  };
  return changeOrg(call, changedOrg, () => ({}), joins ? 201 : 200);
}
