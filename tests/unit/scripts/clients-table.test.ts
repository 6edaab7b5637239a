// The table of `npm run clients`: which results fail the run, and what is kept in its README.

import { describe, expect, test } from '@jest/globals';
import type { RowResult } from '../../../scripts/clients/row.ts';
import { formatTable, isFailure, replaceResult } from '../../../scripts/clients/table.ts';

const passed: RowResult = {
  client: 'wscat',
  source: 'npm',
  version: '6.1.0',
  did: 'wrote a | b\nand read it',
  result: 'pass',
  seconds: 1,
};

describe('npm run clients', () => {
  test('prints one line for each row, whatever the client printed', () => {
    expect(formatTable([passed]).split('\n').slice(2)).toEqual([
      '| wscat | npm | 6.1.0 | wrote a \\| b and read it | pass |',
    ]);
  });

  test('replaces the last result of a page and nothing before it', () => {
    const page = '# Real clients\n<!-- last result -->\n2026-01-01:\n\nold\n';
    expect(replaceResult(page, [passed], '2026-02-03')).toBe(
      `# Real clients\n<!-- last result -->\n2026-02-03:\n\n${formatTable([passed])}\n`,
    );
    expect(() => replaceResult('# Real clients', [passed], '2026-02-03')).toThrow('the page has no');
  });

  test.each([
    ['a client that fails fails the run anywhere', { result: 'fail' }, false, false, true],
    ['a missing client fails no run at home', { result: 'missing' }, false, false, false],
    ['a missing client of a registry fails the run of CI', { result: 'missing' }, true, false, true],
    ['a missing client that no maintained interpreter runs fails no run', { result: 'missing' }, true, true, false],
    ['a missing checkout fails no run', { result: 'missing', source: 'CLIENTS_FROM' }, true, false, false],
    ['a client that passes fails no run', {}, true, false, false],
  ] as const)('%s', (_, fields, ci, optional, fails) => {
    expect(isFailure({ ...passed, ...fields }, ci, optional)).toBe(fails);
  });
});
