// Events of the hub are parsed to values or ignored, and requests of the page are always JSON.

import { describe, expect, test } from '@jest/globals';
import { minutesOf } from '../../../../clients/web/room/minutes.ts';
import { newsOf, startBody } from '../../../../clients/web/room/sse-protocol.ts';
import { eventReader } from '../../../../clients/web/shared/event-text.ts';

const turn = { timer: 10, requested: '2026-01-05T12:00:00.000Z', user: 'alice', nextUser: 'bob', type: 'TIMER' };

describe('news', () => {
  test('a turn and a break become entries', () => {
    expect(newsOf('TIMER_REQUEST', JSON.stringify(turn))).toEqual({
      type: 'timer',
      entry: {
        key: '["2026-01-05T12:00:00.000Z","turn",10,"alice"]',
        kind: 'turn',
        minutes: 10,
        start: Date.UTC(2026, 0, 5, 12),
        user: 'alice',
        next: 'bob',
      },
    });
    const tea = newsOf('TIMER_REQUEST', JSON.stringify({ ...turn, type: 'BREAKTIMER', nextUser: null }));
    expect(tea).toMatchObject({ entry: { kind: 'break', next: '' } });
  });

  test('who is here becomes a number and names; without names for a visitor', () => {
    const news = (data: object) => newsOf('PRESENCE', JSON.stringify(data));
    expect(news({ people: 2, accounts: ['ann'] })).toEqual({ type: 'here', here: { people: 2, names: ['ann'] } });
    expect(news({ people: 2 })).toEqual({ type: 'here', here: { people: 2, names: [] } });
    expect(news({})).toBeUndefined();
  });

  test('zero minutes without a user are a reset, with any user a stop', () => {
    expect(newsOf('TIMER_REQUEST', JSON.stringify({ ...turn, timer: 0, user: null }))).toEqual({
      type: 'timer',
      entry: 'reset',
    });
    const nothing = { timer: 0, requested: null, user: null, nextUser: null, type: null };
    expect(newsOf('TIMER_REQUEST', JSON.stringify(nothing))).toEqual({ type: 'timer', entry: 'reset' });
    expect(newsOf('TIMER_REQUEST', JSON.stringify({ ...turn, timer: 0, user: '' }))).toMatchObject({
      entry: { minutes: 0, user: '' },
    });
  });

  test('an empty text is a goal; null means no goal', () => {
    expect(newsOf('GOAL_REQUEST', '{"goal":"","user":"","requested":null}')).toEqual({
      type: 'goal',
      goal: { text: '', user: '' },
    });
    expect(newsOf('GOAL_REQUEST', '{"goal":null,"user":null,"requested":null}')).toEqual({
      type: 'goal',
      goal: undefined,
    });
  });

  test('unknown events are ignored', () => {
    for (const data of ['', '{', 'null', '[]', '7', '{"timer":"10"}', '{"timer":5,"user":"a","requested":"soon"}']) {
      expect(newsOf('TIMER_REQUEST', data)).toBeUndefined();
    }
    expect(newsOf('CLOSED', '{}')).toBeUndefined();
    expect(newsOf('INITIAL_HISTORY', JSON.stringify([turn, null, 'x', {}]))).toMatchObject({
      entries: [{ user: 'alice' }],
    });
  });
});

describe('the stream’s text', () => {
  test('pieces of any size give the same events', () => {
    const text =
      'event:A\ndata:{"é":1}\n\nevent:B\r\ndata: two\r\n\r\n:note\nevent:C\ndata:1\ndata:2\n\nevent:D\n\ndata:cut';
    const wanted = [
      { event: 'A', data: '{"é":1}' },
      { event: 'B', data: 'two' },
      { event: 'C', data: '1\n2' },
    ];
    for (let size = 1; size <= text.length; size += 1) {
      const read = eventReader();
      const found = [];
      for (let at = 0; at < text.length; at += size) found.push(...read(text.slice(at, at + size)));
      expect(found).toEqual(wanted);
    }
  });
});

describe('input of people', () => {
  test('minutes are whole, from 1 to 1440', () => {
    expect(['1', ' 25 ', '1440', '007'].map(minutesOf)).toEqual([1, 25, 1440, 7]);
    expect(['', '0', '1441', '7.5', '-3', '1e3', 'ten', '99999'].map(minutesOf)).toEqual(Array(8).fill(undefined));
  });

  test('a name with quotes and backslashes survives', () => {
    expect(JSON.parse(startBody('turn', 10, 'Bob "x" \\ <b>'))).toEqual({ timer: 10, user: 'Bob "x" \\ <b>' });
    expect(JSON.parse(startBody('break', 15, ''))).toEqual({ breaktimer: 15, user: '' });
  });
});
