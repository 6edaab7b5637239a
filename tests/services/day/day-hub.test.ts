// Days of a whole hub: evidence goes in through the adapters' routes, and the merged day comes out over HTTP.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DayHub } from '../../harness/day-hub.ts';

let hub: DayHub;

beforeEach(async () => {
  hub = await DayHub.start();
});

afterEach(async () => {
  await hub.close();
});

/** Minutes by project. */
const minutes = (day: { projects: readonly { project: string | null; time: number }[] }) =>
  Object.fromEntries(day.projects.map(({ project, time }) => [String(project), time / 60_000_000]));

describe('the merged day of a hub', () => {
  test('[Y2] [Y5] is made of windows, absence, heartbeats, tasks and entries, each second once', async () => {
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['09:00', '11:00', { app: 'code', title: 'a' }]]);
    await hub.events('aw-watcher-afk_laptop', 'afkstatus', [['10:00', '10:20', { status: 'afk' }]]);
    await hub.heartbeats('09:05', '09:55', 2, { project: 'horai' });
    await hub.heartbeats('10:25', '10:51', 2, { project: 'horai' });
    await hub.write({
      type: 'create',
      channel: 'tasks',
      key: 't1',
      item: { id: 1, desc: 'mend @shop', start: [hub.ms('09:00')], stop: [hub.ms('10:30')] },
    });
    await hub.write({
      type: 'create',
      channel: 'entries',
      key: 'e1',
      item: { project: 'paper' },
      time: hub.us('10:50'),
      end: hub.us('11:00'),
    });
    const day = await hub.day();
    expect(day.total / 60_000_000).toBe(100);
    expect(minutes(day)).toEqual({ shop: 70, horai: 20, paper: 10 });
    expect(day.segments.every(({ evidence }) => evidence.length > 0)).toBe(true);
    expect(day.without).toEqual([]);
  });

  test('[Y9] late, changed and deleted evidence changes the answer at once', async () => {
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['09:00', '10:00', { app: 'code' }]]);
    expect((await hub.day()).total / 60_000_000).toBe(60);
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['12:00', '12:30', { app: 'code' }]]);
    expect((await hub.day()).total / 60_000_000).toBe(90);
    await hub.write({
      type: 'create',
      channel: 'entries',
      key: 'gone',
      item: { removes: true },
      time: hub.us('09:00'),
      end: hub.us('09:30'),
    });
    expect((await hub.day()).total / 60_000_000).toBe(60);
    await hub.write({ type: 'delete', channel: 'entries', key: 'gone' });
    expect((await hub.day()).total / 60_000_000).toBe(90);
  });

  test('[Y7] agents are recognised by their user agent and their bucket, and never count as the person', async () => {
    await hub.events('aw-watcher-afk_laptop', 'afkstatus', [
      ['10:00', '10:20', { status: 'not-afk' }],
      ['10:20', '11:40', { status: 'afk' }],
      ['11:40', '12:00', { status: 'not-afk' }],
    ]);
    await hub.heartbeats(
      '10:00',
      '12:00',
      5,
      { project: 'horai', category: 'ai coding' },
      'wakatime/v1.90.0 (linux-6.1.0-x86_64) go1.22.5 claude-code/1.0 claude-code-wakatime/1.0.0',
    );
    const day = await hub.day();
    expect([day.human, day.agent, day.agent_wall, day.attended].map((time) => time / 60_000_000)).toEqual([
      40, 120, 120, 40,
    ]);
    await hub.events('aw-watcher-codex_laptop', 'app.agent.activity', [
      ['10:00', '12:00', { session: 's1', project: '/src/horai' }],
    ]);
    const two = await hub.day();
    expect([two.human, two.agent, two.agent_wall].map((time) => time / 60_000_000)).toEqual([40, 240, 120]);
  });

  test('a task that has only active and worktime is read from the history of its channel', async () => {
    hub.moveTo('09:00');
    await hub.write({
      type: 'create',
      channel: 'tasks',
      key: 't1',
      item: {
        id: 1,
        desc: 'write @paper',
        tags: [],
        active: hub.s('09:00'),
        last_active: 0,
        worktime: 0,
        due: 0,
        done: 0,
      },
    });
    hub.moveTo('09:30');
    expect(minutes(await hub.day())).toEqual({ paper: 30 });
    hub.moveTo('09:45');
    await hub.write({
      type: 'update',
      channel: 'tasks',
      key: 't1',
      item: {
        id: 1,
        desc: 'write @paper',
        tags: [],
        active: 0,
        last_active: hub.s('09:40'),
        worktime: 2_400,
        due: 0,
        done: 0,
      },
    });
    hub.moveTo('11:00');
    const day = await hub.day();
    expect(minutes(day)).toEqual({ paper: 40 });
    expect(day.tasks).toEqual([{ key: 't1', time: 40 * 60_000_000 }]);
  });

  test('[Y8] begins at the start in the settings, and in the zone of the request if it names one', async () => {
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['01:00', '05:00', { app: 'code' }]]);
    await hub.write({
      type: 'create',
      channel: 'settings',
      key: 'day',
      item: { zone: 'Europe/Berlin', day_start: '04:00' },
    });
    const day = await hub.day();
    expect([day.zone, day.from, day.total / 3_600_000_000]).toEqual(['Europe/Berlin', hub.us('03:00'), 2]);
    expect((await hub.day('?zone=UTC')).total / 3_600_000_000).toBe(1);
    expect(await hub.get('/-/day/2026-11-28?zone=Mars', 400)).toMatchObject({ error: 'invalid zone' });
    expect(await hub.get('/-/day/2026-02-30', 400)).toMatchObject({ error: 'invalid date' });
  });

  test('an edited rule changes the past, and its revert brings the same answer back', async () => {
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [
      ['09:00', '10:00', { app: 'code', title: 'day.ts — horai' }],
    ]);
    const { seq } = await hub.write({
      type: 'create',
      channel: 'rules',
      key: 'r1',
      item: { when: { title: { matches: 'h[o0]rai$' } }, project: 'horai' },
    });
    const before = await hub.day();
    expect(minutes(before)).toEqual({ horai: 60 });
    await hub.write({
      type: 'update',
      channel: 'rules',
      key: 'r1',
      item: { when: { app: { is: 'Code' } }, project: 'other' },
    });
    expect(minutes(await hub.day())).toEqual({ other: 60 });
    expect((await hub.get('/-/days?from=2026-11-28&to=2026-11-28')).days[0].projects[0].project).toBe('other');
    await hub.write({ type: 'revert', channel: 'rules', to: seq });
    expect(JSON.stringify(await hub.day())).toBe(JSON.stringify(before));
    await hub.write({ type: 'create', channel: 'projects', key: 'Horai', item: { aliases: ['horai'] } });
    expect(minutes(await hub.day())).toEqual({ Horai: 60 });
  });

  test('a malformed rule, entry, project or setting is refused with the right form', async () => {
    const refused = (message: object) => hub.refusal({ type: 'create', key: 'k', ...message });
    expect(await refused({ channel: 'rules', item: { when: {}, project: 'x' } })).toMatchObject({
      error: 'invalid item',
    });
    expect(await refused({ channel: 'rules', item: { when: { app: { matches: '(' } }, project: 'x' } })).toMatchObject({
      hint: '( is no pattern that RE2 knows, or a very large one',
    });
    expect(await refused({ channel: 'entries', item: { project: 'x' } })).toMatchObject({ error: 'invalid item' });
    expect(await refused({ channel: 'projects', item: { color: 'red' } })).toMatchObject({ error: 'invalid item' });
    expect(
      await hub.refusal({ type: 'create', channel: 'settings', key: 'day', item: { day_start: '25:00' } }),
    ).toMatchObject({ error: 'invalid item' });
    expect(await refused({ channel: 'day/2026-11-28', item: {} })).toMatchObject({ error: 'forbidden' });
  });

  test('a token for tasks alone gets a day made of tasks alone, and the answer lists what is missing', async () => {
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['09:00', '11:00', { app: 'code' }]]);
    await hub.write({
      type: 'create',
      channel: 'tasks',
      key: 't1',
      item: { id: 1, desc: 'x', start: [hub.ms('09:00')], stop: [hub.ms('09:30')] },
    });
    const { secret } = await hub.write({ type: 'token', name: 'tasks', scopes: ['read:tasks'] });
    const headers = { authorization: `Bearer ${secret}` };
    const day = await hub.get('/-/day/2026-11-28', 200, headers);
    expect([day.total / 60_000_000, day.without]).toEqual([30, ['aw/*']]);
    expect(JSON.stringify(day)).not.toContain('laptop');
    const { days, without } = await hub.get('/-/days?from=2026-11-28&to=2026-11-28', 200, headers);
    expect([days[0].total / 60_000_000, without]).toEqual([30, ['aw/*']]);
    const other = await hub.write({ type: 'token', name: 'notes', scopes: ['read:notes'] });
    await hub.get('/-/day/2026-11-28', 403, { authorization: `Bearer ${other.secret}` });
  });

  test('sums over days equal the days’ answers, also after evidence of a past day changed', async () => {
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['09:00', '10:00', { app: 'code' }]]);
    hub.moveTo('09:00', 40);
    const totals = async () => {
      const { days } = await hub.get('/-/days?from=2026-11-27&to=2026-11-29');
      return days.map(({ total }: { total: number }) => total / 60_000_000);
    };
    expect(await totals()).toEqual([0, 60, 0]);
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['11:00', '11:15', { app: 'code' }]]);
    expect(await totals()).toEqual([0, 75, 0]);
    await hub.write({
      type: 'create',
      channel: 'entries',
      key: 'e',
      item: { project: 'x' },
      time: hub.us('12:00'),
      end: hub.us('12:10'),
    });
    expect(await totals()).toEqual([0, 85, 0]);
    await hub.write({ type: 'create', channel: 'settings', key: 'day', item: { zone: 'Pacific/Kiritimati' } });
    expect(await totals()).toEqual([0, 60, 25]);
  });

  test('the rhythm of a span has the time of its days by weekday and hour, by the clock of the person', async () => {
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['09:30', '11:15', { app: 'code' }]]);
    hub.moveTo('09:00', 40);
    const hours = async (headers: Record<string, string> = {}) => {
      const answer = await hub.get('/-/rhythm?from=2026-11-23&to=2026-11-29', 200, headers);
      const weekdays: readonly (readonly number[])[] = answer.weekdays;
      const rows = weekdays.flatMap((row, weekday) =>
        row.flatMap((time, hour) => (time > 0 ? [[weekday, hour, time / 60_000_000]] : [])),
      );
      return { rows, without: answer.without };
    };
    // A Saturday.
    const expected = [
      [5, 9, 30],
      [5, 10, 60],
      [5, 11, 15],
    ];
    expect(await hours()).toEqual({ rows: expected, without: [] });
    // The second answer is that of the kept day.
    expect((await hours()).rows).toEqual(expected);
    const { secret } = await hub.write({ type: 'token', name: 'tasks', scopes: ['read:tasks'] });
    expect(await hours({ authorization: `Bearer ${secret}` })).toEqual({ rows: [], without: ['aw/*'] });
    expect(await hub.get('/-/rhythm?from=2026-11-23&to=x', 400)).toMatchObject({
      hint: expect.stringContaining('YYYY'),
    });
    await hub.write({ type: 'create', channel: 'settings', key: 'day', item: { zone: 'Asia/Kolkata' } });
    expect((await hours()).rows).toEqual([
      [5, 15, 60],
      [5, 16, 45],
    ]);
  });

  test('a note on a cell of a week is text under a date and a project', async () => {
    const create = (key: string, item: object) => ({ type: 'create', channel: 'day_notes', key, item });
    await hub.write(create('2026-11-28 ledger of ö', { text: 'prepared the workshop' }));
    await hub.write(create('2026-11-28', { text: 'unassigned' }));
    for (const [key, item] of [
      ['ledger', { text: 'x' }],
      ['2026-11-29 ledger', { text: '' }],
      ['2026-11-29 ledger', { note: 'x' }],
    ] as const) {
      expect(await hub.refusal(create(key, item))).toMatchObject({
        error: 'invalid item',
        hint: expect.stringContaining('2026-11-28 <project>'),
      });
    }
  });

  test('[Y9] a follower of a day gets late evidence, at most once a second', async () => {
    const follower = await hub.follow('day/2026-11-28');
    expect((await follower.next()).item).toMatchObject({ total: 0 });
    hub.world.pass(1_000);
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['09:00', '10:00', { app: 'code' }]]);
    hub.world.pass(1_000);
    expect((await follower.next()).item.total / 60_000_000).toBe(60);
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['10:00', '10:10', { app: 'code' }]]);
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['10:10', '10:20', { app: 'code' }]]);
    hub.world.pass(1_000);
    expect((await follower.next()).item.total / 60_000_000).toBe(80);
    await follower.close();
  });
});

