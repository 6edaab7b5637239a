// One day as stretches of work, sliced by whatever is asked for. From a Question to the value that goes out as JSON.

import type { Context } from '../index/columns.ts';
import { sayLines } from '../index/line-counts.ts';
import { boundsOf, iso, isoEnd, readDate } from '../model/calendar.ts';
import { secondsOf } from '../model/format-time.ts';
import { uuidOf } from '../model/heartbeat.ts';
import { sumUsage, UsageSum } from './ai-metrics.ts';
import { stretches } from './durations-algorithm.ts';
import { type Dimension, namesOf } from './names.ts';
import { type Asked, type Question, wrong } from './query.ts';
import { describer, machineId } from './summaries.ts';

/** How each slice is called in the query, in the answer, and in the lists; entities are in none. */
const slices: readonly (readonly [string, string, Dimension | 'entity'])[] = [
  ['project', 'project', 'projects'],
  ['entity', 'entity', 'entity'],
  ['language', 'language', 'languages'],
  ['dependencies', 'dependencies', 'dependencies'],
  ['os', 'operating_system', 'operating_systems'],
  ['operating_system', 'operating_system', 'operating_systems'],
  ['editor', 'editor', 'editors'],
  ['category', 'category', 'categories'],
  ['machine', 'machine', 'machines'],
  ['branch', 'branch', 'branches'],
];

export interface DayOfDurations {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly branches: readonly string[];
  /** Projects have none here. */
  readonly color: null;
  readonly start: string;
  readonly end: string;
  readonly timezone: string;
}

export function durations(question: Question): Asked<DayOfDurations> {
  const { person, query, zone, rule, now, filter, branches } = question;
  const date = readDate(query.get('date') ?? '', now, zone);
  if (date === undefined) return wrong('date is required: YYYY-MM-DD');
  const said = query.get('slice_by') || 'project';
  const found = slices.find(([name]) => name === said);
  if (found === undefined) return wrong(`slice_by must be one of ${slices.map(([name]) => name).join(', ')}`);
  const [, field, dimension] = found;
  const [from = 0, to = 0] = boundsOf([date], zone);
  const names = namesOf(person.beats);
  const describe = describer(person.beats, person.settings.prices);
  const wish = { from, to, ...filter };
  const slice = (context: Context, entity: string) =>
    dimension === 'entity' ? [entity] : names.labels(context)[dimension];
  const all = stretches(person.beats, rule, { ...wish, slice });
  const seen = stretches(person.beats, rule, { ...wish, slice: (context) => names.labels(context).branches });
  return {
    ok: true,
    value: {
      data: all.map(({ value, context, begin, end, lines, usage }) => ({
        id: uuidOf(['duration', person.account, field, value, begin]),
        project: names.labels(context).projects[0],
        time: secondsOf(begin),
        duration: secondsOf(end - begin),
        color: null,
        ...sayLines(lines),
        ...describe(sumUsage([usage], () => ['']).get('') ?? new UsageSum(), lines),
        // Documented for long, and null in WakaTime's own answers.
        lineno: null,
        cursorpos: null,
        user_id: person.id,
        machine_name_id: machineId(names.labels(context).machines[0] ?? ''),
        created_at: iso(end),
        [field]: value,
        ...(field === 'operating_system' ? { os: value } : {}),
        ...(field === 'machine' ? { machine_name_id: machineId(value) } : {}),
      })),
      branches: branches.length > 0 ? branches : [...new Set(seen.map(({ value }) => value))].sort(),
      color: null,
      start: iso(from),
      end: isoEnd(to),
      timezone: zone,
    },
  };
}
