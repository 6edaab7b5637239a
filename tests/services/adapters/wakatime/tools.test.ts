// Third-party tools: each test sends a tool's exact requests and reads the exact fields that it needs. Also Horai's own goals, leaders,
// dumps, insights and badges.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { noAiMetrics } from '../../../../server/adapters/wakatime/stats/ai-metrics.ts';
import { basic, beat, cliAgent, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const now = noon;
const number = expect.any(Number);
const string = expect.any(String);

let testHub: TestHub;
beforeEach(async () => {
  testHub = await openTestHub();
  const days = [26, 50, 2].map((hours) => now - hours * 3_600);
  for (const from of days) {
    const heartbeats = Array.from({ length: 91 }, (_, index) =>
      beat(from + index * 60, { language: index < 60 ? 'TypeScript' : 'Go', branch: 'main' }),
    );
    await testHub.send(heartbeats);
  }
});
afterEach(() => testHub.close());

/** Sends a tool's GET and expects 200. */
// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function asked(path: string, headers: Readonly<Record<string, string>> = {}): Promise<any> {
  const answer = await testHub.ask('GET', path, { headers });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body);
}

describe('tools that only read', () => {
  test('github-readme-stats: a card of somebody’s languages, without a key', async () => {
    await testHub.settle({ logged_time_public: true, languages_used_public: true });
    const { data } = await asked('/api/v1/users/owner/stats?is_including_today=true');
    expect(data).toMatchObject({
      is_coding_activity_visible: true,
      is_other_usage_visible: true,
      range: 'last_7_days',
      human_readable_range: 'last week',
    });
    expect(data.languages).toMatchObject([
      { name: 'TypeScript', text: '3 hrs', percent: 66.67, hours: 3, minutes: 0 },
      { name: 'Go', text: '1 hr 30 mins', percent: 33.33, hours: 1, minutes: 30 },
    ]);
  });

  test('waka-readme-stats: the last seven days and all time, with the key in the query', async () => {
    const { data } = await asked(`/api/v1/users/current/stats/last_7_days?api_key=${testHub.owner}`);
    expect(data.timezone).toBe('UTC');
    for (const list of ['languages', 'editors', 'projects', 'operating_systems']) {
      expect(data[list][0]).toMatchObject({ name: string, text: string, percent: number });
    }
    expect((await asked(`/api/v1/users/current/all_time_since_today?api_key=${testHub.owner}`)).data.text).toBe(
      '4 hrs 30 mins',
    );
  });

  test('waka-readme: a week between two dates that its language can parse', async () => {
    const { data } = await asked('/api/v1/users/current/stats/last_7_days', basic(testHub.owner));
    expect([data.start, data.end]).toEqual(['2025-12-29T00:00:00Z', '2026-01-04T23:59:59Z']);
    expect(data.human_readable_total).toBe('3 hrs');
    expect(data.human_readable_total_including_other_language).toBe('3 hrs');
    expect(data.languages[0]).toMatchObject({ name: 'TypeScript', text: '2 hrs', percent: number });
    const refused = await testHub.ask('GET', '/api/v1/users/current/stats/whenever', { headers: basic(testHub.owner) });
    expect(JSON.parse(refused.body)).toEqual({ error: string });
  });

  test('waka-box: languages, by the key with a colon', async () => {
    const { data } = await asked('/api/v1/users/current/stats/last_7_days', basic(`${testHub.owner}:`));
    expect(data.languages).toMatchObject([{ name: 'TypeScript', percent: number, text: '2 hrs' }, { name: 'Go' }]);
  });

  test('lowlighter/metrics: totals with and without other languages', async () => {
    const { data } = await asked(`/api/v1/users/current/stats/last_7_days?api_key=${testHub.owner}`);
    expect(data).toMatchObject({
      total_seconds: 10_800,
      total_seconds_including_other_language: 10_800,
      daily_average: 5_400,
      daily_average_including_other_language: 5_400,
    });
    for (const list of ['projects', 'languages', 'operating_systems', 'editors']) {
      expect(data[list][0]).toMatchObject({ name: string, percent: number, total_seconds: number });
    }
  });

  test('wakatime_exporter: today, all time, goals and rank', async () => {
    await testHub.settle({ logged_time_public: true });
    await testHub.ask('POST', '/api/v1/users/current/goals', {
      body: { seconds: 3_600 },
      headers: basic(testHub.owner),
    });
    const headers = basic(testHub.owner);
    const { data } = await asked('/api/v1/users/current/summaries?start=today&end=today', headers);
    expect(data).toHaveLength(1);
    expect(data[0].grand_total.total_seconds).toBe(5_400);
    for (const list of ['languages', 'operating_systems', 'machines', 'editors', 'projects', 'categories']) {
      expect(data[0][list][0]).toMatchObject({ name: string, total_seconds: number });
    }
    expect(data[0].machines[0].machine_name_id).toEqual(string);
    expect((await asked('/api/v1/users/current/all_time_since_today', headers)).data.total_seconds).toBe(16_200);
    const goals = (await asked('/api/v1/users/current/goals', headers)).data;
    expect(goals).toMatchObject([{ id: string, title: string, type: 'coding', delta: 'day', is_enabled: true }]);
    expect(goals[0].chart_data.at(-1)).toMatchObject({ actual_seconds: 5_400, goal_seconds: 3_600 });
    expect((await asked('/api/v1/leaders', headers)).current_user.rank).toBe(1);
  });

  test('Prometheus, with the base64 of the key as a bearer', async () => {
    const headers = { authorization: `Bearer ${Buffer.from(testHub.owner).toString('base64')}` };
    await testHub.send([beat(now - 10, { project: 'a "quoted" one' }), beat(now)]);
    const answer = await testHub.ask('GET', '/api/metrics', { headers });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    const lines = answer.body.split('\n');
    for (const line of [
      'wakatime_seconds_total 5410',
      'wakatime_cumulative_seconds_total 16210',
      'wakatime_heartbeats_total 275',
      'wakatime_project_seconds_total{name="hub"} 5400',
      'wakatime_project_seconds_total{name="a \\"quoted\\" one"} 10',
      'wakatime_language_seconds_total{name="TypeScript"} 3600',
      'wakatime_editor_seconds_total{name="VS Code"} 5410',
      'wakatime_operating_system_seconds_total{name="Linux"} 5410',
      'wakatime_machine_seconds_total{name="laptop"} 5410',
      'wakatime_category_seconds_total{name="Coding"} 5410',
      'wakatime_admin_users_total 1',
      'wakatime_admin_heartbeats_total 275',
      'wakatime_admin_user_heartbeats_total{user="owner"} 275',
    ]) {
      expect(lines).toContain(line);
    }
    expect(answer.body).not.toContain('wakatime_rank');
    await testHub.settle({ logged_time_public: true, project_labels: { work: ['hub', 'web'] } });
    const again = (await testHub.ask('GET', '/api/metrics', { headers })).body.split('\n');
    expect(again).toContain('wakatime_rank 1');
    expect(again).toContain('wakatime_label_seconds_total{name="work"} 5400');
    const bob = await testHub.accounts.createAccount('bob');
    if (!bob.ok) throw new Error(bob.error);
    const other = await testHub.ask('GET', '/api/metrics', { headers: basic(bob.secret) });
    expect(other.body).toContain('wakatime_heartbeats_total 0');
    expect(other.body).not.toMatch(/admin|owner|hub/);
  });

  test('superman66/wakatime-sync: whole days, by the key in the query', async () => {
    const { data } = await asked(
      `/api/v1/users/current/summaries?start=2026-01-04&end=2026-01-04&api_key=${testHub.owner}`,
    );
    expect(data[0]).toMatchObject({ grand_total: { total_seconds: 5_400 }, range: { date: '2026-01-04' } });
    for (const list of ['categories', 'editors', 'languages', 'machines', 'operating_systems', 'projects']) {
      expect(data[0][list][0]).toMatchObject({ name: string, total_seconds: number, percent: number });
    }
  });

  test('wf2311/wakatime-sync: user, heartbeats, durations, projects', async () => {
    const key = `api_key=${testHub.owner}`;
    expect((await asked(`/api/v1/users/current?${key}`)).data).toMatchObject({
      id: string,
      username: 'owner',
      created_at: string,
    });
    const { data } = await asked(`/api/v1/users/current/heartbeats?date=2026-01-04&${key}`);
    expect(data[0]).toMatchObject({
      id: string,
      entity: string,
      type: 'file',
      time: number,
      is_write: false,
      dependencies: [],
    });
    expect(await asked(`/api/v1/users/current/durations?date=2026-01-04&${key}`)).toMatchObject({
      branches: ['main'],
      data: [{ project: 'hub', time: number, duration: 5_400 }],
    });
    expect((await asked(`/api/v1/users/current/projects?${key}`)).data[0]).toMatchObject({ id: string, name: 'hub' });
    const summed = await asked(`/api/v1/users/current/summaries?start=2026-01-04&end=2026-01-05&${key}`);
    for (const day of summed.data) {
      expect(day).toMatchObject({ grand_total: { total_seconds: 5_400 }, range: { date: string, timezone: 'UTC' } });
      for (const list of ['categories', 'dependencies', 'editors', 'languages', 'operating_systems', 'projects']) {
        expect(Array.isArray(day[list])).toBe(true);
      }
    }
    expect((await asked(`/api/v1/users/current/projects/hub?${key}`)).data.name).toBe('hub');
  });

  test('waka-rs: every documented key of stats is there, in its type', async () => {
    const { data } = await asked('/api/v1/users/current/stats/last_30_days', basic(testHub.owner));
    expect(data).toMatchObject({
      id: string,
      user_id: string,
      username: string,
      range: string,
      human_readable_range: string,
      start: string,
      end: string,
      timezone: string,
      timeout: number,
      writes_only: false,
      project: null,
      status: 'ok',
      is_up_to_date: true,
      is_up_to_date_pending_future: false,
      percent_calculated: 100,
      is_already_updating: false,
      is_stuck: false,
      is_cached: false,
      is_including_today: false,
      total_seconds: number,
      human_readable_total: string,
      daily_average: number,
      human_readable_daily_average: string,
      holidays: number,
      days_including_holidays: 30,
      days_minus_holidays: 2,
      best_day: {
        id: string,
        date: string,
        text: string,
        total_seconds: number,
        created_at: string,
        modified_at: string,
      },
      is_language_usage_visible: false,
      is_editor_usage_visible: false,
      is_category_usage_visible: false,
      is_os_usage_visible: false,
      is_other_usage_visible: false,
      is_coding_activity_visible: false,
      created_at: string,
      modified_at: string,
    });
  });

  test('clients with strict types: an account that has done nothing has every key that others have', async () => {
    const bob = await testHub.accounts.createAccount('bob');
    if (!bob.ok) throw new Error(bob.error);
    /** The names of all fields, without regard to the number of list entries. */
    const namesIn = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(value)
            .map(([name, inner]) => [name, namesIn(inner)])
            .sort()
        : Array.isArray(value);
    for (const path of [
      '',
      'stats',
      'stats/last_7_days',
      'stats/all_time',
      'stats/2026-01',
      'all_time_since_today',
      'statusbar/today',
      'durations?date=today',
      'heartbeats?date=today',
      'summaries?range=last_7_days',
      'summaries?range=today&project=hub',
      'projects',
      'machine_names',
      'user_agents',
      'languages',
      'goals',
      'data_dumps',
      'external_durations?date=today',
      'projects/hub/commits',
      ...['weekday', 'days', 'best_day', 'daily_average', 'projects', 'machines'].map(
        (type) => `insights/${type}/last_7_days`,
      ),
    ]) {
      const [full, empty] = await Promise.all(
        [testHub.owner, bob.secret].map((key) => asked(`/api/v1/users/current/${path}`, basic(key))),
      );
      expect([path, namesIn(empty)]).toEqual([path, namesIn(full)]);
    }
  });

  test('hrafnthor’s client for Kotlin: summaries, durations, projects, leaders, goals, in their types', async () => {
    await testHub.settle({ logged_time_public: true });
    await testHub.ask('POST', '/api/v1/users/current/goals', {
      body: { seconds: 3_600 },
      headers: basic(testHub.owner),
    });
    const headers = basic(testHub.owner);
    const user = (path: string) => asked(`/api/v1/users/current/${path}`, headers);
    const amount = {
      total_seconds: number,
      digital: string,
      decimal: string,
      text: string,
      hours: number,
      minutes: number,
    };
    const item = { ...amount, name: string, seconds: number, percent: number };
    const days = await user('summaries?start=2026-01-04&end=2026-01-05');
    expect(days).toMatchObject({
      start: string,
      end: string,
      cumulative_total: { seconds: number, text: string, decimal: string, digital: string },
      daily_average: {
        holidays: 0,
        days_including_holidays: 2,
        days_minus_holidays: 2,
        seconds: number,
        text: string,
        seconds_including_other_language: number,
        text_including_other_language: string,
      },
    });
    const lines = { ai_additions: 0, ai_deletions: 0, human_additions: 0, human_deletions: 0 };
    expect(days.data[0].grand_total).toEqual({ ...amount, ...lines, ...noAiMetrics() });
    for (const list of ['categories', 'languages', 'editors', 'operating_systems']) {
      expect(days.data[0][list][0]).toEqual(item);
    }
    expect(days.data[0].projects[0]).toEqual({ ...item, color: null, ...lines, ...noAiMetrics() });
    expect(days.data[0].machines[0]).toEqual({ ...item, machine_name_id: string });
    expect(days.data[0].dependencies).toEqual([]);
    const range = { date: '2026-01-04', start: string, end: string, text: 'Yesterday', timezone: 'UTC' };
    expect(days.data[0].range).toEqual(range);
    expect(await user('durations?date=2026-01-04')).toMatchObject({
      data: [{ project: string, time: number, duration: number, color: null }],
      branches: [string],
      start: string,
      end: string,
      timezone: 'UTC',
    });
    expect(await user('projects')).toMatchObject({
      data: [
        {
          id: string,
          name: 'hub',
          repository: null,
          badge: null,
          color: null,
          clients: [],
          has_public_url: false,
          url: '/projects/hub',
          urlencoded_name: 'hub',
          created_at: string,
          first_heartbeat_at: string,
          human_readable_first_heartbeat_at: string,
          last_heartbeat_at: string,
          human_readable_last_heartbeat_at: '30 minutes ago',
        },
      ],
      page: 1,
      total: 1,
      total_pages: 1,
    });
    expect(await asked('/api/v1/leaders', headers)).toMatchObject({
      current_user: { rank: 1, page: 1, user: { id: string, username: 'owner', display_name: string, photo: string } },
      data: [
        {
          rank: 1,
          running_total: {
            total_seconds: number,
            human_readable_total: string,
            daily_average: number,
            human_readable_daily_average: string,
            languages: [],
            modified_at: string,
          },
        },
      ],
      page: 1,
      total_pages: 1,
      range: {
        name: 'last_7_days',
        text: string,
        start_date: string,
        start_text: string,
        end_date: string,
        end_text: string,
      },
      language: null,
      is_hireable: null,
      country_code: null,
      modified_at: string,
      timeout: 15,
      writes_only: false,
    });
    const [goal] = (await user('goals')).data;
    expect(goal).toMatchObject({
      id: string,
      title: string,
      custom_title: null,
      type: 'coding',
      delta: 'day',
      seconds: 3_600,
      languages: [],
      editors: [],
      projects: [],
      ignore_days: [],
      ignore_zero_days: false,
      improve_by_percent: null,
      is_enabled: true,
      is_inverse: false,
      is_snoozed: false,
      snooze_until: null,
      is_tweeting: false,
      is_current_user_owner: true,
      owner: { id: string, username: 'owner', full_name: null, display_name: string, email: null, photo: string },
      shared_with: [],
      subscribers: [],
      status: 'success',
      average_status: string,
      cumulative_status: string,
      status_percent_calculated: 100,
      range_text: string,
      created_at: string,
      modified_at: string,
    });
    expect(goal.chart_data.at(-1)).toMatchObject({
      actual_seconds: number,
      actual_seconds_text: string,
      goal_seconds: 3_600,
      goal_seconds_text: '1 hr',
      range: { date: '2026-01-05', start: string, end: string, text: 'Today', timezone: 'UTC' },
      range_status: 'success',
      range_status_reason: string,
      range_status_reason_short: string,
    });
  });

  test('nick22985’s client for TypeScript: the user, insights, commits, organisations, boards, rules', async () => {
    const headers = basic(testHub.owner);
    const user = (path: string) => asked(`/api/v1/users/current${path}`, headers);
    expect((await user('')).data).toMatchObject({
      id: string,
      username: 'owner',
      display_name: '@owner',
      full_name: null,
      email: null,
      photo: string,
      is_email_public: false,
      is_email_confirmed: false,
      public_email: null,
      photo_public: true,
      timezone: 'UTC',
      last_heartbeat_at: string,
      last_plugin: string,
      last_plugin_name: 'VS Code',
      last_project: 'hub',
      last_branch: 'main',
      plan: 'premium',
      has_premium_features: true,
      website: null,
      human_readable_website: null,
      city: null,
      logged_time_public: false,
      languages_used_public: false,
      is_hireable: false,
      timeout: 15,
      writes_only: false,
      weekday_start: 1,
      durations_slice_by: 'project',
      color_scheme: string,
      created_at: string,
      modified_at: string,
    });
    for (const type of [
      'weekday',
      'weekdays',
      'days',
      'best_day',
      'daily_average',
      'projects',
      'languages',
      'editors',
      'categories',
      'machines',
      'operating_systems',
    ]) {
      const { data } = await user(`/insights/${type}/last_year`);
      expect(data[type]).toBeDefined();
      expect(data).toMatchObject({
        range: 'last_year',
        human_readable_range: 'last year',
        status: 'ok',
        timezone: 'UTC',
      });
      expect(data).toMatchObject({ is_up_to_date: true, percent_calculated: 100, timeout: 15, user_id: string });
    }
    expect(await user('/projects/hub/commits')).toMatchObject({ commits: [], total: 0, project: { name: 'hub' } });
    for (const path of ['/orgs', '/leaderboards', '/private_leaderboards', '/data_dumps', '/goals']) {
      expect(await user(path)).toMatchObject({ data: [], total: 0, total_pages: 1 });
    }
    for (const path of ['/custom_rules', '/external_durations?date=today', '/oauth_apps']) {
      expect(await user(path)).toMatchObject({ data: [] });
    }
  });

  test('importers: all days since the first, plugins and machines page by page', async () => {
    const headers = basic(testHub.owner);
    const { data } = await asked('/api/v1/users/current/all_time_since_today', headers);
    expect(data.range).toMatchObject({
      start: '2026-01-03T00:00:00Z',
      start_date: '2026-01-03',
      end_date: '2026-01-05',
    });
    for (const list of ['user_agents', 'machine_names']) {
      const answer = await asked(`/api/v1/users/current/${list}?page=1`, headers);
      expect(answer).toMatchObject({ data: [{ id: string, value: string }], total_pages: 1 });
    }
    const { data: heartbeats } = await asked('/api/v1/users/current/heartbeats?date=2026-01-03', headers);
    const agents = (await asked('/api/v1/users/current/user_agents', headers)).data;
    expect(heartbeats).toHaveLength(91);
    expect(heartbeats[0].user_agent_id).toBe(agents[0].id);
  });

  test('Wakapi’s importer: a dump is asked for, waited for and fetched', async () => {
    const headers = { ...basic(testHub.owner), host: `127.0.0.1:${testHub.port}` };
    const path = '/api/v1/users/current/data_dumps';
    const body = { type: 'heartbeats', email_when_finished: false };
    expect((await testHub.ask('POST', path, { body, headers })).status).toBe(201);
    const [dump] = (await asked(path, headers)).data;
    expect(dump).toMatchObject({ id: string, status: 'Completed', percent_complete: 100, is_processing: false });
    expect(dump).toMatchObject({ is_stuck: false, has_failed: false, type: 'heartbeats', created_at: string });
    const file = await asked(new URL(dump.download_url).pathname);
    expect(file).toMatchObject({ user: { id: string }, range: { start: number, end: number } });
    expect(file.days[0].heartbeats[0]).toMatchObject({
      id: string,
      entity: string,
      type: 'file',
      category: 'coding',
      time: number,
      project: 'hub',
      branch: 'main',
      language: 'TypeScript',
      is_write: false,
      user_agent_id: string,
      machine_name_id: string,
      created_at: string,
    });
  });

  test('hakatime’s importer: day by day since the first, plugins by their ids', async () => {
    const headers = basic(testHub.owner);
    const { range } = (await asked('/api/v1/users/current/all_time_since_today', headers)).data;
    const agents = (await asked('/api/v1/users/current/user_agents', headers)).data;
    const days: string[] = [];
    for (let at = Date.parse(range.start); at <= now * 1_000; at += 86_400_000) {
      days.push(new Date(at).toISOString().slice(0, 10));
    }
    const counts = days.map(async (date) => {
      const { data } = await asked(`/api/v1/users/current/heartbeats?date=${date}`, headers);
      for (const { user_agent_id } of data) expect(agents.map(({ id }: { id: string }) => id)).toContain(user_agent_id);
      return data.length;
    });
    expect(await Promise.all(counts)).toEqual([91, 91, 91]);
    expect(agents[0]).toMatchObject({ value: cliAgent, editor: 'VS Code', os: 'Linux' });
  });

  test('a relay of Wakapi’s sends its copy, and is answered in the form of a batch', async () => {
    const headers = { ...basic(testHub.owner), 'x-origin-instance': 'http://wakapi.example', 'user-agent': cliAgent };
    const body = [beat(now), beat(now)];
    const answer = await testHub.ask('POST', '/api/v1/users/current/heartbeats.bulk', { body, headers });
    expect([answer.status, JSON.parse(answer.body).responses.length]).toEqual([202, 2]);
  });

  test('multitime and bars of desktops: the text of today', async () => {
    expect((await asked('/api/v1/users/current/statusbar/today', basic(testHub.owner))).data.grand_total.text).toBe(
      '1 hr 30 mins',
    );
    expect(
      (await asked('/api/v1/users/current/summaries?range=Today', basic(testHub.owner))).data[0].grand_total.text,
    ).toBe('1 hr 30 mins');
  });

  test('addresses with a slash too many, at the end or behind the base address', async () => {
    const key = basic(testHub.owner);
    for (const base of ['/api/v1', '/api', '/v1', '', '/api/compat/wakatime/v1']) {
      for (const path of ['', '/statusbar/today', '/stats/last_7_days']) {
        expect(await asked(`${base}//users/current${path}`, key)).toEqual(
          await asked(`${base}/users/current${path}`, key),
        );
        expect(await asked(`${base}/users/current${path}/`, key)).toEqual(
          await asked(`${base}/users/current${path}`, key),
        );
      }
      const batch = { body: [beat(now)], headers: key };
      expect((await testHub.ask('POST', `${base}//users/current/heartbeats.bulk`, batch)).status).toBe(202);
    }
    expect((await testHub.ask('POST', '/api/v1/heartbeats/', { body: [beat(now)], headers: key })).status).toBe(201);
    expect((await testHub.ask('GET', '/api/v1//users/current/nothing', { headers: key })).status).toBe(404);
  });

  test('the browser extension: key check, and today in its popup', async () => {
    const headers = { origin: 'chrome-extension://jnbbnacmeggbgdjgaoojpmhdlkkpblgi' };
    expect((await asked(`/api/v1/users/current?api_key=${testHub.owner}`, headers)).data.id).toEqual(string);
    const day = '2026-01-01';
    const { data } = await asked(
      `/api/v1/users/current/summaries?api_key=${testHub.owner}&start=${day}&end=${day}`,
      headers,
    );
    expect(data[0].grand_total.text).toBe('0 secs');
  });

  test('the command line: today, a goal, and in the types it insists on', async () => {
    const headers = basic(testHub.owner);
    const { data } = await asked('/api/v1/users/current/statusbar/today', headers);
    for (const item of [...data.languages, ...data.categories]) {
      for (const field of ['hours', 'minutes', 'seconds']) expect(Number.isInteger(item[field])).toBe(true);
      expect([typeof item.decimal, typeof item.digital, typeof item.text]).toEqual(['string', 'string', 'string']);
    }
    const made = await testHub.ask('POST', '/api/v1/users/current/goals', { body: { seconds: 7_200 }, headers });
    const { id } = JSON.parse(made.body).data;
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect((await asked(`/api/v1/users/current/goals/${id}`, headers)).data.chart_data.at(-1).actual_seconds_text).toBe(
      '1 hr 30 mins',
    );
  });

  test('shields.io: public, once the account shares it', async () => {
    const path = '/api/compat/shields/v1/owner/interval:today';
    expect((await testHub.ask('GET', path)).status).toBe(403);
    await testHub.settle({ logged_time_public: true });
    expect(await asked(`${path}?label=today`)).toEqual({
      schemaVersion: 1,
      label: 'today',
      message: '1 hrs 30 mins',
      color: '2F855A',
    });
    expect((await testHub.ask('GET', `${path}/project:hub`)).status).toBe(403);
    await testHub.settle({ logged_time_public: true, projects_used_public: true });
    expect((await asked(`${path}/project:hub`)).message).toBe('1 hrs 30 mins');
    expect((await asked(`${path}/project:web`)).message).toBe('0 hrs 0 mins');
    const name = 'a/b: 50 % für ?';
    await testHub.send([beat(now - 120, { project: name }), beat(now, { project: name })]);
    expect((await asked(`${path}/project:${encodeURIComponent(name)}`)).message).toBe('0 hrs 2 mins');
    const badge = await testHub.ask('GET', `/api/badge/owner/interval:today/project:${encodeURIComponent(name)}`);
    expect(badge.body).toContain('0 hrs 2 mins');
    // An unescaped percent sign.
    expect((await asked(`${path}/project:50%`)).message).toBe('0 hrs 0 mins');
  });

  test('Wakapi’s summary, badge, chart and health', async () => {
    const headers = basic(testHub.owner);
    expect(await asked('/api/summary?interval=today', headers)).toMatchObject({
      user_id: 'owner',
      projects: [{ key: 'hub', total: 5_400 }],
      languages: [
        { key: 'TypeScript', total: 3_600 },
        { key: 'Go', total: 1_800 },
      ],
      machines: [{ key: 'laptop', total: 5_400 }],
    });
    expect((await asked('/api/summary?from=2026-01-03&to=2026-01-05&language=go', headers)).languages).toEqual([
      { key: 'Go', total: 3_600 },
    ]);
    await testHub.settle({ logged_time_public: true });
    const badge = await testHub.ask('GET', '/api/badge/owner/interval:week?label=%3Cscript%3E');
    expect([badge.status, badge.headers['content-type']]).toEqual([200, 'image/svg+xml; charset=utf-8']);
    expect(badge.body).toContain('1 hrs 30 mins');
    expect(badge.body).not.toContain('<script>');
    const chart = await testHub.ask('GET', '/api/activity/chart/owner.svg?dark');
    expect(chart.body.match(/<rect /g)).toHaveLength(365);
    expect((await testHub.ask('GET', '/api/health')).body).toBe('app=1\ndb=1');
    expect(await asked('/api/health', { 'content-type': 'application/json' })).toEqual({ app: 1, db: 1 });
  });
});

