// Custom rules: conditions, refusals, effects on past and future heartbeats, and that no pattern blocks the hub.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compileRules, updateRules } from '../../../../server/adapters/wakatime/resources/custom-rules.ts';
import { basic, beat, noon, openTestHub, type TestHub } from '../../../harness/wakatime.ts';

const context = {
  project: 'shop',
  branch: 'main',
  language: 'Vue.js',
  category: 'coding',
  type: 'file',
  userAgent: 'wakatime/v1.90.0 (linux-6.1.0-x86_64) go1.22.5 vscode/1.93.1 vscode-wakatime/24.6.2',
  machine: 'laptop',
  dependencies: ['react', 'vue'],
  last: [],
};
const entity = '/work/shop/App.vue';

function applied(if_match: readonly object[], more: object = {}) {
  const rule = { if_match, then_set: [{ field: 'project', value: 'changed' }], ...more };
  const rules = updateRules([], [rule], () => 'r1');
  if (!rules.ok) throw new Error(rules.error);
  return compileRules(rules.value)?.apply(context, entity);
}

const fits = (field: string, operator: string, value: string, more: object = {}) =>
  applied([{ field, operator, value, ...more }])?.project === 'changed';

describe('a condition', () => {
  test.each([
    ['entity', 'starts with', '/WORK/shop', true],
    ['entity', 'ends with', '.vue', true],
    ['entity', 'contains', 'shop', true],
    ['entity', 'not contains', 'shop', false],
    ['entity', 'matches', '^/work/[a-z]+/App\\.vue$', true],
    ['entity', 'matches', '^App', false],
    ['project', 'equals', 'Shop', true],
    ['project', 'not equals', 'shop', false],
    ['branch', 'equals', 'dev', false],
    ['language', 'equals', 'vue.js', true],
    ['category', 'equals', 'coding', true],
    ['editor', 'equals', 'VS Code', true],
    ['operating_system', 'equals', 'Linux', true],
    ['machine', 'equals', 'laptop', true],
    ['type', 'equals', 'app', false],
    ['user_agent', 'contains', '24.6.2', true],
    ['dependencies', 'equals', 'vue', true],
    ['dependencies', 'not equals', 'vue', false],
  ])('%s %s %s: %s', (field, operator, value, expected) => {
    expect(fits(field, operator, value)).toBe(expected);
  });

  test('respects case with is_case_sensitive', () => {
    expect(fits('project', 'equals', 'Shop', { is_case_sensitive: true })).toBe(false);
    expect(fits('entity', 'matches', 'APP', { is_case_sensitive: true })).toBe(false);
    expect(fits('entity', 'matches', 'APP')).toBe(true);
  });

  test('must hold together with all others, or alone, as `match` sets it', () => {
    const two = [
      { field: 'project', operator: 'equals', value: 'shop' },
      { field: 'branch', operator: 'equals', value: 'dev' },
    ];
    expect(applied(two)?.project).toBe('shop');
    expect(applied(two, { match: 'any' })?.project).toBe('changed');
    expect(applied(two, { match: 'any', is_enabled: false })).toBeUndefined();
  });

  test('with a catastrophic pattern is evaluated at once', () => {
    expect(fits('entity', 'matches', '(([a-z/.])+)+$|(x+x+)+y'.repeat(4), {})).toBe(true);
    const hostile = updateRules(
      [],
      [
        {
          if_match: [{ field: 'entity', operator: 'matches', value: '^(a+)+$' }],
          then_set: [{ field: 'project', value: 'x' }],
        },
      ],
      () => 'r',
    );
    if (!hostile.ok) throw new Error(hostile.error);
    expect(compileRules(hostile.value)?.apply(context, `${'a'.repeat(8_000)}!`)).toBe(context);
  });
});

