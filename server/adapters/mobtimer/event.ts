// The events of the room stream and of the front page's stream as text: `event:NAME`, `data:JSON` on one line, an empty line. No space
// after the colons, no id, no retry: byte for byte what the original's clients read.

import type { PresenceView } from '../../core/presence.ts';
import type { Goal, TimerRequest } from './timer-request.ts';

/** UTC with three fraction digits: the macOS app cannot read a time without a fraction. */
function instant(at: number): string {
  return new Date(at).toISOString();
}

export function event(name: string, data: unknown): string {
  return `event:${name}\ndata:${JSON.stringify(data)}\n\n`;
}

/** A request in the form that viewers get and that the channel stores. */
export function requestData(request: TimerRequest) {
  const { minutes, user, nextUser, type, at } = request;
  return { timer: minutes, requested: instant(at), user, nextUser, type };
}

export function goalData({ text, user, at }: Goal) {
  return { goal: text, user, requested: at === 0 ? null : instant(at) };
}

const nothing = { requested: null, user: null, nextUser: null, type: null };

/** @param request undefined: the room remembers no request, and viewers reset */
export function timerEvent(request: TimerRequest | undefined): string {
  return event('TIMER_REQUEST', request === undefined ? { timer: 0, ...nothing } : requestData(request));
}

export function goalEvent(goal: Goal): string {
  return event('GOAL_REQUEST', goalData(goal));
}

/** The first events of a stream: all requests but the newest, the newest, the goal. */
export function beginning(requests: readonly TimerRequest[], goal: Goal): string {
  const history = event('INITIAL_HISTORY', requests.slice(0, -1).map(requestData));
  return history + timerEvent(requests.at(-1)) + goalEvent(goal);
}

export const keepAlive = event('KEEP_ALIVE', { timer: null, ...nothing });

export function countersEvents(counters: { readonly users: number; readonly timers: number }): string {
  return event('ACTIVE_USERS_UPDATE', counters.users) + event('ACTIVE_TIMERS_UPDATE', counters.timers);
}

/** Who is in the room; names only for those who have signed in. */
export function presenceEvent({ people, connections, anonymous, accounts }: PresenceView): string {
  const names = accounts === undefined ? {} : { accounts: accounts.map(({ account }) => account) };
  return event('PRESENCE', { people, connections, anonymous, ...names });
}

/** The last event of a stream that the hub ends. */
export function closedEvent(json: string): string {
  return `event:CLOSED\ndata:${json}\n\n`;
}
