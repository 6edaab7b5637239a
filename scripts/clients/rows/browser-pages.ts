// Pages of other projects, unmodified, in a real Chromium: the room page of the original mob timer.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page, Route } from 'playwright-core';
import { hasChromium, Visitor } from '../../../tests/harness/browser.ts';
import { Missing } from '../check.ts';
import type { ClientRow, RunReport } from '../row.ts';
import type { ClientHub, Workbench } from '../workbench.ts';

export const browserPageRows: readonly ClientRow[] = [
  { name: 'room page of the original mob timer', source: 'CLIENTS_FROM', run: runRoomPage },
];

const waitMs = 20_000;

async function open(url: string): Promise<Visitor> {
  if (!hasChromium) throw new Missing('chromium is not installed');
  return Visitor.open(url);
}

/** Waits until the element has the text; an element without text is not visible. */
async function shows(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor({ state: 'attached', timeout: waitMs });
}

const mob = (hub: ClientHub, method: string, path: string, body: unknown): Promise<Response> =>
  fetch(`${hub.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/**
 * The page as the original server sends it: its template with the footer and the name of the room, and its files, at the hub's address. The library that
 * it loads from a CDN comes from npm, whose file is not the CDN's to the byte, so the hashes in the markup are left out. Everything else
 * is the hub's.
 */
async function serveOriginal(bench: Workbench, page: Page, hub: ClientHub, room: string): Promise<void> {
  const resources = join(bench.checkout('mob-timer'), 'src/main/resources');
  const library = join(await bench.npm('vis-timeline@7.5.1'), 'node_modules/vis-timeline/standalone/umd');
  const template = (name: string) => readFileSync(join(resources, 'templates', `${name}.html`), 'utf8');
  const html = template('room')
    .replace(/<(\w+) th:replace="~\{(fragments\/footer)\}"><\/\1>/, (_, _tag: string, name: string) => template(name))
    .replace(/\[\[\$\{room\.name\}\]\]/g, room)
    .replace(/ integrity="[^"]*"/g, '');
  await page.route('**/*', async (route: Route) => {
    const { origin, pathname } = new URL(route.request().url());
    const name = pathname.split('/').at(-1) ?? '';
    if (`${origin}/` !== hub.url) {
      const file = join(library, name);
      const headers = { 'access-control-allow-origin': '*' };
      return existsSync(file) ? route.fulfill({ path: file, headers }) : route.abort();
    }
    const asset = join(resources, 'public', name);
    if (name === room && route.request().method() === 'GET')
      return route.fulfill({ body: html, contentType: 'text/html' });
    return name !== '' && existsSync(asset) ? route.fulfill({ path: asset }) : route.continue();
  });
}

async function runRoomPage(bench: Workbench): Promise<RunReport> {
  const hub = await bench.hub({ HORAI_OWNER_TOKEN: '' });
  const room = 'original-page';
  const visitor = await open(hub.url);
  try {
    const { page } = visitor;
    await serveOriginal(bench, page, hub, room);
    await page.goto(`${hub.url}${room}`);
    await page.evaluate("localStorage.setItem('user', 'ann')");
    await page.locator('#timer-button').click();
    await shows(page, '#timer', /09:5\d/);
    await shows(page, '#timer-user', 'ann');
    await mob(hub, 'PUT', room, { timer: 25, user: 'ben' });
    await shows(page, '#timer', /24:5\d/);
    await shows(page, '#timer-user', 'ben');
    await shows(page, '#history', 'ben');
    await page.locator('#breaktimer-button').click();
    await shows(page, '#timer', /14:5\d/);
    await shows(page, '#timer-type', '☕');
    await page.evaluate("sendGoal('ship it')");
    await shows(page, '#goal', 'ship it');
    await page.evaluate('sendDeleteGoal()');
    await shows(page, '#goal', /^$/);
    await page.reload();
    await shows(page, '#history', 'ben');
    await shows(page, '#timer', /14:[45]\d/);
    return {
      version: '',
      did: 'started a turn and a break, was shown the turn of another, set and deleted a goal; reloaded, it had its history',
    };
  } finally {
    await visitor.close();
  }
}
