// The start of the installed command: its bundle is cached and rebuilt when needed, and its output is complete. The processes are real; tests
// that edit sources use copies.

import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { DatabaseFile } from '../../../../clients/kronos/data/file.ts';
import { bin, run as runIn, top } from '../../../harness/installed-kronos.ts';
import { Leftovers } from '../../../harness/process.ts';

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

const run = (folder: string, command: string, ...args: readonly string[]) => runIn(leftovers, folder, command, ...args);
const kronos = (folder: string, ...words: readonly string[]) => run(folder, process.execPath, bin, ...words);

function bundlesIn(folder: string): string[] {
  const cache = join(folder, 'cache', 'kronos');
  return readdirSync(cache).map((name) => join(cache, name));
}

/** Copies the project into a folder. */
function copyIn(folder: string): string {
  const copied = ['bin', 'clients/kronos', 'clients/typescript', 'protocol', 'server/day/engine', 'package.json'];
  for (const name of copied) {
    cpSync(join(top, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(top, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'bin/kronos.cjs');
}

describe('the bundle', () => {
  test('is made once; without a cache the command runs all the same', async () => {
    const folder = leftovers.folder();
    expect(await kronos(folder, 'add', 'one', '+home', ':2d')).toEqual({
      code: 0,
      out: 'task 1 added: one\n',
      err: '',
    });
    expect(await kronos(folder, 'l')).toEqual({
      code: 0,
      out: 'ID  DESC  TAGS  ACTIVE  DUE    WORKTIME\n1   one   home          in 2d  0s\n',
      err: '',
    });
    const bundles = bundlesIn(folder);
    expect(bundles).toHaveLength(1);
    expect(readdirSync(bundles[0] ?? '')).toEqual(expect.arrayContaining(['main.cjs', 'main.code']));
    expect((await kronos(folder, 'doctor')).out).toContain('ok    start: bundled');
    const bare = leftovers.folder();
    writeFileSync(join(bare, 'cache'), 'no folder');
    expect(await kronos(bare, 'add', 'two')).toEqual({ code: 0, out: 'task 1 added: two\n', err: '' });
    expect((await kronos(bare, 'doctor')).out).toContain(
      'WRONG start: slow, because the program is not bundled: ENOTDIR',
    );
  });

  test('is written by all processes that start at once, and one of them stays', async () => {
    const folder = leftovers.folder();
    const ran = await Promise.all(['one', 'two', 'three'].map((desc) => kronos(folder, 'add', desc)));
    expect(ran.map(({ code, err }) => [code, err])).toEqual(ran.map(() => [0, '']));
    expect(new DatabaseFile(join(folder, 'kronos.json')).read().tasks).toHaveLength(3);
    expect(bundlesIn(folder)).toHaveLength(1);
  });

  test.each([
    ['is empty', (path: string) => truncateSync(path, 0)],
    ['is half there', (path: string) => truncateSync(path, 5_000)],
    ['is something else', (path: string) => writeFileSync(path, 'no code')],
  ])('that %s is built again', async (_, damage) => {
    const folder = leftovers.folder();
    await kronos(folder, 'add', 'one');
    const [bundle = ''] = bundlesIn(folder);
    const whole = readFileSync(join(bundle, 'main.cjs'), 'utf8');
    damage(join(bundle, 'main.cjs'));
    expect(await kronos(folder, 'do', '1')).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(join(bundle, 'main.cjs'), 'utf8')).toBe(whole);
    expect((await kronos(folder, 'doctor')).out).toContain('ok    start: bundled');
  });

  test('starts without its compiled code where that is missing, damaged or of another V8', async () => {
    const folder = leftovers.folder();
    await kronos(folder, 'add', 'one');
    const code = join(bundlesIn(folder)[0] ?? '', 'main.code');
    const both = readFileSync(code);
    const half = both.length / 2;
    const flipped = (...places: readonly number[]) => {
      const bytes = Buffer.from(both);
      for (const at of places) bytes[at] = (bytes[at] ?? 0) ^ 0x55;
      return bytes;
    };
    const another = flipped(4, 5, half + 4, half + 5);
    for (const bytes of [flipped(half - 2_000), another, both.subarray(0, half + 1), Buffer.alloc(0)]) {
      writeFileSync(code, bytes);
      expect(await kronos(folder, 'info', '1')).toMatchObject({ code: 0, err: '' });
    }
  });

  test('is another when a source was edited where it lies', async () => {
    const folder = leftovers.folder();
    const copy = copyIn(join(folder, 'checkout'));
    await run(folder, process.execPath, copy, 'add', 'one');
    const show = join(folder, 'checkout/clients/kronos/cli/format-output.ts');
    writeFileSync(show, readFileSync(show, 'utf8').replace(/`task (?=\S+ \S+: )/, '`Task '));
    expect((await run(folder, process.execPath, copy, 'add', 'two')).out).toBe('Task 2 added: two\n');
    expect(bundlesIn(folder)).toHaveLength(2);
  });

  test('of an installed package is another when the package is', async () => {
    const folder = leftovers.folder();
    const copy = copyIn(join(folder, 'lib/node_modules/horai'));
    const installed = (...words: readonly string[]) => run(folder, process.execPath, copy, ...words);
    await installed('add', 'one');
    await installed('--version');
    expect(bundlesIn(folder)).toHaveLength(1);
    appendFileSync(join(folder, 'lib/node_modules/horai/package.json'), '\n');
    expect(await installed('do', '1')).toMatchObject({ code: 0, err: '' });
    expect(bundlesIn(folder)).toHaveLength(2);
  });

  test('is found through the links that npm makes, under either name, and in a folder with any name', async () => {
    const folder = leftovers.folder();
    const home = join(folder, 'a #1 & 100% folder');
    mkdirSync(join(home, 'lib/node_modules'), { recursive: true });
    mkdirSync(join(home, 'bin'));
    symlinkSync(top, join(home, 'lib/node_modules/horai'));
    for (const name of ['kronos', 'k']) {
      symlinkSync(`../lib/node_modules/horai/bin/${name}.cjs`, join(home, 'bin', name));
      expect(await run(home, process.execPath, join(home, 'bin', name), 'add', name)).toMatchObject({
        code: 0,
        err: '',
      });
      expect(await run(home, process.execPath, join(home, 'bin', name), 'log', '1')).toMatchObject({
        code: 0,
        err: '',
      });
    }
    expect(bundlesIn(home)).toHaveLength(1);
  });
});

describe('output', () => {
  test('is not coloured for a pipe, and errors are not among it', async () => {
    const folder = leftovers.folder();
    await kronos(folder, 'add', 'one');
    await kronos(folder, 's', '1');
    expect((await kronos(folder, 'l')).out).not.toContain('\u001b');
    expect(await kronos(folder, 'frobnicate')).toMatchObject({ code: 2, out: '' });
    expect(await kronos(folder, 'info', '9')).toEqual({ code: 3, out: '', err: 'task not found\n' });
  });

  /** Creates more tasks than the output that a pipe can buffer. */
  async function manyTasksIn(folder: string): Promise<void> {
    const lines = Array.from({ length: 4_000 }, (_, at) => `task ${at} ${'ä'.repeat(100)}`);
    writeFileSync(join(folder, 'lines'), lines.join('\n'));
    await run(folder, 'sh', '-c', `'${process.execPath}' '${bin}' add - < '${join(folder, 'lines')}'`);
  }

  test('may be more than anybody reads', async () => {
    const folder = leftovers.folder();
    await manyTasksIn(folder);
    const script = `{ '${process.execPath}' '${bin}' list; echo "ended $?" >&2; } | head -n 1`;
    expect(await run(folder, 'sh', '-c', script)).toMatchObject({
      out: expect.stringMatching(/^ID /),
      err: 'ended 0\n',
    });
  });

  test('is all there although the pipe is one that does not wait', async () => {
    const folder = leftovers.folder();
    await manyTasksIn(folder);
    // Node makes the pipe non-blocking, and a killed process leaves it so.
    const rude = "process.stdout; process.kill(process.pid, 'SIGKILL')";
    const script = `'${process.execPath}' -e "${rude}"; exec '${process.execPath}' '${bin}' list --json`;
    const { code, out, err } = await run(folder, 'sh', '-c', `{ ${script}; } | cat`);
    expect({ code, err: err.replace(/^Killed\n/, '') }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toHaveLength(4_000);
  });
});
