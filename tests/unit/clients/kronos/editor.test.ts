// The line that is being typed in the terminal GUI: what each key makes of it.

import { describe, expect, test } from '@jest/globals';
import { type Edited, edit, edited, textOf } from '../../../../clients/kronos/gui/editor.ts';

const ctrl = (line: Edited, letter: string) => edit(line, letter, { ctrl: true });
const typed = (line: Edited, text: string) => edit(line, text, {});

describe('the line', () => {
  test('begins with its end', () => {
    expect(textOf(typed(edited('water'), ' all'))).toBe('water all');
  });

  test('is moved in, and changed where the cursor is', () => {
    const middle = edit(edit(edited('ac'), '', { leftArrow: true }), '', {});
    expect(textOf(typed(middle, 'b'))).toBe('abc');
    expect(textOf(typed(edit(middle, '', { rightArrow: true }), 'd'))).toBe('acd');
    expect(textOf(typed(edit(middle, '', { home: true }), '>'))).toBe('>ac');
    expect(textOf(typed(ctrl(ctrl(middle, 'a'), 'e'), '<'))).toBe('ac<');
    expect(textOf(edit(middle, '', { delete: true }))).toBe('c');
    expect(textOf(ctrl(middle, 'd'))).toBe('a');
    expect(textOf(ctrl(middle, 'k'))).toBe('a');
    expect(textOf(ctrl(middle, 'u'))).toBe('c');
    expect(textOf(ctrl(edited('one two '), 'w'))).toBe('one ');
  });

  test('has letters, as people count them, and none that a terminal would obey', () => {
    const family = '\u{1f469}\u200d\u{1f467}';
    expect(textOf(edit(typed(edited('a'), family), '', { backspace: true }))).toBe('a');
    expect(textOf(typed(edited(''), 'a\u001b[2Jb\tc'))).toBe('a [2Jb c');
    expect(textOf(ctrl(edited('a'), 'x'))).toBe('a');
    expect(textOf(edit(edited(''), '', { backspace: true }))).toBe('');
  });
});
