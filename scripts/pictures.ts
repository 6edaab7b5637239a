// Takes the pictures of the documentation from running hubs, in Chromium: `npm run pictures`. The hubs are in memory. Their data
// arrives by the same requests that clients send, so a picture shows what a person sees.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import { compose, type RunningHub } from '../server/compose.ts';
import { configure } from '../server/config.ts';
import { realWorld } from '../server/world.ts';
import { generateDemo } from './demo/generate.ts';
import { sendDemo } from './demo/send.ts';

const folder = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
const themes = ['light', 'dark'] as const;
const size = { width: 1_120, height: 700 };

const tasks = [
  { id: 1, desc: 'write the report', tags: ['work'] },
  { id: 2, desc: 'water the plants', tags: ['home'] },
  { id: 3, desc: 'call the dentist', tags: ['home', 'health'] },
  { id: 4, desc: 'review the sync tests', tags: ['work', 'horai'] },
];

async function put(url: string, body: object): Promise<void> {
  const answer = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`PUT ${url}: ${answer.status} ${await answer.text()}`);
}

/** Sends one message after another over the wire; each is acknowledged before the next. */
async function send(url: string, messages: readonly object[]): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  for (const message of messages) {
    const answer = new Promise((resolve) => socket.once('message', resolve));
    socket.send(JSON.stringify(message));
    await answer;
  }
  socket.close();
}

/** @param ahead milliseconds that the clocks of hub and pages are ahead */
async function take(browser: Browser, url: string, ready: string, name: string, ahead = 0): Promise<void> {
  for (const theme of themes) {
    const context = await browser.newContext({
      viewport: size,
      colorScheme: theme,
      deviceScaleFactor: 1.5,
      locale: 'en-GB',
    });
    await context.addInitScript(`const now = Date.now; Date.now = () => now() + ${ahead};`);
    const page = await context.newPage();
    await page.goto(url);
    await page.locator(ready).first().waitFor();
    await page.evaluate('document.fonts.ready');
    await page.screenshot({ path: join(folder, `${name}-${theme}.png`) });
    await context.close();
  }
}

/** @param ahead milliseconds that its clock is ahead */
async function startHub(ahead = 0): Promise<RunningHub> {
  const configured = configure({
    env: { HORAI_STORE: 'memory', HORAI_PORT: '0', HORAI_KRONOS_PORT: '0', HORAI_LOG: 'silent' },
    platform: process.platform,
    home: '/',
  });
  if (!configured.ok) throw new Error(configured.errors.join('\n'));
  const world = realWorld('silent');
  const composed = await compose(configured.config, { ...world, now: () => world.now() + ahead });
  if (!composed.ok) throw new Error(composed.error);
  return composed.hub;
}

/** A Thursday afternoon in Berlin: the same day in every picture. */
const afternoon = Date.UTC(2026, 10, 26, 15, 40);

async function takeDay(browser: Browser): Promise<void> {
  const ahead = afternoon - Date.now();
  const hub = await startHub(ahead);
  try {
    const [ada] = generateDemo({ seed: 7, from: Date.UTC(2026, 10, 16), days: 12, people: 1 }).accounts;
    if (ada === undefined) throw new Error('the demo has a person');
    await sendDemo(ada, { url: hub.url, until: afternoon, zone: 'Europe/Berlin' });
    await take(browser, `${hub.url}day`, '.bars', 'day', ahead);
    await take(browser, `${hub.url}week`, '.day-bars', 'week', ahead);
  } finally {
    await hub.stop();
  }
}

const hub = await startHub();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  mkdirSync(folder, { recursive: true });
  for (const user of ['Ann', 'Bob', 'Chi']) await put(`${hub.url}atlas`, { timer: 10, user });
  await put(`${hub.url}atlas/goal`, { goal: 'The import keeps every task', user: 'Ann' });
  await put(`${hub.url}atlas`, { timer: 10, user: 'Ann' });
  await send(
    hub.url,
    tasks.map((task) => ({ type: 'create', task, ref: `${task.id}` })),
  );
  await take(browser, `${hub.url}atlas`, '#timer', 'room');
  await take(browser, `${hub.url}tasks`, 'text=water the plants', 'tasks');
  await takeDay(browser);
  console.log(`pictures are in ${folder}`);
} finally {
  await browser.close();
  await hub.stop();
}
