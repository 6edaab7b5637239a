// Compiles the bundle of the client, so that V8 need not do it at each start.

const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

/**
 * Writes `main.code`, the compiled code of `main.cjs`. Compiles all functions, because the first command may run any action.
 * @param draft the folder where the bundle is
 * @param folder the folder where it will be
 */
exports.compile = (draft, folder) => {
  const text = readFileSync(join(draft, 'main.cjs'), 'utf8');
  setFlagsFromString('--no-lazy');
  const script = new Script(text, { filename: join(folder, 'main.cjs') });
  setFlagsFromString('--lazy');
  const code = script.createCachedData();
  // Two copies: kronos.cjs compares them, because V8 does not detect a damaged file.
  writeFileSync(join(draft, 'main.code'), Buffer.concat([code, code]));
};
