// What a page gets that imports the SDK: nothing from outside this repository, and nothing of Node's.

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';

const top = fileURLToPath(new URL('../../../..', import.meta.url));

async function bundled(entry: string) {
  const { metafile, outputFiles } = await build({
    absWorkingDir: top,
    entryPoints: [`clients/typescript/${entry}`],
    platform: 'browser',
    format: 'esm',
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  return { inputs: Object.keys(metafile.inputs).sort(), size: outputFiles[0]?.contents.length ?? 0 };
}

describe('the bundle', () => {
  test('of the SDK is the SDK and four tables and rules of the protocol, in some 27 KB', async () => {
    const { inputs, size } = await bundled('index.ts');
    const ours = inputs.filter((input) => input.startsWith('clients/typescript/'));
    expect(ours).toContain('clients/typescript/index.ts');
    expect(ours.filter((input) => input.endsWith('-storage.ts'))).toEqual([]);
    expect(inputs.filter((input) => !ours.includes(input))).toEqual([
      'protocol/bounds.ts',
      'protocol/errors.ts',
      'protocol/merge.ts',
      'protocol/task.ts',
    ]);
    expect(size).toBeLessThan(30_000);
  });

  test('of the storage for browsers is that one file', async () => {
    expect((await bundled('browser-storage.ts')).inputs).toEqual(['clients/typescript/browser-storage.ts']);
  });
});
