// Several hubs on one store, connected by change notices, each with its own indexes, like nodes in several processes. Also a simple
// computation to compare with, which attributes each second separately.

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
  const listeners: ((notice: ChangeNotice) => void)[] = [];
  return Array.from({ length: count }, (_, index): Node => {
    const world = new TestWorld();
    const relay: Relay = {
      trouble: undefined,
      announce(notice) {
        for (const [other, listener] of listeners.entries()) if (other !== index) listener(notice);
      },
      listen(listener) {
        listeners[index] = listener;
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

export type HeartbeatFields = Omit<Heartbeat, 'last'>;

interface Grouping {
  readonly field: (fields: HeartbeatFields) => string;
  readonly ruled?: (fields: HeartbeatFields) => HeartbeatFields;
}

/** Attributes each second to the latest heartbeat before it, if the next one comes soon enough. */
export function plain(
  samples: readonly Sample[],
  by: CreditRule,
  bounds: readonly number[],
  { field, ruled }: Grouping,
) {
  const counted = countedHeartbeats(samples, by, ruled);
  return bounds.slice(0, -1).map((begin, day) => {
    const all: Record<string, number> = {};
    const end = bounds[day + 1] ?? begin;
    for (const [index, { at, fields }] of counted.entries()) {
      const next = counted[index + 1];
      if (next === undefined || (next.at - at) * second >= by.timeout) continue;
      for (let now = at; now < next.at; now += 1) {
        if (now >= begin && now < end) all[field(fields)] = (all[field(fields)] ?? 0) + 1;
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
  { field, ruled }: Grouping,
) {
  const counted = countedHeartbeats(samples, by, ruled);
  return bounds.slice(0, -1).map((begin, day) => {
    const all: Record<string, number> = {};
    for (const { at, fields } of counted) {
      const added = fields.ai_line_changes ?? 0;
      if (at >= begin && at < (bounds[day + 1] ?? begin) && added > 0)
        all[field(fields)] = (all[field(fields)] ?? 0) + added;
    }
    return Object.fromEntries(Object.entries(all).sort());
  });
}

/** The heartbeats that count, in order, with inherited fields filled in and the rules applied. */
function countedHeartbeats(
  samples: readonly Sample[],
  by: CreditRule,
  ruled: (fields: HeartbeatFields) => HeartbeatFields = (fields) => fields,
) {
  const inOrder = [...samples].sort((a, b) => a.at - b.at);
  const counted: { at: number; fields: HeartbeatFields }[] = [];
  for (const { at, heartbeat } of inOrder) {
    const before = counted.at(-1);
    const source = before !== undefined && (at - before.at) * second < by.reach ? before.fields : undefined;
    const { last = [], ...fields } = heartbeat;
    for (const name of last) {
      const inherited = name === 'project' || source?.project === fields.project ? source?.[name] : undefined;
      if (inherited !== undefined) fields[name] = inherited;
    }
    counted.push({ at, fields: ruled(fields) });
  }
  return counted.filter(({ fields }) => !by.writesOnly || fields.is_write === true);
}
