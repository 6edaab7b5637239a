// The pages of the merged day in real Chromium against a real hub: the newcomer's way, the numbers, what arrives by itself, the keyboard.

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { MergedDayView } from '../../protocol/day-answer.ts';
import { hasChromium, type Visitor } from '../harness/browser.ts';
import { fillWithDemo } from '../harness/demo.ts';
import { eventually } from '../harness/eventually.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(120_000);

const token = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
const browsers = new TestBrowsers();
afterEach(() => browsers.clear());

const read = (url: string) => fetch(url).then((answer) => answer.text());

async function beat(url: string, minutesAgo: readonly number[], project: string): Promise<void> {
  const now = Date.now() / 1_000;
  const beats = minutesAgo.map((ago) => ({
    entity: '/src/a.ts',
    type: 'file',
    category: 'coding',
    time: now - ago * 60,
    project,
    user_agent: 'wakatime/v1.90.0 (linux-6.1.0-x86_64) go1.22.5 vscode/1.93.1 vscode-wakatime/24.6.2',
  }));
  const answer = await fetch(`${url}api/v1/users/current/heartbeats.bulk`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-machine-name': 'laptop' },
    body: JSON.stringify(beats),
  });
  expect(answer.status).toBe(202);
  await answer.text();
}

/** The values, in microseconds, of a column of a table of the table twin. */
const column = async ({ page }: Visitor, table: string, at: number): Promise<readonly number[]> => {
  const values = await page
    .locator(`[data-table=${table}] tbody tr td:nth-child(${at}) data`)
    .evaluateAll((cells: { getAttribute(name: string): string | null }[]) =>
      cells.map((cell) => cell.getAttribute('value')),
    );
  return values.map(Number);
};

