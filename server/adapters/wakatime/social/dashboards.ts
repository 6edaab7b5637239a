// Dashboards of an organisation: whose time is shown to whom. On one stand only those who were put on it, and others never see their
// machines, dependencies or files. Who belongs to the organisation is orgs.ts'.

import { json, type Reply } from '../../../http/types.ts';
import { answered, type Endpoint, failed, param, saidIn, type Told, textIn } from '../endpoint.ts';
import { iso } from '../model/calendar.ts';
import { decimal, digital, fineText } from '../model/format-time.ts';
import { readRules, ruleSet } from '../resources/custom-rules.ts';
import { noAiMetrics } from '../stats/ai-metrics.ts';
import { type DayOfDurations, durations } from '../stats/durations.ts';
import { paged } from '../stats/lists.ts';
import { type Asked, ask, type Question, spanOf, wrong } from '../stats/query.ts';
import { summaries } from '../stats/summaries.ts';
import { accountMeant, hasJoined, memberMeant, memberOf, people } from './membership.ts';
import {
  changed,
  type Dashboard,
  find,
  noOrg,
  notYours,
  type Org,
  runs,
  type Seat,
  shownMember,
} from './organization.ts';

const mostDashboards = 200;
const noDashboard = wrong('no such dashboard', 404);

/** One of its dashboards that the asker may see. */
function dashboardIn(org: Org, { request, person }: Told): Dashboard | undefined {
  const found = org.dashboards.find(({ id }) => id === param(request, 'dashboard'));
  return found !== undefined && maySee(org, found, person.account) ? found : undefined;
}

function maySee(org: Org, { restricted, seats }: Dashboard, account: string): boolean {
  return !restricted || runs(org, account) || seats.some((seat) => seat.account === account);
}

function shownDashboard(org: Org, dashboard: Dashboard, account: string) {
  const { id, name, creator, restricted, seats, at } = dashboard;
  const [run, sits] = [runs(org, account), seats.some((seat) => seat.account === account)];
  return {
    id,
    full_name: name,
    created_by: creator,
    timezone: org.timezone,
    has_changed_timezone: false,
    members_count: seats.length,
    members_count_human_readable: people(seats.length),
    is_current_user_member: sits,
    is_viewing_restricted: restricted,
    is_manual_time_hidden: false,
    can_current_user_view: maySee(org, dashboard, account),
    can_current_user_request_to_view: false,
    can_current_user_request_to_join: false,
    can_current_user_add_members: run,
    can_current_user_remove_members: run,
    can_current_user_delete: run,
    created_at: iso(at * 1_000),
    modified_at: iso(org.changed * 1_000),
  };
}

/** The request's question, asked of another person as the organisation counts time. */
async function questionAbout(told: Told, org: Org, account: string): Promise<Question> {
  const { admission, hub, request, question } = told;
  const person = await admission.person(account, request);
  const rules = ruleSet([...(await readRules(hub, account)), ...org.rules]);
  const query = new URLSearchParams({
    timezone: org.timezone,
    timeout: String(org.timeout),
    writes_only: String(org.writesOnly),
  });
  for (const name of ['date', 'start', 'end', 'range']) {
    const said = question.query.get(name);
    if (said !== null) query.set(name, said);
  }
  const asked = ask({ ...person, rules }, query, hub.world.now());
  if (!asked.ok) throw new Error(asked.error);
  return asked.value;
}

/** What this person shows the asker: `all` of themself, `nothing` where they do not want to. */
function shownTo(org: Org, { account, viewOnly }: Seat, asker: string): 'all' | 'some' | 'nothing' {
  if (!hasJoined(org.members, account) || viewOnly) return 'nothing';
  if (account === asker) return 'all';
  return memberOf(org.members, account)?.privacy === 'hidden' ? 'nothing' : 'some';
}

function veiledDay(org: Org, day: ReturnType<typeof summaries>['data'][number]) {
  // What AI tools used and cost is a person's own.
  const usage = noAiMetrics();
  const projects = org.projects === 'visible' ? day.projects.map((project) => ({ ...project, ...usage })) : [];
  return { ...day, grand_total: { ...day.grand_total, ...usage }, projects, dependencies: [], machines: [] };
}

