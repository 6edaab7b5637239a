// The content of the page of reports: the question in its address, the ranges to choose, the table of the hub's answer, and the weeks that can be
// submitted. Functions of values without a DOM. Every number is the hub's.

import type { ReportRounding, ReportView } from '../../../protocol/day-report.ts';
import type { WeeksView } from '../../../protocol/day-weeks.ts';
import type { TextKey } from '../languages/en.ts';
import type { ReportKey } from '../languages/en-reports.ts';
import type { Texts } from '../languages/languages.ts';
import type { DataTable, TableCell } from '../shared/data-table.ts';
import { monthOf, shiftDate, weekOf } from '../shared/dates.ts';
import type { TimeFormat } from '../shared/time-format.ts';

export type ReportTexts = Texts<TextKey | ReportKey>;
export type ReportAmounts = ReportView['total']['amounts'];
export type ListedWeek = WeeksView['weeks'][number];

export const dimensions = ['project', 'task', 'tag', 'day', 'person'] as const;
const shownWeeks = 5;

/** As the address has it; '' for what is not said. */
export interface ReportFields {
  readonly from: string;
  readonly to: string;
  /** The outermost first. */
  readonly by: readonly string[];
  readonly project: string;
  readonly task: string;
  readonly tag: string;
  readonly round: string;
  readonly minutes: string;
  readonly per: string;
  readonly people: string;
}

export function fieldsIn(parameters: URLSearchParams): ReportFields {
  const text = (name: string) => (parameters.get(name) ?? '').trim();
  const by = parameters.getAll('by').flatMap((names) => names.split(',').filter((name) => name !== ''));
  return {
    from: text('from'),
    to: text('to'),
    by: by.length === 0 ? ['project'] : [...new Set(by)],
    project: text('project'),
    task: text('task'),
    tag: text('tag'),
    round: text('round'),
    minutes: text('minutes'),
    per: text('per'),
    people: text('people'),
  };
}

/** The query of `GET /-/report`, and of the page's own address. */
export function queryOf({ by, round, minutes, per, ...texts }: ReportFields): string {
  const rounds = round === '' || round === 'none' ? { round } : { round, minutes, per };
  const all = { ...texts, by: by.join(','), ...rounds };
  return String(new URLSearchParams(Object.entries(all).filter(([, text]) => text !== '')));
}

export interface ReportRange {
  readonly name: ReportKey | TextKey;
  readonly from: string;
  readonly to: string;
}

/** @param firstDay of the week: 1 Monday to 7 Sunday */
export function rangesTo(today: string, firstDay: number): readonly ReportRange[] {
  const week = (date: string) => [weekOf(date, firstDay)[0] ?? '', weekOf(date, firstDay)[6] ?? ''] as const;
  const year = Number(today.slice(0, 4));
  const ranges: readonly (readonly [ReportRange['name'], readonly [string, string]])[] = [
    ['week.this', week(today)],
    ['reports.last-week', week(shiftDate(today, -7))],
    ['month.this', monthOf(today)],
    ['reports.last-month', monthOf(today, -1)],
    ['reports.this-year', [`${year}-01-01`, `${year}-12-31`]],
  ];
  return ranges.map(([name, [from, to]]) => ({ name, from, to }));
}

/** `80.5 EUR` as the browser's region writes it. The hub has rounded it. */
export function amountsText(amounts: ReportAmounts, locale: string): string {
  return amounts
    .map(({ currency, amount }) => new Intl.NumberFormat(locale, { style: 'currency', currency }).format(amount))
    .join(' + ');
}

/** The hub's name of a rounding in the language of the page: `up to 15 min per day`, also where projects have their own. */
export function roundingText(name: string, texts: ReportTexts): string {
  if (name === 'none') return texts.text('reports.round-none');
  return name.replace(
    /(up|down|to the nearest)(?: to)? ([\d.]+) min per (entry|day)|\bnone\b/g,
    (_, to, minutes, per) =>
      to === undefined
        ? texts.text('reports.round-none')
        : texts.text('reports.rounding', {
            to: texts.text(
              to === 'up' ? 'reports.round-up' : to === 'down' ? 'reports.round-down' : 'reports.round-nearest',
            ),
            minutes,
            per: texts.text(per === 'entry' ? 'reports.per-entry' : 'reports.per-day'),
          }),
  );
}

