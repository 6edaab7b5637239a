// Builds the days of `summaries` and the status bar. A year of days has tens of thousands of amounts, so their JSON text is written
// directly. durations-algorithm.ts and group-by.ts compute the sums.

import { LRUCache } from 'lru-cache';
import { nextTurn } from '../../../core/next-turn.ts';
import type { HeartbeatColumns } from '../index/columns.ts';
import type { Dictionary } from '../index/dictionary.ts';
import { describeLines, type LineChanges, type LineCounts, noLines, sumLinesBy } from '../index/line-counts.ts';
import type { Prices } from '../model/account-settings.ts';
import { addDays, type DateSpan, formatDate, formatIso, formatIsoEnd } from '../model/calendar.ts';
import {
  appendTimeWithSeconds,
  formatClock,
  formatDecimal,
  formatGrandTotal,
  formatSeconds,
  toSeconds,
} from '../model/format-time.ts';
import { derivedUuid } from '../model/heartbeat.ts';
import { type AiMetrics, describeUsage, noAiMetrics, noUsage, sumUsage, type UsageSum } from './ai-metrics.ts';
import { type Tally, tally } from './durations-algorithm.ts';
import { groupTallies, type NamedSum, sortRows, totalOf } from './group-by.ts';
import { type Dimension, namesOf } from './names.ts';
import { parseFilter, type SplitDays, splitDays, splitDaysInTurns, type TimeQuery } from './query.ts';
import { tallyInTurns } from './tally-in-turns.ts';

/** Days that are written without a pause: some milliseconds. */
const textStep = 4;
/** Characters of one piece of a long answer. */
const pieceSize = 65_536;

/** Changes the days of `summaries`, and what follows them, for a caller. */
export interface SummaryForm {
  readonly day: (day: SummaryDay) => unknown;
  readonly rest: (rest: Omit<Summaries, 'data'>) => object;
}

/** Writes the answer to `summaries` as JSON text, in pieces, with pauses in which others are served. */
export async function* summaryPieces(
  question: TimeQuery,
  span: DateSpan,
  form?: SummaryForm,
): AsyncGenerator<string, void> {
  const summed = await sumDays(question, span);
  let [piece, comma] = ['{"data":[', ''];
  for await (const text of dayTexts(question, summed)) {
    piece += `${comma}${form === undefined ? text : JSON.stringify(form.day(JSON.parse(text)))}`;
    comma = ',';
    if (piece.length < pieceSize) continue;
    yield piece;
    piece = '';
  }
  const rest = restOf(question, summed);
  yield `${piece}],${JSON.stringify(form === undefined ? rest : form.rest(rest)).slice(1)}`;
}

interface SummedDays extends SplitDays {
  readonly tallies: readonly Tally[];
  /** Of all branches, where the query has some only; else the same. */
  readonly available: readonly Tally[];
}

async function sumDays(question: TimeQuery, span: DateSpan): Promise<SummedDays> {
  const { person, rule, filter, query, project, branches } = question;
  const { dates, bounds } = await splitDaysInTurns(span, question);
  const tallies = await tallyInTurns(person.beats, rule, { bounds, entities: project !== '', ...filter });
  if (branches.length === 0) return { dates, bounds, tallies, available: tallies };
  const ofProject = parseFilter(query, project, [], person.settings.labels);
  return { dates, bounds, tallies, available: await tallyInTurns(person.beats, rule, { bounds, ...ofProject }) };
}

/** Each day as JSON text. */
async function* dayTexts(question: TimeQuery, { dates, bounds, tallies }: SummedDays): AsyncGenerator<string, void> {
  for (const [index, one] of tallies.entries()) {
    if (index % textStep === textStep - 1) await nextTurn();
    yield dayText(question, one, dates[index] ?? '', bounds[index] ?? 0, bounds[index + 1] ?? 0);
  }
}

