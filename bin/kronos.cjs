#!/usr/bin/env node
// `kronos` as an installed command: plain JavaScript, so that Node can start it. Reading TypeScript through tsx takes many times as
// long as a short command may, so the client is bundled into the person's cache folder, and again when a source has changed; where
// nothing can be written, tsx it is. CommonJS, which begins sooner than modules do. How it is bundled is bundle.cjs'.

const { readdirSync, readFileSync, rmSync, statSync } = require('node:fs');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');

const top = dirname(__dirname);
const start = { self: __filename, about: `${top}/package.json`, unbundled: '' };
// What was installed does not change but as a whole; in a checkout any source may.
const isInstalled = /[\\/]node_modules[\\/]/.test(top);
const own = ['bin', 'clients/kronos', 'clients/typescript', 'protocol', 'server/day/engine'];
const sources = ['package.json', ...(isInstalled ? [] : own)];

function cacheFolder() {
  const { env, platform } = process;
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'kronos', 'cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'kronos');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kronos');
}

/** Of the times and sizes of all sources, and of this Node, for whom the code is compiled. */
function stamp() {
  let times = 0;
  let sizes = 0;
  const look = (path) => {
    const stats = statSync(path);
    if (stats.isDirectory()) {
      for (const name of readdirSync(path)) look(`${path}/${name}`);
      return;
    }
    times += Math.trunc(stats.mtimeMs);
    sizes += stats.size;
  };
  for (const source of sources) look(`${top}/${source}`);
  return `${times.toString(36)}-${sizes.toString(36)}-${process.version}-${process.arch}`;
}

/** V8 takes compiled code as it is, so that a damaged file would end in a crash: it is there twice, and undefined if they differ. */
function compiledIn(folder) {
  try {
    const both = readFileSync(`${folder}/main.code`);
    const code = both.subarray(0, both.length / 2);
    return code.equals(both.subarray(both.length / 2)) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Throws where there is none, or a broken one. */
function bundled(folder) {
  const filename = `${folder}/main.cjs`;
  const script = new Script(readFileSync(filename, 'utf8'), { filename, cachedData: compiledIn(folder) });
  const module = { exports: {} };
  // Compiled code forgets who imports for it.
  const later = (path) => import(path.startsWith('.') ? pathToFileURL(join(folder, path)).href : path);
  script.runInThisContext()(module, require, later);
  return module.exports.main;
}

async function load() {
  const cache = cacheFolder();
  const kept = `${top.replace(/[^A-Za-z0-9]+/g, '-')}.`;
  const folder = join(cache, kept + stamp());
  try {
    return bundled(folder);
  } catch (error) {
    return await loadAnew(cache, kept, folder, error);
  }
}

async function loadAnew(cache, kept, folder, { code }) {
  try {
    // Where there was none, another command may have made it by now.
    if (code !== 'ENOENT') rmSync(folder, { recursive: true, force: true });
    await require('./bundle.cjs').bundle(top, cache, kept, folder);
    return bundled(folder);
  } catch (error) {
    const { register } = await import('tsx/esm/api');
    register();
    start.unbundled = error.message;
    return (await import('../clients/kronos/main.ts')).main;
  }
}

// What it fails of ends the process.
void load().then((main) => main(start));
