// The mob timer's functions of values: parsing of bodies and items, the form of events, expiry, and names of rooms.

import { describe, expect, test } from '@jest/globals';
import {
  beginning,
  countersEvents,
  goalEvent,
  keepAlive,
  timerEvent,
} from '../../../../server/adapters/mobtimer/event.ts';
import { crowdedOut, noGoal, outdatedKeys, readRoom, runs } from '../../../../server/adapters/mobtimer/room-item.ts';
import { isRoomName, suggestRoom } from '../../../../server/adapters/mobtimer/room-name.ts';
import {
  readGoal,
  readTimer,
  readUser,
  shorten,
  type TimerRequest,
} from '../../../../server/adapters/mobtimer/timer-request.ts';
import { adjectives, animals } from '../../../../server/adapters/mobtimer/words.ts';
import { seeded } from '../../../harness/world.ts';

describe('a timer body', () => {
  const timer = (minutes: number, user: string | null = null) => ({
    asks: 'something',
    value: { type: 'TIMER', minutes, user },
  });
  const pause = (minutes: number, user: string | null = null) => ({
    asks: 'something',
    value: { type: 'BREAKTIMER', minutes, user },
  });
  const empty = { asks: 'empty' };
  const wrong = { asks: 'wrong' };

  test.each([
    ['{"timer":10,"user":"ann"}', timer(10, 'ann')],
    ['{"breaktimer":5,"user":"ann"}', pause(5, 'ann')],
    ['{"timer":10,"breaktimer":5}', timer(10)],
    ['{"timer":null,"breaktimer":5}', pause(5)],
    ['{"timer":0,"user":""}', timer(0, '')],
    ['{"timer":0}', timer(0, null)],
    ['{"timer":0,"user":null}', timer(0, null)],
    ['{"timer":-5}', timer(0)],
    ['{"timer":-0.5}', timer(0)],
    ['{"timer":1440}', timer(1440)],
    ['{"timer":1441}', timer(1440)],
    ['{"timer":99999}', timer(1440)],
    ['{"timer":9223372036854775807}', timer(1440)],
    ['{"timer":"10"}', timer(10)],
    ['{"timer":" +7 "}', timer(7)],
    ['{"timer":"9223372036854775807"}', timer(1440)],
    ['{"timer":10.9}', timer(10)],
    ['{"timer":7.5,"user":"x"}', timer(7, 'x')],
    ['{"timer":10,"user":5}', timer(10, '5')],
    ['{"timer":10,"user":true}', timer(10, 'true')],
    ['{"timer":10,"user":"  D: ann, N: bob "}', timer(10, '  D: ann, N: bob ')],
    ['{"timer":10,"room":{"deep":[1]},"__proto__":{"timer":3}}', timer(10)],
    ['{"__proto__":{"timer":3}}', empty],
    ['{}', empty],
    ['{"timer":null,"user":"x"}', empty],
    ['{"timer":"","user":"x"}', empty],
    ['{"timer":"","breaktimer":3}', pause(3)],
    ['{"timer":true}', wrong],
    ['{"timer":[5]}', wrong],
    ['{"timer":{}}', wrong],
    ['{"timer":"abc"}', wrong],
    ['{"timer":"10.9"}', wrong],
    ['{"timer":1e30}', wrong],
    ['{"timer":"9223372036854775808"}', wrong],
    ['{"timer":10,"breaktimer":true}', wrong],
    ['{"timer":10,"user":{}}', wrong],
    ['{"timer":10,"user":["x"]}', wrong],
    ['"abc"', wrong],
    ['10', wrong],
    ['null', wrong],
    ['[{"timer":10}]', wrong],
  ])('%s', (body, asked) => {
    expect(readTimer(JSON.parse(body))).toEqual(asked);
  });

  test('minutes are never a negative zero, which some clients cannot read', () => {
    const asked = readTimer({ timer: -0.5 });
    expect(asked.asks === 'something' && Object.is(asked.value.minutes, 0)).toBe(true);
  });
});

