// Takes pictures of pages in Chromium: those of the README, and every page at several widths for people who look at them.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afternoon, type PictureHub, startDemoHub, startEmptyHub, today } from './demo-hub.ts';
import { emptyViews, type PageView, pageViews } from './views.ts';

export const themes = ['light', 'dark'] as const;
type Theme = (typeof themes)[number];

/** The pictures of the README: the page, and what is there once it is drawn. Each is taken in both themes. */
const shown = [
  { name: 'day', path: 'day', ready: '.bars' },
  { name: 'week', path: 'week', ready: '.day-bars' },
  { name: 'trends', path: 'trends', ready: '.stacked' },
  { name: 'tasks', path: 'tasks', ready: 'text=water the plants' },
  { name: 'room', path: 'room/garden', ready: '#history li' },
] as const;

export function pictureNames(): readonly string[] {
  return shown.flatMap(({ name }) => themes.map((theme) => `${name}-${theme}.webp`));
}

const size = { width: 1_120, height: 700 };
/** Of WebP: what is lost cannot be seen, and a picture has some 50 KB. */
const quality = 82;

interface Shot {
  readonly theme: Theme;
  readonly width: number;
  readonly height: number;
  /** Pixels of the picture for each of the page. */
  readonly scale: number;
}

/** Takes the pictures of the README. @param folder is made if it does not exist */
export async function takePictures(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await withDemo(async (browser, url) => {
    for (const theme of themes) {
      const context = await openContext(browser, { theme, ...size, scale: 1.5 });
      for (const { name, path, ready } of shown) {
        const page = await openView(context, url, { name, path, ready });
        await writeFile(join(folder, `${name}-${theme}.webp`), await webp(page));
        await page.close();
      }
      await context.close();
    }
  });
}

const widths = [320, 390, 1_280, 2_560] as const;

/** Takes every page in both themes at four widths, in its whole length. @param names of pages; all by default */
export async function takeAllPages(folder: string, names: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await withDemo(async (browser, url) => {
    await takeViews({ browser, url, views: pageViews(today), folder, names });
  });
  await withHub(startEmptyHub, async (browser, url) => {
    await takeViews({ browser, url, views: emptyViews(), folder, names });
  });
}

interface ViewsToTake {
  readonly browser: Browser;
  readonly url: string;
  readonly views: readonly PageView[];
  readonly folder: string;
  readonly names: readonly string[];
}

async function takeViews({ browser, url, views, folder, names }: ViewsToTake): Promise<void> {
  for (const theme of themes) {
    for (const width of widths) {
      const context = await openContext(browser, { theme, width, height: 900, scale: 1 });
      for (const view of views) {
        if (names.length > 0 && !names.includes(view.name)) continue;
        const page = await openView(context, url, view);
        await page.screenshot({ path: join(folder, `${view.name}-${width}-${theme}.png`), fullPage: true });
        await page.close();
      }
      await context.close();
    }
  }
}

function withDemo(use: (browser: Browser, url: string) => Promise<void>): Promise<void> {
  return withHub(startDemoHub, use);
}

async function withHub(
  start: () => Promise<PictureHub>,
  use: (browser: Browser, url: string) => Promise<void>,
): Promise<void> {
  const hub = await start();
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--hide-scrollbars'],
  });
  try {
    await use(browser, hub.url);
  } finally {
    await browser.close();
    await hub.stop();
  }
}

async function openContext(browser: Browser, { theme, width, height, scale }: Shot): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    deviceScaleFactor: scale,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  });
  await context.clock.setFixedTime(afternoon);
  return context;
}

async function openView(context: BrowserContext, url: string, { path, ready }: PageView): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url + path);
  await page.locator(ready).first().waitFor();
  // Requests that the page makes after it is drawn.
  await page.waitForLoadState('networkidle');
  await page.evaluate('document.fonts.ready');
  return page;
}

/** Playwright itself makes only PNG and JPEG. */
async function webp(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality });
  return Buffer.from(data, 'base64');
}
