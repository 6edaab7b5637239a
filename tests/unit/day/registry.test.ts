// Entries, projects and rules: what edits of them become, which rule decides, and what imports take over.

import { describe, expect, test } from '@jest/globals';
import type { Item } from '../../../server/core/store.ts';
import { editEntries, isEntryEdit } from '../../../server/day/registry/edit-entries.ts';
import { editProjects } from '../../../server/day/registry/edit-projects.ts';
import { importCategoryClasses, importWakatimeRules } from '../../../server/day/registry/import-rules.ts';
import { type NamedRule, rulesClassifier, specificityOf } from '../../../server/day/registry/rules.ts';

const item = (key: string, value: object, time: number | null = null, end: number | null = null): [string, Item] => [
  key,
  { key, value: JSON.stringify(value), time, end, seq: 1, origin: 'x', at: 0, version: null },
];
const entries = { items: new Map([item('a', { project: 'x' }, 0, 100), item('b', { text: 'y' }, 150, 200)]) };
const opsOf = (edit: unknown) => {
  if (!isEntryEdit(edit)) throw new Error('no edit');
  const edited = editEntries(entries, edit, () => 'new');
  if (!edited.ok) return edited.error;
  return edited.ops.map((op) => (op.op === 'remove' ? [op.op, op.key] : [op.op, op.key, op.time, op.end, op.value]));
};

describe('entries', () => {
  test.each([
    [{ do: 'add', from: 10, to: 20, item: { project: 'z' } }, [['put', 'new', 10, 20, '{"project":"z"}']]],
    [{ do: 'remove', from: 10, to: 20 }, [['put', 'new', 10, 20, '{"removes":true}']]],
    [{ do: 'change', key: 'a', item: { project: 'z' } }, [['put', 'a', 0, 100, '{"project":"z"}']]],
    [{ do: 'change', key: 'a', item: {}, from: 5, to: 60 }, [['put', 'a', 5, 60, '{}']]],
    [{ do: 'change', key: 'a', item: {}, to: 0 }, 'invalid to'],
    [{ do: 'move', key: 'a', from: 5, to: 6 }, [['put', 'a', 5, 6, '{"project":"x"}']]],
    [
      { do: 'split', key: 'a', at: 40 },
      [
        ['put', 'a', 0, 40, '{"project":"x"}'],
        ['put', 'new', 40, 100, '{"project":"x"}'],
      ],
    ],
    [
      { do: 'join', keys: ['b', 'a'] },
      [
        ['put', 'a', 0, 200, '{"project":"x"}'],
        ['remove', 'b'],
      ],
    ],
    [
      { do: 'delete', keys: ['a', 'b'] },
      [
        ['remove', 'a'],
        ['remove', 'b'],
      ],
    ],
    [
      {
        do: 'assign',
        spans: [
          [1, 2],
          [5, 9],
        ],
        item: { project: 'y' },
      },
      [
        ['put', 'new', 1, 2, '{"project":"y"}'],
        ['put', 'new', 5, 9, '{"project":"y"}'],
      ],
    ],
    [{ do: 'assign', spans: [[2, 2]], item: { removes: true } }, 'invalid to'],
    [{ do: 'split', key: 'a', at: 100 }, 'invalid at'],
    [{ do: 'move', key: 'a', from: 6, to: 6 }, 'invalid to'],
    [{ do: 'delete', keys: ['c'] }, 'item not found'],
  ] as const)('%j is one write', (edit, wanted) => {
    expect(opsOf(edit)).toEqual(wanted);
  });
});

describe('projects', () => {
  const projects = {
    items: new Map([item('shop', { aliases: ['store'], color: '#112233' }), item('till', { parent: 'shop' })]),
  };

  test('a renamed project keeps its old names as aliases, and its children follow', () => {
    expect(editProjects(projects, { do: 'rename', from: 'shop', to: 'market' })).toEqual({
      ok: true,
      ops: [
        { op: 'remove', key: 'shop' },
        { op: 'put', key: 'market', value: JSON.stringify({ aliases: ['store', 'shop'], color: '#112233' }) },
        { op: 'put', key: 'till', value: JSON.stringify({ parent: 'market' }) },
      ],
    });
    expect(editProjects(projects, { do: 'rename', from: 'shop', to: 'till' })).toMatchObject({
      error: 'project already exist',
    });
  });

  test('unregistered projects can be merged, too', () => {
    expect(editProjects(projects, { do: 'merge', from: ['a', 'b'], into: 'shop' })).toEqual({
      ok: true,
      ops: [{ op: 'put', key: 'shop', value: JSON.stringify({ aliases: ['store', 'a', 'b'], color: '#112233' }) }],
    });
  });
});

