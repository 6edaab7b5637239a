// Organisations: people who show each other their coding time on dashboards (dashboards.ts). Only an invited person can accept the
// invitation, and members may leave at any time. WakaTime's API only reads organisations; the endpoints that change them are Horai's own.

import { json } from '../../../http/types.ts';
import { type Endpoint, errorReply, outcomeReply } from '../endpoint.ts';
import { parseBody } from '../ingest/parse-body.ts';
import { formatIso, isZone } from '../model/calendar.ts';
import { updateItem } from '../model/update-item.ts';
import { pathParam, readObject, readText } from '../request-fields.ts';
import { describeProgress } from '../resources/custom-rule-endpoints.ts';
import { removeRule, updateRules } from '../resources/custom-rules.ts';
import { paginate } from '../stats/lists.ts';
import { failure, type QueryOutcome } from '../stats/query.ts';
import { addInvited, countPeople, hasJoined, memberOf, resolveMember } from './membership.ts';
import {
  changeOrg,
  channel,
  findOrg,
  isAdmin,
  isOwner,
  noOrg,
  notYours,
  type Org,
  type OrgMember,
  readOrgs,
  replyWithMembers,
  withNamedUser,
} from './organization.ts';

const mostOrgs = 100;
const mostMinutes = 1_440;

function describeOrg(org: Org, account: string) {
  const [joined, waiting] = [true, false].map((is) => org.members.filter((member) => member.joined === is).length);
  const [run, own] = [isAdmin(org, account), isOwner(org, account)];
  return {
    id: org.id,
    name: org.name,
    default_project_privacy: org.projects,
    has_joined: hasJoined(org.members, account),
    invited_people_count: waiting,
    invited_people_count_human_readable: countPeople(waiting ?? 0),
    is_duration_visible: true,
    people_count: joined,
    people_count_human_readable: countPeople(joined ?? 0),
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
    created_at: formatIso(org.at * 1_000),
    modified_at: formatIso(org.changed * 1_000),
  };
}

/** The organisation with the fields of a body. Absent fields stay as they are. */
function applySettings(org: Org, input: Readonly<Record<string, unknown>>): QueryOutcome<Org> {
  const name = readText(input, 'name') || org.name;
  const { timezone = org.timezone, timeout = org.timeout, writes_only = org.writesOnly } = input;
  const projects = input['default_project_privacy'] ?? org.projects;
  if (name === '') return failure('send {"name": "…"}');
  if (typeof timezone !== 'string' || !isZone(timezone))
    return failure('timezone must be a name such as Europe/Berlin');
  if (typeof timeout !== 'number' || !(timeout > 0 && timeout <= mostMinutes)) {
    return failure(`timeout must be minutes, at most ${mostMinutes}`);
  }
  if (projects !== 'visible' && projects !== 'hidden') return failure('default_project_privacy is visible or hidden');
  return { ok: true, value: { ...org, name, timezone, timeout, writesOnly: writes_only === true, projects } };
}

const scopes = ['orgs'];
const at = 'orgs/:org';