describe('under Wakapi’s own prefix', () => {
  const wakapi = '/api/compat/wakatime/v1/users/current';

  test('texts and clocks are in Wakapi’s format, numbers are the same', async () => {
    await testHub.send([beat(now - 121, { project: 'short' }), beat(now)]);
    const headers = basic(testHub.owner);
    const { data, cumulative_total, daily_average } = await asked(`${wakapi}/summaries?range=today`, headers);
    expect(data[0].grand_total).toMatchObject({ text: '1 hrs 32 mins', digital: '1:32', total_seconds: 5_521 });
    expect(data[0].projects[1]).toMatchObject({
      name: 'short',
      text: '0 hrs 2 mins',
      digital: '0:2:1',
      seconds: 1,
      minutes: 2,
    });
    expect(data[0].range.text).toBe('Today');
    expect([cumulative_total.text, daily_average.text_including_other_language]).toEqual([
      '1 hrs 32 mins',
      '1 hrs 32 mins',
    ]);
    const all = (await asked(`${wakapi}/stats/today`, headers)).data;
    expect(all).toMatchObject({
      human_readable_total: '1 hrs 30 mins',
      human_readable_total_including_other_language: '1 hrs 32 mins',
      human_readable_range: 'today',
    });
    expect((await asked(`${wakapi}/statusbar/today`, headers)).data.grand_total.text).toBe('1 hrs 32 mins');
    expect((await asked(`${wakapi}/all_time_since_today`, headers)).data.text).toBe('4 hrs 32 mins');
  });
});

