// Weeks that a person submitted: their time does not change, edits are refused with a sentence, and an administrator returns them with a
// reason. 2026-11-28 is in the week 2026-W48.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { datesOfWeek, weekOfDate } from '../../../server/day/weeks/calendar-week.ts';
import { DayHub } from '../../harness/day-hub.ts';
import { eventually } from '../../harness/eventually.ts';

let hub: DayHub;
const minute = 60_000_000;
const week = '2026-W48';
const sentence = 'the week 2026-W48 was submitted: an administrator can return it';

beforeEach(async () => {
  hub = await DayHub.start();
  await hub.events('aw-watcher-window_laptop', 'currentwindow', [['10:00', '11:00', { app: 'code', title: 'a' }]]);
  await hub.post('/-/entries', {
    do: 'add',
    from: hub.us('09:00'),
    to: hub.us('09:30'),
    item: { project: 'paper' },
  });
  hub.moveTo('08:00', 2);
  await hub.write({ type: 'ping' });
});

afterEach(async () => {
  await hub.close();
});

const submit = (headers = {}, status = 200) => hub.post('/-/weeks', { do: 'submit', week }, headers, status);
const giveBack = (reason = 'Tuesday is missing', headers = {}, status = 200) =>
  hub.post('/-/weeks', { do: 'return', week, account: 'owner', reason }, headers, status);
const minutes = async () => (await hub.day()).total / minute;
const summed = async () => (await hub.get('/-/days?from=2026-11-28&to=2026-11-28')).days[0];
const firstEntry = async (): Promise<{ readonly key: string }> =>
  (await hub.write({ type: 'read-all', channel: 'entries' })).items[0];
const rule = { when: { app: { is: 'code' } }, project: 'horai' };

async function bearer(scopes: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const { secret } = await hub.write({ type: 'token', name: scopes.join(), scopes });
  return { authorization: `Bearer ${secret}` };
}

