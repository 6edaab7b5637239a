// A large database file: a change is one more line at its end. Every cut of that line, edits by a person, and commands at once lose nothing.
// The files and processes are real.

import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { emptyDatabase, type KronosDatabase } from '../../../../clients/kronos/data/database.ts';
import { DatabaseFile } from '../../../../clients/kronos/data/file.ts';
import type { PlainTask } from '../../../../protocol/plain.ts';
import { TestCli } from '../../../harness/cli-context.ts';
import { bin, run } from '../../../harness/installed-kronos.ts';
import { Leftovers } from '../../../harness/process.ts';

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

const count = 3_000;

function task(id: number, desc = `a task with a name, number ${id}`): PlainTask {
  return { index: `k${id}`, id, desc, tags: [], active: 0, last_active: 0, due: 0, done: 0, worktime: 0 };
}

/** A new file with 3,000 tasks. */
function largeFile(): { readonly path: string; readonly file: DatabaseFile; readonly cli: TestCli } {
  const path = join(leftovers.folder(), 'kronos.json');
  const file = new DatabaseFile(path);
  file.write(() => ({ tasks: Array.from({ length: count }, (_, at) => task(at + 1)) }));
  return { path, file, cli: new TestCli(file) };
}

function objectOf(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

describe('a change of a large file', () => {
  test('is one line at its end, and all actions, log and revert work', async () => {
    const { path, file, cli } = largeFile();
    const before = readFileSync(path, 'utf8');
    for (const line of ['a buy milk', 'u 3 renamed +home', 'delete 5', 's 7', 'do 9', 'c home', 'c', 'hide', 'revert'])
      expect(await cli.run(line)).toMatchObject({ code: 0, err: '' });
    const text = readFileSync(path, 'utf8');
    expect(text.startsWith(before)).toBe(true);
    const lines = text.slice(before.length).trimEnd().split('\n');
    expect(lines).toHaveLength(9);
    expect(text.length - before.length).toBeLessThan(9 * 2_000);
    const { tasks, log, hide_done: hidden } = file.read();
    expect(hidden).toBe(false);
    expect(tasks).toHaveLength(count);
    expect(tasks[2]).toMatchObject({ index: 'k3', desc: 'renamed', tags: ['home'] });
    expect(tasks.at(-1)).toMatchObject({ desc: 'buy milk' });
    expect(tasks.find(({ id }) => id === 9)?.done).toBe(0);
    expect(log.map(({ action }) => action)).toEqual(['add', 'update', 'delete', 'toggle', 'done', 'revert']);
  });

  test('is the same as in a file that is written anew', async () => {
    const { path, file, cli } = largeFile();
    for (const line of ['a buy milk', 'u 3 renamed', 'delete 5', 'a other', 'do 9']) await cli.run(line);
    const appended = file.read();
    file.compact();
    expect(file.read()).toEqual(appended);
    expect(objectOf(path)).toEqual(appended);
    const { ino } = statSync(path);
    file.compact();
    expect(statSync(path).ino).toBe(ino);
  });

  test('that a kill or a power cut left in part is left out, and the next one is stored', () => {
    const { path, file } = largeFile();
    const whole = readFileSync(path);
    const before = file.read();
    file.write(({ tasks }) => ({ tasks: [...tasks.slice(1), task(count + 1, 'né à 9 h {}')] }));
    const after = file.read();
    const { size } = statSync(path);
    const states: KronosDatabase[] = [];
    const full = readFileSync(path);
    for (let length = whole.length; length < size; length += 1) {
      writeFileSync(path, full.subarray(0, length));
      states.push(file.read());
    }
    // Only the end of the line is missing in the last one.
    expect(states.pop()).toEqual(after);
    for (const state of states) expect(state.tasks).toHaveLength(before.tasks.length);
    expect(states.every(({ tasks }) => tasks.at(-1)?.id === count)).toBe(true);
    truncateSync(path, size - 4);
    file.write(() => ({ hide_done: false }));
    expect(objectOf(path)).toEqual({ ...before, hide_done: false });
    writeFileSync(path, Buffer.concat([full.subarray(0, whole.length + 3), Buffer.alloc(50)]));
    expect(file.read()).toEqual(before);
  });

  test('that is not valid is refused and not changed', async () => {
    const { path, cli } = largeFile();
    for (const line of [
      '{"options":{}',
      '{"options":{"hide_done":1}}',
      '{"options":{"other":1}}',
      '{"tasks":[]}',
      '{}',
    ]) {
      const text = `${readFileSync(path, 'utf8')}`;
      appendFileSync(path, `{"options":{"hide_done":false}}\n${line}\n`);
      const wrong = readFileSync(path, 'utf8');
      for (const words of ['l', 'a x']) {
        const { code, err } = await cli.run(words);
        expect(code).toBe(1);
        expect(err).toContain('change 2 at the end of the file is not valid');
      }
      expect(readFileSync(path, 'utf8')).toBe(wrong);
      writeFileSync(path, text);
    }
  });

  test('stays when a person edits the file, before it or in it', async () => {
    const { path, file, cli } = largeFile();
    await cli.run('a buy milk');
    await cli.run('u 3 renamed');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('number 4"', 'by hand"').replaceAll('buy milk', 'buy oat milk').trimEnd());
    await cli.run('a more');
    const { tasks } = file.read();
    expect(tasks[2]?.desc).toBe('renamed');
    expect(tasks[3]?.desc).toBe('a task with a name, by hand');
    expect(tasks.slice(-2).map(({ desc }) => desc)).toEqual(['buy oat milk', 'more']);
  });

  test('of a file with a task twice, or in the form of another program, writes it anew', async () => {
    const { path, file, cli } = largeFile();
    file.write(({ tasks }) => ({ tasks: [...tasks, { ...task(1, 'a copy'), id: count + 1 }] }));
    file.write(({ tasks: [, ...others] }) => ({ tasks: [task(1, 'the first'), ...others] }));
    const { tasks } = file.read();
    expect([tasks[0]?.desc, tasks.at(-1)?.desc]).toEqual(['the first', 'a copy']);
    writeFileSync(path, JSON.stringify(objectOf(path)));
    await cli.run('u 2 renamed');
    expect(objectOf(path)).toEqual(file.read());
  });
});