describe('goals', () => {
  const goals = '/api/v1/users/current/goals';
  const make = async (body: object) => {
    const answer = await testHub.ask('POST', goals, { body, headers: basic(testHub.owner) });
    if (answer.status !== 201) throw new Error(answer.body);
    return JSON.parse(answer.body).data;
  };
  const statuses = ({ chart_data }: { chart_data: { range_status: string }[] }) =>
    chart_data.map(({ range_status }) => range_status);

  test('of a day have seven points, and the current one is pending', async () => {
    const goal = await make({ seconds: 5_400 });
    expect(statuses(goal)).toEqual(['fail', 'fail', 'fail', 'fail', 'success', 'success', 'success']);
    expect(goal).toMatchObject({ title: 'Code 1 hr 30 mins a day', status: 'success', average_status: 'fail' });
    expect(statuses(await make({ seconds: 6_000 })).at(-1)).toBe('pending');
  });

  test('ignore days without work, or weekdays', async () => {
    expect(statuses(await make({ seconds: 60, ignore_zero_days: true })).slice(0, 5)).toEqual([
      'ignored',
      'ignored',
      'ignored',
      'ignored',
      'success',
    ]);
    expect(statuses(await make({ seconds: 60, ignore_days: ['tuesday'] })).slice(0, 2)).toEqual(['ignored', 'fail']);
  });

  test('of a week count only matching time, or set an upper limit', async () => {
    const goal = await make({ title: 'Go', delta: 'week', seconds: 3_600, languages: ['go'] });
    expect(goal).toMatchObject({ title: 'Go', delta: 'week', languages: ['go'] });
    expect(goal.chart_data).toHaveLength(5);
    expect(goal.chart_data.slice(-2)).toMatchObject([
      { actual_seconds: 3_600, range_status: 'success' },
      { actual_seconds: 1_800, range_status: 'pending' },
    ]);
    expect(statuses(await make({ seconds: 60, is_inverse: true }))).toEqual([
      'success',
      'success',
      'success',
      'success',
      'fail',
      'fail',
      'fail',
    ]);
  });

  test('are changed and deleted', async () => {
    const { id } = await make({ seconds: 60 });
    const headers = basic(testHub.owner);
    const changed = await testHub.ask('PUT', `${goals}/${id}`, { body: { seconds: 120 }, headers });
    expect(JSON.parse(changed.body).data).toMatchObject({ id, seconds: 120, delta: 'day' });
    expect((await testHub.ask('PUT', `${goals}/${id}`, { body: { seconds: -1 }, headers })).status).toBe(400);
    expect((await testHub.ask('PUT', `${goals}/nothing`, { body: { seconds: 9 }, headers })).status).toBe(404);
    expect((await testHub.ask('DELETE', `${goals}/${id}`, { headers })).status).toBe(200);
    expect(await testHub.get(`goals/${id}`, 404)).toEqual({ error: 'no such goal' });
    expect(await testHub.get('goals')).toEqual({ data: [], total: 0, total_pages: 1 });
  });
});

