// The files of the pages: clients/web, bundled by esbuild. The build of the hub bundles them once (bin/build-hub.js); a hub that runs from
// TypeScript bundles them in memory when it starts, in some 50 ms. A file's name carries the hash of its content, so browsers may cache it
// for ever.

import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import type { Asset } from '../adapters/mobtimer/pages.ts';
import { readBuiltFile } from '../runtime.ts';
import { numberKeys, withNumbers } from './text-keys.ts';

const sources = fileURLToPath(new URL('../../clients/web/', import.meta.url));

/** Source file and its folder under clients/web; each becomes one served file. */
const folders = {
  'style.css': 'shared',
  'tasks.css': 'tasks',
  'reference.css': 'reference',
  'icon.svg': 'shared',
  'icon-192.png': 'shared',
  'icon-512.png': 'shared',
  'service-worker.ts': 'offline',
  'day.css': 'day',
  'room.tsx': 'room',
  'tasks.tsx': 'tasks',
  'day.tsx': 'day',
  'week.tsx': 'week',
  'reports.tsx': 'reports',
  'rules.tsx': 'rules',
  'lists.tsx': 'grouped',
  'manage.tsx': 'grouped',
  'ranges.tsx': 'grouped',
  'set-up.tsx': 'set-up',
  'sign-in.tsx': 'sign-in',
  'settings.tsx': 'settings',
  'manage.css': 'shared',
  'front.ts': 'front',
  'help.ts': 'help',
} as const;
export type BundleEntry = keyof typeof folders;

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
};

export interface Bundle {
  readonly assets: readonly Asset[];
  /** The address of an entry on the hub's origin, for links. */
  path(entry: BundleEntry): string;
  /** The addresses of the files that an entry imports at once: pages share them. */
  imports(entry: BundleEntry): readonly string[];
}

/** One served file. */
interface PageFile {
  /** With the hash of the content. */
  readonly name: string;
  readonly text: string;
  /** Absent for texts. */
  readonly encoding?: 'base64';
  /** Name of the source file, if the file is an entry of `folders`. */
  readonly entry?: string;
  /** Names of the files that an entry imports at once, and of those that they import. */
  readonly imports?: readonly string[];
}

export interface BuiltPages {
  readonly files: readonly PageFile[];
  /** The paths of all files that went into them, relative to the folder of the project. */
  readonly inputs: readonly string[];
}

/**
 * Modules that are one served file: esbuild makes a file for each set of entries that import the same modules, and each file costs a request,
 * a line in every file that imports it, and a beginning that nothing compresses. `of` are the modules by which a page, or what it fetches
 * later, comes to them; the others in `modules` are then imported with them.
 */
const together: readonly { readonly of: readonly string[]; readonly modules: readonly string[] }[] = [
  {
    of: [
      'shared/frame.ts',
      'shared/palette.tsx',
      'shared/twin-table.tsx',
      'shared/sign-in-form.tsx',
      'shared/account-menu.ts',
      'shared/waiting-changes.ts',
      'day/editing.tsx',
      'day/first-day.tsx',
      'day/day-tables.ts',
    ],
    modules: [
      'preact',
      'preact/hooks',
      'preact/jsx-runtime',
      '../../protocol/project-in.ts',
      'front/web-ui.ts',
      'shared/ask.ts',
      'shared/connection-line.tsx',
      'shared/dialog.tsx',
      'shared/fill-pieces.ts',
      'shared/frame.ts',
      'shared/keyboard.tsx',
      'shared/refusal.ts',
      'shared/settings.ts',
      'shared/sign-in.tsx',
      'shared/use-refusal.ts',
    ],
  },
  {
    of: [
      'shared/live-page.tsx',
      'shared/twin-table.tsx',
      'day/editing.tsx',
      'day/day-tables.ts',
      'settings/settings-page.tsx',
      'set-up/set-up.tsx',
    ],
    modules: [
      'shared/connection-words.ts',
      'shared/live-connection.ts',
      'shared/named-bars.tsx',
      'shared/hub-values.ts',
      'shared/live-answer.ts',
      'shared/live-page.tsx',
      'shared/meter-bar.tsx',
      'shared/project-colors.ts',
      'shared/sentence-line.tsx',
      'shared/sentence.ts',
      'shared/table-twin.tsx',
      'shared/time-format.ts',
      'shared/use-items.ts',
      'shared/use-live.ts',
      'shared/wrong-date.tsx',
      'shared/twin-table.tsx',
    ],
  },
  {
    of: ['shared/palette.tsx', 'shared/page-head.tsx'],
    modules: ['shared/page-frame.tsx', 'shared/dates.ts'],
  },
  {
    of: ['shared/managed-page.tsx'],
    modules: ['shared/use-polled.ts', 'shared/ago.ts'],
  },
  {
    of: ['shared/live-sums.ts', 'shared/edits.ts'],
    modules: [
      'shared/live-sums.ts',
      'shared/edits.ts',
      'shared/edit-line.tsx',
      'shared/rule-sentence.ts',
      'shared/stacked-days.tsx',
    ],
  },
  { of: ['day/day-tables.ts'], modules: ['day/timeline.ts'] },
];

