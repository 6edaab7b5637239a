// The sources of released versions, kept as they were, so that tests can run an older hub beside this one. They use the packages of this
// version.

import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';

const top = fileURLToPath(new URL('../..', import.meta.url));

export type ReleasedVersion = '0.2.0';

/** Unpacks the sources of a version into an empty folder. Made by `git archive <commit> bin server protocol clients …`, and Brotli. */
export function unpackVersion(version: ReleasedVersion, folder: string): void {
  const packed = readFileSync(join(top, `tests/fixtures/releases/horai-${version}.tar.br`));
  execFileSync('tar', ['-x', '-C', folder], { input: brotliDecompressSync(packed) });
  symlinkSync(join(top, 'node_modules'), join(folder, 'node_modules'));
}
