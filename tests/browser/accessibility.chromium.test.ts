// Every page under axe-core (WCAG 2.2 A and AA), light, dark and in forced colours: no finding that is serious or critical. No page sticks
// out of a window of 320 to 2,560 pixels, at 200 % zoom or with letters twice as large, and nothing moves for who asked for that. The pages
// come from the table of all pages (scripts/pictures/views.ts). Afterwards TestBrowsers checks that none logged an error, which a
// violation of the policy is, or asked another origin.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { afternoon, startDemoHub, today } from '../../scripts/pictures/demo-hub.ts';
import { emptyViews, type PageView, pageViews } from '../../scripts/pictures/views.ts';
import { pagePaths } from '../../server/pages/paths.ts';
import { hasChromium, type Visitor } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(500_000);

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const fitsMs = 5_000;
const browsers = new TestBrowsers();
let stopHub: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stopHub?.();
  stopHub = undefined;
  await browsers.clear();
});

interface AxeFinding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

/** The serious findings of axe about a page as it is. @param areForced its colours are the system's, and axe reads those of the page */
async function findingsOf(page: Page, areForced: boolean): Promise<readonly (readonly [id: string, html: string])[]> {
  const options = {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    rules: { 'color-contrast': { enabled: !areForced } },
  };
  const findings: readonly AxeFinding[] = await page.evaluate(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
  );
  return findings
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ html }) => [id, html.slice(0, 200)] as const));
}

async function look(page: Page, url: string, { path, ready }: PageView): Promise<void> {
  await page.goto(url + path);
  // To another fragment of the same page, a browser does not go anew.
  if (path.includes('#')) await page.reload();
  await page.locator(ready).first().waitFor();
}

/** Chromium logs the status 404 of what is not there, which two of the pages are about. */
function forgetMissing({ complaints }: Visitor, { name }: PageView): void {
  if (name !== 'missing' && name !== 'empty-profile-unknown') return;
  expect(complaints.splice(0)).toEqual([expect.stringContaining('404')]);
}

/** The faults of a page in each of the three looks. */
async function checkLooks(page: Page, view: PageView): Promise<readonly unknown[]> {
  // The text of axe comes over the debugging protocol, which the page's policy does not bind.
  await page.evaluate(source);
  const found: unknown[] = [];
  for (const [name, media] of [
    ['light', { colorScheme: 'light', forcedColors: 'none' }],
    ['dark', { colorScheme: 'dark', forcedColors: 'none' }],
    ['forced colours', { colorScheme: 'dark', forcedColors: 'active' }],
  ] as const) {
    await page.emulateMedia({ ...media, reducedMotion: 'reduce' });
    found.push(
      ...(await findingsOf(page, media.forcedColors === 'active')).map((finding) => [view.path, name, ...finding]),
    );
  }
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none', reducedMotion: 'reduce' });
  const moving = await page.evaluate(
    'document.getAnimations().filter(({ effect }) => effect.getComputedTiming().duration > 1).length',
  );
  if (moving !== 0) found.push([view.path, 'moves', moving]);
  return found;
}

/** Where a page is wider than its window. */
async function checkWidths(page: Page, view: PageView): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  // A chart follows the width of its window some frames later.
  const sticksOut = async () => {
    const fits = 'document.documentElement.scrollWidth <= document.documentElement.clientWidth';
    return eventually(async () => (await page.evaluate(fits)) === true, 'the page to fit', { deadlineMs: fitsMs }).then(
      () => false,
      () => true,
    );
  };
  // 640 is a window of 1,280 at 200 % zoom.
  for (const width of [320, 390, 640, 1_280, 2_560]) {
    await page.setViewportSize({ width, height: 800 });
    if (await sticksOut()) found.push([view.path, `sticks out at ${width} px`]);
  }
  await page.setViewportSize({ width: 1_280, height: 800 });
  await page.evaluate("document.documentElement.style.fontSize = '200%'");
  if (await sticksOut()) found.push([view.path, 'sticks out with large letters']);
  return found;
}

(hasChromium ? describe : describe.skip)('no page', () => {
  test('is left out of the table of pages', () => {
    const names = new Set(pageViews(today).map(({ name }) => name));
    expect(Object.keys(pagePaths).filter((name) => !names.has(name))).toEqual([]);
  });

  test('with data has a serious finding of axe, sticks out of its window, or moves where that is not wanted', async () => {
    const hub = await startDemoHub();
    stopHub = hub.stop;
    const visitor = await browsers.visit(hub.url, { ahead: afternoon - Date.now() });
    const { page } = visitor;
    const found: unknown[] = [];
    for (const view of pageViews(today)) {
      await look(page, hub.url, view);
      forgetMissing(visitor, view);
      found.push(...(await checkLooks(page, view)), ...(await checkWidths(page, view)));
    }
    expect(found).toEqual([]);
  });

  test('without data has one either', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(url);
    const { page } = visitor;
    const found: unknown[] = [];
    for (const view of emptyViews()) {
      await look(page, url, view);
      forgetMissing(visitor, view);
      found.push(...(await checkLooks(page, view)), ...(await checkWidths(page, view)));
    }
    expect(found).toEqual([]);
  });
});