/** The fields after the days. */
function restOf(
  question: TimeQuery,
  { dates, bounds, tallies, available: ofProject }: SummedDays,
): Omit<Summaries, 'data'> {
  const { person, project, branches } = question;
  const all = groupTallies(person.beats, tallies);
  const worked = tallies.filter((one) => one.contexts.codes.length > 0).length;
  const average = (sum: number): number => (worked === 0 ? 0 : Math.round(toSeconds(sum) / worked));
  const [total, mean, meanWithOther] = [toSeconds(all.total), average(all.total - all.other), average(all.total)];
  const available = ofProject === tallies ? all : groupTallies(person.beats, ofProject);
  return {
    start: formatIso(bounds[0] ?? 0),
    end: formatIsoEnd(bounds.at(-1) ?? 0),
    cumulative_total: {
      seconds: total,
      text: formatSeconds(total),
      decimal: formatDecimal(total),
      digital: formatClock(total),
    },
    daily_average: {
      holidays: dates.length - worked,
      days_including_holidays: dates.length,
      days_minus_holidays: worked,
      seconds: mean,
      text: formatSeconds(mean),
      seconds_including_other_language: meanWithOther,
      text_including_other_language: formatSeconds(meanWithOther),
    },
    ...(project === '' ? {} : { available_branches: available.rows('branches').map(({ name }) => name), branches }),
  };
}