describe('a goal body', () => {
  test.each([
    ['{"goal":"ship","user":"ann"}', { asks: 'something', value: { text: 'ship', user: 'ann' } }],
    ['{"goal":"","user":""}', { asks: 'something', value: { text: '', user: '' } }],
    ['{"goal":5}', { asks: 'something', value: { text: '5', user: null } }],
    ['{"goal":null}', { asks: 'empty' }],
    ['{"user":"ann"}', { asks: 'empty' }],
    ['{"goal":{}}', { asks: 'wrong' }],
    ['{"goal":"x","user":[]}', { asks: 'wrong' }],
    ['[]', { asks: 'wrong' }],
  ])('%s', (body, asked) => {
    expect(readGoal(JSON.parse(body))).toEqual(asked);
  });

  test('of 256 units stays, a longer one keeps 252 and gets three dots', () => {
    expect(shorten('x'.repeat(256))).toBe('x'.repeat(256));
    expect(shorten('x'.repeat(257))).toBe(`${'x'.repeat(252)}...`);
    expect(shorten('😀'.repeat(200))).toHaveLength(255);
  });

  test('a delete names the person or nobody', () => {
    expect(readUser({ user: 'ann' })).toEqual({ asks: 'something', value: { user: 'ann' } });
    expect(readUser({})).toEqual({ asks: 'something', value: { user: null } });
    expect(readUser([])).toEqual({ asks: 'wrong' });
    expect(readUser({ user: {} })).toEqual({ asks: 'wrong' });
  });
});

describe('an event', () => {
  const at = Date.UTC(2026, 0, 5, 12);
  const request: TimerRequest = { type: 'TIMER', minutes: 10, user: 'ann', nextUser: null, at };

  test('is its name and one line of JSON, byte for byte', () => {
    expect(timerEvent(request)).toBe(
      'event:TIMER_REQUEST\ndata:{"timer":10,"requested":"2026-01-05T12:00:00.000Z","user":"ann","nextUser":null,"type":"TIMER"}\n\n',
    );
    expect(timerEvent(undefined)).toBe(
      'event:TIMER_REQUEST\ndata:{"timer":0,"requested":null,"user":null,"nextUser":null,"type":null}\n\n',
    );
    expect(keepAlive).toBe(
      'event:KEEP_ALIVE\ndata:{"timer":null,"requested":null,"user":null,"nextUser":null,"type":null}\n\n',
    );
    expect(goalEvent(noGoal)).toBe('event:GOAL_REQUEST\ndata:{"goal":null,"user":null,"requested":null}\n\n');
    expect(goalEvent({ text: 'a "b"\n<c>', user: '', at })).toBe(
      'event:GOAL_REQUEST\ndata:{"goal":"a \\"b\\"\\n<c>","user":"","requested":"2026-01-05T12:00:00.000Z"}\n\n',
    );
    expect(countersEvents({ users: 3, timers: 0 })).toBe(
      'event:ACTIVE_USERS_UPDATE\ndata:3\n\nevent:ACTIVE_TIMERS_UPDATE\ndata:0\n\n',
    );
  });

  test('a viewer begins with all requests but the newest, the newest, the goal', () => {
    const names = (text: string) => [...text.matchAll(/^event:(.*)$/gm)].map((match) => match[1]);
    const histories = (text: string) => JSON.parse(/^data:(.*)$/m.exec(text)?.[1] ?? '').length;
    for (const [count, history] of [
      [0, 0],
      [1, 0],
      [3, 2],
    ]) {
      const text = beginning(Array<TimerRequest>(count ?? 0).fill(request), noGoal);
      expect(names(text)).toEqual(['INITIAL_HISTORY', 'TIMER_REQUEST', 'GOAL_REQUEST']);
      expect(histories(text)).toBe(history);
    }
    expect(beginning([], noGoal)).toContain('event:INITIAL_HISTORY\ndata:[]\n\n');
  });
});

