// The rhythm of a week on the page of trends, and the page's requests to ActivityWatch's API.

import { describe, expect, test } from '@jest/globals';
import { textsFor } from '../../../../clients/web/languages/languages.ts';
import { TimeFormat } from '../../../../clients/web/shared/time-format.ts';
import {
  appsIn,
  appsQuery,
  rhythmCells,
  rhythmIn,
  trendModel,
  trendTables,
} from '../../../../clients/web/trends/trends-view.ts';

const minute = 60_000_000;
const rhythm = Array.from({ length: 7 }, (_, weekday) =>
  Array.from({ length: 24 }, (_, hour) => (weekday < 5 && hour === 9 ? (weekday + 1) * minute : 0)),
);

describe('the rhythm of a week', () => {
  test('is a cell for each hour of each weekday, in the order of the locale’s week', () => {
    const cells = rhythmCells(rhythm, 7);
    expect(cells).toHaveLength(168);
    const worked = cells.filter(({ time }) => time > 0);
    // Sunday is the first row.
    expect(worked.map(({ row, column, level }) => [row, column, level])).toEqual([
      [1, 9, 1],
      [2, 9, 2],
      [3, 9, 3],
      [4, 9, 4],
      [5, 9, 4],
    ]);
  });

  test('has a table whose columns add up', async () => {
    const texts = await textsFor(['en-GB']);
    const table = trendTables(trendModel([], 7), rhythm, texts, new TimeFormat(texts, 'UTC')).at(-1);
    expect([table?.columns.length, table?.rows.length]).toEqual([8, 24]);
    expect(table?.columns.slice(0, 2)).toEqual(['Hour', 'Mon']);
    expect(table?.rows[9]?.slice(0, 3)).toEqual([{ text: '09' }, { duration: minute }, { duration: 2 * minute }]);
    expect(table?.total?.slice(1)).toEqual([1, 2, 3, 4, 5, 0, 0].map((count) => ({ duration: count * minute })));
    // An answer of something else is none.
    expect(rhythmIn('<html>')).toEqual([]);
  });
});

describe('the programs in front', () => {
  test('are asked of all windows, while somebody was there where the device says so', () => {
    const bucket = (id: string, type: string, hostname: string) => ({ id, type, hostname });
    expect(
      appsQuery([
        bucket('aw-watcher-window_desk', 'currentwindow', 'desk'),
        bucket('aw-watcher-afk_desk', 'afkstatus', 'desk'),
        bucket('phone', 'currentwindow', 'phone'),
        bucket('aw-watcher-web', 'web.tab.current', 'desk'),
      ]),
    ).toEqual([
      'all = [];',
      'all = concat(all, filter_period_intersect(flood(query_bucket("aw-watcher-window_desk")), filter_keyvals(flood(query_bucket("aw-watcher-afk_desk")), "status", ["not-afk"])));',
      'all = concat(all, flood(query_bucket("phone")));',
      'RETURN = sort_by_duration(merge_events_by_keys(all, ["app"]));',
    ]);
    expect(appsQuery([bucket('aw-watcher-web', 'web.tab.current', 'desk')])).toBeUndefined();
  });

  test('are the answer’s, as it has them', () => {
    const event = (app: unknown, duration: number) => ({ timestamp: '', duration, data: { app } });
    expect(appsIn([[event('code', 61.5), event('', 3), event(7, 2)]])).toEqual([{ name: 'code', total_seconds: 61.5 }]);
    expect(appsIn({ error: 'no' })).toEqual([]);
  });
});
