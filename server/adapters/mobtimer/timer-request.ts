// What people ask of a room, as values: a timer or a break, a goal. Read tolerantly from whatever JSON came, be it a
// client's body or an item typed by hand, and clamped on the way in. Nothing is stored or shown here.

/** Minutes of a day: more is clamped to it. */
const mostMinutes = 1_440;
const longestGoal = 256;
/** What of a longer goal is kept, before its dots. */
const shortenedGoal = 252;
/** Clients of the original count in 64 bits; past them a number is a mistake. */
const widest = 2 ** 63;

export interface TimerRequest {
  readonly type: 'TIMER' | 'BREAKTIMER';
  /** Whole minutes, 0 to 1440; 0 stops. */
  readonly minutes: number;
  /** As it was sent: null (nobody said) is not '' (without a name). */
  readonly user: string | null;
  readonly nextUser: string | null;
  /** Milliseconds since 1970, by the hub's clock. */
  readonly at: number;
}

export interface Goal {
  readonly text: string | null;
  readonly user: string | null;
  readonly at: number;
}

/** `empty`: well formed, and asks for nothing. `wrong`: not to be understood. */
export type Asked<T> = { readonly asks: 'something'; readonly value: T } | { readonly asks: 'empty' | 'wrong' };

const wrong = { asks: 'wrong' } as const;

/** `timer` wins over `breaktimer`, but both must be numbers if they are there. */
export function readTimer(body: unknown): Asked<Pick<TimerRequest, 'type' | 'minutes' | 'user'>> {
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

/** '' is a goal; null is none. */
export function readGoal(body: unknown): Asked<{ readonly text: string; readonly user: string | null }> {
  const fields = fieldsOf(body);
  if (fields === undefined) return wrong;
  const text = readText(fields.get('goal'));
  const user = readText(fields.get('user'));
  if (text === undefined || user === undefined) return wrong;
  return text === null ? { asks: 'empty' } : { asks: 'something', value: { text: shorten(text), user } };
}

/** Who deletes a goal: all that such a body says. */
export function readUser(body: unknown): Asked<{ readonly user: string | null }> {
  const fields = fieldsOf(body);
  const user = readText(fields?.get('user'));
  return fields === undefined || user === undefined ? wrong : { asks: 'something', value: { user } };
}

export function shorten(goal: string): string {
  return goal.length > longestGoal ? `${goal.slice(0, shortenedGoal)}...` : goal;
}

/** A Map, because foreign keys never index an object of ours. */
export function fieldsOf(body: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  return new Map(Object.entries(body));
}

/** null: nothing was said. undefined: no number. */
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
