// The live channel `<account>/day/<date>`: its item `day` is the merged day, written while somebody follows it: at once for who begins to,
// then as evidence, rules or settings change, once a second at the most ([Y9]). Without followers nothing is done.

import type { Hub } from '../core/hub.ts';
import type { DayAnswer } from './account-days.ts';
import { isDate } from './engine/day-calendar.ts';
import type { MergedDays } from './merged-days.ts';

const everyMs = 1_000;
/** A running task grows while nothing changes. */
const runningMs = 60_000;
const liveKey = 'day';
/** Channels, without the account, whose changes a day may follow. */
const concerns = /^(?:entries|tasks|mob_turns|external_durations|wakatime|settings|rules|projects|aw|aw\/.+)$/;

interface FollowedDay {
  readonly account: string;
  readonly date: string;
  /** Milliseconds since 1970, of the last time that it was computed. */
  at: number;
  isBusy: boolean;
  /** Asked for while it was busy. */
  again: boolean;
  soon: (() => void) | undefined;
  later: (() => void) | undefined;
}

export class LiveDays {
  readonly #hub: Hub;
  readonly #days: MergedDays;
  readonly #followed = new Map<string, FollowedDay>();
  readonly #ends: readonly (() => void)[];

  constructor(days: MergedDays) {
    this.#days = days;
    this.#hub = days.hub;
    this.#ends = [
      this.#hub.watchFollowers(({ name }) => {
        const [, account, date] = /^([^@/]+)\/day\/(\d{4}-\d\d-\d\d)$/.exec(name) ?? [];
        if (account !== undefined && date !== undefined && account !== 'mob' && isDate(date))
          this.#begin(name, account, date);
      }),
      this.#hub.watch(({ name }) => {
        if (this.#followed.size === 0) return;
        const cut = name.indexOf('/');
        if (!concerns.test(name.slice(cut + 1))) return;
        const account = name.slice(0, cut);
        for (const [channel, followed] of this.#followed)
          if (followed.account === account) this.#moved(channel, followed);
      }),
      this.#hub.atDrain(() => this.close()),
    ];
  }

  close(): void {
    for (const end of this.#ends) end();
    for (const name of [...this.#followed.keys()]) this.#end(name);
  }

  #begin(name: string, account: string, date: string): void {
    if (!this.#followed.has(name)) {
      const idle = { at: 0, isBusy: false, again: false, soon: undefined, later: undefined };
      this.#followed.set(name, { account, date, ...idle });
    }
    void this.#write(name);
  }

  #moved(name: string, followed: FollowedDay): void {
    if (followed.soon !== undefined) return;
    const wait = followed.at + everyMs - this.#hub.world.now();
    if (wait <= 0 && !followed.isBusy) void this.#write(name);
    else followed.soon = this.#hub.world.after(Math.max(wait, 0), () => void this.#write(name));
  }

  #end(name: string): void {
    const followed = this.#followed.get(name);
    followed?.soon?.();
    followed?.later?.();
    this.#followed.delete(name);
  }

  /** One after the other; never rejects. */
  async #write(name: string): Promise<void> {
    const followed = this.#followed.get(name);
    if (followed === undefined) return;
    followed.soon?.();
    followed.soon = undefined;
    followed.again = followed.isBusy;
    if (followed.isBusy) return;
    followed.isBusy = true;
    followed.at = this.#hub.world.now();
    try {
      await this.#writeNow(name, followed);
    } catch (error) {
      this.#hub.world.log.error({ channel: name, error }, 'day: could not compute a day that is followed');
    }
    followed.isBusy = false;
    if (followed.again) this.#moved(name, followed);
  }

  async #writeNow(name: string, followed: FollowedDay): Promise<void> {
    const channel = await this.#hub.channel(name);
    if (!channel.isWatched) {
      this.#end(name);
      return;
    }
    const { date, account } = followed;
    const answer: DayAnswer = await this.#days.of(account).days.day({ date, mayRead: () => true });
    const at = this.#hub.world.now();
    // The store makes no step of a value that is there already, so followers hear of changes alone.
    await channel.write({ ops: [{ op: 'put', key: liveKey, value: JSON.stringify(answer) }], origin: 'day', at });
    if (this.#followed.get(name) !== followed) return;
    followed.later?.();
    const isRunning = answer.to > at * 1_000 && answer.from <= at * 1_000;
    followed.later = isRunning ? this.#hub.world.after(runningMs, () => this.#moved(name, followed)) : undefined;
  }
}
