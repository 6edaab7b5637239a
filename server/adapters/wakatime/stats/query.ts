// What all questions about time have in common: whose, in which zone, by which rule, on which days, with which filters. It reads the
// query of a request; what the answer looks like is for the others.

import type { Reach } from '../index/account-index.ts';
import type { Beats, Context } from '../index/columns.ts';
import type { Settings } from '../model/account-settings.ts';
import {
  addDays,
  boundsOf,
  dateAt,
  datesOf,
  isZone,
  type Now,
  readDate,
  readSummaryRange,
  type Span,
} from '../model/calendar.ts';
import { absent, editorName, systemName } from '../model/display-names.ts';
import type { RuleSet } from './custom-rule-set.ts';
import type { Besides, Filter, Rule } from './durations-algorithm.ts';
import { type Dimension, isSameName, labelsOf } from './names.ts';

const minute = 60_000_000;
const mostMinutes = 1_440;
/** Ten years: nobody waits for more days one by one. */
export const mostDays = 3_660;

/** A person but for the heartbeats. */
export interface Someone {
  readonly account: string;
  readonly id: string;
  /** Milliseconds since 1970, when the account was made. */
  readonly created: number;
  /** The address of this hub as the client reached it, for links. */
  readonly base?: string;
  readonly settings: Settings;
  /** The account's own rules; undefined while there are none. */
  readonly rules?: RuleSet | undefined;
  /** Time that no editor told of, in order of its beginning. */
  readonly besides?: readonly Besides[] | undefined;
}

export interface Person extends Someone {
  /** Those of the moments that the question is about, at the least. */
  readonly beats: Beats;
}

export type Question = QuestionOf<Person>;

export interface QuestionOf<Who extends Someone> {
  readonly person: Who;
  readonly query: URLSearchParams;
  readonly zone: string;
  readonly rule: Rule;
  /** In minutes, as it is told back. */
  readonly timeout: number;
  readonly now: Now;
  /** Microseconds since 1970. */
  readonly moment: number;
  /** What the query asks for alone. */
  readonly filter: Filter;
  /** '' when not asked for. */
  readonly project: string;
  readonly branches: readonly string[];
}

export type Wrong = { readonly ok: false; readonly error: string; readonly status: number };
export type Asked<T> = { readonly ok: true; readonly value: T } | Wrong;

export const wrong = (error: string, status = 400): Wrong => ({ ok: false, error, status });

/** Parameters that filter, and the list that each is about; Wakapi's names. */
const filters: readonly (readonly [string, Dimension])[] = [
  ['language', 'languages'],
  ['editor', 'editors'],
  ['operating_system', 'operating_systems'],
  ['machine', 'machines'],
  ['branch', 'branches'],
  ['category', 'categories'],
];

/** A filter may also have the name that plugins send. */
const readable: ReadonlyMap<string, (value: string) => readonly string[]> = new Map([
  ['editor', (value: string) => [editorName(value)]],
  ['operating_system', (value: string) => [systemName(value)]],
]);

/** The lists that the query picks from: whoever may not see a list may not ask for one thing of it either. */
export function partsAsked(query: URLSearchParams): readonly (Dimension | 'entities')[] {
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
export function ask<Who extends Someone>(person: Who, query: URLSearchParams, at: number): Asked<QuestionOf<Who>> {
  const { settings } = person;
  // A plus that was not encoded: Etc/GMT+5.
  const zone = query.get('timezone')?.replaceAll(' ', '+') || settings.timezone;
  if (!isZone(zone)) return wrong('timezone must be a name such as Europe/Berlin');
  const said = query.get('timeout');
  const timeout = said === null || said === '' ? settings.timeout : Number(said);
  if (!(timeout > 0 && timeout <= mostMinutes)) return wrong(`timeout must be minutes, at most ${mostMinutes}`);
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
    besides: person.besides,
  };
  const now = { today: dateAt(moment, zone), weekdayStart: settings.weekdayStart };
  const filter = filterOf(query, project, branches, settings.labels);
  return { ok: true, value: { person, query, zone, rule, timeout, now, moment, filter, project, branches } };
}

/** What a query asks for alone, of these branches; of all when there are none. */
export function filterOf(
  query: URLSearchParams,
  project: string,
  branches: readonly string[],
  labels: Settings['labels'],
): Filter {
  const tests: ((context: Context) => boolean)[] = [];
  if (project !== '') tests.push((context) => isSameName(context.project || absent.project, project));
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
export function spanOf({ query, now, zone }: QuestionOf<Someone>): Asked<Span> {
  const range = query.get('range');
  if (range !== null && range !== '') {
    const span = readSummaryRange(range, now);
    return span === undefined ? wrong('range must be a name such as Last 7 Days') : { ok: true, value: span };
  }
  const [start, end] = [query.get('start') ?? '', query.get('end') ?? ''];
  if (start === '' || end === '') return wrong('start and end are required: YYYY-MM-DD');
  const [first, last] = [readDate(start, now, zone), readDate(end, now, zone)];
  if (first === undefined || last === undefined) return wrong('start and end must be YYYY-MM-DD');
  if (first > last) return wrong('start must not be after end');
  return addDays(first, mostDays) < last
    ? wrong(`at most ${mostDays} days at once`)
    : { ok: true, value: { first, last } };
}

/** The moments of the days that `start` and `end`, `range` or `date` name; none where they name none. */
export function reachOf(question: QuestionOf<Someone>, span: Span | undefined): Reach {
  const bounds = span === undefined ? [] : boundsOf([span.first, addDays(span.last, 1)], question.zone);
  return { from: bounds[0] ?? question.moment, to: bounds[1] ?? question.moment };
}

export interface Days {
  readonly dates: readonly string[];
  /** One more than dates. */
  readonly bounds: readonly number[];
}

export function daysOf(span: Span, { zone, moment }: Pick<QuestionOf<Someone>, 'zone' | 'moment'>): Days {
  const dates = datesOf(span);
  const from = span.hours === undefined ? span.from : moment - span.hours * 60 * minute;
  const { to = Number.POSITIVE_INFINITY } = span;
  const bounds = boundsOf(dates, zone).map((bound) => Math.min(Math.max(bound, from ?? bound), to));
  return { dates, bounds };
}
