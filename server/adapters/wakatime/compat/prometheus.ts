// Metrics of all accounts, for administrators: heartbeats, time, and recent activity. A scrape sums an account again only if its
// channels have changed since the last scrape.

import type { Authorizer } from '../auth/authorize.ts';
import { toSeconds } from '../model/format-time.ts';
import { parseQuery } from '../stats/query.ts';
import { tallyInTurns } from '../stats/tally-in-turns.ts';

/** Wakapi's definition of an active account, in microseconds. */
const activeFor = 7 * 86_400_000_000;
/** Later than any heartbeat. */
const end = Number.MAX_SAFE_INTEGER - 2 * 86_400_000_000;

export interface AccountMetric {
  readonly account: string;
  readonly heartbeats: number;
  /** Seconds of all time. */
  readonly seconds: number;
  readonly isActive: boolean;
}

interface Sum {
  /** The positions of the account's channels when they were summed. */
  readonly state: string;
  readonly seconds: number;
  /** The time of the last heartbeat, in microseconds since 1970. */
  readonly newest: number;
}

export class AccountMetrics {
  readonly #authorizer: Authorizer;
  readonly #sums = new Map<string, Sum>();
  #taking: Promise<readonly AccountMetric[]> | undefined;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  /** Collects the metrics. Concurrent calls share one result. */
  collect(): Promise<readonly AccountMetric[]> {
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  async #take(): Promise<readonly AccountMetric[]> {
    const { accounts, hub } = this.#authorizer;
    const names = accounts.map((account) =>
      ['wakatime', 'settings', 'external_durations'].map((one) => `${account}/${one}`),
    );
    const heads = new Map((await hub.store.heads(names.flat(), [])).map((head) => [head.channel, head]));
    const all: AccountMetric[] = [];
    // One account after the other, so that other requests do not wait for all of them.
    for (const [index, account] of accounts.entries()) {
      const state = names[index]?.map((name) => heads.get(name)?.seq ?? 0).join(' ') ?? '';
      const heartbeats = heads.get(`${account}/wakatime`)?.items ?? 0;
      const known = this.#sums.get(account);
      const sum = known?.state === state ? known : await this.#sum(account, names[index] ?? []);
      this.#sums.set(account, sum);
      const isActive = sum.newest > hub.world.now() * 1_000 - activeFor;
      all.push({ account, heartbeats, seconds: sum.seconds, isActive });
    }
    return all;
  }

  async #sum(account: string, names: readonly string[]): Promise<Sum> {
    // The positions that this node has received; the store may be ahead.
    const channels = await Promise.all(names.map((name) => this.#authorizer.hub.channel(name)));
    const state = channels.map(({ position }) => position.seq).join(' ');
    const person = await this.#authorizer.person(account);
    const result = parseQuery(person, new URLSearchParams(), this.#authorizer.hub.world.now());
    if (!result.ok) throw new Error(result.error);
    const { rule } = result.value;
    const { beats, externalSpans = [] } = person;
    const first = Math.min(
      beats.first ?? Number.POSITIVE_INFINITY,
      externalSpans[0]?.begin ?? Number.POSITIVE_INFINITY,
    );
    const newest = beats.before(Number.POSITIVE_INFINITY)?.time ?? 0;
    const days = first < Number.POSITIVE_INFINITY ? await tallyInTurns(beats, rule, { bounds: [first, end] }) : [];
    const amounts = days.flatMap(({ contexts }) => [...contexts.amounts]);
    return { state, seconds: toSeconds(amounts.reduce((sum, one) => sum + one, 0)), newest };
  }
}
