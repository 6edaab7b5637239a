#!/usr/bin/env node
// `kronos` as an installed command: plain JavaScript, so that Node can start it. Reading TypeScript through tsx takes four times as
// long as a short command may, so the client is bundled once, by the esbuild that tsx brings, into the person's cache folder, and
// again when a source has changed. Where nothing can be written, tsx it is. What an action needs is one file, because each further
// one takes half a millisecond; what is imported only when it is asked for is bundled apart from it.

import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const top = fileURLToPath(new URL('..', import.meta.url));
const start = {
  self: fileURLToPath(import.meta.url),
  about: new URL('../package.json', import.meta.url),
  unbundled: '',
};
const sources = ['clients/kronos', 'clients/typescript', 'protocol'];
const keptMs = 86_400_000;

function cacheFolder() {
  const { env, platform } = process;
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'kronos', 'cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'kronos');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kronos');
}

/** The time and size of every source, and of the packages' list. */
function stamp() {
  let newest = 0;
  let size = 0;
  let count = 0;
  const look = (path) => {
    const { mtimeMs, size: bytes } = statSync(path);
    newest = Math.max(newest, mtimeMs);
    size += bytes;
    count += 1;
  };
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) walk(join(folder, entry.name));
      else look(join(folder, entry.name));
    }
  };
  for (const folder of sources) walk(join(top, folder));
  look(join(top, 'package.json'));
  look(start.self);
  return `${Math.round(newest).toString(36)}-${size.toString(36)}-${count.toString(36)}`;
}

async function bundle(cache, kept, folder) {
  const { build } = await import('esbuild');
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const fresh = `${folder}.${process.pid}`;
  const client = join(top, 'clients/kronos');
  const later = new Set();
  const common = {
    outdir: fresh,
    outbase: client,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
    // Ink asks for it when it is being debugged.
    external: ['react-devtools-core'],
    define: { 'process.env.NODE_ENV': '"production"' },
  };
  const apart = {
    name: 'apart',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.{1,2}\// }, ({ kind, path, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const file = join(resolveDir, path);
        later.add(file);
        return {
          path: `./${relative(client, file)
            .replaceAll('\\', '/')
            .replace(/\.tsx?$/, '.mjs')}`,
          external: true,
        };
      }),
  };
  await build({ ...common, entryPoints: [join(client, 'main.ts')], plugins: [apart] });
  await build({
    ...common,
    entryPoints: [...later],
    splitting: true,
    // What is left in CommonJS asks for Node's own modules by `require`.
    banner: { js: 'import{createRequire as $require}from"node:module";const require=$require(import.meta.url);' },
  });
  try {
    renameSync(fresh, folder);
  } catch {
    // Another command was quicker.
    rmSync(fresh, { recursive: true, force: true });
  }
  // Not at once: something that was started from an old one may still be open, and another may be in the making.
  const old = Date.now() - keptMs;
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    const isOld = name.startsWith(kept) && path !== folder && statSync(path).mtimeMs < old;
    if (isOld) rmSync(path, { recursive: true, force: true });
  }
}

async function load() {
  const kept = `${top.replace(/[^A-Za-z0-9]+/g, '-')}.`;
  const cache = cacheFolder();
  const folder = join(cache, kept + stamp());
  const entry = pathToFileURL(join(folder, 'main.mjs')).href;
  try {
    return await import(entry);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  }
  try {
    await bundle(cache, kept, folder);
    return await import(`${entry}?made`);
  } catch (error) {
    const { register } = await import('tsx/esm/api');
    register();
    start.unbundled = error.message;
    return import('../clients/kronos/main.ts');
  }
}

const { main } = await load();
await main(start);
