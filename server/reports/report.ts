// A report as a function of values: parts of merged days in, rows and totals out. It reads nothing and knows no clock. The sum of `time`
// over the rows is that of the parts to the microsecond, and so is the sum of `rounded` and of each amount over the rows their total.

import type { ReportDimension, ReportRate, ReportRounding, ReportView } from '../../protocol/day-report.ts';
import { divide, nameRounding, PaidTime, roundTime, unitsOf } from './rounding.ts';

/** The time of one day on one thing. */
export interface TimePart {
  readonly person: string;
  readonly day: string;
  /** null is unassigned. */
  readonly project: string | null;
  readonly task: ReportedTask | null;
  /** Sorted. */
  readonly tags: readonly string[];
  /** Microseconds: the stretches without a break. Their sum is the time of the part. */
  readonly stretches: readonly number[];
}

export interface ReportedTask {
  readonly key: string;
  readonly id: number;
  readonly title: string;
}

/** How the time of a project of a person is rounded, and what an hour costs. */
export interface ProjectTerms {
  readonly rounding: ReportRounding | undefined;
  readonly rate: ReportRate | undefined;
}

export type TermsOf = (person: string, project: string | null) => ProjectTerms;

interface RoundedPart {
  readonly part: TimePart;
  readonly time: number;
  readonly rounded: number;
  readonly terms: ProjectTerms;
}

export type TimeReport = Omit<ReportView, 'from' | 'to' | 'people' | 'by' | 'without'>;
type TimeReportRow = TimeReport['rows'][number];

/** @param by what the rows are grouped by, the outermost first; without any there is one row */
export function makeTimeReport(
  parts: readonly TimePart[],
  by: readonly ReportDimension[],
  termsOf: TermsOf,
): TimeReport {
  const groups = new Map<string, RoundedPart[]>();
  for (const rounded of roundParts(parts, termsOf)) {
    const key = JSON.stringify(by.map((one) => dimensionOf(rounded.part, one)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [rounded]);
    else group.push(rounded);
  }
  const sorted = [...groups.values()].map((group) => sumGroup(group)).sort((one, other) => compare(one, other, by));
  const paid = new PaidTime();
  let before: ReadonlyMap<string, number> = new Map();
  const rows = sorted.map(({ first, time, rounded, rounding, paid: own }): TimeReportRow => {
    paid.addAll(own);
    // A row has what it adds to the rows above it: so the rows add up to the total, which is rounded once.
    const upTo = paid.amounts();
    const amounts = [...own.amounts().keys()].map((currency) => amountOf(currency, upTo, before));
    before = upTo;
    return { ...labelsOf(first, by), time, rounded, rounding, amounts };
  });
  const all = sumGroup(sorted.flatMap(({ group }) => group));
  const amounts = [...paid.amounts().keys()].map((currency) => amountOf(currency, paid.amounts(), new Map()));
  return { rows, total: { time: all.time, rounded: all.rounded, rounding: all.rounding, amounts } };
}

function amountOf(currency: string, upTo: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>) {
  const units = (upTo.get(currency) ?? 0) - (before.get(currency) ?? 0);
  return { currency, amount: units / unitsOf(currency) };
}

/** Rounds each stretch, or each day of a project; what a day becomes is divided among its parts by their time. */
function roundParts(parts: readonly TimePart[], termsOf: TermsOf): readonly RoundedPart[] {
  const days = new Map<string, TimePart[]>();
  for (const part of parts) {
    const key = JSON.stringify([part.person, part.day, part.project]);
    const day = days.get(key);
    if (day === undefined) days.set(key, [part]);
    else day.push(part);
  }
  return [...days.values()].flatMap((day) => {
    const [first] = day;
    if (first === undefined) return [];
    const terms = termsOf(first.person, first.project);
    const sorted = [...day].sort((one, other) => compareText(thingOf(one), thingOf(other)));
    const timesOf = sorted.map(({ stretches }) => sumOf(stretches));
    const isPerEntry = terms.rounding?.per === 'entry';
    const shares = isPerEntry ? [] : divide(roundTime(sumOf(timesOf), terms.rounding), timesOf);
    return sorted.map((part, index) => {
      const each = part.stretches.map((stretch) => roundTime(stretch, terms.rounding));
      const rounded = isPerEntry ? sumOf(each) : (shares[index] ?? 0);
      return { part, time: timesOf[index] ?? 0, rounded, terms };
    });
  });
}

function sumGroup(group: readonly RoundedPart[]) {
  const paid = new PaidTime();
  for (const { part, rounded, terms } of group)
    if (part.project !== null && terms.rate !== undefined) paid.add(rounded, terms.rate);
  return {
    group,
    first: group[0]?.part,
    time: sumOf(group.map(({ time }) => time)),
    rounded: sumOf(group.map(({ rounded }) => rounded)),
    rounding: nameAll(group),
    paid,
  };
}

/** One name if all parts are rounded alike; otherwise each with its projects. */
function nameAll(group: readonly RoundedPart[]): string {
  const projects = new Map<string, Set<string>>();
  for (const { part, terms } of group) {
    const name = nameRounding(terms.rounding);
    projects.set(name, (projects.get(name) ?? new Set()).add(part.project ?? 'unassigned'));
  }
  const names = [...projects].sort(([one], [other]) => compareText(one, other));
  if (names.length < 2) return names[0]?.[0] ?? 'none';
  return names.map(([name, of]) => `${[...of].sort(compareText).join(', ')}: ${name}`).join('; ');
}

function dimensionOf({ person, day, project, task, tags }: TimePart, dimension: ReportDimension): unknown {
  switch (dimension) {
    case 'person':
      return person;
    case 'day':
      return day;
    case 'project':
      return project;
    case 'task':
      return task?.key ?? null;
    case 'tag':
      return tags;
  }
}

function labelsOf(part: TimePart | undefined, by: readonly ReportDimension[]): Partial<TimeReportRow> {
  if (part === undefined) return {};
  const { person, day, project, task, tags } = part;
  const all = { person, day, project, task, tag: [...tags] };
  return Object.fromEntries(by.map((dimension) => [dimension, all[dimension]]));
}

type SummedGroup = ReturnType<typeof sumGroup>;

/** By person and day; the last of the other dimensions by time, the longest first. */
function compare(one: SummedGroup, other: SummedGroup, by: readonly ReportDimension[]): number {
  for (const [index, dimension] of by.entries()) {
    const isByTime = index === by.length - 1 && dimension !== 'day' && dimension !== 'person';
    if (isByTime && one.time !== other.time) return other.time - one.time;
    const order = compareText(sortKey(one, dimension), sortKey(other, dimension));
    if (order !== 0) return order;
  }
  return 0;
}

/** Unassigned time comes last. */
function sortKey({ first }: SummedGroup, dimension: ReportDimension): string {
  const value = first === undefined ? null : dimensionOf(first, dimension);
  if (value === null) return '\uffff';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function thingOf({ task, tags }: TimePart): string {
  return JSON.stringify([task?.key ?? '', tags]);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** By UTF-16 units: the same order on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
