// Whose turn comes after this one, from what the room remembers: whoever followed me the last time I typed; newcomers and
// those without a name hand over to the oldest typist. A function of values; where they are kept is rooms.ts' business.

import type { TimerRequest } from './timer-request.ts';

type Turn = Pick<TimerRequest, 'type' | 'user' | 'nextUser'>;

/**
 * @param history oldest first, without the new request
 * @param by who asks for the new turn; null and '' have no name
 */
export function nextUser(history: readonly Turn[], type: TimerRequest['type'], by: string | null): string | null {
  // A break changes nothing of whose turn it is.
  if (type === 'BREAKTIMER') return history.at(-1)?.nextUser ?? null;
  const names = history.flatMap(({ type: kind, user }) =>
    kind === 'TIMER' && user !== null && user.trim() !== '' ? [user] : [],
  );
  while (names.length > 0 && names.at(-1) === by) names.pop();
  const mine = by === null ? -1 : names.lastIndexOf(by);
  return names[mine + 1] ?? null;
}
