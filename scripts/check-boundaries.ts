// Who may import whom, and who may ask the real clock, chance or process: the drawing in server/README.md as a check. It reads
// the sources as text; comments and the insides of strings are taken out first, so that prose may speak of anything.

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Rule {
  /** The files it is about; the first rule that fits a file is its rule. */
  readonly of: RegExp;
  /** Files of ours that it may import. */
  readonly ours: readonly RegExp[];
  /** Packages that it may import, `node:…` among them; all of them unless said. */
  readonly packages?: readonly string[];
}

const protocol = /^protocol\//;
const core = /^server\/core\//;
const http = /^server\/http\//;
const wire = /^server\/wire\//;

const rules: readonly Rule[] = [
  { of: protocol, ours: [protocol], packages: ['ajv', '@sinclair/typebox', 'get-east-asian-width'] },
  { of: core, ours: [core, protocol], packages: ['node:crypto'] },
  { of: http, ours: [http, core, protocol] },
  { of: wire, ours: [wire, http, core, protocol] },
  { of: /^server\/storage\//, ours: [/^server\/storage\//, core, protocol] },
  { of: /^server\/transport\//, ours: [/^server\/transport\//, http, core, protocol] },
  // `$1` is the adapter's own folder: adapters never know one another.
  { of: /^(server\/adapters\/[^/]+\/)/, ours: [/^$1/, wire, http, core, protocol] },
  // The engine of the merged day is pure: evidence in, a day out.
  { of: /^server\/day\/engine\//, ours: [/^server\/day\/engine\//], packages: ['@js-temporal/polyfill'] },
  // The merged day reads what adapters keep, and none of their routes.
  {
    of: /^server\/day\//,
    ours: [
      /^server\/day\//,
      /^server\/adapters\/wakatime\/(?:model\/[\w-]+|stats\/inherit-fields)\.ts$/,
      /^server\/adapters\/activitywatch\/(?:buckets\/description|events\/event|query\/thread)\.ts$/,
      /^server\/adapters\/mobtimer\/(?:room-item|timer-request)\.ts$/,
      http,
      core,
      protocol,
    ],
  },
  // An edge is a small hub of its own: it knows what it puts together, and nobody but the command line knows it.
  {
    of: /^server\/edge\//,
    ours: [
      /^server\/edge\//,
      /^server\/adapters\/(?:activitywatch|wakatime)\//,
      /^server\/(?:storage|transport)\//,
      /^server\/version\.ts$/,
      http,
      core,
      protocol,
    ],
  },
  { of: /^server\//, ours: [/^server\//, protocol] },
  { of: /^clients\/typescript\//, ours: [/^clients\/typescript\//, protocol] },
  // The page of tasks does what the command does, by its actions.
  {
    of: /^clients\/web\//,
    ours: [
      /^clients\/web\//,
      /^clients\/typescript\//,
      /^clients\/kronos\/(?:data\/actions|gui\/keys|data\/edit-line)\.ts$/,
      protocol,
    ],
  },
  // Without a hub the command computes the day of its own tasks by the hub's engine, which is a pure function.
  {
    of: /^clients\/kronos\/day\//,
    ours: [
      /^clients\/kronos\//,
      /^clients\/typescript\//,
      /^server\/day\/engine\/(?:answer|compute-day|evidence|intervals)\.ts$/,
      protocol,
    ],
  },
  { of: /^(clients\/[^/]+\/)/, ours: [/^$1/, /^clients\/typescript\//, protocol] },
];

/** Packages that only these files may name, so that another can take their place. */
const confined: readonly { readonly name: string; readonly in: RegExp }[] = [
  { name: 'uWebSockets.js', in: /^server\/transport\/(?:uws|listen)\.ts$/ },
  { name: 'better-sqlite3', in: /^server\/storage\// },
  { name: 'node:sqlite', in: /^server\/storage\// },
];

/** What the real World is made of. */
const worldly: readonly { readonly word: RegExp; readonly in: RegExp }[] = [
  { word: /\bDate\.now\b|\bnew Date\(\)/, in: /^server\/world\.ts$/ },
  { word: /\bMath\.random\b/, in: /^server\/world\.ts$/ },
  { word: /\bset(?:Timeout|Interval)\b/, in: /^server\/(?:world|main)\.ts$|^server\/transport\// },
  { word: /\bprocess\b(?=[.[])/, in: /^server\/main\.ts$/ },
];
const underWorld = /^(?:server|protocol)\//;

const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//;
const quoted = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/;
const either = new RegExp(`${comment.source}|${quoted.source}`, 'g');

function withoutComments(source: string): string {
  return source.replace(either, (found) => (found.startsWith('/') ? ' ' : found));
}

function withoutStrings(source: string): string {
  return source.replace(either, (found) => (found.startsWith('/') ? ' ' : "''"));
}

function importsOf(source: string): readonly string[] {
  const named = /(?:\bfrom\s+|\bimport\s*\(?\s*)['"]([^'"]+)['"]/g;
  return [...withoutComments(source).matchAll(named)].map((match) => match[1] ?? '');
}

/** `@scope/name/deep` is of the package `@scope/name`. */
function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * @param path from the top of the repository, with `/`
 * @returns a sentence for each breach
 */
export function breaches(path: string, source: string): readonly string[] {
  const found: string[] = [];
  const rule = rules.find(({ of }) => of.test(path));
  const own = rule?.of.exec(path)?.[1];
  const ours = rule?.ours.map((pattern) =>
    own === undefined ? pattern : new RegExp(pattern.source.replace('$1', own)),
  );
  for (const specifier of importsOf(source)) {
    if (specifier.startsWith('.')) {
      const target = posix.join(posix.dirname(path), specifier);
      if (ours !== undefined && !ours.some((pattern) => pattern.test(target))) {
        found.push(`${path} may not import ${target}`);
      }
      continue;
    }
    const name = packageOf(specifier);
    if (rule?.packages !== undefined && !rule.packages.includes(name)) found.push(`${path} may not import ${name}`);
    for (const one of confined) {
      if (one.name === name && rule !== undefined && !one.in.test(path)) found.push(`${path} may not import ${name}`);
    }
  }
  if (!underWorld.test(path)) return found;
  const code = withoutStrings(source);
  for (const { word, in: allowed } of worldly) {
    const match = word.exec(code);
    if (match !== null && !allowed.test(path)) found.push(`${path} may not use ${match[0]}: ask the World`);
  }
  return found;
}

function check(): number {
  const top = fileURLToPath(new URL('..', import.meta.url));
  const found = ['protocol', 'server', 'clients'].flatMap((folder) =>
    readdirSync(join(top, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .flatMap((entry) => {
        const file = join(entry.parentPath, entry.name);
        return breaches(relative(top, file).replaceAll('\\', '/'), readFileSync(file, 'utf8'));
      }),
  );
  for (const breach of found) console.error(breach);
  return found.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = check() === 0 ? 0 : 1;
