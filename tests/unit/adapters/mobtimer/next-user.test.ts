// The next person, as a table: all cases of the mob timer's own rules, and the steps of its manual test script.

import { describe, expect, test } from '@jest/globals';
import { nextUser } from '../../../../server/adapters/mobtimer/next-user.ts';
import type { TimerRequest } from '../../../../server/adapters/mobtimer/timer-request.ts';

type Turn = Pick<TimerRequest, 'type' | 'user' | 'nextUser' | 'minutes'>;

const turn = (user: string | null): Turn => ({ type: 'TIMER', minutes: 10, user, nextUser: null });
const pause = (user: string | null, nextUser: string | null = null): Turn => ({
  type: 'BREAKTIMER',
  minutes: 5,
  user,
  nextUser,
});

describe('nextUser', () => {
  const table: [string, Turn[], string | null, string | null][] = [
    ['nobody was here', [], 'alice', null],
    ['alice alone', [turn('alice')], 'alice', null],
    ['a newcomer', [turn('alice')], 'bob', 'alice'],
    ['two, the first again', ['alice', 'bob'].map(turn), 'alice', 'bob'],
    ['two, the second again', ['alice', 'bob'].map(turn), 'bob', 'alice'],
    ['two and a newcomer', ['alice', 'bob'].map(turn), 'carol', 'alice'],
    ['two and somebody without a name', ['alice', 'bob'].map(turn), '', 'alice'],
    ['two and nobody in particular', ['alice', 'bob'].map(turn), null, 'alice'],
    ['three, a round', ['alice', 'bob', 'carol'].map(turn), 'alice', 'bob'],
    ['three, into the second round', ['alice', 'bob', 'carol', 'alice'].map(turn), 'bob', 'carol'],
    ['three, further into it', ['alice', 'bob', 'carol', 'alice', 'bob'].map(turn), 'carol', 'alice'],
    ['alice twice with bob between', ['alice', 'bob', 'alice'].map(turn), 'alice', 'bob'],
    ['alice thrice', ['alice', 'bob', 'alice', 'alice'].map(turn), 'alice', 'bob'],
    ['out of order, alice', ['alice', 'bob', 'carol', 'bob'].map(turn), 'alice', 'bob'],
    ['out of order, bob', ['alice', 'bob', 'carol', 'bob'].map(turn), 'bob', 'carol'],
    ['a break between', [turn('alice'), pause('dave'), turn('bob')], 'alice', 'bob'],
    ['a turn without a name', ['alice', 'bob', ''].map(turn), 'alice', 'bob'],
    ['only turns without a name', ['', '', null].map(turn), 'alice', null],
    ['a blank name is none', [' ', 'bob'].map(turn), 'alice', 'bob'],
    ['names are exact', ['Alice', 'bob'].map(turn), 'alice', 'Alice'],
  ];
  test.each(table)('%s', (_, history, by, next) => {
    expect(nextUser(history, { type: 'TIMER', minutes: 10, user: by })).toBe(next);
  });

  test('a break keeps the next user, and has none in an empty room', () => {
    expect(nextUser([], { type: 'BREAKTIMER', minutes: 5, user: 'alice' })).toBeNull();
    expect(nextUser([{ ...turn('alice'), nextUser: 'bob' }], { type: 'BREAKTIMER', minutes: 5, user: 'alice' })).toBe(
      'bob',
    );
    expect(nextUser([turn('alice'), pause('alice', 'carol')], { type: 'BREAKTIMER', minutes: 5, user: 'bob' })).toBe(
      'carol',
    );
  });

  test('a stop is not a turn: it keeps the next user, and later turns ignore it', () => {
    const stop = { ...turn('bob'), minutes: 0, nextUser: 'carol' };
    const history = [turn('alice'), { ...turn('carol'), nextUser: 'alice' }];
    expect(nextUser(history, { type: 'TIMER', minutes: 0, user: 'bob' })).toBe('alice');
    expect(nextUser([], { type: 'TIMER', minutes: 0, user: 'bob' })).toBeNull();
    expect(nextUser([turn('alice'), stop], { type: 'TIMER', minutes: 10, user: 'alice' })).toBeNull();
    expect(nextUser([turn('alice'), stop], { type: 'TIMER', minutes: 10, user: 'dave' })).toBe('alice');
  });

  test('the walk of the original’s manual script', () => {
    const walk: [TimerRequest['type'], string, string | null][] = [
      ['TIMER', 'test1', null],
      ['TIMER', 'test2', 'test1'],
      ['BREAKTIMER', 'test1', 'test1'],
      ['TIMER', 'test3', 'test1'],
      ['TIMER', 'test3', 'test1'],
      ['BREAKTIMER', 'test1', 'test1'],
      ['TIMER', 'test2', 'test3'],
      ['TIMER', 'test2', 'test3'],
    ];
    const history: Turn[] = [];
    for (const [type, user, expected] of walk) {
      const next = nextUser(history, { type, minutes: 10, user });
      expect(next).toBe(expected);
      history.push({ type, user, nextUser: next, minutes: 10 });
    }
  });
});
