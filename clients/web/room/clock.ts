// Estimates the hub's clock as an offset from the browser's steady clock (`performance.now`). So a wall clock that is wrong, or is set during a
// turn, has no effect. shared/request.ts asks the hub; this file computes.

/** One request for the hub's time: when it was sent and answered, in steady milliseconds, and the hub's time, in milliseconds since 1970. */
export interface Sample {
  readonly sent: number;
  readonly hub: number;
  readonly received: number;
}

export interface Clock {
  /** Hub time minus steady time, milliseconds. */
  readonly offset: number;
  /** Largest possible error of `offset`, milliseconds; infinite while only this machine's clock is known. */
  readonly error: number;
}

/** The estimate before the first answer: this machine's own clock. */
export function guess(wall: number, steady: number): Clock {
  return { offset: wall - steady, error: Number.POSITIVE_INFINITY };
}

/** The quickest round trip bounds the error best, because the hub read its clock somewhere inside it. */
export function measureClock(samples: readonly Sample[]): Clock | undefined {
  let best: Clock | undefined;
  for (const { sent, hub, received } of samples) {
    const error = (received - sent) / 2;
    if (best === undefined || error < best.error) best = { offset: hub - (sent + received) / 2, error };
  }
  return best;
}

export function hubTime(clock: Clock, steady: number): number {
  return steady + clock.offset;
}

/** True if the wall clock and the steady clock have moved apart, as after sleep. Then the page must ask the hub again. */
export function haveClocksParted(before: number, wall: number, steady: number): boolean {
  return Math.abs(wall - steady - before) > 500;
}
