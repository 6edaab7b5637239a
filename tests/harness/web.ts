// What the tests in Chromium are made of: hubs and visitors that end with their test, and whose pages have complained of nothing.

import { expect } from '@jest/globals';
import type { RunningHub } from '../../server/compose.ts';
import type { Config } from '../../server/config.ts';
import { Visitor, type VisitorOptions } from './browser.ts';
import { startComposed } from './compose.ts';
import { Leftovers } from './process.ts';

export class House {
  /** For hubs in processes of their own, which a restart is part of. */
  readonly leftovers = new Leftovers();
  #visitors: Visitor[] = [];
  #hubs: RunningHub[] = [];

  async visit(url: string, options?: VisitorOptions): Promise<Visitor> {
    const visitor = await Visitor.open(url, options);
    this.#visitors.push(visitor);
    await visitor.page.goto(url);
    return visitor;
  }

  /** A hub in memory. */
  async started(config?: Partial<Config>): Promise<RunningHub> {
    const hub = await startComposed(config);
    this.#hubs.push(hub);
    return hub;
  }

  /** For `afterEach`. */
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
