// AI metrics in every answer that has them: tokens, sessions, prompts, models with lines and cost.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeUsage, recordWidth, UsageSum } from '../../../../server/adapters/wakatime/stats/ai-metrics.ts';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const now = noon;
const opus = 'wakatime/v2 (linux-6.1-x86_64) go1.22 opus/4.1 claude-code/2.1 vscode-wakatime/24.8';
const range = 'stats/last_7_days?is_including_today=true';

let testHub: TestHub;
beforeEach(async () => {
  testHub = await openTestHub();
  await testHub.send([
    beat(now - 7_200, { user_agent: opus, ai_session: 'a', ai_input_tokens: 1_000, ai_prompt_length: 100 }),
    beat(now - 7_140, { user_agent: opus, ai_session: 'a', ai_output_tokens: 500, ai_line_changes: 30 }),
    beat(now - 7_080, { user_agent: opus, ai_session: 'a', ai_cached_input_tokens: 4_000, ai_prompt_length: 300 }),
    beat(now - 7_020, {
      project: 'web',
      ai_model: 'Haiku',
      ai_session: 'b',
      ai_input_tokens: 10,
      ai_prompt_length: 50,
    }),
    beat(now - 6_960, { project: 'web' }),
    beat(now - 86_400, { ai_model: 'haiku', ai_session: 'c', ai_output_tokens: 7, ai_line_changes: -4 }),
  ]);
});
afterEach(() => testHub.close());

const setPrices = (body: unknown) =>
  testHub.ask('PUT', '/api/v1/users/current/ai_prices', { body, headers: basic(testHub.owner) });

const today = {
  ai_line_changes_total: 30,
  ai_model_line_changes: { opus: 30, Haiku: 0 },
  ai_model_costs: { opus: null, Haiku: null },
  ai_model_breakdown: [
    { name: 'opus', lines: 30, cost: null },
    { name: 'Haiku', lines: 0, cost: null },
  ],
  ai_model_total_cost: null,
  ai_input_tokens: 1_010,
  ai_cached_input_tokens: 4_000,
  ai_output_tokens: 500,
  ai_prompt_length_avg: 150,
  ai_prompt_length_avg_per_session: 125,
  ai_prompt_length_median_per_session: 125,
  ai_prompt_length_sum: 450,
  ai_prompt_events_total: 3,
  ai_prompt_events_avg_per_session: 2,
  ai_prompt_events_median_per_session: 2,
  ai_sessions: 2,
};
const nothing = {
  ai_model_costs: {},
  ai_model_breakdown: [],
  ai_model_total_cost: 0,
  ai_input_tokens: 0,
  ai_prompt_length_avg: 0,
  ai_sessions: 0,
};

