// Conditions and retries of a write (rule W9), the same for tasks and other items: the step that the write is based on, and the write id
// under which it may have been accepted already.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Channel } from '../core/channel.ts';
import type { Appended, Position } from '../core/store.ts';

/** A refusal of a write; if the write was stale, with the current position. */
export type Refused = Refusal & { readonly position?: Position };

export type Accepted = Extract<Appended, { ok: true }>;

/** W9.3: a base of another epoch is -1, which is never the newest step. */
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

/**
 * W9.1: finds out whether a write that is refused now was accepted before under the same id. The empty write names a base that no channel
 * has, so the store writes nothing.
 */
export async function acceptedBefore(
  channel: Channel,
  { writeId, ...by }: { readonly origin: string; readonly at: number; readonly writeId: string | undefined },
): Promise<Accepted | undefined> {
  if (writeId === undefined) return undefined;
  const before = await channel.write({ ops: [], ...by, writeId, base: -1 });
  return before.ok ? before : undefined;
}
