// Builds the SDK as a package: JavaScript without imports from outside, and declarations that need no other package.
//
//   npm run build:sdk [folder]     the folder is clients/typescript/dist unless one is given
//
// `npm pack ./clients/typescript` runs it first.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { MergedDayView } from '../protocol/day-answer.ts';
import { QuestionReply, QuestionsView } from '../protocol/day-questions.ts';
import { SuggestionAnswer, SuggestionsView, WrittenEdit } from '../protocol/day-suggestions.ts';
import { Task } from '../protocol/messages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const entries = ['index', 'file-storage', 'browser-storage'] as const;
const entryPaths = entries.map((name) => `clients/typescript/${name}.ts`);

/** These files hold TypeBox schemas. Users of the SDK need the type of some values in each, and not TypeBox. */
const declared: ReadonlyMap<string, string> = new Map([
  ['protocol/messages.d.ts', declare('Task', 'A task as it is on the wire; fields of other programs stay.', Task)],
  ['protocol/day-answer.d.ts', declare('MergedDayView', 'The merged day. Times are in microseconds.', MergedDayView)],
  [
    'protocol/day-questions.d.ts',
    [
      declare('QuestionsView', 'What the hub asks.', QuestionsView),
      declare('QuestionReply', 'An answer to a question.', QuestionReply),
    ].join('\n'),
  ],
  [
    'protocol/day-suggestions.d.ts',
    [
      declare('SuggestionsView', 'Suggestions for the unassigned time of a date.', SuggestionsView),
      declare('SuggestionAnswer', 'An answer to a suggestion.', SuggestionAnswer),
      declare('WrittenEdit', 'What a write about the day answers.', WrittenEdit),
    ].join('\n'),
  ],
]);

/** Throws if the sources do not compile. */
export async function buildSdk(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: [...entryPaths],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    external: ['node:*'],
    target: 'es2022',
    logLevel: 'warning',
  });
  writeDeclarations(join(folder, 'types'));
}

/** Copies the declarations that the entries need, and no others. */
function writeDeclarations(folder: string): void {
  const emitted = mkdtempSync(join(tmpdir(), 'horai-sdk-'));
  try {
    emitDeclarations(emitted);
    const waiting = entryPaths.map((path) => path.replace(/\.ts$/, '.d.ts'));
    const copied = new Set<string>();
    for (const path of waiting) {
      if (copied.has(path)) continue;
      copied.add(path);
      const text = declared.get(path) ?? readFileSync(join(emitted, path), 'utf8');
      for (const [, imported = ''] of text.matchAll(/from '(\.[^']+)\.ts'/g)) {
        waiting.push(join(dirname(path), `${imported}.d.ts`).replaceAll('\\', '/'));
      }
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text.replace(/(from '\.[^']+)\.ts'/g, "$1.js'"));
    }
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}

function emitDeclarations(folder: string): void {
  const options = [
    ...['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--outDir', folder, '--rootDir', root],
    ...['--target', 'es2022', '--lib', 'es2023', '--module', 'nodenext', '--moduleResolution', 'nodenext'],
    ...['--allowImportingTsExtensions', '--strict', '--skipLibCheck', '--types', 'node', '--ignoreConfig'],
  ];
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, ...options, ...entryPaths], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the declarations of the SDK cannot be emitted:\n${stdout}${stderr}`);
}

function declare(name: string, comment: string, schema: unknown): string {
  return `/** ${comment} */\nexport type ${name} = ${typeText(schema)};\n`;
}

/** @param schema a JSON Schema as TypeBox makes it, of the kinds that are used here. @returns the TypeScript type of its values */
function typeText(schema: unknown): string {
  const { type, anyOf, const: constant, properties, required, items, additionalProperties } = fieldsOf(schema);
  if (constant !== undefined) return JSON.stringify(constant);
  if (Array.isArray(anyOf)) return anyOf.map(typeText).join(' | ');
  if (type === 'array' && Array.isArray(items)) return `[${items.map(typeText).join(', ')}]`;
  if (type === 'array') return `(${typeText(items)})[]`;
  if (type === 'object') {
    const names: readonly unknown[] = Array.isArray(required) ? required : [];
    const fields = Object.entries(fieldsOf(properties)).map(
      ([name, field]) => `  ${name}${names.includes(name) ? '' : '?'}: ${typeText(field)};\n`,
    );
    return `{\n${fields.join('')}}${additionalProperties === true ? ' & { readonly [field: string]: unknown }' : ''}`;
  }
  if (type === 'integer') return 'number';
  if (type === 'number' || type === 'string' || type === 'boolean' || type === 'null') return type;
  const limits = Object.keys(fieldsOf(schema)).filter((name) => name !== 'description');
  if (limits.length === 0) return 'unknown';
  throw new Error(`a schema of this kind has no type text yet: ${JSON.stringify(schema)}`);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  await buildSdk(argv[2] ?? join(root, 'clients/typescript/dist'));
}
