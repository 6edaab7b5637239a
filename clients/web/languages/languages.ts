// Which texts a browser gets: those of the first of its languages that the pages speak, English otherwise.

import { en, type TextKey } from './en.ts';

export type TextValues = Readonly<Record<string, string | number>>;

type TextTable = Readonly<Record<TextKey, string>>;

/** By language. All but English are files of their own, which are fetched where they are wanted. */
export const languages: Readonly<Record<string, () => Promise<TextTable>>> = {
  en: async () => en,
  de: () => import('./de.ts').then(({ de }) => de),
};

export interface Texts {
  /** The language of the texts: `en`, `de`. */
  readonly language: string;
  /** The browser's own tag of that language, by which dates and numbers are written: `en-GB`. */
  readonly locale: string;
  text(key: TextKey, values?: TextValues): string;
  /** As `text`, in pieces, so that a value can be more than text. */
  pieces(key: TextKey): readonly TextPiece[];
}

export type TextPiece = { readonly text: string } | { readonly name: string };

/** @param wanted BCP 47 tags, the most wanted first, as `navigator.languages` has them */
export async function textsFor(wanted: readonly string[]): Promise<Texts> {
  const locale = wanted.find((tag) => Object.hasOwn(languages, baseOf(tag))) ?? 'en';
  const language = baseOf(locale);
  const texts: TextTable = (await languages[language]?.()) ?? en;
  return {
    language,
    locale,
    text: (key, values = {}) => fill(texts[key], values),
    pieces: (key) => piecesOf(texts[key]),
  };
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
