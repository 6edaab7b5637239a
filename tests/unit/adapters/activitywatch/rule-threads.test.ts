// Rules of a user that take long: they are refused, or run in a thread of their own, and delay nobody else.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RuleTask } from '../../../../server/adapters/activitywatch/rules/rule-messages.ts';
import { RuleThreads } from '../../../../server/adapters/activitywatch/rules/rule-threads.ts';
import { realWorld } from '../../../../server/world.ts';

let threads: RuleThreads;
beforeAll(() => {
  threads = new RuleThreads(realWorld('silent'));
});
afterAll(() => threads.close());

const where = { bucket: 'aw-watcher-window_pc', type: 'currentwindow' };
const filter = (rules: readonly object[], ...data: readonly object[]): RuleTask => ({
  kind: 'filter',
  text: JSON.stringify(rules),
  where,
  key: 'k',
  data: data.map((one) => JSON.stringify(one)),
});
const check = (rules: readonly object[]): RuleTask => ({
  kind: 'check',
  setting: 'privacy_filters',
  text: JSON.stringify(rules),
});

/** How often this thread was free for others while `act` ran. */
async function freeTurns(act: () => Promise<unknown>): Promise<number> {
  let [turns, isOver] = [0, false];
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await act();
  isOver = true;
  return turns;
}

const secret = { field: 'title', pattern: 'bank|doctor', action: 'redact' };
/** Compiles in milliseconds each. */
const heavy = Array.from({ length: 1_000 }, (_, at) => ({
  field: 'title',
  pattern: `\\pL{1000}${at}`,
  action: 'drop',
}));

test('the same comes out in a thread as without one', async () => {
  const events = [{ title: 'my bank' }, { title: 'mail' }];
  const expected = { ok: true, data: ['{"title":"[redacted]"}', '{"title":"mail"}'] };
  expect(await threads.run('ann', filter([secret], ...events))).toEqual(expected);
  // With a repetition, rules are not known to be quick.
  const counted = { ...secret, pattern: 'bank|doctor|x{7}' };
  expect(await threads.run('ann', filter([counted], ...events))).toEqual(expected);
});

describe('a thousand rules that are slow to compile', () => {
  test('are refused when they are saved, while this thread serves others', async () => {
    let outcome: unknown;
    const turns = await freeTurns(async () => {
      outcome = await threads.run('mallory', check(heavy));
    });
    expect(outcome).toMatchObject({ ok: false, error: expect.stringContaining('too large') });
    expect(turns).toBeGreaterThan(10);
  });

  test('that were saved in another way let nothing pass that they may cover', async () => {
    expect(await threads.run('mallory', filter(heavy, { title: 'x' }))).toMatchObject({ ok: false });
  });
});

test('rules that are slow to match do not delay an account with quick ones', async () => {
  const slow = Array.from({ length: 10 }, () => ({ field: 'title', pattern: 'x{0,500}x{0,400}y', action: 'drop' }));
  const data = { title: 'x'.repeat(20_000) };
  const late = threads.run('mallory', filter(slow, data));
  const quick = await threads.run('ann', filter([{ ...secret, pattern: 'bank{1}' }], { title: 'bank' }));
  expect(quick).toEqual({ ok: true, data: ['{"title":"[redacted]"}'] });
  // Either they are done after all, or the refusal says that they take too long.
  const outcome = await late;
  expect(outcome.ok || outcome.error.includes('take longer')).toBe(true);
});

test.each([
  ['a pattern of 64 KB', [{ field: 'title', pattern: 'a'.repeat(65_536), action: 'drop' }]],
  ['many repetitions', [{ field: 'title', pattern: '(?:x{0,1000})'.repeat(100), action: 'drop' }]],
  ['many classes of Unicode', [{ field: 'title', pattern: '\\pL'.repeat(250), action: 'drop' }]],
  ['very much text', Array.from({ length: 1_000 }, () => ({ field: 'x'.repeat(300), action: 'remove' }))],
])('%s is refused with what is wrong', async (_, rules) => {
  expect(await threads.run('mallory', check(rules))).toMatchObject({
    ok: false,
    error: expect.stringMatching(/^(rule 1: |the rules have)/),
  });
});

test('categories are checked too', async () => {
  const task = (regex: string): RuleTask => ({
    kind: 'check',
    setting: 'classes',
    text: JSON.stringify([{ name: ['Work'], rule: { type: 'regex', regex } }]),
  });
  expect(await threads.run('ann', task('code{2}'))).toEqual({ ok: true, data: [] });
  expect(await threads.run('ann', task('(unclosed'))).toMatchObject({ ok: false });
});
