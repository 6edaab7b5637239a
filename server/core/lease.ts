// Leases for scheduled work of an account that one of several nodes does: a lease in the stored state says who does it, and
// failures are tried again less and less often.

/** Who does it at the moment, and until when (milliseconds since 1970) nobody else does. */
export interface Lease {
  readonly by: string;
  readonly until: number;
}

export interface LeaseTaker {
  /** Names this process. */
  readonly self: string;
  /** True if other nodes run on the same store. */
  readonly isShared: boolean;
  readonly now: number;
}

export function isLeaseFree(lease: Lease | null, { self, isShared, now }: LeaseTaker): boolean {
  // Without other nodes, the lease of another process is that of one which has ended.
  return lease === null || !isShared || lease.by === self || lease.until <= now;
}

/**
 * @param tries that failed before this one
 * @param pauses the first and the longest, in milliseconds
 * @param random gives x with 0 ≤ x < 1
 * @returns milliseconds until the next try: twice as many each time, of which chance takes up to a half
 */
export function pauseAfter(tries: number, [first, longest]: readonly [number, number], random: () => number): number {
  return Math.min(longest, first * 2 ** Math.min(tries, 16)) * (0.5 + random() / 2);
}
