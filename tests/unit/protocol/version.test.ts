import { describe, expect, test } from '@jest/globals';
import { type Base, boundVersion, loginVersion, nextVersion } from '../../../protocol/version.ts';

const now = 1_767_614_400_000;

describe('the version of a change', () => {
  test.each([
    // last, stated, expected
    ['the hub’s clock where none is stated', -1, undefined, now],
    ['the client’s', -1, now - 5_000, now - 5_000],
    ['the client’s, two seconds ahead', -1, now + 2_000, now + 2_000],
    ['no more than two seconds ahead', -1, now + 2_001, now + 2_000],
    ['no more than two seconds ahead, whatever the clock', -1, Number.MAX_SAFE_INTEGER, now + 2_000],
    ['one more than the last', now, now, now + 1],
    ['one more than the last, whatever the clock', now, 0, now + 1],
    ['one more than a last that is ahead', now + 9_000, now, now + 9_001],
    ['whole', -1, now - 0.5, now - 1],
    ['of the Unix epoch', -1, 0, 0],
  ])('[W5] is %s', (_, last, stated, expected) => {
    expect(nextVersion(last, stated, now)).toBe(expected);
  });

  test('[W5] increases with every change of any device', () => {
    let last = -1;
    for (const stated of [5, undefined, now + 1e12, 3, now, -7]) {
      const next = nextVersion(last, stated, now);
      expect(next).toBeGreaterThan(last);
      expect(next).toBeLessThanOrEqual(now + 2_010);
      last = next;
    }
  });

  test('a stated version is held to the hub’s clock', () => {
    expect([boundVersion(undefined, now), boundVersion(now + 1e9, now), boundVersion(12.9, now)]).toEqual([
      now,
      now + 2_000,
      12,
    ]);
  });
});

describe('the version that a login is answered', () => {
  const hub = { version: now, seq: 7 };
  const base = (more: Partial<Base>): Base => ({ seq: 7, versions: [], offset: 0, left: now + 60_000, ...more });

  test('[M1.1] [M1.2] is the hub’s for a device that is new, or names no version', () => {
    expect(loginVersion(undefined, 5, hub)).toBe(now);
    expect(loginVersion(undefined, now + 9_000, hub)).toBe(now);
    for (const stated of [undefined, 0, -1]) expect(loginVersion(base({ versions: [0, -1] }), stated, hub)).toBe(now);
    expect(loginVersion(undefined, 0, { version: -1, seq: 0 })).toBe(-1);
  });

  test('[M2.1] is the hub’s for a device that names a version it had with its base', () => {
    expect(loginVersion(base({ versions: [now + 3] }), now + 3, hub)).toBe(now);
    expect(loginVersion(base({ seq: 5, versions: [now - 3, now - 9] }), now - 9, hub)).toBe(now);
  });

  test('[M2.2] is lower where the hub’s would make the client neither read nor write although it is behind', () => {
    expect(loginVersion(base({ seq: 5, versions: [now] }), now, hub)).toBeLessThan(now);
    expect(loginVersion(base({ seq: 7, versions: [now] }), now, hub)).toBe(now);
  });

  test('[M3.1] [M3.2] is one less than any other version, however far it is from the hub’s clock', () => {
    for (const stated of [1, now - 1, now, now + 1, now + 86_400_000]) {
      expect(loginVersion(base({ versions: [now + 12_345] }), stated, hub)).toBe(stated - 1);
    }
  });

  test('[M4.1] [M4.5] believes a version in whole seconds only if the device’s clock had left that second', () => {
    const second = 1_767_614_400_000;
    const versionFor = (left: number, offset = 0) =>
      loginVersion(base({ versions: [second], left, offset }), second, hub);
    expect(versionFor(second + 999)).toBe(second - 1);
    expect(versionFor(second + 1_000)).toBe(now);
    // The device's clock is three seconds ahead, or behind.
    expect(versionFor(second - 2_000, 3_000)).toBe(now);
    expect(versionFor(second + 1_000, -3_000)).toBe(second - 1);
    expect(versionFor(second + 4_000, -3_000)).toBe(now);
  });
});
