// Answers of the endpoints: shapes, numbers, filters, refusals. durations-algorithm.test.ts tests the attribution of time, values.test.ts
// the format of numbers.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { forwardStore } from '../../../../server/core/forward-store.ts';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const now = noon;
const mac = 'wakatime/v1.90.0 (darwin-23.0-arm64) go1.22 vim/9 vim-wakatime/11.1';

/** Two hours of today and one of yesterday, on two projects, two machines and in two languages, with a minute of neither. */
async function work(testHub: TestHub): Promise<void> {
  const every = (from: number, count: number, step: number, fields: object) =>
    Array.from({ length: count }, (_, index) => beat(from + index * step, fields));
  const hub = { project: 'hub', branch: 'main', language: 'TypeScript', dependencies: ['fs', 'ws'] };
  const web = {
    project: 'web',
    branch: 'dev',
    language: 'CSS',
    category: 'writing docs',
    entity: '/home/ann/web/a.css',
  };
  // Yesterday 10:00 to 11:00.
  await testHub.send(every(now - 26 * 3_600, 61, 60, hub));
  // Today 8:00 to 9:00, then 9:00 to 9:45 on the other, then 15 minutes without a language, until 10:00.
  await testHub.send(every(now - 4 * 3_600, 60, 60, { ...hub, is_write: true }));
  await testHub.send(every(now - 3 * 3_600, 45, 60, { ...web, user_agent: mac }), { 'x-machine-name': 'mac' });
  await testHub.send(
    every(now - 3 * 3_600 + 2_700, 16, 60, { project: 'web', branch: 'dev', entity: '/home/ann/web/notes' }),
  );
}

let testHub: TestHub;
beforeEach(async () => {
  testHub = await openTestHub();
  await work(testHub);
});
afterEach(() => testHub.close());

describe('the status bar', () => {
  test('shows today, at both of its paths', async () => {
    for (const path of ['statusbar/today', 'status_bar/today']) {
      const answer = await testHub.get(path);
      expect(answer).toMatchObject({
        cached_at: '2026-01-05T12:00:00Z',
        has_team_features: false,
        data: {
          has_team_features: false,
          grand_total: { text: '2 hrs', digital: '2:00', decimal: '2.00', hours: 2, minutes: 0, total_seconds: 7_200 },
          categories: [
            { name: 'Coding', total_seconds: 4_500, percent: 62.5 },
            { name: 'Writing Docs', total_seconds: 2_700, percent: 37.5 },
          ],
          range: { date: '2026-01-05', text: 'Today', timezone: 'UTC' },
        },
      });
    }
  });

  test('shows "0 secs" and empty lists without heartbeats', async () => {
    testHub.world.pass(86_400_000);
    const { data } = await testHub.get('statusbar/today');
    expect(data).toMatchObject({ grand_total: { text: '0 secs', total_seconds: 0 }, categories: [], languages: [] });
  });

  test('has its day in the account’s time zone', async () => {
    await testHub.settle({ timezone: 'Pacific/Auckland' });
    const { data } = await testHub.get('statusbar/today');
    // It is already Tuesday there.
    expect(data.range).toEqual({
      date: '2026-01-06',
      start: '2026-01-05T11:00:00Z',
      end: '2026-01-06T10:59:59Z',
      text: 'Today',
      timezone: 'Pacific/Auckland',
    });
  });

  test('counts each heartbeat at once', async () => {
    await testHub.send([beat(now - 30), beat(now)]);
    expect((await testHub.get('statusbar/today')).data.grand_total).toMatchObject({ total_seconds: 7_230 });
  });
});

