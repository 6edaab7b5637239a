// Computes whose turn is next from the room's history: the person who followed this user the last time. New users and users without a
// name hand over to the first typist of the day. A pure function.

import type { TimerRequest } from './timer-request.ts';

type Turn = Pick<TimerRequest, 'type' | 'user' | 'nextUser' | 'minutes'>;

/**
 * @param history oldest first, without the new request
 * @param request the new one; a user of null or '' has no name
 */
export function nextUser(history: readonly Turn[], request: Pick<Turn, 'type' | 'user' | 'minutes'>): string | null {
  const { user: by } = request;
  // A break or a stop does not change whose turn it is.
  if (!isTurn(request)) return history.at(-1)?.nextUser ?? null;
  const names = history.flatMap((turn) =>
    isTurn(turn) && turn.user !== null && turn.user.trim() !== '' ? [turn.user] : [],
  );
  while (names.length > 0 && names.at(-1) === by) names.pop();
  const mine = by === null ? -1 : names.lastIndexOf(by);
  return names[mine + 1] ?? null;
}

/** A timer of 0 minutes is a stop, so it is not a turn of the user who sent it. */
function isTurn({ type, minutes }: Pick<Turn, 'type' | 'minutes'>): boolean {
  return type === 'TIMER' && minutes > 0;
}
