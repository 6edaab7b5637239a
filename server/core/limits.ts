// The limits of accounts, channels, rooms, addresses and tokens: their names, their sizes, and the rates that are counted here. What is
// stored is counted in quotas.ts. Sizes that an administrator sets are items of `@hub/limits`, so every node follows them.

import { type ErrorCode, type Refusal, refuse } from '../../protocol/errors.ts';
import type { CachedChannel } from './cached-channel.ts';
import type { Hub } from './hub.ts';
import type { World } from './world.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
const mebi = 2 ** 20;
const gibi = 2 ** 30;

interface LimitRow {
  /** The size where no administrator has set another. */
  readonly size: number;
  readonly unit: 'bytes' | 'items' | 'channels' | 'tokens' | 'rooms' | 'accounts' | 'requests';
  /** Milliseconds in which so many are allowed; absent for what is stored. */
  readonly periodMs?: number;
  /** True if it can be set for one account alone. */
  readonly isOfAccount?: boolean;
  /** Completes "at most N <unit> …". */
  readonly about: string;
}

/** Sizes that no person, no client and no import of years reaches. */
export const limitTable = {
  account_bytes: { size: 20 * gibi, unit: 'bytes', isOfAccount: true, about: 'in all channels of an account' },
  account_items: { size: 50_000_000, unit: 'items', isOfAccount: true, about: 'in all channels of an account' },
  account_channels: { size: 20_000, unit: 'channels', isOfAccount: true, about: 'of an account' },
  account_tokens: { size: 10_000, unit: 'tokens', isOfAccount: true, about: 'of an account' },
  channel_bytes: { size: 10 * gibi, unit: 'bytes', isOfAccount: true, about: 'in one channel' },
  channel_items: { size: 20_000_000, unit: 'items', isOfAccount: true, about: 'in one channel' },
  rooms: { size: 10_000, unit: 'rooms', about: 'on the hub' },
  rooms_bytes: { size: gibi, unit: 'bytes', about: 'in all rooms' },
  room_bytes: { size: 2 * mebi, unit: 'bytes', about: 'in one room' },
  address_rooms: { size: 200, unit: 'rooms', periodMs: dayMs, about: 'made from one address' },
  address_room_bytes: { size: 16 * mebi, unit: 'bytes', periodMs: dayMs, about: 'written to rooms from one address' },
  address_room_items: { size: 20_000, unit: 'items', periodMs: dayMs, about: 'written to rooms from one address' },
  address_accounts: { size: 50, unit: 'accounts', periodMs: dayMs, about: 'made from one address' },
  address_rate: { size: 30_000, unit: 'requests', periodMs: minuteMs, about: 'from one address' },
  token_rate: { size: 30_000, unit: 'requests', periodMs: minuteMs, about: 'with one token' },
} as const satisfies Record<string, LimitRow>;

export type LimitName = keyof typeof limitTable;
export type RateName = {
  [N in LimitName]: (typeof limitTable)[N] extends { periodMs: number } ? N : never;
}[LimitName];

export const limitNames = Object.keys(limitTable).filter(isLimitName);

export function isLimitName(name: string): name is LimitName {
  return name in limitTable;
}

/** A size as `@hub/limits` and the wire have it: a whole number, or no limit. */
export type LimitSize = number | 'none';

/** Addresses and tokens whose rates are counted at the same time; those that were used longest ago are dropped first. */
const maxCounted = 100_000;
/** Milliseconds after which a writer that has reached a quota may try again: somebody may have deleted something. */
const quotaRetryMs = 60_000;

/** Thrown by a write that a limit refuses. Any write of any adapter may meet it, as it may meet an outage; the error boundaries answer it. */
export class LimitReached extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`${refusal.error}: ${refusal.hint ?? ''}`);
    this.refusal = refusal;
  }
}

