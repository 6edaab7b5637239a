// The modules and the size of the SDK's bundle for browsers: no package, and nothing from Node.

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';

const top = fileURLToPath(new URL('../../../..', import.meta.url));

async function bundle(entry: string) {
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

describe('a bundle', () => {
  test('of the SDK contains the SDK and nine files of protocol/, and has less than 36 KB', async () => {
    const { inputs, size } = await bundle('index.ts');
    const ours = inputs.filter((input) => input.startsWith('clients/typescript/'));
    expect(ours).toContain('clients/typescript/index.ts');
    expect(ours.filter((input) => input.endsWith('-storage.ts'))).toEqual([]);
    expect(inputs.filter((input) => !ours.includes(input))).toEqual([
      'protocol/bounds.ts',
      'protocol/error-message.ts',
      'protocol/errors.ts',
      'protocol/hub-path.ts',
      'protocol/intervals.ts',
      'protocol/merge-lists.ts',
      'protocol/merge-work.ts',
      'protocol/same.ts',
      'protocol/work.ts',
    ]);
    // A tenth of it merges the lists and the intervals of a task (M14).
    expect(size).toBeLessThan(36_000);
  });

  test('of the storage for browsers contains only that file', async () => {
    expect((await bundle('browser-storage.ts')).inputs).toEqual(['clients/typescript/browser-storage.ts']);
  });
});
