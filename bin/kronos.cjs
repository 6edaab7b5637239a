#!/usr/bin/env node
// The command `kronos`, in plain JavaScript, so that Node runs it directly. Loading TypeScript through tsx is too slow for a short command.
// So the client is bundled into the user's cache folder (bundle.cjs), and bundled again when a source has changed. If the folder cannot be
// written, tsx loads the client. This file is CommonJS, because that starts faster than an ES module.

const { readdirSync, readFileSync, rmSync, statSync } = require('node:fs');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');

const top = dirname(__dirname);
const start = { self: __filename, about: `${top}/package.json`, unbundled: '' };
// An installed package changes only as a whole, so package.json is enough. In a checkout any source may change.
const isInstalled = /[\\/]node_modules[\\/]/.test(top);
const bundledFolders = ['bin', 'clients/kronos', 'clients/typescript', 'protocol', 'server/day/engine'];
const sources = ['package.json', ...(isInstalled ? [] : bundledFolders)];

function cacheFolder() {
  const { env, platform } = process;
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'kronos', 'cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'kronos');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kronos');
}

/** A fingerprint of the times and sizes of all sources, and of the version of Node, which the compiled code depends on. */
function fingerprint() {
  let times = 0;
  let sizes = 0;
  const addFile = (path) => {
    const stats = statSync(path);
    if (stats.isDirectory()) {
      for (const name of readdirSync(path)) addFile(`${path}/${name}`);
      return;
    }
    times += Math.trunc(stats.mtimeMs);
    sizes += stats.size;
  };
  for (const source of sources) addFile(`${top}/${source}`);
  return `${times.toString(36)}-${sizes.toString(36)}-${process.version}-${process.arch}`;
}

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
  const cache = cacheFolder();
  const prefix = `${top.replace(/[^A-Za-z0-9]+/g, '-')}.`;
  const folder = join(cache, prefix + fingerprint());
  try {
    return loadBundle(folder);
  } catch (error) {
    return await createBundle(cache, prefix, folder, error);
  }
}

/** Bundles the client and loads the bundle; loads the client through tsx if that fails. */
async function createBundle(cache, prefix, folder, { code }) {
  try {
    // A missing bundle is not removed: another command may have created it by now.
    if (code !== 'ENOENT') rmSync(folder, { recursive: true, force: true });
    await require('./bundle.cjs').bundle(top, cache, prefix, folder);
    return loadBundle(folder);
  } catch (error) {
    const { register } = await import('tsx/esm/api');
    register();
    start.unbundled = error.message;
    return (await import('../clients/kronos/main.ts')).main;
  }
}

// An error that `main` throws ends the process.
void load().then((main) => main(start));
