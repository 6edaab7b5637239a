// Drives a real Chromium. Each Visitor starts its own browser and records the console errors and exceptions of its pages and every
// request to another origin than the hub's.

import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=user-gesture-required',
];

/** How every browser of the tests is launched. */
export const chromiumOptions = { executablePath, args: quiet };

export const hasChromium = existsSync(executablePath);
if (!hasChromium) console.warn(`${executablePath} does not exist: the tests of the pages in a browser are SKIPPED.`);

export interface VisitorOptions {
  /** Milliseconds that the wall clock of the pages is ahead. */
  readonly ahead?: number;
  readonly scripts?: boolean;
  readonly width?: number;
  /** Requests that a service worker answers cannot be held back by the test. */
  readonly serviceWorkers?: 'allow' | 'block';
}

/** `Date` of every page, as if the machine's clock were set wrong. */
function wrongClock(ahead: number): string {
  return `const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...args) { if (args.length === 0) super(Real.now() + ${ahead}); else super(...args); }
      static now() { return Real.now() + ${ahead}; }
    };`;
}

export class Visitor {
  readonly page: Page;
  /** Errors on the console, and uncaught exceptions. */
  readonly complaints: string[] = [];
  /** Requests to another origin than the hub's. */
  readonly strays: string[] = [];
  /** True while the hub is down on purpose: then a failed request is not recorded, although Chromium logs it as an error. */
  outage = false;
  #browser: Browser;

  private constructor(browser: Browser, page: Page, origin: string) {
    this.#browser = browser;
    this.page = page;
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      if (
        this.outage &&
        /^(?:Failed to load resource|WebSocket connection to .* failed): .*(?:net::ERR_|.*status of 503|.*response code: 503)/.test(
          message.text(),
        )
      )
        return;
      this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => {
      const { protocol, origin: to } = new URL(request.url());
      if (to !== origin && protocol !== 'data:') this.strays.push(request.url());
    });
  }

  static async open(
    hub: string,
    { ahead = 0, scripts = true, width = 1280, serviceWorkers = 'allow' }: VisitorOptions = {},
  ): Promise<Visitor> {
    const browser = await chromium.launch(chromiumOptions);
    const viewport = { width, height: 800 };
    const context = await browser.newContext({ javaScriptEnabled: scripts, serviceWorkers, viewport });
    if (ahead !== 0) await context.addInitScript(wrongClock(ahead));
    return new Visitor(browser, await context.newPage(), new URL(hub).origin);
  }

  /** Waits until the page has such an element, with this text if given. */
  async sees(selector: string, text?: string | RegExp): Promise<void> {
    const found = this.page.locator(selector, text === undefined ? {} : { hasText: text }).first();
    await found.waitFor({ state: 'attached' });
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole('button', { name: button, exact: true }).click();
  }

  /** Everything that this browser stores for the hub where scripts can read it. */
  async stored(): Promise<string> {
    const kept = await this.page.evaluate(`(async () => {
      const values = [];
      for (const { name } of await indexedDB.databases()) {
        const database = await new Promise((resolve) => {
          indexedDB.open(name).onsuccess = ({ target }) => resolve(target.result);
        });
        for (const store of database.objectStoreNames) {
          const all = database.transaction(store).objectStore(store).getAll();
          values.push(await new Promise((resolve) => { all.onsuccess = () => resolve(all.result); }));
        }
        database.close();
      }
      const cached = [];
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) cached.push(request.url, await (await cache.match(request)).text());
      }
      return JSON.stringify([values, { ...localStorage }, { ...sessionStorage }, cached, document.cookie, location.href]);
    })()`);
    return String(kept);
  }

  /** Takes back what Chromium complained of requests that the hub refused, where the test is about that. */
  forgetRefusals(): void {
    const all = this.complaints.splice(0);
    for (const refusal of all) if (!/\b40[13]\b/.test(refusal)) this.complaints.push(refusal);
  }

  count(selector: string): Promise<number> {
    return this.page.locator(selector).count();
  }

  /** Pixels by which the page is wider than the window, 0 if it fits. */
  sticksOut(): Promise<number> {
    const over = (element: { scrollWidth: number; clientWidth: number }) => element.scrollWidth - element.clientWidth;
    return this.page.locator('html').evaluate(over);
  }

  /**
   * The room's clock as the page last drew it.
   * @returns milliseconds: `remaining` as shown, `at` and `deadline` by the clock of the page's machine
   */
  async clock(): Promise<{ remaining: number; at: number; deadline: number }> {
    const timer = this.page.locator('#timer');
    const shown = () =>
      timer.evaluate((element: { getAttribute(name: string): string | null }) => {
        const number = (name: string) => Number(element.getAttribute(name) ?? Number.NaN);
        return { remaining: number('data-remaining'), at: number('data-at'), deadline: number('data-deadline') };
      });
    const before = await shown();
    // Waits for the next drawing: a clock that no longer runs would still show a correct old state.
    for (;;) {
      const now = await shown();
      if (now.at !== before.at) return now;
    }
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
