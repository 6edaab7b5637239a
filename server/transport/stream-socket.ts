// A WebSocket to the path of an event stream. A text message is one event or several, in the text form of the stream. A browser opens six
// HTTP/1.1 connections to one host at most, and an event stream holds one of them as long as it lasts; WebSockets are not counted.

import type { Conversation, Peer } from '../core/peer.ts';
import type { Log } from '../core/world.ts';
import { attempt } from '../http/error-boundary.ts';
import type { ChunkedReply, Reply, StreamReply } from '../http/types.ts';

/** A refusal closes the socket with this plus its HTTP status: 4401, 4403, 4404. */
const refusedCode = 4_000;

/**
 * @param answer what the route answers to a GET; it never rejects
 * @returns a conversation that ignores what the client sends, as an event stream does
 */
export function openStreamSocket(
  peer: Peer,
  answer: Promise<Reply | ChunkedReply | StreamReply>,
  log: Log,
): Conversation {
  let stream: Conversation | undefined;
  let isOver = false;
  void answer.then((reply) => {
    if (isOver) return;
    if (!('open' in reply)) {
      peer.close(refusedCode + reply.status, 'refused');
      return;
    }
    stream = attempt(
      log,
      'opening a stream',
      () => reply.open(peer),
      () => undefined,
    );
    if (stream === undefined) peer.close(1011, 'internal error');
  });
  return {
    receive: () => undefined,
    dropped: (text) => stream?.dropped(text),
    drained: () => stream?.drained(),
    closed(orderly) {
      isOver = true;
      stream?.closed(orderly);
    },
  };
}
