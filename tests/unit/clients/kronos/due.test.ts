// Due dates as a table: every form, in the local time of two zones, before and after clock changes (rules D of protocol/README.md).

import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { parseDue } from '../../../../protocol/due.ts';
import { localZone } from '../../../../protocol/zone.ts';
import { at, shown, zoneOf } from '../../../harness/zones.ts';

const paris = 'Europe/Paris';
const newYork = 'America/New_York';

/** @param now a local time of the zone. @returns the due date as local time */
function due(word: string, now: string, zone = paris): string {
  return shown(parseDue(word, at(now, zone), zoneOf(zone)), zone).slice(0, 16);
}

describe('[D1] a full date', () => {
  test.each([
    [':100518:1221', '2018-03-01T21:21', '2018-05-10T12:21'],
    [':100518:12', '2018-03-01T21:21', '2018-05-10T12:00'],
    [':100518:1', '2018-03-01T21:21', '2018-05-10T01:00'],
    [':100518:123', '2018-03-01T21:21', '2018-05-10T12:03'],
    [':100518:', '2018-03-01T21:21', '2018-05-10T00:00'],
    [':100518', '2018-03-01T21:21', '2018-05-10T00:00'],
    [':290220', '2018-03-01T21:21', '2020-02-29T00:00'],
    [':311299:2359', '2018-03-01T21:21', '2099-12-31T23:59'],
    [':010318:2121', '2018-03-01T21:21', '2018-03-01T21:21'],
    [':010318:2120', '2018-03-01T21:21', 'invalid'],
    [':280218', '2018-03-01T21:21', 'invalid'],
    [':290219', '2018-03-01T21:21', 'invalid'],
    [':310419', '2018-03-01T21:21', 'invalid'],
    [':000419', '2018-03-01T21:21', 'invalid'],
    [':011319', '2018-03-01T21:21', 'invalid'],
    [':010019', '2018-03-01T21:21', 'invalid'],
    [':010119:2400', '2018-03-01T21:21', 'invalid'],
    [':010119:1260', '2018-03-01T21:21', 'invalid'],
    [':10058', '2018-03-01T21:21', 'invalid'],
  ])('%s at %s means %s', (word, now, answer) => expect(due(word, now)).toBe(answer));
});

describe('[D2] without a year: this year, or the next one that has it', () => {
  test.each([
    [':1005', '2018-03-01T21:21', '2018-05-10T00:00'],
    [':1005', '2018-05-09T23:59', '2018-05-10T00:00'],
    [':1005', '2018-05-10T00:00', '2018-05-10T00:00'],
    [':1005', '2018-05-10T00:01', '2019-05-10T00:00'],
    [':1005:18', '2018-05-10T00:01', '2018-05-10T18:00'],
    [':1005:18', '2018-05-10T18:01', '2019-05-10T18:00'],
    [':155:15', '2018-03-01T21:21', '2018-05-15T15:00'],
    [':153', '2018-03-01T21:21', '2018-03-15T00:00'],
    [':2902', '2018-03-01T21:21', '2020-02-29T00:00'],
    [':2902', '2020-02-29T00:01', '2024-02-29T00:00'],
    [':2902', '2096-03-01T00:00', '2104-02-29T00:00'],
    [':2802', '2020-02-29T12:00', '2021-02-28T00:00'],
    [':3004', '2018-03-01T21:21', '2018-04-30T00:00'],
    [':3104', '2018-03-01T21:21', 'invalid'],
    [':3002', '2018-03-01T21:21', 'invalid'],
    [':1013', '2018-03-01T21:21', 'invalid'],
    [':100', '2018-03-01T21:21', 'invalid'],
  ])('%s at %s means %s', (word, now, answer) => expect(due(word, now)).toBe(answer));
});

