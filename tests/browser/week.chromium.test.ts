// The pages of weeks and of trends in real Chromium: the way of somebody who bills hours, and the numbers of the rhythm.

import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { DayTotalsView, RhythmView } from '../../protocol/day-answer.ts';
import { hasChromium } from '../harness/browser.ts';
import { fillWithDemo } from '../harness/demo.ts';
import { eventually } from '../harness/eventually.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(120_000);

const browsers = new TestBrowsers();
afterEach(() => browsers.clear());

async function readJson<T>(url: string): Promise<T> {
  return JSON.parse(await fetch(url).then((answer) => answer.text()));
}

(hasChromium ? describe : describe.skip)('a week', () => {
  test('a freelancer fills three gaps, notes what was done, and exports a week whose sums are the hub’s', async () => {
    const { url } = await browsers.startHub();
    const date = await fillWithDemo(url);
    const visitor = await browsers.visit(`${url}day/${date}`);
    const { page } = visitor;
    await visitor.sees('.bar-name', 'ledger');
    for (let gap = 0; gap < 3; gap += 1) {
      await page.keyboard.press('a');
      await page.getByLabel('Project', { exact: true }).fill('client');
      await page.keyboard.press('Enter');
      await page.getByLabel('Project', { exact: true }).waitFor({ state: 'detached' });
      await eventually(
        async () => (await visitor.count('.block[aria-label^="client"]')) === gap + 1,
        'the gap to be filled on the page',
      );
    }

    await page.goto(`${url}week/${date}#table`);
    await visitor.sees('.grid tbody th', 'client');
    const other = await browsers.visit(`${url}week/${date}`);
    await other.sees('.grid tbody th', 'client');
    // By keys alone: the dialog opens on the last day and its longest project.
    await page.keyboard.press('a');
    // By role: to Playwright the text of a label has that of the options inside it, unlike the name that a browser computes.
    await page.getByRole('combobox', { name: 'Day', exact: true }).selectOption(date);
    await page.getByRole('combobox', { name: 'Project', exact: true }).selectOption('client');
    await page.getByLabel('Note', { exact: true }).fill('prepared the workshop, "part 1"');
    await page.getByRole('button', { name: 'Save', exact: true }).press('Enter');
    await visitor.sees('.notes', 'prepared the workshop');
    await other.sees('.notes', 'prepared the workshop');
    await other.sees('.grid .note-mark[data-noted=true]');
    // Taken back, and written once more by the pencil in the cell.
    await page.keyboard.press('z');
    await page.locator('.notes li').waitFor({ state: 'detached' });
    await page.locator('.grid tr', { hasText: 'client' }).locator('.note-mark').first().click({ force: true });
    await page.getByLabel('Note', { exact: true }).fill('prepared the workshop, "part 1"');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await other.sees('.notes', 'prepared the workshop');

    const save = async (title: string) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: `Save as CSV: ${title}` }).click(),
      ]);
      return readFileSync(await download.path(), 'utf8')
        .trim()
        .split(/\r?\n/);
    };
    const notes = await save('Notes');
    expect(notes[1]).toMatch(new RegExp(`^${date},client,.*"prepared the workshop, ""part 1"""$`));
    const rows = (await save('By project')).map((line) => line.split(','));
    const [from, to] = [-6, 0].map((shift) => new Date(Date.parse(date) + (shift + 3) * 86_400_000).toISOString());
    const { days } = await readJson<DayTotalsView>(`${url}-/days?from=${from?.slice(0, 10)}&to=${to?.slice(0, 10)}`);
    const total = days.reduce((sum, day) => sum + day.total, 0);
    expect(Number(rows.at(-1)?.at(-1))).toBeCloseTo(total / 1_000_000, 5);
    const projects = rows.slice(1, -1).reduce((sum, row) => sum + Number(row.at(-1)), 0);
    expect(projects).toBeCloseTo(total / 1_000_000, 5);
  });

  test('trends have the rhythm of the hub, hour by hour, and the programs in front', async () => {
    const { url } = await browsers.startHub();
    const date = await fillWithDemo(url);
    const visitor = await browsers.visit(`${url}trends?days=30#table`);
    const { page } = visitor;
    await visitor.sees('.rhythm .strip rect[data-level="4"]');
    await visitor.sees('h2', 'Programs in front');
    await visitor.sees('.bar-name', 'firefox');
    await visitor.sees('[data-table=rhythm] tfoot');
    const values = await page
      .locator('[data-table=rhythm] tbody data')
      .evaluateAll((cells: { getAttribute(name: string): string | null }[]) =>
        cells.map((cell) => Number(cell.getAttribute('value'))),
      );
    const from = new Date(Date.now() - 29 * 86_400_000).toISOString().slice(0, 10);
    const { weekdays } = await readJson<RhythmView>(`${url}-/rhythm?from=${from}&to=today`);
    const { days } = await readJson<DayTotalsView>(`${url}-/days?from=${from}&to=today`);
    const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
    expect([...values].sort()).toEqual(weekdays.flat().sort());
    expect(sum(values)).toBe(sum(days.map(({ total }) => total)));
    expect(days.find((day) => day.date === date)?.total).toBeGreaterThan(0);
  });

  test.each([
    320, 390, 2560,
  ])('nothing of a week with notes or of trends sticks out at a width of %i', async (width) => {
    const { url } = await browsers.startHub();
    const date = await fillWithDemo(url);
    const visitor = await browsers.visit(`${url}week/${date}`, { width });
    await visitor.sees('.grid');
    await visitor.page.keyboard.press('a');
    await visitor.page.getByLabel('Note', { exact: true }).fill(`a long word: ${'x'.repeat(200)}`);
    await visitor.page.getByRole('button', { name: 'Save', exact: true }).click();
    await visitor.sees('.notes li');
    expect(await visitor.sticksOut()).toBe(0);
    await visitor.page.goto(`${url}trends?days=365#table`);
    await visitor.sees('.rhythm .strip');
    expect(await visitor.sticksOut()).toBe(0);
  });
});
