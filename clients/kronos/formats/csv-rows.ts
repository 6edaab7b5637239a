// Rows of a CSV file by the names in its first line, with the line of the file on which each begins; and the way back.

import { parse } from 'csv-parse/sync';
import { errorMessage } from '../../../protocol/error-message.ts';
import type { Result } from '../../../protocol/result.ts';

export interface NamedRow {
  readonly line: number;
  /** Names in lower case. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface ReadCsv {
  readonly columns: readonly string[];
  readonly rows: readonly NamedRow[];
}

/** @returns an error if the text is no CSV at all */
export function readCsv(text: string): Result<ReadCsv> {
  const rows: NamedRow[] = [];
  try {
    const first = /^[^\n]*/.exec(text)?.[0] ?? '';
    const delimiter = ['\t', ';'].find((one) => first.includes(one)) ?? ',';
    const records: { readonly record: readonly string[]; readonly lines: number }[] = [];
    parse(text, {
      bom: true,
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (record: readonly string[], { lines }) => {
        records.push({ record, lines });
        return null;
      },
    });
    const [head] = records;
    const columns = (head?.record ?? []).map((name) => name.trim().toLowerCase());
    let line = (head?.lines ?? 1) + 1;
    for (const { record, lines } of records.slice(1)) {
      rows.push({ line, fields: Object.fromEntries(columns.map((name, at) => [name, record[at] ?? ''])) });
      line = lines + 1;
    }
    return { ok: true, value: { columns, rows } };
  } catch (error) {
    return { ok: false, error: `not CSV: ${errorMessage(error)}` };
  }
}

/** As it is: the apostrophe that protocol/csv.ts puts before a formula would not come back as it went. */
export function writeCsv(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => row.map(cell).join(',')).join('\n');
}

function cell(value: string | number): string {
  const text = String(value);
  return /[",;\t\n\r]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