/** An entry of a list of a day. */
export interface SummaryItem {
  readonly name: string;
  readonly total_seconds: number;
  readonly percent: number;
  readonly digital: string;
  readonly decimal: string;
  readonly text: string;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

/** A day of summaries. */
export interface SummaryDay
  extends Readonly<Record<Exclude<Dimension, 'branches' | 'machines' | 'projects'>, readonly SummaryItem[]>> {
  readonly grand_total: Omit<SummaryItem, 'name' | 'percent' | 'seconds'> & LineChanges & AiMetrics;
  readonly projects: readonly (SummaryItem & LineChanges & AiMetrics & { readonly color: null })[];
  readonly machines: readonly (SummaryItem & { readonly machine_name_id: string })[];
  /** Present where the query has a project, like the entities. */
  readonly branches?: readonly (SummaryItem & LineChanges & AiMetrics)[];
  readonly entities?: readonly (SummaryItem & LineChanges & AiMetrics & { readonly type: string })[];
  readonly range: Readonly<Record<'date' | 'start' | 'end' | 'text' | 'timezone', string>>;
}

export interface Summaries {
  readonly data: readonly SummaryDay[];
  readonly start: string;
  readonly end: string;
  readonly cumulative_total: {
    readonly seconds: number;
    readonly text: string;
    readonly decimal: string;
    readonly digital: string;
  };
  readonly daily_average: {
    readonly holidays: number;
    readonly days_including_holidays: number;
    readonly days_minus_holidays: number;
    readonly seconds: number;
    readonly text: string;
    readonly seconds_including_other_language: number;
    readonly text_including_other_language: string;
  };
  readonly available_branches?: readonly string[];
  readonly branches?: readonly string[];
}

/** The answer to `summaries` as a value, for answers that contain it. Pauses, so that others are served. */
export async function buildSummaries(question: TimeQuery, span: DateSpan): Promise<Summaries> {
  const summed = await sumDays(question, span);
  const data: SummaryDay[] = [];
  for await (const text of dayTexts(question, summed)) {
    const day: SummaryDay = JSON.parse(text);
    data.push(day);
  }
  return { data, ...restOf(question, summed) };
}

/** The summary of today, as status bars of editors read it. */
export function buildStatusBar(question: TimeQuery) {
  const { person, rule, now, moment } = question;
  const { dates, bounds } = splitDays({ first: now.today, last: now.today }, question);
  const [today = nothing] = tally(person.beats, rule, { bounds });
  const data: SummaryDay = JSON.parse(dayText(question, today, dates[0] ?? '', bounds[0] ?? 0, bounds[1] ?? 0));
  return { cached_at: formatIso(moment), has_team_features: false, data: { ...data, has_team_features: false } };
}

const none = { codes: [], amounts: [] };
const nothing: Tally = {
  contexts: none,
  entities: none,
  contextOf: new Map(),
  lines: { contexts: noLines, entities: noLines },
  usage: noUsage,
};

function dayText(question: TimeQuery, one: Tally, date: string, begins: number, ends: number): string {
  const { person, zone, now, project } = question;
  const { beats } = person;
  const { today } = now;
  const range = {
    date,
    start: formatIso(begins),
    end: formatIsoEnd(ends),
    text: date === today ? 'Today' : date === addDays(today, -1) ? 'Yesterday' : formatDate(date),
    timezone: zone,
  };
  const { prices } = person.settings;
  const lists = project === '' ? dayLists(beats, one, begins, prices) : listsText(beats, one, prices, true);
  return `{${lists},"range":${JSON.stringify(range)}}`;
}

/** The text of a day's lists, and what it was written from. */
interface Written {
  readonly from: Tally;
  readonly prices: Prices;
  /** `AccountNames.version` of the names in it. */
  readonly version: number;
  readonly text: string;
}

/** By dictionary and begin of the day. */
let written = new WeakMap<Dictionary, Map<number, Written>>();
let writtenSize = 0;
/** The most bytes of all cached texts together, approximately. */
const mostWritten = 33_554_432;

/**
 * The lists of a day as JSON. Writing takes several times longer than summing, and most days of a year do not change, so the text is
 * reused while sums, prices and spellings are the same. Dictionary numbers never change their meaning.
 */
function dayLists(beats: HeartbeatColumns, one: Tally, begins: number, prices: Prices): string {
  const days = written.get(beats.contexts) ?? new Map<number, Written>();
  const known = days.get(begins);
  const { version } = namesOf(beats);
  if (known?.version === version && isSame(known.from, one) && arePrices(known.prices, prices)) return known.text;
  const made = { from: one, prices, version, text: listsText(beats, one, prices, false) };
  writtenSize += sizeOf(made) - (known === undefined ? 0 : sizeOf(known));
  if (writtenSize > mostWritten) {
    written = new WeakMap();
    writtenSize = 0;
    return made.text;
  }
  written.set(beats.contexts, days.set(begins, made));
  return made.text;
}

function sizeOf({ from: { contexts, lines, usage }, text }: Written): number {
  return text.length + contexts.codes.length * 16 + lines.contexts.codes.length * 40 + usage.length * 8;
}

function isSame(one: Tally, other: Tally): boolean {
  return (
    areSame(one.contexts.codes, other.contexts.codes) &&
    areSame(one.contexts.amounts, other.contexts.amounts) &&
    areSame(one.lines.contexts.codes, other.lines.contexts.codes) &&
    areSame(one.lines.contexts.counts, other.lines.contexts.counts) &&
    areSame(one.usage, other.usage)
  );
}

function areSame(some: ArrayLike<number>, others: ArrayLike<number>): boolean {
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index += 1) if (some[index] !== others[index]) return false;
  return true;
}

function arePrices(some: Prices, others: Prices): boolean {
  if (some.size !== others.size) return false;
  return [...some].every(([model, { input, cachedInput, output }]) => {
    const other = others.get(model);
    return other?.input === input && other.cachedInput === cachedInput && other.output === output;
  });
}

