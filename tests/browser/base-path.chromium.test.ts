// A hub below a path of an origin that others use too, behind a real nginx, in real Chromium: every page, the live connection, the service
// worker, the session.

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { hasChromium } from '../harness/browser.ts';
import { nginx, startNginx } from '../harness/proxies.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(120_000);

const browsers = new TestBrowsers();
afterEach(() => browsers.clear());

const pages = [
  ['day', '.tools, .empty, .sentence, .tool'],
  ['week', '.sentence'],
  ['month', '.sentence'],
  ['trends', '.sentence'],
  ['projects', 'main h1'],
  ['goals', '.sentence'],
  ['rules', 'main h1'],
  ['history', 'main h1'],
  ['devices', 'main h1'],
  ['settings', 'main h1'],
  ['people', 'main h1'],
  ['inspector', 'main h1'],
  ['set-up', '.tool'],
  ['rooms', '#room'],
  ['garden', '#timer'],
  ['help', '#mob'],
] as const;

(hasChromium && nginx !== undefined ? describe : describe.skip)('a hub below a path', () => {
  test('signs in, is live, works offline and signs out, and asks for nothing outside of its path', async () => {
    const hub = await browsers.startHub({ hosts: ['127.0.0.1'], basePath: '/horai' });
    const proxy = await startNginx(
      `proxy_pass http://127.0.0.1:${new URL(hub.url).port}; proxy_http_version 1.1; proxy_set_header Host $http_host;
       proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection; proxy_buffering off;`,
      '/horai/',
    );
    const url = `http://127.0.0.1:${proxy.port}/horai/`;
    try {
      const visitor = await browsers.visit(`${url}sign-in?to=%2Ftasks`);
      const { page } = visitor;
      const outside: string[] = [];
      page.on('request', (request) => {
        if (!request.url().startsWith(url) && !request.url().startsWith('data:')) outside.push(request.url());
      });
      page.on('websocket', (socket) => {
        if (!socket.url().startsWith(url.replace('http', 'ws'))) outside.push(socket.url());
      });
      await page.evaluate("localStorage.setItem('somebody else', 'here')");
      await page.fill('#token-input', hub.ownerSecret ?? '');
      await visitor.press('Sign in');
      await page.waitForURL(`${url}tasks`);
      const [cookie] = await page.context().cookies();
      expect([cookie?.path, cookie?.httpOnly]).toEqual(['/horai', true]);
      await visitor.sees('.link[data-state=live]');
      await page.fill('#add-line', 'water the plants');
      await page.keyboard.press('Enter');
      await visitor.sees('.task', 'water the plants');

      for (const [path, ready] of pages) {
        await page.goto(url + path);
        await visitor.sees(ready);
        const leaving = await page
          .locator('a[href^="/"]')
          .evaluateAll((links: { getAttribute(name: string): string | null }[]) =>
            links.map((link) => link.getAttribute('href')).filter((href) => !href?.startsWith('/horai/')),
          );
        expect([path, leaving]).toEqual([path, []]);
      }
      await page.goto(`${url}week`);
      await visitor.sees('.link[data-state=live]');
      for (const key of 'gk') await page.keyboard.press(key);
      await page.waitForURL(`${url}tasks`);
      await visitor.sees('.task', 'water the plants');
      const scope = await page.evaluate('navigator.serviceWorker.ready.then(({ scope }) => scope)');
      expect(scope).toBe(url);
      await page.reload();
      await visitor.sees('.task', 'water the plants');

      await page.locator('.account summary').click();
      await visitor.press('Sign out');
      await page.waitForURL(`${url}sign-in`);
      const left = await visitor.stored();
      expect([left.includes('water the plants'), left.includes('somebody else')]).toEqual([false, true]);
      expect(await page.context().cookies()).toEqual([]);
      expect(outside).toEqual([]);
      visitor.forgetRefusals();
    } finally {
      await proxy.stop();
    }
  });
});
