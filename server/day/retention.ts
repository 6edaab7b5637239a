// Evidence that expires by the account's setting `retention`, and the days that must not change by it: before evidence of a day goes, the
// day's answer is stored whole and marked final. Rules that are made later do not change it.

import { isRetention, type RetentionItem } from '../../protocol/day.ts';
import type { Hub } from '../core/hub.ts';
import { calendarOf, type DayAnswer, finalKey } from './account-days.ts';
import { boundsOfDay, dateOfMoment, nextDate } from './engine/day-calendar.ts';
import type { MergedDays } from './merged-days.ts';
import { TrustedClock } from './trusted-clock.ts';

const everyMs = 3_600_000;
const dayMs = 86_400_000;
/** Days that one run finalises for one account; the rest waits for the next run, and so does its evidence. */
const mostAtOnce = 400;
const pageSize = 1_000;
const origin = 'retention';

export interface RetentionDeps {
  readonly days: MergedDays;
  /** Names of all accounts. */
  readonly accounts: () => readonly string[];
}

export class Retention {
  readonly #hub: Hub;
  readonly #days: MergedDays;
  readonly #accounts: () => readonly string[];
  readonly #clock: TrustedClock;
  #cancel: () => void;
  #running: Promise<void> = Promise.resolve();

  constructor({ days, accounts }: RetentionDeps) {
    this.#days = days;
    this.#hub = days.hub;
    this.#accounts = accounts;
    this.#clock = new TrustedClock(days.hub);
    this.#cancel = this.#later();
  }

  close(): void {
    this.#cancel();
  }

  /** Finalises and removes what has expired by now. Never rejects. */
  run(): Promise<void> {
    this.#running = this.#running.then(async () => {
      for (const account of this.#accounts()) {
        try {
          await this.#expire(account);
        } catch (error) {
          this.#hub.world.log.error({ account, error }, 'day: could not let evidence expire');
        }
      }
    });
    return this.#running;
  }

  #later(): () => void {
    return this.#hub.world.after(everyMs, () => {
      this.#cancel = this.#later();
      void this.run();
    });
  }

  async #expire(account: string): Promise<void> {
    const [item] = await this.#hub.store.read(`${account}/settings`, { key: 'retention', limit: 1 });
    const retention: unknown = item === undefined ? undefined : JSON.parse(item.value);
    if (!isRetention(retention)) return;
    if (!(await this.#clock.isTrusted())) return;
    for (const [channel, days] of await this.#channels(account, retention))
      await this.#expireChannel(account, channel, days);
  }

  /** Full names, and how many days each keeps. */
  async #channels(account: string, { wakatime, aw }: RetentionItem): Promise<readonly (readonly [string, number])[]> {
    const names = await this.#days.of(account).days.largeChannels();
    return names.flatMap((name): (readonly [string, number])[] => {
      const days = name === 'wakatime' ? wakatime : aw;
      return days === undefined ? [] : [[`${account}/${name}`, days]];
    });
  }

  async #expireChannel(account: string, name: string, days: number): Promise<void> {
    const { days: merged } = this.#days.of(account);
    const calendar = calendarOf(await merged.settings(), undefined);
    const now = this.#hub.world.now();
    const last = nextDate(dateOfMoment((now - days * dayMs) * 1_000, calendar), -1);
    const [, end] = boundsOfDay(last, calendar);
    const [oldest] = await this.#hub.store.read(name, { from: 0, to: end, limit: 1 });
    if (oldest?.time === null || oldest?.time === undefined) return;
    let date = dateOfMoment(oldest.time, calendar);
    let through = 0;
    for (let count = 0; date <= last && count < mostAtOnce; count += 1, date = nextDate(date, 1)) {
      const answer = await merged.day({ date, mayRead: () => true });
      // The answer of a submitted week counts while it is submitted; this one stays.
      if ((await merged.final(date)) === undefined) await this.#store(account, answer);
      through = answer.to;
    }
    await this.#remove(name, through);
  }

  async #store(account: string, answer: DayAnswer): Promise<void> {
    const channel = await this.#hub.channel(`${account}/day/${answer.date}`);
    const value = JSON.stringify({ ...answer, final: true });
    await channel.write({ ops: [{ op: 'put', key: finalKey, value }], origin, at: this.#hub.world.now() });
  }

  /** Items that end before a moment; one that reaches beyond it is still evidence of a day that is not final. */
  async #remove(name: string, through: number): Promise<void> {
    const channel = await this.#hub.channel(name);
    for (let after: { key: string; time: number | null } | undefined; ; ) {
      const items = await channel.read({
        from: 0,
        to: through,
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      });
      const ops = items
        .filter(({ time, end }) => (end ?? time ?? through) <= through)
        .map(({ key }) => ({ op: 'remove', key }) as const);
      if (ops.length > 0) await channel.write({ ops, origin, at: this.#hub.world.now() });
      if (items.length < pageSize) return;
      after = items.at(-1);
    }
  }
}
