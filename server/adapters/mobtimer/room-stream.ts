// The event stream of a room: a Session that follows the room for as long as the connection lasts.

import type { Identity } from '../../core/access.ts';
import type { Hub } from '../../core/hub.ts';
import type { Conversation, Peer } from '../../core/peer.ts';
import { type Here, viewPresence } from '../../core/presence.ts';
import { openStream } from '../../http/sse.ts';
import { closedEvent, keepAlive, presenceEvent } from './event.ts';
import type { Rooms } from './rooms.ts';

/** @param isPresenceAsked whether the stream also tells who is in the room; clients of the original do not know that event */
export function roomStream(
  hub: Hub,
  rooms: Rooms,
  { room, by, isPresenceAsked }: { readonly room: string; readonly by: Identity; readonly isPresenceAsked: boolean },
  peer: Peer,
): Conversation {
  let leave: () => void = () => undefined;
  const { session, conversation } = openStream(hub, peer, by, { formatNotice: closedEvent, keepAlive }, () => leave());
  let isPresenceShown = !isPresenceAsked;
  const showPresence = () => {
    // `shown` may be called for the first page and when the follower is live.
    if (isPresenceShown) return;
    isPresenceShown = true;
    const show = (here: readonly Here[]) => presenceEvent(viewPresence(here, by));
    session.atEnd(hub.presence.follow(rooms.channelOf(room), show, (text) => session.peer.send(text)));
  };
  leave = rooms.show(room, session, showPresence);
  return conversation;
}
