// Makes the files of a release.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDeb, findNode } from './deb.ts';
import { type Platform, stageRelease } from './stage.ts';

const top = fileURLToPath(new URL('../..', import.meta.url));

/** The folder of koffi's binary for a platform. Of another platform it is downloaded. */
function findKoffi(folder: string, { os, cpu }: Platform): string | undefined {
  const name = `@koromix/koffi-${os}-${cpu}`;
  const installed = join(top, 'node_modules', name);
  if (existsSync(installed)) return installed;
  const { optionalDependencies } = JSON.parse(readFileSync(join(top, 'node_modules/koffi/package.json'), 'utf8'));
  const version: string | undefined = optionalDependencies[name];
  if (version === undefined) return undefined;
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, `${name}@${version}`], { stdio: 'pipe' });
  execFileSync('tar', ['-xzf', join(folder, `koromix-koffi-${os}-${cpu}-${version}.tgz`), '-C', folder]);
  return join(folder, 'package');
}

/**
 * Makes all files of a release.
 * @param out the folder for them
 * @returns the paths of the tarball and, if there is one, of the Debian package
 */
export async function makeRelease(
  out: string,
  { platform, withDeb }: { readonly platform: Platform; readonly withDeb: boolean },
): Promise<{ readonly tarball: string; readonly deb: string | undefined }> {
  mkdirSync(out, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'horai-release-'));
  try {
    const stage = join(work, 'horai');
    const { name, version } = await stageRelease(top, stage, platform, findKoffi(work, platform));
    const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', work];
    const packed = execFileSync('npm', args, { cwd: stage, encoding: 'utf8' }).trim();
    const base = `${name}-${version}-${platform.os}-${platform.cpu}`;
    copyFileSync(join(work, packed), join(out, `${base}.tgz`));
    copyFileSync(join(stage, 'sbom.cdx.json'), join(out, `${base}.cdx.json`));
    const deb = withDeb
      ? buildDeb({ top, release: stage, version, platform, node: findNode(platform), out })
      : undefined;
    writeSums(out);
    return { tarball: join(out, `${base}.tgz`), deb: deb === undefined ? undefined : join(out, deb) };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Of all files in the folder, which may have releases for several platforms. */
function writeSums(out: string): void {
  const names = readdirSync(out).filter((name) => name.startsWith('horai'));
  const sums = names.sort().map((name) => {
    const sum = createHash('sha256')
      .update(readFileSync(join(out, name)))
      .digest('hex');
    return `${sum}  ${name}\n`;
  });
  writeFileSync(join(out, 'SHA256SUMS'), sums.join(''));
}
