// Keeps one account's Beats in step with its channel: read once from the store when somebody first asks, and told of every commit
// from then on, so that answers need no disk. What they add up to is credit.ts'.

import type { Channel } from '../../core/channel.ts';
import type { Hub } from '../../core/hub.ts';
import type { Change } from '../../core/store.ts';
import { Beats } from './beats.ts';
import { readHeartbeat } from './heartbeat.ts';

/** Few enough that nobody else waits long while one is taken in. */
const pageSize = 2_000;
const day = 86_400_000_000;
/** Beyond the days that are asked for: time zones, the longest timeout, what "as before" may hang on. */
const margin = 3 * day;

export class Timelines {
  readonly #hub: Hub;
  readonly #open = new Map<string, Promise<Beats>>();
  readonly #ready = new Map<string, Beats>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** The account's heartbeats, with all that is on disk by now. */
  async of(account: string): Promise<Beats> {
    const known = this.#open.get(account);
    if (known !== undefined) return known;
    const opening = this.#hub.channel(`${account}/wakatime`).then((channel) => read(this.#hub, channel));
    this.#open.set(account, opening);
    opening.then(
      (beats) => this.#ready.set(account, beats),
      () => this.#open.delete(account),
    );
    return opening;
  }

  /** Those since a moment and perhaps more, without waiting for all the others. */
  async since(account: string, moment: number): Promise<Beats> {
    const ready = this.#ready.get(account);
    if (ready !== undefined) return ready;
    this.of(account).catch((error: unknown) => {
      this.#hub.world.log.error({ error }, 'wakatime: could not read the heartbeats of an account');
    });
    const channel = await this.#hub.channel(`${account}/wakatime`);
    const beats = new Beats();
    for (const { key, value, time } of await channel.read({ from: moment - margin })) {
      const heartbeat = readHeartbeat(value, time);
      if (heartbeat !== undefined && time !== null) beats.add(key, time, heartbeat);
    }
    return beats;
  }
}

async function read(hub: Hub, channel: Channel): Promise<Beats> {
  const beats = new Beats();
  let seq = 0;
  const apply = (changes: readonly Change[]) => {
    for (const change of changes) {
      if (change.seq <= seq) continue;
      seq = change.seq;
      if (change.kind !== 'create') beats.remove(change.key);
      const heartbeat = change.value === null ? undefined : readHeartbeat(change.value, change.time);
      if (heartbeat !== undefined && change.time !== null) beats.add(change.key, change.time, heartbeat);
    }
  };
  // Heard while the past is being read: applied after it, where they are newer.
  let meanwhile: Change[] | undefined = [];
  channel.listen((changes) => {
    if (meanwhile === undefined) apply(changes);
    else meanwhile.push(...changes);
  });
  // From the store itself: a channel would hold on to the pages.
  for (let more = true; more; ) {
    const since = await hub.store.since(channel.name, seq, pageSize);
    if (!since.ok) throw new Error(`${channel.name}: the past was forgotten while it was read`);
    apply(since.changes);
    more = since.more;
    if (!more) seq = Math.max(seq, since.head.seq);
  }
  apply(meanwhile);
  meanwhile = undefined;
  return beats;
}