async function summariesOf(told: Told, org: Org, seat: Seat) {
  const question = await questionAbout(told, org, seat.account);
  const span = spanOf(question);
  if (!span.ok) return span;
  const sees = shownTo(org, seat, told.person.account);
  const nobody = { ...question, filter: { fits: () => false } };
  const all = summaries(sees === 'nothing' ? nobody : question, span.value);
  return {
    ok: true,
    value: sees === 'all' ? all : { ...all, data: all.data.map((day) => veiledDay(org, day)) },
  } as const;
}

async function durationsOf(told: Told, org: Org, seat: Seat) {
  const question = await questionAbout(told, org, seat.account);
  const sees = shownTo(org, seat, told.person.account);
  const all = durations(sees === 'nothing' ? { ...question, filter: { fits: () => false } } : question);
  if (!all.ok || sees === 'all') return all;
  const hidden = { ...noAiMetrics(), machine_name_id: null };
  const data = all.value.data.map((one) => ({
    ...one,
    ...hidden,
    project: org.projects === 'visible' ? one['project'] : null,
  }));
  return { ok: true, value: { ...all.value, data, branches: [] } } as const;
}

/** Those of a dashboard who show their time, with what `of` says of each. */
async function eachOf<T>(
  told: Told,
  of: (org: Org, seat: Seat) => Promise<Asked<T>>,
  show: (member: object, its: T) => object,
): Promise<Asked<{ readonly shown: readonly object[]; readonly all: readonly T[] }>> {
  const org = await find(told);
  const dashboard = org === undefined ? undefined : dashboardIn(org, told);
  if (org === undefined || dashboard === undefined) return noDashboard;
  const [shown, all]: [object[], T[]] = [[], []];
  for (const seat of dashboard.seats) {
    if (seat.viewOnly || !hasJoined(org.members, seat.account)) continue;
    const asked = await of(org, seat);
    if (!asked.ok) return asked;
    all.push(asked.value);
    const privacy = memberOf(org.members, seat.account)?.privacy ?? 'visible';
    shown.push(show({ ...(await shownMember(told, seat.account)), default_personal_privacy: privacy }, asked.value));
  }
  return { ok: true, value: { shown, all } };
}

/** One of a dashboard, by the path. */
async function oneOf<T extends object>(told: Told, of: (org: Org, seat: Seat) => Promise<Asked<T>>): Promise<Reply> {
  const org = await find(told);
  const dashboard = org === undefined ? undefined : dashboardIn(org, told);
  const account = memberMeant(told.admission, told.request, told.person.account);
  const seat = dashboard?.seats.find((one) => one.account === account);
  if (org === undefined || seat === undefined || seat.viewOnly) return failed(404, 'no such member');
  const asked = await of(org, seat);
  if (!asked.ok) return answered(asked);
  const privacy = memberOf(org.members, account)?.privacy ?? 'visible';
  return told.tell({ ...asked.value, default_personal_privacy: privacy });
}

/** A day by `date`, where a dashboard is asked for one. */
function withDay(told: Told): Told {
  const { question } = told;
  const date = question.query.get('date');
  if (date === null) return told;
  const query = new URLSearchParams(question.query);
  query.set('start', date);
  query.set('end', date);
  return { ...told, question: { ...question, query } };
}

const needs = ['orgs'];
const at = 'orgs/:org/dashboards';
const dashboardAt = `${at}/:dashboard`;

