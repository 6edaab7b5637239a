// Insights: one aspect of a range at a time, for heat maps and weekday charts.

import { nextTurn } from '../../../core/next-turn.ts';
import { describeLines } from '../index/line-counts.ts';
import { formatIso, formatIsoEnd, type StatsRange, weekdayOf } from '../model/calendar.ts';
import { formatMinutes, toSeconds } from '../model/format-time.ts';
import type { Tally } from './durations-algorithm.ts';
import { type Grouped, groupTallies, type NamedSum } from './group-by.ts';
import { type Dimension, dimensions } from './names.ts';
import { failure, type QueryOutcome, type SplitDays, splitDaysInTurns, type TimeQuery } from './query.ts';
import { allTimeSpan } from './stats.ts';
import { machineId } from './summaries.ts';
import { tallyInTurns } from './tally-in-turns.ts';

const otherNames = new Map([['weekdays', 'weekday']]);
const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

export async function computeInsight(
  question: TimeQuery,
  input: string,
  range: StatsRange,
): Promise<QueryOutcome<object>> {
  const { person, rule, zone, filter, timeout, moment } = question;
  const days = await splitDaysInTurns(range.span ?? allTimeSpan(question), question);
  const { dates, bounds } = days;
  const tallies = await tallyInTurns(person.beats, rule, { bounds, ...filter });
  const type = otherNames.get(input) ?? input;
  if (parseWeekday(question.query) === null) return failure('weekday is a name, or 0 to 6 from Monday on');
  const aspect = await computeAspect(question, type, days, tallies);
  if (aspect === undefined) return failure('no such insight', 404);
  const value = {
    [input]: aspect,
    range: range.name,
    human_readable_range: range.label,
    status: 'ok',
    is_including_today: range.includesToday,
    is_up_to_date: true,
    is_up_to_date_pending_future: false,
    is_stuck: false,
    is_already_updating: false,
    percent_calculated: 100,
    start: formatIso(bounds[0] ?? 0),
    end: formatIsoEnd(bounds.at(-1) ?? 0),
    timezone: zone,
    timeout,
    writes_only: rule.writesOnly,
    user_id: person.id,
    created_at: formatIso(person.created * 1_000),
    modified_at: formatIso(moment),
    days_including_holidays: dates.length,
  };
  return { ok: true, value: { data: value } };
}

/** Days that are described without a pause. */
const daysAtOnce = 100;

/** @param tallies of the days */
async function computeAspect(question: TimeQuery, type: string, { dates }: SplitDays, tallies: readonly Tally[]) {
  const { beats } = question.person;
  const rows = (dimension: Dimension) => groupTallies(beats, tallies).rows(dimension);
  const namedSums = (list: readonly NamedSum[]) =>
    list.map(({ name, sum }) => ({ name, total_seconds: toSeconds(sum) }));
  const describeDays = async <T>(describe: (date: string, day: Grouped) => T): Promise<readonly T[]> => {
    const described: T[] = [];
    for (const [index, date] of dates.entries()) {
      if (index > 0 && index % daysAtOnce === 0) await nextTurn();
      described.push(describe(date, groupTallies(beats, tallies.slice(index, index + 1))));
    }
    return described;
  };
  const all = await describeDays((date, day) => ({ date, total: toSeconds(day.total) }));
  const worked = all.filter(({ total }) => total > 0);
  switch (type) {
    case 'days': {
      const wanted = parseWeekday(question.query);
      const days = await describeDays((date, { total, rows }) => ({
        date,
        total: toSeconds(total),
        categories: rows('categories').map(({ name, sum }) => ({ name, total: toSeconds(sum) })),
      }));
      return days.filter(({ date }) => wanted === undefined || weekdayOf(date) === wanted);
    }
    case 'ai_days':
      return describeDays((date, { total, lines }) => ({ date, total: toSeconds(total), ...describeLines(lines()) }));
    case 'weekday':
      return weekdays.map((name) => {
        const those = all.filter(({ date }) => weekdayOf(date) === name);
        const total = those.reduce((sum, one) => sum + one.total, 0);
        const average = those.length === 0 ? 0 : Math.round(total / those.length);
        return {
          name,
          total,
          average,
          human_readable_total: formatMinutes(total),
          human_readable_average: formatMinutes(average),
        };
      });
    case 'best_day': {
      const best = all.reduce((most, one) => (one.total > most.total ? one : most), all[0] ?? { date: '', total: 0 });
      return { date: best.date, total_seconds: best.total, text: formatMinutes(best.total) };
    }
    case 'daily_average': {
      const total = worked.reduce((sum, one) => sum + one.total, 0);
      const seconds = worked.length === 0 ? 0 : Math.round(total / worked.length);
      // The average of all users would need the data of other accounts.
      return { current_user: { seconds, text: formatMinutes(seconds) }, all_users: null };
    }
    case 'machines':
      return namedSums(rows('machines')).map((row) => ({ machine_name_id: machineId(row.name), ...row }));
  }
  const dimension = dimensions.find((name) => name === type);
  return dimension === undefined ? undefined : namedSums(rows(dimension));
}

/** The weekday of the query, by name, its first letters, or 0 to 6; undefined when there is none, null for an unknown one. */
function parseWeekday(query: URLSearchParams): string | undefined | null {
  const input = query.get('weekday') ?? '';
  if (input === '') return undefined;
  const name = weekdays.find((one) => input.length > 2 && one.toLowerCase().startsWith(input.toLowerCase()));
  return weekdays[Number(input)] ?? name ?? null;
}
