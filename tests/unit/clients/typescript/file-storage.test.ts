// The file that several `kronos` share: nothing of one's is lost to another, whatever becomes of them.

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

function adder(
  file: string,
  times: number,
): { readonly child: ReturnType<typeof spawn>; readonly done: Promise<number> } {
  const script = fileURLToPath(new URL('../../../harness/adding-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, file, String(times)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  leftovers.add(child);
  let promised = 0;
  child.stdout?.on('data', (text: Buffer) => {
    promised += text.length;
  });
  return { child, done: new Promise((resolve) => child.once('close', () => resolve(promised))) };
}

describe('storage in a file', () => {
  test('keeps values by name, as JSON that a person can read and others may not', async () => {
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

  test('a change that fails changes nothing, and holds nobody up', async () => {
    const storage = new FileStorage(path());
    await storage.update('a', () => 1);
    const failing = storage.update('a', () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await storage.update('a', count);
    expect(await storage.read('a')).toBe(2);
  });

  test('a file that is no JSON is left as it is', async () => {
    const storage = new FileStorage(path());
    await storage.update('a', () => 1);
    writeFileSync(storage.path, '{"a":1,');
    await expect(storage.update('a', () => 2)).rejects.toThrow('mend it, or move it away');
    await expect(storage.read('a')).rejects.toThrow('is not JSON');
    expect(readFileSync(storage.path, 'utf8')).toBe('{"a":1,');
  });

  test('two who watch hear of each other', async () => {
    const file = path();
    const [one, other] = [new FileStorage(file), new FileStorage(file)];
    await one.update('a', () => 1);
    const heard = new Promise<string>((resolve) => leave.push(other.watch(resolve)));
    const nudge = setInterval(() => void one.update('a', count), 50);
    expect(await heard).toBe('a');
    clearInterval(nudge);
    await one.update('a', count);
  });
  const leave: (() => void)[] = [];
  afterEach(() => {
    for (const stop of leave.splice(0)) stop();
  });

  test('three processes that change one value lose no change of each other', async () => {
    const file = path();
    const adders = [adder(file, 40), adder(file, 40), adder(file, 40)];
    expect(await Promise.all(adders.map(({ done }) => done))).toEqual([40, 40, 40]);
    expect(await new FileStorage(file).read('count')).toBe(120);
  }, 60_000);

  test('a process that is killed leaves what it promised, and a lock that the next one takes', async () => {
    const file = path();
    const storage = new FileStorage(file);
    for (let round = 1; round <= 4; round += 1) {
      const before = count(await storage.read('count')) - 1;
      const { child, done } = adder(file, 1_000_000);
      await new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
      child.kill('SIGKILL');
      const promised = await done;
      const after = count(await storage.read('count')) - 1;
      expect(after - before).toBeGreaterThanOrEqual(promised);
      expect(after - before).toBeLessThanOrEqual(promised + 1);
      // As if it had died holding it.
      writeFileSync(`${file}.lock`, `${child.pid} dead`);
      await storage.update('mark', count);
      expect(await storage.read('mark')).toBe(round);
    }
  }, 60_000);
});
