// Several hubs on one store, each with indexes of its own, as several processes would be, connected by change notices. And a plain
// computation to compare with: it decides for each second whose it is.

import { AccountIndexes } from '../../server/adapters/wakatime/index/account-index.ts';
import type { HeartbeatColumns, HeartbeatContext } from '../../server/adapters/wakatime/index/columns.ts';
import { sumLinesBy } from '../../server/adapters/wakatime/index/line-counts.ts';
import type { Heartbeat } from '../../server/adapters/wakatime/model/heartbeat.ts';
import { type CreditRule, tally } from '../../server/adapters/wakatime/stats/durations-algorithm.ts';
import type { Channel } from '../../server/core/channel.ts';
import { Hub } from '../../server/core/hub.ts';
import type { ChangeNotice, Relay } from '../../server/core/relay.ts';
import type { Store } from '../../server/core/store.ts';
import { TestWorld } from './world.ts';

const second = 1_000_000;

export interface Node {
  readonly hub: Hub;
  readonly world: TestWorld;
  timelines: AccountIndexes;
  channel(): Promise<Channel>;
}

export function openNodes(store: Store, count: number): readonly Node[] {
  const heard: ((notice: ChangeNotice) => void)[] = [];
  return Array.from({ length: count }, (_, index): Node => {
    const world = new TestWorld();
    const relay: Relay = {
      trouble: undefined,
      announce(notice) {
        for (const [other, hear] of heard.entries()) if (other !== index) hear(notice);
      },
      listen(hear) {
        heard[index] = hear;
      },
      close: () => Promise.resolve(),
    };
    const hub = new Hub({ store, relay, world });
    return { hub, world, timelines: new AccountIndexes(hub), channel: () => hub.channel('ann/wakatime') };
  });
}

/** Seconds by a field of the context, for each span between two bounds (in seconds). */
export function sums(
  beats: HeartbeatColumns,
  by: CreditRule,
  bounds: readonly number[],
  field: (context: HeartbeatContext) => string,
) {
  return tally(beats, by, { bounds: bounds.map((bound) => bound * second) }).map(({ contexts }) => {
    const all = new Map<string, number>();
    for (const [index, code] of contexts.codes.entries()) {
      const name = field(beats.context(code));
      all.set(name, (all.get(name) ?? 0) + (contexts.amounts[index] ?? 0) / second);
    }
    return Object.fromEntries([...all].sort());
  });
}

/** Lines added by AI, by a field of the context, for each span between two bounds (in seconds). */
export function lines(
  beats: HeartbeatColumns,
  by: CreditRule,
  bounds: readonly number[],
  field: (context: HeartbeatContext) => string,
) {
  return tally(beats, by, { bounds: bounds.map((bound) => bound * second) }).map(({ lines: { contexts } }) => {
    const all = new Map<string, number>();
    for (const [name, counts] of sumLinesBy([contexts], (code) => [field(beats.context(code))])) {
      if ((counts[0] ?? 0) > 0) all.set(name, counts[0] ?? 0);
    }
    return Object.fromEntries([...all].sort());
  });
}

export interface Sample {
  /** Whole seconds; no two samples have the same. */
  readonly at: number;
  readonly heartbeat: Heartbeat;
}

export type Said = Omit<Heartbeat, 'last'>;

interface Asked {
  readonly field: (said: Said) => string;
  readonly ruled?: (said: Said) => Said;
}

/** Attributes each second to the latest heartbeat before it, if the next one comes soon enough. */
export function plain(samples: readonly Sample[], by: CreditRule, bounds: readonly number[], { field, ruled }: Asked) {
  const counted = read(samples, by, ruled);
  return bounds.slice(0, -1).map((begin, day) => {
    const all: Record<string, number> = {};
    const end = bounds[day + 1] ?? begin;
    for (const [index, { at, said }] of counted.entries()) {
      const next = counted[index + 1];
      if (next === undefined || (next.at - at) * second >= by.timeout) continue;
      for (let now = at; now < next.at; now += 1) {
        if (now >= begin && now < end) all[field(said)] = (all[field(said)] ?? 0) + 1;
      }
    }
    return Object.fromEntries(Object.entries(all).sort());
  });
}

/** Lines that AI added, at the heartbeat that reports them. */
export function plainLines(
  samples: readonly Sample[],
  by: CreditRule,
  bounds: readonly number[],
  { field, ruled }: Asked,
) {
  const counted = read(samples, by, ruled);
  return bounds.slice(0, -1).map((begin, day) => {
    const all: Record<string, number> = {};
    for (const { at, said } of counted) {
      const added = said.ai_line_changes ?? 0;
      if (at >= begin && at < (bounds[day + 1] ?? begin) && added > 0)
        all[field(said)] = (all[field(said)] ?? 0) + added;
    }
    return Object.fromEntries(Object.entries(all).sort());
  });
}

/** The heartbeats that count, in order, with inherited fields filled in and the rules applied. */
function read(samples: readonly Sample[], by: CreditRule, ruled: (said: Said) => Said = (said) => said) {
  const inOrder = [...samples].sort((a, b) => a.at - b.at);
  const known: { at: number; said: Said }[] = [];
  for (const { at, heartbeat } of inOrder) {
    const before = known.at(-1);
    const near = before !== undefined && (at - before.at) * second < by.reach ? before.said : undefined;
    const { last = [], ...said } = heartbeat;
    for (const name of last) {
      const inherited = name === 'project' || near?.project === said.project ? near?.[name] : undefined;
      if (inherited !== undefined) said[name] = inherited;
    }
    known.push({ at, said: ruled(said) });
  }
  return known.filter(({ said }) => !by.writesOnly || said.is_write === true);
}
