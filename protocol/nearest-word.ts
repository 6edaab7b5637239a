// The word that a person probably meant, for hints in refusals of misspelt verbs and fields.

import { closest, distance } from 'fastest-levenshtein';

/** Longer texts are not misspelt words, and comparing them would take long. */
const maxLength = 32;

/** @returns the most similar word, if at most a third of its letters differ; undefined if there is none */
export function nearestWord(written: string, words: readonly string[]): string | undefined {
  if (written === '' || written.length > maxLength || words.length === 0) return undefined;
  const nearest = closest(written, words);
  return distance(written, nearest) <= nearest.length / 3 ? nearest : undefined;
}
