// Today's summary as a channel, `<account>/wakatime/today`. It has one item, named by the date, with what the status bar shows. It is
// written while clients follow it: at the beginning, then at most once a second as heartbeats come in, and at the end of the day.

import { FollowedWriter, type NextWrite } from '../../../core/followed-writer.ts';
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
const sources = new Set(['wakatime', 'settings', 'external_durations']);

export class TodayChannel {
  readonly #authorizer: Authorizer;
  readonly #hub: Hub;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
    this.#hub = authorizer.hub;
    const { world } = this.#hub;
    const writer = new FollowedWriter({
      world,
      everyMs,
      write: (channel) => this.#write(channel.slice(0, -suffix.length)),
      onError: (channel, error) =>
        world.log.error({ channel, error }, 'wakatime: could not write the summary of today'),
    });
    this.#hub.watchFollowers(({ name }) => {
      if (name.endsWith(suffix) && !name.startsWith('@')) writer.start(name);
    });
    this.#hub.watch(({ name }) => {
      if (writer.isIdle) return;
      const [account = '', own = ''] = name.split('/', 3);
      if (name === `${account}/${own}` && sources.has(own)) writer.update(`${account}${suffix}`);
    });
    this.#hub.atDrain(() => writer.close());
  }

  async #write(account: string): Promise<NextWrite> {
    const channel = await this.#hub.channel(`${account}${suffix}`);
    if (!channel.isWatched) return 'unfollowed';
    const now = this.#hub.world.now();
    const info = await this.#authorizer.personInfo(account);
    const result = parseQuery(info, new URLSearchParams(), now);
    if (!result.ok) return { afterMs: undefined };
    const { today } = result.value.now;
    const beats = await this.#authorizer.beats(account, timeRangeOf(result.value, { first: today, last: today }));
    const bar = buildStatusBar({ ...result.value, person: { ...info, beats } });
    const ops = changes(await channel.read({}), today, bar);
    if (ops.length > 0) await channel.write({ ops, origin: 'wakatime', at: now });
    const tomorrow = startOfDay(addDays(today, 1), result.value.zone) / 1_000;
    return { afterMs: tomorrow - now };
  }
}

/** The ops that bring the channel up to date. A summary that differs in `cached_at` alone is not written. */
function changes(items: readonly Item[], today: string, bar: ReturnType<typeof buildStatusBar>): readonly Op[] {
  const ops: Op[] = items.filter(({ key }) => key !== today).map(({ key }) => ({ op: 'remove', key }));
  const known: unknown = JSON.parse(items.find(({ key }) => key === today)?.value ?? 'null');
  const isSame = isObject(known) && JSON.stringify(known['data']) === JSON.stringify(bar.data);
  return isSame ? ops : [{ op: 'put', key: today, value: JSON.stringify(bar) }, ...ops];
}
