// The ways to follow a channel: WebSocket, raw TCP, event stream.

import { dial, Flow, visit } from '../harness/clients.ts';
import type { MobHub } from '../harness/mobtimer.ts';
import { eventValue, readStream } from '../harness/stream.ts';
import type { Follow, Message, Subscription, Wire } from './following.ts';

function subscribe({ channel, from }: Subscription): object {
  return { type: 'subscribe', channel, ...from };
}

/** Logs in and subscribes; the next message is the answer to the subscription. */
async function logIn(wire: Required<Wire>, subscription: Subscription): Promise<Wire> {
  wire.send({ type: 'login', user_id: subscription.token, device_id: '' });
  await wire.next();
  wire.send(subscribe(subscription));
  return wire;
}

const parse = (text: string | undefined): Message => (text === undefined ? undefined : JSON.parse(text));

export const webSocket: Follow = async ({ port }: MobHub, subscription) => {
  const client = await visit(port);
  const messages = new Flow<string | undefined>();
  const pump = async () => {
    for (;;) messages.push(await client.messages.next());
  };
  void pump();
  void client.closed.then(() => messages.push(undefined));
  return logIn(
    {
      send: (message) => client.send(JSON.stringify(message)),
      next: async () => parse(await messages.next()),
      pause: client.pause,
      resume: client.resume,
      close: client.cut,
    },
    subscription,
  );
};

export const rawTcp: Follow = async ({ listening }, subscription) => {
  const { socket, lines, all } = await dial(listening.kronosPort ?? 0);
  const messages = new Flow<string | undefined>();
  const pump = async () => {
    for (;;) messages.push(await lines.next());
  };
  void pump();
  void all.then(() => messages.push(undefined));
  return logIn(
    {
      send: (message) => void socket.write(JSON.stringify(message)),
      next: async () => parse(await messages.next()),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
      close: () => void socket.destroy(),
    },
    subscription,
  );
};

export const eventStream: Follow = async ({ port }, { token, channel, from }) => {
  const stream = await readStream(port, `/-/channels/${encodeURIComponent(channel)}/events`, {
    authorization: `Bearer ${token}`,
    ...(from === undefined ? {} : { 'last-event-id': `${from.epoch}:${from.seq}` }),
  });
  if (stream.status !== 200) throw new Error(`the stream has status ${stream.status}`);
  return {
    async next() {
      for (;;) {
        const text = await stream.next();
        if (text === undefined) return undefined;
        // A comment only keeps the connection alive.
        if (!text.startsWith(':')) return eventValue(text).data;
      }
    },
    pause: stream.pause,
    resume: stream.resume,
    close: stream.close,
  };
};
