// The table twin of a chart: the same numbers, to read and to save. A duration's cell carries its microseconds.

import type { Texts } from '../languages/languages.ts';
import { toCsv } from './csv.ts';
import { type DataTable, type TableCell, tableCsv } from './data-table.ts';
import { saveFile } from './save-file.ts';
import { exactTime } from './time-format.ts';

export interface TableTwinProps {
  readonly tables: readonly DataTable[];
  /** Begins the names of the files: `day-2026-11-28`. */
  readonly file: string;
  readonly texts: Texts;
  readonly isOpen: boolean;
  readonly toggle: (isOpen: boolean) => void;
}

/** Nothing is drawn until somebody wants it: a long day has thousands of rows. */
export function TableTwin({ tables, file, texts, isOpen, toggle }: TableTwinProps) {
  return (
    <details class="twin" open={isOpen} onToggle={(event) => toggle(event.currentTarget.open)}>
      <summary aria-keyshortcuts="n">{texts.text('table.show')}</summary>
      {isOpen && tables.map((table) => <TwinTable key={table.name} table={table} file={file} texts={texts} />)}
    </details>
  );
}

function TwinTable({ table, file, texts }: { table: DataTable; file: string; texts: Texts }) {
  const name = `${file}-${table.name}.csv`;
  return (
    <section class="twin-table" data-table={table.name}>
      <div class="twin-head">
        <h3>{table.title}</h3>
        <button
          type="button"
          aria-label={`${texts.text('table.csv')}: ${table.title}`}
          onClick={() => saveFile(name, toCsv(tableCsv(table, texts)))}
        >
          {texts.text('table.csv')}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard */}
      <section class="twin-scroll" tabIndex={0} aria-label={texts.text('table.region', { title: table.title })}>
        <table>
          <thead>
            <tr>
              {table.columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, at) => (
              <Row key={at} cells={row} />
            ))}
          </tbody>
          {table.total !== undefined && (
            <tfoot>
              <Row cells={table.total} />
            </tfoot>
          )}
        </table>
      </section>
    </section>
  );
}

function Row({ cells }: { cells: readonly TableCell[] }) {
  return (
    <tr>
      {cells.map((cell, at) =>
        at === 0 ? (
          <th key={at} scope="row">
            <Cell cell={cell} />
          </th>
        ) : (
          <td key={at} class={'duration' in cell ? 'number' : undefined}>
            <Cell cell={cell} />
          </td>
        ),
      )}
    </tr>
  );
}

function Cell({ cell }: { cell: TableCell }) {
  if ('duration' in cell) return <data value={cell.duration}>{exactTime(cell.duration)}</data>;
  return cell.href === undefined ? <span>{cell.text}</span> : <a href={cell.href}>{cell.text}</a>;
}