export class Limits {
  readonly #world: World;
  readonly #listeners = new Set<(name: LimitName) => void>();
  /** Sizes that an administrator has set, by name, or by `name account`. */
  readonly #sizes = new Map<string, LimitSize>();
  /** For each rate and address or token: the moment, in milliseconds since 1970, at which its bucket is full again. */
  readonly #fullAt = new Map<string, number>();
  #stored: CachedChannel | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** Loads the sizes that administrators have set, and follows them from now on. */
  async follow(hub: Hub): Promise<void> {
    const stored = await hub.cachedChannel('@hub/limits');
    this.#stored = stored;
    for (const { key, value } of stored.view.items.values()) this.#sizes.set(key, readSize(value));
    stored.channel.listen((changes) => {
      for (const { key, value } of changes) {
        if (value === null) this.#sizes.delete(key);
        else this.#sizes.set(key, readSize(value));
      }
    });
  }

  /** Calls `listener` with the name of each limit that refuses something. Returns a function that ends it. */
  onLimitReached(listener: (name: LimitName) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @returns the size for an account, or for all; Infinity for no limit */
  size(name: LimitName, account = ''): number {
    const set = this.#sizes.get(keyOf(name, account)) ?? this.#sizes.get(name) ?? limitTable[name].size;
    return set === 'none' ? Number.POSITIVE_INFINITY : set;
  }

  /** @param size null goes back to the default. @param account '' sets it for all */
  async set(name: LimitName, size: LimitSize | null, account: string): Promise<void> {
    const at = this.#world.now();
    const key = keyOf(name, account);
    const op =
      size === null ? ({ op: 'remove', key } as const) : ({ op: 'put', key, value: JSON.stringify(size) } as const);
    await this.#stored?.write(() => ({ ok: true, write: { ops: [op], origin: 'hub', at } }));
  }

  /**
   * Counts requests, bytes or items against a rate (a token bucket that holds as many as the rate allows in its period).
   * @param who the address, or the id of the token
   * @returns the refusal, if there are too many; then nothing is counted
   */
  take(name: RateName, who: string, count = 1): Refusal | undefined {
    const size = this.size(name);
    if (size === Number.POSITIVE_INFINITY) return undefined;
    const { periodMs } = limitTable[name];
    const now = this.#world.now();
    const key = keyOf(name, who);
    let before = this.#fullAt.get(key) ?? 0;
    if (before > now + periodMs) {
      // The clock was set back. Nobody is blocked by that for longer than by an empty bucket.
      before = now + periodMs;
      this.#fullAt.set(key, before);
    }
    const fullAt = Math.max(now, before) + (count * periodMs) / size;
    if (!(fullAt - now <= periodMs)) {
      const waitMs = Math.min(fullAt - now - periodMs, periodMs);
      return this.reached(name, 'too_many', { retryMs: Math.max(1, Math.ceil(waitMs)) });
    }
    // Deleted first, so that the keys stay in the order of their last use.
    this.#fullAt.delete(key);
    this.#fullAt.set(key, fullAt);
    if (this.#fullAt.size > maxCounted) {
      const [oldest] = this.#fullAt.keys();
      if (oldest !== undefined) this.#fullAt.delete(oldest);
    }
    return undefined;
  }

  /** The refusal of a limit that is reached: it names the limit, its size, and when to try again. */
  reached(
    name: LimitName,
    code: Extract<ErrorCode, 'too_many' | 'quota'> = 'quota',
    { account = '', retryMs = quotaRetryMs }: { readonly account?: string; readonly retryMs?: number } = {},
  ): Refusal {
    for (const listener of this.#listeners) listener(name);
    const size = this.size(name, account);
    const again = `try again in ${Math.max(1, Math.ceil(retryMs / 1_000))} s`;
    const hint =
      code === 'quota'
        ? `${describeLimit(name, size)}: delete some, or ask an administrator for more (horai limits); ${again}`
        : `${describeLimit(name, size)}: ${again}`;
    return { ...refuse(code, '', hint), limit: { name, size }, retryMs };
  }
}

/** `account_bytes: at most 21474836480 bytes in all channels of an account` */
function describeLimit(name: LimitName, size: number): string {
  const { unit, about, periodMs }: LimitRow = limitTable[name];
  const period = periodMs === undefined ? '' : periodMs === dayMs ? ' a day' : ' a minute';
  return `${name}: at most ${size} ${unit} ${about}${period}`;
}

function keyOf(name: LimitName, who: string): string {
  return who === '' ? name : `${name} ${who}`;
}

/** Only this file writes these texts, so they are not checked again. */
function readSize(text: string): LimitSize {
  const size: LimitSize = JSON.parse(text);
  return size;
}
