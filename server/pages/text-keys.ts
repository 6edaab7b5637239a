// The served form of the texts of the pages. A key such as `trends.rhythm-chart` stands in every language and wherever it is used: in the
// served files it is a number, and the texts of a language are one text that the browser splits. The sources keep the names that people
// read. Pure.

import { runInNewContext } from 'node:vm';

/** A key with a dot, as a literal of its own: keys of one word are words that sources use for something else too. */
const literal = /(['"])([a-z][\w-]*\.[\w. -]+)\1/g;
/** A key that is put together: `nav.${name}`. */
const template = /`([a-z][\w-]*\.[^`$]*\$\{[^`]*)`/g;
/** The one object of a file of languages/. */
const table = /^export const (\w+)[^=]*= (\{[\s\S]*\n\})(?: as const)?;$/m;

export interface SourceText {
  /** Relative to clients/web. */
  readonly path: string;
  readonly text: string;
}

/** @param sources of all pages. @returns the number of each key that occurs as a whole, and nowhere in parts */
export function numberKeys(sources: readonly SourceText[]): ReadonlyMap<string, number> {
  const patterns = sources.flatMap(({ text }) =>
    [...text.matchAll(template)].map(([, found = '']) => patternOf(found)),
  );
  // `count(texts, 'history.later', …)` puts a key together of which no part looks like it.
  const used = new Set(
    sources
      .filter(({ path }) => !path.startsWith('languages/'))
      .flatMap(({ text }) => [...text.matchAll(literal)].map(([, , key = '']) => key)),
  );
  const isWhole = (key: string) => used.has(key) && !patterns.some((pattern) => pattern.test(key));
  const english = sources.filter(({ path }) => /^languages\/en\b/.test(path));
  const keys = english.flatMap(({ text }) => Object.keys(tableIn(text)?.texts ?? {}));
  return new Map(keys.filter(isWhole).map((key, at) => [key, at]));
}

/** @returns the source as it is bundled */
export function withNumbers({ path, text }: SourceText, numbers: ReadonlyMap<string, number>): string {
  const found = /^languages\/[a-z]{2}(?:-\w+)?\.ts$/.test(path) ? tableIn(text) : undefined;
  if (found !== undefined) return packTable(found, numbers);
  return text.replace(literal, (all, quote: string, key: string) => {
    const number = numbers.get(key);
    return number === undefined ? all : `${quote}${number}${quote}`;
  });
}

interface TextTable {
  readonly name: string;
  readonly texts: Readonly<Record<string, string>>;
}

function tableIn(text: string): TextTable | undefined {
  const [, name, source] = table.exec(text) ?? [];
  return name === undefined || source === undefined ? undefined : { name, texts: runInNewContext(`(${source})`) };
}

/** An array, whose indices are the numbers, with the other keys as properties. */
function packTable({ name, texts }: TextTable, numbers: ReadonlyMap<string, number>): string {
  const all = Object.entries(texts);
  const numbered = all
    .flatMap(([key, text]) => ({ number: numbers.get(key) ?? -1, text }))
    .filter(({ number }) => number >= 0)
    .sort((one, other) => one.number - other.number);
  const named = Object.fromEntries(all.filter(([key]) => !numbers.has(key)));
  const lines = JSON.stringify(numbered.map(({ text }) => text).join('\n'));
  const list = `Array(${numbered[0]?.number ?? 0}).concat(${lines}.split('\\n'))`;
  return `export const ${name} = Object.assign(${list}, ${JSON.stringify(named)});`;
}

/** A value that is filled in has letters and hyphens, such as `set-up`, or anything where something parts it from the rest: `tasks.key-${command}`. */
function patternOf(text: string): RegExp {
  const parts = text.split(/\$\{[^}]*\}+/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join(/[- ]$/.test(parts[0] ?? '') ? '.+' : '[\\w-]+')}$`);
}
