// A table as CSV (RFC 4180).

export type CsvRow = readonly (string | number)[];

/**
 * A cell that a spreadsheet would take for a formula begins with an apostrophe: names of projects and titles come from outside.
 */
export function toCsv(rows: readonly CsvRow[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
