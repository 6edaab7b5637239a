// An organisation as a value, and who may change it. An organisation belongs to several accounts, so it is an item of a channel of the
// hub.

import type { Hub } from '../../../core/hub.ts';
import { json, type Reply } from '../../../http/types.ts';
import { type EndpointCall, errorReply, outcomeReply } from '../endpoint.ts';
import { isObject } from '../model/heartbeat.ts';
import { updateItem } from '../model/update-item.ts';
import { pathParam, readObject } from '../request-fields.ts';
import type { CustomRule } from '../resources/custom-rules.ts';
import { publicProfile } from '../resources/profile.ts';
import { paginate } from '../stats/lists.ts';
import { failure, type QueryOutcome } from '../stats/query.ts';
import { hasJoined, type Member, memberOf, resolveAccount } from './membership.ts';

export const channel = '@hub/orgs';

export interface OrgMember extends Member {
  readonly role: 'owner' | 'admin' | 'member';
  /** `visible`: the organisation sees the person's time, on every dashboard. */
  readonly privacy: 'visible' | 'hidden';
}

export interface Seat {
  readonly account: string;
  /** True for a person who sees the dashboard and shows nothing. */
  readonly viewOnly: boolean;
}

export interface Dashboard {
  readonly id: string;
  readonly name: string;
  readonly creator: string;
  /** Only people with a seat, and administrators, see the dashboard. */
  readonly restricted: boolean;
  readonly seats: readonly Seat[];
  readonly at: number;
}

export interface Org {
  readonly id: string;
  readonly name: string;
  readonly timezone: string;
  readonly timeout: number;
  readonly writesOnly: boolean;
  /** `visible`: members see names of projects. */
  readonly projects: 'visible' | 'hidden';
  readonly rules: readonly CustomRule[];
  readonly members: readonly OrgMember[];
  readonly dashboards: readonly Dashboard[];
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly changed: number;
}

/** Only this file writes the channel. */
function isOrg(input: unknown): input is Org {
  return isObject(input) && Array.isArray(input['members']);
}

export async function readOrgs(hub: Hub): Promise<readonly Org[]> {
  const { items } = (await hub.cachedChannel(channel)).view;
  return [...items.values()].map(({ value }): Org => JSON.parse(value));
}

export const noOrg = failure('no such organisation', 404);
export const notYours = failure('only an administrator of the organisation may do that', 403);

export const isAdmin = ({ members }: Org, account: string): boolean =>
  hasJoined(members, account) && memberOf(members, account)?.role !== 'member';

export const isOwner = ({ members }: Org, account: string): boolean => memberOf(members, account)?.role === 'owner';

/** The organisation that the path names, if the caller has joined it. */
export async function findOrg({ hub, person, request }: EndpointCall): Promise<Org | undefined> {
  const id = pathParam(request, 'org');
  return (await readOrgs(hub)).find((org) => org.id === id && hasJoined(org.members, person.account));
}

/**
 * Changes an organisation and replies. Invited people may only join.
 * @param next undefined deletes it
 * @param show describes the organisation afterwards
 */
export async function changeOrg(
  call: EndpointCall,
  next: (before: Org) => QueryOutcome<Org | undefined>,
  show: (after: Org) => unknown,
  status = 200,
): Promise<Reply> {
  const { hub, person, request } = call;
  const result = await updateItem<Org | undefined>(hub, channel, pathParam(request, 'org'), (input) => {
    if (!isOrg(input) || memberOf(input.members, person.account) === undefined) return noOrg;
    const after = next(input);
    return after.ok && after.value !== undefined
      ? { ok: true, value: { ...after.value, changed: hub.world.now() } }
      : after;
  });
  if (!result.ok) return outcomeReply(result);
  return json(status, { data: result.value === undefined ? {} : show(result.value) });
}

export async function describeMember({ authorizer, request }: EndpointCall, account: string) {
  const { id, email, full_name, photo, username } = publicProfile(await authorizer.personInfo(account, request));
  return { id, email, full_name, photo, username };
}

/** Answers with a page of members. @param details further fields of one member */
export async function replyWithMembers<M extends { readonly account: string }>(
  call: EndpointCall,
  members: readonly M[],
  details: (member: M) => object,
): Promise<Reply> {
  const all = members.map(async (member) => ({ ...(await describeMember(call, member.account)), ...details(member) }));
  return json(200, paginate(await Promise.all(all), call.question.query));
}

/** Calls `act` with the account that the body's `user` names; 404 if there is none. */
export function withNamedUser(
  { authorizer, person, request }: EndpointCall,
  act: (account: string, input: Readonly<Record<string, unknown>>) => Reply | Promise<Reply>,
): Reply | Promise<Reply> {
  const input = readObject(request);
  const account = resolveAccount(authorizer, input['user'], person.account);
  return account === undefined ? errorReply(404, 'no such user') : act(account, input);
}
