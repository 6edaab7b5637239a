// A text with elements in the places of its names: a key, a link, a line of code.

import type { ComponentChild } from 'preact';
import type { TextPiece } from '../languages/languages.ts';

/** @param marks by the name that each takes the place of */
export function fillPieces(
  pieces: readonly TextPiece[],
  marks: Readonly<Record<string, ComponentChild>>,
): readonly ComponentChild[] {
  return pieces.map((piece) => ('text' in piece ? piece.text : marks[piece.name]));
}
