// Data that an account shares publicly: lists without times, and the length of the period.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const now = noon;
const day = 86_400;

let testHub: TestHub;
beforeEach(async () => {
  testHub = await openTestHub();
  for (const back of [0, 1, 3, 20])
    await testHub.send([
      beat(now - back * day - 120, { language: 'TypeScript' }),
      beat(now - back * day - 60, { language: 'CSS' }),
      beat(now - back * day),
    ]);
});
afterEach(() => testHub.close());

const shared = { logged_time_public: true, languages_used_public: true };

async function see(path: string): Promise<{ readonly status: number; readonly body: string }> {
  return testHub.ask('GET', path);
}

describe('an account that shares a list but not its time', () => {
  test('shows names and percentages only', async () => {
    await testHub.settle({ languages_used_public: true });
    const { status, body } = await see('/api/v1/users/owner/stats/last_7_days');
    const { data } = JSON.parse(body);
    expect([status, data.languages]).toEqual([
      200,
      [
        { name: 'CSS', percent: 50 },
        { name: 'TypeScript', percent: 50 },
      ],
    ]);
    expect(data).toMatchObject({ total_seconds: 0, human_readable_total: '', projects: [], daily_average: 0 });
  });

  test('shows the owner everything', async () => {
    await testHub.settle({ languages_used_public: true });
    expect((await testHub.get('stats/last_7_days')).data.languages[0]).toMatchObject({ total_seconds: 120, hours: 0 });
  });
});

describe('share_days', () => {
  test('refuses strangers a range that begins earlier, and names the limit', async () => {
    await testHub.settle({ ...shared, share_days: 7 });
    for (const [range, status] of [
      ['last_7_days', 200],
      ['last_14_days', 403],
      ['all_time', 403],
    ] as const) {
      const answer = await see(`/api/v1/users/owner/stats/${range}`);
      expect([range, answer.status]).toEqual([range, status]);
      if (status === 403) expect(answer.body).toContain('the last 7 days');
    }
    expect((await testHub.get('stats/last_14_days')).data.total_seconds).toBe(240);
  });

  test('shortens the default range of a request', async () => {
    for (const [days, range] of [
      [30, 'last_7_days'],
      [3, 'last_24_hours'],
      [0, 'today'],
    ] as const) {
      await testHub.settle({ ...shared, share_days: days });
      expect(JSON.parse((await see('/api/v1/users/owner/stats')).body).data.range).toBe(range);
    }
  });

  test('limits badges, shields, the chart and the leaderboard', async () => {
    await testHub.settle({ ...shared, share_days: 5 });
    for (const [path, status] of [
      ['/api/badge/owner/interval:today', 200],
      ['/api/badge/owner/interval:last_30_days', 403],
      ['/api/compat/shields/v1/owner/interval:all_time', 403],
    ] as const)
      expect([path, (await see(path)).status]).toEqual([path, status]);
    expect((await see('/api/activity/chart/owner.svg')).body.match(/<rect /g)).toHaveLength(6);
    expect(JSON.parse((await see('/api/v1/leaders')).body).data).toEqual([]);
    await testHub.settle(shared);
    expect((await see('/api/badge/owner/interval:last_30_days')).status).toBe(200);
    expect(JSON.parse((await see('/api/v1/leaders')).body).data).toHaveLength(1);
  });
});
