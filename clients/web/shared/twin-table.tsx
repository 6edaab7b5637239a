// The tables of a table twin. They are fetched when somebody opens it.

import type { ComponentChildren } from 'preact';
import { toCsv } from '../../../protocol/csv.ts';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from './address.ts';
import { type DataTable, type TableAction, type TableCell, tableCsv } from './data-table.ts';
import { saveFile } from './save-file.ts';
import { exactTime } from './time-format.ts';

export interface TwinTableProps {
  readonly table: DataTable;
  /** Begins the name of its file. */
  readonly file: string;
  readonly texts: Texts;
  /** In the place of the button that saves the table. */
  readonly buttons?: ComponentChildren;
}

export function TwinTable({ table, file, texts, buttons }: TwinTableProps) {
  const name = `${file}-${table.name}.csv`;
  return (
    <section class="twin-table" data-table={table.name}>
      <div class="twin-head">
        <h3>{table.title}</h3>
        {buttons ?? (
          <button
            type="button"
            aria-label={`${texts.text('table.csv')}: ${table.title}`}
            onClick={() => saveFile(name, toCsv(tableCsv(table, texts)))}
          >
            {texts.text('table.csv')}
          </button>
        )}
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
              {table.actions !== undefined && <td />}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, at) => (
              <Row key={at} cells={row} action={table.actions?.[at]} />
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

function Row({ cells, action }: { cells: readonly TableCell[]; action?: TableAction | undefined }) {
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
      {action !== undefined && (
        <td>
          <button type="button" aria-label={`${action.label}: ${action.about}`} onClick={action.run}>
            {action.label}
          </button>
        </td>
      )}
    </tr>
  );
}

function Cell({ cell }: { cell: TableCell }) {
  if ('duration' in cell) return <data value={cell.duration}>{exactTime(cell.duration)}</data>;
  return cell.href === undefined ? <span>{cell.text}</span> : <a href={pathTo(cell.href)}>{cell.text}</a>;
}
