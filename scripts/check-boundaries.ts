// Checks the import rules of server/README.md, and that only certain files use the real clock, randomness or `process`. It reads the
// sources as text and removes comments and the contents of strings first, so that prose may mention anything.

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Rule {
  /** The files of the rule. The first rule that matches a file applies. */
  readonly of: RegExp;
  /** Files of this repository that it may import. */
  readonly ours: readonly RegExp[];
  /** Packages that it may import, including `node:…`; all packages by default. */
  readonly packages?: readonly string[];
}

const protocol = /^protocol\//;
const core = /^server\/core\//;
const http = /^server\/http\//;
const wire = /^server\/wire\//;
/** Threads, packages and built files, in either form of the program. */
const runtime = /^server\/runtime\.ts$/;

const rules: readonly Rule[] = [
  {
    of: protocol,
    ours: [protocol],
    packages: ['ajv', '@sinclair/typebox', 'fastest-levenshtein', 'get-east-asian-width'],
  },
  { of: core, ours: [core, protocol], packages: ['node:crypto'] },
  { of: http, ours: [http, core, protocol] },
  { of: wire, ours: [wire, http, core, protocol] },
  { of: /^server\/storage\//, ours: [/^server\/storage\//, runtime, core, protocol] },
  { of: /^server\/transport\//, ours: [/^server\/transport\//, runtime, http, core, protocol] },
  // `$1` is the adapter's own folder: adapters do not import one another.
  { of: /^(server\/adapters\/[^/]+\/)/, ours: [/^$1/, wire, runtime, http, core, protocol] },
  // The engine of the merged day is a pure function from evidence to a day.
  { of: /^server\/day\/engine\//, ours: [/^server\/day\/engine\//], packages: ['temporal-polyfill'] },
  // The merged day reads the items of adapters and does not import their routes.
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
  // Reports and the tools for language models are made of the merged day. What leaves for other systems knows channels alone.
  { of: /^server\/reports\//, ours: [/^server\/reports\//, runtime, /^server\/day\//, http, core, protocol] },
  { of: /^server\/mcp\//, ours: [/^server\/mcp\//, /^server\/day\//, http, core, protocol] },
  // Addresses that an account names are called in one way.
  {
    of: /^server\/calendars\//,
    ours: [
      /^server\/calendars\//,
      /^server\/outbox\/(?:guarded-address|guarded-request|public-address|sealed)\.ts$/,
      runtime,
      http,
      core,
      protocol,
    ],
  },
  // The states of an account for a home are computed from the merged day, and sent by the outbox.
  { of: /^server\/mqtt\//, ours: [/^server\/mqtt\//, /^server\/outbox\//, /^server\/day\//, http, core, protocol] },
  { of: /^server\/outbox\//, ours: [/^server\/outbox\//, http, core, protocol] },
  // An edge is a small hub: it imports the parts that it composes. Only the command line imports it.
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
  // The kits check and load any server: they import no part of ours, and only the command line imports them.
  { of: /^server\/commands\/(?:conform|load)\.ts$/, ours: [/^server\//, /^clients\/(?:conform|load)\//, protocol] },
  { of: /^clients\/(?:conform|load)\//, ours: [/^clients\/(?:conform|load)\//] },
  { of: /^server\//, ours: [/^server\//, protocol] },
  { of: /^clients\/typescript\//, ours: [/^clients\/typescript\//, protocol] },
  // The page of tasks uses the actions of the `kronos` command.
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

/** Packages that only these files may import, so that they can be replaced. */
const confined: readonly { readonly name: string; readonly in: RegExp }[] = [
  { name: 'uWebSockets.js', in: /^server\/transport\/(?:uws|listen)\.ts$/ },
  { name: 'better-sqlite3', in: /^server\/storage\// },
  { name: 'node:sqlite', in: /^server\/storage\// },
  { name: 'pdfkit', in: /^server\/reports\/pdf\// },
  { name: 'fontkit', in: /^server\/reports\/pdf\// },
  { name: 'mqtt-packet', in: /^server\/mqtt\/mqtt-connection\.ts$/ },
  { name: '@modelcontextprotocol/server', in: /^server\/mcp\/(?:server|stdio)\.ts$/ },
];

/** Functions that only the real World may use. */
const worldFunctions: readonly { readonly word: RegExp; readonly in: RegExp }[] = [
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

/** The package of an import: `@scope/name` for `@scope/name/deep`. */
function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * @param path relative to the top of the repository, with `/`
 * @returns a sentence for each violation
 */
export function findViolations(path: string, source: string): readonly string[] {
  const violations: string[] = [];
  const rule = rules.find(({ of }) => of.test(path));
  const own = rule?.of.exec(path)?.[1];
  const ours = rule?.ours.map((pattern) =>
    own === undefined ? pattern : new RegExp(pattern.source.replace('$1', own)),
  );
  for (const specifier of importsOf(source)) {
    if (specifier.startsWith('.')) {
      const target = posix.join(posix.dirname(path), specifier);
      if (ours !== undefined && !ours.some((pattern) => pattern.test(target))) {
        violations.push(`${path} may not import ${target}`);
      }
      continue;
    }
    const name = packageOf(specifier);
    if (rule?.packages !== undefined && !rule.packages.includes(name))
      violations.push(`${path} may not import ${name}`);
    for (const one of confined) {
      if (one.name === name && rule !== undefined && !one.in.test(path))
        violations.push(`${path} may not import ${name}`);
    }
  }
  if (!underWorld.test(path)) return violations;
  const code = withoutStrings(source);
  for (const { word, in: allowed } of worldFunctions) {
    const match = word.exec(code);
    if (match !== null && !allowed.test(path)) violations.push(`${path} may not use ${match[0]}: ask the World`);
  }
  return violations;
}

function check(): number {
  const top = fileURLToPath(new URL('..', import.meta.url));
  const violations = ['protocol', 'server', 'clients'].flatMap((folder) =>
    readdirSync(join(top, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .flatMap((entry) => {
        const file = join(entry.parentPath, entry.name);
        return findViolations(relative(top, file).replaceAll('\\', '/'), readFileSync(file, 'utf8'));
      }),
  );
  for (const violation of violations) console.error(violation);
  return violations.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = check() === 0 ? 0 : 1;
