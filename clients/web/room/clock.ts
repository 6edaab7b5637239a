// The hub's clock as this page knows it, kept on the browser's steady clock: a wall clock that is wrong, or is set during
// a turn, changes nothing. Asking the hub lives in page/ask.ts; this is the arithmetic.

/** One question to the hub: asked and answered in steady milliseconds, the hub's own time in between. */
export interface Sample {
  readonly sent: number;
  readonly hub: number;
  readonly received: number;
}

export interface Clock {
  /** Hub time minus steady time, milliseconds. */
  readonly offset: number;
  /** How far off `offset` can be at most; infinite while it is only this machine's own opinion. */
  readonly error: number;
}

/** Before the hub was asked: what this machine believes. */
export function guess(wall: number, steady: number): Clock {
  return { offset: wall - steady, error: Number.POSITIVE_INFINITY };
}

/** The quickest round trip bounds the error best: the hub read its clock somewhere inside it. */
export function measured(samples: readonly Sample[]): Clock | undefined {
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

/** A machine that slept: wall and steady clock no longer go together, so that the hub has to be asked again. */
export function parted(before: number, wall: number, steady: number): boolean {
  return Math.abs(wall - steady - before) > 500;
}
