// How a row says that its client did something wrong, or that it cannot run here.

/** A tool that a row needs is not installed. The message says which. */
export class Missing extends Error {}

/** Fails the row with `why` unless `holds`. */
export function check(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Error(why);
}

/** Fails the row unless both are the same JSON. */
export function checkEqual(found: unknown, wanted: unknown, what: string): void {
  const [is, should] = [JSON.stringify(found), JSON.stringify(wanted)];
  check(is === should, `${what} is ${is} and should be ${should}`);
}