/** The report as a table: a column for each group, the exact and the rounded time, the rounding, a column for each currency. */
export function reportTable(report: ReportView, texts: ReportTexts, format: TimeFormat): DataTable {
  const currencies = report.total.amounts.map(({ currency }) => currency);
  const isRounded = report.total.rounding !== 'none';
  const numbers = ({ time, rounded, rounding, amounts }: ReportView['total']): readonly TableCell[] => [
    { duration: time },
    ...(isRounded ? [{ duration: rounded }, { text: roundingText(rounding, texts) }] : []),
    ...currencies.map((currency) => ({
      text: amountsText(
        amounts.filter((one) => one.currency === currency),
        texts.locale,
      ),
    })),
  ];
  const total = texts.text('table.total');
  return {
    name: 'report',
    title: texts.text('reports.rows'),
    columns: [
      ...report.by.map((name) => texts.text(`reports.by-${name}`)),
      texts.text('table.time'),
      ...(isRounded ? [texts.text('reports.rounded'), texts.text('reports.round')] : []),
      ...currencies,
    ],
    rows: report.rows.map((row) => [...report.by.map((name) => cellOf(row, name, texts, format)), ...numbers(row)]),
    // A report without groups is its total alone.
    ...(report.by.length > 0 && {
      total: [...report.by.map((_, at) => ({ text: at === 0 ? total : '' })), ...numbers(report.total)],
    }),
  };
}

type ReportRow = ReportView['rows'][number];

function cellOf(row: ReportRow, name: ReportView['by'][number], texts: ReportTexts, format: TimeFormat): TableCell {
  const { day = '', project, task, tag = [], person = '' } = row;
  if (name === 'day') return { text: format.fullDate(day), href: `/day/${day}` };
  if (name === 'person') return { text: person };
  if (name === 'tag') return { text: tag.join(', ') || texts.text('reports.no-tag') };
  if (name === 'task') return { text: task?.title ?? texts.text('edit.no-task') };
  if (project === undefined || project === null) return { text: texts.text('unassigned') };
  return { text: project, href: `/projects/${encodeURIComponent(project)}` };
}

/** `2026-W48`, of ISO 8601: the week of the Thursday. */
export function isoWeek(date: string): string {
  const thursday = weekOf(date, 1)[3] ?? '';
  const days = (Date.parse(thursday) - Date.parse(`${thursday.slice(0, 4)}-01-01`)) / 86_400_000;
  return `${thursday.slice(0, 4)}-W${String(Math.floor(days / 7) + 1).padStart(2, '0')}`;
}

export interface ReportWeek {
  readonly week: string;
  readonly from: string;
  readonly to: string;
  /** The hub's record of the week; undefined for a week that nobody has submitted. */
  readonly listed: ListedWeek | undefined;
}

/** The last weeks that are over, and further ones that the hub lists; the latest first. */
export function weekRows(today: string, listed: readonly ListedWeek[]): readonly ReportWeek[] {
  const known = new Map(listed.map((one) => [one.week, one]));
  const over = Array.from({ length: shownWeeks }, (_, at) => {
    const dates = weekOf(shiftDate(today, -7 * (at + 1)), 1);
    const [from = '', to = ''] = [dates[0], dates[6]];
    return { week: isoWeek(from), from, to, listed: known.get(isoWeek(from)) };
  });
  const shown = new Set(over.map(({ week }) => week));
  return [...over, ...listed.filter(({ week }) => !shown.has(week)).map((one) => ({ ...one, listed: one }))];
}

/** The fields of a rate and a rounding; '' for none. */
export interface TermFields {
  readonly amount: string;
  readonly currency: string;
  readonly to: string;
  readonly minutes: string;
  readonly per: string;
}

export interface ReportTerms {
  readonly rate?: { readonly amount: number; readonly currency: string };
  readonly rounding?: ReportRounding;
}

export function termFields({ rate, rounding }: ReportTerms): TermFields {
  return {
    amount: rate === undefined ? '' : String(rate.amount),
    currency: rate?.currency ?? 'EUR',
    to: rounding?.to ?? '',
    minutes: String(rounding?.minutes ?? 15),
    per: rounding?.per ?? 'day',
  };
}

/** @returns undefined if an amount is no number, or a currency is no code of three letters */
export function termsOf({ amount, currency, to, minutes, per }: TermFields): ReportTerms | undefined {
  const [price, unit] = [Number(amount.trim().replace(',', '.')), Number(minutes.trim().replace(',', '.'))];
  const code = currency.trim().toUpperCase();
  if (amount.trim() !== '' && !(price >= 0 && price <= 1_000_000 && /^[A-Z]{3}$/.test(code))) return undefined;
  if (to !== '' && !(unit > 0 && unit <= 1_440)) return undefined;
  const direction = to === 'up' || to === 'down' || to === 'nearest' ? to : undefined;
  return {
    ...(amount.trim() !== '' && { rate: { amount: price, currency: code } }),
    ...(direction !== undefined && {
      rounding: { minutes: unit, to: direction, per: per === 'entry' ? 'entry' : 'day' },
    }),
  };
}
