// An organisation as a value, and who may do what with it. They all lie in a channel of the hub's, an item for each, since they belong
// to several accounts. What is asked of them is for orgs.ts and dashboards.ts.

import type { Hub } from '../../../core/hub.ts';
import { json, type Reply } from '../../../http/types.ts';
import { answered, param, type Told } from '../endpoint.ts';
import { isObject } from '../model/heartbeat.ts';
import { rewrite } from '../model/update-item.ts';
import type { CustomRule } from '../resources/custom-rules.ts';
import { stranger } from '../resources/profile.ts';
import { type Asked, wrong } from '../stats/query.ts';
import { hasJoined, type Member, memberOf } from './membership.ts';

export const channel = '@hub/orgs';

export interface OrgMember extends Member {
  readonly role: 'owner' | 'admin' | 'member';
  /** What this person shows the organisation, wherever they stand. */
  readonly privacy: 'visible' | 'hidden';
}

export interface Seat {
  readonly account: string;
  /** Looks on, and shows nothing. */
  readonly viewOnly: boolean;
}

export interface Dashboard {
  readonly id: string;
  readonly name: string;
  readonly creator: string;
  /** Seen by those who stand on it alone, and by who runs the organisation. */
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
  /** Whether names of projects are shown. */
  readonly projects: 'visible' | 'hidden';
  readonly rules: readonly CustomRule[];
  readonly members: readonly OrgMember[];
  readonly dashboards: readonly Dashboard[];
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly changed: number;
}

/** Written by this file alone. */
function isOrg(said: unknown): said is Org {
  return isObject(said) && Array.isArray(said['members']);
}

export async function orgs(hub: Hub): Promise<readonly Org[]> {
  const { items } = (await hub.cachedChannel(channel)).view;
  return [...items.values()].map(({ value }): Org => JSON.parse(value));
}

export const noOrg = wrong('no such organisation', 404);
export const notYours = wrong('only who runs the organisation may do that', 403);

export const runs = ({ members }: Org, account: string): boolean =>
  hasJoined(members, account) && memberOf(members, account)?.role !== 'member';

export const owns = ({ members }: Org, account: string): boolean => memberOf(members, account)?.role === 'owner';

/** An organisation that the asker has joined. */
export async function find({ hub, person, request }: Told): Promise<Org | undefined> {
  const id = param(request, 'org');
  return (await orgs(hub)).find((org) => org.id === id && hasJoined(org.members, person.account));
}

/**
 * @param next undefined drops it. Who is only invited gets as far as joining
 * @param show what the answer says of the organisation as it is then
 */
export async function changed(
  told: Told,
  next: (before: Org) => Asked<Org | undefined>,
  show: (after: Org) => unknown,
  status = 200,
): Promise<Reply> {
  const { hub, person, request } = told;
  const asked = await rewrite<Org | undefined>(hub, channel, param(request, 'org'), (said) => {
    if (!isOrg(said) || memberOf(said.members, person.account) === undefined) return noOrg;
    const after = next(said);
    return after.ok && after.value !== undefined
      ? { ok: true, value: { ...after.value, changed: hub.world.now() } }
      : after;
  });
  if (!asked.ok) return answered(asked);
  return json(status, { data: asked.value === undefined ? {} : show(asked.value) });
}

export async function shownMember({ admission, request }: Told, account: string) {
  const { id, email, full_name, photo, username } = stranger(await admission.someone(account, request));
  return { id, email, full_name, photo, username };
}
