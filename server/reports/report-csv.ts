// A report as a table for a spreadsheet: a line for each row of the report, without its total. Texts that begin like a formula are harmless
// (protocol/csv.ts).

import { type CsvRow, toCsv } from '../../protocol/csv.ts';
import type { ReportDimension, ReportRowView, ReportView } from '../../protocol/day-report.ts';
import { digitsOf } from './rounding.ts';

const second = 1_000_000;
const hour = 3_600 * second;

/** Seconds are exact; hours and amounts are those of the rounded time. Each currency has a column. */
export function reportToCsv({ by, rows, total }: ReportView): string {
  const currencies = total.amounts.map(({ currency }) => currency);
  const head = [
    ...by.flatMap((dimension) => (dimension === 'task' ? ['task_id', 'task'] : [dimension])),
    'seconds',
    'rounded_seconds',
    'rounded_hours',
    'rounding',
    ...currencies.map((currency) => `amount_${currency}`),
  ];
  const lines = rows.map((row): CsvRow => {
    const { time, rounded, rounding, amounts } = row;
    const paid = new Map(amounts.map(({ currency, amount }) => [currency, amount.toFixed(digitsOf(currency))]));
    return [
      ...by.flatMap((dimension) => cellsOf(row, dimension)),
      seconds(time),
      seconds(rounded),
      (rounded / hour).toFixed(4),
      rounding,
      ...currencies.map((currency) => paid.get(currency) ?? ''),
    ];
  });
  return toCsv([head, ...lines]);
}

/** With six digits only if it is no whole number. */
function seconds(micros: number): string {
  return micros % second === 0 ? String(micros / second) : (micros / second).toFixed(6);
}

function cellsOf({ person, day, project, task, tag }: ReportRowView, dimension: ReportDimension): readonly string[] {
  switch (dimension) {
    case 'person':
      return [person ?? ''];
    case 'day':
      return [day ?? ''];
    case 'project':
      return [project ?? ''];
    case 'task':
      return task === null || task === undefined ? ['', ''] : [String(task.id), task.title];
    case 'tag':
      return [(tag ?? []).join(' ')];
  }
}