describe('leaders', () => {
  test('are the accounts that share their time, by the last seven days', async () => {
    const bob = await testHub.accounts.createAccount('bob');
    if (!bob.ok) throw new Error(bob.error);
    await testHub.send([beat(now - 86_400, { language: 'Go' }), beat(now - 86_340)], basic(bob.secret));
    expect(await asked('/api/v1/leaders')).toMatchObject({
      data: [],
      current_user: { rank: null, user: null },
      total_pages: 1,
    });
    for (const account of ['owner', 'bob']) {
      const document = await testHub.hub.cachedChannel(`${account}/settings`);
      const op = { op: 'put', key: 'wakatime', value: '{"logged_time_public":true}' } as const;
      await document.write(() => ({ ok: true, write: { ops: [op], origin: 'test', at: testHub.world.now() } }));
    }
    const answer = await asked('/api/v1/leaders', basic(bob.secret));
    expect(answer).toMatchObject({
      current_user: { rank: 2, page: 1, user: { username: 'bob' } },
      data: [
        {
          rank: 1,
          running_total: { total_seconds: 10_800, human_readable_total: '3 hrs', daily_average: 5_400, languages: [] },
          user: { username: 'owner', email: null },
        },
        { rank: 2, running_total: { total_seconds: 60 } },
      ],
      timeout: 15,
      range: { name: 'last_7_days', start_date: '2025-12-29', end_date: '2026-01-04' },
    });
    // No profile states a country, or that its owner looks for work.
    expect(await asked('/api/v1/leaders?is_hireable=true')).toMatchObject({ data: [], is_hireable: true });
    expect(await asked('/api/v1/leaders?country_code=DE')).toMatchObject({ data: [], country_code: 'DE' });
    const unhired = await asked('/api/v1/leaders?is_hireable=false');
    expect(unhired).toMatchObject({ data: answer.data, is_hireable: false, country_code: null });
  });

  test('by a language are the accounts that share their languages', async () => {
    const bob = await testHub.accounts.createAccount('bob');
    if (!bob.ok) throw new Error(bob.error);
    await testHub.send([beat(now - 86_400, { language: 'Go' }), beat(now - 86_340)], basic(bob.secret));
    const share = async (account: string, settings: object) => {
      const document = await testHub.hub.cachedChannel(`${account}/settings`);
      const op = { op: 'put', key: 'wakatime', value: JSON.stringify(settings) } as const;
      await document.write(() => ({ ok: true, write: { ops: [op], origin: 'test', at: testHub.world.now() } }));
    };
    await share('owner', { logged_time_public: true, languages_used_public: true });
    await share('bob', { logged_time_public: true });
    const names = async () =>
      (await asked('/api/v1/leaders?language=go')).data.map(
        ({ user }: { user: { username: string } }) => user.username,
      );
    expect(await names()).toEqual(['owner']);
    await share('bob', { logged_time_public: true, languages_used_public: true });
    expect(await names()).toEqual(['owner', 'bob']);
  });
});

