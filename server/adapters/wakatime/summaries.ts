// Days as `summaries` and the status bar tell them. From a Question to the value that goes out as JSON; no requests here, and no
// adding up.

import { decimal, digital, fineAmount, fineText, grandAmount, percent, secondsOf } from './amount.ts';
import { addDays, iso, isoEnd, type Span, spoken } from './calendar.ts';
import { type Tally, tally } from './credit.ts';
import { fold, type Row, sorted, totalOf } from './fold.ts';
import { uuidOf } from './heartbeat.ts';
import { daysOf, type Question } from './question.ts';

export function summaries(question: Question, span: Span) {
  const { person, rule, zone, fits, project, branches } = question;
  const { dates, bounds } = daysOf(span, zone);
  const entities = project !== '';
  const tallies = tally(person.beats, rule, { bounds, entities, ...(fits === undefined ? {} : { fits }) });
  const data = tallies.map((one, index) =>
    dayOf(question, one, dates[index] ?? '', bounds[index] ?? 0, bounds[index + 1] ?? 0),
  );
  const [all, worked] = [fold(person.beats, tallies), tallies.filter((one) => one.contexts.codes.length > 0).length];
  const average = (sum: number): number => (worked === 0 ? 0 : Math.round(secondsOf(sum) / worked));
  const [total, mean, meanWithOther] = [secondsOf(all.total), average(all.total - all.other), average(all.total)];
  return {
    data,
    start: iso(bounds[0] ?? 0),
    end: isoEnd(bounds.at(-1) ?? 0),
    cumulative_total: { seconds: total, text: fineText(total), decimal: decimal(total), digital: digital(total) },
    daily_average: {
      holidays: dates.length - worked,
      days_including_holidays: dates.length,
      days_minus_holidays: worked,
      seconds: mean,
      text: fineText(mean),
      seconds_including_other_language: meanWithOther,
      text_including_other_language: fineText(meanWithOther),
    },
    ...(project === '' ? {} : { available_branches: all.rows('branches').map(({ name }) => name), branches }),
  };
}

/** Today, for the bar at the bottom of an editor. */
export function statusBar(question: Question) {
  const { person, rule, zone, now, moment } = question;
  const { dates, bounds } = daysOf({ first: now.today, last: now.today }, zone);
  const [today] = tally(person.beats, rule, { bounds });
  const nothing = { codes: [], amounts: [] };
  const empty: Tally = { contexts: nothing, entities: nothing };
  const data = dayOf(question, today ?? empty, dates[0] ?? '', bounds[0] ?? 0, bounds[1] ?? 0);
  return { cached_at: iso(moment), has_team_features: false, data: { ...data, has_team_features: false } };
}

function dayOf(question: Question, one: Tally, date: string, begins: number, ends: number) {
  const { person, zone, now, project } = question;
  const { beats } = person;
  const { total, rows } = fold(beats, [one]);
  const { today } = now;
  const paths = one.entities.codes.map((code, index) => ({
    name: beats.entities[code] ?? '',
    sum: one.entities.amounts[index] ?? 0,
  }));
  return {
    grand_total: grandAmount(secondsOf(total)),
    categories: items(rows('categories')),
    projects: items(rows('projects')).map((item) => ({ ...item, color: null })),
    languages: items(rows('languages')),
    editors: items(rows('editors')),
    operating_systems: items(rows('operating_systems')),
    dependencies: items(rows('dependencies')),
    machines: items(rows('machines')).map((item) => ({ ...item, machine_name_id: machineId(item.name) })),
    ...(project === '' ? {} : { branches: items(rows('branches')), entities: items(sorted(paths)) }),
    range: {
      date,
      start: iso(begins),
      end: isoEnd(ends),
      text: date === today ? 'Today' : date === addDays(today, -1) ? 'Yesterday' : spoken(date),
      timezone: zone,
    },
  };
}

function items(rows: readonly Row[]) {
  const whole = totalOf(rows);
  return rows.map(({ name, sum }) => ({ name, ...fineAmount(secondsOf(sum)), percent: percent(sum, whole) }));
}

export function machineId(name: string): string {
  return uuidOf(['machine', name]);
}
