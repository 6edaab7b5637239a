// Every number of the pages of weeks, months, trends, projects and goals is the hub's: what the table twin shows is what
// `GET /-/days` and WakaTime's API answer, and the shown parts add up. The page of a day is in day.chromium.test.ts.

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { DayTotalsView } from '../../protocol/day-answer.ts';
import { hasChromium, type Visitor } from '../harness/browser.ts';
import { fillWithDemo } from '../harness/demo.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(180_000);

const browsers = new TestBrowsers();
afterEach(() => browsers.clear());

const ask = async (url: string) => JSON.parse(await fetch(url).then((answer) => answer.text()));

/** The durations of a table of the twin, row by row, in microseconds; its last row is the sums. */
async function tableOf({ page }: Visitor, name: string): Promise<readonly (readonly number[])[]> {
  await page.locator(`[data-table="${name}"] tbody tr`).first().waitFor();
  return page
    .locator(`[data-table="${name}"] :is(tbody, tfoot) tr`)
    .evaluateAll(
      (rows: { querySelectorAll(selector: string): Iterable<{ getAttribute(name: string): string | null }> }[]) =>
        rows.map((row) => [...row.querySelectorAll('data')].map((cell) => Number(cell.getAttribute('value')))),
    );
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

/** The time of each project over some days, and of all. */
function projectSums({ days }: DayTotalsView): ReadonlyMap<string | null, number> {
  const sums = new Map<string | null, number>();
  for (const { project, time } of days.flatMap(({ projects }) => projects)) {
    sums.set(project, (sums.get(project) ?? 0) + time);
  }
  return sums;
}

const sorted = (numbers: Iterable<number>): readonly number[] => [...numbers].sort((a, b) => a - b);

(hasChromium ? describe : describe.skip)('the numbers of the pages', () => {
  test.each([
    ['week', (date: string) => weekOf(date)],
    ['month', (date: string) => [`${date.slice(0, 8)}01`, monthEnd(date)] as const],
  ])('of a %s are those of GET /-/days', async (page, spanOf) => {
    const { url } = await browsers.startHub();
    const date = await fillWithDemo(url);
    const [from, to] = spanOf(date);
    const answer: DayTotalsView = await ask(`${url}-/days?from=${from}&to=${to}`);
    expect(sumOf(answer.days.map(({ total }) => total))).toBeGreaterThan(0);
    const visitor = await browsers.visit(`${url}${page}/${date}#table`);
    const days = await tableOf(visitor, 'days');
    expect(days.slice(0, answer.days.length).map(([total]) => total)).toEqual(answer.days.map(({ total }) => total));
    const grid = await tableOf(visitor, 'projects-by-day');
    const sums = projectSums(answer);
    const rows = grid.slice(0, sums.size);
    // The last cell of a row is its sum.
    expect(sorted(rows.map((row) => row.at(-1) ?? 0))).toEqual(sorted(sums.values()));
    for (const row of rows) expect(sumOf(row.slice(0, -1))).toBe(row.at(-1));
    expect(grid.at(-1)).toEqual([...answer.days.map(({ total }) => total), sumOf([...sums.values()])]);
  });

  test('of trends and projects are those of GET /-/days', async () => {
    const { url } = await browsers.startHub();
    await fillWithDemo(url);
    const today = new Date().toISOString().slice(0, 10);
    const before = (days: number) => new Date(Date.parse(today) - days * 86_400_000).toISOString().slice(0, 10);
    const answer: DayTotalsView = await ask(`${url}-/days?from=${before(29)}&to=${today}`);
    const sums = projectSums(answer);
    const visitor = await browsers.visit(`${url}trends?days=30#table`);
    const days = await tableOf(visitor, 'days');
    expect(days.map(([total]) => total)).toEqual(answer.days.map(({ total }) => total));
    const projects = await tableOf(visitor, 'projects');
    expect(sorted(projects.slice(0, sums.size).map(([time = 0]) => time))).toEqual(sorted(sums.values()));

    await visitor.page.goto(`${url}projects#table`);
    const list = await tableOf(visitor, 'projects');
    const named = [...sums].flatMap(([project, time]) => (project === null ? [] : [time]));
    expect(sorted(list.map(([time = 0]) => time))).toEqual(sorted(named));

    await visitor.page.goto(`${url}projects/ledger#table`);
    const own = (await tableOf(visitor, 'days')).flat();
    expect([sumOf(own.slice(0, -1)), own.at(-1)]).toEqual([sums.get('ledger'), sums.get('ledger')]);
  });

  test('of goals are those of WakaTime’s API', async () => {
    const { url } = await browsers.startHub();
    await fillWithDemo(url);
    const users = `${url}api/v1/users/current`;
    const headers = { 'content-type': 'application/json' };
    for (const goal of [
      { delta: 'day', seconds: 3_600 },
      { delta: 'week', seconds: 36_000, projects: ['ledger'] },
    ]) {
      await fetch(`${users}/goals`, { method: 'POST', headers, body: JSON.stringify(goal) }).then((made) =>
        made.text(),
      );
    }
    const { data: goals } = await ask(`${users}/goals`);
    const visitor = await browsers.visit(`${url}goals#table`);
    await visitor.sees('.twin-table');
    const tables = await visitor.page
      .locator('.twin-table')
      .evaluateAll((all: { dataset: { table: string } }[]) => all.map(({ dataset }) => dataset.table));
    const shown: number[] = [];
    for (const name of tables) shown.push(...(await tableOf(visitor, name)).map(([actual = 0]) => actual));
    const points: readonly { readonly actual_seconds: number }[] = goals.flatMap(
      (goal: { readonly chart_data: readonly { readonly actual_seconds: number }[] }) => goal.chart_data,
    );
    expect(shown.map((time) => Math.round(time / 1_000_000))).toEqual(
      points.map((point) => Math.round(point.actual_seconds)),
    );
    expect(sumOf(shown)).toBeGreaterThan(0);
  });
});

/** Sunday to Saturday: the browser of the tests is in the United States. */
function weekOf(date: string): readonly [from: string, to: string] {
  const midnight = Date.parse(date);
  const first = midnight - new Date(midnight).getUTCDay() * 86_400_000;
  return [new Date(first).toISOString().slice(0, 10), new Date(first + 6 * 86_400_000).toISOString().slice(0, 10)];
}

function monthEnd(date: string): string {
  const [year = 0, month = 0] = date.split('-').map(Number);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}