describe('summaries', () => {
  test('have a day for each date, ascending, with empty days and the end included', async () => {
    const answer = await testHub.get('summaries?start=2026-01-03&end=2026-01-05');
    expect(answer.data.map(({ range }: { range: { text: string } }) => range.text)).toEqual([
      'Sat Jan 3rd 2026',
      'Yesterday',
      'Today',
    ]);
    expect(answer.data.map(({ grand_total }: { grand_total: { text: string } }) => grand_total.text)).toEqual([
      '0 secs',
      '1 hr',
      '2 hrs',
    ]);
    expect(answer).toMatchObject({
      start: '2026-01-03T00:00:00Z',
      end: '2026-01-05T23:59:59Z',
      cumulative_total: { seconds: 10_800, text: '3 hrs', decimal: '3.00', digital: '3:00' },
      daily_average: {
        holidays: 1,
        days_including_holidays: 3,
        days_minus_holidays: 2,
        seconds: 4_950,
        text: '1 hr 22 mins',
        seconds_including_other_language: 5_400,
        text_including_other_language: '1 hr 30 mins',
      },
    });
  });

  test('have every list, in the form of summaries', async () => {
    const [day] = (await testHub.get('summaries?start=today&end=today')).data;
    expect(day.languages).toEqual([
      {
        name: 'TypeScript',
        total_seconds: 3_600,
        hours: 1,
        minutes: 0,
        seconds: 0,
        digital: '1:00:00',
        decimal: '1.00',
        text: '1 hr',
        percent: 50,
      },
      {
        name: 'CSS',
        total_seconds: 2_700,
        hours: 0,
        minutes: 45,
        seconds: 0,
        digital: '0:45:00',
        decimal: '0.75',
        text: '45 mins',
        percent: 37.5,
      },
      {
        name: 'Other',
        total_seconds: 900,
        hours: 0,
        minutes: 15,
        seconds: 0,
        digital: '0:15:00',
        decimal: '0.25',
        text: '15 mins',
        percent: 12.5,
      },
    ]);
    expect(day.editors).toMatchObject([{ name: 'VS Code', total_seconds: 4_500 }, { name: 'Vim' }]);
    expect(day.operating_systems).toMatchObject([{ name: 'Linux' }, { name: 'Mac', total_seconds: 2_700 }]);
    expect(day.machines).toMatchObject([{ name: 'laptop', machine_name_id: expect.any(String) }, { name: 'mac' }]);
    expect(day.projects).toMatchObject([{ name: 'hub', color: null, percent: 50 }, { name: 'web' }]);
    // Each dependency gets the whole time, so percentages relate to the sum of dependencies.
    expect(day.dependencies).toMatchObject([
      { name: 'fs', total_seconds: 3_600, percent: 50 },
      { name: 'ws', total_seconds: 3_600, percent: 50 },
    ]);
    expect(day.grand_total).not.toHaveProperty('seconds');
    expect(day).not.toHaveProperty('entities');
  });

  test('of a project list its branches and entities', async () => {
    const answer = await testHub.get('summaries?start=today&end=today&project=web');
    expect(answer).toMatchObject({ available_branches: ['dev'], branches: [] });
    expect(answer.data[0]).toMatchObject({
      grand_total: { total_seconds: 3_600 },
      branches: [{ name: 'dev', total_seconds: 3_600 }],
      entities: [
        { name: '/home/ann/web/a.css', total_seconds: 2_700 },
        { name: '/home/ann/web/notes', total_seconds: 900 },
      ],
    });
    const other = await testHub.get('summaries?start=today&end=today&project=web&branches=main');
    expect(other.cumulative_total.seconds).toBe(0);
  });

  test('follow range, timezone, timeout and writes_only of the query', async () => {
    expect((await testHub.get('summaries?range=Last%207%20Days')).data).toHaveLength(7);
    expect((await testHub.get('summaries?range=last_7_days')).cumulative_total.seconds).toBe(10_800);
    expect((await testHub.get('summaries?start=today&end=today&timezone=Asia/Tokyo')).data[0].range).toMatchObject({
      date: '2026-01-05',
      start: '2026-01-04T15:00:00Z',
      timezone: 'Asia/Tokyo',
    });
    expect((await testHub.get('summaries?start=today&end=today&timeout=1')).cumulative_total.seconds).toBe(0);
    expect((await testHub.get('summaries?start=today&end=today&writes_only=true')).cumulative_total.seconds).toBe(
      59 * 60,
    );
  });

  test('of years are sent in pieces, with the same days and sums as those of a short span', async () => {
    const short = await testHub.get('summaries?start=2026-01-01&end=2026-01-05');
    const years = await testHub.get('summaries?start=2020-01-01&end=2026-01-05');
    expect(years.data).toHaveLength(2_197);
    expect(years.data.slice(-5)).toEqual(short.data);
    expect(years).toMatchObject({ cumulative_total: short.cumulative_total, end: short.end });
    expect(years.daily_average).toMatchObject({ days_including_holidays: 2_197, seconds: short.daily_average.seconds });
  });

  test.each([
    'summaries',
    'summaries?start=today',
    'summaries?start=2026-01-05&end=2026-01-04',
    'summaries?start=2026-13-01&end=today',
    'summaries?start=1990-01-01&end=today',
    'summaries?range=sometimes',
    'summaries?start=today&end=today&timezone=Nowhere',
    'summaries?start=today&end=today&timeout=-1',
    'durations',
    'durations?date=today&slice_by=mood',
    'heartbeats',
  ])('%s is refused with a reason', async (path) => {
    expect(await testHub.get(path, 400)).toEqual({ error: expect.any(String) });
  });
});

