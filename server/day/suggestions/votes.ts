// The votes for a project in one stretch of unassigned time, each with its weight and the items that it comes from. A weight is
// microseconds of the stretch for which it speaks.

import type { DayReason, DaySegment, MergedDay } from '../engine/answer.ts';
import type { DayEvent } from '../engine/evidence.ts';
import type { ClueFinder, TextClue } from './clues.ts';
import type { UnassignedStretch } from './stretches.ts';
import type { WordModel } from './words.ts';

export type VoteKind = 'task id' | 'alias' | 'task' | 'goal' | 'neighbour' | 'words';

export interface Vote {
  readonly kind: VoteKind;
  readonly project: string;
  readonly task: string | null;
  readonly weight: number;
  /** The matching text: a part of a title, words, a task's description. */
  readonly text: string;
  readonly field: TextClue['field'] | null;
  readonly channel: string;
  readonly keys: readonly string[];
  /** When it began, in microseconds. */
  readonly at: number;
}

export interface VoteContext {
  readonly finder: ClueFinder;
  readonly model: WordModel;
  /** The name of the project that an alias means. */
  readonly projectOf: (name: string) => string;
}

const second = 1_000_000;
const minute = 60 * second;
/** A mark lasts nothing, and still its text was seen. */
const markWeight = second;
/** A task counts as just stopped, and a mob turn as near, for that long. */
const nearTask = 2 * minute;
const nearTurn = 5 * minute;
/** Assigned time that near a stretch is its neighbour. */
const nearTime = 15 * minute;
/** A task or a goal beside a stretch speaks for at most that much of it. */
const mostBeside = 10 * minute;

/** The sources that name a project or a task: in texts, a task that was just stopped, a room's goal. */
export function factVotes(
  stretch: UnassignedStretch,
  events: readonly DayEvent[],
  { finder, projectOf }: Pick<VoteContext, 'finder' | 'projectOf'>,
): readonly Vote[] {
  const votes: Vote[] = [];
  for (const { event, from, to } of stretch.items) {
    if (event.lane === 'task' || event.lane === 'mob') continue;
    const clues = finder.of(event.facts).filter(({ project }) => project !== null);
    const weight = Math.max(to - from, markWeight) / Math.max(1, new Set(clues.map(({ project }) => project)).size);
    const { channel, key } = event;
    const met = new Set<string | null>();
    for (const { kind, project, task, text, field } of clues) {
      if (project === null) continue;
      // A text that names a project twice speaks once; the id of a task comes first.
      if (met.has(project)) continue;
      met.add(project);
      votes.push({ kind, project: projectOf(project), task, weight, text, field, channel, keys: [key], at: from });
    }
  }
  const beside = Math.min(stretch.time, mostBeside) / 2;
  for (const event of events) {
    const { lane, facts, channel, key } = event;
    if (lane === 'task' && isNear(event.to - stretch.from, nearTask) && facts.project !== undefined) {
      const { task = null, title = '' } = facts;
      const project = projectOf(facts.project);
      votes.push({
        kind: 'task',
        project,
        task,
        weight: beside,
        text: title,
        field: null,
        channel,
        keys: [key],
        at: event.from,
      });
    }
    if (lane !== 'mob') continue;
    if (!isNear(event.to - stretch.from, nearTurn) && !isNear(event.from - stretch.to, nearTurn)) continue;
    const { title = '', project: room } = facts;
    const named = finder.inText(title).find(({ project }) => project !== null);
    const project = named?.project ?? room;
    if (project === undefined) continue;
    const text = title === '' ? (room ?? '') : title;
    const task = named?.task ?? null;
    const vote = {
      project: projectOf(project),
      task,
      weight: beside,
      text,
      field: null,
      channel,
      keys: [key],
      at: event.from,
    };
    votes.push({ kind: 'goal', ...vote });
  }
  return votes;
}

function isNear(distance: number, most: number): boolean {
  return distance >= -most && distance <= most;
}

/** Words that were seen almost only with one project. */
export function wordVotes(stretch: UnassignedStretch, { finder, model }: VoteContext): readonly Vote[] {
  return stretch.items.flatMap(({ event, from, to }): Vote[] => {
    if (event.lane === 'task' || event.lane === 'mob' || finder.of(event.facts).length > 0) return [];
    const lean = model.lean(event.facts);
    if (lean === undefined) return [];
    const { channel, key } = event;
    const weight = Math.max(to - from, markWeight);
    const base = { project: lean.project, task: null, weight, field: null, channel, keys: [key], at: from };
    return [{ kind: 'words', ...base, text: lean.words.join(' ') }];
  });
}

/** The projects of the assigned time just before and just after. */
export function neighbourVotes({ from, to, time }: UnassignedStretch, { segments }: MergedDay): readonly Vote[] {
  const before = neighbourWithin(segments, from - nearTime, from);
  const after = neighbourWithin(segments, to, to + nearTime);
  const isBetween = before?.project === after?.project;
  const weight = Math.min(time, 30 * minute) * (isBetween ? 0.35 : 0.25);
  return [before, after].flatMap((segment): Vote[] => {
    const [reason]: readonly DayReason[] = segment?.evidence ?? [];
    if (segment === undefined || segment.project === null || reason === undefined) return [];
    const { project } = segment;
    const { channel, keys } = reason;
    return [
      { kind: 'neighbour', project, task: null, weight, text: project, field: null, channel, keys, at: segment.from },
    ];
  });
}

/** Of the project with most time between two moments, its longest segment. */
function neighbourWithin(segments: readonly DaySegment[], from: number, to: number): DaySegment | undefined {
  const times = new Map<string, number>();
  const longest = new Map<string, { readonly segment: DaySegment; readonly time: number }>();
  for (const segment of segments) {
    const time = Math.min(to, segment.to) - Math.max(from, segment.from);
    if (time <= 0 || segment.project === null || segment.bridged) continue;
    times.set(segment.project, (times.get(segment.project) ?? 0) + time);
    if (time > (longest.get(segment.project)?.time ?? 0)) longest.set(segment.project, { segment, time });
  }
  const [best] = [...times].sort(([, a], [, b]) => b - a);
  return best === undefined ? undefined : longest.get(best[0])?.segment;
}
