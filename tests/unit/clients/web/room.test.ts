// The page's state of a room: history without duplicates, resets, events of a turn that are reported once, and the positions of the bars.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { textsFor } from '../../../../clients/web/languages/languages.ts';
import { type RoomTexts, roomLanguages } from '../../../../clients/web/languages/room.ts';
import {
  applyNews,
  clockFace,
  deadline,
  emptyRoom,
  hereLine,
  oneMinuteMore,
  personAfter,
  type Room,
  remainingMs,
} from '../../../../clients/web/room/room-state.ts';
import type { Entry, Kind, News } from '../../../../clients/web/room/sse-protocol.ts';
import { bars, hours, placeOf } from '../../../../clients/web/room/timeline.ts';
import { type Look, momentOf, notice, sentence } from '../../../../clients/web/room/turn-events.ts';
import { qrCode } from '../../../../clients/web/shared/qr.ts';

let texts: RoomTexts;
beforeAll(async () => {
  texts = await textsFor(['en'], roomLanguages);
});

const noon = Date.UTC(2026, 0, 5, 12);
const minute = 60_000;

function entry(minutes: number, at = 0, user = 'alice', kind: Kind = 'turn', next = ''): Entry {
  const start = noon + at * minute;
  return { key: JSON.stringify([start, kind, minutes, user]), kind, minutes, start, user, next };
}

function after(...news: readonly News[]) {
  return news.reduce(applyNews, emptyRoom);
}

describe('the room', () => {
  const first = entry(10);
  const second = entry(10, 10, 'bob');
  const beginning: readonly News[] = [
    { type: 'history', entries: [first] },
    { type: 'timer', entry: second },
    { type: 'goal', goal: { text: 'ship it', user: 'alice' } },
  ];

  test('a reconnect replays everything without duplicates', () => {
    const once = after(...beginning);
    expect(once.history).toEqual([first, second]);
    expect(once.current).toEqual(second);
    expect(after(...beginning, ...beginning, ...beginning)).toEqual(once);
  });

  test('two turns of the same minute, person and length are two', () => {
    const again = entry(10, 0.001);
    expect(after({ type: 'timer', entry: first }, { type: 'timer', entry: again }).history).toHaveLength(2);
  });

  test('a turn that was started while the page was away is there after the replay', () => {
    const third = entry(5, 12, 'carol');
    const room = after(...beginning, { type: 'history', entries: [first, second] }, { type: 'timer', entry: third });
    expect(room.history).toEqual([first, second, third]);
    expect(room.current).toEqual(third);
  });

  test('after a reset, pages that saw it and pages opened later show the same room', () => {
    const third = entry(5, 12, 'carol');
    const saw = after(...beginning, { type: 'timer', entry: 'reset' }, { type: 'timer', entry: third });
    const came = after(
      { type: 'history', entries: [first, second, 'reset'] },
      { type: 'timer', entry: third },
      ...[{ type: 'goal', goal: { text: 'ship it', user: 'alice' } } as const],
    );
    expect(came).toEqual(saw);
    expect(saw.history).toEqual([third]);
    expect(after(...beginning, { type: 'timer', entry: 'reset' })).toMatchObject({ current: undefined, history: [] });
  });

  test('the remaining time is computed from the deadline, and is never negative', () => {
    expect(deadline(first)).toBe(noon + 10 * minute);
    expect(remainingMs(first, noon + 1)).toBe(10 * minute - 1);
    expect(remainingMs(first, noon + 11 * minute)).toBe(0);
    expect(remainingMs(undefined, noon)).toBe(0);
  });

  test('the clock shows whole seconds, rounded down, and minutes in as many digits as they need', () => {
    expect([0, 999, 1000, 59_999, 600_000, 86_400_000].map(clockFace)).toEqual([
      '00:00',
      '00:00',
      '00:01',
      '00:59',
      '10:00',
      '1440:00',
    ]);
  });
});

/** Evaluates the clock at these minutes after noon. Returns the reported events. */
function reportedEvents(looks: readonly (readonly [Entry | undefined, number])[]) {
  let before: Look | undefined;
  return looks.map(([what, at]) => {
    const [look, moment] = momentOf(before, what, noon + at * minute);
    before = look;
    return moment;
  });
}

test('the person after the next is the one who followed that person last time', () => {
  const turn = (user: string, next: string, at: number): Entry => ({
    key: `${user}${at}`,
    kind: 'turn',
    minutes: 10,
    start: at,
    user,
    next,
  });
  const room: Room = {
    ...emptyRoom,
    history: [turn('ann', 'bob', 1), turn('bob', 'ann', 2), turn('chi', 'ann', 3), turn('ann', 'bob', 4)],
  };
  expect(personAfter(room, 'bob')).toBe('chi');
  expect(personAfter(room, 'dan')).toBe('');
  expect(personAfter(emptyRoom, 'ann')).toBe('');
});

test('one minute more ends about a minute later, in whole minutes', () => {
  const entry: Entry = { key: 'a', kind: 'turn', minutes: 10, start: 0, user: 'ann', next: '' };
  expect(oneMinuteMore(entry, 10_000)).toBe(11);
  expect(oneMinuteMore(entry, 9 * 60_000)).toBe(2);
  expect(oneMinuteMore(entry, 11 * 60_000)).toBe(1);
  expect(oneMinuteMore(undefined, 0)).toBe(1);
});

