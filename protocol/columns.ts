// Rows as aligned columns for a terminal, for the commands of the hub and of the clients. Texts may come from other devices: control
// characters do not reach the terminal, and wide characters take two columns.

import { eastAsianWidth } from 'get-east-asian-width';

const ascii = /^[ -~]*$/;
/** Combining marks and format characters are drawn over their neighbours. */
const zeroWidth = /[\p{Mn}\p{Me}\p{Cf}]/u;
const emoji = /\p{Emoji_Presentation}/u;
const controls = /[\p{Cc}\p{Zl}\p{Zp}]/gu;
const minFlexibleWidth = 8;

/** @returns the columns that a terminal needs for the text */
export function textWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const letter of text) width += letterWidth(letter);
  return width;
}

function letterWidth(letter: string): number {
  if (zeroWidth.test(letter)) return 0;
  return emoji.test(letter) ? 2 : eastAsianWidth(letter.codePointAt(0) ?? 0);
}

/** Replaces control characters, which could move the cursor or set the title of the terminal. */
export function escapeControls(text: string): string {
  return ascii.test(text) ? text : text.replace(controls, '\ufffd');
}

/** Cuts a text to a width in columns; a text that was cut ends with `…`. */
export function truncate(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let cut = '';
  let used = 0;
  for (const letter of text) {
    const more = textWidth(letter);
    if (used + more > width - 1) break;
    used += more;
    cut += letter;
  }
  return `${cut}…`;
}

export interface ColumnsLayout {
  /** Columns of the terminal; undefined if lines may be of any length. */
  readonly width: number | undefined;
  /** The column that is cut if the terminal is too narrow. */
  readonly flexible: number;
}

/** @returns a line for the head, and one for each row, without spaces at their ends */
export function columns(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { width, flexible }: ColumnsLayout = { width: undefined, flexible: 0 },
): string[] {
  const cells = [head, ...rows].map((row) => row.map(escapeControls));
  const widths = head.map(() => 0);
  // Loops without closures: a process that has just started draws 10,000 rows in half the time.
  for (const row of cells) {
    for (let at = 0; at < row.length; at += 1) widths[at] = Math.max(widths[at] ?? 0, textWidth(row[at] ?? ''));
  }
  const total = widths.reduce((sum, one) => sum + one, 2 * (widths.length - 1));
  if (width !== undefined && total > width) {
    widths[flexible] = Math.max(minFlexibleWidth, (widths[flexible] ?? 0) - (total - width));
  }
  return cells.map((row) => {
    let line = '';
    for (let at = 0; at < row.length; at += 1) {
      const room = widths[at] ?? 0;
      const text = truncate(row[at] ?? '', room);
      line += at === row.length - 1 ? text : text + ' '.repeat(room + 2 - textWidth(text));
    }
    return line.trimEnd();
  });
}
