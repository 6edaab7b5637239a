import { describe, expect, test } from '@jest/globals';
import {
  backoff,
  type ConnectionEvent,
  type ConnectionState,
  type ConnectionStep,
  limits,
  stepConnection,
} from '../../../../clients/typescript/connection.ts';

const at = 1_000_000;
const chance = 0.5;

const idle: ConnectionState = { name: 'idle' };
const opening: ConnectionState = { name: 'connecting', step: 'opening', attempt: 2, until: at + 5_000 };
const loggingIn: ConnectionState = { name: 'connecting', step: 'login', attempt: 2, until: at };
const live: ConnectionState = { name: 'live', since: at - 1_000, attempt: 3, asked: false, until: at };
const steady: ConnectionState = { name: 'live', since: at - limits.steady, attempt: 3, asked: false, until: at };
const asked: ConnectionState = { name: 'live', since: at - 60_000, attempt: 0, asked: true, until: at };
const offline: ConnectionState = { name: 'offline', attempt: 2, reason: 'x', until: at };
const revoked: ConnectionState = { name: 'revoked', reason: 'token revoked' };

const closed = (code: number): ConnectionEvent => ({ type: 'closed', code, reason: 'gone' });
const refused = (code: 'revoked' | 'user_not_found' | 'too_many', error: string): ConnectionEvent => ({
  type: 'refused',
  code,
  error,
});
const away: ConnectionEvent = { type: 'away', retryMs: 3_000 };

/** What is, what happens, what it becomes and what is done. */
const table: readonly [
  string,
  ConnectionState,
  ConnectionEvent,
  Partial<ConnectionState>,
  ConnectionStep['effects'],
][] = [
  ['idle starts', idle, { type: 'start' }, { name: 'connecting', step: 'opening', attempt: 0 }, ['open']],
  ['idle hears nothing', idle, { type: 'online' }, idle, []],
  ['idle does not begin for a token', idle, { type: 'token' }, idle, []],
  ['once open, logs in', opening, { type: 'opened' }, { step: 'login', until: at + limits.login }, ['login']],
  ['accepted is live', loggingIn, { type: 'accepted' }, { name: 'live', since: at, attempt: 2 }, []],
  ['nobody opens: offline', { ...opening, until: at }, { type: 'timer' }, { name: 'offline', attempt: 3 }, ['close']],
  ['no login in time: offline', loggingIn, { type: 'timer' }, { name: 'offline', attempt: 3 }, ['close']],
  ['a timer that is early changes nothing', opening, { type: 'timer' }, opening, []],
  ['cannot be reached: offline', opening, closed(1006), { name: 'offline', reason: 'gone', until: at + 1_000 }, []],
  ['an unknown token is final', loggingIn, refused('user_not_found', 'user not found'), { name: 'revoked' }, ['close']],
  ['too many: later', loggingIn, refused('too_many', 'too many requests'), { name: 'offline' }, ['close']],
  ['heard is alive', asked, { type: 'heard' }, { asked: false, until: at + limits.quiet }, []],
  ['quiet: asks', live, { type: 'timer' }, { asked: true, until: at + limits.silent }, ['ping']],
  ['silent: offline', asked, { type: 'timer' }, { name: 'offline', attempt: 1 }, ['close']],
  ['cut short: the bound goes on doubling', live, closed(1006), { attempt: 4, until: at + 2_000 }, []],
  ['cut after a while: begins anew', steady, closed(1006), { attempt: 1, until: at + 250 }, []],
  ['away comes back when it is told to', steady, away, { name: 'offline', until: at + 3_000 + 250 }, ['close']],
  ['the close of a hub that restarts is no more than a cut', steady, closed(1012), { name: 'offline' }, []],
  ['kicked comes back', steady, closed(4403), { name: 'offline' }, []],
  ['revoked by its close code', live, closed(4401), { name: 'revoked' }, ['close']],
  ['revoked by its refusal', live, refused('revoked', 'token revoked'), { name: 'revoked' }, ['close']],
  ['revoked is final: start', revoked, { type: 'start' }, revoked, []],
  ['revoked is final: time', revoked, { type: 'timer' }, revoked, []],
  ['revoked is final: the network', revoked, { type: 'online' }, revoked, []],
  ['revoked is final: stop', revoked, { type: 'stop' }, revoked, []],
  ['revoked ends with a new token', revoked, { type: 'token' }, { name: 'connecting', attempt: 0 }, ['open']],
  ['a new token while live', live, { type: 'token' }, { name: 'connecting', attempt: 0 }, ['close', 'open']],
  ['offline tries again', offline, { type: 'timer' }, { name: 'connecting', attempt: 2 }, ['open']],
  ['offline waits', { ...offline, until: at + 1 }, { type: 'timer' }, { name: 'offline' }, []],
  ['the network is back: at once', offline, { type: 'online' }, { name: 'connecting', attempt: 0 }, ['open']],
  ['stop', live, { type: 'stop' }, idle, ['close']],
  ['stop while offline', offline, { type: 'stop' }, idle, []],
  ['what an old socket says changes nothing', offline, closed(1006), offline, []],
];

describe('the connection', () => {
  test.each(table)('%s', (_name, state, event, becomes, effects) => {
    const next = stepConnection(state, event, at, chance);
    expect(next.state).toMatchObject(becomes);
    expect(next.effects).toEqual(effects);
  });

  test('comes back after anything between nothing and a bound that doubles up to 30 s', () => {
    expect([0, 1, 2, 5, 6, 7, 100].map((attempt) => backoff(attempt, 0.999_999_9))).toEqual([
      499, 999, 1_999, 15_999, 29_999, 29_999, 29_999,
    ]);
    expect(backoff(100, 0)).toBe(0);
  });

  test('whatever happens in whatever order, it is in one of its states, and revoked is left by a token only', () => {
    const events = table.map(([, , event]) => event);
    let state: ConnectionState = idle;
    for (let n = 0; n < 20_000; n += 1) {
      const event = events[(n * 7_919) % events.length] ?? { type: 'start' };
      const next: ConnectionState = stepConnection(state, event, at + n * 997, (n % 97) / 97).state;
      if (state.name === 'revoked' && next.name !== 'revoked') expect(event.type).toBe('token');
      if (next.name === 'offline') expect(next.until - at - n * 997).toBeLessThanOrEqual(limits.lastRetry + 3_000);
      state = next;
    }
  });
});