describe('rules', () => {
  let testHub: TestHub;
  beforeEach(async () => {
    testHub = await openTestHub();
  });
  afterEach(() => testHub.close());

  const put = async (body: unknown, secret = testHub.owner) => {
    const answer = await testHub.ask('PUT', '/api/v1/users/current/custom_rules', { body, headers: basic(secret) });
    return { status: answer.status, ...JSON.parse(answer.body) };
  };
  const rule = (value: string, project: string, more: object = {}) => ({
    name: project,
    if_match: [{ field: 'entity', operator: 'contains', value }],
    then_set: [{ field: 'project', value: project }],
    ...more,
  });
  const projects = async () =>
    (await testHub.get('summaries?range=today')).data[0].projects.map(({ name }: { name: string }) => name);

  test('apply to the past at once, and no longer apply when they are deleted', async () => {
    await testHub.send([beat(noon - 60), beat(noon)]);
    expect(await projects()).toEqual(['hub']);
    const { data } = await put([
      rule('/hub/', 'one'),
      { ...rule('x', 'two'), if_match: [{ field: 'project', operator: 'equals', value: 'one' }] },
    ]);
    expect(data).toMatchObject([
      { id: expect.any(String), name: 'one', is_enabled: true, match: 'all' },
      { name: 'two' },
    ]);
    expect(await projects()).toEqual(['two']);
    expect((await testHub.get('stats/today')).data.projects[0].name).toBe('two');
    expect((await testHub.get('projects')).data).toMatchObject([{ name: 'two' }]);
    const drop = (id: string) =>
      testHub.ask('DELETE', `/api/v1/users/current/custom_rules/${id}`, { headers: basic(testHub.owner) });
    expect((await drop(data[1].id)).status).toBe(200);
    expect(await projects()).toEqual(['one']);
    expect((await drop(data[1].id)).status).toBe(404);
    await drop(data[0].id);
    expect(await projects()).toEqual(['hub']);
    expect((await testHub.get('heartbeats?date=today')).data[0].project).toBe('hub');
  });

  test('are replaced as a list, added or changed one by one', async () => {
    const first = (await put([rule('a', 'one')])).data[0];
    expect((await put(rule('b', 'two'))).data).toHaveLength(2);
    expect((await put({ ...first, name: 'uno' })).data).toMatchObject([{ id: first.id, name: 'uno' }, { name: 'two' }]);
    expect((await put({ data: [rule('c', 'three')] })).data).toMatchObject([{ name: 'three' }]);
    expect((await testHub.get('custom_rules')).data).toHaveLength(1);
  });

  test('are refused when invalid, and then change nothing', async () => {
    await put([rule('a', 'one')]);
    for (const wrong of [
      7,
      [{}],
      [rule('a', 'x', { then_set: [{ field: 'entity', value: 'x' }] })],
      [rule('a', 'x', { then_set: [] })],
      [rule('a', 'x', { if_match: [{ field: 'entity', operator: 'is like', value: 'x' }] })],
      [rule('a', 'x', { if_match: [{ field: 'entity', operator: 'matches', value: '(' }] })],
      [rule('a', 'x', { if_match: [{ field: 'entity', operator: 'matches', value: '(?=a)' }] })],
      [rule('a', 'x', { if_match: [{ field: 'entity', operator: 'matches', value: '(a{1,30}){1,30}' }] })],
      [
        rule('a', 'x', {
          if_match: Array.from({ length: 20 }, () => ({ field: 'entity', operator: 'matches', value: 'a' })),
        }),
        rule('a', 'y', { if_match: [{ field: 'entity', operator: 'matches', value: 'a' }] }),
      ],
      [rule('a', 'x', { id: '1' }), rule('b', 'y', { id: '1' })],
      Array.from({ length: 201 }, () => rule('a', 'x')),
    ]) {
      expect((await put(wrong)).status).toBe(400);
    }
    expect((await testHub.get('custom_rules')).data).toMatchObject([{ name: 'one' }]);
  });

  test('apply at once, and their progress is complete', async () => {
    const done = {
      data: { status: 'Completed', percent_complete: 100, is_processing: false, modified_at: expect.any(String) },
    };
    expect(await testHub.get('custom_rules_progress')).toEqual(done);
    const path = '/api/v1/users/current/custom_rules_progress';
    expect((await testHub.ask('DELETE', path, { headers: basic(testHub.owner) })).status).toBe(200);
  });

  test('are visible to their account alone', async () => {
    const bob = await testHub.accounts.createAccount('bob');
    if (!bob.ok) throw new Error(bob.error);
    await put([rule('/hub/', 'one')], bob.secret);
    await testHub.send([beat(noon - 60), beat(noon)]);
    expect(await projects()).toEqual(['hub']);
    expect((await testHub.get('custom_rules')).data).toEqual([]);
  });
});
