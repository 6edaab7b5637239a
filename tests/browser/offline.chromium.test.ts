// Pages without their hub, in real Chromium: the service worker, what was seen once, and its age.

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { hasChromium, type Visitor } from '../harness/browser.ts';
import { fillWithDemo } from '../harness/demo.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(120_000);

const browsers = new TestBrowsers();
afterEach(() => browsers.clear());

/** Opens a page with the service worker in charge, so that what it asks for is stored. */
async function see(visitor: Visitor, address: string): Promise<void> {
  await visitor.page.goto(address);
  await visitor.page.evaluate(`navigator.serviceWorker.ready.then(() => new Promise((resolve) => {
    if (navigator.serviceWorker.controller !== null) resolve();
    else navigator.serviceWorker.addEventListener('controllerchange', () => resolve());
  }))`);
  await visitor.page.reload();
}

(hasChromium ? describe : describe.skip)('without the hub', () => {
  test('a day, a week and the tasks that were seen once open, and say how old they are', async () => {
    const hub = await browsers.startHub();
    const { url } = hub;
    const date = await fillWithDemo(url);
    const visitor = await browsers.visit(url);
    await see(visitor, `${url}day/${date}`);
    await visitor.sees('.bar-name', 'ledger');
    await see(visitor, `${url}week/${date}`);
    await visitor.sees('.sentence strong');
    await see(visitor, `${url}tasks`);
    await visitor.sees('.link', 'Live');

    visitor.outage = true;
    await hub.stop();
    await visitor.page.goto(`${url}day/${date}`);
    await visitor.sees('.bar-name', 'ledger');
    await visitor.sees('.link-detail', /as of \d/);
    await visitor.page.goto(`${url}week/${date}`);
    await visitor.sees('.sentence strong');
    await visitor.sees('.link-detail', /as of \d/);
    await visitor.page.goto(`${url}tasks`);
    await visitor.sees('#add-line');
    // A page that this browser has not seen says so.
    const answer = await visitor.page.goto(`${url}settings`);
    expect(answer?.status()).toBe(503);
    await visitor.sees('body', 'this browser has not seen this page yet');
  });
});
