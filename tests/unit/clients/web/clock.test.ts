// The page's estimate of the hub's time, from requests and answers with chosen delays.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { guess, haveClocksParted, hubTime, measureClock } from '../../../../clients/web/room/clock.ts';

describe('the hub’s clock', () => {
  test('the quickest answer counts, and half its round trip bounds the error', () => {
    const clock = measureClock([
      { sent: 1000, hub: 500_000, received: 1300 },
      { sent: 2000, hub: 500_905, received: 2010 },
      { sent: 3000, hub: 501_990, received: 3200 },
    ]);
    expect(clock).toEqual({ offset: 498_900, error: 5 });
  });

  test('however the delay is shared between question and answer, the error bound holds', () => {
    const delay = fc.integer({ min: 0, max: 2000 });
    fc.assert(
      fc.property(
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.array(fc.tuple(delay, delay), { minLength: 1 }),
        (apart, delays) => {
          let steady = 10_000;
          const samples = delays.map(([there, back]) => {
            const sent = steady;
            steady += there + back;
            return { sent, hub: sent + there + apart, received: steady };
          });
          const clock = measureClock(samples);
          expect(clock).toBeDefined();
          if (clock === undefined) return;
          expect(Math.abs(clock.offset - apart)).toBeLessThanOrEqual(clock.error + 1e-6);
        },
      ),
    );
  });

  test('without an answer of the hub, the machine’s own clock is shown and marked as unsure', () => {
    expect(measureClock([])).toBeUndefined();
    const own = guess(1_700_000_000_000, 250);
    expect(hubTime(own, 250)).toBe(1_700_000_000_000);
    expect(own.error).toBe(Number.POSITIVE_INFINITY);
  });

  test('sleep and a changed clock are detected; ordinary drift is not', () => {
    expect(haveClocksParted(1000, 11_000, 10_000)).toBe(false);
    expect(haveClocksParted(1000, 11_400, 10_000)).toBe(false);
    expect(haveClocksParted(1000, 71_000, 10_000)).toBe(true);
    expect(haveClocksParted(1000, 1_000, 10_000)).toBe(true);
  });
});