describe('stats', () => {
  test('of the last seven days end yesterday, unless is_including_today is set', async () => {
    const { data } = await testHub.get('stats/last_7_days');
    expect(data).toMatchObject({
      username: 'owner',
      range: 'last_7_days',
      human_readable_range: 'last week',
      start: '2025-12-29T00:00:00Z',
      end: '2026-01-04T23:59:59Z',
      timezone: 'UTC',
      timeout: 15,
      writes_only: false,
      project: null,
      status: 'ok',
      is_up_to_date: true,
      percent_calculated: 100,
      is_including_today: false,
      total_seconds: 3_600,
      holidays: 6,
      days_minus_holidays: 1,
    });
    expect((await testHub.get('stats/last_7_days?is_including_today=true')).data).toMatchObject({
      is_including_today: true,
      total_seconds: 9_900,
      total_seconds_including_other_language: 10_800,
      human_readable_total: '2 hrs 45 mins',
      human_readable_total_including_other_language: '3 hrs',
      daily_average: 4_950,
      daily_average_including_other_language: 5_400,
      best_day: { date: '2026-01-05', text: '2 hrs', total_seconds: 7_200 },
    });
    const wakapi = await testHub.ask('GET', '/api/compat/wakatime/v1/users/current/stats/last_7_days', {
      headers: basic(testHub.owner),
    });
    expect(JSON.parse(wakapi.body).data.is_including_today).toBe(true);
  });

  test('have every list, in the form of stats', async () => {
    const { data } = await testHub.get('stats/all_time');
    expect(data.languages[0]).toEqual({
      name: 'TypeScript',
      total_seconds: 7_200,
      hours: 2,
      minutes: 0,
      digital: '2:00',
      decimal: '2.00',
      text: '2 hrs',
      percent: 66.67,
    });
    for (const list of ['categories', 'projects', 'editors', 'operating_systems', 'dependencies', 'machines']) {
      expect(data[list].length).toBeGreaterThan(0);
    }
  });

  test.each([
    '2026',
    '2026-01',
    'last_30_days',
    'last_6_months',
    'last_year',
    'today',
    'any',
  ])('follow the range %s', async (range) => {
    expect((await testHub.get(`stats/${range}`)).data.total_seconds).toBeGreaterThanOrEqual(3_600);
  });

  test('of one project, one language, one machine', async () => {
    expect((await testHub.get('stats/all_time?project=web')).data).toMatchObject({
      project: 'web',
      total_seconds_including_other_language: 3_600,
    });
    expect((await testHub.get('stats/all_time?language=css')).data.total_seconds).toBe(2_700);
    expect((await testHub.get('stats/all_time?machine=mac')).data.total_seconds).toBe(2_700);
  });

  test('count the language "Other" as no language', async () => {
    await testHub.send([beat(now - 600, { language: 'Other' }), beat(now - 540, { language: 'Go' })]);
    const { data } = await testHub.get('stats/today');
    expect(data.languages).toMatchObject([
      { name: 'TypeScript' },
      { name: 'CSS' },
      { name: 'Other', total_seconds: 960 },
    ]);
    expect(data.total_seconds_including_other_language - data.total_seconds).toBe(960);
  });

  test('of 24 hours reach into yesterday', async () => {
    await testHub.send([beat(now - 86_430), beat(now - 86_370), beat(now - 86_340)]);
    for (const range of ['24_hours', 'last_day', 'Last 24 Hours']) {
      const { data } = await testHub.get(`stats/${encodeURIComponent(range)}`);
      expect(data).toMatchObject({
        range: 'last_24_hours',
        start: '2026-01-04T12:00:00Z',
        total_seconds_including_other_language: 7_200 + 60,
      });
    }
  });

  test('accept a time zone whose plus was not encoded', async () => {
    expect((await testHub.get('stats/today?timezone=Etc/GMT+5')).data.timezone).toBe('Etc/GMT+5');
  });

  test('of an unknown range are 404', async () => {
    expect(await testHub.get('stats/whenever', 404)).toEqual({ error: 'no such range' });
  });
});

