// Stats over a range, and the total of all time. Time without a language counts everywhere except in `total_seconds` and in the
// averages whose name does not end in `including_other_language`.

import { describeLines } from '../index/line-counts.ts';
import { type DateSpan, dateAt, formatDate, formatIso, formatIsoEnd, type StatsRange } from '../model/calendar.ts';
import { formatMinutes, formatTime, percentOf, toSeconds } from '../model/format-time.ts';
import { derivedUuid } from '../model/heartbeat.ts';
import { noAiMetrics, UsageSum } from './ai-metrics.ts';
import { type Grouped, groupTallies, type NamedSum, totalOf } from './group-by.ts';
import { type SplitDays, splitDaysInTurns, type TimeQuery } from './query.ts';
import { describer, machineId } from './summaries.ts';
import { tallyInTurns } from './tally-in-turns.ts';

/** All days since the first heartbeat or external duration. If there is neither, since the account was created. */
export function allTimeSpan({ person, zone, now }: TimeQuery): DateSpan {
  const begins = [person.beats.first, person.externalSpans?.[0]?.begin].filter((moment) => moment !== undefined);
  const first = dateAt(begins.length === 0 ? person.created * 1_000 : Math.min(...begins), zone);
  return { first: first < now.today ? first : now.today, last: now.today };
}

export interface ComputedSpan extends SplitDays {
  readonly all: Grouped;
  /** Microseconds by date. */
  readonly days: readonly number[];
}

/** Pauses, so that others are served. */
export async function computeSpan(question: TimeQuery, span: DateSpan): Promise<ComputedSpan> {
  const { person, rule, filter } = question;
  const { dates, bounds } = await splitDaysInTurns(span, question);
  const tallies = await tallyInTurns(person.beats, rule, { bounds, ...filter });
  const days = tallies.map(({ contexts }) => contexts.amounts.reduce((sum, one) => sum + one, 0));
  return { all: groupTallies(person.beats, tallies), bounds, dates, days };
}

/** @param computed of the range's span, or of all time */
export function computeStats(question: TimeQuery, range: StatsRange, { all, bounds, dates, days }: ComputedSpan) {
  const { person, zone, rule, timeout, project, moment } = question;
  const { settings } = person;
  const span = range.span ?? allTimeSpan(question);
  const worked = days.filter((sum) => sum > 0).length;
  const average = (sum: number): number => (worked === 0 ? 0 : Math.round(toSeconds(sum) / worked));
  const [total, totalWithOther] = [toSeconds(all.total - all.other), toSeconds(all.total)];
  const [mean, meanWithOther] = [average(all.total - all.other), average(all.total)];
  const most = days.reduce((best, sum, index) => (sum > (days[best] ?? 0) ? index : best), 0);
  const best = toSeconds(days[most] ?? 0);
  const describe = describer(person.beats, settings.prices);
  const [linesOf, usageOf] = [all.linesBy('projects'), all.usageBy('projects')];
  const [created, modified] = [formatIso(person.created * 1_000), formatIso(moment)];
  return {
    id: derivedUuid(['stats', person.account, range.name]),
    user_id: person.id,
    username: person.account,
    range: range.name,
    human_readable_range: range.label,
    start: formatIso(bounds[0] ?? 0),
    end: formatIsoEnd(bounds.at(-1) ?? 0),
    timezone: zone,
    timeout,
    writes_only: rule.writesOnly,
    project: project === '' ? null : project,
    status: 'ok',
    is_up_to_date: true,
    is_up_to_date_pending_future: false,
    percent_calculated: 100,
    is_already_updating: false,
    is_stuck: false,
    is_cached: false,
    is_including_today: range.includesToday,
    total_seconds: total,
    total_seconds_including_other_language: totalWithOther,
    human_readable_total: formatMinutes(total),
    human_readable_total_including_other_language: formatMinutes(totalWithOther),
    daily_average: mean,
    daily_average_including_other_language: meanWithOther,
    human_readable_daily_average: formatMinutes(mean),
    human_readable_daily_average_including_other_language: formatMinutes(meanWithOther),
    ...describeLines(all.lines()),
    ...describe(all.usage(), all.lines()),
    holidays: dates.length - worked,
    days_including_holidays: dates.length,
    days_minus_holidays: worked,
    best_day: {
      id: derivedUuid(['day', person.account, dates[most]]),
      date: dates[most] ?? span.first,
      text: formatMinutes(best),
      total_seconds: best,
      created_at: formatIso(bounds[most] ?? 0),
      modified_at: modified,
    },
    categories: items(all.rows('categories')),
    projects: items(all.rows('projects')).map((item) => ({
      ...item,
      ...describeLines(linesOf.get(item.name)),
      ...describe(usageOf.get(item.name) ?? new UsageSum(), linesOf.get(item.name)),
    })),
    languages: items(all.rows('languages')),
    editors: items(all.rows('editors')),
    operating_systems: items(all.rows('operating_systems')),
    dependencies: items(all.rows('dependencies')),
    machines: items(all.rows('machines')).map((item) => ({ ...item, machine_name_id: machineId(item.name) })),
    is_coding_activity_visible: settings.shares.time,
    is_language_usage_visible: settings.shares.languages,
    is_editor_usage_visible: settings.shares.editors,
    is_category_usage_visible: settings.shares.categories,
    is_os_usage_visible: settings.shares.systems,
    is_other_usage_visible: settings.shares.languages,
    created_at: created,
    modified_at: modified,
  };
}

