// A weekly report as a mail: the sums as text, and the table attached.

import { compile } from '../../protocol/check.ts';
import { type ReportRowView, ReportView } from '../../protocol/day-report.ts';
import { reportToCsv } from './report-csv.ts';
import { digitsOf } from './rounding.ts';

const check = compile(ReportView);
const isReport = (value: unknown): value is ReportView => check(value);
const minute = 60_000_000;
const unassigned = '(no project)';

export interface ReportMail {
  readonly subject: string;
  readonly text: string;
  readonly attachments: readonly {
    readonly filename: string;
    readonly contentType: string;
    readonly content: string;
  }[];
}

/** @returns undefined if it is no report */
export function reportMail(item: unknown): ReportMail | undefined {
  if (!isReport(item)) return undefined;
  const { from, to, rows, total } = item;
  const lines = rows.map((row) => `${labelOf(row)}: ${sumsOf(row)}`);
  const text = [
    `${from} to ${to}`,
    '',
    ...lines,
    ...(lines.length === 0 ? ['No time was recorded.'] : []),
    '',
    `Total: ${sumsOf(total)}`,
    total.rounding === 'none' ? 'Not rounded.' : `Rounded ${total.rounding}.`,
    '',
    'The table is attached. To end these mails, remove the relay in Horai (docs/webhooks.md).',
  ].join('\n');
  const filename = `report-${from}-to-${to}.csv`;
  return {
    subject: `Time from ${from} to ${to}: ${hoursText(total.rounded)}`,
    text,
    attachments: [{ filename, contentType: 'text/csv; charset=utf-8', content: reportToCsv(item) }],
  };
}

function labelOf({ person, day, project, task, tag }: ReportRowView): string {
  const parts = [
    person,
    day,
    project === undefined ? undefined : (project ?? unassigned),
    task === undefined ? undefined : (task?.title ?? '(no task)'),
    tag === undefined ? undefined : tag.map((one) => `#${one}`).join(' ') || '(no tag)',
  ];
  // One line each, whatever a title contains.
  return parts.flatMap((part) => (part === undefined ? [] : [part.replaceAll(/\s+/g, ' ')])).join(', ');
}

function sumsOf({ rounded, amounts }: Pick<ReportRowView, 'rounded' | 'amounts'>): string {
  const paid = amounts.map(({ currency, amount }) => `${amount.toFixed(digitsOf(currency))} ${currency}`);
  return [hoursText(rounded), ...paid].join(', ');
}

function hoursText(micros: number): string {
  const minutes = Math.round(micros / minute);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
