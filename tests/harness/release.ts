// The files of a release, made once by `npm run release` for the state of the sources and kept in a cache: several test files use them.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fingerprint, publish } from '../../bin/cache.cjs';

const top = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(top, 'node_modules/.cache/horai-releases');
/** Everything that a release is made of. */
const sources = ['bin', 'clients', 'protocol', 'server', 'scripts/release', 'packaging', 'README.md', 'CHANGELOG.md'];
const manifests = ['LICENSE', 'NOTICE', 'package.json', 'package-lock.json', 'tsconfig.json'];

/**
 * Runs `npm run release`.
 * @param folder the project
 * @param out the folder for the files
 */
export function makeRelease(folder: string, out: string, ...options: readonly string[]): void {
  execFileSync('npm', ['run', '--silent', 'release', '--', '--out', out, ...options], { cwd: folder, stdio: 'pipe' });
}

/** @param prefix how the names of such releases begin in the cache */
async function made(prefix: string, ...options: readonly string[]): Promise<string> {
  const folder = join(cache, prefix + fingerprint(top, [...sources, ...manifests]));
  if (!existsSync(folder)) {
    await publish(cache, prefix, folder, async (draft) => makeRelease(top, draft, ...options));
  }
  return folder;
}

function fileIn(folder: string, end: string): string {
  const name = readdirSync(folder).find((one) => one.endsWith(end));
  if (name === undefined) throw new Error(`the release has no ${end}`);
  return join(folder, name);
}

/** The folder with the tarball, the bill of materials and the checksums, and the path of the tarball. */
export async function madeRelease(): Promise<{ readonly folder: string; readonly tarball: string }> {
  const folder = await made('release.', '--no-deb');
  return { folder, tarball: fileIn(folder, '.tgz') };
}

/** The path of the Debian package. */
export async function madeDeb(): Promise<string> {
  return fileIn(await made('debian.'), '.deb');
}
