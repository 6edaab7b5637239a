// Rows as an aligned table for a terminal: widths of letters as terminals draw them, and nothing in a text that a terminal would
// obey. What the rows are is not known here.

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const none = /[\p{Mn}\p{Me}\p{Cf}]/u;
const plain = /^[ -~]*$/;
const control = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

/** Columns that a terminal needs for it. */
export function textWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const letter of text) width += none.test(letter) ? 0 : wide.test(letter) ? 2 : 1;
  return width;
}

/** Texts come from other devices, and are not to move cursors or set titles. */
export function escapeControls(text: string): string {
  return plain.test(text) ? text : text.replace(control, '\ufffd');
}

/** Cut to so many columns, the last of them then a `…`. */
export function truncate(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const letter of text) {
    const more = textWidth(letter);
    if (used + more > width - 1) break;
    used += more;
    kept += letter;
  }
  return `${kept}…`;
}

export interface ColumnsLayout {
  /** Columns of the terminal; undefined where lines may be of any length. */
  readonly width: number | undefined;
  /** The column that gives way where there is not room for all. */
  readonly flexible: number;
}

/** @returns a line for the head, and one for each row */
export function columns(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { width, flexible }: ColumnsLayout = { width: undefined, flexible: 0 },
): string[] {
  const cells = [head, ...rows].map((row) => row.map(escapeControls));
  const widths = head.map((_, at) => Math.max(...cells.map((row) => textWidth(row[at] ?? ''))));
  const total = widths.reduce((sum, one) => sum + one, 2 * (widths.length - 1));
  if (width !== undefined && total > width) {
    widths[flexible] = Math.max(8, (widths[flexible] ?? 0) - (total - width));
  }
  return cells.map((row) =>
    row
      .map((cell, at) => {
        const room = widths[at] ?? 0;
        const shown = truncate(cell, room);
        return shown + ' '.repeat(room - textWidth(shown));
      })
      .join('  ')
      .trimEnd(),
  );
}
