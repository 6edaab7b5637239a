// The messages of the rows: `npm run bench` sends the same on raw sockets to a hub of its own.

/** Every published message contains this once, and no other message does. */
export const mark = '~';

/** The number of channels that durable writes go to. */
export const writeChannels = 16;

/** A change of about 220 bytes in a channel that all follow. */
export function followedWrite(channel: string): object {
  return { type: 'create', channel, item: followedItem, ref: 1 };
}

export const followedItem = { text: `${mark}${'x'.repeat(20)}` };

/** A write of about 200 bytes. */
export function durableWrite(channel: string): object {
  return { type: 'create', channel, item: durableItem, ref: 1 };
}

export const durableItem = { text: 'x'.repeat(180) };
