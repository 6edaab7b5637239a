// `horai backup …` with a running hub and a stopped one, killed halfway, and onto existing files.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { contentHashes, differing } from '../../../server/storage/archive/archive.ts';
import { openSqlite, type SqliteStore } from '../../../server/storage/sqlite/store.ts';
import { realWorld } from '../../../server/world.ts';
import { put, write } from '../../contract/store.ts';
import { type } from '../../harness/command.ts';
import { startComposed } from '../../harness/compose.ts';

const top = fileURLToPath(new URL('../../..', import.meta.url));
let folder = '';
let data = '';
let file = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'horai-'));
  data = join(folder, 'data');
  file = join(folder, 'all.backup');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function storeIn(at: string): Promise<SqliteStore> {
  const opened = await openSqlite({ folder: at, world: realWorld('silent') });
  if (!opened.ok) throw new Error(opened.error);
  return opened.store;
}

const heartbeats = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => put(`k${from + index}`, `{"n":${from + index}}`, { time: from + index }));

describe('horai backup', () => {
  test('restores accounts and tokens of a running hub elsewhere; clients start afresh', async () => {
    const hub = await startComposed({ store: 'sqlite', data });
    const made = await type(data, 'token', 'create', '--name', 'laptop', '--json');
    const token = JSON.parse(made.out);
    const created = await type(data, 'backup', 'create', file);
    expect(created).toMatchObject({
      code: 0,
      out: expect.stringMatching(/all\.backup has \d+ channels with \d+ steps\.$/),
    });
    await hub.stop();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await type(data, 'backup', 'verify', file)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/is intact: .* by Horai 1\.2\.3\.$/),
    });

    const elsewhere = join(folder, 'elsewhere');
    expect(await type(elsewhere, 'backup', 'restore', file)).toMatchObject({ code: 0 });
    const listed = await type(elsewhere, 'token', 'list', '--json');
    expect(JSON.parse(listed.out)).toContainEqual(expect.objectContaining({ id: token.id, name: 'laptop' }));
    const [one, other] = [await storeIn(data), await storeIn(elsewhere)];
    expect(other.epoch).not.toBe(one.epoch);
    await one.close();
    await other.close();
  });

  test('is as of one moment over all channels while writes go on', async () => {
    const store = await storeIn(data);
    let rounds = 0;
    let writing = true;
    const writer = (async () => {
      while (writing) {
        // b is never ahead of a.
        await store.append('a', write(heartbeats(rounds * 10, 10)), 'last');
        await store.append('b', write(heartbeats(rounds * 10, 10)), 'last');
        rounds += 1;
      }
    })();
    const before = await store.head('b');
    const created = await type(data, 'backup', 'create', file);
    const after = await store.head('a');
    writing = false;
    await writer;
    await store.close();
    expect(created).toMatchObject({ code: 0 });
    expect(await type(join(folder, 'other'), 'backup', 'restore', file)).toMatchObject({ code: 0 });
    const restored = await storeIn(join(folder, 'other'));
    const [a, b] = [(await restored.head('a')).seq, (await restored.head('b')).seq];
    expect([0, 10]).toContain(a - b);
    expect(b).toBeGreaterThanOrEqual(before.seq);
    expect(a).toBeLessThanOrEqual(after.seq);
    expect((await restored.read('a', {})).length).toBe(a);
    await restored.close();
  });

  test('leaves no file under its name when it is killed, and the next one is complete', async () => {
    const store = await storeIn(data);
    for (let round = 0; round < 40; round += 1)
      await store.append('a', write(heartbeats(round * 1_000, 1_000)), 'last');
    const begun = (async () => {
      for await (const _ of watchOf(folder, 'all.backup.part')) return;
    })();
    const child = spawn(process.execPath, ['bin/horai.js', 'backup', 'create', file], {
      cwd: top,
      env: { PATH: process.env['PATH'], HOME: folder, HORAI_DATA: data },
      stdio: 'ignore',
    });
    const exited = once(child, 'exit');
    await begun;
    child.kill('SIGKILL');
    await exited;
    if (existsSync(file)) expect(await type(data, 'backup', 'verify', file)).toMatchObject({ code: 0 });
    rmSync(file, { force: true });
    expect(await type(data, 'backup', 'create', file)).toMatchObject({ code: 0 });
    expect(readdirSync(folder).sort()).toEqual(['all.backup', 'data']);
    expect(await type(data, 'backup', 'verify', file)).toMatchObject({ code: 0 });
    await store.append('a', write(heartbeats(0, 1)), 'last');
    await store.close();
  });

  test('does not overwrite a file, and refuses a folder without a store', async () => {
    expect(await type(data, 'backup', 'create', file)).toMatchObject({
      code: 1,
      err: expect.stringContaining('has no store'),
    });
    await (await storeIn(data)).close();
    writeFileSync(file, 'dear diary');
    expect(await type(data, 'backup', 'create', file)).toEqual({
      code: 1,
      out: '',
      err: `${file} exists already: choose another name.`,
    });
    expect(readFileSync(file, 'utf8')).toBe('dear diary');
    expect(await type(data, 'backup', 'verify', file)).toMatchObject({
      code: 1,
      err: expect.stringContaining('is damaged'),
    });
  });

  test('restores into an empty store only, unless --replace sets the old one aside', async () => {
    const store = await storeIn(data);
    await store.append('a', write(heartbeats(0, 2_000)), 'last');
    expect(await type(data, 'backup', 'create', file)).toMatchObject({ code: 0 });
    await store.append('a', write(heartbeats(2_000, 1)), 'last');
    const now = await contentHashes(store);
    expect(await type(data, 'backup', 'restore', file, '--replace')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Another hub is using'),
    });
    await store.close();
    const refused = await type(data, 'backup', 'restore', file);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('with the channel a') });
    const same = await storeIn(data);
    expect(differing(await contentHashes(same), now)).toEqual([]);
    await same.close();

    const damaged = join(folder, 'damaged');
    const bytes = readFileSync(file);
    writeFileSync(damaged, bytes.subarray(0, bytes.length - 1));
    expect(await type(data, 'backup', 'restore', damaged, '--replace')).toMatchObject({ code: 1 });

    const replaced = await type(data, 'backup', 'restore', file, '--replace');
    expect(replaced).toMatchObject({ code: 0, out: expect.stringContaining('horai.db.replaced') });
    const restored = await storeIn(data);
    expect(restored.epoch).not.toBe(store.epoch);
    expect((await restored.head('a')).seq).toBe(2_000);
    await restored.close();
  });

  test('replaces a store that cannot be read', async () => {
    const store = await storeIn(data);
    await store.append('a', write(heartbeats(0, 10)), 'last');
    await store.close();
    expect(await type(data, 'backup', 'create', file)).toMatchObject({ code: 0 });
    writeFileSync(join(data, 'horai.db'), 'spilled coffee '.repeat(1_000));
    expect(await type(data, 'backup', 'restore', file)).toMatchObject({
      code: 1,
      err: expect.stringContaining('--replace'),
    });
    expect(await type(data, 'backup', 'restore', file, '--replace')).toMatchObject({ code: 0 });
    const restored = await storeIn(data);
    expect((await restored.head('a')).seq).toBe(10);
    await restored.close();
  });
});

/** Yields at each change of a file of this name in a folder. */
async function* watchOf(at: string, name: string): AsyncGenerator<void> {
  const watcher = watch(at);
  try {
    for (;;) {
      const [, changed] = await once(watcher, 'change');
      if (changed === name) yield;
    }
  } finally {
    watcher.close();
  }
}
