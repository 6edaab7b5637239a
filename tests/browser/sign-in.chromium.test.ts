// Signing in and out in real Chromium against a real hub for several people: one-time links, the page of a token, a browser that two
// people use, and tokens that earlier versions stored.

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { RunningHub } from '../../server/compose.ts';
import { hasChromium } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { Socket } from '../harness/socket.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(120_000);

const browsers = new TestBrowsers();
afterEach(() => browsers.clear());

interface Site {
  readonly url: string;
  readonly owner: string;
  readonly hub: RunningHub;
}

async function startSite(): Promise<Site> {
  const hub = await browsers.startHub({ host: '0.0.0.0', hosts: ['127.0.0.1'] });
  return { hub, url: `http://127.0.0.1:${new URL(hub.url).port}/`, owner: hub.ownerSecret ?? '' };
}

/** Over the wire, as the owner. */
async function administer({ url, owner }: Site, ...requests: readonly object[]): Promise<Record<string, unknown>[]> {
  const socket = await Socket.open(url);
  const answers: Record<string, unknown>[] = [];
  for (const [ref, request] of requests.entries()) {
    answers.push(await socket.ask({ ...request, user_id: owner, ref: ref + 1 }));
  }
  await socket.close();
  return answers;
}

/** A person with a task of theirs. @returns the code of a one-time link that signs them in */
async function addPerson(site: Site, name: string): Promise<string> {
  const [account, link] = await administer(site, { type: 'account', name }, { type: 'link', account: name });
  const socket = await Socket.open(site.url);
  await socket.ask({
    type: 'create',
    task: { id: 1, desc: `${name} waters plants` },
    user_id: account?.['secret'],
    ref: 1,
  });
  await socket.close();
  return String(link?.['code']);
}

