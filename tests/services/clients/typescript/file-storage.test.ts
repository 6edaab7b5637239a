// FileStorage, also when several processes share the file and when they are killed.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { FileStorage } from '../../../../clients/typescript/file-storage.ts';
import { Leftovers } from '../../../harness/process.ts';

const leftovers = new Leftovers();
afterEach(() => leftovers.clear());

const path = () => join(leftovers.folder(), 'deep', 'kronos.json');
const count = (value: unknown) => (typeof value === 'number' ? value : 0) + 1;

/** Starts a process that increments `count` in the file; `done` resolves with the number of updates that it saw resolved. */
function startAdder(
  file: string,
  times: number,
): { readonly child: ReturnType<typeof spawn>; readonly done: Promise<number> } {
  const script = fileURLToPath(new URL('../../../harness/adding-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, file, String(times)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  leftovers.add(child);
  // The child writes one byte for each update that has resolved.
  let resolvedCount = 0;
  child.stdout?.on('data', (text: Buffer) => {
    resolvedCount += text.length;
  });
  return { child, done: new Promise((resolve) => child.once('close', () => resolve(resolvedCount))) };
}

describe('FileStorage', () => {
  test('stores values by name as indented JSON that only the owner may read', async () => {
    const file = path();
    const storage = new FileStorage(file);
    expect(await storage.read('a')).toBeUndefined();
    expect(await storage.names()).toEqual([]);
    await storage.update('a', () => ({ tasks: ['ü "€"\n😀'] }));
    await storage.update('__proto__', count);
    expect(await new FileStorage(file).read('a')).toEqual({ tasks: ['ü "€"\n😀'] });
    expect(readFileSync(file, 'utf8')).toContain('\n  "a": {\n');
    expect(statSync(file).mode & 0o077).toBe(0);
    await storage.update('a', () => undefined);
    expect(await storage.names()).toEqual(['__proto__']);
    expect(readdirSync(join(file, '..'))).toEqual(['kronos.json']);
  });

  test('a change that throws changes nothing and does not block later changes', async () => {
    const storage = new FileStorage(path());
    await storage.update('a', () => 1);
    const failing = storage.update('a', () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await storage.update('a', count);
    expect(await storage.read('a')).toBe(2);
  });

  test('a file with invalid JSON causes an error and is not overwritten', async () => {
    const storage = new FileStorage(path());
    await storage.update('a', () => 1);
    writeFileSync(storage.path, '{"a":1,');
    await expect(storage.update('a', () => 2)).rejects.toThrow('repair it, or move it away');
    await expect(storage.read('a')).rejects.toThrow('is not valid JSON');
    expect(readFileSync(storage.path, 'utf8')).toBe('{"a":1,');
  });

  test('a watcher is notified of changes through another storage of the same file', async () => {
    const file = path();
    const [one, other] = [new FileStorage(file), new FileStorage(file)];
    await one.update('a', () => 1);
    const notification = new Promise<string>((resolve) => watches.push(other.watch(resolve)));
    const timer = setInterval(() => void one.update('a', count), 50);
    expect(await notification).toBe('a');
    clearInterval(timer);
    await one.update('a', count);
  });
  const watches: (() => void)[] = [];
  afterEach(() => {
    for (const stop of watches.splice(0)) stop();
  });

  test('no change is lost when three processes change one value', async () => {
    const file = path();
    const adders = [startAdder(file, 40), startAdder(file, 40), startAdder(file, 40)];
    expect(await Promise.all(adders.map(({ done }) => done))).toEqual([40, 40, 40]);
    expect(await new FileStorage(file).read('count')).toBe(120);
  }, 60_000);

  test('a killed process loses no resolved update, and the next process takes its lock', async () => {
    const file = path();
    const storage = new FileStorage(file);
    for (let round = 1; round <= 4; round += 1) {
      const before = count(await storage.read('count')) - 1;
      const { child, done } = startAdder(file, 1_000_000);
      await new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
      child.kill('SIGKILL');
      const resolvedCount = await done;
      const after = count(await storage.read('count')) - 1;
      expect(after - before).toBeGreaterThanOrEqual(resolvedCount);
      expect(after - before).toBeLessThanOrEqual(resolvedCount + 1);
      // As if the process had died while it had the lock.
      writeFileSync(`${file}.lock`, `${child.pid} dead`);
      await storage.update('mark', count);
      expect(await storage.read('mark')).toBe(round);
    }
  }, 60_000);
});
