// What administrators are told of all accounts: their heartbeats, their time, and who was active lately. Each account is added up once,
// and again only when something of its own was written since: a scrape costs one question to the store and those who worked.

import type { Admission } from '../auth/authorize.ts';
import { secondsOf } from '../model/format-time.ts';
import { tally } from '../stats/durations-algorithm.ts';
import { ask } from '../stats/query.ts';

/** As Wakapi counts them. */
const activeFor = 7 * 86_400_000_000;
/** Later than whatever was sent. */
const end = Number.MAX_SAFE_INTEGER - 2 * 86_400_000_000;

export interface Counted {
  readonly account: string;
  readonly heartbeats: number;
  /** Of all time. */
  readonly seconds: number;
  readonly isActive: boolean;
}

interface Sum {
  /** Up to which steps of its channels. */
  readonly state: string;
  readonly seconds: number;
  /** Of the last heartbeat, microseconds since 1970. */
  readonly newest: number;
}

export class Census {
  readonly #admission: Admission;
  readonly #sums = new Map<string, Sum>();
  #taking: Promise<readonly Counted[]> | undefined;

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  /** Those who ask while it is being taken hear the same. */
  take(): Promise<readonly Counted[]> {
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  async #take(): Promise<readonly Counted[]> {
    const { accounts, hub } = this.#admission;
    const names = accounts.map((account) =>
      ['wakatime', 'settings', 'external_durations'].map((one) => `${account}/${one}`),
    );
    const heads = new Map((await hub.store.heads(names.flat(), [])).map((head) => [head.channel, head]));
    const all: Counted[] = [];
    // One after the other: nobody who asks for their own time waits behind all of them.
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
    // As far as this node has heard, which may be less than the store knows.
    const channels = await Promise.all(names.map((name) => this.#admission.hub.channel(name)));
    const state = channels.map(({ position }) => position.seq).join(' ');
    const person = await this.#admission.person(account);
    const asked = ask(person, new URLSearchParams(), this.#admission.hub.world.now());
    if (!asked.ok) throw new Error(asked.error);
    const { rule } = asked.value;
    const { beats, besides = [] } = person;
    const first = Math.min(beats.first ?? Number.POSITIVE_INFINITY, besides[0]?.begin ?? Number.POSITIVE_INFINITY);
    const newest = beats.before(Number.POSITIVE_INFINITY)?.time ?? 0;
    const days = first < Number.POSITIVE_INFINITY ? tally(beats, rule, { bounds: [first, end] }) : [];
    const amounts = days.flatMap(({ contexts }) => [...contexts.amounts]);
    return { state, seconds: secondsOf(amounts.reduce((sum, one) => sum + one, 0)), newest };
  }
}
