// Clients that follow channels of one node while nodes fail, over WebSockets and through the SDK, and record what they are sent.

import type { Channel, ChannelEvent } from '../../../clients/typescript/index.ts';
import type { Answer, Client } from '../client.ts';
import type { FollowerMessage, HistoryStep, RecordedFollower } from './history.ts';
import { type Access, itemsOf, type Load, type LoadItem, logIn, textOfItem, wait } from './writers.ts';

const againMs = 80;

export interface Follower {
  readonly recorded: RecordedFollower;
  /** The last position that it was sent. */
  readonly position: () => { readonly epoch: string; readonly seq: number };
  readonly close: () => void;
}

function stepOf(change: { type?: string; seq: number; key: string; item?: unknown }): HistoryStep | undefined {
  const { type, seq, key, item } = change;
  if (type !== 'create' && type !== 'update' && type !== 'delete') return undefined;
  return { kind: type, seq, key, value: type === 'delete' ? null : textOfItem(item) };
}

interface FollowOptions {
  readonly name: string;
  readonly url: string;
  readonly access: Access;
  readonly load: Load;
  readonly channel: string;
  readonly reads: 'steadily' | 'with pauses';
  readonly isConnectedAtEnd: boolean;
}

/** Follows over a WebSocket; comes back, with its position, whenever the connection ends. */
export function followRaw(options: FollowOptions): Follower {
  const { name, url, access, load, channel, reads, isConnectedAtEnd } = options;
  const messages: FollowerMessage[] = [];
  let position = { epoch: '', seq: 0 };
  let isOver = false;
  let client: Client | undefined;
  const take = (message: Answer & Partial<HistoryStep> & { channel?: string }) => {
    const { type, epoch = position.epoch, seq = 0, more = false } = message;
    const at = load.now();
    if (type === 'snapshot' || type === 'reset') messages.push({ at, type, epoch, seq, more, items: itemsOf(message) });
    else if (type === 'changes') {
      const changes = (message.changes ?? []).flatMap((change) => stepOf(change) ?? []);
      messages.push({ at, type, epoch, seq, more, changes });
    } else {
      const step = stepOf({ key: '', seq, ...message });
      if (step === undefined) return;
      messages.push({ at, type: 'change', step });
    }
    position = { epoch, seq };
  };
  const run = async () => {
    while (!isOver) {
      client = await logIn(url, access, name);
      if (client === undefined) {
        await wait(againMs);
        continue;
      }
      messages.push({ at: load.now(), type: 'start' });
      client.onMessage = take;
      client.send({ type: 'subscribe', channel, ...(position.epoch === '' ? {} : position) });
      if (reads === 'with pauses') void pauseAtTimes(client, load);
      await client.closed;
    }
  };
  void run();
  const close = () => {
    isOver = true;
    client?.cut();
  };
  const token = access.token;
  const recorded = { client: name, token, channel, reads, isConnectedAtEnd, messages };
  return { recorded, position: () => position, close };
}

async function pauseAtTimes(client: Client, load: Load): Promise<void> {
  while (load.isOn) {
    await wait(load.random() * 500);
    client.pause();
    await wait(load.random() * 1_500);
    client.resume();
  }
}

/** Follows through the SDK, which comes back by itself. */
export function followSdk(name: string, access: Access, channel: Channel<LoadItem>, load: Load): Follower {
  const messages: FollowerMessage[] = [{ at: load.now(), type: 'start' }];
  let position = { epoch: '', seq: 0 };
  const close = channel.onEvent((event: ChannelEvent<LoadItem>) => {
    const at = load.now();
    if (event.type === 'snapshot' || event.type === 'reset') {
      const items = event.items.map(({ key, seq, item }) => ({ key, seq, value: textOfItem(item) }));
      messages.push({ at, type: event.type, ...event.position, more: false, items });
      position = event.position;
      return;
    }
    const step = stepOf(event);
    if (step !== undefined) messages.push({ at, type: 'change', step });
    position = { ...position, seq: event.seq };
  });
  const recorded = {
    client: name,
    token: access.token,
    channel: channel.name,
    reads: 'through the SDK',
    isConnectedAtEnd: true,
    messages,
  } as const;
  return { recorded, position: () => position, close };
}
