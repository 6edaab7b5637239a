// Counts of messages that wait for receivers, by kind of target, for the metrics. They are measured
// now and then: a scrape reads nothing from the store.

import type { Hub } from '../core/hub.ts';
import type { ChannelHead } from './send-target.ts';
import { type Target, type TargetState, targetKinds } from './targets.ts';

/** Channels of one target whose oldest change is looked for. */
const mostChannels = 20;

export interface TargetMeasure {
  readonly kind: Target['kind'];
  /** Steps that were not sent yet. */
  readonly waiting: number;
  /** When the oldest of them was made, in milliseconds since 1970; undefined if nothing waits. */
  readonly oldest: number | undefined;
  readonly isFailing: boolean;
}

export interface QueueMeasure {
  readonly waiting: number;
  readonly oldestSeconds: number;
  /** Targets whose last try failed. */
  readonly failing: number;
}

export function stepsWaiting(heads: readonly ChannelHead[], { sent }: TargetState): number {
  return heads.reduce((sum, { channel, seq }) => sum + Math.max(0, seq - (sent[channel]?.seq ?? 0)), 0);
}

/** @param heads the channels of the target */
export async function measureTarget(
  hub: Hub,
  account: string,
  { kind }: Target,
  state: TargetState,
  heads: readonly ChannelHead[],
): Promise<TargetMeasure> {
  const late = heads.filter(({ channel, seq }) => (state.sent[channel]?.seq ?? 0) < seq).slice(0, mostChannels);
  const moments = await Promise.all(
    late.map(async ({ channel }) => {
      const since = await hub.store.since(`${account}/${channel}`, state.sent[channel]?.seq ?? 0, 1);
      return since.ok ? since.changes.slice(0, 1).map(({ at }) => at) : [];
    }),
  );
  const oldest = moments.flat();
  return {
    kind,
    waiting: stepsWaiting(heads, state),
    oldest: oldest.length === 0 ? undefined : Math.min(...oldest),
    isFailing: state.failing !== null,
  };
}

/** The sums of each kind, those without targets included. @param now milliseconds since 1970 */
export function sumByKind(all: Iterable<TargetMeasure>, now: number): ReadonlyMap<Target['kind'], QueueMeasure> {
  const sums = new Map<Target['kind'], QueueMeasure>(
    targetKinds.map((kind) => [kind, { waiting: 0, oldestSeconds: 0, failing: 0 }]),
  );
  for (const { kind, waiting, oldest, isFailing } of all) {
    const sum = sums.get(kind) ?? { waiting: 0, oldestSeconds: 0, failing: 0 };
    sums.set(kind, {
      waiting: sum.waiting + waiting,
      oldestSeconds: Math.max(sum.oldestSeconds, oldest === undefined ? 0 : (now - oldest) / 1_000),
      failing: sum.failing + Number(isFailing),
    });
  }
  return sums;
}
