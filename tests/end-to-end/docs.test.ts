// The documentation against a real hub: commands run, links lead somewhere, and the table of settings is complete.

import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { describe as describeSettings } from '../../server/config.ts';
import { HubProcess, Leftovers } from '../harness/process.ts';

const top = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...markdownIn('docs')];

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

function markdownIn(folder: string): string[] {
  const names = readdirSync(join(top, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
}

function read(page: string): string {
  return readFileSync(join(top, page), 'utf8');
}

/** @returns the texts of the fenced blocks whose info string is exactly `info` */
function blocks(page: string, info: string): string[] {
  const fenced = new RegExp(`^\`\`\`${info}\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...read(page).matchAll(fenced)].map(([, text = '']) => text);
}

/** A folder with `horai` and `kronos` as an installation has them. */
function commandsOf(folder: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, file] of [
    ['horai', 'horai.js'],
    ['kronos', 'kronos.cjs'],
  ] as const) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec '${process.execPath}' '${join(top, 'bin', file)}' "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

function run(script: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  const child = spawn('bash', ['-euc', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  leftovers.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

/** Each page starts a hub and a process per command; on a busy machine that takes a while. */
const pageTimeoutMs = 300_000;

const withCommands = pages.filter((page) => blocks(page, 'sh').length > 0);

test('pages have commands to run', () => {
  expect(withCommands).toEqual(expect.arrayContaining(['README.md', 'docs/clients.md', 'docs/administration.md']));
});

test.each(withCommands)(
  'every command of %s succeeds',
  async (page) => {
    const folder = leftovers.folder();
    const data = join(folder, 'data');
    const hub = new HubProcess(leftovers, { HORAI_DATA: data });
    const { host } = new URL(await hub.up());
    const script = blocks(page, 'sh').join('\n').replaceAll('127.0.0.1:5600', host);
    const path = [commandsOf(folder), join(top, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter);
    const { code, output } = await run(script, folder, { PATH: path, HOME: folder, HORAI_DATA: data, CI: 'true' });
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    expect((await hub.stop()).code).toBe(0);
  },
  pageTimeoutMs,
);

test('the commands that only CI can run are those of .ci/run', () => {
  const script = read('.ci/run');
  const lines = pages.flatMap((page) => blocks(page, 'sh ci')).map((text) => text.trim());
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(script).toContain(line);
});

test('every link between pages leads to a file', () => {
  const readmes = ['protocol', 'server', 'clients', 'scripts'].flatMap(markdownIn);
  const broken = [...pages, ...readmes].flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)]
      .map(([, to = '']) => to)
      .filter((to) => !existsSync(join(top, dirname(page), to)))
      .map((to) => `${page}: ${to}`),
  );
  expect(broken).toEqual([]);
});

test('the table of settings names each variable of the hub and no other', () => {
  const settings = describeSettings({ env: {}, platform: 'linux', home: '/home/someone' });
  const names = (text: string, form: RegExp) => [...text.matchAll(form)].map(([, name]) => name).sort();
  expect(names(read('docs/configuration.md'), /^\| `(HORAI_\w+)`/gm)).toEqual(names(settings, /^ {2}(HORAI_\w+)/gm));
});
