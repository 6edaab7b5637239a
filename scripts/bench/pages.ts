// The pages in Chromium, of a hub as a process: the first paint of a day with 4,000 events on a processor that is four times slower, a year
// of Trends until it can be used, and the longest frame while a day with 100,000 events is zoomed and moved. The controls are a page
// without a script, the hub's answer alone, and the same frames while nothing is zoomed.

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { median } from '../../clients/load/figures.ts';
import { Chance } from '../../server/commands/demo/chance.ts';
import { post } from '../../server/commands/demo/send.ts';
import { HubProcess, Leftovers } from '../../tests/harness/process.ts';
import type { BenchRow } from './store.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const rounds = 7;
const slowdown = 4;
const today = Math.floor(Date.now() / dayMs) * dayMs;
/** A year of small days, and two large ones, all before today. */
const [large, usual] = [today - 2 * dayMs, today - dayMs];
const apps = ['code', 'kitty', 'firefox', 'mail'];

const dateOf = (midnight: number): string => new Date(midnight).toISOString().slice(0, 10);

/** Events one after another in sixteen hours. An app stays in front for twenty of them, as titles change more often than apps. */
async function sendWindows(url: string, chance: Chance, midnight: number, count: number): Promise<void> {
  const step = (16 * hourMs) / count;
  const target = { url, until: today };
  for (let at = 0; at < count; at += 2_000) {
    const events = Array.from({ length: Math.min(2_000, count - at) }, (_, index) => ({
      timestamp: new Date(midnight + 6 * hourMs + (at + index) * step).toISOString(),
      duration: step / 1_000,
      data: { app: apps[Math.floor((at + index) / 20) % apps.length], title: `title ${chance.between(1, 400)}` },
    }));
    await post(target, 'api/0/buckets/w/events', events);
  }
}

async function sendHeartbeats(url: string, chance: Chance, midnight: number, count: number): Promise<void> {
  const step = (16 * hourMs) / count;
  const beats = Array.from({ length: count }, (_, index) => ({
    entity: `/src/file${chance.between(1, 60)}.ts`,
    type: 'file',
    category: 'coding',
    project: `p${Math.floor(index / 25) % 6}`,
    time: (midnight + 6 * hourMs + index * step) / 1_000,
  }));
  await post({ url, until: today }, 'api/v1/users/current/heartbeats.bulk', beats);
}

async function fill(url: string): Promise<void> {
  const chance = new Chance(1);
  await post({ url, until: today }, 'api/0/buckets/w', {
    client: 'aw-watcher-window',
    type: 'currentwindow',
    hostname: 'anvil',
  });
  for (let day = 365; day > 2; day -= 1) {
    await sendWindows(url, chance, today - day * dayMs, 40);
    await sendHeartbeats(url, chance, today - day * dayMs, 40);
  }
  await sendWindows(url, chance, large, 100_000);
  await sendWindows(url, chance, usual, 3_000);
  await sendHeartbeats(url, chance, usual, 1_000);
}

async function openPage(context: BrowserContext, rate: number): Promise<Page> {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate });
  return page;
}

/** Opens a page in a browser that knows nothing. @returns milliseconds until its first paint, and until a selector is there */
async function measureLoad(
  browser: Browser,
  address: string,
  ready: string,
  rate: number,
): Promise<{ readonly paint: number; readonly drawn: number }> {
  const context = await browser.newContext();
  // Says when the selector was first there, by the clock of the page.
  await context.addInitScript(`globalThis.drawn = new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      if (document.querySelector(${JSON.stringify(ready)}) === null) return;
      observer.disconnect();
      requestIdleCallback(() => resolve(performance.now()));
    }).observe(document, { childList: true, subtree: true });
  });`);
  const page = await openPage(context, rate);
  await page.goto(address);
  const drawn = await page.evaluate('globalThis.drawn');
  const paint = await page.evaluate(`new Promise((resolve) => {
    const seen = (list) => list.getEntriesByName('first-contentful-paint').forEach((entry) => resolve(entry.startTime));
    new PerformanceObserver(seen).observe({ type: 'paint', buffered: true });
  })`);
  await context.close();
  return { paint: Number(paint), drawn: Number(drawn) };
}