describe('rules', () => {
  const patterns = { matches: (pattern: string, text: string) => new RegExp(pattern, 'i').test(text) };
  const decide = (rules: readonly NamedRule[], subject: object) =>
    rulesClassifier(rules, { patterns, projectOf: (name) => (name === 'hz' ? 'horai' : name) }).classify({
      lane: 'window',
      device: 'laptop',
      facts: {},
      weekday: 1,
      hour: 9,
      ...subject,
    });

  test('of rules that hold, the one with more conditions decides, then the more exact one, then the smaller order', () => {
    const rules: NamedRule[] = [
      { id: 'contains', rule: { when: { app: { contains: 'code' } }, project: 'contains' } },
      { id: 'is', rule: { when: { app: { is: 'Code' } }, project: 'is', order: 2 } },
      { id: 'is too', rule: { when: { app: { is: 'code' } }, project: 'is too', order: 1 } },
      { id: 'both', rule: { when: { app: { matches: 'c.de' }, title: { begins: 'ho' } }, project: 'both' } },
    ];
    expect(decide(rules, { facts: { app: 'code' } }).rule).toBe('is too');
    expect(decide(rules, { facts: { app: 'vscode' } }).rule).toBe('contains');
    expect(decide(rules, { facts: { app: 'code', title: 'Horai' } }).rule).toBe('both');
    expect(decide(rules, { facts: { app: 'vim' } })).toMatchObject({ rule: null, project: null });
    expect(specificityOf({ path: { begins: '/a/b' } })).toBeGreaterThan(specificityOf({ path: { begins: '/a' } }));
  });

  test('folder, tag, device, lane, weekday and hour are looked at', () => {
    const one = (when: NamedRule['rule']['when'], subject: object) =>
      decide([{ id: 'r', rule: { when, project: 'p' } }], subject).rule;
    expect(one({ folder: { is: '/src/horai/' } }, { facts: { path: '/src/horai/day.ts' } })).toBe('r');
    expect(one({ folder: { is: '/src/horai' } }, { facts: { path: '/src/horai2/day.ts' } })).toBeNull();
    expect(one({ tag: { is: 'home' } }, { facts: { tags: ['work', 'home'] } })).toBe('r');
    expect(one({ device: { is: 'Laptop' } }, {})).toBe('r');
    expect(one({ lane: ['web'] }, {})).toBeNull();
    expect(one({ weekday: [6, 7] }, { weekday: 6 })).toBe('r');
    expect([22, 5, 6].map((hour) => one({ hour: { from: 22, to: 6 } }, { hour }))).toEqual(['r', 'r', null]);
  });

  test('no rule overrules an entry, rules overrule facts, and aliases join names', () => {
    const rules: NamedRule[] = [{ id: 'r', rule: { when: { project: { is: 'hz' } }, project: 'other' } }];
    expect(decide(rules, { lane: 'manual', facts: { project: 'hz' } })).toMatchObject({ project: 'horai', rule: null });
    expect(decide(rules, { lane: 'editor', facts: { project: 'hz' } })).toMatchObject({ project: 'other', rule: 'r' });
    expect(decide([], { lane: 'editor', facts: { project: 'hz' } })).toMatchObject({
      project: 'horai',
      fact: 'editor project',
    });
  });

  test('a rule may mark evidence as "not work"', () => {
    const rules: NamedRule[] = [{ id: 'r', rule: { when: { host: { is: 'news.example' } }, not_work: true } }];
    expect(decide(rules, { facts: { host: 'news.example' } })).toMatchObject({ work: false, project: null, rule: 'r' });
  });
});

describe('imports of rules', () => {
  test('import WakaTime’s custom rules, one for each alternative, and list those without a counterpart', () => {
    const { rules, skipped } = importWakatimeRules([
      {
        id: '1',
        name: 'shop',
        is_enabled: true,
        match: 'any',
        if_match: [
          { field: 'entity', operator: 'starts with', value: '/work/shop' },
          { field: 'branch', operator: 'equals', value: 'shop' },
        ],
        then_set: [{ field: 'project', value: 'shop' }],
      },
      {
        id: '2',
        name: 'not',
        match: 'all',
        if_match: [{ field: 'entity', operator: 'not contains', value: 'x' }],
        then_set: [{ field: 'project', value: 'y' }],
      },
    ]);
    expect(rules.map(({ rule }) => rule.when)).toEqual([
      { lane: ['editor'], path: { begins: '/work/shop' } },
      { lane: ['editor'], branch: { is: 'shop' } },
    ]);
    expect(skipped).toEqual(['not: a condition has no counterpart']);
  });

  test('take over ActivityWatch’s classes, the deeper one first', () => {
    const { rules } = importCategoryClasses([
      { name: ['Work'], rule: { type: 'regex', regex: 'docs' } },
      { name: ['Work', 'Code'], rule: { type: 'regex', regex: 'vim|code' } },
      { name: ['Uncategorized'], rule: { type: 'none' } },
    ]);
    expect(rules.map(({ rule }) => [rule.project, rule.category, rule.order])).toEqual([
      ['Work', 'Work', -1],
      ['Work', 'Work', -1],
      ['Code', 'Work > Code', -2],
      ['Code', 'Work > Code', -2],
    ]);
  });
});
