// A line editor as pure functions: a line and a key give the next line. Ink's own text input reads its text from the last draw, so it loses
// letters that are typed faster than it draws.

import type { Key } from 'ink';

export interface LineEditor {
  /** Graphemes: letters as a person counts them. */
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

/** Applies a key. The control keys are the common ones of a shell. */
export function applyKey(line: LineEditor, input: string, key: Pressed): LineEditor {
  const { before, after } = line;
  const whole = [...before, ...after];
  const is = (letter: string) => key.ctrl === true && input === letter;
  if (key.home === true || is('a')) return { before: [], after: whole };
  if (key.end === true || is('e')) return { before: whole, after: [] };
  if (key.leftArrow === true || is('b')) return { before: before.slice(0, -1), after: [...before.slice(-1), ...after] };
  if (key.rightArrow === true || is('f')) return { before: [...before, ...after.slice(0, 1)], after: after.slice(1) };
  // Ink reports Backspace as `delete` in most terminals.
  if (key.backspace === true || key.delete === true || is('h')) return { before: before.slice(0, -1), after };
  if (is('d')) return { before, after: after.slice(1) };
  if (is('u')) return { before: [], after };
  if (is('k')) return { before, after: [] };
  if (is('w')) return { before: lettersOf(before.join('').replace(/\S+\s*$/, '')), after };
  if (key.ctrl === true || key.meta === true) return line;
  const typed = input.replace(/\p{Cc}+/gu, ' ');
  return typed === '' ? line : { before: [...before, ...lettersOf(typed)], after };
}
