// Which texts a browser gets: those of the first of its languages that the pages speak, English otherwise. A page may have texts of its own,
// which only it fetches.

import type { TextKey } from './en.ts';

export type TextValues = Readonly<Record<string, string | number>>;

/** By language. Each is a file of its own: a browser fetches one of them. */
export type TextTables<Key extends string> = Readonly<
  Record<'en' | 'de', () => Promise<Readonly<Record<Key, string>>>>
>;

export const languages: TextTables<TextKey> = {
  en: () => import('./en.ts').then(({ en }) => en),
  de: () => import('./de.ts').then(({ de }) => de),
};

export interface Texts<Key extends string = TextKey> {
  /** The language of the texts: `en`, `de`. */
  readonly language: string;
  /** The browser's own tag of that language, by which dates and numbers are written: `en-GB`. */
  readonly locale: string;
  text(key: Key, values?: TextValues): string;
  /** The text of a key that somebody else names; undefined if there is none. */
  find(key: string): string | undefined;
  /** As `text`, in pieces, so that a value can be more than text. */
  pieces(key: Key): readonly TextPiece[];
}

export type TextPiece = { readonly text: string } | { readonly name: string };

/**
 * @param wanted BCP 47 tags, the most wanted first, as `navigator.languages` has them
 * @param own the page's own texts
 */
export async function textsFor<Key extends string = never>(
  wanted: readonly string[],
  own?: TextTables<Key>,
): Promise<Texts<TextKey | Key>> {
  const locale = wanted.find((tag) => isLanguage(baseOf(tag))) ?? 'en';
  const base = baseOf(locale);
  const language = isLanguage(base) ? base : 'en';
  const [common, more] = await Promise.all([languages[language](), own?.[language]()]);
  const texts: ReadonlyMap<string, string> = new Map([
    ...Object.entries(common),
    ...Object.entries<string>(more ?? {}),
  ]);
  // A key that has no text is a type error, except for one that its caller put together of foreign words.
  const text = (key: string): string => texts.get(key) ?? key;
  return {
    language,
    locale,
    text: (key, values = {}) => fill(text(key), values),
    find: (key) => texts.get(key),
    pieces: (key) => piecesOf(text(key)),
  };
}

function isLanguage(base: string): base is keyof typeof languages {
  return Object.hasOwn(languages, base);
}

function baseOf(tag: string): string {
  return tag.toLowerCase().split('-')[0] ?? '';
}

function fill(text: string, values: TextValues): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function piecesOf(text: string): readonly TextPiece[] {
  return text
    .split(/(\{\w+\})/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('{') ? { name: part.slice(1, -1) } : { text: part }));
}
