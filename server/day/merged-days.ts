// The merged days of all accounts of a hub: each account's are opened when somebody asks first, and those that nobody asked for longest
// are let go. An account that nobody looks at costs nothing.

import type { Hub } from '../core/hub.ts';
import { AccountDays } from './account-days.ts';
import { DaySums } from './day-sums.ts';
import { AccountQuestions } from './questions/account-questions.ts';
import { EvidenceCache } from './readers/evidence-cache.ts';
import { PatternMatcher } from './registry/patterns.ts';
import { AccountSuggestions } from './suggestions/account-suggestions.ts';

/** Accounts held open. */
const mostAccounts = 200;

interface OpenAccount {
  readonly days: AccountDays;
  readonly sums: DaySums;
  readonly suggestions: AccountSuggestions;
  readonly questions: AccountQuestions;
}

export class MergedDays {
  readonly hub: Hub;
  readonly matcher: PatternMatcher;
  readonly #cache: EvidenceCache;
  /** The one asked last is the last. */
  readonly #open = new Map<string, OpenAccount>();

  constructor(hub: Hub) {
    this.hub = hub;
    this.matcher = new PatternMatcher(hub.world);
    this.#cache = new EvidenceCache(hub);
  }

  of(account: string): OpenAccount {
    const known = this.#open.get(account);
    if (known !== undefined) {
      this.#open.delete(account);
      this.#open.set(account, known);
      return known;
    }
    for (const [oldest, { sums }] of this.#open) {
      if (this.#open.size < mostAccounts) break;
      sums.close();
      this.#open.delete(oldest);
    }
    const days = new AccountDays(this.hub, account, this.#cache, this.matcher);
    const suggestions = new AccountSuggestions(this.hub, days);
    const questions = new AccountQuestions(this.hub, days);
    const opened = { days, sums: new DaySums(this.hub, days), suggestions, questions };
    this.#open.set(account, opened);
    return opened;
  }

  async close(): Promise<void> {
    for (const { sums } of this.#open.values()) sums.close();
    this.#open.clear();
    this.#cache.close();
    await this.matcher.close();
  }
}
