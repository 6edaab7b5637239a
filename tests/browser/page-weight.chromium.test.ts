// The bytes that a browser without a cache fetches over HTTP for Today with 4,000 events: at most 100 KB, compressed as a proxy in front of the hub
// does. The day's channel brings the day once more over the socket; its size is printed.

import { gzipSync } from 'node:zlib';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hasChromium, Visitor } from '../harness/browser.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(120_000);

const most = 100 * 1_024;
const hourMs = 3_600_000;
const browsers = new TestBrowsers();
let visitor: Visitor | undefined;
afterEach(async () => {
  await visitor?.close();
  visitor = undefined;
  await browsers.clear();
});

async function send(url: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  await answer.text();
  expect([url, answer.ok]).toEqual([url, true]);
}

/** Sixteen hours of the day: 3,000 windows, of which an app stays in front for twenty, and 1,000 heartbeats of six projects. */
async function fill(url: string, midnight: number): Promise<void> {
  await send(`${url}api/0/buckets/w`, { client: 'aw-watcher-window', type: 'currentwindow', hostname: 'anvil' });
  const apps = ['code', 'kitty', 'firefox', 'mail'];
  const [step, beatStep] = [(16 * hourMs) / 3_000, (16 * hourMs) / 1_000];
  const at = (offset: number) => midnight + 6 * hourMs + offset;
  const windows = Array.from({ length: 3_000 }, (_, index) => ({
    timestamp: new Date(at(index * step)).toISOString(),
    duration: step / 1_000,
    data: { app: apps[Math.floor(index / 20) % apps.length], title: `title ${(index * 7) % 400}` },
  }));
  await send(`${url}api/0/buckets/w/events`, windows);
  const beats = Array.from({ length: 1_000 }, (_, index) => ({
    entity: `/src/file${(index * 7) % 60}.ts`,
    type: 'file',
    category: 'coding',
    project: `p${Math.floor(index / 25) % 6}`,
    time: at(index * beatStep) / 1_000,
  }));
  await send(`${url}api/v1/users/current/heartbeats.bulk`, beats);
}

(hasChromium ? test : test.skip)(
  'a day with 4,000 events is at most 100 KB over HTTP, with its page, styles, scripts, words and numbers',
  async () => {
    const { url } = await browsers.startHub();
    const midnight = Math.floor(Date.now() / 86_400_000 - 1) * 86_400_000;
    await fill(url, midnight);
    visitor = await Visitor.open(url, { serviceWorkers: 'block' });
    const { page } = visitor;
    const fetched: Promise<readonly [path: string, bytes: number]>[] = [];
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      fetched.push(response.body().then((body) => [pathname, gzipSync(body).length]));
    });
    let frames = 0;
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        frames += gzipSync(payload).length;
      });
    });
    await page.goto(`${url}day/${new Date(midnight).toISOString().slice(0, 10)}`);
    await page.locator('.bars').first().waitFor();
    await page.locator('.link[data-state=live]').waitFor();
    await page.waitForLoadState('networkidle');
    const all = await Promise.all(fetched);
    const total = all.reduce((sum, [, bytes]) => sum + bytes, 0);
    console.info(`Today with 4,000 events: ${total} bytes over HTTP, and ${frames} over the socket`);
    expect(all.map(([path]) => path)).toEqual(expect.arrayContaining([expect.stringMatching(/^\/-\/day\//)]));
    expect([all, total <= most]).toEqual([all, true]);
  },
);
