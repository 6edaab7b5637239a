import { describe, expect, test } from '@jest/globals';
import { freeId, isDoneIdOf, withOwner } from '../../../protocol/task.ts';

describe('ids', () => {
  test.each([
    [[], 1],
    [[1, 2, 3], 4],
    [[2, 3], 1],
    [[1, 3], 2],
    [[-1, 0, 51_530_716_924], 1],
  ])('[W3.1] the smallest free id beside %j is %d', (used, free) => {
    expect(freeId(new Set(used))).toBe(free);
  });

  test.each([
    [51_530_716_924, 5, true],
    [51_530_716_924_000, 5, true],
    [-51_530_716_924_000, 5, true],
    [121_530_716_924, 12, true],
    [121_530_716_924, 1, false],
    [1_530_716_924, 1, false],
    [5, 5, false],
    [51_530_716_924, 51, false],
    [51_530_716_924, 0, false],
    [51_530_716_924, -5, false],
  ])('[W2.3] [M10.2] %d is the done form of %d: %s', (doneId, id, is) => {
    expect(isDoneIdOf(doneId, id)).toBe(is);
  });
});

describe('the owner in an index', () => {
  test('[R2.2] is replaced by the account, and by the reader’s user id on the way out', () => {
    const task = { id: 1, index: 'secret#1#1000', desc: 'x' };
    const stored = withOwner(task, 'secret', 'alice');
    expect(stored).toEqual({ id: 1, index: 'alice#1#1000', desc: 'x' });
    expect(withOwner(stored, 'alice', 'other')).toEqual({ id: 1, index: 'other#1#1000', desc: 'x' });
  });

  test('[R2.2] stays where the index begins otherwise', () => {
    for (const index of ['secrets#1#1', 'other#1#1', 'secret', '', '#secret#1']) {
      expect(withOwner({ index }, 'secret', 'alice')).toEqual({ index });
    }
    expect(withOwner({ id: 1 }, 'secret', 'alice')).toEqual({ id: 1 });
  });
});
