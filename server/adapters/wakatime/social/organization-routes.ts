// Organisations: people who show each other their coding time on dashboards. Whoever was invited joins by themselves and may leave at
// any time. Making and filling organisations is Horai's own: WakaTime's API reads them. Dashboards are dashboards.ts'.

import { json } from '../../../http/types.ts';
import { answered, type Endpoint, failed, param, saidIn, textIn } from '../endpoint.ts';
import { parsedBody } from '../ingest/ingest.ts';
import { iso, isZone } from '../model/calendar.ts';
import { rewrite } from '../model/update-item.ts';
import { changedRules, progress, withoutRule } from '../resources/custom-rules.ts';
import { paged } from '../stats/lists.ts';
import { type Asked, wrong } from '../stats/query.ts';
import { accountMeant, hasJoined, invited, memberMeant, memberOf, people } from './membership.ts';
import {
  changed,
  channel,
  find,
  noOrg,
  notYours,
  type Org,
  type OrgMember,
  orgs,
  owns,
  runs,
  shownMember,
} from './organization.ts';

const mostOrgs = 100;
const mostMinutes = 1_440;

function shownOrg(org: Org, account: string) {
  const [joined, waiting] = [true, false].map((is) => org.members.filter((member) => member.joined === is).length);
  const [run, own] = [runs(org, account), owns(org, account)];
  return {
    id: org.id,
    name: org.name,
    default_project_privacy: org.projects,
    has_joined: hasJoined(org.members, account),
    invited_people_count: waiting,
    invited_people_count_human_readable: people(waiting ?? 0),
    is_duration_visible: true,
    people_count: joined,
    people_count_human_readable: people(joined ?? 0),
    timeout: org.timeout,
    timezone: org.timezone,
    writes_only: org.writesOnly,
    is_anonymous: false,
    needs_payment_method: false,
    can_current_user_list_dashboards: hasJoined(org.members, account),
    can_current_user_create_dashboards: run,
    can_current_user_edit_and_delete_dashboards: run,
    can_current_user_display_coding_on_dashboards: hasJoined(org.members, account),
    can_current_user_view_all_dashboards: run,
    can_current_user_add_people_to_dashboards: run,
    can_current_user_remove_people_from_dashboards: run,
    can_current_user_add_people_to_org: run,
    can_current_user_remove_people_from_org: run,
    can_current_user_manage_groups: false,
    can_current_user_view_audit_log: false,
    can_current_user_edit_org: run,
    can_current_user_manage_billing: false,
    can_current_user_delete_org: own,
    created_at: iso(org.at * 1_000),
    modified_at: iso(org.changed * 1_000),
  };
}

/** What an organisation is asked to be; a field that is not said stays. */
function settled(org: Org, said: Readonly<Record<string, unknown>>): Asked<Org> {
  const name = textIn(said, 'name') || org.name;
  const { timezone = org.timezone, timeout = org.timeout, writes_only = org.writesOnly } = said;
  const projects = said['default_project_privacy'] ?? org.projects;
  if (name === '') return wrong('send {"name": "…"}');
  if (typeof timezone !== 'string' || !isZone(timezone)) return wrong('timezone must be a name such as Europe/Berlin');
  if (typeof timeout !== 'number' || !(timeout > 0 && timeout <= mostMinutes)) {
    return wrong(`timeout must be minutes, at most ${mostMinutes}`);
  }
  if (projects !== 'visible' && projects !== 'hidden') return wrong('default_project_privacy is visible or hidden');
  return { ok: true, value: { ...org, name, timezone, timeout, writesOnly: writes_only === true, projects } };
}

const needs = ['orgs'];
const at = 'orgs/:org';

