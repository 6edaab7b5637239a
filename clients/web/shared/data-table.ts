// A table of numbers: the twin of what a page draws, and what it saves as CSV. Durations stay whole microseconds until they are written.

import type { CsvRow } from '../../../protocol/csv.ts';
import type { Texts } from '../languages/languages.ts';
import { exactTime } from './time-format.ts';

/** A cell: a text, or a duration in microseconds. */
export type TableCell = { readonly text: string; readonly href?: string } | { readonly duration: number };

export interface TableAction {
  readonly label: string;
  /** The subject of the row, for people who cannot see it. */
  readonly about: string;
  readonly run: () => void;
}

export interface DataTable {
  /** Names its file: `projects`. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TableCell[])[];
  /** The last row, where the table has sums; the hub's own numbers. */
  readonly total?: readonly TableCell[];
  /** The actions on each row. */
  readonly actions?: readonly TableAction[];
}

/** Durations are two columns in a file: as people read them, and in seconds for a spreadsheet. */
export function tableCsv({ columns, rows, total }: DataTable, texts: Texts): readonly CsvRow[] {
  const all = [...rows, ...(total === undefined ? [] : [total])];
  const isDuration = columns.map((_, at) => all.some((row) => isDurationCell(row[at])));
  return [
    columns.flatMap((name, at) =>
      isDuration[at] === true ? [name, `${name} (${texts.text('table.seconds')})`] : [name],
    ),
    ...all.map((row) => row.flatMap(csvCells)),
  ];
}

function isDurationCell(cell: TableCell | undefined): boolean {
  return cell !== undefined && 'duration' in cell;
}

function csvCells(cell: TableCell): CsvRow {
  return 'text' in cell ? [cell.text] : [exactTime(cell.duration), cell.duration / 1_000_000];
}