(hasChromium ? describe : describe.skip)('signing in', () => {
  test('a browser that alice leaves and bob uses keeps nothing of alice', async () => {
    const site = await startSite();
    const [alice, bob] = [await addPerson(site, 'alice'), await addPerson(site, 'bob')];
    const visitor = await browsers.visit(`${site.url}sign-in#${alice}`);
    const { page } = visitor;
    await page.waitForURL('**/day');
    await visitor.sees('.account summary', 'alice');
    expect(page.url()).not.toContain(alice);
    await page.goto(`${site.url}tasks`);
    await visitor.sees('.task', 'alice waters plants');
    const stored = await visitor.stored();
    expect(stored).toContain('alice');
    expect(stored).not.toContain(alice);
    // Another tab of hers is open.
    const tab = await page.context().newPage();
    await tab.goto(`${site.url}tasks`);
    await tab.locator('.task', { hasText: 'alice waters plants' }).waitFor();

    await page.locator('.account summary').click();
    await visitor.press('Sign out');
    await page.waitForURL('**/sign-in');
    await tab.locator('.admission').waitFor();
    expect(await tab.content()).not.toContain('alice');
    await page.goBack();
    await visitor.sees('.admission');
    for (const one of [await page.content(), await visitor.stored()]) expect(one).not.toContain('alice');
    expect(await page.context().cookies()).toEqual([]);

    await page.goto(`${site.url}sign-in#${bob}`);
    await page.waitForURL('**/day');
    await page.goto(`${site.url}tasks`);
    await visitor.sees('.task', 'bob waters plants');
    await visitor.sees('.account summary', 'bob');
    for (const one of [await page.content(), await visitor.stored()]) expect(one).not.toContain('alice');
    visitor.forgetRefusals();
  });

  test('a link opens once: the second browser is told so, and can use a token', async () => {
    const site = await startSite();
    const code = await addPerson(site, 'alice');
    const first = await browsers.visit(`${site.url}sign-in#${code}`);
    await first.page.waitForURL('**/day');
    const second = await browsers.visit(`${site.url}sign-in#${code}`);
    await second.sees('[role=alert]', 'this link was used, or it has expired');
    await second.page.fill('#token-input', site.owner);
    await second.press('Sign in');
    await second.page.waitForURL('**/day');
    await second.sees('.account summary', 'owner');
    expect(await second.stored()).not.toContain(site.owner);
    second.forgetRefusals();
  });

  test('a phone is paired by the QR code of another browser, works offline, and what it did arrives', async () => {
    const site = await startSite();
    const desk = await browsers.visit(`${site.url}sign-in#${await addPerson(site, 'alice')}`);
    await desk.page.waitForURL('**/day');
    await desk.page.goto(`${site.url}devices`);
    await desk.press('Show a QR code');
    await desk.sees('.one-time .qr path');
    const address = (await desk.page.textContent('.one-time code')) ?? '';
    expect(address).toMatch(new RegExp(`^${site.url}sign-in#[0-9a-f-]{36}$`));

    const phone = await browsers.visit(address, { width: 390 });
    await phone.page.waitForURL('**/day');
    await phone.sees('.account summary', 'alice');
    await phone.page.goto(`${site.url}tasks`);
    await phone.sees('.task', 'alice waters plants');
    await phone.page.locator('.task').first().press('s');
    await phone.sees('.task[data-state=running]');
    await desk.page.goto(`${site.url}tasks`);
    await desk.sees('.task[data-state=running]', 'alice waters plants');
    phone.outage = true;
    await phone.page.context().setOffline(true);
    await phone.page.locator('.task').first().press('S');
    await phone.sees('.link', '1 change waits');
    await phone.page.context().setOffline(false);
    await phone.sees('.link', /^Live/);
    await desk.sees('.task[data-state=open]', 'alice waters plants');

    // The phone is in the list of browsers, and can be signed out from there.
    await desk.page.goto(`${site.url}devices`);
    await desk.sees('[data-kind=session]:not(:has(.tag))');
    await desk.page.locator('[data-kind=session]:not(:has(.tag)) button').click();
    await desk.press('Revoke now');
    await phone.sees('.admission', 'Sign in');
    expect(await phone.page.textContent('main')).not.toContain('waters');
    phone.forgetRefusals();
  });

  test('an administrator invites a person, sees their devices, and ends one: its sockets and session are gone', async () => {
    const site = await startSite();
    const [link] = await administer(site, { type: 'link' });
    const admin = await browsers.visit(`${site.url}sign-in#${link?.['code']}`);
    await admin.page.waitForURL('**/day');
    await admin.page.goto(`${site.url}people`);
    await admin.sees('[data-account=owner]', 'administrator');
    await admin.page.fill('input[name=account]', 'carol');
    await admin.press('Invite a person');
    await admin.sees('.one-time code');
    const address = (await admin.page.textContent('.one-time code')) ?? '';
    await admin.sees('.row', 'carol');

    const carol = await browsers.visit(address);
    await carol.page.waitForURL('**/day');
    await carol.page.goto(`${site.url}tasks`);
    await carol.sees('.link', 'Live');
    await carol.page.locator('.account summary').click();
    expect(await carol.count('.account a[href="/people"]')).toBe(0);

    await admin.page.goto(`${site.url}inspector`);
    await admin.sees('[data-session]', 'carol');
    await admin.sees('[data-channel="carol/tasks"]', 'carol');
    await admin.page.goto(`${site.url}people`);
    await admin.page.getByRole('button', { name: 'Devices and tokens: carol' }).click();
    await admin.sees('[data-account=carol] [data-kind=session]', 'Chrome on Linux');
    await admin.page.locator('[data-account=carol] [data-kind=session] button').click();
    await admin.press('Revoke now');
    await carol.sees('.admission', 'Sign in');
    await carol.page.reload();
    await carol.sees('.admission', 'Sign in');
    carol.forgetRefusals();
  });

  test('settings are saved for the account, a wrong one says what would be right, and the language is the browser’s', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}settings`);
    await visitor.sees('#setting-zone');
    await visitor.page.fill('#setting-zone', 'Mars/Olympus');
    await visitor.page.press('#setting-zone', 'Enter');
    await visitor.sees('#setting-zone-hint[role=alert]', 'Europe/Berlin');
    await visitor.page.fill('#setting-zone', 'Asia/Tokyo');
    await visitor.page.press('#setting-zone', 'Enter');
    await visitor.page.check('input[name=time]');
    const socket = await Socket.open(url);
    await eventually(async () => {
      const { items } = await socket.ask({ type: 'read-all', channel: 'settings', ref: 1 });
      const text = JSON.stringify(items);
      return text.includes('Asia/Tokyo') && text.includes('"logged_time_public":true');
    }, 'the hub to have the settings');
    await socket.close();
    await visitor.page.setInputFiles('input[type=file]', {
      name: 'wakatime.json',
      mimeType: 'application/json',
      buffer: Buffer.from(
        JSON.stringify({
          user: {},
          range: {},
          days: [{ heartbeats: [{ entity: '/a.ts', type: 'file', time: Date.now() / 1_000 - 60, project: 'moved' }] }],
        }),
      ),
    });
    await visitor.sees('output', 'wakatime.json is imported.');
    await visitor.page.selectOption('select[name=language]', 'de');
    await visitor.sees('h1', 'Einstellungen');
    await visitor.page.goto(`${url}devices`);
    await visitor.sees('tr[data-flow=flowing]');
  });

  test('a token is made with a name and an end, is shown once, and opens what it is for', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}devices`);
    await visitor.page.fill('input[name=name]', 'laptop');
    await visitor.page.selectOption('select[name=purpose]', 'tasks');
    await visitor.page.selectOption('select[name=term]', '30');
    await visitor.press('Make a token');
    await visitor.sees('.made code');
    const secret = (await visitor.page.textContent('.made code')) ?? '';
    await visitor.sees('[data-kind=token]', 'laptop');
    const read = (channel: string) =>
      fetch(`${url}-/channels/${channel}/events`, { headers: { authorization: `Bearer ${secret}` } });
    const [tasks, editors] = [await read('tasks'), await read('wakatime')];
    expect([tasks.status, editors.status]).toEqual([200, 403]);
    await tasks.body?.cancel();
    await visitor.page.reload();
    await visitor.sees('[data-kind=token]', 'laptop');
    expect(await visitor.page.content()).not.toContain(secret);
  });

  test.each([320, 390, 2560])('nothing of these pages sticks out at a width of %i', async (width) => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}sign-in`, { width });
    await visitor.sees('.admission input');
    expect(await visitor.sticksOut()).toBe(0);
    for (const path of ['devices', 'settings', 'people', 'inspector']) {
      await visitor.page.goto(url + path);
      await visitor.sees('.manage .card');
      expect([path, await visitor.sticksOut()]).toEqual([path, 0]);
    }
  });

  test('the hub’s address is the day of somebody who is signed in, and leads a stranger to the sign-in', async () => {
    const site = await startSite();
    const visitor = await browsers.visit(site.url);
    await visitor.sees('#room');
    await visitor.page.locator('.account summary').click();
    await visitor.page.locator('.account a').click();
    await visitor.page.waitForURL('**/sign-in?to=%2F');
    await visitor.page.fill('#token-input', site.owner);
    await visitor.press('Sign in');
    await visitor.sees('.tool[data-tool=wakatime]');
    expect(new URL(visitor.page.url()).pathname).toBe('/');
  });

  test.each([
    'typed',
    'of the SDK',
  ])('a token that an earlier version stored, %s, becomes a session and is removed', async (kind) => {
    const site = await startSite();
    const visitor = await browsers.visit(`${site.url}help`);
    await visitor.page.evaluate(
      kind === 'typed'
        ? `localStorage.setItem('token', '${site.owner}'); localStorage.setItem('user', 'ann')`
        : `new Promise((resolve) => {
            const opening = indexedDB.open('horai', 1);
            opening.onupgradeneeded = () => opening.result.createObjectStore('values');
            opening.onsuccess = () => {
              const transaction = opening.result.transaction('values', 'readwrite');
              transaction.objectStore('values').put({ device: 'd1', token: '${site.owner}' }, 'identity');
              transaction.oncomplete = () => { opening.result.close(); resolve(); };
            };
          })`,
    );
    await visitor.page.goto(`${site.url}tasks`);
    await visitor.sees('.link', 'Live');
    await visitor.sees('.account summary', 'owner');
    const stored = await visitor.stored();
    expect(stored).not.toContain(site.owner);
    // Other stored data of the same person stays.
    expect(stored).toContain(kind === 'typed' ? 'ann' : 'd1');
  });

  test('a personal hub asks nobody to sign in, and its pages store no secret', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}tasks`);
    await visitor.sees('.link', 'Live');
    await visitor.sees('.account summary', 'owner');
    expect(await visitor.count('.account button')).toBe(0);
    expect(await visitor.stored()).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
    const socket = await Socket.open(url);
    const { tokens } = await socket.ask({ type: 'tokens', ref: 1 });
    expect(tokens).toMatchObject([{ name: 'first' }]);
    await socket.close();
  });
});
