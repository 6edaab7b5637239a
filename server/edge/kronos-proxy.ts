// Proxies a Kronos connection to the hub: texts pass unread in both directions. The edge's token is in the handshake, so a client
// without a token of its own acts with the token of this machine.

import type { RawData } from 'ws';
import { bounds } from '../../protocol/bounds.ts';
import type { Conversation, Peer } from '../core/peer.ts';
import type { Upstream } from './upstream.ts';

/** Messages that are queued until the hub's connection is open. */
const maxQueued = 1_024;
/** Close code while the hub cannot be reached: clients work offline and reconnect. */
const away = 1012;
/** How the hub's answer to a login begins. */
const loggedIn = '{"success":true,"type":"login",';
/** Bytes that the hub accepts in a WebSocket message from a connection that has logged in. */
const largestFrame = 4 * bounds.bytes;

export function proxyKronos(upstream: Upstream, peer: Peer): Conversation {
  if (!upstream.isUp) {
    queueMicrotask(() => peer.close(away, 'the hub cannot be reached'));
    return { receive: noop, dropped: noop, drained: noop, closed: noop };
  }
  const socket = upstream.socket();
  let queued: string[] | undefined = [];
  socket.on('open', () => {
    for (const text of queued ?? []) socket.send(text);
    queued = undefined;
  });
  socket.on('message', (data: RawData) => {
    const text = data.toString();
    // B1.6: the hub has accepted the login.
    if (text.startsWith(loggedIn)) peer.messageLimit = largestFrame;
    const sent = peer.send(text);
    if (sent === 'queued') socket.pause();
    // The client missed a text. It reconnects, and catches up.
    if (sent === 'dropped') peer.close(4413, 'reading too slowly');
  });
  // A 'close' event follows each 'error'.
  socket.on('error', noop);
  socket.on('close', (code: number, reason: Buffer) => {
    const isForwarded = code === 1000 || code === 1009 || (code >= 4000 && code < 5000);
    peer.close(isForwarded ? code : away, reason.toString());
  });
  return {
    receive(text) {
      if (queued === undefined) socket.send(text);
      else if (queued.length < maxQueued) queued.push(text);
      else peer.close(away, 'the hub takes too long');
    },
    dropped: noop,
    drained: () => socket.resume(),
    closed: () => socket.close(),
  };
}

function noop(): void {}
