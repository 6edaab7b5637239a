// The output of `kronos time`, `day`, `week` and `month` in each format and grouping, as it is; and filters of dates where clocks change.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseFilterDate } from '../../../../clients/kronos/data/filter.ts';
import { TestCli } from '../../../harness/cli-context.ts';
import { at, shown, zoneOf } from '../../../harness/zones.ts';

const note = 'note: no hub: this is only the work on the tasks of this device\n';

describe('with three intervals of two tasks', () => {
  let cli: TestCli;
  beforeEach(async () => {
    cli = new TestCli();
    const lines = [
      'add write +draft @home.garden',
      'add tidy, "twice"',
      'track 9:00-10:15 task:1',
      'track 10:30-11:00 task:2',
      'track yesterday 23:30-23:59 task:2',
    ];
    for (const line of lines) expect(await cli.run(line)).toMatchObject({ code: 0 });
  });

  const head = 'date,project,task,description,tags,seconds';
  const today = ['2018-03-01,home.garden,1,write,draft home_garden,4500', '2018-03-01,,2,"tidy, ""twice""",,1800'];
  const yesterday = '2018-02-28,,2,"tidy, ""twice""",,1740';

  test.each([
    ['day --csv', [head, ...today]],
    ['day @home --csv', [head, today[0]]],
    ['day by:project --csv', [head, ...today]],
    ['week --csv', [head, yesterday, ...today]],
    ['week by:tag --csv', [head, yesterday, ...today]],
    [
      'day as:vim',
      ['|DATE     |WORKTIME |', '|01/03/18 |1h 45min |', '|---      |---      |', '|TOTAL    |1h 45min |'],
    ],
    [
      'week as:vim',
      [
        '|DATE     |WORKTIME |',
        '|28/02/18 |29min    |',
        '|01/03/18 |1h 45min |',
        '|---      |---      |',
        '|TOTAL    |2h 14min |',
      ],
    ],
    [
      'day by:tag',
      ['2018-03-01: 1h 45min', '', 'TIME      TAG', '1h 15min  draft', '1h 15min  home_garden', '30min     no tag'],
    ],
    ['day by:task', ['2018-03-01: 1h 45min', '', 'TIME      TASK', '1h 15min  1 write', '30min     2 tidy, "twice"']],
    [
      'month by:project',
      [
        '2018-03-01 to 2018-03-31: 1h 45min',
        '',
        'DATE        TIME',
        '2018-03-01  1h 45min',
        '',
        'TIME      PROJECT',
        '1h 15min  home.garden',
        '30min     no project',
      ],
    ],
  ])('%s', async (line, lines) => {
    expect(await cli.run(line)).toEqual({ code: 0, out: `${lines.join('\n')}\n`, err: note });
  });

  test('time --csv', async () => {
    expect(await cli.run('time --csv')).toEqual({
      code: 0,
      out: [
        'number,from,to,seconds,task,description',
        '1,2018-03-01T08:00:00Z,2018-03-01T09:15:00Z,4500,1,write',
        '2,2018-03-01T09:30:00Z,2018-03-01T10:00:00Z,1800,2,"tidy, ""twice"""',
        '',
      ].join('\n'),
      err: '',
    });
    expect((await cli.run('time 2018-01-01 --csv')).out).toBe('number,from,to,seconds,task,description\n');
  });
});

describe('[K4] the date of a filter on the days when clocks change', () => {
  test.each([
    // zone, the day with the change
    ['Europe/Berlin', '2026-03-29'],
    ['Europe/Berlin', '2026-10-25'],
    ['America/New_York', '2026-03-08'],
    ['America/New_York', '2026-11-01'],
    ['Australia/Lord_Howe', '2026-04-05'],
    ['Australia/Lord_Howe', '2026-10-04'],
    ['America/Santiago', '2026-04-05'],
    ['America/Santiago', '2026-09-06'],
  ])('in %s around %s is the begin of the day on the clock there', (zone, changed) => {
    const plus = (days: number) =>
      new Date(Date.parse(`${changed}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
    for (const [days, field, value] of [
      [0, 'due', 'today'],
      [-1, 'due', 'yesterday'],
      [1, 'due', 'tomorrow'],
      [7, 'due', '1w'],
      [-7, 'done', '1w'],
      [-1, 'done', '1d'],
      [0, 'done', changed],
      [1, 'due', plus(1)],
    ] as const) {
      const now = at(`${changed}T12:00`, zone);
      const found = shown(parseFilterDate(value, field, now, zoneOf(zone)), zone).slice(0, 16);
      // A length of time is counted to the hour; a day begins at midnight, or at 01:00 where clocks skip that.
      const expected = /^\d[dw]$/.test(value)
        ? `${plus(days)}T12:00`
        : shown(at(`${plus(days)}T00:00`, zone), zone).slice(0, 16);
      expect([field, value, found]).toEqual([field, value, expected]);
    }
  });
});
