// Real Chromium, driven from outside: each Visitor is a browser of its own, which notes whatever its pages complain about
// and every request that would leave the hub.

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

export const hasChromium = existsSync(executablePath);
if (!hasChromium) console.warn(`SKIPPED: the pages are not tried in a browser, there is no ${executablePath}`);

export interface VisitorOptions {
  /** Milliseconds that the wall clock of the pages is ahead. */
  readonly ahead?: number;
  readonly scripts?: boolean;
  readonly width?: number;
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
  /** What the console called an error, and exceptions. */
  readonly complaints: string[] = [];
  /** Requests to another origin than the hub's. */
  readonly strays: string[] = [];
  /** While true, a request that finds no hub is no complaint: Chromium notes each as an error, whoever made it. */
  outage = false;
  #browser: Browser;

  private constructor(browser: Browser, page: Page, origin: string) {
    this.#browser = browser;
    this.page = page;
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      if (
        this.outage &&
        /^(?:Failed to load resource|WebSocket connection to .* failed): .*net::ERR_/.test(message.text())
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

  static async open(hub: string, { ahead = 0, scripts = true, width = 1280 }: VisitorOptions = {}): Promise<Visitor> {
    const browser = await chromium.launch({ executablePath, args: quiet });
    const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width, height: 800 } });
    if (ahead !== 0) await context.addInitScript(wrongClock(ahead));
    return new Visitor(browser, await context.newPage(), new URL(hub).origin);
  }

  /** Waits for an element that is there, or is there with this text. */
  async sees(selector: string, text?: string | RegExp): Promise<void> {
    const found = this.page.locator(selector, text === undefined ? {} : { hasText: text }).first();
    await found.waitFor({ state: 'attached' });
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole('button', { name: button, exact: true }).click();
  }

  count(selector: string): Promise<number> {
    return this.page.locator(selector).count();
  }

  /** Pixels by which the page is wider than the window. */
  sticksOut(): Promise<number> {
    const over = (element: { scrollWidth: number; clientWidth: number }) => element.scrollWidth - element.clientWidth;
    return this.page.locator('html').evaluate(over);
  }

  /** What the clock showed when the page last drew it, and when that was, by this machine's own clock. */
  async clock(): Promise<{ remaining: number; at: number; deadline: number }> {
    const timer = this.page.locator('#timer');
    const shown = () =>
      timer.evaluate((element: { getAttribute(name: string): string | null }) => {
        const number = (name: string) => Number(element.getAttribute(name) ?? Number.NaN);
        return { remaining: number('data-remaining'), at: number('data-at'), deadline: number('data-deadline') };
      });
    const before = await shown();
    // A clock that stands still would be right about the past.
    for (;;) {
      const now = await shown();
      if (now.at !== before.at) return now;
    }
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
