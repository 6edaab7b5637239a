// Long computations pause here between their steps, so that the requests of others are answered meanwhile.

let last: Promise<void> = Promise.resolve();

/**
 * Resolves in a later turn of the event loop. Of all that wait, one goes on in each turn: however many long computations run, a small
 * request waits for one step at most.
 */
export function nextTurn(): Promise<void> {
  last = last.then(() => new Promise((resolve) => setImmediate(resolve)));
  return last;
}

/** Runs a computation that yields where it may be paused: each part in a turn of its own. */
export async function inTurns<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}
