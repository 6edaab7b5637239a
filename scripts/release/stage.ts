// Makes the folder of a release: JavaScript that is already built, the native packages of one platform, and a package.json of its own. It holds
// no TypeScript, no test and no tool, and npm installs it without asking a registry for anything.

import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleHub } from '../../bin/build-hub.js';
import { bundleClient } from '../../bin/bundle.cjs';
import { buildPages } from '../../server/pages/bundle.ts';
import { licencesOf, readPackage } from './licences.ts';
import { billOfMaterials } from './sbom.ts';

/** Files of the project that are in a release as they are. */
const copied = [
  'LICENSE',
  'NOTICE',
  'CHANGELOG.md',
  'README.md',
  'bin/cache.cjs',
  'bin/check-node.cjs',
  'bin/compile.cjs',
  'bin/horai.js',
  'bin/import-package.js',
  'bin/k.cjs',
  'bin/kronos.cjs',
  'server/storage/postgres/migrations',
] as const;

/** Packages with native code: they lie in the release's own node_modules. */
const native = ['uWebSockets.js', 'koffi'] as const;
/** Packages that the hub imports if the user has installed them. */
const optional = ['better-sqlite3', 'esbuild', 'tsx'] as const;
/** NODE_MODULE_VERSION of the Node whose binary of uWebSockets.js a release carries: 22, the only one that releases support and it has. */
const uwsAbi = '127';

export interface Platform {
  /** As `process.platform` has it. */
  readonly os: string;
  /** As `process.arch` has it. */
  readonly cpu: string;
}

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** The versions of Node that a release runs on: those with SQLite inside, so that nothing is compiled when it is installed. */
export const engines = '^22.13 || >=24';

/**
 * Makes the folder of a release anew. The same sources give the same bytes, on any path.
 * @param top the project, with its packages installed
 * @param folder the folder of the release
 * @param koffi the folder of koffi's binary package for the platform; undefined if it has none
 * @returns the manifest of the release
 */
export async function stageRelease(
  top: string,
  folder: string,
  platform: Platform,
  koffi: string | undefined,
): Promise<Manifest> {
  rmSync(folder, { recursive: true, force: true });
  for (const name of copied) copy(join(top, name), join(folder, name));
  const own = join(top, 'scripts/release/bin');
  for (const name of readdirSync(own)) copy(join(own, name), join(folder, 'bin', name));
  const hub = join(folder, 'built/hub');
  const hubInputs = await bundleHub(top, hub, {
    topUrl: 'new URL("../../",$build).href',
    entries: ['main.ts'],
    external: [...native, ...optional],
  });
  const pages = await buildPages();
  writeFileSync(join(hub, 'pages.json'), JSON.stringify(pages.files));
  const client = join(top, 'clients/kronos');
  const clientInputs = await bundleClient(client, join(folder, 'built/kronos'));
  const packages = [...native, ...(koffi === undefined ? [] : [`@koromix/koffi-${platform.os}-${platform.cpu}`])];
  copyUws(top, folder, platform);
  copyKoffi(top, folder, koffi, packages.at(-1) ?? '');

  const inputs = [...hubInputs, ...pages.inputs, ...clientInputs.map((path) => join('clients/kronos', path))];
  const bundled = [...new Set(inputs.flatMap(packageOf))].sort().map((name) => join(top, name));
  const ownPackages = packages.map((name) => join(folder, 'node_modules', name));
  const inside = [...bundled, ...ownPackages].map(readPackage);
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES'), licencesOf(inside));
  const references = new Set(inside.map(({ name, version }) => `${name}@${version}`));
  writeFileSync(join(folder, 'sbom.cdx.json'), billOfMaterials(top, references));
  const manifest = writeManifest(top, folder, packages);
  setModes(folder);
  return manifest;
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true });
}

/** The folder of the package that a file is in, relative to the project. */
function packageOf(path: string): string[] {
  const [folder] =
    /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path.replaceAll('\\', '/').replace(/^(\.\.\/)+/, '')) ?? [];
  return folder === undefined ? [] : [folder];
}

/** Of 24 binaries, the one for this platform; where there is none, the hub runs on `ws`. */
function copyUws(top: string, folder: string, { os, cpu }: Platform): void {
  const from = join(top, 'node_modules/uWebSockets.js');
  const to = join(folder, 'node_modules/uWebSockets.js');
  for (const name of ['LICENSE', 'package.json', 'dist/index.mjs', 'dist/uws.mjs'])
    copy(join(from, name), join(to, name));
  const binary = `dist/bin/uws_${os}_${cpu}_${uwsAbi}.node`;
  if (statSync(join(from, binary), { throwIfNoEntry: false }) !== undefined) copy(join(from, binary), join(to, binary));
}

/** Without its sources, its documentation, and the script that would compile it. */
function copyKoffi(top: string, folder: string, binary: string | undefined, name: string): void {
  const from = join(top, 'node_modules/koffi');
  const to = join(folder, 'node_modules/koffi');
  const { scripts: _, cnoke: __, optionalDependencies: ___, ...manifest } = readJson(join(from, 'package.json'));
  for (const file of ['LICENSE.txt', 'index.js', 'index.cjs', 'src/koffi/index.js', 'src/koffi/index.cjs']) {
    copy(join(from, file), join(to, file));
  }
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  if (binary !== undefined) copy(binary, join(folder, 'node_modules', name));
}

function readJson(file: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function writeManifest(top: string, folder: string, packages: readonly string[]): Manifest {
  const { name, version, description, license, bin, dependencies, optionalDependencies }: Manifest = JSON.parse(
    readFileSync(join(top, 'package.json'), 'utf8'),
  );
  const pinned = { ...dependencies, ...optionalDependencies };
  const own = packages.map((one): [string, string] => [one, pinned[one] ?? pinned['koffi'] ?? '']);
  const manifest = {
    name,
    version,
    /** Tells releases of the same version apart: kronos.cjs keeps compiled code by it. */
    build: hashOf(join(folder, 'built')).slice(0, 12),
    description,
    license,
    type: 'module',
    engines: { node: engines },
    bin,
    dependencies: Object.fromEntries(own),
    bundleDependencies: [...packages],
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return { ...manifest, optionalDependencies: {} };
}

/** All files below a folder, relative to it, in one order. */
export function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}

function hashOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of filesOf(folder)) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}

/** The modes of a checkout depend on the umask of its user. */
function setModes(folder: string): void {
  const programs = new Set(['bin/horai.js', 'bin/kronos.cjs', 'bin/k.cjs']);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    chmodSync(path, statSync(path).isDirectory() || programs.has(name) ? 0o755 : 0o644);
  }
}
