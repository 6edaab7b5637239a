// The Debian package: the release, a Node of its own, the systemd unit, and the scripts in packaging/debian.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { nodeCache } from '../node-cache.ts';
import type { Platform } from './stage.ts';

/** Debian's names of processors. */
const architectures: ReadonlyMap<string, string> = new Map([
  ['x64', 'amd64'],
  ['arm64', 'arm64'],
]);

/** The major version of the Node in the package: the newest for which uws-pack has a binary (docs/decisions/0016). */
const nodeMajor = '22';

/** A time for all files, in seconds since 1970: npm gives the files of a tarball the same one. */
const fileTime = '499162500';

export interface DebOptions {
  /** The folder of the project. */
  readonly top: string;
  /** The folder of the release. */
  readonly release: string;
  readonly version: string;
  readonly platform: Platform;
  /** The folder of the npm package with Node. */
  readonly node: string;
  /** The folder for the package. */
  readonly out: string;
}

/** @returns the folder of a package with Node for a Linux; it is downloaded from npm unless it is in the cache */
export function findNode({ os, cpu }: Platform): string {
  const name = `node-${os}-${cpu}`;
  const prefix = join(nodeCache, `node-${nodeMajor}`);
  const folder = join(prefix, 'node_modules', name);
  if (!existsSync(join(folder, 'bin/node'))) {
    const args = ['install', '--prefix', prefix, '--no-audit', '--no-fund', '--ignore-scripts', '--force'];
    execFileSync('npm', [...args, `${name}@${nodeMajor}`], { stdio: 'pipe' });
  }
  return folder;
}

/**
 * @returns the name of the package in `out`
 * @throws if Debian has no name for the processor, or dpkg-deb is not installed
 */
export function buildDeb({ top, release, version, platform, node, out }: DebOptions): string {
  const architecture = architectures.get(platform.cpu);
  if (architecture === undefined) throw new Error(`no Debian package for ${platform.cpu}: use --no-deb`);
  const root = mkdtempSync(join(tmpdir(), 'horai-deb-'));
  const debian = join(top, 'packaging/debian');
  const files: readonly (readonly [string, string, number?])[] = [
    [join(node, 'bin/node'), 'usr/lib/horai/node', 0o755],
    [join(node, 'LICENSE'), 'usr/share/doc/horai/LICENSE.node'],
    [join(debian, 'copyright'), 'usr/share/doc/horai/copyright'],
    [join(debian, 'horai.service'), 'usr/lib/systemd/system/horai.service'],
    [join(debian, 'horai.env'), 'etc/horai/horai.env'],
    [join(debian, 'horai'), 'usr/bin/horai', 0o755],
    [join(debian, 'kronos'), 'usr/bin/kronos', 0o755],
    ...['postinst', 'prerm', 'postrm'].map((name) => [join(debian, name), `DEBIAN/${name}`, 0o755] as const),
  ];
  try {
    cpSync(release, join(root, 'usr/lib/horai'), { recursive: true });
    for (const [from, to, mode = 0o644] of files) {
      mkdirSync(dirname(join(root, to)), { recursive: true });
      cpSync(from, join(root, to));
      chmodSync(join(root, to), mode);
    }
    writeFileSync(join(root, 'DEBIAN/conffiles'), '/etc/horai/horai.env\n');
    const control = readFileSync(join(debian, 'control'), 'utf8')
      .replace('@VERSION@', version)
      .replace('@ARCHITECTURE@', architecture)
      .replace('@SIZE@', String(kibibytes(root)));
    writeFileSync(join(root, 'DEBIAN/control'), control);
    for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (statSync(join(root, name)).isDirectory()) chmodSync(join(root, name), 0o755);
    }
    chmodSync(root, 0o755);
    const name = `horai_${version}_${architecture}.deb`;
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '--build', root, join(out, name)], {
      env: { ...process.env, SOURCE_DATE_EPOCH: fileTime },
      stdio: 'pipe',
    });
    return name;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function kibibytes(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const sizes = names.map((name) => statSync(join(folder, name))).map((stats) => (stats.isFile() ? stats.size : 0));
  return Math.ceil(sizes.reduce((sum, size) => sum + Math.ceil(size / 1_024), 0));
}
