// The page of reports: its numbers, its files and its feeds are the hub's; a week is submitted, locked, and returned with a reason.

import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { isoWeek } from '../../clients/web/reports/reports-view.ts';
import { shiftDate, weekOf } from '../../clients/web/shared/dates.ts';
import type { ReportView } from '../../protocol/day-report.ts';
import { hasChromium, type Visitor } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { Socket } from '../harness/socket.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(180_000);

const browsers = new TestBrowsers();
afterEach(() => browsers.clear());

/** Monday to Sunday of the last week that is over, in UTC. */
const lastWeek = weekOf(shiftDate(new Date().toISOString().slice(0, 10), -7), 1);
const [monday = '', tuesday = ''] = lastWeek;
const sunday = lastWeek[6] ?? '';
const week = isoWeek(monday);

const entry = (key: string, date: string, from: string, to: string, item: object) => ({
  type: 'create',
  channel: 'entries',
  key,
  item,
  time: Date.parse(`${date}T${from}Z`) * 1_000,
  end: Date.parse(`${date}T${to}Z`) * 1_000,
});

/** @param user the secret of the person, where the hub asks for one */
async function write(url: string, requests: readonly object[], user?: string): Promise<void> {
  const socket = await Socket.open(url);
  for (const [at, request] of requests.entries())
    expect(await socket.ask({ ...request, ...(user !== undefined && { user_id: user }), ref: at + 1 })).toMatchObject({
      success: true,
    });
  await socket.close();
}

const work = [
  { type: 'create', channel: 'settings', key: 'day', item: { zone: 'UTC' } },
  entry('e1', monday, '09:00:00', '10:07:30', { project: 'shop', text: 'mend the door', tags: ['call'] }),
  entry('e2', monday, '10:07:30', '11:00:00', { project: 'press', text: 'proofs' }),
  entry('e3', tuesday, '14:00:00', '15:20:00', { project: 'shop', text: 'paint it' }),
] as const;

const ask = async (url: string) => JSON.parse(await fetch(url).then((answer) => answer.text()));

/** The cells of the report: a duration as its microseconds, another as its text. */
function cellsOf({ page }: Visitor): Promise<readonly (readonly (string | number)[])[]> {
  return page.locator('[data-table=report] :is(tbody, tfoot) tr').evaluateAll(
    (
      rows: {
        children: Iterable<{
          textContent: string;
          querySelector(selector: string): { getAttribute(name: string): string } | null;
        }>;
      }[],
    ) =>
      rows.map((row) =>
        [...row.children].map((cell) => {
          const exact = cell.querySelector('data');
          return exact === null ? cell.textContent : Number(exact.getAttribute('value'));
        }),
      ),
  );
}