export const dashboardEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: at,
    needs,
    async answer(told) {
      const org = await find(told);
      if (org === undefined) return answered(noOrg);
      const { account } = told.person;
      const seen = org.dashboards.filter((dashboard) => maySee(org, dashboard, account));
      return json(
        200,
        paged(
          seen.map((dashboard) => shownDashboard(org, dashboard, account)),
          told.question.query,
        ),
      );
    },
  },
  {
    method: 'POST',
    path: at,
    needs,
    answer(told) {
      const { hub, person, request } = told;
      const said = saidIn(request);
      const name = textIn(said, 'full_name') || textIn(said, 'name');
      if (name === '') return failed(400, 'send {"full_name": "…"}');
      const restricted = said['is_viewing_restricted'] === true;
      const id = hub.world.secret();
      const made = { id, name, creator: person.id, restricted, seats: [], at: hub.world.now() };
      const next = (org: Org): Asked<Org> => {
        if (!runs(org, person.account)) return notYours;
        if (org.dashboards.length >= mostDashboards) return wrong(`at most ${mostDashboards} dashboards`);
        return { ok: true, value: { ...org, dashboards: [...org.dashboards, made] } };
      };
      return changed(told, next, (org) => shownDashboard(org, made, person.account), 201);
    },
  },
  {
    method: 'DELETE',
    path: dashboardAt,
    needs,
    answer(told) {
      const id = param(told.request, 'dashboard');
      const next = (org: Org): Asked<Org> => {
        if (!runs(org, told.person.account)) return notYours;
        const dashboards = org.dashboards.filter((dashboard) => dashboard.id !== id);
        return dashboards.length < org.dashboards.length ? { ok: true, value: { ...org, dashboards } } : noDashboard;
      };
      return changed(told, next, () => ({}));
    },
  },
  {
    method: 'GET',
    path: `${dashboardAt}/members`,
    needs,
    async answer(told) {
      const org = await find(told);
      const dashboard = org === undefined ? undefined : dashboardIn(org, told);
      if (dashboard === undefined) return answered(noDashboard);
      const all = dashboard.seats.map(async ({ account, viewOnly }) => ({
        ...(await shownMember(told, account)),
        is_view_only: viewOnly,
      }));
      return json(200, paged(await Promise.all(all), told.question.query));
    },
  },
  {
    method: 'POST',
    path: `${dashboardAt}/members`,
    needs,
    answer(told) {
      const { admission, person, request } = told;
      const said = saidIn(request);
      const account = accountMeant(admission, said['user'], person.account);
      if (account === undefined) return failed(404, 'no such user');
      const seat = { account, viewOnly: said['is_view_only'] === true };
      return seated(told, account, (seats) => [...seats.filter((one) => one.account !== account), seat]);
    },
  },
  {
    method: 'DELETE',
    path: `${dashboardAt}/members/:member`,
    needs,
    answer(told) {
      const gone = memberMeant(told.admission, told.request, told.person.account);
      return seated(told, gone, (seats) => seats.filter(({ account }) => account !== gone));
    },
  },
  {
    method: 'GET',
    path: `${dashboardAt}/durations`,
    needs,
    async answer(told) {
      const show = (member: object, { data, start, end, timezone }: DayOfDurations) => {
        return { member, durations: data, start, end, timezone };
      };
      const asked = await eachOf(told, (org, seat) => durationsOf(told, org, seat), show);
      return asked.ok ? json(200, paged(asked.value.shown, told.question.query)) : answered(asked);
    },
  },
  {
    method: 'GET',
    path: `${dashboardAt}/summaries`,
    needs,
    async answer(original) {
      const told = withDay(original);
      type Days = ReturnType<typeof summaries>;
      const show = (member: object, { data }: Days) => ({ member, ...data[0] });
      const asked = await eachOf<Days>(told, (org, seat) => summariesOf(told, org, seat), show);
      if (!asked.ok) return answered(asked);
      const { shown, all } = asked.value;
      const total = all.reduce((sum, { cumulative_total }) => sum + cumulative_total.seconds, 0);
      return told.tell({
        ...paged(shown, told.question.query),
        cumulative_total: { seconds: total, text: fineText(total), decimal: decimal(total), digital: digital(total) },
        ...(all[0] === undefined ? {} : { start: all[0].start, end: all[0].end }),
      });
    },
  },
  ...['members', 'member'].flatMap((name): readonly Endpoint[] => [
    {
      method: 'GET',
      path: `${dashboardAt}/${name}/:member/durations`,
      needs,
      answer: (told) => oneOf(told, (org, seat) => durationsOf(told, org, seat)),
    },
    {
      method: 'GET',
      path: `${dashboardAt}/${name}/:member/summaries`,
      needs,
      answer: (told) => oneOf(told, (org, seat) => summariesOf(told, org, seat)),
    },
  ]),
];

/** Who runs the organisation seats people who have joined it; people leave a dashboard by themselves. */
function seated(told: Told, account: string, next: (seats: readonly Seat[]) => readonly Seat[]): Promise<Reply> {
  const joins = told.request.method === 'POST';
  const id = param(told.request, 'dashboard');
  const changedOrg = (org: Org): Asked<Org> => {
    const leaves = !joins && account === told.person.account;
    if (!runs(org, told.person.account) && !leaves) return notYours;
    if (!hasJoined(org.members, account)) return wrong('only people who have joined the organisation', 409);
    if (!org.dashboards.some((dashboard) => dashboard.id === id)) return noDashboard;
    const dashboards = org.dashboards.map((one) => (one.id === id ? { ...one, seats: next(one.seats) } : one));
    return { ok: true, value: { ...org, dashboards } };
  };
  return changed(told, changedOrg, () => ({}), joins ? 201 : 200);
}
