// Whole journeys with the keyboard alone: a newcomer, a phone, an administrator, a freelancer, a browser that two people use.
// Where something must be there at once, the time that it took is printed, and not asserted.

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { RunningHub } from '../../server/compose.ts';
import { hasChromium, type Visitor } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { Keyboard } from '../harness/keyboard.ts';
import { Socket } from '../harness/socket.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(180_000);

const browsers = new TestBrowsers();
afterEach(() => browsers.clear());

async function startSite(): Promise<{ readonly hub: RunningHub; readonly url: string; readonly owner: string }> {
  const hub = await browsers.startHub({ host: '0.0.0.0', hosts: ['127.0.0.1'] });
  return { hub, url: `http://127.0.0.1:${new URL(hub.url).port}/`, owner: hub.ownerSecret ?? '' };
}

/** @returns the code of a one-time link for the account; the owner's for '' */
async function linkFor(url: string, owner: string, account: string): Promise<string> {
  const socket = await Socket.open(url);
  const whose = account === '' ? {} : { account };
  if (account !== '') await socket.ask({ type: 'account', name: account, user_id: owner, ref: 1 });
  const link = await socket.ask({ type: 'link', ...whose, user_id: owner, ref: 2 });
  await socket.close();
  return String(link['code']);
}

async function signInBy(code: string, url: string): Promise<{ readonly visitor: Visitor; readonly keys: Keyboard }> {
  const visitor = await browsers.visit(`${url}sign-in#${code}`);
  await visitor.page.waitForURL('**/day');
  await visitor.sees('.link', 'Live');
  return { visitor, keys: new Keyboard(visitor.page) };
}

