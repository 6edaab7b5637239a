// The compiled custom rules of an account, which correct the fields of its heartbeats. They apply whenever time is credited, so a
// changed rule applies to all of the past at once, and stored heartbeats are not changed.

import type { HeartbeatContext } from '../index/columns.ts';

/**
 * All rules of an account, compiled into a pure function. Changed rules must be another object, because results are cached by object.
 */
export interface RuleSet {
  /** True if a condition reads the entity. Otherwise results are cached by context alone. */
  readonly readsEntity: boolean;
  /** The context after the rules; `context` itself if no rule matches. Inherited fields must be filled in already. */
  apply(context: HeartbeatContext, entity: string): HeartbeatContext;
}