(hasChromium ? describe : describe.skip)('the pages of the merged day', () => {
  test('a key that is pressed before what edits the day has been fetched does its work when that is there', async () => {
    const { url } = await browsers.startHub();
    const date = await fillWithDemo(url);
    const visitor = await browsers.visit(`${url}-/health`, { serviceWorkers: 'block' });
    const { page } = visitor;
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route(/\/editing-[^/]*\.js/, async (route) => {
      await released;
      await route.continue();
    });
    await page.goto(`${url}day/${date}`);
    await visitor.sees('.bar-name', 'ledger');
    await page.keyboard.press('a');
    expect(await visitor.count('dialog[open]')).toBe(0);
    release();
    await page.getByLabel('Project', { exact: true }).fill('walk');
    await page.keyboard.press('Enter');
    await visitor.sees('.bar-name', 'walk');
  });

  test('a newcomer connects an editor: the card is ticked off, and then the day appears, without a reload', async () => {
    const { url } = await browsers.startHub({ ownerToken: token });
    const visitor = await browsers.visit(url);
    await visitor.sees('.tool[data-tool=wakatime][data-arrived=false] code', `api_url = ${url}api/v1`);
    await visitor.sees('.link[data-state=live]', 'Live');
    await visitor.press('Make a token');
    await visitor.sees('.tool code', /api_key = [0-9a-f]{8}-[0-9a-f-]{27}/);
    // The minutes of a day that has just begun do not reach far back.
    await beat(url, [0], 'horai');
    await visitor.sees('.tool[data-tool=wakatime][data-arrived=true]', 'Connected');
    expect(await visitor.count('.tool[data-arrived=true]')).toBe(1);
    await visitor.sees('nav a[href="/rooms"]', 'Rooms');
  });

  test('every number of a day is that of GET /-/day, and the shown parts add up to the shown total', async () => {
    const { url } = await browsers.startHub();
    const date = await fillWithDemo(url);
    const day: MergedDayView = JSON.parse(await read(`${url}-/day/${date}`));
    expect(day.total).toBeGreaterThan(0);
    const visitor = await browsers.visit(`${url}day/${date}#table`);
    await visitor.sees('[data-table=projects] tfoot');
    expect(await column(visitor, 'projects', 2)).toEqual(day.projects.map(({ time }) => time));
    expect(await column(visitor, 'stretches', 3)).toEqual(day.segments.map(({ from, to }) => to - from));
    expect(await column(visitor, 'sources', 3)).toEqual(day.lanes.map(({ time }) => time));
    const minutes = async (selector: string) => {
      const shown = await visitor.page.locator(selector).allTextContents();
      const of = (text: string, unit: string) => Number(new RegExp(`(\\d+) ${unit}`).exec(text)?.[1] ?? 0);
      return shown.reduce((sum, text) => sum + of(text, 'h') * 60 + of(text, 'min'), 0);
    };
    expect(await minutes('.bar data')).toBe(Math.floor(day.total / 60_000_000));
    expect(await minutes('.sentence strong >> nth=0')).toBe(Math.floor(day.total / 60_000_000));
    const [download] = await Promise.all([
      visitor.page.waitForEvent('download'),
      visitor.page.getByRole('button', { name: 'Save as CSV: Projects' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`day-${date}-projects.csv`);

    const { days } = JSON.parse(await read(`${url}-/days?from=${date}&to=${date}`));
    await visitor.page.goto(`${url}week/${date}#table`);
    await visitor.sees('[data-table=days] tbody tr');
    expect(await column(visitor, 'days', 2)).toContain(days[0].total);
    await visitor.page.locator(`.day-bars a[href="/day/${date}"]`).click();
    await visitor.sees('.sentence strong');
    expect(new URL(visitor.page.url()).pathname).toBe(`/day/${date}`);
  });

  test('what arrives appears in two browsers without a reload, and is the hub’s day', async () => {
    const { url } = await browsers.startHub();
    // Yesterday's last and today's first minutes are a day of their own: the page follows the day that has the heartbeats.
    const date = new Date(Date.now() - 30 * 60_000).toISOString().slice(0, 10);
    const visitors = await Promise.all([browsers.visit(`${url}day/${date}`), browsers.visit(`${url}day/${date}`)]);
    for (const visitor of visitors) await visitor.sees('.link[data-state=live]');
    await beat(url, [32, 31, 30], 'horai');
    for (const visitor of visitors) await visitor.sees('.bar-name', 'horai');
    await beat(url, [31.5, 30.5], 'ledger');
    for (const visitor of visitors) await visitor.sees('.bar-name', 'ledger');
    const [one] = visitors;
    if (one === undefined) throw new Error('there is a visitor');
    const day: MergedDayView = JSON.parse(await read(`${url}-/day/${date}`));
    const shown = () =>
      one.page.locator('.bar data').evaluateAll((all: { value: string }[]) => all.map(({ value }) => Number(value)));
    await eventually(
      async () => JSON.stringify(await shown()) === JSON.stringify(day.projects.map(({ time }) => time)),
      'the page to show the projects of the hub',
      { instead: () => day.projects },
    );
  });

  test('without a network the page says so, and as of when its numbers are', async () => {
    const { url } = await browsers.startHub();
    const date = await fillWithDemo(url);
    const visitor = await browsers.visit(`${url}day/${date}`);
    await visitor.sees('.link[data-state=live]', 'Live');
    visitor.outage = true;
    await visitor.page.context().setOffline(true);
    await visitor.sees('.link[data-state=offline]', /Offline.*as of \d/);
    await visitor.sees('.bar-name', 'ledger');
    await visitor.page.context().setOffline(false);
    await visitor.sees('.link[data-state=live]', 'Live');
  });

  test('the keyboard reaches the neighbours, the pages, the table, the stretches and the list of keys', async () => {
    const { url } = await browsers.startHub();
    const date = await fillWithDemo(url);
    const visitor = await browsers.visit(`${url}day/${date}`);
    const { page } = visitor;
    await visitor.sees('.block');
    await page.keyboard.press('?');
    await visitor.sees('dialog[open] .keys', 'the day before');
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    await page.keyboard.press('n');
    await visitor.sees('[data-table=projects] tbody tr');
    await page.locator('.block[tabindex="0"]').focus();
    await page.keyboard.press('End');
    await visitor.sees('.block[aria-pressed=true]:focus');
    await visitor.sees('.details strong');
    await page.keyboard.press('Escape');
    await visitor.sees('.timeline-hint');
    await page.keyboard.press('[');
    await page.waitForURL(/\/day\/\d{4}-\d\d-\d\d$/);
    await page.waitForURL((address) => !address.pathname.endsWith(date));
    await visitor.sees('.sentence');
    await page.keyboard.press(']');
    await page.waitForURL(`**/day/${date}`);
    await visitor.sees('.sentence');
    await page.keyboard.press('t');
    await page.waitForURL('**/day');
    await visitor.sees('.sentence');
    for (const [keys, path] of [
      ['gw', '/week'],
      ['gt', '/day'],
    ] as const) {
      for (const key of keys) await page.keyboard.press(key);
      await page.waitForURL(`**${path}`);
      await visitor.sees('.sentence');
    }
    for (const key of 'gr') await page.keyboard.press(key);
    await page.waitForURL('**/rooms');
    await visitor.sees('#room');
  });

  test('a stretch is assigned, split, moved, joined and taken back, by keys and by the pointer', async () => {
    const { url } = await browsers.startHub();
    const date = await fillWithDemo(url);
    const visitor = await browsers.visit(`${url}day/${date}#table`);
    const { page } = visitor;
    const projects = async () => {
      const day: MergedDayView = JSON.parse(await read(`${url}-/day/${date}`));
      return new Map(day.projects.map(({ project, time }) => [project, time]));
    };
    const before = await projects();
    // By the table twin: the first stretch becomes a project's.
    await page
      .getByRole('button', { name: /^Change:/ })
      .first()
      .click();
    await page.getByLabel('Project', { exact: true }).fill('novel');
    await page.keyboard.press('Enter');
    await visitor.sees('.said[data-shown=true]', 'Saved.');
    await visitor.sees('.bar-name', 'novel');
    const after = await projects();
    expect(after.get('novel')).toBeGreaterThan(0);
    // `z` takes it back.
    await page.keyboard.press('z');
    await visitor.sees('.said[data-shown=true]', 'Undone.');
    await page.locator('.bar-name', { hasText: 'novel' }).waitFor({ state: 'detached' });
    expect(await projects()).toEqual(before);

    // `a` adds time where nothing is.
    await page.keyboard.press('a');
    await page.getByLabel('Project', { exact: true }).fill('walk');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await visitor.sees('.bar-name', 'walk');
    const added = (await projects()).get('walk') ?? 0;
    // Its end moves by arrow keys, and Enter saves.
    await page.locator('.block[aria-label^="walk"]').first().press('Enter');
    await visitor.sees('.edge[aria-label^="End"]');
    const end = page.locator('.edge[aria-label^="End"]');
    await end.focus();
    for (let step = 0; step < 10; step += 1) await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await eventually(
      async () => Math.round((added - ((await projects()).get('walk') ?? 0)) / 60_000_000) === 10,
      'the entry to be ten minutes shorter',
      { instead: projects },
    );
    // Two steps back.
    await page.keyboard.press('Escape');
    await page.keyboard.press('z');
    await visitor.sees('.said[data-shown=true]', 'Undone.');
    await eventually(async () => (await projects()).get('walk') === added, 'the old end', { instead: projects });
    await page.keyboard.press('z');
    await page.locator('.bar-name', { hasText: 'walk' }).waitFor({ state: 'detached' });
    expect(await projects()).toEqual(before);
  });

  test('a suggestion that is accepted in one browser is gone in the other, and its time is assigned', async () => {
    const { url } = await browsers.startHub();
    const date = await fillWithDemo(url);
    const [one, other] = await Promise.all([browsers.visit(`${url}day/${date}`), browsers.visit(`${url}day/${date}`)]);
    const { suggestions } = JSON.parse(await read(`${url}-/suggestions?date=${date}`));
    expect(suggestions.length).toBeGreaterThan(0);
    await one.sees('.suggestion .primary');
    await other.sees('.suggestion .primary');
    const cards = await other.count('.suggestion .primary');
    await one.page.locator('.suggestion .primary').first().click();
    await one.sees('.said[data-shown=true]', 'Saved.');
    await eventually(async () => (await one.count('.suggestion .primary')) < cards, 'the card to go');
    await other.sees('.lane.manual');
  });

  test('the timeline shows a part of the day in detail, by buttons and by the wheel, and all of it again', async () => {
    const { url } = await browsers.startHub();
    const date = await fillWithDemo(url);
    const { page } = await browsers.visit(`${url}day/${date}`);
    const labels = () => page.locator('.axis text').allTextContents();
    await page.locator('.block').first().waitFor();
    const whole = await labels();
    const more = page.getByRole('button', { name: 'More detail' });
    for (let step = 0; step < 4; step += 1) await more.click();
    const near = await labels();
    expect(near).not.toEqual(whole);
    await page.getByRole('button', { name: 'Later' }).click();
    expect(await labels()).not.toEqual(near);
    await page.getByRole('button', { name: 'Less detail' }).click();
    await page.locator('svg.result').hover();
    await page.keyboard.down('Control');
    for (let step = 0; step < 12; step += 1) await page.mouse.wheel(0, 400);
    await page.keyboard.up('Control');
    await page.getByRole('button', { name: 'Less detail' }).waitFor({ state: 'detached' });
    expect(await labels()).toEqual(whole);
  });

  test.each([320, 390, 2560])('nothing sticks out at a width of %i', async (width) => {
    const { url } = await browsers.startHub();
    const date = await fillWithDemo(url);
    const visitor = await browsers.visit(`${url}day/${date}#table`, { width });
    for (const path of [`day/${date}#table`, `week/${date}#table`, `month/${date}#table`, 'set-up']) {
      await visitor.page.goto(url + path);
      await visitor.sees('.card');
      expect([path, await visitor.sticksOut()]).toEqual([path, 0]);
    }
  });

  test('a hub of several people asks to sign in once, shows nothing before, and the day at its address then', async () => {
    const hub = await browsers.startHub({ host: '0.0.0.0', hosts: ['127.0.0.1'], ownerToken: token });
    const url = `http://127.0.0.1:${new URL(hub.url).port}/`;
    const visitor = await browsers.visit(url);
    await visitor.sees('#room');
    await visitor.page.goto(`${url}day`);
    await visitor.sees('.admission', 'Sign in');
    expect(await visitor.count('.day-body')).toBe(0);
    await visitor.page.fill('#token-input', token);
    await visitor.press('Sign in');
    await visitor.sees('.tool[data-tool=wakatime]');
    await visitor.page.goto(url);
    await visitor.sees('.tool[data-tool=wakatime]');
    visitor.forgetRefusals();
  });
});
