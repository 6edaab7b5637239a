// A Kronos connection, passed on to the hub as it is: texts go through unread, in both directions. The token is in the
// handshake, so a client that has none of its own speaks as this machine.

import type { RawData } from 'ws';
import type { Conversation, Peer } from '../core/peer.ts';
import type { Link } from './upstream.ts';

/** What a client may say before the hub has opened. */
const mostWaiting = 1_024;
/** The hub cannot be reached: clients then work offline, and come back. */
const away = 1012;

export function pipe(link: Link, peer: Peer): Conversation {
  if (!link.up) {
    queueMicrotask(() => peer.close(away, 'the hub cannot be reached'));
    return { receive: nothing, dropped: nothing, drained: nothing, closed: nothing };
  }
  const socket = link.socket();
  let waiting: string[] | undefined = [];
  socket.on('open', () => {
    for (const text of waiting ?? []) socket.send(text);
    waiting = undefined;
  });
  socket.on('message', (data: RawData) => {
    const sent = peer.send(data.toString());
    if (sent === 'queued') socket.pause();
    // It has missed something; coming back, it is told everything.
    if (sent === 'dropped') peer.close(4413, 'reading too slowly');
  });
  // 'close' follows.
  socket.on('error', nothing);
  socket.on('close', (code: number, reason: Buffer) => {
    const sayable = code === 1000 || code === 1009 || (code >= 4000 && code < 5000);
    peer.close(sayable ? code : away, reason.toString());
  });
  return {
    receive(text) {
      if (waiting === undefined) socket.send(text);
      else if (waiting.length < mostWaiting) waiting.push(text);
      else peer.close(away, 'the hub takes too long');
    },
    dropped: nothing,
    drained: () => socket.resume(),
    closed: () => socket.close(),
  };
}

function nothing(): void {}
