// An account's own rules: what its heartbeats should have said. The engine asks a RuleSet while it credits time, so a changed
// rule holds for all of the past at once and nothing stored is touched.

import type { Context } from '../index/columns.ts';

/**
 * All rules of an account, compiled. It is a pure function; another one for changed rules must be another object, because
 * what it says is remembered for as long as the same object is asked (by context, or by context and entity).
 */
export interface RuleSet {
  /** Whether any condition looks at the entity; where none does, far fewer answers have to be remembered. */
  readonly readsEntity: boolean;
  /**
   * What the heartbeat says after the rules; `context` itself where none fits. Called with "as before" already filled in
   * (`last` is empty), from the heartbeat before as the rules left it.
   */
  apply(context: Context, entity: string): Context;
}
