// Pages of other origins in real Chromium, against a personal hub on the same machine. Each tries everything that a page can do without being
// allowed to read: pictures, scripts, styles, fetches, frames, windows. Two hubs, one with a day full of work and one without any, look the
// same to it. The control: the hub's own page sees the difference, and a picture of a share link may be embedded.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { RunningHub } from '../../server/compose.ts';
import type { Store } from '../../server/core/store.ts';
import { realWorld } from '../../server/world.ts';
import { chromiumOptions, hasChromium } from '../harness/browser.ts';
import { startComposed, startNode } from '../harness/compose.ts';

jest.setTimeout(120_000);

let hubs: RunningHub[] = [];
let browser: Browser | undefined;
let attacker: Server | undefined;
afterEach(async () => {
  await browser?.close();
  attacker?.close();
  await Promise.all(hubs.map((hub) => hub.stop()));
  hubs = [];
});

async function startHub(): Promise<RunningHub> {
  const hub = await startComposed();
  hubs.push(hub);
  return hub;
}

/** Work on a task, in an editor and in a window, all at this moment. */
async function work(hub: RunningHub): Promise<void> {
  const send = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${hub.ownerSecret}` };
    const { status } = await fetch(hub.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    expect([path, status < 300]).toEqual([path, true]);
  };
  const now = Date.now();
  const beats = [0, 60, 120].map((ago) => ({ entity: '/a.ts', type: 'file', time: now / 1_000 - ago, project: 'hub' }));
  await send('api/v1/users/current/heartbeats.bulk', beats);
  await send('api/0/buckets/window', { type: 'currentwindow', client: 'c', hostname: 'h' });
  const events = Array.from({ length: 2_000 }, (_, at) => ({
    timestamp: new Date(now - at * 2_000).toISOString(),
    duration: 1,
    data: { app: 'editor', title: `secret ${at}` },
  }));
  await send('api/0/buckets/window/events', events);
}

const today = '/-/day/today';
const paths = [
  today,
  '/-/days?from=today&to=today',
  '/-/questions',
  '/-/health',
  '/-/metrics',
  '/-/channels/tasks/events',
  '/api/0/buckets',
  '/api/0/buckets/window',
  '/api/0/buckets/window/events',
  '/api/0/export',
  '/api/v1/users/current',
  '/api/v1/users/current/stats/all_time',
  '/api/v1/users/owner/stats',
  '/api/v1/leaders',
  '/api/summary?interval=today',
  '/api/metrics',
  '/some-room/goal',
  '/',
  '/day',
  '/tasks',
  '/nothing/is/here',
];

/** The facts that a page can see about an address of another origin without being allowed to read it. */
const probe = `async ({ hub, paths }) => {
  const element = (name, attributes) => new Promise((resolve) => {
    const made = document.createElement(name);
    made.onload = () => resolve('load');
    made.onerror = () => resolve('error');
    Object.assign(made, attributes);
    document.body.append(made);
  });
  const fetched = (options) => (path) => fetch(hub + path, options).then(
    async (answer) => [answer.type, answer.status, (await answer.text()).length].join(' '),
    () => 'error');
  const frame = async (path) => {
    const made = document.createElement('iframe');
    const loaded = new Promise((resolve) => { made.onload = resolve; });
    made.src = hub + path;
    document.body.append(made);
    await loaded;
    let reads;
    try { reads = String(made.contentWindow.document?.body?.innerText ?? null); } catch { reads = 'closed'; }
    return [made.contentWindow.length, reads, made.clientHeight].join(' ');
  };
  const ways = {
    image: async (path) => { const made = new Image(); const seen = new Promise((resolve) => { made.onload = () => resolve('load ' + made.width); made.onerror = () => resolve('error'); }); made.src = hub + path; return seen; },
    script: (path) => element('script', { src: hub + path }),
    style: (path) => element('link', { rel: 'stylesheet', href: hub + path }),
    audio: (path) => new Promise((resolve) => { const made = new Audio(); made.onerror = () => resolve('error'); made.onloadedmetadata = () => resolve('load'); made.src = hub + path; }),
    opaque: fetched({ mode: 'no-cors', credentials: 'include' }),
    cors: fetched({ mode: 'cors' }),
    post: fetched({ method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: '{}' }),
    frame,
  };
  const seen = {};
  for (const path of paths) {
    performance.clearResourceTimings();
    for (const [way, look] of Object.entries(ways)) seen[way + ' ' + path] = await look(path);
    const [entry] = performance.getEntriesByName(hub + path).slice(-1);
    seen['size ' + path] = entry === undefined ? 0 : [entry.transferSize, entry.decodedBodySize].join(' ');
  }
  return seen;
}`;

/** A page of another origin than the hub's. */
async function openAttacker(host: string): Promise<Page> {
  attacker = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<body>evil</body>'));
  const { port } = await new Promise<AddressInfo>((resolve) => {
    attacker?.listen(0, '127.0.0.1', () => resolve(attacker?.address() as AddressInfo));
  });
  browser = await chromium.launch(chromiumOptions);
  const page = await openPage();
  await page.goto(`http://${host}:${port}/`);
  return page;
}

