// The hub runs in one of two forms: as JavaScript that bin/build-hub.js built into a cache folder, or as TypeScript that tsx translates.
// The functions here hide the difference: they start threads, find packages, and read files that the build prepared.

import { existsSync, readFileSync } from 'node:fs';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** The URL of the folder with the build, with a slash at its end. The build defines this name; TypeScript runs without it. */
declare const HORAI_BUILD: string | undefined;

const buildFolder = typeof HORAI_BUILD === 'undefined' ? undefined : HORAI_BUILD;
/** In the build too, `import.meta.url` is the URL of the source file: the build replaces it in each file. */
const sources = new URL('./', import.meta.url).href;

/**
 * Starts a worker thread.
 * @param file the URL of a TypeScript file below server/, written as `new URL('./name.ts', import.meta.url)`: the build finds the files of
 *   threads by this form
 */
export function startThread(file: URL, options: WorkerOptions = {}): Worker {
  const all: WorkerOptions = { execArgv: ['--disable-warning=ExperimentalWarning'], ...options };
  if (buildFolder !== undefined) {
    const built = file.href.slice(sources.length).replace(/\.ts$/, '.mjs');
    return new Worker(new URL(built, buildFolder), all);
  }
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(startTypeScript(file))}`), all);
}

let tsx: string | undefined;

/**
 * On Node 20 a worker does not inherit `--import tsx`, and under jest there is nothing to inherit, so the thread starts with two lines of
 * JavaScript that register tsx. This costs about 0.13 s.
 */
function startTypeScript(file: URL): string {
  // Resolved once: resolving blocks the hub's thread until the loader's thread has answered.
  tsx ??= import.meta.resolve('tsx/esm/api');
  return `
    import { register } from ${JSON.stringify(tsx)};
    register();
    await import(${JSON.stringify(file.href)});`;
}

/** Imports a package by a name that is known only at run time. The caller knows its form. */
export async function importPackage(name: string) {
  if (buildFolder === undefined) return import(name);
  const inProject = await import(new URL('../bin/import-package.js', import.meta.url).href);
  return inProject.importPackage(name);
}

/** @returns the text of a file that the build prepared; undefined where TypeScript runs, or if there is no such file */
export function readBuiltFile(name: string): string | undefined {
  const file = buildFolder === undefined ? undefined : new URL(name, buildFolder);
  return file === undefined || !existsSync(file) ? undefined : readFileSync(file, 'utf8');
}
