// Events for the person who runs the hub: each event is one line of the log and, for listeners, a value to count. No event carries
// a secret. docs/administration.md has the table of events.

import type { World } from './world.ts';

/** The other end of a sign-in. */
export interface SignInSource {
  /** Remote address without port; '' for a command in this process. */
  readonly address: string;
  /** The client's name for itself (`User-Agent`, cut to 200 characters); '' or absent if it does not. */
  readonly client?: string;
}

export type SignInFailure = 'unknown token' | 'expired token' | 'unknown link' | 'too many attempts';

export interface DiskSpace {
  readonly folder: string;
  readonly freeBytes: number;
  readonly floorBytes: number;
}

export type OperatorEvent =
  | ({ readonly event: 'signed_in'; readonly account: string; readonly token: string } & SignInSource)
  | ({ readonly event: 'failed_sign_in'; readonly reason: SignInFailure } & SignInSource)
  | { readonly event: 'account_created'; readonly account: string }
  | {
      readonly event: 'token_created';
      readonly account: string;
      readonly token: string;
      readonly name: string;
      readonly scopes: readonly string[];
    }
  | { readonly event: 'token_revoked'; readonly account: string; readonly token: string; readonly name: string }
  /** `limit` names the limit in a word or two, from a fixed list: it becomes a label of a metric. */
  | { readonly event: 'limit_reached'; readonly limit: string; readonly of: string }
  /** The disk has less free space than `floorBytes`, and the hub takes no new data; then that it has more again. */
  | ({ readonly event: 'disk_low' | 'disk_has_space' } & DiskSpace)
  | { readonly event: 'edge_connected'; readonly account: string; readonly token: string; readonly address: string }
  | { readonly event: 'backup_written'; readonly file: string; readonly bytes: number; readonly seconds: number }
  | { readonly event: 'backup_failed'; readonly reason: string }
  | { readonly event: 'store_verified'; readonly steps: number; readonly seconds: number }
  | { readonly event: 'store_damaged'; readonly found: readonly string[] }
  /** A client knows step `seq` of the channel, which the store does not have: it ends at `storedSeq`. */
  | { readonly event: 'changes_lost'; readonly channel: string; readonly seq: number; readonly storedSeq: number };

type Level = 'info' | 'warn' | 'error';

const lines: Readonly<Record<OperatorEvent['event'], readonly [Level, string]>> = {
  signed_in: ['info', 'signed in'],
  failed_sign_in: ['warn', 'failed sign-in'],
  account_created: ['info', 'account created'],
  token_created: ['info', 'token created'],
  token_revoked: ['info', 'token revoked'],
  limit_reached: ['warn', 'limit reached'],
  disk_low: ['error', 'disk low: no new data is stored'],
  disk_has_space: ['warn', 'the disk has space again'],
  edge_connected: ['info', 'edge connected'],
  backup_written: ['info', 'backup written and verified'],
  backup_failed: ['error', 'backup failed'],
  store_verified: ['info', 'the store is intact'],
  store_damaged: ['error', 'the store is damaged'],
  changes_lost: [
    'error',
    'a client is ahead of the store: changes were lost before the hub started, and clients load everything again',
  ],
};

/** A limit that is reached again and again is logged once in this time, per limit and subject. */
const quietMs = 60_000;
/** Subjects of limits that are remembered at the same time. */
const rememberedLimits = 10_000;

export class OperatorEvents {
  readonly #world: World;
  readonly #listeners = new Set<(event: OperatorEvent) => void>();
  /** When a limit was logged last, by limit and subject. */
  readonly #logged = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Calls `listener` with every event. Returns a function that ends it. */
  listen(listener: (event: OperatorEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Logs the event and tells the listeners. */
  report(event: OperatorEvent): void {
    for (const listener of this.#listeners) listener(event);
    if (event.event === 'limit_reached' && this.#isRepetition(`${event.limit} ${event.of}`)) return;
    const [level, text] = lines[event.event];
    this.#world.log[level](event, text);
  }

  #isRepetition(name: string): boolean {
    const now = this.#world.now();
    const last = this.#logged.get(name);
    if (last !== undefined && Math.abs(now - last) < quietMs) return true;
    this.#logged.delete(name);
    this.#logged.set(name, now);
    const oldest = this.#logged.keys().next().value;
    if (this.#logged.size > rememberedLimits && oldest !== undefined) this.#logged.delete(oldest);
    return false;
  }
}
