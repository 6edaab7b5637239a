// The event stream of a room: a Session that follows the room for as long as the connection lasts.

import type { Identity } from '../../core/access.ts';
import type { Hub } from '../../core/hub.ts';
import type { Conversation, Peer } from '../../core/peer.ts';
import { openStream } from '../../http/sse.ts';
import { closedEvent, keepAlive } from './event.ts';
import type { Rooms } from './rooms.ts';

export function roomStream(hub: Hub, rooms: Rooms, room: string, peer: Peer, by: Identity): Conversation {
  let leave: () => void = () => undefined;
  const { session, conversation } = openStream(hub, peer, by, { formatNotice: closedEvent, keepAlive }, () => leave());
  leave = rooms.show(room, session);
  return conversation;
}