describe('[D3] without a month: this month, or the next one that has the day', () => {
  test.each([
    [':10', '2018-03-01T21:21', '2018-03-10T00:00'],
    [':10', '2018-03-10T00:00', '2018-03-10T00:00'],
    [':10', '2018-03-10T00:01', '2018-04-10T00:00'],
    [':10', '2018-12-10T00:01', '2019-01-10T00:00'],
    [':10:2130', '2018-03-10T21:29', '2018-03-10T21:30'],
    [':10:2130', '2018-03-10T21:31', '2018-04-10T21:30'],
    [':3:18', '2018-03-01T21:21', '2018-03-03T18:00'],
    [':3:18', '2018-03-03T18:01', '2018-04-03T18:00'],
    [':31', '2018-03-31T12:00', '2018-05-31T00:00'],
    [':31', '2018-04-01T00:00', '2018-05-31T00:00'],
    [':31', '2019-01-31T12:00', '2019-03-31T00:00'],
    [':30', '2019-01-31T12:00', '2019-03-30T00:00'],
    [':29', '2019-01-29T12:00', '2019-03-29T00:00'],
    [':29', '2020-01-29T12:00', '2020-02-29T00:00'],
    [':32', '2018-03-01T21:21', 'invalid'],
    [':0', '2018-03-01T21:21', 'invalid'],
    [':00', '2018-03-01T21:21', 'invalid'],
  ])('%s at %s means %s', (word, now, answer) => expect(due(word, now)).toBe(answer));
});

describe('[D4] without a day: today, or tomorrow', () => {
  test.each([
    [':', '2018-03-01T21:21', '2018-03-02T00:00'],
    ['::', '2018-03-01T21:21', '2018-03-02T00:00'],
    [':', '2018-03-02T00:00', '2018-03-02T00:00'],
    [':', '2018-12-31T21:21', '2019-01-01T00:00'],
    [':', '2020-02-28T21:21', '2020-02-29T00:00'],
    ['::8', '2018-03-01T07:59', '2018-03-01T08:00'],
    ['::8', '2018-03-01T08:00', '2018-03-01T08:00'],
    ['::8', '2018-03-01T21:21', '2018-03-02T08:00'],
    ['::0130', '2018-03-01T21:21', '2018-03-02T01:30'],
    ['::013', '2018-03-01T21:21', '2018-03-02T01:03'],
    ['::2359', '2018-03-31T21:21', '2018-03-31T23:59'],
    ['::24', '2018-03-01T21:21', 'invalid'],
    ['::1260', '2018-03-01T21:21', 'invalid'],
  ])('%s at %s means %s', (word, now, answer) => expect(due(word, now)).toBe(answer));
});

describe('[D5] apart from now', () => {
  test.each([
    [':30m', '2018-03-01T21:21', '2018-03-01T21:51'],
    [':36h', '2018-03-01T21:21', '2018-03-03T09:21'],
    [':1d', '2018-02-28T21:21', '2018-03-01T21:21'],
    [':2w1d', '2018-03-01T21:21', '2018-03-16T21:21'],
    [':1mo', '2018-03-01T21:21', '2018-04-01T21:21'],
    [':1mo', '2018-01-31T12:00', '2018-02-28T12:00'],
    [':1mo', '2020-01-31T12:00', '2020-02-29T12:00'],
    [':1mo1d', '2018-01-31T12:00', '2018-03-01T12:00'],
    [':11mo', '2018-03-31T12:00', '2019-02-28T12:00'],
    [':1y', '2020-02-29T12:00', '2021-02-28T12:00'],
    [':1y2mo3w4d5h6m', '2018-03-01T21:21', '2019-05-27T02:27'],
    [':0m', '2018-03-01T21:21', '2018-03-01T21:21'],
    [':1d1d', '2018-03-01T21:21', 'invalid'],
    [':1d2w', '2018-03-01T21:21', 'invalid'],
    [':d', '2018-03-01T21:21', 'invalid'],
    [':1x', '2018-03-01T21:21', 'invalid'],
    [':-1d', '2018-03-01T21:21', 'invalid'],
    [':12345d', '2018-03-01T21:21', 'invalid'],
  ])('%s at %s means %s', (word, now, answer) => expect(due(word, now)).toBe(answer));

  test('keeps the seconds', () => {
    const now = at('2018-03-01T21:21:42', paris);
    expect(parseDue(':1d', now, zoneOf(paris))).toBe(now + 86_400);
    expect(parseDue(':1m', now, zoneOf(paris))).toBe(now + 60);
  });
});

test.each([':1:2:3', ':1005181', '::12345', ':abc', ':1o', ': 1'])('[D1] %s is not a date', (word) =>
  expect(due(word, '2018-03-01T21:21')).toBe('invalid'));