describe('stats for strangers', () => {
  const asked = (path = 'owner/stats/last_7_days') => testHub.ask('GET', `/api/v1/users/${path}`);

  test('are 401 for a wrong key, whether anything is shared or not', async () => {
    const wrong = basic('00000000-0000-4000-8000-000000000000');
    const statuses = async (query: string, headers: Readonly<Record<string, string>>) =>
      Promise.all(
        ['', '/stats', '/stats/last_7_days'].map(
          async (path) => (await testHub.ask('GET', `/api/v1/users/owner${path}${query}`, { headers })).status,
        ),
      );
    expect(await statuses('', wrong)).toEqual([401, 401, 401]);
    await testHub.settle({ logged_time_public: true });
    expect(await statuses('?api_key=nonsense', {})).toEqual([401, 401, 401]);
    expect(await statuses('', {})).toEqual([200, 200, 200]);
  });

  test('are 403 while the account shares nothing', async () => {
    expect((await asked()).status).toBe(403);
    expect((await asked('nobody/stats')).status).toBe(404);
    expect((await asked('owner/summaries?range=today')).status).toBe(401);
  });

  test('have the shared lists; other lists are empty', async () => {
    await testHub.settle({ languages_used_public: true });
    const { data } = JSON.parse((await asked('owner/stats?is_including_today=true')).body);
    expect(data).toMatchObject({
      total_seconds: 0,
      human_readable_total: '',
      languages: [{ name: 'TypeScript' }, { name: 'CSS' }, { name: 'Other' }],
      projects: [],
      editors: [],
      machines: [],
      dependencies: [],
      is_language_usage_visible: true,
      is_coding_activity_visible: false,
    });
    expect(JSON.stringify(data)).not.toContain('laptop');
    await testHub.settle({ logged_time_public: true });
    expect(JSON.parse((await asked()).body).data).toMatchObject({ total_seconds: 3_600, languages: [] });
  });

  test('are 403 for a filter by a list that is not shared', async () => {
    await testHub.settle({ logged_time_public: true, languages_used_public: true });
    const statuses = ['language=css', 'project=web', 'branch=dev', 'entity=a', 'machine=mac', 'label=work'].map(
      async (filter) => (await asked(`owner/stats/last_7_days?${filter}`)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 403, 403, 403, 403, 403]);
  });
});

