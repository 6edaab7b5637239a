// Reports of a whole hub: time goes in through the adapters' routes, and comes out as JSON and CSV.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DayHub } from '../../harness/day-hub.ts';

let hub: DayHub;
const minute = 60_000_000;

beforeEach(async () => {
  hub = await DayHub.start();
});

afterEach(async () => {
  await hub.close();
});

const span = 'from=2026-11-28&to=2026-11-28';
const entry = (key: string, from: string, to: string, item: object) =>
  hub.write({ type: 'create', channel: 'entries', key, item, time: hub.us(from), end: hub.us(to) });
const settings = (key: string, item: object) => hub.write({ type: 'create', channel: 'settings', key, item });

async function fillDay(): Promise<void> {
  await hub.events('aw-watcher-window_laptop', 'currentwindow', [['09:00', '11:00', { app: 'code', title: 'a' }]]);
  await hub.heartbeats('09:05', '09:55', 2, { project: 'horai' });
  await hub.write({
    type: 'create',
    channel: 'tasks',
    key: 't1',
    item: { id: 1, desc: 'mend the =door @shop', tags: ['call'], start: [hub.ms('09:55')], stop: [hub.ms('10:17')] },
  });
  await entry('e1', '10:20', '10:31', { project: 'paper', text: 'review', tags: ['draft'] });
  await entry('e2', '10:40', '10:45', { project: 'paper', tags: ['draft'] });
  hub.moveTo('12:00');
}

async function csv(path: string): Promise<{ readonly head: string; readonly text: string }> {
  const answer = await fetch(new URL(path, hub.node.hub.url));
  return { head: `${answer.status} ${answer.headers.get('content-type')}`, text: await answer.text() };
}