describe('[D6] where clocks change', () => {
  // Paris changes from 02:00 to 03:00 on 2026-03-29 and back from 03:00 to 02:00 on 2026-10-25; New York on 03-08 and 11-01.
  test.each([
    ['::0230', '2026-03-28T21:00', paris, '2026-03-29T03:30:00+02:00'],
    [':29:0230', '2026-03-01T00:00', paris, '2026-03-29T03:30:00+02:00'],
    ['::0330', '2026-03-28T21:00', paris, '2026-03-29T03:30:00+02:00'],
    [':', '2026-03-28T21:00', paris, '2026-03-29T00:00:00+01:00'],
    [':1d', '2026-03-28T12:00', paris, '2026-03-29T12:00:00+02:00'],
    [':24h', '2026-03-28T12:00', paris, '2026-03-29T13:00:00+02:00'],
    ['::0230', '2026-10-24T21:00', paris, '2026-10-25T02:30:00+02:00'],
    [':25:0300', '2026-10-24T21:00', paris, '2026-10-25T03:00:00+01:00'],
    [':1d', '2026-10-24T12:00', paris, '2026-10-25T12:00:00+01:00'],
    [':24h', '2026-10-24T12:00', paris, '2026-10-25T11:00:00+01:00'],
    ['::0230', '2026-03-07T21:00', newYork, '2026-03-08T03:30:00-04:00'],
    [':1w', '2026-03-04T09:00', newYork, '2026-03-11T09:00:00-04:00'],
    ['::0130', '2026-10-31T21:00', newYork, '2026-11-01T01:30:00-04:00'],
    [':1d', '2026-10-31T12:00', newYork, '2026-11-01T12:00:00-05:00'],
    [':1h', '2026-11-01T00:30', newYork, '2026-11-01T01:30:00-04:00'],
    [':2h', '2026-11-01T00:30', newYork, '2026-11-01T01:30:00-05:00'],
  ])('%s at %s in %s means %s', (word, now, zone, answer) =>
    expect(shown(parseDue(word, at(now, zone), zoneOf(zone)), zone)).toBe(answer));

  test('a time after the repeated hour is not read as a time in its first pass', () => {
    const now = at('2026-10-25T02:30', paris) + 3_600;
    expect(shown(now, paris)).toBe('2026-10-25T02:30:00+01:00');
    expect(shown(parseDue('::0245', now, zoneOf(paris)), paris)).toBe('2026-10-26T02:45:00+01:00');
    expect(shown(parseDue(':1d', now, zoneOf(paris)), paris)).toBe('2026-10-26T02:30:00+01:00');
  });
});

describe.each([
  paris,
  newYork,
  'Asia/Kolkata',
  'Australia/Lord_Howe',
])('[D6] the local zone of a machine in %s', (name) => {
  test('equals Temporal’s result, on every day of a year and in the hours where clocks change', () => {
    const script = `
      import { localZone } from ${JSON.stringify(new URL('../../../../protocol/zone.ts', import.meta.url).href)};
      const moments = [], walls = [];
      for (let day = 0; day < 365; day += 1) {
        for (const [hour, minute] of [[0, 0], [1, 45], [2, 15]]) {
          const moment = localZone.moment({ year: 2026, month: 1, day: day + 1, hour, minute });
          moments.push(moment);
          walls.push(localZone.civil(moment));
        }
      }
      console.log(JSON.stringify({ moments, walls }));`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    const output = JSON.parse(execFileSync(process.execPath, args, { env: { ...process.env, TZ: name } }).toString());
    const zone = zoneOf(name);
    const moments: number[] = [];
    for (let day = 0; day < 365; day += 1) {
      for (const [hour, minute] of [
        [0, 0],
        [1, 45],
        [2, 15],
      ] as const) {
        moments.push(zone.moment({ year: 2026, month: 1, day: day + 1, hour, minute }));
      }
    }
    expect(output.moments).toEqual(moments);
    expect(output.walls).toEqual(moments.map((moment) => zone.civil(moment)));
  });
});

test('[D6] the zone of this machine round-trips', () => {
  const wall = { year: 2026, month: 6, day: 15, hour: 12, minute: 34 };
  expect(localZone.civil(localZone.moment(wall))).toEqual(wall);
});
