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
  'day.css': 'day',
  'room.tsx': 'room',
  'tasks.tsx': 'tasks',
  'day.tsx': 'day',
  'week.tsx': 'week',
  'set-up.tsx': 'set-up',
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
  /** The paths of the files that an entry imports at once: pages share them. */
  imports(entry: BundleEntry): readonly string[];
}

/** One served file. All of them are texts. */
interface PageFile {
  /** With the hash of the content. */
  readonly name: string;
  readonly text: string;
  /** Name of the source file, if the file is an entry of `folders`. */
  readonly entry?: string;
  /** Names of the files that an entry imports at once, and of those that they import. */
  readonly imports?: readonly string[];
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
    splitting: true,
    chunkNames: '[name]-[hash]',
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome105', 'firefox110', 'safari16'],
    charset: 'utf8',
    legalComments: 'none',
    loader: { '.svg': 'copy' },
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx', jsxImportSource: 'preact' } },
    logLevel: 'silent',
  });
  const { outputs } = built.metafile;
  const entries = new Map(
    Object.entries(outputs).flatMap(([output, { entryPoint }]) =>
      entryPoint === undefined
        ? []
        : [[basename(output), { entry: basename(entryPoint), imports: [...importsOf(outputs, output)] }]],
    ),
  );
  return built.outputFiles.map(({ path, text }) => {
    const name = basename(path);
    return { name, text, ...entries.get(name) };
  });
}

/** The names of the files that an output imports at once, and of those that they import. */
function importsOf(
  outputs: Readonly<Record<string, { readonly imports: readonly { readonly path: string; readonly kind: string }[] }>>,
  output: string,
  found: Set<string> = new Set(),
): ReadonlySet<string> {
  for (const { path, kind } of outputs[output]?.imports ?? []) {
    if (kind !== 'import-statement' || found.has(basename(path))) continue;
    found.add(basename(path));
    importsOf(outputs, path, found);
  }
  return found;
}

/** The build's files are ours, so their form is not checked. */
function readBuiltPages(): readonly PageFile[] | undefined {
  const text = readBuiltFile('pages.json');
  return text === undefined ? undefined : JSON.parse(text);
}

function pathOf(name: string): string {
  return `/-/assets/${name}`;
}

export async function bundle(): Promise<Bundle> {
  const files = readBuiltPages() ?? (await buildPages());
  const paths = new Map(files.map(({ name, entry }) => [entry, pathOf(name)]));
  const imports = new Map(files.map((file) => [file.entry, (file.imports ?? []).map(pathOf)]));
  const assets = files.map(({ name, text }) => ({
    path: pathOf(name),
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
    imports: (entry) => imports.get(entry) ?? [],
    path: (entry) => {
      const path = paths.get(entry);
      if (path === undefined) throw new Error(`clients/web/${folders[entry]}/${entry} was not bundled`);
      return path;
    },
  };
}
