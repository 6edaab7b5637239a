// Messages between the hub's thread and a thread of rules (rule-worker.ts).

import type { EventOrigin } from '../../../http/privacy-filters.ts';

export type RuleTask =
  /** Is this setting valid? Privacy rules and categories hold regular expressions. */
  | { readonly kind: 'check'; readonly setting: string; readonly text: string }
  /** Asks which parts of these events' data (JSON texts) may be stored. */
  | {
      readonly kind: 'filter';
      readonly text: string;
      readonly where: EventOrigin;
      readonly key: string;
      readonly data: readonly string[];
    };

export type RuleOutcome =
  | { readonly ok: true; readonly data: readonly (string | null)[] }
  | { readonly ok: false; readonly error: string };

export type FromRuleWorker = 'ready' | RuleOutcome;
