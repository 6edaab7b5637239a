// One connected client: its identity, the channels it follows and its position in each. A follower is either live (the transport's
// publish reaches it) or catches up, page by page, as fast as it reads. A slow reader catches up later, so no queue grows for it. A
// View formats the pages.

import { closeCode, type ErrorCode, errors, refusalText, refuse } from '../../protocol/errors.ts';
import type { Identity } from './access.ts';
import type { Channel, Rendering } from './channel.ts';
import type { OperatorEvents } from './operator-events.ts';
import type { Peer, Pieces } from './peer.ts';
import type { Presence } from './presence.ts';
import type { Change, Position, Since } from './store.ts';
import type { World } from './world.ts';

/** Items or changes in one page. */
const pageSize = 500;
/** How often a whole state is read again because a write arrived during the read. */
const rereads = 10;
/** Milliseconds until a store that could not be asked is asked again for a follower. */
const askAgainMs = 1_000;

/** The parts of the hub that a session uses. */
export interface SessionHost {
  readonly world: World;
  readonly events: OperatorEvents;
  readonly presence: Presence;
  /** A session is in here from its beginning to its end. */
  readonly sessions: Set<Session>;
  /** Takes notice of a client with a position of the present epoch that the store never had. */
  takeClientAhead(channel: string, seq: number, storedSeq: number): Promise<void>;
}

export type Start =
  /** Everything there is. */
  | { readonly from: 'beginning' }
  /** The changes since a position. */
  | { readonly from: 'position'; readonly position: { readonly seq: number; readonly epoch?: string } }
  /** Only changes from now on. */
  | { readonly from: 'now' };

export interface Page {
  readonly kind: 'snapshot' | 'changes' | 'reset';
  /** Why the client's position cannot be used; '' unless kind is reset. */
  readonly reason: string;
  readonly changes: readonly Change[];
  /** The position after this page. */
  readonly position: Position;
  /** The channel's greatest version then. */
  readonly version: number;
  readonly more: boolean;
}

interface CatchUpRendering extends Rendering {
  /** The seq of a text that `live` made, so that a lost text tells where to resume; undefined for any other text. */
  readonly seqOf: (text: string, channel: Channel) => number | undefined;
}

/** Followers catch up by pages of what has changed. */
export interface PagedView extends CatchUpRendering {
  readonly page: (page: Page, channel: Channel) => string;
  readonly whole?: undefined;
}

/** Followers catch up by one message with everything there is. */
export interface WholeView extends CatchUpRendering {
  /** @returns the message, and the last step that it contains */
  readonly whole: () => Promise<{ readonly seq: number; readonly pieces: Pieces }>;
  readonly page?: undefined;
}

export type View = PagedView | WholeView;

interface Follow {
  readonly channel: Channel;
  readonly view: View;
  /** The last seq sent while catching up; not updated while live. */
  seq: number;
  /** The kind of the next page. */
  kind: Page['kind'];
  reason: string;
  /** The head when the first of its pages from the beginning was read; undefined for a follower that resumed. */
  basis: number | undefined;
  state: 'live' | 'catching' | 'waiting' | 'over';
  /** True once the client has been sent its first page, or requested none. From then on it stays connected if the store is down. */
  isAnswered: boolean;
  /** True while it reads as fast as changes come: then it catches up step by step, and misses no value of a channel that keeps all. */
  isKeepingUp: boolean;
  /** Why it has to begin anew; '' if it does not. */
  resetReason: string;
  /** True while its seq is one that the client named together with the present epoch. */
  isClaimed: boolean;
}

const none: readonly never[] = [];

/** When a client should reconnect to a hub that stops, in milliseconds: at different times, so that the other nodes get them bit by bit. */
const soonestReturnMs = 500;
const latestReturnMs = 5_000;

export class Session {
  readonly id: string;
  readonly peer: Peer;
  readonly since: number;
  identity: Identity;
  /** True if it understands `away`; one that does not is closed without a word when the hub stops. */
  understandsAway = true;
  /** Takes no further requests. Resolves when those under way are answered; undefined if there is none. */
  finish: (() => Promise<void> | undefined) | undefined;
  #hub: SessionHost;
  // Arrays made by `concat` have no spare room: there are many idle sessions, and most have one or two of each.
  #endings: readonly (() => void)[] = none;
  #follows: readonly Follow[] = none;
  #ended = false;

  constructor(hub: SessionHost, peer: Peer, identity: Identity) {
    this.#hub = hub;
    this.id = hub.world.id();
    this.since = hub.world.now();
    this.peer = peer;
    this.identity = identity;
    hub.sessions.add(this);
  }

  get following(): readonly string[] {
    return this.#follows.map((follow) => follow.channel.name);
  }

  get isBehind(): boolean {
    return this.#follows.some((follow) => follow.state !== 'live');
  }

  /** Calls `act` once when the session is over, whatever the reason; at once if it is over already. Returns a function that takes it back. */
  atEnd(act: () => void): () => void {
    if (this.#ended) {
      act();
      return () => undefined;
    }
    this.#endings = this.#endings.concat(act);
    return () => {
      this.#endings = this.#endings.filter((other) => other !== act);
    };
  }

