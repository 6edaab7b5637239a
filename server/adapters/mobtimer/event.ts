// The events of a room and of the front page, as the text of their streams: `event:NAME`, `data:JSON` on one line, an empty line.
// No blank after the colons, no id, no retry: byte for byte what the timer's clients have always read.

import type { Goal, TimerRequest } from './timer-request.ts';

/** Always UTC with a fraction of three digits: one client cannot read a time without. */
function instant(at: number): string {
  return new Date(at).toISOString();
}

export function event(name: string, data: unknown): string {
  return `event:${name}\ndata:${JSON.stringify(data)}\n\n`;
}

/** What viewers are told of a request, and what the channel keeps of it. */
export function requestData(request: TimerRequest) {
  const { minutes, user, nextUser, type, at } = request;
  return { timer: minutes, requested: instant(at), user, nextUser, type };
}

export function goalData({ text, user, at }: Goal) {
  return { goal: text, user, requested: at === 0 ? null : instant(at) };
}

const nothing = { requested: null, user: null, nextUser: null, type: null };

/** @param request undefined: the room remembers none, viewers start anew */
export function timerEvent(request: TimerRequest | undefined): string {
  return event('TIMER_REQUEST', request === undefined ? { timer: 0, ...nothing } : requestData(request));
}

export function goalEvent(goal: Goal): string {
  return event('GOAL_REQUEST', goalData(goal));
}

/** What a viewer is sent first: all requests but the newest, then the newest, then the goal. */
export function beginning(requests: readonly TimerRequest[], goal: Goal): string {
  const history = event('INITIAL_HISTORY', requests.slice(0, -1).map(requestData));
  return history + timerEvent(requests.at(-1)) + goalEvent(goal);
}

export const keepAlive = event('KEEP_ALIVE', { timer: null, ...nothing });

export function countersEvents(counters: { readonly users: number; readonly timers: number }): string {
  return event('ACTIVE_USERS_UPDATE', counters.users) + event('ACTIVE_TIMERS_UPDATE', counters.timers);
}

/** The last event of a stream that the hub ends. */
export function closedEvent(json: string): string {
  return `event:CLOSED\ndata:${json}\n\n`;
}