describe('durations', () => {
  const noLines = { ai_additions: 0, ai_deletions: 0, human_additions: 0, human_deletions: 0 };

  test('are blocks of projects', async () => {
    const answer = await testHub.get('durations?date=2026-01-05');
    expect(answer).toEqual({
      data: [
        expect.objectContaining({ project: 'hub', time: now - 4 * 3_600, duration: 3_600, color: null, ...noLines }),
        expect.objectContaining({ project: 'web', time: now - 3 * 3_600, duration: 3_600, color: null, ...noLines }),
      ],
      branches: ['dev', 'main'],
      color: null,
      start: '2026-01-05T00:00:00Z',
      end: '2026-01-05T23:59:59Z',
      timezone: 'UTC',
    });
  });

  test.each([
    ['entity', 'entity', ['/home/ann/hub/main.ts', '/home/ann/web/a.css', '/home/ann/web/notes']],
    ['language', 'language', ['TypeScript', 'CSS', 'Other']],
    ['editor', 'editor', ['VS Code', 'Vim', 'VS Code']],
    ['os', 'operating_system', ['Linux', 'Mac', 'Linux']],
    ['category', 'category', ['Coding', 'Writing Docs', 'Coding']],
    ['machine', 'machine', ['laptop', 'mac', 'laptop']],
    ['dependencies', 'dependencies', ['fs', 'ws']],
  ])('are sliced by %s', async (slice, field, values) => {
    const { data } = await testHub.get(`durations?date=today&slice_by=${slice}`);
    expect(data.map((one: Record<string, string>) => one[field])).toEqual(values);
  });

  test('of one project, or of its branches', async () => {
    expect((await testHub.get('durations?date=today&project=web')).data).toHaveLength(1);
    expect((await testHub.get('durations?date=today&project=web&branches=main')).data).toEqual([]);
  });

  test('name all branches of the day, however they are sliced', async () => {
    const each = ['one', 'two', 'three'].map((branch, index) =>
      beat(now - 300 + index * 60, { project: 'br', branch }),
    );
    await testHub.send(each);
    for (const slice of ['project', 'language', 'branch'])
      expect((await testHub.get(`durations?date=today&project=br&slice_by=${slice}`)).branches).toEqual([
        'one',
        'three',
        'two',
      ]);
    const some = await testHub.get('summaries?range=today&project=br&branches=one,%20three');
    expect(some).toMatchObject({ available_branches: ['one', 'two'], branches: ['one', 'three'] });
    expect(some.data[0].branches).toMatchObject([{ name: 'one', total_seconds: 60 }]);
  });
});

describe('heartbeats', () => {
  test('of a day have every documented key', async () => {
    const { data, start, end, timezone } = await testHub.get('heartbeats?date=yesterday');
    expect([data.length, start, end, timezone]).toEqual([61, '2026-01-04T00:00:00Z', '2026-01-04T23:59:59Z', 'UTC']);
    expect(data[0]).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      user_id: expect.any(String),
      user_agent_id: expect.any(String),
      machine_name_id: expect.any(String),
      entity: '/home/ann/hub/main.ts',
      type: 'file',
      category: 'coding',
      time: now - 26 * 3_600,
      branch: 'main',
      cursorpos: null,
      dependencies: ['fs', 'ws'],
      is_write: false,
      created_at: '2026-01-05T12:00:00Z',
    });
  });

  test('no longer count when they are deleted, and only those of the day are deleted', async () => {
    const { data } = await testHub.get('heartbeats?date=today');
    const ids = data.map(({ id }: { id: string }) => id);
    const remove = (date: string) =>
      testHub.ask('DELETE', '/api/v1/users/current/heartbeats.bulk', {
        body: { date, ids },
        headers: basic(testHub.owner),
      });
    expect((await remove('2026-01-04')).status).toBe(200);
    expect((await testHub.get('statusbar/today')).data.grand_total.total_seconds).toBe(7_200);
    expect(await remove('2026-01-05')).toMatchObject({ status: 200, body: '{"data":{}}' });
    expect((await remove('2026-01-05')).status).toBe(200);
    expect((await testHub.get('statusbar/today')).data.grand_total.total_seconds).toBe(0);
    expect((await testHub.get('stats/all_time')).data.total_seconds).toBe(3_600);
    expect((await testHub.get('projects')).data.map(({ name }: { name: string }) => name)).toEqual(['hub']);
  });

  test('count the same when they arrive late', async () => {
    const before = await testHub.get('summaries?start=yesterday&end=today');
    const late = Array.from({ length: 30 }, (_, index) =>
      beat(now - 25 * 3_600 + 30 + index * 60, { project: 'hub', language: 'Go' }),
    );
    await testHub.send([...late].reverse());
    const after = await testHub.get('summaries?start=yesterday&end=today');
    expect(after.data[0].languages).toMatchObject([
      { name: 'TypeScript', total_seconds: 3_630 },
      { name: 'Go', total_seconds: 1_740 },
    ]);
    expect(after.data[1]).toEqual(before.data[1]);
  });
});