describe('a data dump', () => {
  test('is created, listed and fetched without a key for a day', async () => {
    const headers = { ...basic(testHub.owner), host: `127.0.0.1:${testHub.port}` };
    const made = await testHub.ask('POST', '/api/v1/users/current/data_dumps', {
      body: { type: 'heartbeats', email_when_finished: false },
      headers,
    });
    expect(made.status).toBe(201);
    const { data } = JSON.parse(made.body);
    expect(data).toMatchObject({
      type: 'heartbeats',
      status: 'Completed',
      percent_complete: 100,
      is_processing: false,
      has_failed: false,
    });
    expect((await testHub.get('data_dumps')).data).toEqual([data]);
    const { pathname } = new URL(data.download_url);
    const dump = await asked(pathname);
    expect(dump).toMatchObject({
      user: { username: 'owner' },
      range: { start: Date.UTC(2026, 0, 3) / 1_000, end: Date.UTC(2026, 0, 6) / 1_000 - 1 },
    });
    expect(
      dump.days.map(({ date, heartbeats }: { date: string; heartbeats: unknown[] }) => [date, heartbeats.length]),
    ).toEqual([
      ['2026-01-03', 91],
      ['2026-01-04', 91],
      ['2026-01-05', 91],
    ]);
    expect((await testHub.ask('GET', pathname.replace(data.id, testHub.owner))).status).toBe(404);
    testHub.world.pass(86_400_000);
    expect((await testHub.ask('GET', pathname)).status).toBe(404);
  });

  test('of days has their lists', async () => {
    const made = await testHub.ask('POST', '/api/v1/users/current/data_dumps', {
      body: { type: 'daily' },
      headers: basic(testHub.owner),
    });
    const dump = await asked(new URL(JSON.parse(made.body).data.download_url).pathname);
    expect(dump.days[0]).toMatchObject({
      date: '2026-01-03',
      grand_total: { total_seconds: 5_400 },
      languages: [{ name: 'TypeScript' }, { name: 'Go' }],
    });
    const wrong = await testHub.ask('POST', '/api/v1/users/current/data_dumps', {
      body: { type: 'x' },
      headers: basic(testHub.owner),
    });
    expect(wrong.status).toBe(400);
  });

  test('changes nothing when it is imported again, also with inherited fields', async () => {
    await testHub.send([beat(now - 86_400 - 3_000, { project: '<<LAST_PROJECT>>', language: '<<LAST_LANGUAGE>>' })]);
    const before = await testHub.get('stats/all_time');
    const { data } = await testHub.get('heartbeats?date=2026-01-04');
    expect(data.find(({ time }: { time: number }) => time === now - 86_400 - 3_000)).toMatchObject({
      project: 'hub',
      language: 'Go',
    });
    const answer = await testHub.send(data);
    expect((await testHub.get('heartbeats?date=2026-01-04')).data).toEqual(data);
    expect(JSON.parse(answer.body).responses[0]).toEqual([{ data: null, error: null }, 201]);
    expect(await testHub.get('stats/all_time')).toEqual(before);
  });
});

