// A store in one file: a read returns everything that was written, and each corruption of the file is detected and named.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Archive, Op, Outline, Step } from '../../../server/core/store.ts';
import { contentHashes, differing } from '../../../server/storage/archive/archive.ts';
import { restoreArchive, verifyArchive, writeArchive } from '../../../server/storage/archive/archive-file.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { put, remove, write } from '../../contract/store.ts';
import { seeded } from '../../harness/world.ts';

const about = { epoch: 'e', made: 1_767_600_000_000, by: '1.2.3' };
const quiet = () => undefined;
let folder = '';
let file = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'horai-'));
  file = join(folder, 'all.backup');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function filled(): Promise<MemoryStore> {
  const store = new MemoryStore({ epoch: 'e' });
  const random = seeded(5);
  for (let index = 0; index < 60; index += 1) {
    const ops: Op[] = Array.from({ length: 5 }, () =>
      put(`k${Math.floor(random() * 20)}`, `"ü${random()}\\n"`, { time: index }),
    );
    await store.append(
      index % 3 === 0 ? 'alice/tasks' : 'bob/wakatime',
      write([...ops, remove('k1')], { writeId: `w${index}` }),
      'all',
    );
  }
  await store.append('@hub/empty', write([], { writeId: 'w' }), 'last');
  await store.forget('alice/tasks', 20);
  return store;
}

const errorOf = async (path: string): Promise<string> => {
  const read = await verifyArchive(path, quiet);
  return read.ok ? '' : read.error;
};

/** The offset of each frame, and of the end. */
function boundaries(bytes: Buffer): number[] {
  const found = [15];
  for (let at = 15; at < bytes.length; found.push(at)) at += 5 + bytes.readUInt32BE(at + 1) + 32;
  return found;
}

describe('a store in a file', () => {
  test('a restored store equals the saved one, and the file states its contents', async () => {
    const store = await filled();
    const totals = await writeArchive(store, about, file, quiet);
    expect(await verifyArchive(file, quiet)).toEqual({ ok: true, contents: { ...totals, about } });
    expect(totals).toMatchObject({ channels: 3, answers: 61 });
    const restored = new MemoryStore({ epoch: 'new' });
    expect(await restoreArchive(file, restored, quiet)).toMatchObject({ ok: true });
    expect(differing(await contentHashes(store), await contentHashes(restored))).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['all.backup']);
  });

  test('an empty store is saved and restored', async () => {
    await writeArchive(new MemoryStore({ epoch: 'e' }), about, file, quiet);
    expect(await verifyArchive(file, quiet)).toMatchObject({
      ok: true,
      contents: { channels: 0, steps: 0, answers: 0 },
    });
  });

  test('a flipped bit anywhere is detected, and the error names its place', async () => {
    await writeArchive(await filled(), about, file, quiet);
    const bytes = readFileSync(file);
    const starts = boundaries(bytes);
    const random = seeded(17);
    // The letter, length, body and hash of each frame, and some other bytes.
    const places = [
      0,
      14,
      ...starts.slice(0, -1).flatMap((start, index) => {
        const next = starts[index + 1] ?? bytes.length;
        return [start, start + 1, start + 4, start + 5, next - 33, next - 32, next - 1];
      }),
    ];
    for (let index = 0; index < 150; index += 1) places.push(Math.floor(random() * bytes.length));
    const flipped = join(folder, 'flipped');
    for (const place of places) {
      const copy = Buffer.from(bytes);
      copy[place] = (copy[place] ?? 0) ^ (1 << Math.floor(random() * 8));
      writeFileSync(flipped, copy);
      const frame = starts.filter((start) => start <= place).length;
      const error = await errorOf(flipped);
      expect({ place, error }).toEqual({
        place,
        error: expect.stringContaining(
          place < 15 ? 'is not a backup' : `in frame ${frame}, which begins at byte ${starts[frame - 1]}`,
        ),
      });
    }
  });

  test('a file that is cut off or continued is refused', async () => {
    await writeArchive(await filled(), about, file, quiet);
    const bytes = readFileSync(file);
    const cut = join(folder, 'cut');
    for (const boundary of boundaries(bytes)) {
      for (const length of [boundary - 1, boundary, boundary + 1, boundary + 5]) {
        if (length === bytes.length || length > bytes.length + 5) continue;
        writeFileSync(cut, Buffer.concat([bytes, Buffer.alloc(8)]).subarray(0, length));
        expect({ length, error: await errorOf(cut) }).toEqual({
          length,
          error: expect.stringMatching(/is damaged: .*(it ends|backup of Horai|follow its end)/),
        });
      }
    }
  });

  test('a missing, repeated or misplaced part is detected', async () => {
    await writeArchive(await filled(), about, file, quiet);
    const bytes = readFileSync(file);
    const starts = boundaries(bytes);
    const part = (index: number): Buffer => bytes.subarray(starts[index], starts[index + 1]);
    const [head, parts] = [bytes.subarray(0, 15), starts.slice(0, -1).map((_, index) => part(index))];
    const other = join(folder, 'other');
    for (let index = 0; index + 1 < parts.length; index += 1) {
      const [one = head, two = head] = parts.slice(index, index + 2);
      for (const changed of [[], [one, one, two], [two, one], [two]]) {
        const rest = changed.length === 0 ? parts.slice(index + 1) : [...changed, ...parts.slice(index + 2)];
        writeFileSync(other, Buffer.concat([head, ...parts.slice(0, index), ...rest]));
        expect(await errorOf(other)).toContain('is damaged');
      }
    }
  });

  test('a file that is not a backup, or cannot be read, is refused with a reason', async () => {
    expect(await errorOf(join(folder, 'nothing'))).toMatch(/cannot be read \(.*ENOENT/);
    writeFileSync(file, 'horai backup 2\nfrom the future');
    expect(await errorOf(file)).toContain('its format is newer');
    writeFileSync(file, '');
    expect(await errorOf(file)).toContain('is not a backup');
  });

  test('a failed save leaves no file and does not change an existing one', async () => {
    const store = await filled();
    const broken: Omit<Archive, 'load'> = {
      outlines: () => store.outlines() satisfies AsyncIterable<Outline>,
      async *steps(channel): AsyncGenerator<readonly Step[]> {
        yield* store.steps(channel);
        throw new Error('the disk is gone');
      },
      answers: (channel) => store.answers(channel),
    };
    await expect(writeArchive(broken, about, file, quiet)).rejects.toThrow('the disk is gone');
    expect(readdirSync(folder)).toEqual([]);
    await writeArchive(store, about, file, quiet);
    const before = readFileSync(file);
    await expect(writeArchive(broken, about, file, quiet)).rejects.toThrow('the disk is gone');
    expect(existsSync(`${file}.part`)).toBe(false);
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});