describe('the lists of an account', () => {
  test('have projects, the newest first', async () => {
    const answer = await testHub.get('projects');
    expect(answer).toMatchObject({ total: 2, total_pages: 1, page: 1, next_page: null, prev_page: null });
    expect(answer.data[0]).toMatchObject({
      name: 'web',
      url: '/projects/web',
      urlencoded_name: 'web',
      repository: null,
      first_heartbeat_at: '2026-01-05T09:00:00Z',
      last_heartbeat_at: '2026-01-05T10:00:00Z',
      human_readable_last_heartbeat_at: '2 hours ago',
    });
    expect((await testHub.get('projects?q=HU')).data).toMatchObject([{ name: 'hub' }]);
    expect((await testHub.get('projects?page=2')).data).toEqual([]);
  });

  test('have one project by its encoded name', async () => {
    await testHub.send([beat(now, { project: 'a/b c' })]);
    expect((await testHub.get(`projects/${encodeURIComponent('a/b c')}`)).data.name).toBe('a/b c');
    expect(await testHub.get('projects/none', 404)).toEqual({ error: 'no such project' });
  });

  test('tell browser extensions and desktop programs from plugins of editors', async () => {
    const agents = [
      'Chrome/114.0.0.0 linux_x86-64 chrome-wakatime/3.0.17',
      'wakatime/v1.90.0 (darwin-25.0.0-arm64) go1.24.4 Chrome/120.0 macos-wakatime/5.27.2',
    ];
    await testHub.send(agents.map((agent, index) => beat(now + index, { user_agent: agent })));
    expect((await testHub.get('user_agents')).data.slice(0, 2)).toMatchObject([
      { value: agents[1], editor: 'Chrome', is_browser_extension: false, is_desktop_app: true },
      { value: agents[0], editor: 'Chrome', is_browser_extension: true, is_desktop_app: false },
    ]);
  });

  test('have machines, plugins and languages, in pages', async () => {
    expect(await testHub.get('machine_names')).toMatchObject({
      data: [{ name: 'laptop', value: 'laptop', last_seen_at: '2026-01-05T10:00:00Z' }, { name: 'mac' }],
      total_pages: 1,
    });
    expect(await testHub.get('user_agents')).toMatchObject({
      data: [
        { editor: 'VS Code', os: 'Linux', version: '24.6.2', is_browser_extension: false, is_desktop_app: false },
        { value: mac, editor: 'Vim', os: 'Mac' },
      ],
      total_pages: 1,
    });
    expect((await testHub.get('languages')).data).toMatchObject([{ name: 'CSS' }, { name: 'TypeScript' }]);
  });

  test('have the account itself', async () => {
    await testHub.settle({ timezone: 'Europe/Berlin', timeout: 10, full_name: 'Ann Example' });
    const { data } = await testHub.get('');
    expect(data).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      username: 'owner',
      display_name: 'Ann Example',
      timezone: 'Europe/Berlin',
      timeout: 10,
      last_heartbeat_at: '2026-01-05T10:00:00Z',
      last_plugin_name: 'VS Code',
      last_project: 'web',
      last_branch: 'dev',
      plan: 'premium',
      has_premium_features: true,
    });
    const byId = await testHub.ask('GET', `/api/v1/users/${data.id}`, { headers: basic(testHub.owner) });
    expect(JSON.parse(byId.body).data.username).toBe('owner');
  });

  test('have the total of all time', async () => {
    expect((await testHub.get('all_time_since_today')).data).toEqual({
      decimal: '3.00',
      digital: '3:00',
      text: '3 hrs',
      total_seconds: 10_800,
      daily_average: 5_400,
      is_up_to_date: true,
      percent_calculated: 100,
      timeout: 15,
      writes_only: false,
      range: {
        start: '2026-01-04T00:00:00Z',
        start_date: '2026-01-04',
        start_text: 'Sun Jan 4th 2026',
        end: '2026-01-05T23:59:59Z',
        end_date: '2026-01-05',
        end_text: 'Mon Jan 5th 2026',
        timezone: 'UTC',
      },
    });
    expect((await testHub.get('all_time_since_today?project=web')).data.total_seconds).toBe(3_600);
  });

  test('have the time of a file', async () => {
    const ask = (entity: string) =>
      testHub.ask('POST', '/api/v1/users/current/file_experts', {
        body: { entity, project: 'hub' },
        headers: basic(testHub.owner),
      });
    const answer = await ask('/home/ann/web/a.css');
    expect(JSON.parse(answer.body).data).toEqual([
      {
        user: { id: expect.any(String), is_current_user: true, long_name: '@owner', name: 'owner' },
        total: { decimal: '0.75', digital: '0:45', text: '45 mins', total_seconds: 2_700 },
      },
    ]);
    expect(JSON.parse((await ask('/nowhere')).body).data[0].total).toEqual({
      decimal: '0.00',
      digital: '0:00',
      text: '0 secs',
      total_seconds: 0,
    });
  });
});

