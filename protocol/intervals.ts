// The intervals of work on a task, as values: their text form in a task, their sum, and the merge of two devices (rules T of README.md).
// docs/decisions/0015-intervals-in-the-task.md says why they are a text in the task.

/** A stretch of work. Seconds since 1970; `to` is after `from`. A task has at most one that begins at a moment. */
export interface WorkInterval {
  readonly from: number;
  readonly to: number;
}

const form = /^(\d{1,12})\+(\d{1,9})$/;

/**
 * Parses `1795852800+4500 1795860000+600`: the beginning and the length of each interval, in seconds (T1).
 * @param text a value from the wire: anything else than such words is left out
 * @returns in order of time
 */
export function parseIntervals(text: unknown): readonly WorkInterval[] {
  if (typeof text !== 'string' || text === '') return [];
  const found: WorkInterval[] = [];
  for (const word of text.split(' ')) {
    const [, from, length] = form.exec(word) ?? [];
    if (from !== undefined && Number(length) > 0) found.push({ from: Number(from), to: Number(from) + Number(length) });
  }
  return inOrder(found);
}

/** @returns the text form, in order of time; '' without intervals */
export function formatIntervals(intervals: readonly WorkInterval[]): string {
  return inOrder(intervals)
    .map(({ from, to }) => `${from}+${to - from}`)
    .join(' ');
}

/** Sorts intervals. Of those with one beginning, the longest counts. */
function inOrder(intervals: readonly WorkInterval[]): readonly WorkInterval[] {
  const ends = new Map<number, number>();
  let isSorted = true;
  let last = -1;
  for (const { from, to } of intervals) {
    if (from <= last) isSorted = false;
    last = from;
    ends.set(from, Math.max(to, ends.get(from) ?? 0));
  }
  if (isSorted) return intervals;
  return [...ends].map(([from, to]) => ({ from, to })).sort((one, other) => one.from - other.from);
}

/** @returns seconds */
export function sumOf(intervals: readonly WorkInterval[]): number {
  return intervals.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** Joins intervals that overlap: lists of starts and stops cannot show them. Those that only touch stay two. */
export function withoutOverlaps(intervals: readonly WorkInterval[]): readonly WorkInterval[] {
  const joined: WorkInterval[] = [];
  for (const interval of inOrder(intervals)) {
    const last = joined.at(-1);
    if (last === undefined || interval.from >= last.to) joined.push(interval);
    else joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, interval.to) };
  }
  return joined;
}

/** The intervals that an edit removes and adds. A changed end is both. */
export interface IntervalEdit {
  readonly removed: readonly WorkInterval[];
  readonly added: readonly WorkInterval[];
}

export function intervalEdit(before: readonly WorkInterval[], after: readonly WorkInterval[]): IntervalEdit {
  const [old, recent] = [endsOf(before), endsOf(after)];
  return {
    removed: before.filter(({ from, to }) => recent.get(from) !== to),
    added: after.filter(({ from, to }) => old.get(from) !== to),
  };
}

function endsOf(intervals: readonly WorkInterval[]): ReadonlyMap<number, number> {
  return new Map(intervals.map(({ from, to }) => [from, to]));
}

/**
 * Applies an edit to intervals that may have changed since (T3): what it adds is there afterwards, and what it takes away is not, unless
 * somebody changed that interval. Of two intervals with one beginning the later end stays: two devices that stop one start make one
 * interval.
 */
export function applyIntervalEdit(
  current: readonly WorkInterval[],
  { removed, added }: IntervalEdit,
): readonly WorkInterval[] {
  if (removed.length === 0 && added.length === 0) return current;
  const gone = endsOf(removed);
  return inOrder([...current.filter(({ from, to }) => gone.get(from) !== to), ...added]);
}

/**
 * Pairs lists of starts and stops, as kronos.vim of 2019 has them. Lists of several devices may have been merged: a start while the task
 * runs and a stop while it does not change nothing.
 * @returns the intervals, and the start that has no stop; 0 without one. In the unit of the lists
 */
export function pairMoments(
  start: readonly number[],
  stop: readonly number[],
): { readonly intervals: readonly WorkInterval[]; readonly open: number } {
  const [starts, stops] = [new Set(start), new Set(stop)];
  const moments = [...new Set([...starts, ...stops])].filter((at) => at > 0).sort((one, other) => one - other);
  const intervals: WorkInterval[] = [];
  let open = 0;
  for (const at of moments) {
    if (open === 0) {
      // A start and a stop at one moment are no work.
      if (!stops.has(at)) open = at;
    } else if (stops.has(at)) {
      intervals.push({ from: open, to: at });
      open = starts.has(at) ? at : 0;
    }
  }
  return { intervals, open };
}