describe('insights', () => {
  test('of days apply to all days, or to one weekday', async () => {
    const { data } = await testHub.get('insights/days/last_7_days?is_including_today=true');
    expect(data.days).toHaveLength(7);
    expect(data.days.at(-1)).toEqual({
      date: '2026-01-05',
      total: 5_400,
      categories: [{ name: 'Coding', total: 5_400 }],
    });
    expect((await testHub.get('insights/days/last_7_days?weekday=6')).data.days).toMatchObject([
      { date: '2026-01-04' },
    ]);
    expect((await testHub.get('insights/days/last_7_days?weekday=Sun')).data.days).toMatchObject([
      { date: '2026-01-04' },
    ]);
    for (const day of ['7', '-1', 'S']) {
      expect((await testHub.get(`insights/days/last_7_days?weekday=${day}`, 400)).error).toContain('weekday');
    }
  });

  test('of weekdays, the best day, the average and each list', async () => {
    const insight = async (type: string) => (await testHub.get(`insights/${type}/last_7_days`)).data;
    expect((await insight('weekday')).weekday[6]).toMatchObject({ name: 'Sunday', total: 5_400, average: 5_400 });
    expect((await insight('best_day')).best_day).toEqual({
      date: '2026-01-03',
      total_seconds: 5_400,
      text: '1 hr 30 mins',
    });
    expect((await insight('daily_average')).daily_average.current_user).toEqual({
      seconds: 5_400,
      text: '1 hr 30 mins',
    });
    expect((await insight('languages')).languages).toEqual([
      { name: 'TypeScript', total_seconds: 7_200 },
      { name: 'Go', total_seconds: 3_600 },
    ]);
    expect((await insight('machines')).machines).toMatchObject([
      { machine_name_id: string, name: 'laptop', total_seconds: 10_800 },
    ]);
    expect(await testHub.get('insights/moods/last_7_days', 404)).toEqual({ error: 'no such insight' });
  });
});

