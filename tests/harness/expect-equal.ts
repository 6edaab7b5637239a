// A comparison for large values, and for loops of thousands: node's own costs a small part of jest's, which prints the difference.

import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';

/** Fails, with the difference, as `expect(actual).toEqual(expected)` does. */
export function expectEqual(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}
