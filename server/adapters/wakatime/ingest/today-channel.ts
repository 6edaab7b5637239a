// Today's summary as a channel, `<account>/wakatime/today`: one item, named by the date, that says what the status bar says. It is
// written while somebody follows it: at once for who begins to, then as heartbeats come in, once a second at the most, and when the
// day ends. All of it is derived; without followers nothing is done.

import type { Hub } from '../../../core/hub.ts';
import type { Item, Op } from '../../../core/store.ts';
import type { Admission } from '../auth/authorize.ts';
import { addDays, beginning } from '../model/calendar.ts';
import { isObject } from '../model/heartbeat.ts';
import { ask, reachOf } from '../stats/query.ts';
import { statusBar } from '../stats/summaries.ts';

const suffix = '/wakatime/today';
const everyMs = 1_000;
/** The account's channels that it is made of; zone, timeout and rules are settings. */
const concerns = new Set(['wakatime', 'settings', 'external_durations']);

/** One account's, while it is followed. */
interface Followed {
  /** Milliseconds since 1970, of the last time that it was written. */
  at: number;
  isBusy: boolean;
  /** Asked for while it was busy. */
  again: boolean;
  soon: (() => void) | undefined;
  midnight: (() => void) | undefined;
}

export class Today {
  readonly #admission: Admission;
  readonly #hub: Hub;
  readonly #followed = new Map<string, Followed>();

  constructor(admission: Admission) {
    this.#admission = admission;
    this.#hub = admission.hub;
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

  /** One after the other; never rejects. */
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
    const someone = await this.#admission.someone(account);
    const asked = ask(someone, new URLSearchParams(), now);
    if (!asked.ok) return;
    const { today } = asked.value.now;
    const beats = await this.#admission.beats(account, reachOf(asked.value, { first: today, last: today }));
    const bar = statusBar({ ...asked.value, person: { ...someone, beats } });
    const ops = changes(await channel.read({}), today, bar);
    if (ops.length > 0) await channel.write({ ops, origin: 'wakatime', at: now });
    if (this.#followed.get(account) !== followed) return;
    followed.midnight?.();
    const tomorrow = beginning(addDays(today, 1), asked.value.zone) / 1_000;
    followed.midnight = this.#hub.world.after(tomorrow - now, () => void this.#write(account));
  }
}

/** Nothing is written for another moment of asking alone. */
function changes(items: readonly Item[], today: string, bar: ReturnType<typeof statusBar>): readonly Op[] {
  const ops: Op[] = items.filter(({ key }) => key !== today).map(({ key }) => ({ op: 'remove', key }));
  const known: unknown = JSON.parse(items.find(({ key }) => key === today)?.value ?? 'null');
  const isSame = isObject(known) && JSON.stringify(known['data']) === JSON.stringify(bar.data);
  return isSame ? ops : [{ op: 'put', key: today, value: JSON.stringify(bar) }, ...ops];
}