describe('features that only WakaTime itself can offer', () => {
  test.each([
    ['GET', 'meta'],
    ['GET', 'stats/last_7_days'],
    ['GET', 'users/current/stats_aggregated'],
    ['POST', 'users/current/get_api_key'],
  ])('%s %s is 404 with a reason', async (method, path) => {
    const answer = await testHub.ask(method, `/api/v1/${path}`, { headers: basic(testHub.owner) });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([404, { error: expect.stringMatching(/hub|token/) }]);
  });
});

describe('another account', () => {
  test('has a public profile once it shares anything, and is 404 before', async () => {
    const bob = await testHub.accounts.createAccount('bob');
    if (!bob.ok) throw new Error(bob.error);
    const ask = (headers = {}) => testHub.ask('GET', '/api/v1/users/owner', { headers });
    for (const headers of [{}, basic(bob.secret)]) expect((await ask(headers)).status).toBe(404);
    expect((await testHub.ask('GET', '/api/v1/users/nobody')).status).toBe(404);
    expect((await testHub.ask('GET', '/api/v1/users/current')).status).toBe(401);
    await testHub.settle({ logged_time_public: true, email: 'ann@example.com' });
    for (const headers of [{}, basic(bob.secret)]) {
      const { data } = JSON.parse((await ask(headers)).body);
      expect(data).toMatchObject({ username: 'owner', email: null, photo: string });
      for (const name of ['timezone', 'last_project', 'last_heartbeat_at', 'timeout'])
        expect(data[name]).toBeUndefined();
    }
    expect((await testHub.ask('GET', '/api/v1/users/nobody/stats')).status).toBe(404);
  });
});