describe('moments', () => {
  const turn = entry(10, 0, 'alice', 'turn', 'bob');

  test('a turn is announced at its start, its thresholds and its end, once each', () => {
    const at = [0, 1, 5, 5.1, 9, 9.01, 9.9, 10, 10.1].map((minutes) => [turn, minutes] as const);
    expect(reportedEvents([[undefined, 0], ...at])).toEqual([
      undefined,
      'begun',
      undefined,
      'five minutes',
      undefined,
      'one minute',
      undefined,
      'ten seconds',
      'over',
      undefined,
    ]);
  });

  test('a page opened during or after a turn announces nothing until the next moment', () => {
    expect(
      reportedEvents([
        [turn, 4],
        [turn, 5],
      ]),
    ).toEqual([undefined, 'five minutes']);
    expect(
      reportedEvents([
        [turn, 11],
        [turn, 12],
      ]),
    ).toEqual([undefined, undefined]);
  });

  test('a page that slept announces only the last moment', () => {
    expect(
      reportedEvents([
        [turn, 1],
        [turn, 9.5],
      ]),
    ).toEqual([undefined, 'one minute']);
    expect(
      reportedEvents([
        [turn, 1],
        [turn, 60],
      ]),
    ).toEqual([undefined, 'over']);
  });

  test('a turn as long as a threshold does not begin with it', () => {
    const short = entry(1);
    expect(
      reportedEvents([
        [undefined, 0],
        [short, 0],
        [short, 0.9],
      ]),
    ).toEqual([undefined, 'begun', 'ten seconds']);
  });

  test('a stop is a stop, a stop when nothing runs is nothing, a new turn over an old one begins', () => {
    const stop = entry(0, 3, 'bob');
    const next = entry(10, 4, 'bob');
    expect(
      reportedEvents([
        [turn, 2],
        [stop, 3],
        [stop, 4],
      ]),
    ).toEqual([undefined, 'stopped', undefined]);
    expect(
      reportedEvents([
        [turn, 11],
        [stop, 12],
      ]),
    ).toEqual([undefined, undefined]);
    expect(
      reportedEvents([
        [turn, 2],
        [next, 4],
      ]),
    ).toEqual([undefined, 'begun']);
  });

  test('a reset ends a turn in silence', () => {
    expect(
      reportedEvents([
        [turn, 2],
        [undefined, 3],
        [undefined, 4],
      ]),
    ).toEqual([undefined, undefined, undefined]);
  });

  test('in German, too', async () => {
    const german = await textsFor(['de'], roomLanguages);
    expect(sentence('begun', turn, german)).toBe('alice tippt 10 Minuten lang. bob ist dran.');
    expect(notice('over', turn, german).body).toBe('Die Runde von 10 Min ist vorbei. Weiter: bob.');
    expect(hereLine({ people: 5, names: ['ann', 'bob'] }, german)).toBe('5 hier: ann, bob und 3 weitere');
  });

  test('sentences name the typist and the next person, also when nobody is named', () => {
    expect(sentence('begun', turn, texts)).toBe('alice types for 10 minutes. bob is next.');
    expect(sentence('over', turn, texts)).toBe('The turn is over. bob is next.');
    expect(sentence('begun', entry(1, 0, ' '), texts)).toBe('Someone types for 1 minute.');
    expect(sentence('over', entry(15, 0, 'alice', 'break', 'bob'), texts)).toBe('The break is over.');
    expect(notice('over', turn, texts)).toEqual({ title: 'alice $ mob next', body: '10 min turn is up. Next: bob.' });
    expect(notice('over', entry(15, 0, 'alice', 'break'), texts)).toMatchObject({ title: 'alice $ mob start' });
  });
});

describe('the line of who is here', () => {
  test.each([
    [undefined, ''],
    [{ people: 5, names: [] }, '5 here'],
    [{ people: 2, names: ['ann', 'bob'] }, '2 here: ann, bob'],
    [{ people: 2, names: ['ann'] }, '2 here: ann and 1 other'],
    [{ people: 5, names: ['ann', 'bob'] }, '5 here: ann, bob and 3 others'],
  ])('%j is shown as “%s”', (here, line) => {
    expect(hereLine(here, texts)).toBe(line);
  });
});

describe('the timeline', () => {
  test('now stands at eight ninths, four hours after the left edge', () => {
    const now = noon;
    expect(placeOf(now, now)).toBeCloseTo(8 / 9);
    expect(placeOf(now - 240 * minute, now)).toBe(0);
    expect(placeOf(now + 30 * minute, now)).toBe(1);
  });

  test('an entry ends where the next begins; entries out of view and stops have no bar', () => {
    const history = [entry(10, -600), entry(30, -30), entry(10, -20, 'bob'), entry(0, -15), entry(60, -1, 'carol')];
    const drawn = bars(history, noon);
    expect(drawn.map((bar) => bar.entry.user)).toEqual(['alice', 'bob', 'carol']);
    expect(drawn[0]?.to).toBeCloseTo(placeOf(noon - 20 * minute, noon));
    expect(drawn[1]?.to).toBeCloseTo(placeOf(noon - 15 * minute, noon));
    expect(drawn[2]?.to).toBe(1);
  });

  test('hours are full ones where the page is, also half an hour beside Greenwich', () => {
    const utc = hours(noon, 0);
    expect(utc).toEqual([-4, -3, -2, -1, 0].map((hour) => noon + hour * 60 * minute));
    expect(hours(noon, -330)).toEqual([-3.5, -2.5, -1.5, -0.5, 0.5].map((hour) => noon + hour * 60 * minute));
  });
});

describe('the QR code', () => {
  test('a code has its three corners, and an address fits', () => {
    const { size, path } = qrCode('http://horai.example:5600/calm-otter-42');
    expect(size).toBeGreaterThanOrEqual(21);
    for (const corner of [`M0 0h`, `M${size - 1} 0h`, `M0 ${size - 1}h`]) expect(path).toContain(corner);
  });
});
