// The build of the hub that bin/horai.js makes and reuses: real processes, on a copy of the sources with caches of its own.

import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { Leftovers } from '../../harness/process.ts';

const top = fileURLToPath(new URL('../../..', import.meta.url));
const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

interface Checkout {
  readonly folder: string;
  readonly builds: () => string[];
  readonly run: (...args: readonly string[]) => Promise<{ readonly code: number | null; readonly out: string }>;
}

/**
 * The project with linked packages.
 * @param at its folder in a temporary one
 * @param cached false: no cache folder can be created
 */
function checkout({ at = 'horai', cached = true } = {}): Checkout {
  const folder = join(leftovers.folder(), at);
  for (const name of ['bin', 'clients', 'protocol', 'server', 'package.json', 'package-lock.json']) {
    cpSync(join(top, name), join(folder, name), { recursive: true });
  }
  const packages = join(folder, 'node_modules');
  mkdirSync(packages, { recursive: true });
  for (const name of readdirSync(join(top, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(top, 'node_modules', name), join(packages, name));
  }
  if (!cached) for (const name of [join(packages, '.cache'), join(folder, 'home')]) writeFileSync(name, 'not a folder');
  const env = { PATH: process.env['PATH'], HOME: join(folder, 'home'), HORAI_DATA: join(folder, 'data') };
  const builds = join(packages, '.cache/horai');
  return {
    folder,
    builds: () => readdirSync(builds).map((name) => join(builds, name)),
    run: (...args) =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, ['bin/horai.js', ...args], { cwd: folder, env });
        leftovers.add(child);
        let out = '';
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (out += String(chunk)));
        child.once('close', (code) => resolve({ code, out }));
      }),
  };
}

const version: string = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')).version;

test('the hub is built at its first start, and the build is used again', async () => {
  const { builds, run } = checkout();
  expect(await run('--version')).toEqual({ code: 0, out: `${version}\n` });
  const [build = '', ...others] = builds();
  expect(others).toEqual([]);
  const madeAt = statSync(join(build, 'main.mjs')).mtimeMs;
  expect(await run('--version')).toEqual({ code: 0, out: `${version}\n` });
  expect(builds()).toEqual([build]);
  expect(statSync(join(build, 'main.mjs')).mtimeMs).toBe(madeAt);
});

test('a hub that starts loads no code of other commands, and texts that take one byte for a character', async () => {
  const { builds, run } = checkout();
  await run('--version');
  const [build = ''] = builds();
  const loaded = new Map<string, string>();
  const load = (name: string): void => {
    if (loaded.has(name)) return;
    const text = readFileSync(join(build, name), 'utf8');
    loaded.set(name, text);
    for (const [, next = ''] of text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) load(next);
  };
  load('main.mjs');
  const all = [...loaded.values()].join('');
  expect(all).toContain('"x-content-type-options"');
  // Commander, OpenTelemetry, the readers of forms and CSV files.
  for (const code of ['showHelpAfterError', 'opentelemetry.js.api', 'Multipart: Boundary not found', 'CSV_INVALID'])
    expect([code, all.includes(code)]).toEqual([code, false]);
  const wide = readdirSync(build, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.mjs') && /[\u0100-\uffff]/.test(readFileSync(join(build, name), 'utf8')),
  );
  expect(wide).toEqual([]);
});

test('an installed package runs from a build too', async () => {
  const { builds, run } = checkout({ at: 'lib/node_modules/horai' });
  expect(await run('--version')).toEqual({ code: 0, out: `${version}\n` });
  expect(builds()).toHaveLength(1);
});

test('processes that start at the same time share one build', async () => {
  const { builds, run } = checkout();
  const ran = await Promise.all([run('--version'), run('--version'), run('--version')]);
  expect(ran).toEqual(ran.map(() => ({ code: 0, out: `${version}\n` })));
  expect(builds()).toHaveLength(1);
});

test('a changed source leads to another build', async () => {
  const { folder, builds, run } = checkout();
  await run('--version');
  const file = join(folder, 'server/commands/program.ts');
  const text = 'A self-hosted realtime sync hub for time.';
  expect((await run('--help')).out).toContain(text);
  writeFileSync(file, readFileSync(file, 'utf8').replace(text, 'A hub with another text.'));
  expect((await run('--help')).out).toContain('A hub with another text.');
  expect(builds()).toHaveLength(2);
});

test('a damaged build is replaced', async () => {
  const { builds, run } = checkout();
  await run('--version');
  const [build = ''] = builds();
  truncateSync(join(build, 'main.mjs'), 1_000);
  expect(await run('--version')).toEqual({ code: 0, out: `${version}\n` });
  expect(builds()).toEqual([build]);
});

test('without a writable cache the hub runs from its TypeScript sources', async () => {
  const { folder, run } = checkout({ cached: false });
  expect(await run('--version')).toEqual({ code: 0, out: `${version}\n` });
  expect(existsSync(join(folder, 'node_modules/.cache/horai'))).toBe(false);
});
