// The content of the page of a day beside its timeline: the sentence, the bars of the projects, the stretches without one, the notes. Functions
// of the hub's answer; nothing here adds up time that the answer has as a number.

import type { MergedDayView } from '../../../protocol/day-answer.ts';
import type { TextKey } from '../languages/en.ts';
import type { Texts } from '../languages/languages.ts';
import { figure, partsOf, plain, type SentencePart } from '../shared/sentence.ts';
import { apportionMinutes, type TimeFormat } from '../shared/time-format.ts';

const minute = 60_000_000;
/** Breaks that are listed one by one. */
const mostBreaks = 3;
/** Unassigned stretches shorter than this are in the table alone. */
export const shortestUnassigned = 3 * minute;
/** Unassigned stretches that have a row of their own. */
const mostUnassigned = 6;

export interface ViewContext {
  readonly texts: Texts;
  readonly format: TimeFormat;
  /** Microseconds since 1970. */
  readonly now: number;
}

export function isRunning({ from, to }: Pick<MergedDayView, 'from' | 'to'>, now: number): boolean {
  return now >= from && now < to;
}

/** The day in a sentence or three: how long, for what, from when, which breaks. */
export function sentenceOf(day: MergedDayView, context: ViewContext): readonly SentencePart[] {
  const { texts, format, now } = context;
  const { total, first, last, agent } = day;
  const agents = agent === 0 ? '' : format.duration(agent);
  if (total === 0 || first === null || last === null) {
    if (agent > 0) return partsOf(texts, 'sentence.agents-alone', { agent: figure(agents) });
    return [plain(texts.text(isRunning(day, now) ? 'empty.today' : 'empty.past'))];
  }
  const most = day.projects.find(({ project, time }) => project !== null && time > 0)?.project ?? undefined;
  const tense = isRunning(day, now) ? 'now' : 'past';
  const key: TextKey = most === undefined ? `sentence.${tense}-unassigned` : `sentence.${tense}`;
  const values = {
    total: figure(format.duration(total)),
    project: { text: most ?? '', role: 'project' as const },
    first: plain(format.clock(first)),
    last: plain(format.clock(last)),
  };
  return [
    ...partsOf(texts, key, values),
    plain(` ${breaksOf(day.breaks, context)}`),
    ...(agent === 0 ? [] : [plain(' '), ...partsOf(texts, 'sentence.agents', { agent: figure(agents) })]),
  ];
}

function breaksOf(breaks: MergedDayView['breaks'], { texts, format }: ViewContext): string {
  const ranges = breaks.map(({ from, to }) => format.range(from, to));
  if (breaks.length === 0) return texts.text('sentence.no-breaks');
  if (breaks.length <= mostBreaks) {
    return texts.text(breaks.length === 1 ? 'sentence.breaks-one' : 'sentence.breaks-few', {
      breaks: format.list(ranges),
    });
  }
  const longest = breaks.reduce((most, one) => (one.to - one.from > most.to - most.from ? one : most));
  return texts.text('sentence.breaks-many', {
    count: breaks.length,
    longest: format.range(longest.from, longest.to),
  });
}

export interface ProjectBar {
  /** null is unassigned. */
  readonly project: string | null;
  /** Microseconds, as the hub says. */
  readonly time: number;
  /** Whole minutes: the bars add up to the shown total. */
  readonly minutes: number;
  /** 0 to 1, of the longest. */
  readonly share: number;
  /** Microseconds of agents. */
  readonly agent: number;
}

export function barsOf({ projects, total }: Pick<MergedDayView, 'projects' | 'total'>): readonly ProjectBar[] {
  const longest = Math.max(1, ...projects.map(({ time }) => time));
  const minutes = apportionMinutes(
    projects.map(({ time }) => time),
    total,
  );
  return projects
    .map(({ project, time, agent }, index) => ({
      project,
      time,
      minutes: minutes[index] ?? 0,
      share: time / longest,
      agent,
    }))
    .filter(({ time, agent }) => time > 0 || agent > 0);
}

export interface UnassignedRow {
  readonly from: number;
  readonly to: number;
  /** `window`, `laptop/window`: what was in front. */
  readonly lane: MergedDayView['segments'][number]['lane'];
  readonly source: string;
}

export interface UnassignedView {
  /** The longest, in their order of time. */
  readonly stretches: readonly UnassignedRow[];
  /** Stretches of the same length or longer that have no row. */
  readonly more: number;
  /** Stretches below `shortestUnassigned`. */
  readonly shorter: number;
}

export function unassignedOf({ segments }: Pick<MergedDayView, 'segments'>): UnassignedView {
  const stretches: { from: number; to: number; lane: UnassignedRow['lane']; source: string; own: number }[] = [];
  for (const { from, to, project, work, lane, source } of segments) {
    if (project !== null || !work) continue;
    const last = stretches.at(-1);
    if (last !== undefined && last.to === from) {
      last.to = to;
      if (to - from > last.own) Object.assign(last, { lane, source, own: to - from });
    } else stretches.push({ from, to, lane, source, own: to - from });
  }
  const long = stretches.filter(({ from, to }) => to - from >= shortestUnassigned);
  const longest = [...long].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, mostUnassigned);
  return {
    stretches: longest
      .sort((a, b) => a.from - b.from)
      .map(({ from, to, lane, source }) => ({ from, to, lane, source })),
    more: long.length - longest.length,
    shorter: stretches.length - long.length,
  };
}

export interface PeopleFigure {
  readonly label: TextKey;
  readonly hint: TextKey;
  /** Microseconds. */
  readonly time: number;
}

export function figuresOf(day: MergedDayView): readonly PeopleFigure[] {
  const all: readonly PeopleFigure[] = [
    { label: 'people.you', hint: 'people.you-hint', time: day.total },
    { label: 'people.not-work', hint: 'people.not-work-hint', time: day.not_work },
    { label: 'people.agent', hint: 'people.agent-hint', time: day.agent },
    { label: 'people.attended', hint: 'people.attended-hint', time: day.attended },
    { label: 'people.unattended', hint: 'people.unattended-hint', time: day.unattended },
  ];
  return all.filter(({ time }, index) => index === 0 || time > 0);
}

export function notesOf(day: MergedDayView, { texts, format }: ViewContext): readonly string[] {
  return [
    ...(day.without.length === 0 ? [] : [texts.text('note.without', { channels: format.list(day.without) })]),
    ...(day.final ? [texts.text('note.final')] : []),
    ...day.guesses.map(({ channel, device }) => texts.text('note.guess', { channel, device })),
  ];
}

/** Why a segment counts as what it counts as, in words. */
export function reasonOf(
  { rule, fact, bridged }: Pick<MergedDayView['segments'][number], 'rule' | 'fact' | 'bridged'>,
  texts: Texts,
): string {
  if (bridged) return texts.text('why.bridged');
  if (rule !== null) return texts.text('why.rule');
  if (fact === 'task') return texts.text('why.task');
  return texts.text(fact === null ? 'why.nothing' : 'why.fact');
}
