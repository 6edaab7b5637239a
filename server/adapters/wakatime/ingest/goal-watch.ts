// Notices how far goals are: after heartbeats came in, and only for accounts where somebody wants to know. Who that is, and that
// each is told once, is up to the listeners.

import type { Hub } from '../../../core/hub.ts';
import type { Authorizer } from '../auth/authorize.ts';
import { type GoalProgress, goalProgress, type ReachedGoal } from '../resources/reached-goals.ts';

export interface GoalListener {
  isWanted(account: string): boolean;
  /** Called again, for the same goals, whenever more heartbeats come in on the same day or in the same week. Must not reject. */
  reached(account: string, goals: readonly ReachedGoal[]): Promise<void>;
  /** How far all goals are that are not switched off. */
  progress?(account: string, goals: readonly GoalProgress[]): void;
  /** Is given a function that looks at the goals of an account soon, whatever comes in. */
  attach?(look: (account: string) => void): void;
}

/** Least milliseconds between two looks at one account. */
const everyMs = 60_000;
/** The account's channels that a goal depends on. */
const sources = new Set(['wakatime', 'goals', 'external_durations']);

export class GoalWatch {
  readonly #authorizer: Authorizer;
  readonly #hub: Hub;
  readonly #listeners: readonly GoalListener[];
  /** By account: when it was last looked at, in milliseconds since 1970. */
  readonly #lookedAt = new Map<string, number>();
  /** By account: cancels the look that is due. */
  readonly #due = new Map<string, () => void>();

  constructor(authorizer: Authorizer, listeners: readonly GoalListener[]) {
    this.#authorizer = authorizer;
    this.#hub = authorizer.hub;
    this.#listeners = listeners;
    for (const listener of listeners) listener.attach?.((account) => this.#lookSoon(account));
    const stop = this.#hub.watch(({ name }) => {
      const [account = '', own = ''] = name.split('/', 3);
      const isSource = name === `${account}/${own}` && sources.has(own);
      if (isSource && listeners.some((listener) => listener.isWanted(account))) this.#lookSoon(account);
    });
    this.#hub.atDrain(() => {
      stop();
      for (const cancel of this.#due.values()) cancel();
      this.#due.clear();
    });
  }

  #lookSoon(account: string): void {
    if (this.#due.has(account)) return;
    const { world } = this.#hub;
    const wait = Math.max(0, (this.#lookedAt.get(account) ?? 0) + everyMs - world.now());
    this.#due.set(
      account,
      world.after(wait, () => {
        this.#due.delete(account);
        this.#lookedAt.set(account, world.now());
        void this.#look(account);
      }),
    );
  }

  async #look(account: string): Promise<void> {
    try {
      const goals = await goalProgress(this.#authorizer, account);
      const reached = goals.filter(({ isReached }) => isReached);
      for (const listener of this.#listeners) {
        if (!listener.isWanted(account)) continue;
        listener.progress?.(account, goals);
        if (reached.length > 0) await listener.reached(account, reached);
      }
    } catch (error) {
      this.#hub.world.log.error({ account, error }, 'wakatime: could not look at the goals');
    }
  }
}
