// Groups sums by context into lists by name: projects, languages, editors and so on, each sorted by time. model/format-time.ts formats
// the entries; each answer chooses its lists.

import type { HeartbeatColumns } from '../index/columns.ts';
import { fields } from '../index/dictionary.ts';
import { addLineSums, type LineCounts, type LineSums, sumLinesBy } from '../index/line-counts.ts';
import { unknownNames } from '../model/display-names.ts';
import { sumUsage, UsageSum } from './ai-metrics.ts';
import { Counter, type Sums, type Tally } from './durations-algorithm.ts';
import { type Dimension, namesOf } from './names.ts';

export interface NamedSum {
  readonly name: string;
  /** Microseconds. */
  readonly sum: number;
}

/** Lists and sums over some spans. A list is computed when it is read, because most answers need only a few. */
export interface Grouped {
  /** Microseconds. */
  readonly total: number;
  /** Microseconds without a language. */
  readonly other: number;
  readonly rows: (dimension: Dimension) => readonly NamedSum[];
  /** Lines of all heartbeats, also of those to which no time is credited. */
  readonly lines: () => LineCounts;
  readonly linesBy: (dimension: Dimension) => ReadonlyMap<string, LineCounts>;
  readonly usage: () => UsageSum;
  readonly usageBy: (dimension: Dimension) => ReadonlyMap<string, UsageSum>;
}

const languageField = fields.indexOf('language');

export function groupTallies(beats: HeartbeatColumns, tallies: readonly Tally[]): Grouped {
  const { contexts } = beats;
  // Every list reads them, so those of many days are added up once.
  const summed = tallies.length < manyTallies ? tallies.map((one) => one.contexts) : [sumContexts(tallies)];
  const names = namesOf(beats);
  const otherLanguage = contexts.find(unknownNames.language);
  let [total, other] = [0, 0];
  for (const { codes, amounts } of summed) {
    for (let index = 0; index < codes.length; index += 1) {
      const sum = amounts[index] ?? 0;
      total += sum;
      // Text number 0 is ''. Some plugins send the language "Other".
      const language = contexts.field(codes[index] ?? 0, languageField);
      if (language === 0 || language === otherLanguage) other += sum;
    }
  }
  const lines =
    tallies.length < manyTallies ? tallies.map((one) => one.lines.contexts) : [addLineSums(tallies.map(linesOf))];
  const usage = tallies.map((one) => one.usage);
  return {
    total,
    other,
    rows: (dimension) => rowsOf(beats, dimension, summed),
    lines: () => sumLinesBy(lines, () => ['']).get('') ?? [],
    linesBy: (dimension) => sumLinesBy(lines, (code) => names.labelsAt(code)[dimension]),
    usage: () => sumUsage(usage, () => ['']).get('') ?? new UsageSum(),
    usageBy: (dimension) => sumUsage(usage, (code) => names.labelsAt(code)[dimension]),
  };
}

const linesOf = (one: Tally): LineSums => one.lines.contexts;
const counter = new Counter();
const manyTallies = 62;

function sumContexts(tallies: readonly Tally[]): Sums {
  for (const { contexts } of tallies) {
    for (const [index, code] of contexts.codes.entries()) counter.add(code, contexts.amounts[index] ?? 0);
  }
  return counter.take();
}

function rowsOf(beats: HeartbeatColumns, dimension: Dimension, summed: readonly Sums[]): readonly NamedSum[] {
  const numbers = namesOf(beats).in(dimension);
  const add = ({ codes, amounts }: Sums): void => {
    for (let index = 0; index < codes.length; index += 1) {
      const amount = amounts[index] ?? 0;
      numbers.visit(codes[index] ?? 0, (number) => counter.add(number, amount));
    }
  };
  for (const sums of summed) add(sums);
  const { codes, amounts } = counter.take();
  return sortRows(codes.map((code, index) => ({ name: numbers.name(code), sum: amounts[index] ?? 0 })));
}

/** The largest sum first, then by name. */
export function sortRows(rows: readonly NamedSum[]): readonly NamedSum[] {
  return [...rows].sort((a, b) => b.sum - a.sum || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export function totalOf(rows: readonly NamedSum[]): number {
  return rows.reduce((sum, row) => sum + row.sum, 0);
}