describe('time stated by hand', () => {
  test('one write splits an entry, and one revert undoes it', async () => {
    await hub.post('/-/entries', { do: 'add', from: hub.us('09:00'), to: hub.us('10:00'), item: { project: 'paper' } });
    const [{ key }] = (await hub.write({ type: 'read-all', channel: 'entries' })).items;
    const split = await hub.post('/-/entries', { do: 'split', key, at: hub.us('09:20') });
    expect(split).toMatchObject({ undo: 1, keys: [key, expect.any(String)] });
    expect((await hub.write({ type: 'read-all', channel: 'entries' })).items).toHaveLength(2);
    await hub.write({ type: 'revert', channel: 'entries', to: 1 });
    expect((await hub.write({ type: 'read-all', channel: 'entries' })).items).toMatchObject([
      { key, end: hub.us('10:00') },
    ]);
    expect(await hub.post('/-/entries', { do: 'split', key, at: 5 }, {}, 400)).toMatchObject({ error: 'invalid at' });
    expect(await hub.post('/-/entries', { do: 'nothing' }, {}, 400)).toMatchObject({ error: 'invalid payload' });
  });

  test('a preview shows what a rule would change, and changes nothing', async () => {
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [
      ['06:00', '06:30', { app: 'code', title: 'a' }],
      ['06:30', '07:00', { app: 'vim', title: 'b' }],
    ]);
    const before = await hub.day();
    const put = { r1: { when: { app: { matches: '^co' } }, project: 'horai' } };
    const preview = await hub.post('/-/rules/preview', { put });
    expect(preview).toMatchObject({
      segments: 1,
      minutes: 30,
      examples: [{ before: null, after: 'horai', rule: 'r1' }],
    });
    expect(await hub.day()).toEqual(before);
    await hub.write({ type: 'create', channel: 'rules', key: 'r1', item: put.r1 });
    expect(minutes(await hub.day())).toEqual({ horai: 30, null: 30 });
  });

  test('projects are merged by one write, and the past follows', async () => {
    await hub.heartbeats('06:00', '06:20', 2, { project: 'shop-old' });
    expect(minutes(await hub.day())).toEqual({ 'shop-old': 20 });
    await hub.post('/-/projects', { do: 'merge', from: ['shop-old'], into: 'shop' });
    expect(minutes(await hub.day())).toEqual({ shop: 20 });
  });

  test('classes of ActivityWatch are imported as rules, again without a change', async () => {
    await hub.post('/api/0/settings/classes', [{ name: ['Work', 'Code'], rule: { type: 'regex', regex: 'code|vim' } }]);
    expect(await hub.post('/-/rules/import', { from: 'activitywatch' })).toMatchObject({ skipped: [], seq: 2 });
    expect(await hub.post('/-/rules/import', { from: 'activitywatch' })).toMatchObject({ seq: 2 });
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['06:00', '06:30', { app: 'Code', title: 'a' }]]);
    expect((await hub.day()).segments).toMatchObject([{ project: 'Code', category: 'Work > Code' }]);
  });
});