test('a file that a change makes much smaller is written anew', () => {
  const { path, file } = largeFile();
  file.write(({ tasks }) => ({ queue: tasks.map((after) => ({ index: after.index, before: null, after })) }));
  const size = statSync(path).size;
  file.write(() => ({ queue: [] }));
  expect(statSync(path).size).toBeLessThan(size / 1.5);
  expect(objectOf(path)).toEqual(file.read());
});

test('many changes are joined with the rest of the file, and doctor does so at once', async () => {
  const { path, file, cli } = largeFile();
  const size = () => statSync(path).size;
  const first = size();
  let largest = first;
  for (let at = 0; at < 40; at += 1) {
    file.write(({ tasks }) => ({ tasks: [...tasks.slice(0, -1), task(count, `${at} ${'long '.repeat(2_000)}`)] }));
    largest = Math.max(largest, size());
  }
  expect(largest).toBeLessThan(first + 300_000);
  expect(file.read().tasks.at(-1)?.desc.startsWith('39 ')).toBe(true);
  await cli.run('a one more');
  const database = file.read();
  cli.folder = join(path, '..');
  await cli.run('doctor');
  expect(objectOf(path)).toEqual(database);
});

test('twenty commands at once lose nothing of a large file', async () => {
  const { path, file } = largeFile();
  const folder = join(path, '..');
  const add = (at: number) => run(leftovers, folder, process.execPath, bin, 'add', `new ${at}`);
  await add(0);
  const ran = await Promise.all(Array.from({ length: 20 }, (_, at) => add(at + 1)));
  expect(ran.map(({ code, err }) => [code, err])).toEqual(ran.map(() => [0, '']));
  const { tasks, log } = file.read();
  expect(new Set(tasks.slice(count).map(({ desc }) => desc)).size).toBe(21);
  expect(log).toHaveLength(21);
  expect({ ...emptyDatabase, ...file.read() }).toEqual(file.read());
});
