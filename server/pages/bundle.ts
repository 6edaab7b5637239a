// Bundles clients/web in memory when the hub starts, in some 50 ms. There is no build step and nothing is written to disk. A file's name
// carries the hash of its content, so browsers may cache it for ever.

import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Asset } from '../adapters/mobtimer/pages.ts';

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

export async function bundle(): Promise<Bundle> {
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
  const paths = new Map<string, string>();
  for (const [output, { entryPoint }] of Object.entries(built.metafile.outputs)) {
    if (entryPoint !== undefined) paths.set(basename(entryPoint), `/-/assets/${basename(output)}`);
  }
  const assets = built.outputFiles.map((file) => {
    const name = basename(file.path);
    return {
      path: `/-/assets/${name}`,
      type: types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
      body: file.contents,
      headers: {
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
      },
    };
  });
  return {
    assets,
    path: (entry) => {
      const path = paths.get(entry);
      if (path === undefined) throw new Error(`clients/web/${folders[entry]}/${entry} was not bundled`);
      return path;
    },
  };
}
