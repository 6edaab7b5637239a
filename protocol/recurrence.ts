// Recurring tasks (rules N3 of README.md): the forms of `every:`, when a task is due again, and the task that follows a done one. Two
// devices that complete the same task while they are apart make the same next task, because its index follows from the index of the done
// one (docs/decisions/0014).

import { type PlainTask, plainFields } from './plain.ts';
import { planningOf } from './planning.ts';
import { type Civil, daysIn, type Zone } from './zone.ts';

const weekdays = 'monday tuesday wednesday thursday friday saturday sunday'.split(' ');
const adverbs = new Map([
  ['daily', 'day'],
  ['weekly', 'week'],
  ['monthly', 'month'],
  ['yearly', 'year'],
]);

export type Recurrence =
  | {
      readonly kind: 'period';
      readonly days: number;
      readonly months: number;
      /** The day of the month that a short month cuts; undefined if the due date says it. */
      readonly monthDay: number | undefined;
      /** Counted from when the task was done, not from its due date. */
      readonly afterDone: boolean;
    }
  /** Monday is 0. */
  | { readonly kind: 'weekdays'; readonly days: ReadonlySet<number> };

const periodForm = /^(\d{1,3})?(d|w|mo|y|day|week|month|year)s?(?:\/(\d{1,2}))?(-after-done)?$/;

/** N3.1. @returns undefined if the text is no recurrence */
export function parseEvery(text: string): Recurrence | undefined {
  const word = adverbs.get(text.toLowerCase()) ?? text.toLowerCase();
  if (word === 'weekday' || word === 'weekdays') return { kind: 'weekdays', days: new Set([0, 1, 2, 3, 4]) };
  const days = word.split(',').map(weekdayOf);
  if (days.every((day) => day !== undefined)) return { kind: 'weekdays', days: new Set(days) };
  const [whole, digits = '1', unit = '', day, afterDone] = periodForm.exec(word) ?? [];
  const count = Number(digits);
  const monthDay = day === undefined ? undefined : Number(day);
  if (whole === undefined || count === 0 || (monthDay !== undefined && (monthDay < 1 || monthDay > 31)))
    return undefined;
  const letter = unit[0];
  const inMonths = letter === 'm' || letter === 'y';
  if (monthDay !== undefined && (!inMonths || afterDone !== undefined)) return undefined;
  return {
    kind: 'period',
    days: inMonths ? 0 : count * (letter === 'w' ? 7 : 1),
    months: inMonths ? count * (letter === 'y' ? 12 : 1) : 0,
    monthDay,
    afterDone: afterDone !== undefined,
  };
}

/** @returns 0 for Monday; undefined for a word that is no day of the week */
export function weekdayOf(word: string): number | undefined {
  const at = weekdays.findIndex((name) => name === word || name.slice(0, 3) === word);
  return at === -1 ? undefined : at;
}

/** Monday is 0. */
export function weekdayIn({ year, month, day }: Pick<Civil, 'year' | 'month' | 'day'>): number {
  return (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
}

/**
 * N3.4: writes the day of the month into a recurrence by months whose due date is on a day that some months lack, so that a short month
 * does not move it for good.
 */
export function anchorEvery(every: string, due: number, zone: Zone): string {
  const parsed = parseEvery(every);
  if (parsed?.kind !== 'period' || parsed.months === 0 || parsed.afterDone || parsed.monthDay !== undefined)
    return every;
  const { day } = zone.civil(due);
  return due !== 0 && day > 28 ? `${every}/${day}` : every;
}

/**
 * N3.2 to N3.4: when a task that recurs is due again.
 * @param due seconds since 1970; 0 if it had no due date
 * @param done seconds since 1970: when it was done
 */
export function nextDue(recurrence: Recurrence, due: number, done: number, zone: Zone): number {
  const from = due === 0 ? done : due;
  const wall = zone.civil(from);
  const seconds = from - zone.moment(wall);
  const at = (civil: Civil) => zone.moment(civil) + seconds;
  const later = Math.max(due, done);
  if (recurrence.kind === 'weekdays') {
    // From the day before the later of the two, so that an hour that the clock skips cannot hide a day.
    const start = { ...zone.civil(later), hour: wall.hour, minute: wall.minute };
    for (let ahead = 0; ; ahead += 1) {
      const day = addDays(start, ahead);
      if (recurrence.days.has(weekdayIn(day)) && at(day) > later) return at(day);
    }
  }
  if (recurrence.afterDone)
    return at({ ...step(zone.civil(done), recurrence, 1), hour: wall.hour, minute: wall.minute });
  for (let count = firstCount(recurrence, from, later); ; count += 1) {
    const moment = at(step(wall, recurrence, count));
    if (moment > later) return moment;
  }
}

/** A number of periods that does not lead beyond `later`: a task that is done years late takes no longer. */
function firstCount(
  { days, months }: { readonly days: number; readonly months: number },
  from: number,
  later: number,
): number {
  const longest = (days + months * 31 + 1) * 86_400;
  return Math.max(1, Math.floor((later - from) / longest));
}

/** @param count how many periods */
function step(
  { year, month, day, hour, minute }: Civil,
  { days, months, monthDay }: Extract<Recurrence, { kind: 'period' }>,
  count: number,
): Civil {
  if (months === 0) return addDays({ year, month, day, hour, minute }, days * count);
  const at = month - 1 + months * count;
  const [inYear, inMonth] = [year + Math.floor(at / 12), (at % 12) + 1];
  return { year: inYear, month: inMonth, day: Math.min(monthDay ?? day, daysIn(inYear, inMonth)), hour, minute };
}

/** @param days may be negative */
export function addDays({ year, month, day, hour, minute }: Civil, days: number): Civil {
  const date = new Date(Date.UTC(year, month - 1, day + days));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), hour, minute };
}

