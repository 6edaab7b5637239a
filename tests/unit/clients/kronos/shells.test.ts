// Every example of the help can be typed in bash, zsh and fish as it is printed: no shell changes its words.

import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { actionRows, toolRows } from '../../../../clients/kronos/cli/table.ts';

/** The words of each example, without the explanation behind it. Pipes, quotes and the home folder are meant for the shell. */
const examples = [...actionRows, ...toolRows]
  .flatMap((row): readonly string[] => row.examples)
  .map((example) => example.replace(/\s{3,}.*$/, ''))
  .filter((example) => /^kronos /.test(example) && !/[<>|"'~]/.test(example));

/** Forms of the grammar that the examples do not have. */
const forms = [
  'kronos update 3 :- @- needs:- needs:-12 every:-',
  'kronos add x :fri:18 :eom :2026-12-24 @home.garden/shed every:mon,thu every:3d-after-done every:month/31',
  'kronos list -@home -is:ready -due:- done.after:1w sort:-urgency project:-',
  'kronos done 3,5,7 3-5',
  'kronos now --format {task}',
];

const shells = [
  ['bash', ['--norc', '-c']],
  ['zsh', ['-f', '-c']],
  ['fish', ['--no-config', '-c']],
] as const;

test.each(shells)('%s', (shell, options) => {
  const lines = [...examples, ...forms];
  expect(lines.length).toBeGreaterThan(40);
  // One process for all lines: each word ends with a tab, each line with a newline.
  const script = lines.map((line) => `printf '%s\\t' ${line}; echo`).join('\n');
  const printed = execFileSync(shell, [...options, script], { encoding: 'utf8' });
  const words = printed
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t').filter((word) => word !== ''));
  expect(words).toEqual(lines.map((line) => line.split(/\s+/)));
});
