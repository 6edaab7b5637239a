// The stream of the front page: how many people look at rooms and how many turns are running, at once and then every second.

import type { Identity } from '../../core/access.ts';
import type { Hub } from '../../core/hub.ts';
import type { Conversation, Peer } from '../../core/peer.ts';
import type { Session } from '../../core/session.ts';
import { openStream } from '../../http/sse.ts';
import { closedEvent, countersEvents } from './event.ts';
import type { Rooms } from './rooms.ts';

const tickMs = 1_000;

export class Counters {
  readonly #hub: Hub;
  readonly #rooms: Rooms;
  readonly #sessions = new Set<Session>();
  #ticking = false;

  constructor(hub: Hub, rooms: Rooms) {
    this.#hub = hub;
    this.#rooms = rooms;
  }

  open(peer: Peer, by: Identity): Conversation {
    const manner = { formatNotice: closedEvent, keepAlive: '' };
    const { session, conversation } = openStream(this.#hub, peer, by, manner, () => this.#sessions.delete(session));
    this.#sessions.add(session);
    session.answer(countersEvents(this.#rooms));
    if (!this.#ticking) this.#later();
    return conversation;
  }

  /** One timer for all streams; it stops while there are none. */
  #later(): void {
    this.#ticking = this.#sessions.size > 0;
    if (this.#ticking) this.#hub.world.after(tickMs, () => this.#tick());
  }

  #tick(): void {
    this.#later();
    const text = countersEvents(this.#rooms);
    for (const session of [...this.#sessions]) session.answer(text);
  }
}