  /** Sends an answer. A reader too slow for its own answers is disconnected; it may reconnect and catch up. */
  answer(text: string): void {
    if (this.#ended) return;
    if (this.peer.send(text) === 'dropped') this.end('slow');
  }

  /**
   * Follows a channel: first exactly one of snapshot, changes or reset (none for 'now'), then live changes without a gap.
   * Following it again in the same view starts from the beginning.
   * @param answered called when that first page has been sent, or waits for a slow reader
   */
  follow(channel: Channel, view: View, start: Start, answered: () => void = () => undefined): void {
    if (this.#ended) {
      answered();
      return;
    }
    this.unfollow(channel, view);
    const { seq } = channel.position;
    const isAnswered = start.from === 'now';
    const follow: Follow = {
      channel,
      view,
      seq,
      kind: 'changes',
      reason: '',
      basis: undefined,
      state: 'live',
      isAnswered,
      isKeepingUp: isAnswered,
      resetReason: '',
      isClaimed: false,
    };
    this.#follows = this.#follows.concat(follow);
    this.#hub.presence.enter(channel.name, this);
    if (start.from === 'now') {
      channel.join(view, this.peer);
      answered();
      return;
    }
    follow.state = 'catching';
    if (start.from === 'beginning') {
      follow.kind = 'snapshot';
      follow.seq = 0;
    } else {
      const { seq, epoch } = start.position;
      follow.seq = seq;
      if (seq > 0 && epoch !== undefined && epoch !== channel.position.epoch)
        follow.reason = 'the hub has another epoch';
      follow.isClaimed = epoch === channel.position.epoch;
    }
    void this.#catchUp(follow, answered).then(answered);
  }

  follows(channel: Channel, view: Rendering): boolean {
    return this.#find(channel, view) !== undefined;
  }

  /** Sends everything from the beginning to a follower that started from now. */
  restart(channel: Channel, view: View): void {
    const follow = this.#find(channel, view);
    if (follow === undefined || follow.state !== 'live') return;
    follow.channel.leave(view, this.peer);
    follow.seq = 0;
    follow.state = 'catching';
    void this.#catchUp(follow);
  }

  /** Sends a reset with everything there is to each follower of a channel that does not go on from where it was. */
  reset(channel: Channel, reason: string): void {
    for (const follow of this.#follows) {
      if (follow.channel !== channel) continue;
      follow.resetReason = reason;
      if (follow.state !== 'live') continue;
      channel.leave(follow.view, this.peer);
      follow.state = 'catching';
      void this.#catchUp(follow);
    }
  }

  unfollow(channel: Channel, view: Rendering): boolean {
    const follow = this.#find(channel, view);
    if (follow !== undefined) this.#unfollow(follow);
    return follow !== undefined;
  }

  /** The transport calls this when a published text did not reach the peer. */
  dropped(text: string): void {
    for (const follow of this.#follows) {
      if (follow.state !== 'live') continue;
      const seq = follow.view.seqOf(text, follow.channel);
      if (seq === undefined) continue;
      follow.seq = Math.max(0, seq - 1);
      follow.state = 'waiting';
      follow.isKeepingUp = false;
      follow.channel.leave(follow.view, this.peer);
    }
  }

  drained(): void {
    for (const follow of this.#follows) {
      if (follow.state !== 'waiting') continue;
      follow.state = 'catching';
      void this.#catchUp(follow);
    }
  }

  /** The transport calls this when the connection is over. */
  closed(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const follow of this.#follows) this.#unfollow(follow);
    this.#hub.sessions.delete(this);
    for (const act of this.#endings) act();
    this.#endings = none;
  }

  /** Asks the client to reconnect, as soon as its requests are answered. */
  depart(): Promise<void> | undefined {
    const finished = this.finish?.();
    if (finished === undefined) this.end('away');
    return finished?.then(() => this.end('away'));
  }

  /** Ends the session with a row of the table of errors, sent before the close. */
  end(code: ErrorCode): void {
    if (this.#ended) return;
    const limit = code === 'slow' ? 'unread answers' : code === 'too_many' ? 'followed channels' : undefined;
    if (limit !== undefined) this.#hub.events.report({ event: 'limit_reached', limit, of: this.peer.address });
    if (code !== 'away') this.peer.send(refusalText(refuse(code)));
    else if (this.understandsAway)
      this.peer.send(JSON.stringify({ success: true, type: 'away', retry_ms: this.#returnMs() }));
    this.peer.close(closeCode(code) ?? 1008, errors[code].text);
    this.closed();
  }

  #returnMs(): number {
    return Math.round(soonestReturnMs + this.#hub.world.random() * (latestReturnMs - soonestReturnMs));
  }

  #find(channel: Channel, view: Rendering): Follow | undefined {
    return this.#follows.find((follow) => follow.channel === channel && follow.view.key === view.key);
  }

  #unfollow(follow: Follow): void {
    if (follow.state === 'live') follow.channel.leave(follow.view, this.peer);
    follow.state = 'over';
    this.#follows = this.#follows.filter((other) => other !== follow);
    const { channel } = follow;
    if (!this.#follows.some((other) => other.channel === channel)) this.#hub.presence.leave(channel.name, this);
  }

  async #catchUp(follow: Follow, first: () => void = () => undefined): Promise<void> {
    try {
      const { view } = follow;
      if (view.whole === undefined) await this.#pages(follow, view, first);
      else await this.#wholes(follow, view, first);
    } catch (error) {
      this.#hub.world.log.error({ channel: follow.channel.name, error }, 'session: cannot send what changed');
      this.end('broken');
    }
  }

  /** Sends pages until the follower is live. Waits for `drained` whenever the peer accepts no more. */
  async #pages(follow: Follow, view: PagedView, first: () => void): Promise<void> {
    const { channel } = follow;
    for (;;) {
      if (follow.resetReason !== '') {
        follow.reason = follow.resetReason;
        follow.resetReason = '';
      }
      let since: Since | undefined;
      if (follow.reason === '') {
        since = await this.#ask(follow, follow.seq);
        if (since === undefined) return;
        if (!since.ok) {
          const isAhead = follow.seq > since.head.seq;
          follow.reason = isAhead ? 'the position is ahead of the hub' : 'the position is forgotten';
          if (isAhead && follow.isClaimed) await this.#hub.takeClientAhead(channel.name, follow.seq, since.head.seq);
        }
        follow.isClaimed = false;
      }
      if (since === undefined || !since.ok) {
        follow.kind = 'reset';
        follow.seq = 0;
        follow.basis = undefined;
        since = await this.#ask(follow, 0);
        if (since === undefined) return;
        if (!since.ok) throw new Error(`${channel.name}: nothing can be read from the beginning`);
      }
      // The values just read may be older than the reset.
      if (follow.resetReason !== '') continue;
      const { head, changes, more } = since;
      // The first of several pages: those after it are read as of this moment ([ST7]).
      if (follow.seq === 0) follow.basis = head.seq;
      if (!more) follow.basis = undefined;
      const seq = more ? (changes.at(-1)?.seq ?? head.seq) : head.seq;
      const { kind, reason } = follow;
      const position = { epoch: head.epoch, seq };
      const page = () => view.page({ kind, reason, changes, position, version: head.version, more }, channel);
      const text = channel.cachedText(`${view.key} ${kind} ${reason} ${follow.isKeepingUp} ${follow.seq} ${seq}`, page);
      const sent = this.peer.send(text);
      if (sent === 'dropped') {
        // Not accepted: the same page is sent again when there is room.
        follow.state = 'waiting';
        follow.isKeepingUp = false;
        return;
      }
      first();
      follow.isAnswered = true;
      follow.seq = seq;
      follow.kind = 'changes';
      follow.reason = '';
      if (!more) follow.isKeepingUp = sent === 'sent';
      if (!more && seq === channel.position.seq) {
        follow.state = 'live';
        channel.join(view, this.peer);
        return;
      }
      if (sent === 'queued') {
        follow.state = 'waiting';
        return;
      }
    }
  }

  /** Sends the whole state as one message, as fast as the follower reads, until it has the current one. */
  async #wholes(follow: Follow, view: WholeView, first: () => void): Promise<void> {
    const { channel } = follow;
    for (let overtaken = 0; ; ) {
      follow.resetReason = '';
      const { seq, pieces } = await view.whole();
      if (follow.state !== 'catching') return;
      // The client takes it for the current state: read again if a write arrived during the read.
      if (seq < channel.position.seq && overtaken < rereads) {
        overtaken += 1;
        continue;
      }
      const isSent = await this.peer.stream(pieces);
      if (!isSent || follow.state !== 'catching') return;
      first();
      follow.isAnswered = true;
      follow.seq = seq;
      if (seq === channel.position.seq && follow.resetReason === '') {
        follow.state = 'live';
        channel.join(view, this.peer);
        return;
      }
    }
  }

  /**
   * Reads the changes since a step. A client that has had its first page is kept while the store is away, as those are that follow live:
   * the store is asked again for it.
   * @returns undefined when this session does not catch up with the channel any more
   * @throws when the store cannot be asked for the first page: the client may ask another node for it
   */
  async #ask(follow: Follow, seq: number): Promise<Since | undefined> {
    const { channel } = follow;
    const { world } = this.#hub;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const bySteps = follow.isKeepingUp && seq > 0;
        const since = await (bySteps ? channel.steps(seq, pageSize) : channel.since(seq, pageSize, follow.basis));
        return follow.state === 'catching' ? since : undefined;
      } catch (error) {
        if (!follow.isAnswered) throw error;
        if (attempt === 0) world.log.warn({ channel: channel.name, error }, 'session: catching up has to wait');
      }
      await new Promise<void>((resolve) => world.after(askAgainMs, resolve));
      if (follow.state !== 'catching') return undefined;
    }
  }
}