/** @returns the longest time between two frames while something is done, in milliseconds */
async function longestFrame(page: Page, act: () => Promise<void>): Promise<number> {
  await page.evaluate(`(() => {
    globalThis.frames = [];
    let before = performance.now();
    const frame = (now) => { globalThis.frames.push(now - before); before = now; globalThis.watching = requestAnimationFrame(frame); };
    globalThis.watching = requestAnimationFrame(frame);
  })()`);
  await act();
  return Number(
    await page.evaluate('(cancelAnimationFrame(globalThis.watching), Math.max(...globalThis.frames.slice(1)))'),
  );
}

async function measureZoom(browser: Browser, url: string): Promise<{ readonly zoom: number; readonly still: number }> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 800 } });
  const page = await openPage(context, 1);
  await page.goto(`${url}day/${dateOf(large)}`);
  await page.locator('svg.result').waitFor();
  const box = await page.locator('svg.result').boundingBox();
  if (box === null) throw new Error('the timeline is not there');
  const turn = async (x: number, y: number) => {
    for (let step = 0; step < 12; step += 1) await page.mouse.wheel(x, y);
  };
  await page.mouse.move(box.x + box.width / 2, box.y + 20);
  const still = await longestFrame(page, async () => {
    for (let step = 0; step < 36; step += 1) await page.mouse.move(box.x + step * 5, box.y + 20);
  });
  const zoom = await longestFrame(page, async () => {
    await page.keyboard.down('Control');
    await turn(0, -100);
    await page.keyboard.up('Control');
    // Only there while a part of the day is shown.
    await page.getByRole('button', { name: 'Earlier' }).waitFor();
    await turn(60, 0);
    await page.keyboard.down('Control');
    await turn(0, 100);
    await page.keyboard.up('Control');
  });
  await context.close();
  return { zoom, still };
}

async function times<T>(count: number, measure: () => Promise<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for (let round = 0; round < count; round += 1) all.push(await measure());
  return all;
}

async function measureMs(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

const mid = (numbers: readonly number[]): number => Math.round(median(numbers));

export async function benchPages(): Promise<readonly BenchRow[]> {
  const leftovers = new Leftovers();
  const hub = new HubProcess(leftovers, { HORAI_DATA: leftovers.folder(), HORAI_LOG: 'error' });
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const url = await hub.up();
    await fill(url);
    const load = (path: string, ready: string, rate: number) =>
      times(rounds, () => measureLoad(browser, url + path, ready, rate));
    const day = `day/${dateOf(usual)}`;
    // The first of each warms the hub.
    await measureLoad(browser, url + day, '.bars', 1);
    const [days, bare] = [await load(day, '.bars', slowdown), await load('help', '#mob', slowdown)];
    await measureLoad(browser, `${url}trends?days=365`, '.stacked', 1);
    const trends = await load('trends?days=365', '.stacked', 1);
    const span = `from=${dateOf(today - 729 * dayMs)}&to=${dateOf(today)}`;
    const sums = await times(rounds, () =>
      measureMs(() => fetch(`${url}-/days?${span}`).then((answer) => answer.json())),
    );
    await measureZoom(browser, url);
    const zooms = await times(rounds, () => measureZoom(browser, url));
    return [
      {
        name: 'a day with 4,000 events, processor 4 times slower: first paint',
        ours: mid(days.map(({ paint }) => paint)),
        control: mid(bare.map(({ paint }) => paint)),
        unit: 'ms',
      },
      {
        name: 'the same, until its numbers are there and it is idle',
        ours: mid(days.map(({ drawn }) => drawn)),
        control: mid(bare.map(({ drawn }) => drawn)),
        unit: 'ms',
      },
      {
        name: 'a year of Trends, until it is idle',
        ours: mid(trends.map(({ drawn }) => drawn)),
        control: mid(sums),
        unit: 'ms',
      },
      {
        name: 'a day with 100,000 events is zoomed and moved: longest frame',
        ours: mid(zooms.map(({ zoom }) => zoom)),
        control: mid(zooms.map(({ still }) => still)),
        unit: 'ms',
      },
    ];
  } finally {
    await browser.close();
    await leftovers.clear();
  }
}
