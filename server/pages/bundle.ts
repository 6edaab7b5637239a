// The files of the pages: clients/web, bundled by esbuild. The build of the hub bundles them once (bin/build-hub.js); a hub that runs from
// TypeScript bundles them in memory when it starts, in some 50 ms. A file's name carries the hash of its content, so browsers may cache it
// for ever.

import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Asset } from '../adapters/mobtimer/pages.ts';
import { readBuiltFile } from '../runtime.ts';

const sources = fileURLToPath(new URL('../../clients/web/', import.meta.url));

/** Source file and its folder under clients/web; each becomes one served file. */
const folders = {
  'style.css': 'shared',
  'tasks.css': 'tasks',
  'reference.css': 'reference',
  'icon.svg': 'shared',
  'room.tsx': 'room',
  'tasks.tsx': 'tasks',
  'front.ts': 'front',
  'help.ts': 'help',
} as const;
export type BundleEntry = keyof typeof folders;

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

export interface Bundle {
  readonly assets: readonly Asset[];
  /** The path at which an entry is served. */
  path(entry: BundleEntry): string;
}

/** One served file. All of them are texts. */
interface PageFile {
  /** With the hash of the content. */
  readonly name: string;
  readonly text: string;
  /** Name of the source file, if the file is an entry of `folders`. */
  readonly entry?: string;
}

export async function buildPages(): Promise<readonly PageFile[]> {
  const { build } = await import('esbuild');
  const built = await build({
    absWorkingDir: sources,
    entryPoints: Object.entries(folders).map(([entry, folder]) => `${folder}/${entry}`),
    outdir: 'unwritten',
    entryNames: '[name]-[hash]',
    write: false,
    metafile: true,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome105', 'firefox110', 'safari16'],
    charset: 'utf8',
    legalComments: 'none',
    loader: { '.svg': 'copy' },
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx', jsxImportSource: 'preact' } },
    logLevel: 'silent',
  });
  const entries = new Map(
    Object.entries(built.metafile.outputs).map(([output, { entryPoint }]) => [basename(output), entryPoint]),
  );
  return built.outputFiles.map(({ path, text }) => {
    const entry = entries.get(basename(path));
    return { name: basename(path), text, ...(entry === undefined ? {} : { entry: basename(entry) }) };
  });
}

/** The build's files are ours, so their form is not checked. */
function readBuiltPages(): readonly PageFile[] | undefined {
  const text = readBuiltFile('pages.json');
  return text === undefined ? undefined : JSON.parse(text);
}

export async function bundle(): Promise<Bundle> {
  const files = readBuiltPages() ?? (await buildPages());
  const paths = new Map(files.map(({ name, entry }) => [entry, `/-/assets/${name}`]));
  const assets = files.map(({ name, text }) => ({
    path: `/-/assets/${name}`,
    type: types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
    body: Buffer.from(text),
    headers: {
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    },
  }));
  return {
    assets,
    path: (entry) => {
      const path = paths.get(entry);
      if (path === undefined) throw new Error(`clients/web/${folders[entry]}/${entry} was not bundled`);
      return path;
    },
  };
}
