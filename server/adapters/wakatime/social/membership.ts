// Members of a leaderboard or an organisation. A member invites a person, and the person joins. A person's time is shown only after
// they have joined, and is hidden as soon as they leave. Pure functions of lists.

import type { Request } from '../../../http/types.ts';
import type { Authorizer } from '../auth/authorize.ts';
import { pathParam } from '../request-fields.ts';
import { failure, type QueryOutcome } from '../stats/query.ts';

export interface Member {
  readonly account: string;
  /** False while the person is only invited. */
  readonly joined: boolean;
}

export const mostMembers = 500;

export function memberOf<M extends Member>(members: readonly M[], account: string): M | undefined {
  return members.find((member) => member.account === account);
}

export function hasJoined(members: readonly Member[], account: string): boolean {
  return memberOf(members, account)?.joined === true;
}

export function addInvited<M extends Member>(members: readonly M[], member: M): QueryOutcome<readonly M[]> {
  if (memberOf(members, member.account) !== undefined) return failure('already a member, or invited', 409);
  return members.length >= mostMembers
    ? failure(`at most ${mostMembers} members`)
    : { ok: true, value: [...members, member] };
}

/** The account that a body or a path names; `current` is the caller. undefined for an unknown one. */
export function resolveAccount(authorizer: Authorizer, input: unknown, own: string): string | undefined {
  if (input === 'current') return own;
  return typeof input === 'string' ? authorizer.accountOf(input) : undefined;
}

export function resolveMember(authorizer: Authorizer, request: Request, own: string): string {
  return resolveAccount(authorizer, pathParam(request, 'member'), own) ?? '';
}

/** `1 person`, `12 people` */
export function countPeople(count: number): string {
  return `${count} ${count === 1 ? 'person' : 'people'}`;
}