(hasChromium ? describe : describe.skip)('with the keyboard alone', () => {
  test('a newcomer copies the WakaTime lines of an empty hub, pastes them, and the first heartbeats light Today', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(url);
    const { page } = visitor;
    const keys = new Keyboard(page);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await visitor.sees('.tool[data-tool=wakatime][data-arrived=false]');
    await visitor.sees('.link[data-state=live]');
    await keys.tabTo('Make a token');
    await keys.press('Enter');
    await visitor.sees('.tool code', /api_key = [0-9a-f]{8}-/);
    await keys.press('Shift+Tab');
    await keys.tabTo('Copy: [settings]');
    await keys.press('Enter');
    await visitor.sees('.tool[data-tool=wakatime] .copy', 'Copied');
    // The values that an editor's plugin reads from the file that the lines are pasted into.
    const pasted = String(await page.evaluate('navigator.clipboard.readText()'));
    const value = (name: string) => new RegExp(`^${name} = (.*)$`, 'm').exec(pasted)?.[1] ?? '';
    const now = Date.now() / 1_000;
    const beat = (time: number) => ({ entity: '/src/a.ts', type: 'file', category: 'coding', project: 'horai', time });
    const answer = await fetch(`${value('api_url')}/users/current/heartbeats.bulk`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(value('api_key')).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify([beat(now - 2), beat(now - 1), beat(now)]),
    });
    expect(answer.status).toBe(202);
    await answer.text();
    await visitor.sees('.tool[data-tool=wakatime][data-arrived=true]', 'Connected');
    await visitor.sees('.bar-name', 'horai');
  });

  test('a phone is paired, stops a running task without a network, and the change arrives when it is back', async () => {
    const { url, owner } = await startSite();
    const { visitor: desk, keys: deskKeys } = await signInBy(await linkFor(url, owner, 'alice'), url);
    await deskKeys.press('g', 'k');
    await desk.page.waitForURL('**/tasks');
    await desk.sees('.link', 'Live');
    await deskKeys.tabTo('Add a task');
    await deskKeys.type('water the plants');
    await deskKeys.press('Enter');
    await desk.sees('.task', 'water the plants');
    await deskKeys.tabTo('Start: water the plants');
    await deskKeys.press('Enter');
    await desk.sees('.task[data-state=running]');
    const code = desk.page.locator('.one-time code').first();
    await desk.page.goto(`${url}devices`);
    await desk.sees('h3', 'Pair a phone');
    await deskKeys.tabTo('Show a QR code');
    await deskKeys.press('Enter');
    await code.waitFor();

    const phone = await browsers.visit((await code.textContent()) ?? '', { width: 390 });
    const keys = new Keyboard(phone.page);
    await phone.page.waitForURL('**/day');
    await phone.sees('.link', 'Live');
    await keys.press('g', 'k');
    await phone.sees('.task[data-state=running]', 'water the plants');
    await phone.sees('.link', 'Live');
    phone.outage = true;
    await phone.page.context().setOffline(true);
    await keys.tabTo('Stop: water the plants');
    await keys.press('Enter');
    await phone.sees('.link', '1 change waits');
    await deskKeys.press('g', 'k');
    await desk.sees('.task[data-state=running]');
    await phone.page.context().setOffline(false);
    await phone.sees('.link', /^Live/);
    await desk.sees('.task[data-state=open]', 'water the plants');
  });

  test('an administrator invites a person, sees their devices, and revokes one: its sockets and its session are gone', async () => {
    const { url, owner } = await startSite();
    const { visitor: admin, keys } = await signInBy(await linkFor(url, owner, ''), url);
    await keys.tabTo('owner');
    await keys.press('Enter');
    await keys.tabTo('People');
    await keys.press('Enter');
    await admin.sees('[data-account=owner]');
    await keys.tabTo('Name of the account');
    await keys.type('carol');
    await keys.press('Enter');
    await admin.sees('.one-time code');
    const address = (await admin.page.locator('.one-time code').first().textContent()) ?? '';
    const { visitor: carol } = await signInBy(address.split('#')[1] ?? '', url);
    const closed = new Promise<void>((resolve) => {
      carol.page.on('websocket', (socket) => void socket.on('close', () => resolve()));
    });
    await carol.page.reload();
    await carol.sees('.link', 'Live');
    const [cookie] = await carol.page.context().cookies();

    await keys.tabTo('Devices and tokens: carol');
    await keys.press('Enter');
    await admin.sees('[data-account=carol] [data-kind=session]', 'Chrome on Linux');
    await keys.tabTo('Revoke: ');
    await keys.press('Enter');
    await admin.sees('button', 'Revoke now');
    await keys.tabTo('Revoke now');
    const pressed = performance.now();
    await keys.press('Enter');
    await closed;
    console.info(`revoked: its socket was closed after ${Math.round(performance.now() - pressed)} ms`);
    await carol.sees('.admission', 'Sign in');
    const answer = await fetch(`${url}-/days?from=today&to=today`, {
      headers: { cookie: `${cookie?.name}=${cookie?.value}` },
    });
    expect(answer.status).toBe(401);
    await eventually(
      async () => (await admin.count('[data-account=carol] [data-kind=session]')) === 0,
      'the list of devices to be without the revoked one',
    );
    carol.forgetRefusals();
  });

  test('a freelancer opens a week, notes what was done, asks for a report of it, and submits it', async () => {
    const { url } = await browsers.startHub();
    const socket = await Socket.open(url);
    const monday = Date.now() - (((new Date().getUTCDay() + 6) % 7) + 7) * 86_400_000;
    const date = new Date(monday).toISOString().slice(0, 10);
    const noon = Date.parse(`${date}T12:00:00Z`) * 1_000;
    await socket.ask({ type: 'create', channel: 'settings', key: 'day', item: { zone: 'UTC' }, ref: 1 });
    await socket.ask({
      type: 'create',
      channel: 'entries',
      key: 'e1',
      item: { project: 'shop' },
      time: noon,
      end: noon + 3_600_000_000,
      ref: 2,
    });
    const visitor = await browsers.visit(`${url}week/${date}`);
    const keys = new Keyboard(visitor.page);
    await visitor.sees('.grid', 'shop');
    await keys.press('a');
    await visitor.sees('dialog[open]');
    await keys.tabTo(/^Note/);
    await keys.type('mended the door');
    await keys.tabTo('Save');
    await keys.press('Enter');
    await visitor.sees('.said', 'Saved');
    await keys.press('g', 'e');
    await visitor.page.waitForURL('**/reports');
    await visitor.sees('.weeks li');
    await keys.tabTo('Last week');
    await keys.press('Enter');
    await visitor.sees('[data-table=report] tbody tr', 'shop');
    await keys.tabTo('Submit: ');
    await keys.press('Enter');
    await keys.tabTo('Submit and lock');
    await keys.press('Enter');
    await visitor.sees('.weeks li[data-state=submitted]', '1 h');
    await socket.close();
  });

  test('one person signs out of a browser and another signs in, who sees nothing of the first', async () => {
    const { url, owner } = await startSite();
    const { visitor, keys } = await signInBy(await linkFor(url, owner, 'alice'), url);
    await keys.press('g', 'k');
    await visitor.page.waitForURL('**/tasks');
    await visitor.sees('.link', 'Live');
    await keys.tabTo('Add a task');
    await keys.type('a secret of alice');
    await keys.press('Enter');
    await visitor.sees('.task', 'a secret of alice');
    await keys.tabTo(/^alice/);
    await keys.press('Enter');
    await keys.tabTo('Sign out');
    await keys.press('Enter');
    await visitor.page.waitForURL('**/sign-in');
    await visitor.sees('.admission input');
    await keys.tabTo('Token');
    await keys.type(owner);
    await keys.press('Enter');
    await visitor.page.waitForURL('**/day');
    await visitor.sees('.account summary', 'owner');
    await keys.goTo('tasks');
    await visitor.page.waitForURL('**/tasks');
    await visitor.sees('.link', 'Live');
    for (const text of [await visitor.page.content(), await visitor.stored()]) expect(text).not.toContain('alice');
    visitor.forgetRefusals();
  });
});
