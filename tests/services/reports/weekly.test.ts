// Weekly reports: written at the account's own weekday and time, once, and sent by webhook.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Hub } from '../../../server/core/hub.ts';
import { noopRelay } from '../../../server/core/relay.ts';
import { MergedDays } from '../../../server/day/merged-days.ts';
import { WeeklyReports } from '../../../server/reports/weekly-reports.ts';
import { DayHub } from '../../harness/day-hub.ts';
import { eventually } from '../../harness/eventually.ts';
import { Receiver } from '../../harness/receiver.ts';
import { newStore } from '../../harness/store.ts';
import { TestWorld } from '../../harness/world.ts';

let hub: DayHub;
let receiver: Receiver;
const minute = 60_000_000;
/** 2026-11-28 is a Saturday. */
const monday = 1;

beforeEach(async () => {
  receiver = await Receiver.start();
  hub = await DayHub.start({ outboxAllow: ['127.0.0.1'] });
  await hub.write({
    type: 'create',
    channel: 'entries',
    key: 'e1',
    item: { project: 'paper', tags: ['draft'] },
    time: hub.us('09:00'),
    end: hub.us('09:50'),
  });
});

afterEach(async () => {
  await hub.close();
  await receiver.close();
});

const want = (weekly: object, more: object = {}) =>
  hub.write({ type: 'create', channel: 'settings', key: 'report', item: { weekly, ...more } });

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
async function reports(): Promise<readonly any[]> {
  return (await hub.write({ type: 'read-all', channel: 'weekly_reports' })).items;
}

const written = (count: number) =>
  eventually(async () => (await reports()).length === count, `${count} reports`, { instead: reports });

describe('a weekly report', () => {
  test('comes at the weekday and time by the clock of the account, about the seven days before, and goes by webhook', async () => {
    await hub.write({ type: 'create', channel: 'settings', key: 'day', item: { zone: 'Europe/Berlin' } });
    await want(
      { weekday: monday, at: '08:00', by: ['project', 'tag'] },
      { rounding: { minutes: 60, to: 'up' }, rate: { amount: 80, currency: 'EUR' } },
    );
    await hub.post('/-/webhooks', { name: 'h', url: `${receiver.url}/hook`, channels: ['weekly_reports'] });
    hub.moveTo('06:59', 2);
    await hub.write({ type: 'ping' });
    expect(await reports()).toEqual([]);
    hub.moveTo('07:01', 2);
    await written(1);
    const [{ key, item }] = await reports();
    expect(key).toBe('2026-11-30');
    expect(item).toMatchObject({
      from: '2026-11-23',
      to: '2026-11-29',
      people: ['owner'],
      rows: [{ project: 'paper', tag: ['draft'], time: 50 * minute, rounded: 60 * minute }],
      total: { amounts: [{ currency: 'EUR', amount: 80 }], rounding: 'up to 60 min per day' },
    });
    await eventually(() => receiver.received.length > 0, 'a webhook');
    expect(receiver.received[0]?.body).toMatchObject({
      type: 'item.created',
      data: { channel: 'weekly_reports', key: '2026-11-30', item },
    });
  });

  test('comes once a week, and not for what was due before it was wanted', async () => {
    hub.moveTo('12:00', 2);
    await want({ weekday: monday, at: '08:00' });
    hub.moveTo('12:00', 3);
    await hub.write({ type: 'ping' });
    expect(await reports()).toEqual([]);
    for (const days of [9, 10]) {
      hub.moveTo('09:00', days);
      await hub.write({ type: 'ping' });
      await written(1);
    }
    expect((await reports()).map(({ key }) => key)).toEqual(['2026-12-07']);
  });

  test('ends with the setting, and nobody else writes one', async () => {
    await want({ weekday: monday, at: '08:00' });
    await hub.write({ type: 'delete', channel: 'settings', key: 'report' });
    hub.moveTo('09:00', 3);
    await hub.write({ type: 'ping' });
    expect(await reports()).toEqual([]);
    expect(await hub.refusal({ type: 'create', channel: 'weekly_reports', key: 'x', item: {} })).toMatchObject({
      code: 'forbidden',
    });
  });

  test('that was due while no hub ran is written at the next start', async () => {
    const world = new TestWorld(1, Date.UTC(2026, 10, 28, 8));
    const own = new Hub({ store: await newStore(), relay: noopRelay, world });
    const settings = await own.channel('ann/settings');
    const value = JSON.stringify({ weekly: { weekday: monday, at: '08:00' } });
    await settings.write({ ops: [{ op: 'put', key: 'report', value }], origin: 'test', at: world.now() });
    world.pass(3 * 86_400_000);
    const days = new MergedDays(own);
    const service = new WeeklyReports({ days, accounts: () => ['ann'] });
    await eventually(async () => (await own.store.read('ann/weekly_reports', {})).length === 1, 'the report of Monday');
    service.close();
    await days.close();
    await own.close();
  });

  test('with a wrong schedule is refused', async () => {
    const wrong = { weekly: { weekday: 8, at: '08:00' } };
    expect(await hub.refusal({ type: 'create', channel: 'settings', key: 'report', item: wrong })).toMatchObject({
      code: 'property',
    });
  });
});
