// Builds the hub for start-hub.js and for a release: JavaScript of all its sources and of the packages that are JavaScript alone, a file for
// each thread, and the files of its pages.

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cachePrefix, fingerprint, publish, userCache } from './cache.cjs';

/** Packages with native code, and those that only a build or a database needs: they are loaded from node_modules. */
const external = ['better-sqlite3', 'esbuild', 'koffi', 'node-pg-migrate', 'pg', 'tsx', 'uWebSockets.js'];
/** Optional parts of packages, which fall back without them. */
const absent = ['bufferutil', 'pg-native', 'utf-8-validate'];

/**
 * Finds the build of the hub, and makes it if there is none.
 * @param top the project
 * @returns the file to import
 * @throws if no cache folder is writable
 */
export async function builtHub(top) {
  const prefix = cachePrefix(top);
  const name = prefix + fingerprint(top, sourcesOf(top));
  const caches = cachesOf(top);
  for (const cache of caches) {
    const folder = join(cache, name);
    if (isBuilt(folder)) return join(folder, 'main.mjs');
    // A build appears complete: one that is not was damaged. If there is none, this does nothing.
    rmSync(folder, { recursive: true, force: true });
  }
  let failure;
  for (const cache of caches) {
    try {
      const folder = join(cache, name);
      await publish(cache, prefix, folder, (draft) => build(top, draft));
      return join(folder, 'main.mjs');
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** An installed package changes only as a whole; in a checkout any source may change. */
function sourcesOf(top) {
  if (/[\\/]node_modules[\\/]/.test(top)) return ['package.json'];
  return ['package.json', 'package-lock.json', 'bin', 'clients', 'protocol', 'server'];
}

/** The cache inside node_modules is shared by all users of a checkout; an installation of another user is not writable. */
function cachesOf(top) {
  const caches = [join(top, 'node_modules', '.cache', 'horai')];
  try {
    caches.push(userCache('horai'));
  } catch {
    // A system user without a home.
  }
  return caches;
}

/** True if all files of the build exist in their full size. */
function isBuilt(folder) {
  try {
    const sizes = JSON.parse(readFileSync(join(folder, 'sizes.json'), 'utf8'));
    return Object.entries(sizes).every(([name, size]) => statSync(join(folder, name)).size === size);
  } catch {
    return false;
  }
}

async function build(top, draft) {
  const topUrl = JSON.stringify(pathToFileURL(`${top}/`).href);
  await bundleHub(top, draft, { topUrl, entries: ['main.ts', 'pages/bundle.ts'], plugins: [locatedPackages] });
  const { buildPages } = await import(pathToFileURL(join(draft, 'pages/bundle.mjs')).href);
  writeFileSync(join(draft, 'pages.json'), JSON.stringify((await buildPages()).files));
  const files = readdirSync(draft, { recursive: true }).filter((name) => statSync(join(draft, name)).isFile());
  const sizes = Object.fromEntries(files.map((name) => [name, statSync(join(draft, name)).size]));
  writeFileSync(join(draft, 'sizes.json'), JSON.stringify(sizes));
}

/**
 * Bundles the hub, without its pages, into a folder that may be moved afterwards.
 * @param top the project
 * @param outdir the folder
 * @param topUrl JavaScript whose value is the URL of the project's folder at run time; in it `$build` is the URL of `outdir`
 * @param entries files in server/; the threads are added
 * @param plugins esbuild plugins that decide which packages are bundled
 * @param external packages that are not bundled, and are imported by their names
 * @returns the paths of all files that went into it, relative to `top`
 */
export async function bundleHub(top, outdir, { topUrl, entries, plugins = [], external = [] }) {
  const server = join(top, 'server');
  const esbuild = await import('esbuild');
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir: top,
    entryPoints: [...entries.map((entry) => join(server, entry)), ...threadsOf(server)],
    outdir,
    outbase: server,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'silent',
    write: false,
    metafile: true,
    external: [...absent, ...external],
    define: { HORAI_BUILD: '$build' },
    // prom-client asks it for the current span of an exemplar, and Horai makes no exemplars.
    alias: { '@opentelemetry/api': join(top, 'bin/no-spans.cjs') },
    plugins: [sourceUrls(top), ...plugins],
  });
  for (const { path, text } of outputFiles) {
    const folder = dirname(path);
    mkdirSync(folder, { recursive: true });
    const up = relative(folder, outdir).replaceAll('\\', '/');
    // Packages in CommonJS load the modules of Node by `require`.
    const head =
      'import{createRequire as $require}from"node:module";const require=$require(import.meta.url),' +
      `$build=new URL("./${up === '' ? '' : `${up}/`}",import.meta.url).href,$top=${topUrl};`;
    writeFileSync(path, head + asLatin1(text));
  }
  return Object.keys(metafile.inputs);
}

/** V8 keeps a text with any other character in two bytes each. Within literals, where alone they stand, escapes mean the same. */
function asLatin1(text) {
  return text.replace(/[\u0100-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The files that the sources start as threads; see `startThread` in server/runtime.ts. */
function threadsOf(server) {
  const started = /Thread\(new URL\('(\.[^']+)', import\.meta\.url\)/g;
  return readdirSync(server, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .flatMap(({ parentPath, path, name }) => {
      const folder = parentPath ?? path;
      const text = readFileSync(join(folder, name), 'utf8');
      return [...text.matchAll(started)].map(([, file]) => join(folder, file));
    });
}

/** `import.meta.url` stays the URL of the source, so that each file finds what lies beside it. */
const sourceUrls = (top) => ({
  name: 'source-urls',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      // An installed project lies in a folder node_modules itself.
      if (!/^(?:server|protocol|clients)[\\/]/.test(relative(top, path))) return undefined;
      const name = JSON.stringify(relative(top, path).replaceAll('\\', '/'));
      return { loader: 'ts', contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', `($top+${name})`) };
    }),
});

/** A build in a cache folder cannot find packages by their names. */
const locatedPackages = {
  name: 'located-packages',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (isBuiltin(path) || !external.some((name) => path === name || path.startsWith(`${name}/`))) return undefined;
      try {
        const url = import.meta.resolve(path);
        return { path: kind.startsWith('require') ? fileURLToPath(url) : url, external: true };
      } catch {
        // Not installed: an import fails when it runs, and its caller handles that.
        return { path, external: true };
      }
    }),
};
