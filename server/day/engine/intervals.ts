// Sets of moments as sorted lists of half-open intervals that neither overlap nor touch. Whole microseconds since 1970.

export type DayInterval = readonly [from: number, to: number];
export type DayIntervals = readonly DayInterval[];

/** The set of all moments of some intervals, which may come in any order, overlap, touch and be empty. */
export function uniteIntervals(intervals: Iterable<DayInterval>): DayIntervals {
  const sorted: DayInterval[] = [];
  let isSorted = true;
  let before = Number.NEGATIVE_INFINITY;
  for (const interval of intervals) {
    if (interval[1] <= interval[0]) continue;
    if (interval[0] < before) isSorted = false;
    before = interval[0];
    sorted.push(interval);
  }
  if (!isSorted) sorted.sort((a, b) => a[0] - b[0]);
  const united: DayInterval[] = [];
  for (const [from, to] of sorted) {
    const last = united.at(-1);
    if (last === undefined || from > last[1]) united.push([from, to]);
    else if (to > last[1]) united[united.length - 1] = [last[0], to];
  }
  return united;
}

export function intersectIntervals(one: DayIntervals, other: DayIntervals): DayIntervals {
  const common: DayInterval[] = [];
  let [a, b] = [0, 0];
  for (let x = one[a], y = other[b]; x !== undefined && y !== undefined; x = one[a], y = other[b]) {
    const from = Math.max(x[0], y[0]);
    const to = Math.min(x[1], y[1]);
    if (to > from) common.push([from, to]);
    if (x[1] <= y[1]) a += 1;
    else b += 1;
  }
  return common;
}

/** The moments of the first that are not in the second. */
export function subtractIntervals(from: DayIntervals, taken: DayIntervals): DayIntervals {
  const left: DayInterval[] = [];
  let at = 0;
  for (const [begin, end] of from) {
    let start = begin;
    while (at > 0 && (taken[at - 1]?.[1] ?? 0) > start) at -= 1;
    for (let cut = taken[at]; cut !== undefined && cut[0] < end; cut = taken[at]) {
      if (cut[0] > start) left.push([start, cut[0]]);
      start = Math.max(start, cut[1]);
      if (cut[1] > end) break;
      at += 1;
    }
    if (start < end) left.push([start, end]);
  }
  return left;
}

/** Microseconds. */
export function lengthOf(intervals: DayIntervals): number {
  let sum = 0;
  for (const [from, to] of intervals) sum += to - from;
  return sum;
}

/** True if a moment is in the set. */
export function containsMoment(intervals: DayIntervals, moment: number): boolean {
  let [low, high] = [0, intervals.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((intervals[middle]?.[1] ?? 0) <= moment) low = middle + 1;
    else high = middle;
  }
  const found = intervals[low];
  return found !== undefined && found[0] <= moment;
}
