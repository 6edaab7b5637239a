// The content of a page, as far as its frame must know it.

import type { LiveConnection } from './live-connection.ts';

/** The content of a page, as far as its frame must know it. */
export interface PageSource {
  readonly live: LiveConnection;
  /** Why the hub gave nothing; '' if it did. */
  readonly problem: string;
  /** True once there is something to show. */
  readonly isKnown: boolean;
}
