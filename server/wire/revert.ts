// Reverts a channel (rule S9): writes the state after an earlier step as a new version. Only what changed since that step is read. A
// revert of very many changes is written in parts, because the store would keep everybody else waiting for one huge write.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Channel } from '../core/channel.ts';
import type { Appended, Item, Op } from '../core/store.ts';

/** The most that one write restores: ops, and characters of their values. */
export const atomicRevert = { ops: 10_000, characters: 4_194_304 } as const;
/** The same for a part of a larger revert. */
const part = { ops: 1_000, characters: 1_048_576 } as const;
const changesAtOnce = 500;
const maxAttempts = 100;

/** The ops that restore items, in order of the items' last steps. */
interface Restoration {
  readonly ops: readonly Op[];
  /** Every item whose last step is up to this one is restored by these ops, or by those before them. */
  readonly through: number;
  /** True if no item is left. */
  readonly isComplete: boolean;
}

/**
 * Reads how items that changed after step `from`, and not after step `until`, are restored to what they were after step `to`.
 * @returns a refusal if the steps have been forgotten meanwhile
 */
export async function readRestoration(
  channel: Channel,
  to: number,
  { from, until }: { readonly from: number; readonly until: number },
  limits: { readonly ops: number; readonly characters: number } = atomicRevert,
): Promise<({ readonly ok: true } & Restoration) | Refusal> {
  const ops: Op[] = [];
  let left = limits.characters;
  for (let after = from; ; ) {
    const since = await channel.since(after, changesAtOnce);
    if (!since.ok) return refuse('gone', '', `the history of the channel starts after step ${since.head.floor}`);
    for (const { key, seq, value } of since.changes) {
      if (seq > until) return { ok: true, ops, through: until, isComplete: true };
      if (ops.length >= limits.ops || left <= 0) return { ok: true, ops, through: after, isComplete: false };
      const [then] = to === 0 ? [] : await channel.read({ key, at: to });
      if (then !== undefined) ops.push(putAgain(then));
      else if (value !== null) ops.push({ op: 'remove', key });
      left -= then?.value.length ?? 0;
      after = seq;
    }
    if (!since.more) return { ok: true, ops, through: until, isComplete: true };
  }
}

/**
 * Restores a channel in parts, each of which is atomic. An item that somebody changes meanwhile keeps the newer value. If it is
 * interrupted, the same request completes it.
 * @param write appends a part; `isLast` for the one that the answer is about. A refusal ends the revert
 * @returns the outcome of the last part
 */
export async function revertInParts(
  channel: Channel,
  to: number,
  write: (ops: readonly Op[], base: number, isLast: boolean) => Promise<Appended | Refusal>,
): Promise<Extract<Appended, { ok: true }> | Refusal> {
  const until = channel.position.seq;
  let steps = 0;
  for (let from = to, attempt = 0; attempt < maxAttempts; ) {
    const base = channel.position.seq;
    const next = await readRestoration(channel, to, { from, until }, part);
    if (!next.ok) return next;
    const appended = await write(next.ops, base, next.isComplete);
    if (!appended.ok) {
      if ('code' in appended) return appended;
      attempt += 1;
      continue;
    }
    steps += appended.steps;
    if (next.isComplete) return { ...appended, steps };
    attempt = 0;
    from = next.through;
  }
  return refuse('stale', '', 'other devices are writing: try again');
}

function putAgain({ key, value, time, end }: Item): Op {
  return { op: 'put', key, value, ...(time === null ? {} : { time }), ...(end === null ? {} : { end }) };
}