(hasChromium ? describe : describe.skip)('the page of reports', () => {
  test('shows the hub’s numbers with rounding and price, saves the hub’s files, and follows what arrives', async () => {
    const { url } = await browsers.startHub();
    const terms = { rate: { amount: 80, currency: 'EUR' }, rounding: { minutes: 15, to: 'up', per: 'day' } };
    await write(url, [...work, { type: 'create', channel: 'settings', key: 'report', item: terms }]);
    const query = `from=${monday}&to=${sunday}&by=project,day`;
    const report: ReportView = await ask(`${url}-/report?${query}`);
    expect(report.total.rounded).toBeGreaterThan(report.total.time);
    const visitor = await browsers.visit(`${url}reports?${query}`);
    await visitor.sees('[data-table=report] tfoot td');
    const euro = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'EUR' });
    const shown = await cellsOf(visitor);
    const wanted = [...report.rows, report.total].map(({ time, rounded, amounts }) => [
      time,
      rounded,
      'up to 15 min for each day',
      euro.format(amounts[0]?.amount ?? 0),
    ]);
    expect(shown.map((cells) => cells.slice(2))).toEqual(wanted);
    await visitor.sees('.sentence', euro.format(report.total.amounts[0]?.amount ?? 0));

    for (const [button, path, ending] of [
      ['Save as CSV', '-/report.csv', '.csv'],
      ['Save as JSON', '-/report', '.json'],
    ] as const) {
      const download = visitor.page.waitForEvent('download');
      await visitor.press(button);
      const file = await download;
      expect(file.suggestedFilename()).toBe(`report-${monday}-${sunday}${ending}`);
      const text = await fetch(`${url}${path}?${query}`).then((answer) => answer.text());
      expect(await readFile(await file.path(), 'utf8')).toBe(text);
    }

    await write(url, [entry('e4', tuesday, '16:00:00', '16:30:00', { project: 'late' })]);
    await visitor.sees('[data-table=report] tbody tr', 'late');

    // The price of an hour is changed in a dialog, and counts at once.
    await visitor.page.locator('.terms ~ .buttons button').click();
    await visitor.page.locator('dialog[open] select').first().selectOption('shop');
    await visitor.page.getByLabel('An hour costs').fill('100');
    await visitor.page.getByLabel('Currency, such as EUR').fill('usd');
    await visitor.press('Save');
    await visitor.sees('.terms li', '$100.00 an hour');
    await visitor.sees('[data-table=report] thead', 'USD');
    const changed: ReportView = await ask(`${url}-/report?${query}`);
    const dollars = changed.total.amounts.find(({ currency }) => currency === 'USD')?.amount ?? 0;
    await visitor.sees('[data-table=report] tfoot', `$${dollars.toFixed(2)}`);
  });

  test('asks another question by its form, and says what is wrong with one', async () => {
    const { url } = await browsers.startHub();
    await write(url, work);
    const visitor = await browsers.visit(`${url}reports?from=${monday}&to=${sunday}`);
    await visitor.sees('[data-table=report] tbody tr', 'shop');
    await visitor.page.locator('.report-form select[name=by]').first().selectOption('day');
    await visitor.page.locator('.report-form summary').click();
    await visitor.page.getByLabel('Only this project').fill('shop');
    await visitor.page.locator('.report-form select[name=round]').selectOption('nearest');
    await visitor.page.getByLabel('Minutes').fill('30');
    await visitor.press('Show');
    await visitor.sees('[data-table=report] thead', 'Rounded');
    const query = `from=${monday}&to=${sunday}&by=day&project=shop&round=nearest&minutes=30&per=day`;
    const report: ReportView = await ask(`${url}-/report?${query}`);
    const cells = await cellsOf(visitor);
    expect(cells.map(([, time, rounded]) => [time, rounded])).toEqual(
      [...report.rows, report.total].map(({ time, rounded }) => [time, rounded]),
    );
    visitor.outage = true;
    await visitor.page.goto(`${url}reports?from=${sunday}&to=${monday}`);
    await visitor.sees('.problem[role=alert]', 'not before `from`');
    // The page may ask more than once, until it is left.
    await visitor.page.goto(`${url}-/health`);
    const complaints = visitor.complaints.splice(0);
    expect(complaints.length).toBeGreaterThan(0);
    expect(complaints.filter((text) => !text.includes('status of 400'))).toEqual([]);
  });

  test('makes a link for calendars, which anybody can read until it is ended', async () => {
    const { url } = await browsers.startHub();
    await write(url, work);
    const visitor = await browsers.visit(`${url}reports`);
    await visitor.page.getByLabel('with names of tasks and notes').check();
    await visitor.press('Make a link');
    await visitor.sees('[data-feed] code', '/-/feed/');
    const address = (await visitor.page.textContent('[data-feed] code')) ?? '';
    expect(await fetch(address).then((answer) => answer.text())).toContain('mend the door');
    await visitor.page.locator('[data-feed] > button').click();
    await visitor.page.locator('[data-feed]').waitFor({ state: 'detached' });
    expect((await fetch(address)).status).toBe(404);
  });

  test('submits a week, which is locked then, and an administrator returns it with a reason', async () => {
    const hub = await browsers.startHub({ host: '0.0.0.0', hosts: ['127.0.0.1'] });
    const [url, owner] = [`http://127.0.0.1:${new URL(hub.url).port}/`, hub.ownerSecret ?? ''];
    const socket = await Socket.open(url);
    const ann = await socket.ask({ type: 'account', name: 'ann', user_id: owner, ref: 1 });
    const [annLink, ownLink] = [
      await socket.ask({ type: 'link', account: 'ann', user_id: owner, ref: 2 }),
      await socket.ask({ type: 'link', user_id: owner, ref: 3 }),
    ];
    await socket.close();
    const secret = String(ann['secret']);
    await write(url, work, secret);
    const person = await browsers.visit(`${url}sign-in#${annLink['code']}`);
    await person.page.waitForURL('**/day');
    await person.page.goto(`${url}reports`);
    const row = `[data-week="${week}"]`;
    const press = async ({ page }: Visitor) => page.locator(`${row} button`).click();
    await press(person);
    await person.sees(`${row} button`, 'Submit and lock');
    await press(person);
    await person.sees(`${row}[data-state=submitted]`, 'by ann: 3 h 20 min');
    expect(await person.count(`${row} button`)).toBe(0);
    const late = await Socket.open(url);
    const refused = await late.ask({
      ...entry('e9', monday, '12:00:00', '13:00:00', { project: 'late' }),
      user_id: secret,
      ref: 1,
    });
    expect(refused).toMatchObject({ success: false, code: 'protected' });

    const admin = await browsers.visit(`${url}sign-in#${ownLink['code']}`);
    await admin.page.waitForURL('**/day');
    await admin.page.goto(`${url}reports?from=${monday}&to=${sunday}&people=ann`);
    await admin.sees('[data-table=report] tbody tr', 'shop');
    await press(admin);
    await admin.page.getByLabel('Why is it returned?').fill('Tuesday is missing');
    await admin.page.keyboard.press('Enter');
    for (const visitor of [admin, person])
      await visitor.sees(`${row}[data-state=returned]`, 'by owner: Tuesday is missing');
    await eventually(async () => {
      const again = await late.ask({
        ...entry('e9', monday, '12:00:00', '13:00:00', { project: 'late' }),
        user_id: secret,
        ref: 2,
      });
      return again['success'] === true;
    }, 'the returned week to take entries again');
    await late.close();
  });
});
