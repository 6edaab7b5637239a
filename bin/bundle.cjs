// Bundles the client for kronos.cjs. `main.cjs` has everything that an action needs, because each further file takes half a millisecond
// to load. Modules that are imported on demand become files of their own. A release has another file of this name
// (scripts/release/bin).

const { mkdirSync, writeFileSync } = require('node:fs');
const { join, relative } = require('node:path');
const { publish } = require('./cache.cjs');
const { compile } = require('./compile.cjs');

/**
 * Creates a bundle, and deletes old bundles of this project.
 * @param top the folder of the project
 * @param cache, prefix, folder see `publish`
 */
exports.bundle = (top, cache, prefix, folder) =>
  publish(cache, prefix, folder, async (draft) => {
    await bundleClient(join(top, 'clients/kronos'), draft);
    compile(draft, folder);
  });

/** Loads the client from its sources. @returns its function `main` */
exports.loadWithoutCache = async () => {
  const { register } = await import('tsx/esm/api');
  register();
  return (await import('../clients/kronos/main.ts')).main;
};

exports.bundleClient = bundleClient;

/**
 * Bundles the client, without the compiled code.
 * @param client the folder clients/kronos
 * @returns the paths of all files that went into it, relative to `client`
 */
async function bundleClient(client, outdir) {
  const esbuild = require('esbuild');
  const onDemand = new Set();
  const common = {
    absWorkingDir: client,
    metafile: true,
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
  const { outputFiles, metafile } = await esbuild.build({
    ...common,
    entryPoints: [join(client, 'main.ts')],
    format: 'cjs',
    plugins: [splitDynamicImports],
    write: false,
  });
  // kronos.cjs passes the function that imports: V8 forgets which file a cached script imports for.
  const text = outputFiles[0].text.replace(/\bimport\((?=")/g, 'importModule(');
  mkdirSync(outdir, { recursive: true });
  writeFileSync(join(outdir, 'main.cjs'), `(module,require,importModule)=>{${text}}`);
  const others = await esbuild.build({
    ...common,
    entryPoints: [...onDemand],
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    splitting: true,
    // Packages in CommonJS load Node's modules by `require`, which does not exist in an ES module.
    banner: { js: 'import{createRequire as $require}from"node:module";const require=$require(import.meta.url);' },
  });
  return [...Object.keys(metafile.inputs), ...Object.keys(others.metafile.inputs)];
}
