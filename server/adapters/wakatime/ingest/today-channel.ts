// Today's summary as a channel, `<account>/wakatime/today`. It has one item, named by the date, with what the status bar shows. It is
// written while somebody follows it: at the beginning, then at most once a second as heartbeats come in, and at the end of the day.
// Without followers nothing is computed.

import type { Hub } from '../../../core/hub.ts';
import type { Item, Op } from '../../../core/store.ts';
import type { Authorizer } from '../auth/authorize.ts';
import { addDays, startOfDay } from '../model/calendar.ts';
import { isObject } from '../model/heartbeat.ts';
import { parseQuery, timeRangeOf } from '../stats/query.ts';
import { buildStatusBar } from '../stats/summaries.ts';

const suffix = '/wakatime/today';
const everyMs = 1_000;
/** The account's channels that the summary depends on. Time zone, timeout and rules are settings. */
const concerns = new Set(['wakatime', 'settings', 'external_durations']);

/** The state of one account while it is followed. */
interface Followed {
  /** When the summary was last written, in milliseconds since 1970. */
  at: number;
  isBusy: boolean;
  /** True if another write was requested while one was running. */
  again: boolean;
  soon: (() => void) | undefined;
  midnight: (() => void) | undefined;
}

export class TodayChannel {
  readonly #authorizer: Authorizer;
  readonly #hub: Hub;
  readonly #followed = new Map<string, Followed>();

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
    this.#hub = authorizer.hub;
    this.#hub.watchFollowers(({ name }) => {
      if (name.endsWith(suffix) && !name.startsWith('@')) this.#begin(name.slice(0, -suffix.length));
    });
    this.#hub.watch(({ name }) => {
      if (this.#followed.size === 0) return;
      const [account = '', own = ''] = name.split('/', 3);
      if (name === `${account}/${own}` && concerns.has(own)) this.#moved(account);
    });
    this.#hub.atDrain(() => {
      for (const account of [...this.#followed.keys()]) this.#end(account);
    });
  }

  #begin(account: string): void {
    if (!this.#followed.has(account)) {
      this.#followed.set(account, { at: 0, isBusy: false, again: false, soon: undefined, midnight: undefined });
    }
    void this.#write(account);
  }

  #moved(account: string): void {
    const followed = this.#followed.get(account);
    if (followed === undefined || followed.soon !== undefined) return;
    const wait = followed.at + everyMs - this.#hub.world.now();
    if (wait <= 0 && !followed.isBusy) void this.#write(account);
    else followed.soon = this.#hub.world.after(Math.max(wait, 0), () => void this.#write(account));
  }

  #end(account: string): void {
    const followed = this.#followed.get(account);
    followed?.soon?.();
    followed?.midnight?.();
    this.#followed.delete(account);
  }

  /** Writes the summary; calls run one after the other. Never rejects. */
  async #write(account: string): Promise<void> {
    const followed = this.#followed.get(account);
    if (followed === undefined) return;
    followed.soon?.();
    followed.soon = undefined;
    followed.again = followed.isBusy;
    if (followed.isBusy) return;
    followed.isBusy = true;
    followed.at = this.#hub.world.now();
    try {
      await this.#writeNow(account, followed);
    } catch (error) {
      this.#hub.world.log.error({ account, error }, 'wakatime: could not write the summary of today');
    }
    followed.isBusy = false;
    if (followed.again) void this.#write(account);
  }

  async #writeNow(account: string, followed: Followed): Promise<void> {
    const channel = await this.#hub.channel(`${account}${suffix}`);
    if (!channel.isWatched) {
      this.#end(account);
      return;
    }
    const now = this.#hub.world.now();
    const info = await this.#authorizer.personInfo(account);
    const result = parseQuery(info, new URLSearchParams(), now);
    if (!result.ok) return;
    const { today } = result.value.now;
    const beats = await this.#authorizer.beats(account, timeRangeOf(result.value, { first: today, last: today }));
    const bar = buildStatusBar({ ...result.value, person: { ...info, beats } });
    const ops = changes(await channel.read({}), today, bar);
    if (ops.length > 0) await channel.write({ ops, origin: 'wakatime', at: now });
    if (this.#followed.get(account) !== followed) return;
    followed.midnight?.();
    const tomorrow = startOfDay(addDays(today, 1), result.value.zone) / 1_000;
    followed.midnight = this.#hub.world.after(tomorrow - now, () => void this.#write(account));
  }
}

/** The ops that bring the channel up to date. A summary that differs in `cached_at` alone is not written. */
function changes(items: readonly Item[], today: string, bar: ReturnType<typeof buildStatusBar>): readonly Op[] {
  const ops: Op[] = items.filter(({ key }) => key !== today).map(({ key }) => ({ op: 'remove', key }));
  const known: unknown = JSON.parse(items.find(({ key }) => key === today)?.value ?? 'null');
  const isSame = isObject(known) && JSON.stringify(known['data']) === JSON.stringify(bar.data);
  return isSame ? ops : [{ op: 'put', key: today, value: JSON.stringify(bar) }, ...ops];
}
