// The states of a connection as a pure state machine: (state, event) → (state, effects). transport.ts runs the effects on sockets and
// timers.

import { type ErrorCode, errors } from '../../protocol/errors.ts';

export type ConnectionState =
  /** Not started, or closed. */
  | { readonly name: 'idle' }
  | {
      readonly name: 'connecting';
      readonly step: 'opening' | 'login';
      readonly attempt: number;
      readonly until: number;
    }
  /** `isPinging`: a ping was sent and nothing has arrived since. */
  | {
      readonly name: 'live';
      readonly since: number;
      readonly attempt: number;
      readonly isPinging: boolean;
      readonly until: number;
    }
  /** Connects again at `until`. `reason` is a text for people. */
  | { readonly name: 'offline'; readonly attempt: number; readonly reason: string; readonly until: number }
  /** The hub refuses this token. Only a new token leaves this state. */
  | { readonly name: 'revoked'; readonly reason: string };

export type ConnectionEvent =
  /** `opened`: the socket is open. `accepted`: the login succeeded. `message`: any message arrived. `timer`: `until` is over. */
  | { readonly type: 'start' | 'stop' | 'opened' | 'accepted' | 'message' | 'timer' }
  /** The network may be available again. */
  | { readonly type: 'online' }
  /** There is a new token. */
  | { readonly type: 'token' }
  /** The hub refused the connection itself, not one request. */
  | { readonly type: 'refused'; readonly code: ErrorCode; readonly error: string }
  /** The hub announced a restart. */
  | { readonly type: 'away'; readonly retryMs: number }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string };

/** `close` closes the socket. Later events of that socket are ignored. */
export type ConnectionEffect = 'open' | 'login' | 'ping' | 'close';

export interface ConnectionStep {
  readonly state: ConnectionState;
  readonly effects: readonly ConnectionEffect[];
}

export const limits = {
  openTimeoutMs: 10_000,
  loginTimeoutMs: 10_000,
  /** A ping is sent if no message arrived for this long. */
  idleBeforePingMs: 25_000,
  /** The connection is lost if no message arrived for this long after a ping. */
  pongTimeoutMs: 10_000,
  firstRetryMs: 500,
  maxRetryMs: 30_000,
  /** After a connection that was live for this long, the backoff starts again at `firstRetryMs`. */
  stableAfterMs: 10_000,
} as const;

/**
 * Exponential backoff with full jitter: between 0 and a bound that doubles with each attempt.
 * @param chance 0 ≤ x < 1
 * @returns whole milliseconds
 */
export function backoff(attempt: number, chance: number): number {
  return Math.floor(chance * Math.min(limits.maxRetryMs, limits.firstRetryMs * 2 ** Math.min(attempt, 16)));
}

const none: readonly ConnectionEffect[] = [];
const revokedClose = errors.revoked.close;

/**
 * Computes the next state and the effects to run.
 * @param at the current time in milliseconds since 1970
 * @param chance 0 ≤ x < 1
 */
export function stepConnection(
  state: ConnectionState,
  event: ConnectionEvent,
  at: number,
  chance: number,
): ConnectionStep {
  const stay = { state, effects: none };
  const open = (attempt: number): ConnectionStep => ({
    state: { name: 'connecting', step: 'opening', attempt, until: at + limits.openTimeoutMs },
    effects: ['open'],
  });
  const wait = (reason: string, effects = none, minimumMs = 0): ConnectionStep => {
    const wasStable = state.name === 'live' && at - state.since >= limits.stableAfterMs;
    const attempt = wasStable || !('attempt' in state) ? 0 : state.attempt;
    return {
      state: { name: 'offline', attempt: attempt + 1, reason, until: at + minimumMs + backoff(attempt, chance) },
      effects,
    };
  };
  const endRevoked = (reason: string): ConnectionStep => ({ state: { name: 'revoked', reason }, effects: ['close'] });
  const hasSocket = state.name === 'connecting' || state.name === 'live';

  switch (event.type) {
    case 'start':
      return state.name === 'idle' ? open(0) : stay;
    case 'stop':
      if (state.name === 'revoked') return stay;
      return { state: { name: 'idle' }, effects: hasSocket ? ['close'] : none };
    case 'token':
      if (state.name === 'idle') return stay;
      return hasSocket ? { ...open(0), effects: ['close', 'open'] } : open(0);
    case 'online':
      return state.name === 'offline' ? open(0) : stay;
    case 'opened':
      if (state.name !== 'connecting') return stay;
      return { state: { ...state, step: 'login', until: at + limits.loginTimeoutMs }, effects: ['login'] };
    case 'accepted':
      if (state.name !== 'connecting') return stay;
      return {
        state: {
          name: 'live',
          since: at,
          attempt: state.attempt,
          isPinging: false,
          until: at + limits.idleBeforePingMs,
        },
        effects: none,
      };
    case 'message':
      return state.name === 'live'
        ? { state: { ...state, isPinging: false, until: at + limits.idleBeforePingMs }, effects: none }
        : stay;
    case 'refused':
      if (!hasSocket) return stay;
      return errors[event.code].retry === 'never' ? endRevoked(event.error) : wait(event.error, ['close']);
    case 'away':
      return hasSocket ? wait('the hub is restarting', ['close'], event.retryMs) : stay;
    case 'closed':
      if (!hasSocket) return stay;
      return event.code === revokedClose ? endRevoked(event.reason) : wait(event.reason);
    case 'timer':
      if (!('until' in state) || at < state.until) return stay;
      if (state.name === 'offline') return open(state.attempt);
      if (state.name === 'connecting') return wait('the hub does not answer', ['close']);
      if (state.isPinging) return wait('the hub stopped answering', ['close']);
      return { state: { ...state, isPinging: true, until: at + limits.pongTimeoutMs }, effects: ['ping'] };
  }
}
