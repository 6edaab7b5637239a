// Starts the hub from its sources. Translating TypeScript takes seconds, so the hub runs from a build that is made at its first start, kept in
// a cache folder, and reused while the sources are unchanged. Without a writable folder tsx translates each time. A release has another file
// of this name (scripts/release/bin).

import * as module from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { builtHub } from './build-hub.js';

const top = dirname(dirname(fileURLToPath(import.meta.url)));

async function find() {
  try {
    const main = await builtHub(top);
    // Node 22.8 and later keep compiled code too.
    module.enableCompileCache?.(dirname(main));
    return pathToFileURL(main).href;
  } catch {
    const { register } = await import('tsx/esm/api');
    register();
    return '../server/main.ts';
  }
}

await import(await find());
