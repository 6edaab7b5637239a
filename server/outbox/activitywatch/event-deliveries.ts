// The deliveries of the buckets of an account: descriptions from the channel `aw`, events from the channels `aw/<bucket>`.

import type { Hub } from '../../core/hub.ts';
import type { ChangedChannel, Delivery } from '../delivery.ts';
import type { Sending } from '../send-target.ts';
import { eventBatches } from './event-batches.ts';
import { EventSender, type EventServer } from './send-events.ts';

export const bucketsChannel = 'aw';
const prefix = `${bucketsChannel}/`;
const bucketKey = 'bucket/';

export function eventDeliveries(hub: Hub, to: Sending, { name, changes, after }: ChangedChannel): readonly Delivery[] {
  const { account, url, secret } = to;
  const serverOf = (bucket: string): EventServer => ({ hub, account, target: to.target.id, bucket, url, secret });
  if (name === bucketsChannel) {
    // A bucket that is deleted here stays there.
    const changed = changes.filter(({ key, value }) => key.startsWith(bucketKey) && value !== null);
    return changed.map(({ key, seq }) => ({
      through: [seq],
      send: async (tools) => {
        const sender = await EventSender.open(serverOf(key.slice(bucketKey.length)), tools);
        return [await sender.makeBucket(true)];
      },
    }));
  }
  const server = serverOf(name.slice(prefix.length));
  const settle: Delivery = {
    through: [],
    send: async (tools) => (await EventSender.open(server, tools)).removeGone(),
  };
  const batches = eventBatches(changes).map((batch): Delivery => {
    const through = batch.kind === 'put' ? batch.events.map(({ seq }) => seq) : [batch.seq];
    return {
      through,
      send: async (tools) => {
        const sender = await EventSender.open(server, tools);
        return batch.kind === 'put' ? sender.put(batch.events) : [await sender.remove(batch.key, batch.isKept)];
      },
    };
  });
  return after === 0 ? [settle, ...batches] : batches;
}
