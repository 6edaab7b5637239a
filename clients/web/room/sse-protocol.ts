// Parses the events of the hub's stream into values, and builds the bodies of the page's requests. No network. A malformed event becomes
// undefined.

export type Kind = 'turn' | 'break';

/** One started turn or break. `minutes` is 0 for a stop. */
export interface Entry {
  readonly key: string;
  readonly kind: Kind;
  readonly minutes: number;
  /** Hub time of the start, milliseconds since 1970. */
  readonly start: number;
  /** '' if the request named no user. */
  readonly user: string;
  /** The person who is next; '' if there is none. */
  readonly next: string;
}

export interface RoomGoal {
  readonly text: string;
  readonly user: string;
}

/** Who has the room open. */
export interface HereInRoom {
  readonly people: number;
  /** Accounts; empty for a viewer who has not signed in. */
  readonly names: readonly string[];
}

export type News =
  | { readonly type: 'history'; readonly entries: readonly (Entry | 'reset')[] }
  | { readonly type: 'timer'; readonly entry: Entry | 'reset' }
  | { readonly type: 'goal'; readonly goal: RoomGoal | undefined }
  | { readonly type: 'here'; readonly here: HereInRoom }
  | { readonly type: 'alive' };

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function entryOf(value: unknown): Entry | 'reset' | undefined {
  if (!isFields(value)) return undefined;
  const { timer, requested, user, nextUser, type } = value;
  if (typeof timer !== 'number') return undefined;
  if (timer === 0 && typeof user !== 'string') return 'reset';
  const start = Date.parse(textOf(requested));
  if (Number.isNaN(start)) return undefined;
  const kind = type === 'BREAKTIMER' ? 'break' : 'turn';
  const name = textOf(user);
  return {
    key: JSON.stringify([requested, kind, timer, name]),
    kind,
    minutes: timer,
    start,
    user: name,
    next: textOf(nextUser),
  };
}

/** @param event the stream's event name; unknown ones give undefined */
export function newsOf(event: string, data: string): News | undefined {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (event === 'KEEP_ALIVE') return { type: 'alive' };
  if (event === 'GOAL_REQUEST' && isFields(value)) {
    const goal = value['goal'];
    return { type: 'goal', goal: typeof goal === 'string' ? { text: goal, user: textOf(value['user']) } : undefined };
  }
  if (event === 'PRESENCE' && isFields(value)) {
    const { people, accounts } = value;
    const names = Array.isArray(accounts) ? accounts.map(String) : [];
    return typeof people === 'number' ? { type: 'here', here: { people, names } } : undefined;
  }
  if (event === 'TIMER_REQUEST') {
    const entry = entryOf(value);
    return entry === undefined ? undefined : { type: 'timer', entry };
  }
  if (event === 'INITIAL_HISTORY' && Array.isArray(value)) {
    const entries = value.map(entryOf).filter((entry) => entry !== undefined);
    return { type: 'history', entries };
  }
  return undefined;
}

export function startBody(kind: Kind, minutes: number, user: string): string {
  return JSON.stringify(kind === 'turn' ? { timer: minutes, user } : { breaktimer: minutes, user });
}