export const orgEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: 'orgs',
    needs,
    async answer({ hub, person: { account }, question }) {
      const mine = (await orgs(hub)).filter(({ members }) => memberOf(members, account) !== undefined);
      return json(
        200,
        paged(
          mine.map((org) => shownOrg(org, account)),
          question.query,
        ),
      );
    },
  },
  {
    method: 'POST',
    path: 'orgs',
    needs,
    async answer({ hub, person: { account, settings }, request }) {
      if ((await orgs(hub)).filter((org) => owns(org, account)).length >= mostOrgs) {
        return failed(400, `at most ${mostOrgs} organisations`);
      }
      const [id, now] = [hub.world.secret(), hub.world.now()];
      const members: readonly OrgMember[] = [{ account, joined: true, role: 'owner', privacy: 'visible' }];
      const { timezone, timeout, writesOnly } = settings;
      const fresh: Org = {
        ...{ id, name: '', timezone, timeout, writesOnly, projects: 'visible', rules: [], members, dashboards: [] },
        ...{ at: now, changed: now },
      };
      const org = settled(fresh, saidIn(request));
      if (!org.ok) return answered(org);
      await rewrite(hub, channel, id, () => org);
      return json(201, { data: shownOrg(org.value, account) });
    },
  },
  {
    method: 'GET',
    path: at,
    needs,
    async answer(told) {
      const org = await find(told);
      return org === undefined ? answered(noOrg) : json(200, { data: shownOrg(org, told.person.account) });
    },
  },
  {
    method: 'PUT',
    path: at,
    needs,
    answer(told) {
      const { account } = told.person;
      const said = saidIn(told.request);
      const next = (org: Org) => (runs(org, account) ? settled(org, said) : notYours);
      return changed(told, next, (org) => shownOrg(org, account));
    },
  },
  {
    method: 'DELETE',
    path: at,
    needs,
    answer: (told) =>
      changed(
        told,
        (org) => (owns(org, told.person.account) ? { ok: true, value: undefined } : notYours),
        () => ({}),
      ),
  },
  {
    method: 'GET',
    path: `${at}/members`,
    needs,
    async answer(told) {
      const org = await find(told);
      if (org === undefined) return answered(noOrg);
      const all = org.members.map(async ({ account, joined, role, privacy }) => ({
        ...(await shownMember(told, account)),
        ...{ is_invited: !joined, role, default_personal_privacy: privacy },
      }));
      return json(200, paged(await Promise.all(all), told.question.query));
    },
  },
  {
    method: 'POST',
    path: `${at}/members`,
    needs,
    answer(told) {
      const { admission, person, request } = told;
      const said = saidIn(request);
      const account = accountMeant(admission, said['user'], person.account);
      if (account === undefined) return failed(404, 'no such user');
      const role = said['role'] === 'admin' ? 'admin' : 'member';
      const next = (org: Org): Asked<Org> => {
        if (!runs(org, person.account)) return notYours;
        const members = invited(org.members, { account, joined: false, role, privacy: 'visible' });
        return members.ok ? { ok: true, value: { ...org, members: members.value } } : members;
      };
      return changed(told, next, (org) => shownOrg(org, person.account), 201);
    },
  },
  {
    method: 'PUT',
    path: `${at}/members/:member`,
    needs,
    answer(told) {
      const { admission, person, request } = told;
      const { account } = person;
      if (memberMeant(admission, request, account) !== account) return failed(403, 'people join by themselves');
      const privacy = saidIn(request)['default_personal_privacy'];
      const next = (org: Org): Asked<Org> => {
        const members = org.members.map((member) =>
          member.account === account
            ? {
                ...member,
                joined: true,
                privacy: privacy === 'hidden' || privacy === 'visible' ? privacy : member.privacy,
              }
            : member,
        );
        return { ok: true, value: { ...org, members } };
      };
      return changed(told, next, (org) => shownOrg(org, account));
    },
  },
  {
    method: 'DELETE',
    path: `${at}/members/:member`,
    needs,
    answer(told) {
      const { admission, person, request } = told;
      const gone = memberMeant(admission, request, person.account);
      const next = (org: Org): Asked<Org> => {
        if (gone !== person.account && !runs(org, person.account)) return notYours;
        if (owns(org, gone)) return wrong('the owner drops the organisation instead', 409);
        const without = <T extends { readonly account: string }>(list: readonly T[]) =>
          list.filter(({ account }) => account !== gone);
        const dashboards = org.dashboards.map((one) => ({ ...one, seats: without(one.seats) }));
        return { ok: true, value: { ...org, members: without(org.members), dashboards } };
      };
      return changed(told, next, () => ({}));
    },
  },
  {
    method: 'GET',
    path: `${at}/custom_rules`,
    needs,
    async answer(told) {
      const org = await find(told);
      return org === undefined ? answered(noOrg) : json(200, { data: org.rules });
    },
  },
  {
    method: 'PUT',
    path: `${at}/custom_rules`,
    needs,
    answer(told) {
      const { hub, person, request } = told;
      const body = parsedBody(request.body);
      const next = (org: Org): Asked<Org> => {
        if (!runs(org, person.account)) return notYours;
        const rules = changedRules(org.rules, body, () => hub.world.id());
        return rules.ok ? { ok: true, value: { ...org, rules: rules.value } } : rules;
      };
      return changed(told, next, (org) => org.rules);
    },
  },
  {
    method: 'DELETE',
    path: `${at}/custom_rules/:rule`,
    needs,
    answer(told) {
      const next = (org: Org): Asked<Org> => {
        if (!runs(org, told.person.account)) return notYours;
        const rules = withoutRule(org.rules, param(told.request, 'rule'));
        return rules.ok ? { ok: true, value: { ...org, rules: rules.value } } : rules;
      };
      return changed(told, next, (org) => org.rules);
    },
  },
  ...(['GET', 'DELETE'] as const).map(
    (method): Endpoint => ({
      method,
      path: `${at}/custom_rules_progress`,
      needs,
      async answer(told) {
        return (await find(told)) === undefined ? answered(noOrg) : json(200, { data: progress(told.question.moment) });
      },
    }),
  ),
];
