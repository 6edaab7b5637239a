// A line that is being typed, as a value: what each key makes of it. Ink's own text input takes its text from the last drawing, and so
// loses letters that are typed faster than it draws.

import type { Key } from 'ink';

export interface LineEditor {
  /** Letters as a person counts them. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

type Pressed = Partial<
  Pick<Key, 'leftArrow' | 'rightArrow' | 'home' | 'end' | 'backspace' | 'delete' | 'ctrl' | 'meta'>
>;

const letters = new Intl.Segmenter();

function lettersOf(text: string): string[] {
  return [...letters.segment(text)].map(({ segment }) => segment);
}

export function createLine(text: string): LineEditor {
  return { before: lettersOf(text), after: [] };
}

export function lineText({ before, after }: LineEditor): string {
  return [...before, ...after].join('');
}

/** The keys of a shell's line, as far as people know them by heart. */
export function applyKey(line: LineEditor, input: string, key: Pressed): LineEditor {
  const { before, after } = line;
  const whole = [...before, ...after];
  const is = (letter: string) => key.ctrl === true && input === letter;
  if (key.home === true || is('a')) return { before: [], after: whole };
  if (key.end === true || is('e')) return { before: whole, after: [] };
  if (key.leftArrow === true || is('b')) return { before: before.slice(0, -1), after: [...before.slice(-1), ...after] };
  if (key.rightArrow === true || is('f')) return { before: [...before, ...after.slice(0, 1)], after: after.slice(1) };
  // Terminals send for Backspace what Ink calls delete.
  if (key.backspace === true || key.delete === true || is('h')) return { before: before.slice(0, -1), after };
  if (is('d')) return { before, after: after.slice(1) };
  if (is('u')) return { before: [], after };
  if (is('k')) return { before, after: [] };
  if (is('w')) return { before: lettersOf(before.join('').replace(/\S+\s*$/, '')), after };
  if (key.ctrl === true || key.meta === true) return line;
  const typed = input.replace(/\p{Cc}+/gu, ' ');
  return typed === '' ? line : { before: [...before, ...lettersOf(typed)], after };
}
