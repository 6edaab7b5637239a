// The packages as npm packs them: the SDK in an empty project, used from JavaScript and from strict TypeScript; and Horai itself.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunningHub } from '../../../../server/compose.ts';
import { startComposed } from '../../../harness/compose.ts';
import { Leftovers } from '../../../harness/process.ts';
import { installSdk, npm } from '../../../harness/sdk-package.ts';

const top = fileURLToPath(new URL('../../../..', import.meta.url));
const leftovers = new Leftovers();
afterAll(() => leftovers.clear());

describe('the SDK, installed from its tarball', () => {
  let installed: string;
  let project: string;
  let hub: RunningHub;
  beforeAll(async () => {
    installed = await installSdk(leftovers.folder());
    project = join(installed, '../..');
    // Node 20 has no built-in WebSocket.
    symlinkSync(join(top, 'node_modules/ws'), join(project, 'node_modules/ws'));
    hub = await startComposed();
  }, 120_000);
  afterAll(() => hub.stop());

  test('brings nothing but itself', () => {
    expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'horai-sdk',
      'ws',
    ]);
    expect(readdirSync(installed).sort()).toEqual(['README.md', 'dist', 'package.json']);
  });

  const program = `
    import { FileStorage } from 'horai-sdk/file-storage';
    import { connect } from 'horai-sdk';
    import { WebSocket } from 'ws';
    const [url = '', token = '', file = ''] = process.argv.slice(2);
    const hub = connect({ url, token, storage: new FileStorage(file), webSocket: WebSocket });
    const tasks = hub.channel('tasks');
    await tasks.create({ id: 7, desc: 'from the package', tags: [] });
    const { state, pending } = await hub.sync({ deadlineMs: 15_000 });
    const read = await tasks.read();
    console.log(state, pending, read.ok && read.items.map(({ item }) => item.desc).join());
    await hub.close();
  `;

  test('is used from JavaScript in Node', async () => {
    writeFileSync(join(project, 'main.js'), program);
    const args = ['main.js', hub.url, hub.ownerSecret ?? '', join(project, 'state.json')];
    const child = spawn(process.execPath, args, { cwd: project, stdio: ['ignore', 'pipe', 'inherit'] });
    leftovers.add(child);
    let out = '';
    child.stdout.on('data', (text: Buffer) => {
      out += text.toString();
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(out).toBe('live 0 from the package\n');
  });

  const typed = `
    import { connect, MemoryStorage, type Change, type Channel, type ConnectionState, type Failure, type Item } from 'horai-sdk';
    import { BrowserStorage } from 'horai-sdk/browser-storage';
    import { FileStorage } from 'horai-sdk/file-storage';
    interface Note { readonly text: string }
    const hub = connect({ url: 'ws://127.0.0.1:9', token: 'secret', storage: new MemoryStorage() });
    export const notes: Channel<Note> = hub.channel<Note>('notes');
    export const storages = [new FileStorage('state.json'), new BrowserStorage()];
    export async function write(text: string): Promise<string> {
      const written = await notes.create({ text }, { key: 'a' });
      if (written.ok) return written.key;
      const { code }: Failure = written;
      return code;
    }
    export const texts = (items: ReadonlyMap<string, Item<Note>>): readonly string[] => [...items.values()].map(({ item }) => item.text);
    export const describe = (change: Change<Note>): string => (change.type === 'delete' ? change.key : change.item.text);
    export const name: ConnectionState['name'] = hub.state.name;
    export const desc = (await hub.channel('tasks').read()).ok ? 'read' : 'offline';
    for (const { item } of hub.channel('tasks').items.values()) item.tags?.map((tag) => tag.length);
  `;
  const compile = (text: string) => {
    writeFileSync(join(project, 'main.ts'), text);
    const options =
      '--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --module nodenext --target es2022'.split(
        ' ',
      );
    const compiler = join(top, 'node_modules/typescript/bin/tsc');
    return spawnSync(process.execPath, [compiler, ...options, '--ignoreConfig', 'main.ts'], {
      cwd: project,
      encoding: 'utf8',
    });
  };

  test('is used from strict TypeScript, and a wrong use is an error', () => {
    expect(compile(typed).stdout).toBe('');
    expect(compile(typed.replace("{ text }, { key: 'a' }", "{ text: 1 }, { key: 'a' }")).stdout).toContain('TS2322');
  });
});

test('the package of Horai contains all files it needs and no tests, and runs where it is installed', () => {
  const folder = leftovers.folder();
  const packed: readonly { filename: string; files: readonly { path: string }[] }[] = JSON.parse(
    npm(top, 'pack', '--json', '--pack-destination', folder),
  );
  const { filename = '', files = [] } = packed[0] ?? {};
  const folders = new Set(files.map(({ path }) => path.split('/')[0]));
  for (const name of ['tests', 'scripts', 'node_modules', '.ci']) expect(folders).not.toContain(name);
  expect(files.map(({ path }) => path).filter((path) => path.includes('/dist/'))).toEqual([]);
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', folder]);
  const home = join(folder, 'package');
  symlinkSync(join(top, 'node_modules'), join(home, 'node_modules'));
  const env = { ...process.env, KRONOS_DATA: folder, XDG_CACHE_HOME: join(folder, 'cache'), HORAI_DATA: folder };
  const run = (bin: string, ...args: readonly string[]) =>
    execFileSync(process.execPath, [join(home, 'bin', bin), ...args], { cwd: folder, env, encoding: 'utf8' });
  expect(run('kronos.cjs', 'add', 'installed')).toBe('task 1 added: installed\n');
  expect(run('horai.js', '--version').trim()).toMatch(/^\d+\.\d+\.\d+/);
});
