// Insights: one aspect of a range at a time, for heat maps and weekday charts. From a Question to the value that goes out as JSON.

import { sayLines } from '../index/line-counts.ts';
import { iso, isoEnd, type StatsRange, weekdayOf } from '../model/calendar.ts';
import { coarseText, secondsOf } from '../model/format-time.ts';
import { tally } from './durations-algorithm.ts';
import { type Grouped, groupTallies, type Row } from './group-by.ts';
import { dimensions } from './names.ts';
import { type Asked, type Days, daysOf, type Question, wrong } from './query.ts';
import { allTime } from './stats.ts';
import { machineId } from './summaries.ts';

const otherNames = new Map([['weekdays', 'weekday']]);
const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

export function insight(question: Question, said: string, range: StatsRange): Asked<object> {
  const { person, rule, zone, filter, timeout, moment } = question;
  const days = daysOf(range.span ?? allTime(question), question);
  const { dates, bounds } = days;
  const tallies = tally(person.beats, rule, { bounds, ...filter });
  const byDay = tallies.map((one) => groupTallies(person.beats, [one]));
  const type = otherNames.get(said) ?? said;
  if (weekdayAsked(question.query) === null) return wrong('weekday is a name, or 0 to 6 from Monday on');
  const found = inner(question, type, days, byDay, (dimension) => groupTallies(person.beats, tallies).rows(dimension));
  if (found === undefined) return wrong('no such insight', 404);
  const value = {
    [said]: found,
    range: range.name,
    human_readable_range: range.spoken,
    status: 'ok',
    is_including_today: range.includesToday,
    is_up_to_date: true,
    is_up_to_date_pending_future: false,
    is_stuck: false,
    is_already_updating: false,
    percent_calculated: 100,
    start: iso(bounds[0] ?? 0),
    end: isoEnd(bounds.at(-1) ?? 0),
    timezone: zone,
    timeout,
    writes_only: rule.writesOnly,
    user_id: person.id,
    created_at: iso(person.created * 1_000),
    modified_at: iso(moment),
    days_including_holidays: dates.length,
  };
  return { ok: true, value: { data: value } };
}

function inner(question: Question, type: string, { dates }: Days, byDay: readonly Grouped[], rows: Grouped['rows']) {
  const named = (list: readonly Row[]) => list.map(({ name, sum }) => ({ name, total_seconds: secondsOf(sum) }));
  const all = dates.map((date, index) => ({ date, day: byDay[index], total: secondsOf(byDay[index]?.total ?? 0) }));
  const worked = all.filter(({ total }) => total > 0);
  switch (type) {
    case 'days': {
      const wanted = weekdayAsked(question.query);
      return all
        .filter(({ date }) => wanted === undefined || weekdayOf(date) === wanted)
        .map(({ date, day, total }) => ({
          date,
          total,
          categories: (day?.rows('categories') ?? []).map(({ name, sum }) => ({ name, total: secondsOf(sum) })),
        }));
    }
    case 'ai_days':
      return all.map(({ date, day, total }) => ({ date, total, ...sayLines(day?.lines()) }));
    case 'weekday':
      return weekdays.map((name) => {
        const those = all.filter(({ date }) => weekdayOf(date) === name);
        const total = those.reduce((sum, one) => sum + one.total, 0);
        const average = those.length === 0 ? 0 : Math.round(total / those.length);
        return {
          name,
          total,
          average,
          human_readable_total: coarseText(total),
          human_readable_average: coarseText(average),
        };
      });
    case 'best_day': {
      const best = all.reduce((most, one) => (one.total > most.total ? one : most), all[0] ?? { date: '', total: 0 });
      return { date: best.date, total_seconds: best.total, text: coarseText(best.total) };
    }
    case 'daily_average': {
      const total = worked.reduce((sum, one) => sum + one.total, 0);
      const seconds = worked.length === 0 ? 0 : Math.round(total / worked.length);
      // Nobody else is asked for theirs.
      return { current_user: { seconds, text: coarseText(seconds) }, all_users: null };
    }
    case 'machines':
      return named(rows('machines')).map((row) => ({ machine_name_id: machineId(row.name), ...row }));
  }
  const dimension = dimensions.find((name) => name === type);
  return dimension === undefined ? undefined : named(rows(dimension));
}

/** A name, whole or its first letters, or 0 to 6; undefined when none was said, null for what is none. */
function weekdayAsked(query: URLSearchParams): string | undefined | null {
  const said = query.get('weekday') ?? '';
  if (said === '') return undefined;
  const name = weekdays.find((one) => said.length > 2 && one.toLowerCase().startsWith(said.toLowerCase()));
  return weekdays[Number(said)] ?? name ?? null;
}
