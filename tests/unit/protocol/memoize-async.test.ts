import { describe, expect, test } from '@jest/globals';
import { errorMessage } from '../../../protocol/error-message.ts';
import { memoizeAsync, singleFlight } from '../../../protocol/memoize-async.ts';

/** Calls that the test resolves, in order. */
function controlled() {
  const calls: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const load = () => new Promise<number>((resolve, reject) => calls.push({ resolve, reject }));
  return { calls, load };
}

describe('memoizeAsync', () => {
  test('one call serves all callers, during and after it', async () => {
    const { calls, load } = controlled();
    const memoized = memoizeAsync(load);
    const early = [memoized(), memoized()];
    calls[0]?.resolve(7);
    expect(await Promise.all([...early, memoized()])).toEqual([7, 7, 7]);
    expect(calls).toHaveLength(1);
  });

  test('a rejected call is forgotten, so the next caller tries again', async () => {
    const { calls, load } = controlled();
    const memoized = memoizeAsync(load);
    const first = memoized();
    calls[0]?.reject(new Error('offline'));
    await expect(first).rejects.toThrow('offline');
    const second = memoized();
    calls[1]?.resolve(8);
    expect(await second).toBe(8);
  });
});

describe('singleFlight', () => {
  test('callers share the run under way, and a caller after it starts a new one', async () => {
    const { calls, load } = controlled();
    const run = singleFlight(load);
    const shared = [run(), run()];
    calls[0]?.resolve(1);
    expect(await Promise.all(shared)).toEqual([1, 1]);
    const next = run();
    calls[1]?.resolve(2);
    expect(await next).toBe(2);
  });

  test('a rejected run rejects for all its callers, and the next caller starts a new one', async () => {
    const { calls, load } = controlled();
    const run = singleFlight(load);
    const shared = [run(), run()];
    calls[0]?.reject(new Error('offline'));
    expect(await Promise.allSettled(shared)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    void run();
    expect(calls).toHaveLength(2);
  });
});

describe('errorMessage', () => {
  test('is the message of an Error, and anything else as text', () => {
    expect([new RangeError('too far'), 'plain', 7, undefined].map(errorMessage)).toEqual([
      'too far',
      'plain',
      '7',
      'undefined',
    ]);
  });
});
