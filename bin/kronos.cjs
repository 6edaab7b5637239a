#!/usr/bin/env node
// The command `kronos`, in plain JavaScript, so that Node runs it directly. Loading TypeScript through tsx is too slow for a short command.
// So the client is bundled into the user's cache folder (bundle.cjs), and bundled again when a source has changed. If the folder cannot be
// written, bundle.cjs loads the client without it. This file is CommonJS, because that starts faster than an ES module.

require('./check-node.cjs');
const { readFileSync, rmSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');
const { cachePrefix, fingerprint, userCache } = require('./cache.cjs');

const top = dirname(__dirname);
const start = { self: __filename, about: `${top}/package.json`, unbundled: '' };
/** A release names its build; a folder of sources has no such field. */
const { build } = require('../package.json');
// An installed package changes only as a whole, so package.json is enough. In a checkout any source may change.
const isInstalled = build !== undefined || /[\\/]node_modules[\\/]/.test(top);
const bundledFolders = ['bin', 'clients/kronos', 'clients/typescript', 'protocol', 'server/day/engine'];
const sources = ['package.json', ...(isInstalled ? [] : bundledFolders)];

/**
 * Reads the compiled code of a bundle. V8 does not check it, and a damaged file would crash the process. So the file has two copies.
 * @returns undefined if the copies differ or there is no file
 */
function readCompiledCode(folder) {
  try {
    const copies = readFileSync(`${folder}/main.code`);
    const code = copies.subarray(0, copies.length / 2);
    return code.equals(copies.subarray(copies.length / 2)) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Loads the bundle. @throws if there is no bundle, or it is damaged */
function loadBundle(folder) {
  const filename = `${folder}/main.cjs`;
  const script = new Script(readFileSync(filename, 'utf8'), { filename, cachedData: readCompiledCode(folder) });
  const module = { exports: {} };
  // V8 forgets which file a cached script imports for, so relative paths are resolved here.
  const importModule = (path) => import(path.startsWith('.') ? pathToFileURL(join(folder, path)).href : path);
  script.runInThisContext()(module, require, importModule);
  return module.exports.main;
}

async function load() {
  const cache = userCache('kronos');
  const prefix = cachePrefix(top);
  // Debian's packages keep the times of files, so the name of the build must be part of it.
  const folder = join(cache, prefix + fingerprint(top, sources) + (build === undefined ? '' : `-${build}`));
  try {
    return loadBundle(folder);
  } catch (error) {
    return await createBundle(cache, prefix, folder, error);
  }
}

/** Bundles the client and loads the bundle; loads the client without a cache if that fails. */
async function createBundle(cache, prefix, folder, { code }) {
  try {
    // A missing bundle is not removed: another command may have created it by now.
    if (code !== 'ENOENT') rmSync(folder, { recursive: true, force: true });
    await require('./bundle.cjs').bundle(top, cache, prefix, folder);
    return loadBundle(folder);
  } catch (error) {
    start.unbundled = error.message;
    return await require('./bundle.cjs').loadWithoutCache(loadBundle);
  }
}

// An error that `main` throws ends the process.
void load().then((main) => main(start));
