// Parses what all requests about time have in common: the account, time zone, rules, days and filters.

import { nextTurn } from '../../../core/next-turn.ts';
import type { TimeRange } from '../index/account-index.ts';
import type { HeartbeatColumns, HeartbeatContext } from '../index/columns.ts';
import type { AccountSettings } from '../model/account-settings.ts';
import {
  addDays,
  type CurrentDay,
  type DateSpan,
  dateAt,
  dayBounds,
  isZone,
  listDates,
  readDate,
  readSummaryRange,
} from '../model/calendar.ts';
import { editorName, systemName, unknownNames } from '../model/display-names.ts';
import type { RuleSet } from './custom-rule-set.ts';
import type { ContextFilter, CreditRule, ExternalSpan } from './durations-algorithm.ts';
import { type Dimension, isSameName, labelsOf } from './names.ts';

const minute = 60_000_000;
const mostMinutes = 1_440;
/** Ten years: the most days that one request may ask for. */
export const mostDays = 3_660;

/** A person without the heartbeats. */
export interface PersonInfo {
  readonly account: string;
  readonly id: string;
  /** When the account was created, in milliseconds since 1970. */
  readonly created: number;
  /** The address of this hub as the client reached it; links begin with it. */
  readonly base?: string;
  readonly settings: AccountSettings;
  /** The account's custom rules; undefined without any. */
  readonly rules?: RuleSet | undefined;
  /** Time from other sources than editors, in order of its begin. */
  readonly externalSpans?: readonly ExternalSpan[] | undefined;
}

export interface Person extends PersonInfo {
  /** Contains at least the heartbeats that the request needs. */
  readonly beats: HeartbeatColumns;
}

export type TimeQuery = TimeQueryOf<Person>;

export interface TimeQueryOf<Who extends PersonInfo> {
  readonly person: Who;
  readonly query: URLSearchParams;
  readonly zone: string;
  readonly rule: CreditRule;
  /** In minutes, for answers that repeat it. */
  readonly timeout: number;
  readonly now: CurrentDay;
  /** When the request arrived, in microseconds since 1970. */
  readonly moment: number;
  /** The filters of the query. */
  readonly filter: ContextFilter;
  /** '' without a filter by project. */
  readonly project: string;
  readonly branches: readonly string[];
}

export type OutcomeFailure = { readonly ok: false; readonly error: string; readonly status: number };
export type QueryOutcome<T> = { readonly ok: true; readonly value: T } | OutcomeFailure;

export function failure(error: string, status = 400): OutcomeFailure {
  return { ok: false, error, status };
}

/** Parameters that filter, with Wakapi's names, and the dimension of each. */
const filters: readonly (readonly [string, Dimension])[] = [
  ['language', 'languages'],
  ['editor', 'editors'],
  ['operating_system', 'operating_systems'],
  ['machine', 'machines'],
  ['branch', 'branches'],
  ['category', 'categories'],
];

/** Filters that also accept the raw name that plugins send. */
const readable: ReadonlyMap<string, (value: string) => readonly string[]> = new Map([
  ['editor', (value: string) => [editorName(value)]],
  ['operating_system', (value: string) => [systemName(value)]],
]);

/** The lists that the query filters by. A caller who may not see a list may not filter by it either. */
export function filteredLists(query: URLSearchParams): readonly (Dimension | 'entities')[] {
  const picks = [
    ['project', 'projects'],
    ['label', 'projects'],
    ['branches', 'branches'],
    ['entity', 'entities'],
    ...filters,
  ] as const;
  return picks.filter(([name]) => (query.get(name) ?? '') !== '').map(([, part]) => part);
}

