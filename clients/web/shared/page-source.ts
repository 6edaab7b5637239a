// What the frame of a page must know of what the page shows.

import type { LiveConnection } from './live-connection.ts';

/** What a page shows, as far as its frame must know it. */
export interface PageSource {
  readonly live: LiveConnection;
  /** Why the hub gave nothing; '' if it did. */
  readonly problem: string;
  /** True once there is something to show. */
  readonly isKnown: boolean;
}
