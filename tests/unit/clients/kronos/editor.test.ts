// The input line of the terminal GUI: the effect of each key.

import { describe, expect, test } from '@jest/globals';
import { applyKey, createLine, type LineEditor, lineText } from '../../../../clients/kronos/gui/editor.ts';

const ctrl = (line: LineEditor, letter: string) => applyKey(line, letter, { ctrl: true });
const typed = (line: LineEditor, text: string) => applyKey(line, text, {});

describe('the line', () => {
  test('begins with its end', () => {
    expect(lineText(typed(createLine('water'), ' all'))).toBe('water all');
  });

  test('is moved in, and changed where the cursor is', () => {
    const middle = applyKey(applyKey(createLine('ac'), '', { leftArrow: true }), '', {});
    expect(lineText(typed(middle, 'b'))).toBe('abc');
    expect(lineText(typed(applyKey(middle, '', { rightArrow: true }), 'd'))).toBe('acd');
    expect(lineText(typed(applyKey(middle, '', { home: true }), '>'))).toBe('>ac');
    expect(lineText(typed(ctrl(ctrl(middle, 'a'), 'e'), '<'))).toBe('ac<');
    expect(lineText(applyKey(middle, '', { delete: true }))).toBe('c');
    expect(lineText(ctrl(middle, 'd'))).toBe('a');
    expect(lineText(ctrl(middle, 'k'))).toBe('a');
    expect(lineText(ctrl(middle, 'u'))).toBe('c');
    expect(lineText(ctrl(createLine('one two '), 'w'))).toBe('one ');
  });

  test('counts letters as people do, and contains no control characters', () => {
    const family = '\u{1f469}\u200d\u{1f467}';
    expect(lineText(applyKey(typed(createLine('a'), family), '', { backspace: true }))).toBe('a');
    expect(lineText(typed(createLine(''), 'a\u001b[2Jb\tc'))).toBe('a [2Jb c');
    expect(lineText(ctrl(createLine('a'), 'x'))).toBe('a');
    expect(lineText(applyKey(createLine(''), '', { backspace: true }))).toBe('');
  });
});
