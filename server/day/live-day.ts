// The live channel `<account>/day/<date>`: its item `day` is the merged day, its item `suggestions` the suggestions for it. Both are
// written while clients follow the channel: at once for a new follower, then as evidence, rules or settings change, the day at most once
// a second ([Y9]).

import { FollowedWriter, type NextWrite } from '../core/followed-writer.ts';
import type { Hub } from '../core/hub.ts';
import type { DayAnswer } from './account-days.ts';
import { isDate } from './engine/day-calendar.ts';
import type { MergedDays } from './merged-days.ts';

const everyMs = 1_000;
/** Of suggestions: their stretches last for minutes. */
const suggestionsMs = 10_000;
/** Milliseconds between two writes of the current day: a running task grows although nothing changes. */
const runningMs = 60_000;
const liveKey = 'day';
const suggestionsKey = 'suggestions';
/** Channels, without the account, that a day depends on. */
const sources =
  /^(?:entries|tasks|mob_turns|external_durations|meetings|wakatime|settings|rules|projects|suggestions|submitted_weeks|aw|aw\/.+)$/;

export class LiveDays {
  readonly #hub: Hub;
  readonly #days: MergedDays;
  readonly #writer: FollowedWriter;
  readonly #suggestions: FollowedWriter;
  readonly #stops: readonly (() => void)[];

  constructor(days: MergedDays) {
    this.#days = days;
    this.#hub = days.hub;
    const { world } = this.#hub;
    const writer = new FollowedWriter({
      world,
      everyMs,
      write: (channel) => this.#write(channel),
      onError: (channel, error) => world.log.error({ channel, error }, 'day: could not compute a followed day'),
    });
    this.#writer = writer;
    const suggestions = new FollowedWriter({
      world,
      everyMs: suggestionsMs,
      write: (channel) => this.#writeSuggestions(channel),
      onError: (channel, error) => world.log.error({ channel, error }, 'day: could not suggest for a followed day'),
    });
    this.#suggestions = suggestions;
    this.#stops = [
      this.#hub.watchFollowers(({ name }) => {
        if (parseName(name) === undefined) return;
        writer.start(name);
        suggestions.start(name);
      }),
      this.#hub.watch(({ name }) => {
        if (writer.isIdle) return;
        const slash = name.indexOf('/');
        if (!sources.test(name.slice(slash + 1))) return;
        const prefix = `${name.slice(0, slash)}/day/`;
        for (const channel of writer.channels) {
          if (!channel.startsWith(prefix)) continue;
          writer.update(channel);
          suggestions.update(channel);
        }
      }),
      this.#hub.atDrain(() => this.close()),
    ];
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#writer.close();
    this.#suggestions.close();
  }

  async #write(name: string): Promise<NextWrite> {
    const channel = await this.#hub.channel(name);
    const day = parseName(name);
    if (day === undefined || !channel.isWatched) return 'unfollowed';
    const { date, account } = day;
    const answer: DayAnswer = await this.#days.of(account).days.day({ date, mayRead: () => true });
    const at = this.#hub.world.now();
    // The store makes no step of an unchanged value, so followers receive changes only.
    await channel.write({ ops: [{ op: 'put', key: liveKey, value: JSON.stringify(answer) }], origin: 'day', at });
    const isRunning = answer.to > at * 1_000 && answer.from <= at * 1_000;
    return { afterMs: isRunning ? runningMs : undefined };
  }

  async #writeSuggestions(name: string): Promise<NextWrite> {
    const channel = await this.#hub.channel(name);
    const day = parseName(name);
    if (day === undefined || !channel.isWatched) return 'unfollowed';
    const { date, account } = day;
    const suggestions = await this.#days.of(account).suggestions.of(date, () => true);
    const [before] = await this.#hub.store.read(name, { key: suggestionsKey, limit: 1 });
    // A day that never had a suggestion has no such item.
    if (suggestions.length > 0 || before !== undefined) {
      const value = JSON.stringify({ date, suggestions });
      const at = this.#hub.world.now();
      await channel.write({ ops: [{ op: 'put', key: suggestionsKey, value }], origin: 'day', at });
    }
    return { afterMs: undefined };
  }
}

/** @returns the account and date of a live channel; undefined for another channel */
function parseName(name: string): { readonly account: string; readonly date: string } | undefined {
  const [, account, date] = /^([^@/]+)\/day\/(\d{4}-\d\d-\d\d)$/.exec(name) ?? [];
  if (account === undefined || date === undefined || account === 'mob' || !isDate(date)) return undefined;
  return { account, date };
}
