// Lines of code by AI and by people in every answer that has them, and the filter by one file.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { countLines } from '../../../../server/adapters/wakatime/index/line-counts.ts';
import { beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const now = noon;
const [main, notes] = ['/home/ann/hub/main.ts', '/home/ann/hub/notes.md'];

let testHub: TestHub;
beforeEach(async () => {
  testHub = await openTestHub();
});
afterEach(() => testHub.close());

test.each([
  [{ ai_line_changes: 12, human_line_changes: -3 }, [12, 0, 0, 3]],
  [{ ai_line_changes: -2, human_line_changes: 5 }, [0, 2, 5, 0]],
  [{ line_additions: 4, line_deletions: 1 }, [0, 0, 4, 1]],
  [{ line_additions: 4, line_deletions: -1 }, [0, 0, 4, 1]],
  [{ line_additions: 4, line_deletions: 1, human_line_changes: 3 }, [0, 0, 3, 0]],
  [{ ai_line_changes: 1e15 }, [4_294_967_295, 0, 0, 0]],
  [{ ai_line_changes: 0, human_line_changes: 0 }, undefined],
  [{}, undefined],
])('%j reports %j', (fields, counts) => {
  expect(countLines({ entity: 'a', type: 'file', category: 'coding', ...fields })).toEqual(counts);
});

describe('lines', () => {
  beforeEach(async () => {
    await testHub.send([
      beat(now - 7_200, { project: 'hub', entity: main, ai_line_changes: 30, human_line_changes: 2 }),
      beat(now - 7_140, { project: 'hub', entity: notes, branch: 'dev', human_line_changes: -4, is_write: true }),
      beat(now - 7_080, { project: 'web', entity: '/home/ann/web/a.css', line_additions: 7, line_deletions: 1 }),
      // A single heartbeat has no duration.
      beat(now - 3_600, { project: 'hub', entity: main, ai_line_changes: -10 }),
      beat(now - 86_400, { project: 'hub', entity: main, ai_line_changes: 1 }),
    ]);
  });
  const of = (ai_additions: number, ai_deletions: number, human_additions: number, human_deletions: number) => ({
    ai_additions,
    ai_deletions,
    human_additions,
    human_deletions,
  });

  test('are in a day and its projects, in summaries and the status bar', async () => {
    const [today] = (await testHub.get('summaries?range=today')).data;
    expect(today.grand_total).toMatchObject(of(30, 10, 9, 5));
    expect(today.projects).toMatchObject([{ name: 'hub', color: null, ...of(30, 10, 2, 4) }]);
    expect((await testHub.get('statusbar/today')).data.grand_total).toMatchObject(of(30, 10, 9, 5));
  });

  test('are in branches and files of a project, each file with its type', async () => {
    const [today] = (await testHub.get('summaries?range=today&project=hub')).data;
    expect(today.grand_total).toMatchObject(of(30, 10, 2, 4));
    expect(today.branches).toMatchObject([
      { name: 'Unknown Branch', ...of(30, 10, 2, 0) },
      { name: 'dev', ...of(0, 0, 0, 4) },
    ]);
    expect(today.entities).toMatchObject([
      { name: main, type: 'file', total_seconds: 60, ...of(30, 10, 2, 0) },
      { name: notes, type: 'file', total_seconds: 60, ...of(0, 0, 0, 4) },
    ]);
  });

  test('are in a range, filtered like time', async () => {
    const range = 'stats/last_7_days?is_including_today=true';
    expect((await testHub.get(range)).data).toMatchObject(of(31, 10, 9, 5));
    expect((await testHub.get(`${range}&project=web`)).data).toMatchObject(of(0, 0, 7, 1));
    expect((await testHub.get(`${range}&writes_only=true`)).data).toMatchObject(of(0, 0, 0, 4));
    expect((await testHub.get(`${range}&entity=${main}`)).data).toMatchObject(of(31, 10, 2, 0));
  });

  test('are in each block of a day', async () => {
    expect((await testHub.get('durations?date=today')).data).toMatchObject([
      { project: 'hub', duration: 120, ...of(30, 0, 2, 4) },
      { project: 'web', duration: 0, ...of(0, 0, 7, 1) },
      { project: 'hub', duration: 0, ...of(0, 10, 0, 0) },
    ]);
    expect((await testHub.get('durations?date=today&slice_by=entity&project=hub')).data).toMatchObject([
      { entity: main, ...of(30, 0, 2, 0) },
      { entity: notes, ...of(0, 0, 0, 4) },
      { entity: main, ...of(0, 10, 0, 0) },
    ]);
  });

  test('are listed day by day', async () => {
    expect((await testHub.get('insights/ai_days/last_7_days?is_including_today=true')).data.ai_days.slice(-2)).toEqual([
      { date: '2026-01-04', total: 0, ...of(1, 0, 0, 0) },
      { date: '2026-01-05', total: 120, ...of(30, 10, 9, 5) },
    ]);
  });

  test('count when a repeated heartbeat adds them', async () => {
    expect((await testHub.get('summaries?range=yesterday')).data[0].grand_total).toMatchObject(of(1, 0, 0, 0));
    await testHub.send([
      beat(now - 86_400, { project: 'hub', entity: main, ai_line_changes: 1, human_line_changes: 5 }),
    ]);
    expect((await testHub.get('summaries?range=yesterday')).data[0].grand_total).toMatchObject(of(1, 0, 5, 0));
  });

  test('count for the project that a rule sets', async () => {
    const rule = {
      name: 'one',
      if_match: [{ field: 'entity', operator: 'ends with', value: '.ts' }],
      then_set: [{ field: 'project', value: 'core' }],
    };
    await testHub.ask('PUT', '/api/v1/users/current/custom_rules', {
      body: [rule],
      headers: { authorization: `Bearer ${testHub.owner}` },
    });
    const [today] = (await testHub.get('summaries?range=today')).data;
    expect(today.projects).toMatchObject([
      { name: 'core', ...of(30, 10, 2, 0) },
      { name: 'hub', ...of(0, 0, 0, 4) },
    ]);
  });
});

describe('the filter by entity', () => {
  test('gives the time of that file alone', async () => {
    await testHub.send([
      beat(now - 600, { project: 'hub', entity: main }),
      beat(now - 570, { project: 'hub', entity: notes }),
      beat(now - 480, { project: 'hub', entity: main }),
      beat(now - 420, { project: 'web', entity: notes }),
    ]);
    const total = async (entity: string) =>
      (await testHub.get(`stats/today?entity=${encodeURIComponent(entity)}`)).data
        .total_seconds_including_other_language;
    expect(await Promise.all([main, notes, '/home/ann/hub', main.toUpperCase(), ''].map(total))).toEqual([
      90, 90, 0, 0, 180,
    ]);
    expect((await testHub.get(`durations?date=today&entity=${main}`)).data).toMatchObject([
      { time: now - 600, duration: 30 },
      { time: now - 480, duration: 60 },
    ]);
    expect((await testHub.get(`summaries?range=today&entity=${main}`)).data[0].grand_total.total_seconds).toBe(90);
  });

  test('gives the time of a meeting', async () => {
    await testHub.ask('POST', '/api/v1/users/current/external_durations', {
      body: { external_id: '1', provider: 'cal', entity: 'Standup', type: 'app', start_time: now - 900, end_time: now },
      headers: { authorization: `Bearer ${testHub.owner}` },
    });
    for (let turn = 0; turn < 2; turn += 1) {
      const { data } = await testHub.get('stats/today?entity=Standup');
      expect(data.total_seconds_including_other_language).toBe(900);
    }
  });
});
