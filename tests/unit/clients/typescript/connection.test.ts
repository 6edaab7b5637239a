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
const live: ConnectionState = { name: 'live', since: at - 1_000, attempt: 3, isPinging: false, until: at };
const stable: ConnectionState = {
  name: 'live',
  since: at - limits.stableAfterMs,
  attempt: 3,
  isPinging: false,
  until: at,
};
const pinging: ConnectionState = { name: 'live', since: at - 60_000, attempt: 0, isPinging: true, until: at };
const offline: ConnectionState = { name: 'offline', attempt: 2, reason: 'x', until: at };
const revoked: ConnectionState = { name: 'revoked', reason: 'token revoked' };

const closed = (code: number): ConnectionEvent => ({ type: 'closed', code, reason: 'gone' });
const refused = (code: 'revoked' | 'user_not_found' | 'too_many', error: string): ConnectionEvent => ({
  type: 'refused',
  code,
  error,
});
const away: ConnectionEvent = { type: 'away', retryMs: 3_000 };

/** Title, state, event, expected state, expected effects. */
const table: readonly [
  string,
  ConnectionState,
  ConnectionEvent,
  Partial<ConnectionState>,
  ConnectionStep['effects'],
][] = [
  ['idle connects on start', idle, { type: 'start' }, { name: 'connecting', step: 'opening', attempt: 0 }, ['open']],
  ['idle ignores the network', idle, { type: 'online' }, idle, []],
  ['idle does not connect for a token', idle, { type: 'token' }, idle, []],
  [
    'an open socket logs in',
    opening,
    { type: 'opened' },
    { step: 'login', until: at + limits.loginTimeoutMs },
    ['login'],
  ],
  ['an accepted login is live', loggingIn, { type: 'accepted' }, { name: 'live', since: at, attempt: 2 }, []],
  [
    'a socket that does not open in time is offline',
    { ...opening, until: at },
    { type: 'timer' },
    { name: 'offline', attempt: 3 },
    ['close'],
  ],
  [
    'a login without an answer in time is offline',
    loggingIn,
    { type: 'timer' },
    { name: 'offline', attempt: 3 },
    ['close'],
  ],
  ['an early timer changes nothing', opening, { type: 'timer' }, opening, []],
  [
    'a socket that closes before it opened is offline',
    opening,
    closed(1006),
    { name: 'offline', reason: 'gone', until: at + 1_000 },
    [],
  ],
  [
    'an unknown token is revoked',
    loggingIn,
    refused('user_not_found', 'user not found'),
    { name: 'revoked' },
    ['close'],
  ],
  [
    'a login refused as too many requests is offline',
    loggingIn,
    refused('too_many', 'too many requests'),
    { name: 'offline' },
    ['close'],
  ],
  [
    'any message answers a ping',
    pinging,
    { type: 'message' },
    { isPinging: false, until: at + limits.idleBeforePingMs },
    [],
  ],
  [
    'an idle connection sends a ping',
    live,
    { type: 'timer' },
    { isPinging: true, until: at + limits.pongTimeoutMs },
    ['ping'],
  ],
  [
    'a ping without an answer in time is offline',
    pinging,
    { type: 'timer' },
    { name: 'offline', attempt: 1 },
    ['close'],
  ],
  [
    'the bound of the backoff doubles after a short connection',
    live,
    closed(1006),
    { attempt: 4, until: at + 2_000 },
    [],
  ],
  ['the backoff starts again after a stable connection', stable, closed(1006), { attempt: 1, until: at + 250 }, []],
  [
    'away reconnects after the time that the hub announced',
    stable,
    away,
    { name: 'offline', until: at + 3_000 + 250 },
    ['close'],
  ],
  ['the close code of a restarting hub is offline', stable, closed(1012), { name: 'offline' }, []],
  ['a kicked connection is offline', stable, closed(4403), { name: 'offline' }, []],
  ['the close code of a revoked token is revoked', live, closed(4401), { name: 'revoked' }, ['close']],
  [
    'the refusal of a revoked token is revoked',
    live,
    refused('revoked', 'token revoked'),
    { name: 'revoked' },
    ['close'],
  ],
  ['revoked ignores start', revoked, { type: 'start' }, revoked, []],
  ['revoked ignores the timer', revoked, { type: 'timer' }, revoked, []],
  ['revoked ignores the network', revoked, { type: 'online' }, revoked, []],
  ['revoked ignores stop', revoked, { type: 'stop' }, revoked, []],
  ['revoked connects with a new token', revoked, { type: 'token' }, { name: 'connecting', attempt: 0 }, ['open']],
  ['live reconnects with a new token', live, { type: 'token' }, { name: 'connecting', attempt: 0 }, ['close', 'open']],
  ['offline connects when its time is over', offline, { type: 'timer' }, { name: 'connecting', attempt: 2 }, ['open']],
  ['offline waits until its time is over', { ...offline, until: at + 1 }, { type: 'timer' }, { name: 'offline' }, []],
  [
    'offline connects at once when the network is back',
    offline,
    { type: 'online' },
    { name: 'connecting', attempt: 0 },
    ['open'],
  ],
  ['live closes on stop', live, { type: 'stop' }, idle, ['close']],
  ['offline becomes idle on stop', offline, { type: 'stop' }, idle, []],
  ['an event of an old socket changes nothing', offline, closed(1006), offline, []],
];

describe('the connection', () => {
  test.each(table)('%s', (_name, state, event, becomes, effects) => {
    const next = stepConnection(state, event, at, chance);
    expect(next.state).toMatchObject(becomes);
    expect(next.effects).toEqual(effects);
  });

  test('waits a random time up to a bound that doubles up to 30 s', () => {
    expect([0, 1, 2, 5, 6, 7, 100].map((attempt) => backoff(attempt, 0.999_999_9))).toEqual([
      499, 999, 1_999, 15_999, 29_999, 29_999, 29_999,
    ]);
    expect(backoff(100, 0)).toBe(0);
  });

  test('leaves revoked only by a token, and never waits longer than the bound, in any order of events', () => {
    const events = table.map(([, , event]) => event);
    let state: ConnectionState = idle;
    for (let n = 0; n < 20_000; n += 1) {
      const event = events[(n * 7_919) % events.length] ?? { type: 'start' };
      const next: ConnectionState = stepConnection(state, event, at + n * 997, (n % 97) / 97).state;
      if (state.name === 'revoked' && next.name !== 'revoked') expect(event.type).toBe('token');
      if (next.name === 'offline') expect(next.until - at - n * 997).toBeLessThanOrEqual(limits.maxRetryMs + 3_000);
      state = next;
    }
  });
});