/**
 * The part of stats that anyone may see. Lists that are not shared are empty, not missing. If the time is not shared, lists have names
 * and percentages only. AI usage and costs are never shared.
 */
export function sharedStats(all: ReturnType<typeof computeStats>, { person }: TimeQuery) {
  const { shares } = person.settings;
  const hidden = {
    total_seconds: 0,
    total_seconds_including_other_language: 0,
    human_readable_total: '',
    human_readable_total_including_other_language: '',
    daily_average: 0,
    daily_average_including_other_language: 0,
    human_readable_daily_average: '',
    human_readable_daily_average_including_other_language: '',
    best_day: { ...all.best_day, text: '', total_seconds: 0 },
    ...describeLines(),
  };
  const list = <T extends { readonly name: string; readonly percent: number }>(
    isShared: boolean,
    its: readonly T[],
  ) => {
    if (!isShared) return [];
    return shares.time ? its : its.map(({ name, percent: part }) => ({ name, percent: part }));
  };
  const ai = noAiMetrics();
  return {
    ...all,
    ...(shares.time ? {} : hidden),
    ...ai,
    categories: list(shares.categories, all.categories),
    projects: list(
      shares.projects,
      all.projects.map((project) => ({ ...project, ...ai })),
    ),
    languages: list(shares.languages, all.languages),
    editors: list(shares.editors, all.editors),
    operating_systems: list(shares.systems, all.operating_systems),
    dependencies: [],
    machines: [],
  };
}

export async function allTimeSinceToday(question: TimeQuery) {
  const { rule, timeout, zone } = question;
  const span = allTimeSpan(question);
  const { all, bounds, days } = await computeSpan(question, span);
  const total = toSeconds(all.total);
  const worked = days.filter((sum) => sum > 0).length;
  const { decimal, digital, text } = formatTime(total);
  return {
    decimal,
    digital,
    text,
    total_seconds: total,
    daily_average: worked === 0 ? 0 : Math.round(total / worked),
    is_up_to_date: true,
    percent_calculated: 100,
    timeout,
    writes_only: rule.writesOnly,
    range: {
      start: formatIso(bounds[0] ?? 0),
      start_date: span.first,
      start_text: formatDate(span.first),
      end: formatIsoEnd(bounds.at(-1) ?? 0),
      end_date: span.last,
      end_text: formatDate(span.last),
      timezone: zone,
    },
  };
}

function items(rows: readonly NamedSum[]) {
  const whole = totalOf(rows);
  return rows.map(({ name, sum }) => ({ name, ...formatTime(toSeconds(sum)), percent: percentOf(sum, whole) }));
}