export const orgEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: 'orgs',
    scopes,
    async answer({ hub, person: { account }, question }) {
      const mine = (await readOrgs(hub)).filter(({ members }) => memberOf(members, account) !== undefined);
      return json(
        200,
        paginate(
          mine.map((org) => describeOrg(org, account)),
          question.query,
        ),
      );
    },
  },
  {
    method: 'POST',
    path: 'orgs',
    scopes,
    async answer({ hub, person: { account, settings }, request }) {
      if ((await readOrgs(hub)).filter((org) => isOwner(org, account)).length >= mostOrgs) {
        return errorReply(400, `at most ${mostOrgs} organisations`);
      }
      const [id, now] = [hub.world.secret(), hub.world.now()];
      const members: readonly OrgMember[] = [{ account, joined: true, role: 'owner', privacy: 'visible' }];
      const { timezone, timeout, writesOnly } = settings;
      const fresh: Org = {
        ...{ id, name: '', timezone, timeout, writesOnly, projects: 'visible', rules: [], members, dashboards: [] },
        ...{ at: now, changed: now },
      };
      const org = applySettings(fresh, readObject(request));
      if (!org.ok) return outcomeReply(org);
      await updateItem(hub, channel, id, () => org);
      return json(201, { data: describeOrg(org.value, account) });
    },
  },
  {
    method: 'GET',
    path: at,
    scopes,
    async answer(call) {
      const org = await findOrg(call);
      return org === undefined ? outcomeReply(noOrg) : json(200, { data: describeOrg(org, call.person.account) });
    },
  },
  {
    method: 'PUT',
    path: at,
    scopes,
    answer(call) {
      const { account } = call.person;
      const input = readObject(call.request);
      const next = (org: Org) => (isAdmin(org, account) ? applySettings(org, input) : notYours);
      return changeOrg(call, next, (org) => describeOrg(org, account));
    },
  },
  {
    method: 'DELETE',
    path: at,
    scopes,
    answer: (call) =>
      changeOrg(
        call,
        (org) => (isOwner(org, call.person.account) ? { ok: true, value: undefined } : notYours),
        () => ({}),
      ),
  },
  {
    method: 'GET',
    path: `${at}/members`,
    scopes,
    async answer(call) {
      const org = await findOrg(call);
      if (org === undefined) return outcomeReply(noOrg);
      return replyWithMembers(call, org.members, ({ joined, role, privacy }) => ({
        is_invited: !joined,
        role,
        default_personal_privacy: privacy,
      }));
    },
  },
  {
    method: 'POST',
    path: `${at}/members`,
    scopes,
    answer: (call) =>
      withNamedUser(call, (account, input) => {
        const { person } = call;
        const role = input['role'] === 'admin' ? 'admin' : 'member';
        const next = (org: Org): QueryOutcome<Org> => {
          if (!isAdmin(org, person.account)) return notYours;
          const members = addInvited(org.members, { account, joined: false, role, privacy: 'visible' });
          return members.ok ? { ok: true, value: { ...org, members: members.value } } : members;
        };
        return changeOrg(call, next, (org) => describeOrg(org, person.account), 201);
      }),
  },
  {
    method: 'PUT',
    path: `${at}/members/:member`,
    scopes,
    answer(call) {
      const { authorizer, person, request } = call;
      const { account } = person;
      if (resolveMember(authorizer, request, account) !== account)
        return errorReply(403, 'only the person can change this');
      const privacy = readObject(request)['default_personal_privacy'];
      const next = (org: Org): QueryOutcome<Org> => {
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
      return changeOrg(call, next, (org) => describeOrg(org, account));
    },
  },
  {
    method: 'DELETE',
    path: `${at}/members/:member`,
    scopes,
    answer(call) {
      const { authorizer, person, request } = call;
      const leaver = resolveMember(authorizer, request, person.account);
      const next = (org: Org): QueryOutcome<Org> => {
        if (leaver !== person.account && !isAdmin(org, person.account)) return notYours;
        if (isOwner(org, leaver)) return failure('the owner cannot leave: delete the organisation instead', 409);
        const without = <T extends { readonly account: string }>(list: readonly T[]) =>
          list.filter(({ account }) => account !== leaver);
        const dashboards = org.dashboards.map((one) => ({ ...one, seats: without(one.seats) }));
        return { ok: true, value: { ...org, members: without(org.members), dashboards } };
      };
      return changeOrg(call, next, () => ({}));
    },
  },
  {
    method: 'GET',
    path: `${at}/custom_rules`,
    scopes,
    async answer(call) {
      const org = await findOrg(call);
      return org === undefined ? outcomeReply(noOrg) : json(200, { data: org.rules });
    },
  },
  {
    method: 'PUT',
    path: `${at}/custom_rules`,
    scopes,
    answer(call) {
      const { hub, person, request } = call;
      const body = parseBody(request.body);
      const next = (org: Org): QueryOutcome<Org> => {
        if (!isAdmin(org, person.account)) return notYours;
        const rules = updateRules(org.rules, body, () => hub.world.id());
        return rules.ok ? { ok: true, value: { ...org, rules: rules.value } } : rules;
      };
      return changeOrg(call, next, (org) => org.rules);
    },
  },
  {
    method: 'DELETE',
    path: `${at}/custom_rules/:rule`,
    scopes,
    answer(call) {
      const next = (org: Org): QueryOutcome<Org> => {
        if (!isAdmin(org, call.person.account)) return notYours;
        const rules = removeRule(org.rules, pathParam(call.request, 'rule'));
        return rules.ok ? { ok: true, value: { ...org, rules: rules.value } } : rules;
      };
      return changeOrg(call, next, (org) => org.rules);
    },
  },
  ...(['GET', 'DELETE'] as const).map(
    (method): Endpoint => ({
      method,
      path: `${at}/custom_rules_progress`,
      scopes,
      async answer(call) {
        return (await findOrg(call)) === undefined
          ? outcomeReply(noOrg)
          : json(200, { data: describeProgress(call.question.moment) });
      },
    }),
  ),
];