describe('AI metrics', () => {
  test('are in the totals of a day, in the status bar and in a range', async () => {
    expect((await testHub.get('summaries?range=today')).data[0].grand_total).toMatchObject(today);
    expect((await testHub.get('statusbar/today')).data.grand_total).toMatchObject(today);
    expect((await testHub.get(range)).data).toMatchObject({
      ai_line_changes_total: 34,
      ai_model_line_changes: { opus: 30, Haiku: 4 },
      ai_output_tokens: 507,
      ai_sessions: 3,
    });
  });

  test('are in each project, branch and file', async () => {
    const hub = { ai_input_tokens: 1_000, ai_sessions: 1, ai_prompt_length_avg: 200 };
    const [day] = (await testHub.get('summaries?range=today')).data;
    expect(day.projects).toMatchObject([
      { name: 'hub', ...hub },
      { name: 'web', ai_input_tokens: 10, ai_sessions: 1 },
    ]);
    const [ofHub] = (await testHub.get('summaries?range=today&project=hub')).data;
    expect([ofHub.grand_total, ofHub.branches[0], ofHub.entities[0]]).toMatchObject([hub, hub, hub]);
    expect((await testHub.get(`${range}&project=web`)).data).toMatchObject({ ai_input_tokens: 10, ai_sessions: 1 });
    expect((await testHub.get(range)).data.projects).toMatchObject([
      { name: 'hub' },
      { name: 'web', ai_input_tokens: 10 },
    ]);
  });

  test('are in each duration', async () => {
    expect((await testHub.get('durations?date=today')).data).toMatchObject([
      { project: 'hub', ai_input_tokens: 1_000, ai_cached_input_tokens: 4_000, ai_model_costs: { opus: null } },
      { project: 'web', ai_input_tokens: 10, ai_prompt_events_total: 1 },
    ]);
  });

  test('are zero, and never absent, where no AI worked', async () => {
    const { data } = await testHub.get('summaries?start=2026-01-01&end=2026-01-01');
    expect(data[0].grand_total).toMatchObject(nothing);
    expect((await testHub.get('stats/2025')).data).toMatchObject(nothing);
  });

  test('have a cost for the models with a price, and a total only where every model has one', async () => {
    expect((await setPrices({ Opus: { input: 15, cached_input: 1.5, output: 75 } })).status).toBe(200);
    const total = async () => (await testHub.get('summaries?range=today')).data[0].grand_total;
    expect(await total()).toMatchObject({ ai_model_costs: { opus: 0.0585, Haiku: null }, ai_model_total_cost: null });
    await setPrices({ opus: { input: 15, cached_input: 1.5, output: 75 }, haiku: { input: 1, output: 5 } });
    expect(await total()).toMatchObject({
      ai_model_costs: { opus: 0.0585, Haiku: 0.00001 },
      ai_model_total_cost: 0.05851,
    });
  });

  test('are never shown to strangers', async () => {
    await testHub.settle({ logged_time_public: true, projects_used_public: true });
    const { data } = JSON.parse((await testHub.ask('GET', `/api/v1/users/owner/${range}`)).body);
    expect(data).toMatchObject(nothing);
    expect(data.projects).toMatchObject([
      { name: 'hub', ...nothing },
      { name: 'web', ...nothing },
    ]);
  });

  test('are the same after a restart, from the persisted index', async () => {
    const before = await testHub.get(range);
    const { hub, owner, world } = testHub;
    const again = await openTestHub({ store: hub.store, world, owner });
    expect((await again.get(range)).data).toEqual(before.data);
    await again.listening.close();
  });
});

describe('the price table', () => {
  test('is replaced as a whole, and keeps the other settings', async () => {
    await testHub.settle({ timezone: 'Europe/Berlin' });
    await setPrices({ opus: { input: 15, output: 75 } });
    expect(await testHub.get('ai_prices')).toEqual({ data: { opus: { input: 15, cached_input: 15, output: 75 } } });
    await setPrices({});
    expect(await testHub.get('ai_prices')).toEqual({ data: {} });
    expect((await testHub.get('')).data.timezone).toBe('Europe/Berlin');
  });

  test.each([
    { opus: 5 },
    { opus: { input: -1, output: 1 } },
    { opus: { input: 1 } },
    { opus: { input: '1', output: 1 } },
    [],
  ])('refuses %j and describes the right form', async (body) => {
    const answer = await setPrices(Array.isArray(body) ? { data: body } : body);
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('cached_input')]);
  });
});

test('the median over an even number of sessions is between the two in the middle', () => {
  const sum = new UsageSum();
  for (const [session, length] of [
    [1, 10],
    [2, 20],
    [3, 40],
    [4, 100],
  ] as const) {
    const record = Array.from({ length: recordWidth }, (_, at) => (at === 2 ? session : at === 7 ? length : 0));
    sum.add(record, 0);
  }
  expect(describeUsage(sum, { linesChanged: 0, textOf: () => '', prices: new Map() })).toMatchObject({
    ai_prompt_length_avg_per_session: 43,
    ai_prompt_length_median_per_session: 30,
  });
});
