// The connection as a state machine: what it is, what can happen to it, and what is then to be done, as a pure function. Sockets and
// timers are in link.ts; nothing here sends anything.

import { type ErrorCode, errors } from '../../protocol/errors.ts';

export type ConnectionState =
  /** Nobody has asked for a connection. */
  | { readonly name: 'idle' }
  | {
      readonly name: 'connecting';
      readonly step: 'opening' | 'login';
      readonly attempt: number;
      readonly until: number;
    }
  /** `asked`: a ping waits for its answer. */
  | {
      readonly name: 'live';
      readonly since: number;
      readonly attempt: number;
      readonly asked: boolean;
      readonly until: number;
    }
  /** Tries again at `until`. `reason` is for people. */
  | { readonly name: 'offline'; readonly attempt: number; readonly reason: string; readonly until: number }
  /** The hub will not have this token; only another one changes that. */
  | { readonly name: 'revoked'; readonly reason: string };

export type ConnectionEvent =
  | { readonly type: 'start' | 'stop' | 'opened' | 'accepted' | 'heard' | 'timer' }
  /** The machine found its network again. */
  | { readonly type: 'online' }
  | { readonly type: 'token' }
  /** A refusal that is about the connection, not about one request. */
  | { readonly type: 'refused'; readonly code: ErrorCode; readonly error: string }
  | { readonly type: 'away'; readonly retryMs: number }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string };

/** `close` lets go of the socket: what it says afterwards is not heard. */
export type ConnectionEffect = 'open' | 'login' | 'ping' | 'close';

export interface ConnectionStep {
  readonly state: ConnectionState;
  readonly effects: readonly ConnectionEffect[];
}

/** Milliseconds. */
export const limits = {
  opening: 10_000,
  login: 10_000,
  /** Nothing heard for so long: ask. */
  quiet: 25_000,
  /** Nothing heard since the ping: gone. */
  silent: 10_000,
  firstRetry: 500,
  lastRetry: 30_000,
  /** A connection that held so long begins anew with the first retry. */
  steady: 10_000,
} as const;

/** Full jitter: anything between nothing and a bound that doubles, in whole milliseconds. */
export function backoff(attempt: number, chance: number): number {
  return Math.floor(chance * Math.min(limits.lastRetry, limits.firstRetry * 2 ** Math.min(attempt, 16)));
}

const none: readonly ConnectionEffect[] = [];
const revokedClose = errors.revoked.close;

/**
 * @param at milliseconds since 1970
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
    state: { name: 'connecting', step: 'opening', attempt, until: at + limits.opening },
    effects: ['open'],
  });
  const wait = (reason: string, effects = none, atLeast = 0): ConnectionStep => {
    const held = state.name === 'live' && at - state.since >= limits.steady;
    const attempt = held || !('attempt' in state) ? 0 : state.attempt;
    return {
      state: { name: 'offline', attempt: attempt + 1, reason, until: at + atLeast + backoff(attempt, chance) },
      effects,
    };
  };
  const revoked = (reason: string): ConnectionStep => ({ state: { name: 'revoked', reason }, effects: ['close'] });
  const connected = state.name === 'connecting' || state.name === 'live';

  switch (event.type) {
    case 'start':
      return state.name === 'idle' ? open(0) : stay;
    case 'stop':
      if (state.name === 'revoked') return stay;
      return { state: { name: 'idle' }, effects: connected ? ['close'] : none };
    case 'token':
      if (state.name === 'idle') return stay;
      return connected ? { ...open(0), effects: ['close', 'open'] } : open(0);
    case 'online':
      return state.name === 'offline' ? open(0) : stay;
    case 'opened':
      if (state.name !== 'connecting') return stay;
      return { state: { ...state, step: 'login', until: at + limits.login }, effects: ['login'] };
    case 'accepted':
      if (state.name !== 'connecting') return stay;
      return {
        state: { name: 'live', since: at, attempt: state.attempt, asked: false, until: at + limits.quiet },
        effects: none,
      };
    case 'heard':
      return state.name === 'live'
        ? { state: { ...state, asked: false, until: at + limits.quiet }, effects: none }
        : stay;
    case 'refused':
      if (!connected) return stay;
      return errors[event.code].retry === 'never' ? revoked(event.error) : wait(event.error, ['close']);
    case 'away':
      return connected ? wait('the hub is restarting', ['close'], event.retryMs) : stay;
    case 'closed':
      if (!connected) return stay;
      return event.code === revokedClose ? revoked(event.reason) : wait(event.reason);
    case 'timer':
      if (!('until' in state) || at < state.until) return stay;
      if (state.name === 'offline') return open(state.attempt);
      if (state.name === 'connecting') return wait('the hub does not answer', ['close']);
      if (state.asked) return wait('the hub fell silent', ['close']);
      return { state: { ...state, asked: true, until: at + limits.silent }, effects: ['ping'] };
  }
}