describe('the value in a channel', () => {
  const item = (key: string, value: unknown, at = 1_000) => ({ key, value: JSON.stringify(value), at });

  test('is parsed as tolerantly as a request body: minutes are clamped, and the next user is added', () => {
    const { requests, goal } = readRoom([
      item('a', { timer: 10, user: 'ann' }),
      item('b', { timer: '99999', user: 'bob' }),
      item('c', 'just a note'),
      item('d', { timer: true }),
      item('e', { breaktimer: 5, user: 'ann' }),
      item('f', { timer: 7, user: 'ann', type: 'BREAKTIMER', nextUser: 'zoe' }),
      item('goal', { goal: 'x'.repeat(300) }),
    ]);
    expect(requests.map(({ type, minutes, user, nextUser }) => [type, minutes, user, nextUser])).toEqual([
      ['TIMER', 10, 'ann', null],
      ['TIMER', 1440, 'bob', 'ann'],
      ['BREAKTIMER', 5, 'ann', 'ann'],
      ['BREAKTIMER', 7, 'ann', 'zoe'],
    ]);
    expect(goal).toEqual({ text: `${'x'.repeat(252)}...`, user: null, at: 1_000 });
  });

  test('is a thousand requests at the most, and 262,144 characters of them: the oldest go, and the goal never does', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => item(`k${at}`, { timer: 1 }));
    expect(crowdedOut([item('goal', { goal: 'ship' }), ...many], [])).toEqual([]);
    expect(crowdedOut([item('goal', { goal: 'ship' }), ...many], ['{}', '{}', '{}'])).toEqual(['k0', 'k1', 'k2']);
    const large = Array.from({ length: 8 }, (_, at) => ({ key: `k${at}`, value: 'x'.repeat(32_768), at: 0 }));
    expect(crowdedOut(large, [])).toEqual([]);
    expect(crowdedOut(large, ['x'])).toEqual(['k0']);
  });

  test('a deleted goal stores by whom and when', () => {
    expect(readRoom([item('goal', { goal: null, user: 'ann' })]).goal).toEqual({ text: null, user: 'ann', at: 1_000 });
  });

  test('is forgotten when it is more than a day old, but a goal that is set stays', () => {
    const day = 86_400_000;
    const items = [
      item('old', { timer: 10 }, 0),
      item('junk', 'note', 0),
      item('young', { timer: 10 }, 1),
      item('goal', { goal: '', user: 'ann' }, 0),
    ];
    expect(outdatedKeys(items, day)).toEqual([]);
    expect(outdatedKeys(items, day + 1)).toEqual(['old', 'junk']);
    expect(outdatedKeys([item('goal', { goal: null, user: 'ann' }, 0)], day + 1)).toEqual(['goal']);
  });

  test('a turn runs until its last millisecond; one of no minutes never does', () => {
    const turn = (minutes: number): TimerRequest => ({ type: 'BREAKTIMER', minutes, user: '', nextUser: null, at: 0 });
    expect(runs(turn(1), 59_999)).toBe(true);
    expect(runs(turn(1), 60_000)).toBe(false);
    expect(runs(turn(0), 0)).toBe(false);
  });
});

describe('a room’s name', () => {
  test.each(['a', 'big-boar-37', 'other_Room', 'A', '_', '--', 'Help', 'x'.repeat(500)])('%s is one', (name) => {
    expect(isRoomName(name)).toBe(true);
  });

  test.each([
    '',
    'my room',
    'ü',
    'a/b',
    'a.b',
    'a\n',
    '{x}',
    '..',
    '-',
    'api',
    'help',
    'stats',
    'events',
    'tasks',
    'v1',
  ])('%j is invalid', (name) => {
    expect(isRoomName(name)).toBe(false);
  });

  test('is suggested as adjective, animal and two digits, until one is free', () => {
    const random = seeded(7);
    for (let at = 0; at < 2_000; at += 1) {
      const name = suggestRoom(random, () => false);
      expect(name).toMatch(/^[a-z]+-[a-z]+-[1-9]\d$/);
      expect(isRoomName(name)).toBe(true);
    }
    const taken = new Set([suggestRoom(seeded(1), () => false)]);
    expect(taken.has(suggestRoom(seeded(1), (name) => taken.has(name)))).toBe(false);
    expect(
      suggestRoom(
        () => 0,
        () => false,
      ),
    ).toMatch(/-10$/);
    expect(
      suggestRoom(
        () => 0.999_999,
        () => false,
      ),
    ).toMatch(/-99$/);
  });

  test('the words are lower-case letters, each once', () => {
    for (const words of [adjectives, animals]) {
      expect(words.every((word) => /^[a-z]+$/.test(word))).toBe(true);
      expect(new Set(words).size).toBe(words.length);
    }
  });
});
