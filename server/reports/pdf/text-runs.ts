// A line of text as the runs in which it is drawn: each of one font and one direction, from left to right. Words of Arabic and Hebrew stand in
// the order in which they are read from the right (the Unicode Bidirectional Algorithm).

import bidiModule, { type Bidi } from 'bidi-js';

export interface TextRun {
  /** In the order of reading. */
  readonly text: string;
  readonly font: string;
  readonly isRightToLeft: boolean;
}

interface LevelledRun extends TextRun {
  readonly level: number;
}

/** @returns the name of the font for a character; `before` is that of the character before it */
export type FontChoice = (character: string, before: string | undefined) => string;

/** A package in CommonJS whose types are those of a module: what Node imports is the function itself. */
const isFactory = (value: unknown): value is () => Bidi => typeof value === 'function';
const factory: unknown = bidiModule;
if (!isFactory(factory)) throw new TypeError('bidi-js is of another form');
const bidi = factory();

export function runsOf(text: string, fontOf: FontChoice): readonly TextRun[] {
  const { levels } = bidi.getEmbeddingLevels(text);
  const runs: LevelledRun[] = [];
  let at = 0;
  for (const character of text) {
    const level = levels[at] ?? 0;
    at += character.length;
    const last = runs.at(-1);
    const font = fontOf(character, last?.font);
    if (last !== undefined && last.level === level && last.font === font)
      runs[runs.length - 1] = { ...last, text: last.text + character };
    else runs.push({ text: character, font, level, isRightToLeft: level % 2 === 1 });
  }
  return inVisualOrder(runs);
}

/** Rule L2: from the highest level down, each sequence of runs of at least that level is turned around. */
function inVisualOrder(runs: readonly LevelledRun[]): readonly TextRun[] {
  let order = [...runs];
  for (let level = Math.max(0, ...runs.map((run) => run.level)); level > 0; level -= 1) {
    const next: LevelledRun[] = [];
    let turned: LevelledRun[] = [];
    for (const run of order) {
      if (run.level >= level) turned = [run, ...turned];
      else {
        next.push(...turned, run);
        turned = [];
      }
    }
    order = [...next, ...turned];
  }
  return order;
}

const words = new Intl.Segmenter('und', { granularity: 'word' });
const signs = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * Breaks a text into lines: between words, which Thai, Chinese and Japanese write without spaces, and within a word that is longer than a
 * line.
 * @param widthOf in the unit of `width`
 */
export function wrapText(text: string, width: number, widthOf: (text: string) => number): readonly string[] {
  const lines: string[] = [];
  let [line, used] = ['', 0];
  const add = (piece: string, size: number): void => {
    if (used + size > width && line !== '') {
      lines.push(line.trimEnd());
      [line, used] = ['', 0];
    }
    // A line does not begin with a space.
    if (line === '' && piece.trim() === '') return;
    [line, used] = [line + piece, used + size];
  };
  for (const { segment } of words.segment(text)) {
    const size = widthOf(segment);
    if (size <= width) add(segment, size);
    else for (const { segment: sign } of signs.segment(segment)) add(sign, widthOf(sign));
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line.trimEnd()];
}