describe('GET /-/report', () => {
  test('[Y6] sums are those of the merged day to the microsecond, whatever the groups', async () => {
    await fillDay();
    const day = await hub.day();
    const byProject = Object.fromEntries(day.projects.map(({ project, time }) => [String(project), time]));
    for (const by of ['project', 'task', 'tag', 'day', 'person', 'day,project,task,tag', '']) {
      const { total, rows } = await hub.get(`/-/report?${span}&by=${by}`);
      expect([by, total.time, total.rounded, total.rounding]).toEqual([by, day.total, day.total, 'none']);
      expect(rows.reduce((sum: number, { time }: { time: number }) => sum + time, 0)).toBe(day.total);
    }
    const { rows } = await hub.get(`/-/report?${span}`);
    expect(
      Object.fromEntries(rows.map((row: { project: string; time: number }) => [String(row.project), row.time])),
    ).toEqual(byProject);
  });

  test('groups by tasks with their titles, and by the tags of tasks and entries', async () => {
    await fillDay();
    const tasks = await hub.get(`/-/report?${span}&by=task`);
    expect(tasks.rows[1]).toMatchObject({
      task: { key: 't1', id: 1, title: 'mend the =door @shop' },
      time: 22 * minute,
    });
    const tags = await hub.get(`/-/report?${span}&by=tag`);
    expect(tags.rows.slice(1)).toMatchObject([
      { tag: ['call'], time: 22 * minute },
      { tag: ['draft'], time: 16 * minute },
    ]);
  });

  test('rounds as the account says, a project for itself, and its parent’s for a project without', async () => {
    await fillDay();
    await settings('report', {
      rate: { amount: 60, currency: 'EUR' },
      rounding: { minutes: 15, to: 'up', per: 'day' },
    });
    await hub.write({
      type: 'create',
      channel: 'projects',
      key: 'press',
      item: { rounding: { minutes: 10, to: 'up', per: 'entry' }, rate: { amount: 90, currency: 'USD' } },
    });
    await hub.write({ type: 'create', channel: 'projects', key: 'paper', item: { parent: 'press' } });
    const { rows, total } = await hub.get(`/-/report?${span}`);
    const paper = rows.find(({ project }: { project: string }) => project === 'paper');
    expect(paper).toMatchObject({
      time: 16 * minute,
      rounded: 30 * minute,
      rounding: 'up to 10 min per entry',
      amounts: [{ currency: 'USD', amount: 45 }],
    });
    const shop = rows.find(({ project }: { project: string }) => project === 'shop');
    expect([shop.rounded / minute, shop.amounts]).toEqual([30, [{ currency: 'EUR', amount: 30 }]]);
    expect(total.rounding).toContain('paper: up to 10 min per entry');
    const exact = await hub.get(`/-/report?${span}&round=none`);
    expect([exact.total.rounded, exact.total.rounding]).toEqual([exact.total.time, 'none']);
    const other = await hub.get(`/-/report?${span}&project=paper&round=nearest&minutes=30&per=day`);
    expect(other.total).toMatchObject({ rounded: 30 * minute, rounding: 'to the nearest 30 min per day' });
  });

  test('filters by project, task and tag', async () => {
    await fillDay();
    const minutes = async (filter: string) => (await hub.get(`/-/report?${span}&${filter}`)).total.time / minute;
    expect(await minutes('project=paper')).toBe(16);
    expect(await minutes('task=1')).toBe(22);
    expect(await minutes('tag=draft')).toBe(16);
  });

  test('shows other people to administrators alone', async () => {
    await fillDay();
    await hub.write({ type: 'account', name: 'ben' });
    const { secret } = await hub.write({
      type: 'token',
      do: 'create',
      account: 'ben',
      scopes: ['read', 'write'],
      name: 'b',
    });
    const headers = { authorization: `Bearer ${secret}` };
    await hub.post(
      '/-/entries',
      { do: 'add', from: hub.us('09:00'), to: hub.us('09:30'), item: { project: 'ben' } },
      headers,
    );
    const all = await hub.get(`/-/report?${span}&people=*&by=person`);
    expect(all.rows.map(({ person, time }: { person: string; time: number }) => [person, time / minute])).toEqual([
      ['ben', 30],
      ['owner', (await hub.day()).total / minute],
    ]);
    const { hint } = await hub.get(`/-/report?${span}&people=owner`, 403, headers);
    expect(hint).toBe('people other than yourself need the scope admin');
    const own = await hub.get(`/-/report?${span}&people=ben`, 200, headers);
    expect(own.people).toEqual(['ben']);
    await hub.get(`/-/report?${span}&people=nobody`, 404);
  });

  test('of a token for some channels is made of those, without titles, tags and rates that it may not read', async () => {
    await fillDay();
    await settings('report', { rate: { amount: 60, currency: 'EUR' } });
    const { secret } = await hub.write({ type: 'token', scopes: ['read:entries'], name: 'e' });
    const report = await hub.get(`/-/report?${span}&by=tag`, 200, { authorization: `Bearer ${secret}` });
    expect([report.total.time / minute, report.total.amounts]).toEqual([16, []]);
    expect(report.without).toEqual(['aw/*', 'tasks', 'wakatime']);
  });

  test.each([
    ['from=2026-13-01&to=today', 'from'],
    ['from=2026-11-28&to=2026-11-27', 'to'],
    [`${span}&by=hour`, 'by'],
    [`${span}&by=day,day`, 'by'],
    [`${span}&round=sideways`, 'round'],
    [`${span}&minutes=15`, 'round'],
    ['from=2010-01-01&to=2026-11-28', 'to'],
    ['from=2024-01-01&to=2026-11-28&by=tag', 'to'],
  ])('refuses %s', async (query, field) => {
    const { code, error } = await hub.get(`/-/report?${query}`, 400);
    expect([code, error]).toEqual(['property', `invalid ${field}`]);
  });
});

describe('GET /-/report.csv', () => {
  test('is a line for each row, with exact seconds, rounded hours, the rounding and a column for each currency', async () => {
    await fillDay();
    await settings('report', { rate: { amount: 60, currency: 'EUR' }, rounding: { minutes: 15, to: 'up' } });
    const { head, text } = await csv(`/-/report.csv?${span}&by=day,project&project=paper`);
    expect(head).toBe('200 text/csv; charset=utf-8');
    expect(text).toBe(
      'day,project,seconds,rounded_seconds,rounded_hours,rounding,amount_EUR\r\n' +
        '2026-11-28,paper,960,1800,0.5000,up to 15 min per day,30.00\r\n',
    );
  });

  test('makes formulas harmless, and keeps every script', async () => {
    for (const [index, project] of ['=1+1', '+1', '-1', '@sum', '\tx', '\rx', '时间,"日"'].entries()) {
      await entry(`f${index}`, `09:0${index}`, `09:0${index + 1}`, { project });
    }
    const { text } = await csv(`/-/report.csv?${span}`);
    const cells = text
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.slice(0, line.lastIndexOf(',60,60,')));
    expect(cells.sort()).toEqual(['"\'\rx"', '"时间,""日"""', "'\tx", "'+1", "'-1", "'=1+1", "'@sum"].sort());
  });
});
