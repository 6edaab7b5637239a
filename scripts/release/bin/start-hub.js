// Starts the hub of a release, which was built when the release was made.

import * as module from 'node:module';
import { userCache } from './cache.cjs';

try {
  module.enableCompileCache(process.env['NODE_COMPILE_CACHE'] ?? userCache('horai'));
  // Node writes what it has compiled when it ends in order, which a hub that is killed never does.
  setTimeout(() => module.flushCompileCache(), 2_000).unref();
} catch {
  // A system user without a home.
}
await import('../built/hub/main.mjs');