const repetitionForm = /^(.*)~(\d{1,9})$/s;

/** True if a task with this index was made when the task before it was done. */
export function isRepetition(index: string): boolean {
  return repetitionForm.test(index);
}

/** N3.5: the index of the task that follows: `k~2` after `k`, `k~3` after `k~2`. */
export function nextIndex(index: string): string {
  const [, root = index, count = '1'] = repetitionForm.exec(index) ?? [];
  // `#` ends the secret in the indexes of some clients.
  return `${root.replaceAll('#', '.')}~${Number(count) + 1}`;
}

/** The index of the first task of a series. */
export function seriesOf(index: string): string {
  return (repetitionForm.exec(index)?.[1] ?? index).replaceAll('#', '.');
}

/** The number of a task in its series; the first is 1. */
export function placeInSeries(index: string): number {
  return Number(repetitionForm.exec(index)?.[2] ?? 1);
}

/** Fields of Taskwarrior that belong to one task of a series only. */
const ofOneTask = 'annotations depends entry modified imask mask parent recur rtype last'.split(' ');

/**
 * N3.5: the task that follows a done one.
 * @param id for the new task
 * @returns undefined if the task does not recur, or is not done
 */
export function nextTask(
  task: PlainTask,
  id: number,
  zone: Zone,
  index = nextIndex(task.index),
): PlainTask | undefined {
  const recurrence = task.every === undefined ? undefined : parseEvery(task.every);
  if (recurrence === undefined || task.done === 0) return undefined;
  const due = nextDue(recurrence, task.due, task.done, zone);
  const from = task.due === 0 ? task.done : task.due;
  const move = (moment: number | undefined) =>
    moment === undefined ? undefined : moveWithDue(moment, from, due, zone);
  const { desc, tags, priority, project, every, zone: zoneName } = task;
  const taskwarrior = Object.entries(task.taskwarrior ?? {}).filter(([field]) => !ofOneTask.includes(field));
  return {
    index,
    id,
    desc,
    tags,
    active: 0,
    last_active: 0,
    due,
    done: 0,
    worktime: 0,
    ...planningOf({ priority, project, every, zone: zoneName, wait: move(task.wait), scheduled: move(task.scheduled) }),
    ...(taskwarrior.length === 0 ? {} : { taskwarrior: Object.fromEntries(taskwarrior) }),
  };
}

/** Moves a date by as many days as the due date, and keeps its time of day. */
function moveWithDue(moment: number, from: number, to: number, zone: Zone): number {
  const day = (at: number) => {
    const { year, month, day } = zone.civil(at);
    return Date.UTC(year, month - 1, day) / 86_400_000;
  };
  const wall = zone.civil(moment);
  return zone.moment(addDays(wall, day(to) - day(from))) + (moment - zone.moment(wall));
}

/** True if nobody has changed a task since `nextTask` made it. */
export function isUntouched(task: PlainTask, made: PlainTask): boolean {
  const { notes = [], needs = [] } = task;
  return (
    notes.length === 0 &&
    needs.length === 0 &&
    plainFields.every((field) => field === 'id' || JSON.stringify(task[field]) === JSON.stringify(made[field])) &&
    (['priority', 'project', 'wait', 'scheduled', 'every'] as const).every((field) => task[field] === made[field])
  );
}
