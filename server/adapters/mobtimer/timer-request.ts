// Reads what people ask of a room: a timer, a break, a goal. It accepts any JSON, from a client's body or from an item, and clamps numbers.

/** Minutes of a day: greater numbers are clamped to it. */
const mostMinutes = 1_440;
/** Characters of every text of a room: names and goals. */
export const longestText = 256;
/** A longer goal is cut to this many characters, before the dots. */
const shortenedGoal = 252;
/** The original's clients count in 64 bits; a greater number is an error. */
const widest = 2 ** 63;

export interface TimerRequest {
  readonly type: 'TIMER' | 'BREAKTIMER';
  /** Whole minutes, 0 to 1440; 0 stops the timer. */
  readonly minutes: number;
  /** As it was sent: null means that none was sent, '' is an empty name. */
  readonly user: string | null;
  readonly nextUser: string | null;
  /** Milliseconds since 1970 by the hub's clock. */
  readonly at: number;
}

export interface Goal {
  readonly text: string | null;
  readonly user: string | null;
  readonly at: number;
}

/** `empty`: well formed, and asks for nothing. `wrong`: cannot be understood. */
export type BodyReading<T> = { readonly asks: 'something'; readonly value: T } | { readonly asks: 'empty' | 'wrong' };

const wrong = { asks: 'wrong' } as const;

/** `timer` wins over `breaktimer`, but each must be a number if it is present. */
export function readTimer(body: unknown): BodyReading<Pick<TimerRequest, 'type' | 'minutes' | 'user'>> {
  const fields = fieldsOf(body);
  if (fields === undefined) return wrong;
  const timer = readMinutes(fields.get('timer'));
  const pause = readMinutes(fields.get('breaktimer'));
  const user = readText(fields.get('user'));
  if (timer === undefined || pause === undefined || user === undefined) return wrong;
  if (timer !== null) return { asks: 'something', value: { type: 'TIMER', minutes: timer, user } };
  if (pause !== null) return { asks: 'something', value: { type: 'BREAKTIMER', minutes: pause, user } };
  return { asks: 'empty' };
}

/** '' is a goal; null means no goal. */
export function readGoal(body: unknown): BodyReading<{ readonly text: string; readonly user: string | null }> {
  const fields = fieldsOf(body);
  if (fields === undefined) return wrong;
  const text = readText(fields.get('goal'));
  const user = readText(fields.get('user'));
  if (text === undefined || user === undefined) return wrong;
  return text === null ? { asks: 'empty' } : { asks: 'something', value: { text: shorten(text), user } };
}

/** The body of a request to delete the goal: only the user. */
export function readUser(body: unknown): BodyReading<{ readonly user: string | null }> {
  const fields = fieldsOf(body);
  const user = readText(fields?.get('user'));
  return fields === undefined || user === undefined ? wrong : { asks: 'something', value: { user } };
}

export function shorten(goal: string): string {
  return goal.length > longestText ? `${goal.slice(0, shortenedGoal)}...` : goal;
}

/** The fields of requests that are texts. A goal that is too long is cut, as in the original; these are refused. */
const namedTexts = ['user', 'nextUser'] as const;

/** @returns the name of a text field that is longer than `longestText`; undefined if there is none */
export function tooLongField(body: unknown): string | undefined {
  const fields = fieldsOf(body);
  return namedTexts.find((name) => (readText(fields?.get(name)) ?? '').length > longestText);
}

/** A Map, because foreign keys must never index an object of ours. */
export function fieldsOf(body: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  return new Map(Object.entries(body));
}

/** null: absent. undefined: not a number. */
function readMinutes(value: unknown): number | null | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return Math.abs(value) > widest ? undefined : clamp(Math.trunc(value));
  if (typeof value !== 'string') return undefined;
  const digits = value.trim();
  if (digits === '') return null;
  if (!/^[+-]?\d{1,30}$/.test(digits)) return undefined;
  return BigInt.asIntN(64, BigInt(digits.replace('+', ''))) === BigInt(digits.replace('+', ''))
    ? clamp(Number(digits))
    : undefined;
}

function clamp(minutes: number): number {
  return Math.min(Math.max(minutes, 0), mostMinutes);
}

export function readText(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
