// A table as CSV (RFC 4180), for the hub, the pages and the terminal. Names of projects and titles come from outside, so a cell that a
// spreadsheet would take for a formula begins with an apostrophe.

export type CsvRow = readonly (string | number)[];

/** @returns lines that end with CR LF */
export function toCsv(rows: readonly CsvRow[]): string {
  return rows.map((row) => `${csvLine(row)}\r\n`).join('');
}

/** One row, without an end of line. */
export function csvLine(row: CsvRow): string {
  return row.map(cell).join(',');
}

function cell(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
