// Which questions there are, as pure functions of what is stored: absence, running tasks, answers. So a restart of the hub loses none and
// doubles none.

import type { AnsweredQuestionItem, QuestionView } from '../../../protocol/day-questions.ts';
import { readInput } from '../engine/devices.ts';
import type { DayEvent } from '../engine/evidence.ts';
import { type DayInterval, type DayIntervals, subtractIntervals, uniteIntervals } from '../engine/intervals.ts';

/** A task that runs; microseconds since 1970. */
export interface RunningTask {
  readonly key: string;
  readonly desc: string;
  readonly started: number;
}

/** An answer with the span of its question. */
export interface GivenAnswer {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly item: AnsweredQuestionItem;
}

/**
 * When nobody was at any device. An absence holds until its device says something else, because a device that sleeps says nothing; a
 * device without a word takes nothing from the others. What devices say about the future counts for nothing.
 * @param events of AFK sources
 */
export function awayStretches(events: readonly DayEvent[], idle: number, now: number): DayIntervals {
  const past = events.filter(({ from }) => from < now).map((event) => ({ ...event, to: Math.min(event.to, now) }));
  const reports = [...readInput(past).values()];
  const absent = reports.flatMap(({ input, absent: own }): DayInterval[] =>
    own.map(([from, to]) => [from, nextStart([...input, ...own], to) ?? now]),
  );
  const present = uniteIntervals(reports.flatMap(({ input }) => input));
  return subtractIntervals(uniteIntervals(absent), present).filter(([from, to]) => to - from > idle);
}

function nextStart(spans: DayIntervals, moment: number): number | undefined {
  const later = spans.map(([from]) => from).filter((from) => from >= moment);
  return later.length === 0 ? undefined : Math.min(...later);
}

export interface QuestionFacts {
  readonly tasks: readonly RunningTask[];
  readonly away: DayIntervals;
  readonly answers: readonly GivenAnswer[];
  readonly idle: number;
  readonly now: number;
  /** The end of the day to which a moment belongs. */
  readonly endOfDay: (moment: number) => number;
  readonly isOn: (kind: QuestionView['kind']) => boolean;
}

/** Questions about running tasks that nobody has answered. */
export function taskQuestions(facts: QuestionFacts): readonly QuestionView[] {
  return facts.tasks.flatMap((task) => {
    const idle = facts.isOn('idle') ? idleQuestions(task, facts) : [];
    const left = facts.isOn('left_running') ? leftRunning(task, idle, facts) : [];
    return [...idle, ...left];
  });
}

function idleQuestions({ key, desc, started }: RunningTask, facts: QuestionFacts): readonly QuestionView[] {
  const { away, answers, idle, now } = facts;
  return away.flatMap(([begin, end]): QuestionView[] => {
    const from = Math.max(begin, started);
    if (end - from <= idle) return [];
    // Late evidence may move a stretch, and an absence may go on after its answer: one absence is one question.
    const isAnswered = answers.some(
      (given) => given.item.kind === 'idle' && isOfRun(given, key, started) && given.from < end && given.to > from,
    );
    if (isAnswered) return [];
    const name = `idle ${key} ${Math.floor(from / 1_000_000)}`;
    const to = end >= now ? null : end;
    return [{ key: name, kind: 'idle', task: key, desc, from, to, answers: ['stop', 'keep', 'split'] }];
  });
}

function leftRunning(
  { key, desc, started }: RunningTask,
  idle: readonly QuestionView[],
  { answers, now, endOfDay }: QuestionFacts,
): readonly QuestionView[] {
  const from = endOfDay(started);
  if (from > now) return [];
  // A question about the same moment is asked already, or answered.
  const isAsked = idle.some((one) => one.from <= from && (one.to ?? now) >= from);
  const isAnswered = answers.some((given) => isOfRun(given, key, started) && given.from <= from && given.to >= from);
  if (isAsked || isAnswered) return [];
  const name = `left_running ${key} ${Math.floor(started / 1_000_000)}`;
  return [{ key: name, kind: 'left_running', task: key, desc, from, to: null, answers: ['stop', 'keep'] }];
}

function isOfRun({ item }: GivenAnswer, task: string, started: number): boolean {
  return item.task === task && item.started === started;
}
