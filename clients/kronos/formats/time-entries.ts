// Entries of time trackers: an interval with a text, tags and a project. Here an interval belongs to a task, so entries of the same text, tags and
// project become the intervals of one task; one that is here already gets those that it lacks.

import { formatIntervals, parseIntervals, sumOf, type WorkInterval } from '../../../protocol/intervals.ts';
import { type PlainTask, workOf } from '../../../protocol/plain.ts';
import { isProject, planningOf, projectOf } from '../../../protocol/planning.ts';
import { projectTag } from '../../../protocol/project-tag.ts';
import { editIntervals } from '../../../protocol/task-intervals.ts';
import { hashName, type ImportNotice, type ParsedTasks, toTag } from './format.ts';

export interface TimeEntry {
  readonly line: number;
  /** Seconds since 1970; `to` is after `from`. */
  readonly from: number;
  readonly to: number;
  readonly desc: string;
  readonly tags: readonly string[];
  readonly project: string;
}

/** An entry of a file, or why it is none. */
export type ReadEntry = { readonly ok: true; readonly entry: TimeEntry } | { readonly ok: false; notice: ImportNotice };

export const noText = '(no description)';

/** Tasks with the intervals of the entries. They are done: a time tracker does not say what is still to do. */
export function tasksOfEntries(read: readonly ReadEntry[], others: readonly ImportNotice[] = []): ParsedTasks {
  const notices = [...others, ...read.flatMap((one) => (one.ok ? [] : [one.notice]))];
  const groups = new Map<string, TimeEntry[]>();
  const renamed = new Set<string>();
  for (const one of read) {
    if (!one.ok) continue;
    const { entry } = one;
    for (const name of entry.tags) {
      if (toTag(name) === name || renamed.has(name)) continue;
      renamed.add(name);
      const became =
        toTag(name) === '' ? 'has no character that a tag may have: it was left out' : `is ${toTag(name)} here`;
      notices.push({ line: entry.line, kind: 'incomplete', text: `the tag "${name}" ${became}` });
    }
    const key = JSON.stringify([entry.desc, entry.project, tagsOf(entry)]);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(entry);
  }
  return { tasks: [...groups].map(([key, entries]) => taskOf(key, entries)), notices };
}

function taskOf(key: string, entries: readonly TimeEntry[]): PlainTask {
  const [{ desc, project } = { desc: noText, project: '' }] = entries;
  const tags = entries[0] === undefined ? [] : tagsOf(entries[0]);
  const intervals = parseIntervals(formatIntervals(entries));
  const last = intervals.reduce((latest, { to }) => Math.max(latest, to), 0);
  return {
    index: `time-${hashName(key)}`,
    id: 0,
    desc,
    tags,
    active: 0,
    last_active: last,
    due: 0,
    done: last,
    worktime: sumOf(intervals),
    intervals: formatIntervals(intervals),
    ...planningOf(isProject(project) ? { project } : {}),
  };
}

function tagsOf({ tags, project }: TimeEntry): readonly string[] {
  const own = tags.map(toTag).filter((tag) => tag !== '');
  const ofProject = project === '' ? '' : isProject(project) ? projectTag(project) : toTag(project);
  return [...new Set([...own, ...(ofProject === '' ? [] : [ofProject])])].sort();
}

/**
 * The task that entries of a file belong to: the one that an import made before, or one of the same text and project. An open task comes before
 * one that is done.
 */
export function findTimedTask(read: PlainTask, tasks: readonly PlainTask[]): PlainTask | undefined {
  const same = tasks.filter(({ desc, ...one }) => desc === read.desc && (one.project ?? '') === (read.project ?? ''));
  return (
    tasks.find(({ index }) => index === read.index) ??
    same.find((task) => task.tags.toSorted().join() === read.tags.toSorted().join()) ??
    same.find(({ done }) => done === 0)
  );
}

/** Intervals of a task of a file that the task here does not have. */
export function missingIntervals(read: PlainTask, known: PlainTask | undefined): readonly WorkInterval[] {
  const own = known === undefined ? [] : workOf(known).intervals;
  return parseIntervals(read.intervals).filter(({ from, to }) => !own.some((one) => one.from === from && one.to >= to));
}

export function withMissing(known: PlainTask, missing: readonly WorkInterval[]): PlainTask {
  return missing.length === 0 ? known : editIntervals(known, { removed: [], added: missing });
}

/** The intervals of all tasks, in order of time. */
export function entriesOf(tasks: readonly PlainTask[]): readonly TimeEntry[] {
  const entries = tasks.flatMap((task) => {
    const project = projectOf(task) ?? '';
    const ofProject = project === '' ? '' : projectTag(project);
    const tags = task.tags.filter((tag) => tag !== ofProject);
    return workOf(task).intervals.map(({ from, to }) => ({ line: 0, from, to, desc: task.desc, tags, project }));
  });
  return entries.sort((a, b) => a.from - b.from || a.to - b.to);
}
