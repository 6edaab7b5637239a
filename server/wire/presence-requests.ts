// Rules P: who follows a channel, once or for as long as the session wants to know. channel-requests.ts has checked that it may read the
// channel.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Requests } from '../../protocol/messages.ts';
import { type Identity, isAllowed, shortName } from '../core/access.ts';
import type { Hub } from '../core/hub.ts';
import { type PresenceView, viewPresence } from '../core/presence.ts';
import type { Session } from '../core/session.ts';

/** P2.3: channels whose presence one connection may follow. */
const maxFollowed = 100;
/** P1.3: channels of one list. */
const maxListed = 1_000;

type PresenceAnswer = { readonly ok: true; readonly fields: PresenceView & { readonly channel: string } } | Refusal;

/** Shared by all connections of a hub. */
export class PresenceRequests {
  readonly #hub: Hub;
  /** The functions that end each presence that a session follows, by the full name of the channel. */
  readonly #ends = new WeakMap<Session, Map<string, () => void>>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** P1.3: the channels that somebody follows and this identity may read. */
  async list(who: Identity): Promise<readonly (Omit<PresenceView, 'here'> & { readonly channel: string })[]> {
    return [...(await this.#hub.presence.list())]
      .filter(([channel]) => isAllowed(who, 'read', channel))
      .map(([channel, here]) => {
        const { here: _, ...counts } = viewPresence(here, who);
        return { channel: shortName(who, channel), ...counts };
      })
      .sort((one, other) => other.people - one.people || (one.channel < other.channel ? -1 : 1))
      .slice(0, maxListed);
  }

  /** @param name the full name of the channel */
  async answer(
    session: Session,
    { channel = '', follow }: Requests['presence'],
    name: string,
  ): Promise<PresenceAnswer> {
    const { identity } = session;
    const ends = this.#ends.get(session) ?? new Map<string, () => void>();
    this.#ends.set(session, ends);
    if (follow !== undefined) this.end(session, name);
    if (follow === true && ends.size >= maxFollowed)
      return refuse('too_many', '', `a connection follows the presence of ${maxFollowed} channels at most`);
    const fields = { channel, ...viewPresence(await this.#hub.presence.read(name), identity) };
    if (follow !== true) return { ok: true, fields };
    const text = (view: PresenceView) => JSON.stringify({ success: true, type: 'presence', channel, ...view });
    const stop = this.#hub.presence.follow(
      name,
      (here) => text(viewPresence(here, identity)),
      (message) => session.peer.send(message),
      text(fields),
    );
    const forget = session.atEnd(stop);
    ends.set(name, () => {
      stop();
      forget();
      ends.delete(name);
    });
    return { ok: true, fields };
  }

  /** @returns false if the session did not follow the presence of this channel */
  end(session: Session, name: string): boolean {
    const end = this.#ends.get(session)?.get(name);
    end?.();
    return end !== undefined;
  }
}
