// Notifies the people of a mob room when a turn is over, wherever a browser of theirs wants it. Who was there, the copies of the turn say,
// which the hub writes into the accounts that declared a name (server/day/mob-turns.ts).

import { compile } from '../../protocol/check.ts';
import { MobTurnItem } from '../../protocol/day-channels.ts';
import type { Hub } from '../core/hub.ts';
import type { Push } from './push.ts';

const check = compile(MobTurnItem);
const isTurn = (value: unknown): value is { readonly room: string } => check(value);
/** A turn that ended longer ago, in milliseconds, was copied late: nobody waits for its ring. */
const newestMs = 60_000;

/** @returns a function that ends it */
export function alertOfRings(hub: Hub, push: Push): () => void {
  return hub.watch(({ name }, changes) => {
    const [, account] = /^([^@/]+)\/mob_turns$/.exec(name) ?? [];
    if (account === undefined) return;
    for (const { kind, value, end } of changes) {
      const item: unknown = kind === 'create' && value !== null ? JSON.parse(value) : undefined;
      if (!isTurn(item) || end === null || hub.world.now() - end / 1_000 > newestMs) continue;
      const { room } = item;
      void push.notify(account, { kind: 'ring', tag: `ring ${room}`, path: `/room/${room}`, desc: room });
    }
  });
}
