// What writes of tasks and of other items have in common (rule W9): the step that they are based on, and the id under which they
// may have been accepted already. What they do is decided in tasks.ts and channels.ts.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Channel } from '../core/channel.ts';
import type { Appended, Position } from '../core/store.ts';

/** A refusal; of a stale write, with the position that it should have named. */
export type Refused = Refusal & { readonly position?: Position };

export type Accepted = Extract<Appended, { ok: true }>;

/** A base of another epoch is the base of nothing here. */
export function baseOf(
  base: number | { seq: number; epoch?: string } | undefined,
  { position }: Channel,
): number | undefined {
  if (typeof base !== 'object') return base;
  return base.epoch === undefined || base.epoch === position.epoch ? base.seq : -1;
}

export function staleAt(position: Position): Refused {
  return { ...refuse('stale', '', 'read the channel and try again'), position };
}

/** What is refused now was perhaps accepted before, under the same id. The base cannot be right, so nothing is written. */
export async function acceptedBefore(
  channel: Channel,
  { writeId, ...by }: { readonly origin: string; readonly at: number; readonly writeId: string | undefined },
): Promise<Accepted | undefined> {
  if (writeId === undefined) return undefined;
  const before = await channel.write({ ops: [], ...by, writeId, base: -1 });
  return before.ok ? before : undefined;
}
