// A type name means one thing in the whole repository: the check fails where server/, clients/ and protocol/ declare and export one
// name of a type in two files. `protocol/` and `server/core/` have the general names; everywhere else a name is specific.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const declaration =
  /^export (?:default )?(?:declare )?(?:abstract )?(?:const )?(?:interface|type|class|enum) ([A-Za-z_$][\w$]*)/gm;

/**
 * @param sources the texts of TypeScript files by their paths
 * @returns a sentence for each type name that more than one file declares, in alphabetical order
 */
export function repeatedTypeNames(sources: ReadonlyMap<string, string>): readonly string[] {
  const files = new Map<string, Set<string>>();
  for (const [path, source] of sources) {
    for (const [, name = ''] of source.matchAll(declaration)) {
      const declaring = files.get(name) ?? new Set();
      files.set(name, declaring.add(path));
    }
  }
  return [...files]
    .filter(([, paths]) => paths.size > 1)
    .map(([name, paths]) => `${name} is declared in ${[...paths].sort().join(' and ')}: give one a more specific name`)
    .sort();
}

function check(): number {
  const top = fileURLToPath(new URL('..', import.meta.url));
  const sources = new Map(
    ['protocol', 'server', 'clients'].flatMap((folder) =>
      readdirSync(join(top, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
        .map(({ parentPath, name }): [string, string] => {
          const file = join(parentPath, name);
          return [relative(top, file).replaceAll('\\', '/'), readFileSync(file, 'utf8')];
        }),
    ),
  );
  const repeated = repeatedTypeNames(sources);
  for (const sentence of repeated) console.error(sentence);
  return repeated.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = check() === 0 ? 0 : 1;
