// Bundles the client for kronos.cjs. `main.cjs` has everything that an action needs, because each further file takes half a millisecond
// to load. `main.code` is its compiled code. Modules that are imported on demand become files of their own.

const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join, relative } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');
const { publish } = require('./cache.cjs');

/**
 * Creates a bundle, and deletes old bundles of this project.
 * @param top the folder of the project
 * @param cache, prefix, folder see `publish`
 */
exports.bundle = (top, cache, prefix, folder) =>
  publish(cache, prefix, folder, async (draft) => {
    await build(join(top, 'clients/kronos'), draft);
    compile(draft, folder);
  });

async function build(client, outdir) {
  const esbuild = require('esbuild');
  const onDemand = new Set();
  const common = {
    outdir,
    outbase: client,
    bundle: true,
    platform: 'node',
    target: 'node20',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
    // Ink imports this package only when it is debugged.
    external: ['react-devtools-core'],
    define: { 'process.env.NODE_ENV': '"production"' },
  };
  /** Leaves dynamic imports out of the bundle, and collects the files that they name. */
  const splitDynamicImports = {
    name: 'split-dynamic-imports',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.{1,2}\// }, ({ kind, path, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const file = join(resolveDir, path);
        onDemand.add(file);
        const name = relative(client, file).replaceAll('\\', '/');
        return { path: `./${name.replace(/\.tsx?$/, '.mjs')}`, external: true };
      }),
  };
  const { outputFiles } = await esbuild.build({
    ...common,
    entryPoints: [join(client, 'main.ts')],
    format: 'cjs',
    plugins: [splitDynamicImports],
    write: false,
  });
  // kronos.cjs passes the function that imports: V8 forgets which file a cached script imports for.
  const text = outputFiles[0].text.replace(/\bimport\((?=")/g, 'importModule(');
  mkdirSync(outdir);
  writeFileSync(join(outdir, 'main.cjs'), `(module,require,importModule)=>{${text}}`);
  await esbuild.build({
    ...common,
    entryPoints: [...onDemand],
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    splitting: true,
    // Packages in CommonJS load Node's modules by `require`, which does not exist in an ES module.
    banner: { js: 'import{createRequire as $require}from"node:module";const require=$require(import.meta.url);' },
  });
}

/** Writes the compiled code of `main.cjs`. Compiles all functions, because the first command may run any action. */
function compile(draft, folder) {
  const text = readFileSync(join(draft, 'main.cjs'), 'utf8');
  setFlagsFromString('--no-lazy');
  const script = new Script(text, { filename: join(folder, 'main.cjs') });
  setFlagsFromString('--lazy');
  const code = script.createCachedData();
  // Two copies: kronos.cjs compares them, because V8 does not detect a damaged file.
  writeFileSync(join(draft, 'main.code'), Buffer.concat([code, code]));
}
