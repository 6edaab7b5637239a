// How far the goals of the accounts are whose states go to a home. They are looked at when heartbeats come in, and when a home connects.

import type { GoalState } from './home-assistant.ts';

interface Progress {
  readonly id: string;
  readonly title: string;
  readonly seconds: number;
  readonly goalSeconds: number;
}

export class HomeGoals {
  /** By account: what to call when its goals were looked at. */
  readonly #wanted = new Map<string, Set<() => void>>();
  readonly #progress = new Map<string, readonly GoalState[]>();
  #look: (account: string) => void = () => undefined;

  attach(look: (account: string) => void): void {
    this.#look = look;
  }

  isWanted(account: string): boolean {
    return this.#wanted.has(account);
  }

  async reached(): Promise<void> {
    // A home is told the progress only.
  }

  progress(account: string, goals: readonly Progress[]): void {
    const states = goals.map(({ id, title, seconds, goalSeconds }): GoalState => {
      return { id, title, percent: goalSeconds <= 0 ? 100 : Math.floor((seconds * 100) / goalSeconds) };
    });
    this.#progress.set(account, states);
    for (const publish of this.#wanted.get(account) ?? []) publish();
  }

  of(account: string): readonly GoalState[] {
    return this.#progress.get(account) ?? [];
  }

  /** @returns ends it */
  watch(account: string, publish: () => void): () => void {
    const all = this.#wanted.get(account) ?? new Set();
    this.#wanted.set(account, all.add(publish));
    this.#look(account);
    return () => {
      all.delete(publish);
      if (all.size > 0) return;
      this.#wanted.delete(account);
      this.#progress.delete(account);
    };
  }
}
