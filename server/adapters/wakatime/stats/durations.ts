// One day as blocks of work, sliced by the field that the query names.

import type { HeartbeatContext } from '../index/columns.ts';
import { describeLines } from '../index/line-counts.ts';
import { dayBounds, formatIso, formatIsoEnd, readDate } from '../model/calendar.ts';
import { toSeconds } from '../model/format-time.ts';
import { derivedUuid } from '../model/heartbeat.ts';
import { sumUsage, UsageSum } from './ai-metrics.ts';
import { joinBlocks } from './durations-algorithm.ts';
import { type Dimension, namesOf } from './names.ts';
import { failure, type QueryOutcome, type TimeQuery } from './query.ts';
import { describer, machineId } from './summaries.ts';

/** The name of each slice in the query, its name in the answer, and its dimension. Entities are not a dimension. */
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
  /** Projects have no colour here. */
  readonly color: null;
  readonly start: string;
  readonly end: string;
  readonly timezone: string;
}

export function listDurations(question: TimeQuery): QueryOutcome<DayOfDurations> {
  const { person, query, zone, rule, now, filter, branches } = question;
  const date = readDate(query.get('date') ?? '', now, zone);
  if (date === undefined) return failure('date is required: YYYY-MM-DD');
  const input = query.get('slice_by') || 'project';
  const slicing = slices.find(([name]) => name === input);
  if (slicing === undefined) return failure(`slice_by must be one of ${slices.map(([name]) => name).join(', ')}`);
  const [, field, dimension] = slicing;
  const [from = 0, to = 0] = dayBounds([date], zone);
  const names = namesOf(person.beats);
  const describe = describer(person.beats, person.settings.prices);
  const wish = { from, to, ...filter };
  const slice = (context: HeartbeatContext, entity: string) =>
    dimension === 'entity' ? [entity] : names.labels(context)[dimension];
  const all = joinBlocks(person.beats, rule, { ...wish, slice });
  const byBranch = joinBlocks(person.beats, rule, { ...wish, slice: (context) => names.labels(context).branches });
  return {
    ok: true,
    value: {
      data: all.map(({ value, context, begin, end, lines, usage }) => ({
        id: derivedUuid(['duration', person.account, field, value, begin]),
        project: names.labels(context).projects[0],
        time: toSeconds(begin),
        duration: toSeconds(end - begin),
        color: null,
        ...describeLines(lines),
        ...describe(sumUsage([usage], () => ['']).get('') ?? new UsageSum(), lines),
        // WakaTime documents it, and its own answers have null.
        lineno: null,
        cursorpos: null,
        user_id: person.id,
        machine_name_id: machineId(names.labels(context).machines[0] ?? ''),
        created_at: formatIso(end),
        [field]: value,
        ...(field === 'operating_system' ? { os: value } : {}),
        ...(field === 'machine' ? { machine_name_id: machineId(value) } : {}),
      })),
      branches: branches.length > 0 ? branches : [...new Set(byBranch.map(({ value }) => value))].sort(),
      color: null,
      start: formatIso(from),
      end: formatIsoEnd(to),
      timezone: zone,
    },
  };
}