/** @param ofProject true if branches and entities are listed, too */
function listsText(beats: HeartbeatColumns, one: Tally, prices: Prices, ofProject: boolean): string {
  const { total, rows, lines, linesBy: linesOfEach, usage, usageBy } = groupTallies(beats, [one]);
  const describe = describer(beats, prices);
  const changesIn = (dimension: Dimension, before?: string) =>
    withChanges(linesOfEach(dimension), usageBy(dimension), describe, before);
  const more = (): string => {
    const paths = one.entities.codes.map((code, index) => ({
      name: beats.entity(code),
      sum: one.entities.amounts[index] ?? 0,
    }));
    const linesOf = sumLinesBy([one.lines.entities], (code) => [beats.entity(code)]);
    const typeOf = new Map([...one.contextOf].map(([code, its]) => [beats.entity(code), beats.context(its).type]));
    const usageOf = sumUsage([one.usage], (_, entity) => [beats.entity(entity)]);
    const formatLine = withChanges(linesOf, usageOf, describe);
    const formatTyped = (name: string): string => `${formatLine(name)},"type":${JSON.stringify(typeOf.get(name))}`;
    return `,"branches":${items(rows('branches'), changesIn('branches'))},"entities":${items(sortRows(paths), formatTyped)}`;
  };
  const grandTotal = {
    ...formatGrandTotal(toSeconds(total)),
    ...describeLines(lines()),
    ...describe(usage(), lines()),
  };
  return (
    `"grand_total":${JSON.stringify(grandTotal)},` +
    `"categories":${items(rows('categories'))},` +
    `"projects":${items(rows('projects'), changesIn('projects', ',"color":null'))},` +
    `"languages":${items(rows('languages'))},` +
    `"editors":${items(rows('editors'))},` +
    `"operating_systems":${items(rows('operating_systems'))},` +
    `"dependencies":${items(rows('dependencies'))},` +
    `"machines":${items(rows('machines'), machineOf)}${ofProject ? more() : ''}`
  );
}

/** Describes what AI tools did for one row. */
type DescribeUsage = (sum: UsageSum, lines: LineCounts | undefined) => AiMetrics;

export function describer(beats: HeartbeatColumns, prices: Prices): DescribeUsage {
  return (sum, lines) =>
    describeUsage(sum, { linesChanged: linesByAi(lines), textOf: (code) => beats.entity(code), prices });
}

function linesByAi(lines: LineCounts | undefined): number {
  return (lines?.[0] ?? 0) + (lines?.[1] ?? 0);
}

/** The members of an object as JSON, after those before them. */
function membersText(value: object): string {
  return `,${JSON.stringify(value).slice(1, -1)}`;
}

const noChanges = membersText({ ...describeLines(), ...noAiMetrics() });

/** The lines and AI metrics of an item, by its name. */
function withChanges(
  lines: ReadonlyMap<string, LineCounts>,
  usage: ReadonlyMap<string, UsageSum>,
  describe: DescribeUsage,
  before = '',
): (name: string) => string {
  return (name) => {
    const [counts, sum] = [lines.get(name), usage.get(name)];
    if (counts === undefined && sum === undefined) return before + noChanges;
    const metrics = sum === undefined ? noAiMetrics(linesByAi(counts)) : describe(sum, counts);
    return before + membersText({ ...describeLines(counts), ...metrics });
  };
}

const machineOf = (name: string): string => `,"machine_name_id":"${machineId(name)}"`;

/** @param more further members of an item, by its name */
function items(rows: readonly NamedSum[], more?: (name: string) => string): string {
  if (rows.length === 0) return '[]';
  const whole = totalOf(rows);
  const pieces: string[] = ['['];
  for (const { name, sum } of rows) {
    pieces.push(pieces.length === 1 ? '' : ',', opening(name));
    appendTimeWithSeconds(pieces, sum, whole);
    pieces.push(more === undefined ? '}' : `${more(name)}}`);
  }
  pieces.push(']');
  return pieces.join('');
}

const cachedNames = 10_000;
const openings = new LRUCache<string, string>({ max: cachedNames });

/** The first members of an item. The same names occur every day. */
function opening(name: string): string {
  const known = openings.get(name);
  if (known !== undefined) return known;
  const made = `{"name":${JSON.stringify(name)},"total_seconds":`;
  openings.set(name, made);
  return made;
}

const machineIds = new LRUCache<string, string>({ max: cachedNames });

export function machineId(name: string): string {
  const known = machineIds.get(name);
  if (known !== undefined) return known;
  const made = derivedUuid(['machine', name]);
  machineIds.set(name, made);
  return made;
}