describe('a submitted week', () => {
  test('is listed over HTTP and the wire, with its total', async () => {
    await submit();
    const { weeks } = await hub.get('/-/weeks');
    const item = { state: 'submitted', by: 'owner', total: 90 * minute };
    expect(weeks).toMatchObject([{ week, from: '2026-11-23', to: '2026-11-29', ...item }]);
    const { items } = await hub.write({ type: 'read-all', channel: 'submitted_weeks' });
    expect(items).toMatchObject([{ key: week, item }]);
  });

  test('refuses edits of its entries and notes with a sentence, by every way', async () => {
    const { key } = await firstEntry();
    await submit();
    const span = { time: hub.us('12:00'), end: hub.us('12:30') };
    const refused = { code: 'protected', hint: sentence };
    const item = { project: 'x' };
    expect(await hub.refusal({ type: 'create', channel: 'entries', item, ...span })).toMatchObject(refused);
    expect(await hub.refusal({ type: 'delete', channel: 'entries', key })).toMatchObject(refused);
    expect(await hub.refusal({ type: 'write-all', channel: 'entries', items: [] })).toMatchObject(refused);
    expect(await hub.refusal({ type: 'revert', channel: 'entries', to: 0 })).toMatchObject(refused);
    const note = { type: 'create', channel: 'day_notes', key: '2026-11-28 paper', item: { text: 'late' } };
    expect(await hub.refusal(note)).toMatchObject(refused);
    for (const edit of [
      { do: 'add', from: hub.us('12:00'), to: hub.us('12:30'), item },
      { do: 'move', key, from: hub.us('36:00'), to: hub.us('36:30') },
      { do: 'split', key, at: hub.us('09:10') },
      { do: 'delete', keys: [key] },
      { do: 'remove', from: hub.us('09:00'), to: hub.us('09:10') },
    ])
      expect(await hub.post('/-/entries', edit, {}, 409)).toMatchObject(refused);
    expect(await minutes()).toBe(90);
  });

  test('takes entries of other weeks, to the microsecond of its end', async () => {
    await submit();
    const [, end] = [hub.us('00:00'), hub.us('48:00')];
    const item = { project: 'next' };
    await hub.post('/-/entries', { do: 'add', from: end, to: end + minute, item });
    expect(await hub.post('/-/entries', { do: 'add', from: end - 1, to: end + minute, item }, {}, 409)).toMatchObject({
      code: 'protected',
    });
  });

  test('keeps its time whatever rules and evidence do, in days, sums and reports', async () => {
    await submit();
    await hub.write({ type: 'create', channel: 'rules', key: 'r', item: rule });
    await hub.events('aw-watcher-window_laptop', 'currentwindow', [['14:00', '15:00', { app: 'code', title: 'b' }]]);
    const day = await hub.day();
    expect([day.total / minute, day.final, day.projects.map(({ project }) => project)]).toEqual([
      90,
      true,
      [null, 'paper'],
    ]);
    expect((await summed()).total / minute).toBe(90);
    const { total } = await hub.get('/-/report?from=2026-11-23&to=2026-11-29');
    expect(total.time / minute).toBe(90);
  });

  test('counts its evidence and rules again when an administrator returned it, and takes edits', async () => {
    await submit();
    await hub.write({ type: 'create', channel: 'rules', key: 'r', item: rule });
    expect((await summed()).projects.map(({ project }: { project: string }) => project)).toEqual([null, 'paper']);
    await giveBack();
    const day = await hub.day();
    expect([day.final, day.projects.map(({ project }) => project)]).toEqual([false, ['horai', 'paper']]);
    expect((await summed()).projects.map(({ project }: { project: string }) => project)).toEqual(['horai', 'paper']);
    await hub.post('/-/entries', { do: 'add', from: hub.us('12:00'), to: hub.us('12:30'), item: { project: 'paper' } });
    expect(await minutes()).toBe(120);
    await submit();
    expect((await hub.get('/-/weeks')).weeks).toMatchObject([{ state: 'submitted', total: 120 * minute }]);
  });

  test('has who submitted and returned it, and why, in its history', async () => {
    await submit();
    await giveBack('Tuesday is missing');
    expect((await hub.get('/-/weeks')).weeks).toMatchObject([{ state: 'returned', reason: 'Tuesday is missing' }]);
    await submit();
    const { changes } = await hub.write({ type: 'history', channel: 'submitted_weeks' });
    expect(changes.map(({ item }: { item: object }) => item)).toMatchObject([
      { state: 'submitted', by: 'owner' },
      { state: 'returned', by: 'owner', reason: 'Tuesday is missing' },
      { state: 'submitted', by: 'owner' },
    ]);
  });

  test('is returned by administrators alone, with a reason, and written by the hub alone', async () => {
    await submit();
    const member = await bearer(['read', 'write']);
    expect(await giveBack('please', member, 403)).toMatchObject({ hint: 'only an administrator returns a week' });
    await giveBack('', {}, 400);
    expect(await hub.refusal({ type: 'delete', channel: 'submitted_weeks', key: week })).toMatchObject({
      code: 'forbidden',
    });
    await submit(await bearer(['read']), 403);
  });

  test('of another account is returned by an administrator, who sees it', async () => {
    await hub.write({ type: 'account', name: 'ben' });
    const { secret } = await hub.write({ type: 'token', account: 'ben', name: 'b', scopes: ['read', 'write'] });
    const headers = { authorization: `Bearer ${secret}` };
    await submit(headers);
    expect((await hub.get('/-/weeks')).weeks).toEqual([]);
    expect((await hub.get('/-/weeks?account=ben')).weeks).toMatchObject([{ week, by: 'ben' }]);
    await hub.get('/-/weeks?account=owner', 403, headers);
    await hub.post('/-/weeks', { do: 'return', week, account: 'ben', reason: 'no' });
    expect((await hub.get('/-/weeks', 200, headers)).weeks).toMatchObject([{ state: 'returned', by: 'owner' }]);
  });

  test('is one that is over, that exists, and that was not submitted before', async () => {
    expect(await hub.post('/-/weeks', { do: 'submit', week: '2026-W49' }, {}, 400)).toMatchObject({
      hint: 'a week that is over',
    });
    await hub.post('/-/weeks', { do: 'submit', week: '2025-W53' }, {}, 400);
    await submit();
    await submit({}, 409);
    await hub.post('/-/weeks', { do: 'return', week: '2026-W47', reason: 'no' }, {}, 404);
  });

  test('keeps its answers when it is returned after its evidence expired', async () => {
    await hub.write({ type: 'create', channel: 'settings', key: 'retention', item: { aw: 7 } });
    await submit();
    for (let days = 3; days <= 9; days += 1) hub.moveTo('09:00', days);
    await eventually(
      async () => (await hub.get('/api/0/buckets/aw-watcher-window_laptop/events')).length === 0,
      'the evidence is gone',
    );
    await giveBack();
    expect(await minutes()).toBe(90);
  });

  test('is sent to those who follow its days', async () => {
    const days = await hub.follow('day/2026-11-28');
    await submit();
    hub.world.pass(2_000);
    for (;;) {
      const change = await days.next();
      if (change.key === 'day' && change.item.final === true) break;
    }
    await days.close();
  });
});

describe('the weeks of a calendar', () => {
  test('are those of ISO 8601', () => {
    expect(['2026-11-29', '2026-11-30', '2027-01-01', '2026-01-01', '2024-12-30'].map(weekOfDate)).toEqual([
      '2026-W48',
      '2026-W49',
      '2026-W53',
      '2026-W01',
      '2025-W01',
    ]);
    expect(datesOfWeek('2026-W53')?.[6]).toBe('2027-01-03');
    expect([datesOfWeek('2025-W53'), datesOfWeek('2026-W00'), datesOfWeek('2026-48')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
