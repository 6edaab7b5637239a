// The pages in real Chromium against a real hub: two people and a terminal in one room, with wrong clocks, a restart of the hub and names
// that contain quotes.

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { freePort } from '../../scripts/prove/free-port.ts';
import { hasChromium, type Visitor } from '../harness/browser.ts';
import { HubProcess } from '../harness/process.ts';
import { TestBrowsers } from '../harness/web.ts';

jest.setTimeout(120_000);

const browsers = new TestBrowsers();
const { leftovers } = browsers;
afterEach(() => browsers.clear());

async function put(url: string, body: object): Promise<void> {
  const { status } = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(status).toBe(202);
}

const minute = 60_000;

(hasChromium ? describe : describe.skip)('a room in Chromium', () => {
  test('two browsers and a PUT share one clock, right to 250 ms, through a restart and with a clock two minutes off', async () => {
    const env = { HORAI_DATA: leftovers.folder(), HORAI_PORT: String(await freePort()) };
    const hub = new HubProcess(leftovers, env);
    const url = await hub.up();
    const room = `${url}calm-otter-42`;
    const everyone = await Promise.all([browsers.visit(room), browsers.visit(room, { ahead: 2 * minute, width: 390 })]);
    const all = (see: (visitor: Visitor) => Promise<void>) => Promise.all(everyone.map(see));
    const right = async (deadline: number) => {
      await all((visitor) => visitor.sees(`#timer[data-clock=hub][data-deadline="${deadline}"]`));
      for (const visitor of everyone) {
        const { remaining, at } = await visitor.clock();
        expect(Math.abs(deadline - at - remaining)).toBeLessThanOrEqual(250);
      }
    };
    const [one, other] = everyone;
    await all((visitor) => visitor.sees('.link[data-state=live]'));
    await all((visitor) => visitor.sees('#timer[data-clock=hub]'));

    const before = Date.now();
    await put(room, { timer: 10, user: 'alice' });
    const after = Date.now();
    await all((visitor) => visitor.sees('#timer-user', 'alice'));
    const { deadline } = await one.clock();
    expect(deadline).toBeGreaterThanOrEqual(before + 10 * minute);
    expect(deadline).toBeLessThanOrEqual(after + 10 * minute);
    await right(deadline);
    await all((visitor) => visitor.sees('#announcement', 'alice types for 10 minutes.'));

    await other.page.fill('#user-input', 'bob');
    await other.page.click('#timer-button');
    await all((visitor) => visitor.sees('#timer-user', 'bob'));
    await all((visitor) => visitor.sees('#timer-next-user', 'alice'));
    const second = (await one.clock()).deadline;
    await right(second);
    expect(await one.page.title()).toMatch(/^0[89]:\d\d #calm-otter-42$/);

    for (const visitor of everyone) visitor.outage = true;
    await hub.stop();
    await all((visitor) => visitor.sees('.link[data-state=waiting]', 'Connection lost'));
    await right(second);
    const again = new HubProcess(leftovers, env);
    expect(await again.up()).toBe(url);
    await all((visitor) => visitor.sees('.link[data-state=live]', 'Connected'));
    for (const visitor of everyone) visitor.outage = false;
    await right(second);
    for (const visitor of everyone) {
      expect(await visitor.count('#history li')).toBe(2);
      expect(await visitor.count('#history-timeline rect')).toBe(2);
    }

    await put(room, { breaktimer: 15, user: 'carol' });
    await all((visitor) => visitor.sees('#timer-type', 'Break'));
    await right((await other.clock()).deadline);
    for (const visitor of everyone) expect(await visitor.count('#history li')).toBe(3);
  });

  test('shows how many people have it open, as they come and go', async () => {
    const { url } = await browsers.startHub();
    const one = await browsers.visit(`${url}presence`);
    await one.sees('#here', '1 here');
    const other = await browsers.visit(`${url}presence`);
    await one.sees('#here', '2 here');
    await other.sees('#here', '2 here');
    await other.page.close();
    await one.sees('#here', '1 here');
  });

  test('keys start, hand over, pause and stop, but not while somebody types', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}keys`);
    const { page } = visitor;
    await visitor.sees('.link[data-state=live]');
    await page.fill('#user-input', 'ann');
    await page.press('#user-input', 'n');
    await page.press('#user-input', 'Space');
    expect(await page.inputValue('#user-input')).toBe('annn ');
    expect(await visitor.count('#history li')).toBe(0);

    await page.fill('#user-input', 'ann');
    await page.fill('#timer-input', '7');
    await page.locator('#user-input').blur();
    await page.locator('#timer-input').blur();
    await page.keyboard.press('Space');
    await visitor.sees('#history li', '7 min turn');
    await page.keyboard.press('b');
    await visitor.sees('#timer-type', 'Break');
    await page.keyboard.press('n');
    await visitor.sees('#timer-type', 'Turn');
    await page.keyboard.press('Space');
    await visitor.sees('#timer-user', 'Stopped');
    await visitor.sees('#timer', '00:00');
    await visitor.sees('#announcement', 'ann stopped the timer.');
    expect(await visitor.count('#history li')).toBe(4);
    await page.keyboard.press('?');
    await visitor.sees('dialog[open]', 'start your turn');
    await page.keyboard.press('n');
    await page.keyboard.press('Escape');
    await visitor.sees('dialog:not([open])');
    expect(await visitor.count('#history li')).toBe(4);
  });

  test('a dialog receives every key until it is closed, and none afterwards', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}dialog`);
    const { keyboard } = visitor.page;
    await visitor.sees('.link[data-state=live]');
    await keyboard.press('?');
    await keyboard.press('n');
    await keyboard.press('Enter');
    await keyboard.press('b');
    await visitor.sees('#history li', 'break');
    await keyboard.press('?');
    await visitor.sees('dialog[open]');
    // The browser moves the focus at its next drawing. This key arrives before that.
    await visitor.page.evaluate(`
      document.querySelector('dialog').close();
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'n', bubbles: true }));
    `);
    await visitor.sees('#timer-type', 'Turn');
    expect(await visitor.count('#history li')).toBe(2);
  });

  test('the end of a turn is signalled until a person reacts: card, title, icon, and one click for the next person', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}loud`);
    const { page } = visitor;
    await page.clock.install();
    await page.reload();
    await visitor.sees('.link[data-state=live]');
    for (const user of ['ann', 'bob', 'chi']) await put(`${url}loud`, { timer: 1, user });
    await put(`${url}loud`, { timer: 1, user: 'ann' });
    await visitor.sees('#timer-next-user', 'bob');
    await visitor.sees('#timer[data-clock=hub]');
    await page.clock.fastForward(61_000);
    await page.clock.runFor(500);
    await visitor.sees('#alarm', 'bob is next');
    await visitor.sees('.dial[data-state=over]');
    expect(await page.title()).toContain('Time is up');
    expect(await page.getAttribute('link[rel=icon]', 'href')).toMatch(/^data:/);
    await visitor.press('Silence');
    await page.clock.runFor(500);
    expect(await visitor.count('#alarm')).toBe(0);
    expect(await page.getAttribute('link[rel=icon]', 'href')).not.toMatch(/^data:/);
    expect(await page.textContent('#skip-button')).toBe('Skip to chi');
    await page.click('#next-button');
    await visitor.sees('#timer-user', 'bob');
    await visitor.sees('#timer-next-user', 'chi');
  });

  test('a stop rings no alarm, Enter in the name field starts a turn, and the large view shows only the clock', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}calm`);
    const { page } = visitor;
    await visitor.sees('.link[data-state=live]');
    await page.fill('#user-input', 'ann');
    await page.press('#user-input', 'Enter');
    await visitor.sees('#timer-user', 'ann');
    await page.locator('#user-input').blur();
    await page.keyboard.press('f');
    await visitor.sees('.stage.large');
    expect(await page.isVisible('.controls')).toBe(false);
    await page.keyboard.press('f');
    await page.click('#extend-button');
    await visitor.sees('#history li', '11 min turn');
    await page.click('#stop-button');
    await visitor.sees('#timer-user', 'Stopped');
    expect(await visitor.count('#alarm')).toBe(0);
  });

  test('a request without an answer shows an error within seconds and does not act later', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}stuck`);
    const { page } = visitor;
    await visitor.sees('.link[data-state=live]');
    visitor.outage = true;
    await page.route('**/stuck', () => new Promise(() => undefined));
    await page.click('#timer-button');
    await visitor.sees('.problem:not([hidden])', 'does not answer');
    await page.unroute('**/stuck');
    await page.click('#breaktimer-button');
    await visitor.sees('#timer-type', 'Break');
    await visitor.sees('.problem[hidden]');
    expect(await visitor.count('#history li')).toBe(1);
  });

  test('nine tabs of one browser over plain HTTP are live, and their buttons work', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}tab-0`);
    const others = await Promise.all(Array.from({ length: 8 }, () => visitor.page.context().newPage()));
    for (const [at, page] of others.entries()) await page.goto(`${url}tab-${at + 1}`);
    for (const page of [visitor.page, ...others]) await page.waitForSelector('.link[data-state=live]');
    const last = others.at(-1);
    await last?.click('#timer-button');
    await last?.waitForSelector('#history li');
    await visitor.page.click('#timer-button');
    await visitor.sees('#history li', '10 min turn');
  });

  test('where no WebSocket opens, the page follows the event stream', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}blocked`);
    const page = await visitor.page.context().newPage();
    await page.addInitScript(() => {
      Object.assign(globalThis, {
        WebSocket: class {
          onclose: (event: { code: number }) => void = () => undefined;
          constructor() {
            setTimeout(() => this.onclose({ code: 1006 }));
          }
          close() {}
        },
      });
    });
    await page.goto(`${url}blocked`);
    await page.waitForSelector('.link[data-state=live]');
    await visitor.page.click('#timer-button');
    await page.waitForSelector('#history li');
  });

  test('a goal full of quotes and markup is text, for all, until it is deleted', async () => {
    const { url } = await browsers.startHub();
    const [one, other] = await Promise.all([browsers.visit(`${url}room/goals`), browsers.visit(`${url}room/goals`)]);
    const goal = `say "hi" \\ <b onclick='x'>&amp;`;
    await one.page.fill('#goal-input', goal);
    await one.page.press('#goal-input', 'Enter');
    await other.sees('#goal');
    expect(await other.page.textContent('#goal')).toBe(goal);
    expect(await fetch(`${url}goals/goal`).then((answer) => answer.json())).toEqual({ goal });
    await other.press('Delete');
    await one.sees('#goal-input');
    expect((await fetch(`${url}goals/goal`)).status).toBe(204);
  });

  test('sound is off, waits for a touch when it was on, and can be tried', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}sounds`);
    await visitor.sees('#audio-state[data-state=off]');
    await visitor.page.check('#audio-speaker');
    await visitor.sees('#audio-state[data-state=ready]');
    await visitor.page.click('#audio-test');
    await visitor.sees('#audio-state', 'Played just now');
    await visitor.page.reload();
    await visitor.sees('#audio-state[data-state=untouched]');
    await visitor.page.click('footer');
    await visitor.sees('#audio-state[data-state=ready]');
  });

  test('the page of rooms counts people as they join and leave', async () => {
    const { url } = await browsers.startHub();
    const watcher = await browsers.visit(`${url}rooms`);
    await watcher.sees('#active-users', '0 people');
    await watcher.sees('#next-steps', 'Nobody is here yet');
    const guest = await browsers.visit(`${url}rooms`);
    await guest.press('Join');
    await guest.sees('.link[data-state=live]');
    await watcher.sees('#active-users', '1 person');
    await put(guest.page.url(), { timer: 5, user: 'ann' });
    await watcher.sees('#active-timers', '1 timer');
    expect(await watcher.page.isVisible('#next-steps')).toBe(false);
    await guest.page.goto('about:blank');
    await watcher.sees('#active-users', '0 people');
  });

  test('without scripts the form opens the room, and the room explains what to do', async () => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(`${url}rooms`, { scripts: false });
    await visitor.page.fill('#room', 'by_hand-1');
    await visitor.press('Join');
    await visitor.page.waitForURL(`${url}by_hand-1`);
    await visitor.sees('noscript code', 'curl -X PUT');
  });

  test('a room of members asks for a token once', async () => {
    const token = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
    const hub = await browsers.startHub({ host: '0.0.0.0', hosts: ['127.0.0.1'], rooms: 'members', ownerToken: token });
    const { port } = new URL(hub.url);
    const visitor = await browsers.visit(`http://127.0.0.1:${port}/club`);
    await visitor.sees('.admission', 'Paste a token');
    await visitor.page.fill('#token-input', '0badc0de-4d5e-4f60-8a7b-9c0d1e2f3a4b');
    await visitor.press('Sign in');
    await visitor.sees('.admission', 'The hub says: user not found');
    await visitor.page.fill('#token-input', token);
    await visitor.press('Sign in');
    await visitor.sees('.link[data-state=live]');
    await visitor.page.click('#timer-button');
    await visitor.sees('#history li', '10 min turn');
    await visitor.page.reload();
    await visitor.sees('#history li', '10 min turn');
    // Chromium logs each refused request as an error. The page shows the refusal as text.
    const refusals = visitor.complaints.splice(0);
    for (const refusal of refusals) expect(refusal).toContain('401');
  });

  test.each([390, 1280])('nothing sticks out at a width of %i', async (width) => {
    const { url } = await browsers.startHub();
    const visitor = await browsers.visit(url, { width });
    for (const path of ['rooms', 'wide', 'help', 'stats']) {
      await visitor.page.goto(url + path);
      await visitor.sees('footer');
      expect(await visitor.sticksOut()).toBe(0);
    }
  });
});