/** @param at milliseconds since 1970 */
export function parseQuery<Who extends PersonInfo>(
  person: Who,
  query: URLSearchParams,
  at: number,
): QueryOutcome<TimeQueryOf<Who>> {
  const { settings } = person;
  // A plus that was not encoded, as in Etc/GMT+5, arrives as a blank.
  const zone = query.get('timezone')?.replaceAll(' ', '+') || settings.timezone;
  if (!isZone(zone)) return failure('timezone must be a name such as Europe/Berlin');
  const input = query.get('timeout');
  const timeout = input === null || input === '' ? settings.timeout : Number(input);
  if (!(timeout > 0 && timeout <= mostMinutes)) return failure(`timeout must be minutes, at most ${mostMinutes}`);
  const writes = query.get('writes_only');
  const moment = at * 1_000;
  const project = query.get('project') ?? '';
  const branches = (query.get('branches') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const rule = {
    timeout: timeout * minute,
    writesOnly: writes === null || writes === '' ? settings.writesOnly : /^(?:true|1)$/i.test(writes),
    reach: settings.timeout * minute,
    rules: person.rules,
    externalSpans: person.externalSpans,
  };
  const now = { today: dateAt(moment, zone), weekdayStart: settings.weekdayStart };
  const filter = parseFilter(query, project, branches, settings.labels);
  return { ok: true, value: { person, query, zone, rule, timeout, now, moment, filter, project, branches } };
}

/**
 * The filter of a query.
 * @param branches only these branches; empty for all
 */
export function parseFilter(
  query: URLSearchParams,
  project: string,
  branches: readonly string[],
  labels: AccountSettings['labels'],
): ContextFilter {
  const tests: ((context: HeartbeatContext) => boolean)[] = [];
  if (project !== '') tests.push((context) => isSameName(context.project || unknownNames.project, project));
  const isWanted = (branch: string): boolean => branches.some((one) => isSameName(one, branch));
  if (branches.length > 0) tests.push((context) => labelsOf(context).branches.some(isWanted));
  const label = query.get('label') ?? '';
  if (label !== '')
    tests.push((context) => labels.get(label)?.some((project) => isSameName(project, context.project)) === true);
  for (const [name, dimension] of filters) {
    const value = query.get(name) ?? '';
    const wanted = [value, ...(readable.get(name)?.(value) ?? [])];
    if (value === '') continue;
    tests.push((context) => labelsOf(context)[dimension].some((one) => wanted.some((name) => isSameName(one, name))));
  }
  const entity = query.get('entity') ?? '';
  return {
    ...(tests.length === 0 ? {} : { fits: (context) => tests.every((test) => test(context)) }),
    ...(entity === '' ? {} : { entity }),
  };
}

/** The days that `start` and `end`, or `range`, name. */
export function parseSpan({ query, now, zone }: TimeQueryOf<PersonInfo>): QueryOutcome<DateSpan> {
  const range = query.get('range');
  if (range !== null && range !== '') {
    const span = readSummaryRange(range, now);
    return span === undefined ? failure('range must be a name such as Last 7 Days') : { ok: true, value: span };
  }
  const [start, end] = [query.get('start') ?? '', query.get('end') ?? ''];
  if (start === '' || end === '') return failure('start and end are required: YYYY-MM-DD');
  const [first, last] = [readDate(start, now, zone), readDate(end, now, zone)];
  if (first === undefined || last === undefined) return failure('start and end must be YYYY-MM-DD');
  if (first > last) return failure('start must not be after end');
  return addDays(first, mostDays) < last
    ? failure(`at most ${mostDays} days at once`)
    : { ok: true, value: { first, last } };
}

/** The moments of a span; the moment of the request without one. */
export function timeRangeOf(question: TimeQueryOf<PersonInfo>, span: DateSpan | undefined): TimeRange {
  const bounds = span === undefined ? [] : dayBounds([span.first, addDays(span.last, 1)], question.zone);
  return { from: bounds[0] ?? question.moment, to: bounds[1] ?? question.moment };
}

export interface SplitDays {
  readonly dates: readonly string[];
  /** The moment at which each date begins, then the end of the last one, in microseconds since 1970. */
  readonly bounds: readonly number[];
}

export function splitDays(
  span: DateSpan,
  { zone, moment }: Pick<TimeQueryOf<PersonInfo>, 'zone' | 'moment'>,
): SplitDays {
  const dates = listDates(span);
  return { dates, bounds: cutBounds(dayBounds(dates, zone), span, moment) };
}

/** Days whose begins are computed without a pause. */
const daysAtOnce = 100;

/** The same, with pauses in which others are served. */
export async function splitDaysInTurns(
  span: DateSpan,
  { zone, moment }: Pick<TimeQueryOf<PersonInfo>, 'zone' | 'moment'>,
): Promise<SplitDays> {
  const dates = listDates(span);
  const bounds: number[] = [];
  for (let at = 0; at < dates.length; at += daysAtOnce) {
    if (at > 0) await nextTurn();
    // The end of the last day of a piece is the begin of the next piece.
    bounds.pop();
    bounds.push(...dayBounds(dates.slice(at, at + daysAtOnce), zone));
  }
  return { dates, bounds: cutBounds(bounds, span, moment) };
}

function cutBounds(bounds: readonly number[], span: DateSpan, moment: number): readonly number[] {
  const from = span.hours === undefined ? span.from : moment - span.hours * 60 * minute;
  const { to = Number.POSITIVE_INFINITY } = span;
  return bounds.map((bound) => Math.min(Math.max(bound, from ?? bound), to));
}
