// The compiled custom rules of an account: they say what its heartbeats should have said. They apply whenever time is credited, so a
// changed rule holds for all of the past at once and stored heartbeats stay as they are.

import type { HeartbeatContext } from '../index/columns.ts';

/**
 * All rules of an account, compiled into a pure function. Changed rules must be another object, because results are cached by object.
 */
export interface RuleSet {
  /** True if a condition reads the entity. Otherwise results are cached by context alone. */
  readonly readsEntity: boolean;
  /** The context after the rules; `context` itself where none matches. Inherited fields are filled in already. */
  apply(context: HeartbeatContext, entity: string): HeartbeatContext;
}
