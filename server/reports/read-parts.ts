// Reads the merged days of accounts as the parts of a report: each stretch of one thing, with the titles and tags that the token may read.

import { isEntryItem } from '../../protocol/day.ts';
import { isRecord } from '../../protocol/json.ts';
import { plainOf } from '../../protocol/plain.ts';
import type { DayAnswer } from '../day/account-days.ts';
import type { DaySegment } from '../day/engine/answer.ts';
import type { MergedDays } from '../day/merged-days.ts';
import type { ReportedTask, TimePart } from './report.ts';

/** The test for the channels of an account that somebody may read; called with the name of a channel without the account. */
export interface AccountReader {
  readonly account: string;
  /** Of the evidence that days are made of. */
  readonly mayReadDays: (channel: string) => boolean;
  /** Of titles, tags, projects and settings. */
  readonly mayRead: (channel: string) => boolean;
}

/** A stretch of presence in which nothing changes that a report shows. */
export interface TimeStretch {
  /** Microseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly project: string | null;
  readonly task: ReportedTask | null;
  readonly tags: readonly string[];
  /** The text of the entry by hand that it is; '' without one. */
  readonly text: string;
}

export interface StretchedDay {
  readonly date: string;
  readonly stretches: readonly TimeStretch[];
  readonly without: readonly string[];
}

/** Titles and tags by the keys of tasks and entries. */
export interface TimeLabels {
  readonly tasks: ReadonlyMap<string, ReportedTask & { readonly tags: readonly string[] }>;
  readonly entries: ReadonlyMap<string, { readonly text: string; readonly tags: readonly string[] }>;
}

export async function readLabels(days: MergedDays, { account, mayRead }: AccountReader): Promise<TimeLabels> {
  const itemsOf = async (channel: string): Promise<readonly (readonly [string, unknown])[]> => {
    if (!mayRead(channel)) return [];
    const { items } = await (await days.hub.cachedChannel(`${account}/${channel}`)).settled();
    return [...items.values()].map(({ key, value }) => [key, JSON.parse(value)] as const);
  };
  const tasks = (await itemsOf('tasks')).flatMap(([key, value]) => {
    if (!isRecord(value)) return [];
    const { id, desc, tags } = plainOf(key, value);
    return [[key, { key, id, title: desc, tags }] as const];
  });
  const entries = (await itemsOf('entries')).flatMap(([key, value]) =>
    isEntryItem(value) ? [[key, { text: value.text ?? '', tags: value.tags ?? [] }] as const] : [],
  );
  return { tasks: new Map(tasks), entries: new Map(entries) };
}

export async function readDay(
  days: MergedDays,
  { account, mayReadDays }: AccountReader,
  date: string,
  labels: TimeLabels,
): Promise<StretchedDay> {
  const answer = await days.of(account).days.day({ date, mayRead: mayReadDays });
  return { date, stretches: stretchesOf(answer, labels), without: answer.without };
}

/** Neighbours that differ in their evidence alone are one stretch. */
export function stretchesOf({ segments }: Pick<DayAnswer, 'segments'>, labels: TimeLabels): readonly TimeStretch[] {
  const stretches: TimeStretch[] = [];
  let name = '';
  for (const segment of segments) {
    const labelled = labelOf(segment, labels);
    const before = stretches.at(-1);
    const own = JSON.stringify(labelled);
    if (before?.to === segment.from && own === name) stretches[stretches.length - 1] = { ...before, to: segment.to };
    else stretches.push({ from: segment.from, to: segment.to, ...labelled });
    name = own;
  }
  return stretches;
}

/** Time on a task has the task's tags, time of an entry the entry's: the same as in `kronos day by:tag`. */
function labelOf({ project, task, evidence }: DaySegment, labels: TimeLabels): Omit<TimeStretch, 'from' | 'to'> {
  const [winner] = evidence;
  const entries = winner?.channel === 'entries' ? winner.keys.flatMap((key) => labels.entries.get(key) ?? []) : [];
  const text = entries.find((entry) => entry.text !== '')?.text ?? '';
  if (task === null) return { project, task: null, tags: uniqueSorted(entries.flatMap(({ tags }) => tags)), text };
  const { id = 0, title = '', tags = [] } = labels.tasks.get(task) ?? {};
  return { project, task: { key: task, id, title }, tags: uniqueSorted(tags), text };
}

function uniqueSorted(tags: readonly string[]): readonly string[] {
  return [...new Set(tags)].sort();
}

/** The parts of a day: stretches of one project, task and set of tags together. */
export function partsOf(person: string, { date: day, stretches }: StretchedDay): readonly TimePart[] {
  const parts = new Map<string, TimePart & { readonly stretches: number[] }>();
  for (const { from, to, project, task, tags } of stretches) {
    const key = JSON.stringify([project, task?.key ?? null, tags]);
    const known = parts.get(key);
    if (known === undefined) parts.set(key, { person, day, project, task, tags, stretches: [to - from] });
    else known.stretches.push(to - from);
  }
  return [...parts.values()];
}
