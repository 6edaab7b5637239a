// Long computations that may be paused: generators that yield where others may have their turn. A yield says nothing: its caller goes on
// at once (`finish`), or in a later turn of the event loop. No dependencies, because clients merge too.

/** Steps between two pauses; a step is for example one task compared with one of its values. Together they take some milliseconds. */
export const stepSize = 128;

/** Counts what is done since the last pause. */
export class Pace {
  #done = 0;

  /** Counts `work` more. @returns true if it is time to pause */
  isDue(work = 1): boolean {
    this.#done += work;
    if (this.#done < stepSize) return false;
    this.#done = 0;
    return true;
  }
}

/** Like `map`, with pauses. @param workOf what one element costs */
export function* mapInSteps<T, U>(
  all: Iterable<T>,
  make: (one: T) => U,
  workOf: (one: T) => number = () => 1,
): Generator<void, U[]> {
  const pace = new Pace();
  const made: U[] = [];
  for (const one of all) {
    if (pace.isDue(workOf(one))) yield;
    made.push(make(one));
  }
  return made;
}

/**
 * Like `filter`, with pauses.
 * @param workOf what one element costs
 * @param pace of a computation that this is a part of
 */
export function* filterInSteps<T>(
  all: Iterable<T>,
  fits: (one: T) => boolean,
  workOf: (one: T) => number = () => 1,
  pace = new Pace(),
): Generator<void, T[]> {
  const found: T[] = [];
  for (const one of all) {
    if (pace.isDue(workOf(one))) yield;
    if (fits(one)) found.push(one);
  }
  return found;
}

/** Runs a computation without pauses. */
export function finish<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