/** Puts modules together, and numbers the keys of texts (text-keys.ts). */
const prepareSources: Plugin = {
  name: 'prepare sources',
  async setup({ onLoad }) {
    const paths = (await readdir(sources, { recursive: true })).filter((path) => /\.tsx?$/.test(path));
    const all = await Promise.all(
      paths.sort().map(async (path) => ({ path, text: await readFile(join(sources, path), 'utf8') })),
    );
    const numbers = numberKeys(all);
    const prepared = new Map(all.map((source) => [source.path, withNumbers(source, numbers)]));
    onLoad({ filter: /\/clients\/web\/.*\.tsx?$/ }, ({ path }) => {
      const name = relative(sources, path);
      const imports = modulesBeside(name).map((module) => `import ${JSON.stringify(module)};`);
      return { contents: imports.join('') + (prepared.get(name) ?? ''), loader: path.endsWith('x') ? 'tsx' : 'ts' };
    });
  },
};

/** The modules that are imported with a module, so that they are in one file with it. */
function modulesBeside(path: string): readonly string[] {
  return together
    .flatMap(({ of, modules }) => (of.includes(path) ? modules : []))
    .map((name) => (name.startsWith('preact') ? name : join(sources, name)));
}

export async function buildPages(): Promise<BuiltPages> {
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
    loader: { '.svg': 'copy', '.png': 'copy' },
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx', jsxImportSource: 'preact' } },
    logLevel: 'silent',
    plugins: [prepareSources],
  });
  const { inputs, outputs } = built.metafile;
  const entries = new Map(
    Object.entries(outputs).flatMap(([output, { entryPoint }]) =>
      entryPoint === undefined
        ? []
        : [[basename(output), { entry: basename(entryPoint), imports: [...importsOf(outputs, output)] }]],
    ),
  );
  const files = built.outputFiles.map(({ path, text, contents }) => {
    const name = basename(path);
    const content = name.endsWith('.png')
      ? ({ text: Buffer.from(contents).toString('base64'), encoding: 'base64' } as const)
      : { text };
    return { name, ...content, ...entries.get(name) };
  });
  return { files, inputs: Object.keys(inputs).map((path) => join('clients/web', path)) };
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

/** @param base the path below which a proxy serves the hub; '' for the whole origin */
export async function bundle(base = ''): Promise<Bundle> {
  const files = readBuiltPages() ?? (await buildPages()).files;
  const paths = new Map(files.map(({ name, entry }) => [entry, base + pathOf(name)]));
  const imports = new Map(files.map((file) => [file.entry, (file.imports ?? []).map((name) => base + pathOf(name))]));
  const assets = files.map(({ name, text, encoding }) => ({
    path: pathOf(name),
    type: types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
    body: Buffer.from(text, encoding),
    headers: { 'cache-control': 'public, max-age=31536000, immutable' },
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