describe('the persisted index', () => {
  test('gives the same answers after a restart', async () => {
    const paths = ['summaries?range=last_7_days', 'stats/all_time', 'durations?date=today', 'projects'];
    const before = [];
    for (const path of paths) before.push(await testHub.get(path));
    await testHub.listening.close();
    testHub = await openTestHub({ store: testHub.hub.store, world: testHub.world, owner: testHub.owner });
    for (const [index, path] of paths.entries()) expect(await testHub.get(path)).toEqual(before[index]);
  });

  test('is not awaited for today while it is being rebuilt', async () => {
    const { world } = testHub;
    const { store } = testHub.hub;
    let read = () => {};
    const waiting = new Promise<void>((resolve) => {
      read = resolve;
    });
    const before = await testHub.get('statusbar/today');
    await testHub.listening.close();
    // The store delays reads of old data until the test releases them.
    const slow = forwardStore(store, {
      since: async (channel, ...rest) => {
        if (channel === 'owner/wakatime') await waiting;
        return store.since(channel, ...rest);
      },
    });
    testHub = await openTestHub({ store: slow, world, owner: testHub.owner });
    expect(await testHub.get('statusbar/today')).toEqual(before);
    await testHub.send([beat(now - 30), beat(now)]);
    expect((await testHub.get('statusbar/today')).data.grand_total.total_seconds).toBe(7_230);
    read();
    expect((await testHub.get('stats/all_time')).data.total_seconds_including_other_language).toBe(10_830);
    await testHub.send([beat(now + 60)]);
    expect((await testHub.get('statusbar/today')).data.grand_total.total_seconds).toBe(7_290);
  });

  test('contains only heartbeats', async () => {
    const guest = await testHub.socket();
    for (const item of [{}, 'text', { entity: 5 }, { entity: 'x', type: 'file', category: 'coding' }]) {
      guest.send(
        JSON.stringify({
          type: 'create',
          channel: 'wakatime',
          key: JSON.stringify(item),
          item,
          time: now * 1_000_000,
          ref: 1,
        }),
      );
      await guest.messages.next();
    }
    guest.end();
    expect((await testHub.get('heartbeats?date=today')).data).toHaveLength(122);
    expect((await testHub.get('statusbar/today')).data.grand_total.total_seconds).toBe(7_200);
  });
});
