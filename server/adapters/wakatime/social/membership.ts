// Who belongs to something that several accounts share, a leaderboard or an organisation: invited by somebody, joined by themselves.
// Nobody's time is shown before they have joined, and leaving closes it at once. Functions of lists; where those are kept is the
// business of boards.ts and org.ts.

import type { Request } from '../../../http/types.ts';
import type { Admission } from '../auth/authorize.ts';
import { param } from '../endpoint.ts';
import { type Asked, wrong } from '../stats/query.ts';

export interface Member {
  readonly account: string;
  /** False while invited. */
  readonly joined: boolean;
}

export const mostMembers = 500;

export function memberOf<M extends Member>(members: readonly M[], account: string): M | undefined {
  return members.find((member) => member.account === account);
}

export function hasJoined(members: readonly Member[], account: string): boolean {
  return memberOf(members, account)?.joined === true;
}

export function invited<M extends Member>(members: readonly M[], member: M): Asked<readonly M[]> {
  if (memberOf(members, member.account) !== undefined) return wrong('already a member, or invited', 409);
  return members.length >= mostMembers
    ? wrong(`at most ${mostMembers} members`)
    : { ok: true, value: [...members, member] };
}

/** The account that a body or a path means: `current` is the one that asks. */
export function accountMeant(admission: Admission, said: unknown, own: string): string | undefined {
  if (said === 'current') return own;
  return typeof said === 'string' ? admission.accountOf(said) : undefined;
}

export function memberMeant(admission: Admission, request: Request, own: string): string {
  return accountMeant(admission, param(request, 'member'), own) ?? '';
}

/** `1 person`, `12 people` */
export function people(count: number): string {
  return `${count} ${count === 1 ? 'person' : 'people'}`;
}