/** A page of a browser profile of its own. */
async function openPage(): Promise<Page> {
  if (browser === undefined) throw new Error('no browser');
  return browser.newPage();
}

/** The channels of the owner that are read from the store from now on; `channels` counts as all of them. */
function watchReads(store: Store): Set<string> {
  const read = new Set<string>();
  for (const name of ['head', 'since', 'read', 'state', 'history', 'at', 'bytes', 'channels'] as const) {
    const real: (...args: never[]) => unknown = store[name];
    Object.assign(store, {
      [name]: (channel: string, ...more: never[]) => {
        if (channel === '' || channel.startsWith('owner')) read.add(channel);
        return Reflect.apply(real, store, [channel, ...more]);
      },
    });
  }
  return read;
}

(hasChromium ? describe : describe.skip)('a page of another origin in Chromium', () => {
  test.each(['localhost', '127.0.0.1'])('on %s learns nothing of a personal hub', async (host) => {
    const [full, empty] = [await startHub(), await startHub()];
    await work(full);
    const page = await openAttacker(host);
    const origins = [full, empty].map(({ url }) => new URL(url).origin);
    const seen: Record<string, unknown>[] = [];
    for (const hub of origins) seen.push(await page.evaluate(`(${probe})(${JSON.stringify({ hub, paths })})`));
    expect(seen[0]).toEqual(seen[1]);
    const loaded = Object.entries(seen[0] ?? {}).filter(
      ([way, result]) => !/^(?:frame|size)/.test(way) && result !== 'error',
    );
    expect(loaded).toEqual([]);

    // A window that the page opens shows the hub to the person, and is out of the page's reach.
    const reached = await page.evaluate(
      `Promise.all(${JSON.stringify(origins)}.map((hub) => new Promise((resolve) => {
        const opened = window.open(hub + '/day');
        const look = () => { let length; try { length = opened.length; } catch { length = 'closed'; }
          if (opened.closed) resolve('cut off'); else setTimeout(look, 20, length); };
        look();
      })))`,
    );
    expect(reached).toEqual(['cut off', 'cut off']);

    // The controls: the hub's own page reads the day, and a picture of a share link is embedded.
    const own = await openPage();
    await own.goto(`${origins[0]}/help`);
    const totals = await own.evaluate(`fetch('${today}').then((answer) => answer.json()).then(({ total }) => total)`);
    expect(Number(totals)).toBeGreaterThan(0);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ type: 'projects', range: 'today' });
    const made = await fetch(`${origins[0]}/api/v1/users/current/shares`, { method: 'POST', headers, body });
    const { data } = JSON.parse(await made.text());
    const link = new URL(data.url).pathname;
    const picture = await page.evaluate(`(${probe})(${JSON.stringify({ hub: origins[0], paths: [link] })})`);
    expect(picture).toMatchObject({ [`image ${link}`]: expect.stringMatching(/^load [1-9]/) });
  });

  // How long an answer takes can only depend on what the hub looks at for it. A hub that has just started has nothing in memory.
  test.each([
    'localhost',
    '127.0.0.1',
  ])('on %s learns nothing by timing: for its requests the hub reads nothing of the owner', async (host) => {
    const data = mkdtempSync(join(tmpdir(), 'horai-origins-'));
    try {
      const before = await startComposed({ store: 'sqlite', data });
      await work(before);
      await before.stop();
      const { hub, store } = await startNode({ store: 'sqlite', data }, realWorld('silent'));
      hubs.push(hub);
      const origin = new URL(hub.url).origin;
      const page = await openAttacker(host);
      const read = watchReads(store);
      await page.evaluate(`(${probe})(${JSON.stringify({ hub: origin, paths })})`);
      expect([...read]).toEqual([]);
      // The control: for the hub's own page it reads the coding time and the windows.
      const own = await openPage();
      await own.goto(`${origin}/help`);
      await own.evaluate(`fetch('${today}').then((answer) => answer.text())`);
      expect([...read]).toEqual(expect.arrayContaining(['owner/wakatime', 'owner/aw/window']));
    } finally {
      await Promise.all(hubs.map((hub) => hub.stop()));
      rmSync(data, { recursive: true, force: true });
    }
  });
});
