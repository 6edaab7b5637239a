// Sentences with figures and names in them, which pages draw larger or in another type.

import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';

export interface SentencePart {
  readonly text: string;
  /** `project`: the name of a project; `figure`: a number that matters. */
  readonly role: 'plain' | 'figure' | 'project';
}

export function plain(text: string): SentencePart {
  return { text, role: 'plain' };
}

export function figure(text: string): SentencePart {
  return { text, role: 'figure' };
}

export function partsOf<Key extends string = TextKey>(
  texts: Pick<Texts<Key>, 'pieces'>,
  key: Key,
  values: Readonly<Record<string, SentencePart>>,
): readonly SentencePart[] {
  return texts.pieces(key).map((piece) => ('text' in piece ? plain(piece.text) : (values[piece.name] ?? plain(''))));
}
