// How the client becomes what kronos.cjs runs: one file with all that an action needs, because each further one takes half a
// millisecond, its compiled code beside it, and apart from these what is imported only when it is asked for.

const {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const { join, relative } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

const keptMs = 86_400_000;

/**
 * @param top of the project
 * @param kept how the names of all bundles of this project in the cache begin
 * @param folder in the cache; it is there at once and whole
 */
exports.bundle = async (top, cache, kept, folder) => {
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const fresh = `${folder}.${process.pid}`;
  try {
    await build(join(top, 'clients/kronos'), fresh);
    compile(fresh, folder);
    flush(fresh);
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another command may have been quicker.
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) throw error;
  }
  // Not at once: something that was started from an old one may still be open, and another may be in the making.
  const old = Date.now() - keptMs;
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    const isOld = name.startsWith(kept) && path !== folder && statSync(path).mtimeMs < old;
    if (isOld) rmSync(path, { recursive: true, force: true });
  }
};

async function build(client, outdir) {
  const esbuild = require('esbuild');
  const later = new Set();
  const common = {
    outdir,
    outbase: client,
    bundle: true,
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
        const name = relative(client, file).replaceAll('\\', '/');
        return { path: `./${name.replace(/\.tsx?$/, '.mjs')}`, external: true };
      }),
  };
  const { outputFiles } = await esbuild.build({
    ...common,
    entryPoints: [join(client, 'main.ts')],
    format: 'cjs',
    plugins: [apart],
    write: false,
  });
  const text = outputFiles[0].text.replace(/\bimport\((?=")/g, 'later(');
  mkdirSync(outdir);
  writeFileSync(join(outdir, 'main.cjs'), `(module,require,later)=>{${text}}`);
  await esbuild.build({
    ...common,
    entryPoints: [...later],
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    splitting: true,
    // What is left in CommonJS asks for Node's own modules by `require`.
    banner: { js: 'import{createRequire as $require}from"node:module";const require=$require(import.meta.url);' },
  });
}

/** All functions, and not only those that ran: who knows which action comes first. */
function compile(fresh, folder) {
  const text = readFileSync(join(fresh, 'main.cjs'), 'utf8');
  setFlagsFromString('--no-lazy');
  const script = new Script(text, { filename: join(folder, 'main.cjs') });
  setFlagsFromString('--lazy');
  const code = script.createCachedData();
  writeFileSync(join(fresh, 'main.code'), Buffer.concat([code, code]));
}

/** A bundle that is there is whole, even after the power went. */
function flush(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const file = openSync(path, 'r+');
    fsyncSync(file);
    closeSync(file);
  }
}
