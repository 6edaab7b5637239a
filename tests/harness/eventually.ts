// Waits in tests for an effect of another process, a socket or a browser. After the deadline the wait fails with an error that names
// the missing effect; jest's own time limit would name only the test.

const PAUSE_MS = 15;

export interface Eventually {
  /** Milliseconds until the wait fails; less than the test's own limit, so that the reason is printed. */
  readonly deadlineMs?: number;
  /** Returns the current state, which the error shows. */
  readonly instead?: () => unknown;
}

type NotYet = false | undefined | null;

/**
 * Calls `check` until it returns something other than `false`, `undefined` or `null`. A check that throws, such as a failed
 * `expect` or a refused connection, is called again.
 * @param why the awaited effect, as a phrase that completes "waited for …"
 * @returns the result of the last check
 * @throws after the deadline, with `why`, and the error of the last check as its cause
 */
export async function eventually<T>(
  check: () => T | NotYet | Promise<T | NotYet>,
  why: string,
  { deadlineMs = 40_000, instead }: Eventually = {},
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await within(check(), end);
      if (answer !== false && answer !== undefined && answer !== null) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) throw new Error(failure(why, deadlineMs, cause, instead), { cause });
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/**
 * Awaits one promise that may never be settled.
 * @param why the awaited effect, as a phrase that completes "waited for …"
 * @throws the promise's own error, or, after the deadline, an error with `why`
 */
export async function arrival<T>(promise: Promise<T>, why: string, options: Eventually = {}): Promise<T> {
  const { deadlineMs = 40_000, instead } = options;
  let settled = false;
  const watched = promise.finally(() => {
    settled = true;
  });
  try {
    return await within(watched, performance.now() + deadlineMs);
  } catch (error) {
    if (settled) throw error;
    throw new Error(failure(why, deadlineMs, undefined, instead), { cause: error });
  }
}

async function within<T>(answer: T | Promise<T>, end: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error('there was no answer')), Math.max(0, end - performance.now()));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function failure(why: string, deadlineMs: number, cause: unknown, instead: (() => unknown) | undefined): string {
  const error = cause instanceof Error ? `; the last error: ${cause.message}` : '';
  const shown = instead === undefined ? '' : `; instead there is ${JSON.stringify(instead())}`;
  return `waited ${deadlineMs / 1_000} s for ${why}${error}${shown}`;
}
