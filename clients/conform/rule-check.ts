// One check of one numbered rule of protocol/README.md. checks/ has the tables of them.

import type { CheckPlace } from './check-place.ts';

export interface RuleCheck {
  /** The number of the rule: `W9.1`. */
  readonly rule: string;
  /** The duty of the server, as a sentence that is true of a server that keeps the rule. */
  readonly says: string;
  /** Seconds that it waits by the clock; absent where it waits for answers only. */
  readonly waits?: number;
  /** True where what an account had before would change the outcome: a list of tasks is compared with deleted ones, too. */
  readonly needsNewAccount?: boolean;
  /** @throws BrokenRule where the server does otherwise, NotRun where that cannot be found out */
  readonly run: (place: CheckPlace) => Promise<unknown>;
}

/** The same checks, each of a new account. */
export function ofNewAccounts(checks: readonly RuleCheck[]): readonly RuleCheck[] {
  return checks.map((check) => ({ ...check, needsNewAccount: true }));
}
