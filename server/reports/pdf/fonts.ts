// Which font draws a character: those of a folder that the operator names, looked at by the names of their files and opened when a text needs
// them. A release carries none, because those of Chinese, Japanese and Korean alone are larger than it.

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { create, type Font } from 'fontkit';

const mostFiles = 20_000;
/** Of the files whose names promise nothing. */
const mostOthers = 40;

/** The language of a text beside its characters: Chinese, Japanese and Korean share some, and draw them differently. */
type Han = 'sc' | 'jp' | 'kr';

interface ScriptFonts {
  readonly name: string;
  readonly pattern: RegExp;
  /** The best first. */
  readonly files: readonly RegExp[];
}

const base: readonly RegExp[] = [/^NotoSans-Regular\./, /^DejaVuSans\./, /^LiberationSans-Regular\./, /^Arial\.ttf$/i];
const noto = (name: string): RegExp => new RegExp(`^Noto(?:Sans|Naskh|Serif)${name}-Regular\\.`);
const han = [
  /^NotoSansCJK-Regular\./,
  /^NotoSansCJK\w*-Regular\./,
  /^NotoSans(?:SC|JP|KR)-Regular\./,
  /CJK|wqy|Fallback/i,
];

const scripts: readonly ScriptFonts[] = [
  { name: 'Arabic', pattern: /\p{scx=Arabic}/u, files: [noto('Arabic')] },
  { name: 'Hebrew', pattern: /\p{scx=Hebrew}/u, files: [noto('Hebrew')] },
  { name: 'Devanagari', pattern: /\p{Script=Devanagari}/u, files: [noto('Devanagari'), /devanagari/i] },
  { name: 'Thai', pattern: /\p{Script=Thai}/u, files: [noto('Thai'), /^Loma\.|Garuda/] },
  { name: 'Korean', pattern: /\p{Script=Hangul}/u, files: han },
  { name: 'Japanese', pattern: /\p{Script=Hiragana}|\p{Script=Katakana}/u, files: han },
  { name: 'Chinese', pattern: /\p{Script=Han}|\p{Script=Bopomofo}|[\u3000-\u303f\uff00-\uffef]/u, files: han },
  { name: 'Greek', pattern: /\p{Script=Greek}/u, files: base },
  { name: 'Cyrillic', pattern: /\p{Script=Cyrillic}/u, files: base },
  { name: 'Latin', pattern: /\p{Script=Latin}/u, files: base },
];

export interface OpenFont {
  readonly name: string;
  readonly bytes: Buffer;
  /** Of the font in a collection. */
  readonly family: string | undefined;
  readonly font: Font;
}

export class FontBook {
  readonly #files: readonly string[];
  readonly #open = new Map<string, OpenFont | undefined>();
  readonly #bytes = new Map<string, Buffer>();
  readonly #chosen = new Map<string, OpenFont | undefined>();
  readonly #missing = new Set<string>();
  #base: OpenFont | undefined;

  /** @param folder with fonts, also in folders below it */
  constructor(folder: string) {
    this.#files = fontFiles(folder);
    this.#base = this.#first(['A', '0', '·'], base, 'sc');
  }

  /** Draws Latin, numbers, and a box for what no font has; undefined if there is no font. */
  get base(): OpenFont | undefined {
    return this.#base;
  }

  /** Names of the scripts for which no font was found. */
  get missing(): readonly string[] {
    return [...this.#missing].sort();
  }

  /** @returns the fonts of a text, by its characters; a character that all scripts share has the font of the one before it */
  choiceFor(text: string, known: Map<string, OpenFont>): (character: string, before: string | undefined) => string {
    const language = languageOf(text);
    return (character, before) => {
      const last = before === undefined ? undefined : known.get(before);
      const isShared = /[\p{Script=Common}\p{Script=Inherited}]/u.test(character);
      const chosen =
        isShared && last !== undefined && hasGlyph(last, character) ? last : this.#fontOf(character, language);
      const font = chosen ?? this.#base;
      if (font === undefined) return '';
      known.set(font.name, font);
      return font.name;
    };
  }

  #fontOf(character: string, language: Han): OpenFont | undefined {
    const key = `${language} ${character}`;
    if (!this.#chosen.has(key)) this.#chosen.set(key, this.#find(character, language));
    return this.#chosen.get(key);
  }

  #find(character: string, language: Han): OpenFont | undefined {
    if (this.#base !== undefined && hasGlyph(this.#base, character)) return this.#base;
    const script = scripts.find(({ pattern }) => pattern.test(character));
    const found = this.#first([character], script?.files ?? base, language) ?? this.#anyWith(character, language);
    if (found === undefined) this.#missing.add(script?.name ?? 'other characters');
    return found;
  }

  #first(characters: readonly string[], names: readonly RegExp[], language: Han): OpenFont | undefined {
    for (const name of names) {
      for (const file of this.#files) {
        if (!name.test(basename(file))) continue;
        const font = this.#load(file, language);
        if (font !== undefined && characters.every((character) => hasGlyph(font, character))) return font;
      }
    }
    return undefined;
  }

  #anyWith(character: string, language: Han): OpenFont | undefined {
    const others = this.#files
      .filter((file) => /regular|book|sans\.|medium/i.test(basename(file)))
      .slice(0, mostOthers);
    for (const file of others) {
      const font = this.#load(file, language);
      if (font !== undefined && hasGlyph(font, character)) return font;
    }
    return undefined;
  }

  #load(file: string, language: Han): OpenFont | undefined {
    const key = /\.(?:ttc|otc)$/i.test(file) ? `${file} ${language}` : file;
    if (!this.#open.has(key)) this.#open.set(key, this.#parse(file, key, language));
    return this.#open.get(key);
  }

  #parse(file: string, name: string, language: Han): OpenFont | undefined {
    try {
      const bytes = this.#bytes.get(file) ?? readFileSync(file);
      this.#bytes.set(file, bytes);
      const opened = create(bytes);
      if (!('fonts' in opened)) return { name, bytes, family: undefined, font: opened };
      const font =
        opened.fonts.find(({ postscriptName }) => postscriptName.includes(`CJK${language}`)) ?? opened.fonts[0];
      return font === undefined ? undefined : { name, bytes, family: font.postscriptName, font };
    } catch {
      // Not a font, or one of a form that is not known.
      return undefined;
    }
  }
}

export function hasGlyph({ font }: OpenFont, character: string): boolean {
  return font.hasGlyphForCodePoint(character.codePointAt(0) ?? 0);
}

function languageOf(text: string): Han {
  if (/\p{Script=Hiragana}|\p{Script=Katakana}/u.test(text)) return 'jp';
  return /\p{Script=Hangul}/u.test(text) ? 'kr' : 'sc';
}

function fontFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ttf|otf|ttc|otc|woff2?)$/i.test(name))
      .sort()
      .slice(0, mostFiles)
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
