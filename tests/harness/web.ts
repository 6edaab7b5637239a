// Hubs and browsers of the tests in Chromium. They are closed after each test, which fails if a page logged an error or sent a request to
// another origin.

import { expect } from '@jest/globals';
import type { RunningHub } from '../../server/compose.ts';
import type { Config } from '../../server/config.ts';
import { Visitor, type VisitorOptions } from './browser.ts';
import { startComposed } from './compose.ts';
import { Leftovers } from './process.ts';

export class TestBrowsers {
  /** For hubs as processes, which tests can restart. */
  readonly leftovers = new Leftovers();
  #visitors: Visitor[] = [];
  #hubs: RunningHub[] = [];

  async visit(url: string, options?: VisitorOptions): Promise<Visitor> {
    const visitor = await Visitor.open(url, options);
    this.#visitors.push(visitor);
    await visitor.page.goto(url);
    return visitor;
  }

  /** Starts a hub in memory. */
  async startHub(config?: Partial<Config>): Promise<RunningHub> {
    const hub = await startComposed(config);
    this.#hubs.push(hub);
    return hub;
  }

  /** Closes all browsers and hubs, and checks the pages; for `afterEach`. */
  async clear(): Promise<void> {
    const [visitors, hubs] = [this.#visitors, this.#hubs];
    [this.#visitors, this.#hubs] = [[], []];
    await Promise.all(visitors.map((visitor) => visitor.close()));
    await Promise.all(hubs.map((hub) => hub.stop()));
    await this.leftovers.clear();
    for (const { complaints, strays } of visitors)
      expect({ complaints, strays }).toEqual({ complaints: [], strays: [] });
  }
}
