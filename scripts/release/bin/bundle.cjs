// The bundle of the client in a release was made when the release was made. Only its compiled code, which depends on the version of Node, is
// made at the first command, in the user's cache folder.

const { copyFileSync, mkdirSync, readdirSync } = require('node:fs');
const { join } = require('node:path');
const { publish } = require('./cache.cjs');
const { compile } = require('./compile.cjs');

const built = join(__dirname, '../built/kronos');

/**
 * Creates a bundle with compiled code, and deletes old bundles of this installation.
 * @param _top the folder of the release
 * @param cache, prefix, folder see `publish`
 */
exports.bundle = (_top, cache, prefix, folder) =>
  publish(cache, prefix, folder, async (draft) => {
    for (const name of readdirSync(built, { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue;
      const from = join(name.parentPath ?? name.path, name.name);
      const to = join(draft, from.slice(built.length));
      mkdirSync(join(to, '..'), { recursive: true });
      copyFileSync(from, to);
    }
    compile(draft, folder);
  });

/**
 * Loads the client where no cache folder can be written.
 * @param load loads a bundle from its folder
 * @returns its function `main`
 */
exports.loadWithoutCache = async (load) => load(built);
