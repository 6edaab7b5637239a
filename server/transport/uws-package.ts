// Chooses the package that provides uWebSockets.js: first the package or path of HORAI_UWS, then the package that is installed as
// `uWebSockets.js`. That is an official build if the user has installed one, and else the package that Horai brings. Also the advice for
// machines on which none of them loads. docs/decisions/0012 says why a default install carries what it does.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { arch, platform, report, versions } from 'node:process';
import { pathToFileURL } from 'node:url';
import { errorMessage } from '../../protocol/error-message.ts';
import { loadUws, type Uws } from './uws.ts';

const installed = 'uWebSockets.js';

export interface UwsChoice {
  /** undefined if no package loads. */
  readonly uws: Uws | undefined;
  /** `uws-pack 20.0.8`, say; an empty text if no package loads. */
  readonly version: string;
  /** Why each package that was tried before does not load. */
  readonly failures: readonly string[];
}

/**
 * The order in which packages are tried.
 * @param named the value of HORAI_UWS: a package name, or a path of a folder with a package.json or of a file
 */
export function uwsPackages(named: string | undefined): readonly string[] {
  return named === undefined ? [installed] : [named, installed];
}

/** Loads the first of these packages that loads here. */
export async function chooseUws(names: readonly string[]): Promise<UwsChoice> {
  const failures: string[] = [];
  for (const name of names) {
    let version = '';
    try {
      const located = locate(name);
      version = located.version;
      return { uws: await loadUws(located.specifier), version, failures };
    } catch (error) {
      const [reason = ''] = errorMessage(error).split('\n');
      // The text that the package Horai brings has for this names old versions of Node.
      failures.push(
        version.startsWith('uws-pack ')
          ? `${version} has no binary for Node ${versions.node} here`
          : `${name} does not load here: ${reason}`,
      );
    }
  }
  return { uws: undefined, version: '', failures };
}

interface Located {
  /** The argument for `import`. */
  readonly specifier: string;
  readonly version: string;
}

function locate(name: string): Located {
  if (!isAbsolute(name) && !name.startsWith('.')) return { specifier: name, version: versionOf(folderOf(name), name) };
  const path = resolve(name);
  const manifest = readManifest(path);
  const file = manifest === undefined ? path : join(path, entryOf(manifest));
  return { specifier: pathToFileURL(file).href, version: versionOf(path, name) };
}

function folderOf(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  return folders.map((folder) => join(folder, name)).find(existsSync) ?? '';
}

type Manifest = Readonly<Record<string, unknown>>;

function readManifest(folder: string): Manifest | undefined {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return undefined;
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof manifest === 'object' && manifest !== null ? { ...manifest } : undefined;
}

function entryOf({ exports, main }: Manifest): string {
  const imported = typeof exports === 'object' && exports !== null && 'import' in exports ? exports.import : undefined;
  if (typeof imported === 'string') return imported;
  return typeof main === 'string' ? main : 'index.js';
}

function versionOf(folder: string, otherwise: string): string {
  const { name, version } = readManifest(folder) ?? {};
  return typeof name === 'string' ? `${name} ${version}` : otherwise;
}

/** The facts that decide which binaries load. */
export interface EngineMachine {
  readonly platform: string;
  readonly arch: string;
  /** NODE_MODULE_VERSION: 115 for Node 20, 127 for 22, 137 for 24, 141 for 25, 147 for 26. */
  readonly abi: string;
  /** The version of glibc; undefined on other systems, and on Linux with musl. */
  readonly glibc: string | undefined;
}

/** The package of npm with the newest core, and what its binaries need. */
const newest = {
  name: '@btc-vision/uwebsockets.js',
  version: '20.57.0',
  abis: ['115', '127', '137', '141'],
  platforms: ['linux x64', 'linux arm64', 'darwin x64', 'darwin arm64', 'win32 x64'],
  glibc: [2, 38],
} as const;

/** Official builds, which GitHub has and npm has not. */
const official = [
  { version: 'v20.52.0', abis: ['115', '127', '137'], glibc: [2, 35] },
  { version: 'v20.67.0', abis: ['127', '137', '147'], glibc: [2, 38] },
] as const;

/** How a machine on which no uWebSockets.js loads gets one: a sentence without its full stop. */
export function adviseFasterEngine(machine: EngineMachine): string {
  const hasPlatform = newest.platforms.some((one) => one === `${machine.platform} ${machine.arch}`);
  if (machine.platform === 'linux' && machine.glibc === undefined) {
    return 'The faster uWebSockets.js needs Linux with glibc (an image such as node:24-slim)';
  }
  if (!hasPlatform) return 'The faster uWebSockets.js has no binary for this processor';
  if (newest.abis.some((abi) => abi === machine.abi) && hasGlibc(machine, newest.glibc)) {
    return `For a faster one: npm install ${newest.name}@${newest.version}, then start with HORAI_UWS=${newest.name}`;
  }
  const build = official.find(({ abis, glibc }) => abis.some((abi) => abi === machine.abi) && hasGlibc(machine, glibc));
  if (build !== undefined) return `For a faster one: npm install uNetworking/uWebSockets.js#${build.version}`;
  return `The faster uWebSockets.js has no binary for this Node and C library: Node 22 or 24 and glibc ${newest.glibc.join('.')} have one`;
}

function hasGlibc({ glibc }: EngineMachine, [major, minor]: readonly [number, number]): boolean {
  if (glibc === undefined) return true;
  const [ownMajor = 0, ownMinor = 0] = glibc.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

export function thisMachine(): EngineMachine {
  return { platform, arch, abi: versions.modules, glibc: platform === 'linux' ? readGlibcVersion() : undefined };
}

function readGlibcVersion(): string | undefined {
  // Without this, a report looks up the names of all open connections.
  Reflect.set(report, 'excludeNetwork', true);
  const { header }: { readonly header?: unknown } = Object(report.getReport());
  const version =
    typeof header === 'object' && header !== null && 'glibcVersionRuntime' in header
      ? header.glibcVersionRuntime
      : undefined;
  return typeof version === 'string' ? version : undefined;
}
