// The open channels and the sessions of one node, with what they share: the store, the relay to other nodes, the environment and the
// transports' publishers. It knows no items and no permissions.

import { keepOf } from './access.ts';
import { CachedChannel } from './cached-channel.ts';
import { Channel } from './channel.ts';
import type { Peer, Publisher } from './peer.ts';
import { type ChangeNotice, noopRelay, type Relay } from './relay.ts';
import type { Session } from './session.ts';
import type { Change, Store } from './store.ts';
import type { World } from './world.ts';

/** Channels open at once. Beyond that, channels without followers are closed. */
const maxOpenChannels = 10_000;
/** How often a node with others asks the store for changes whose notices were lost. */
const pollMs = 5_000;

/** Channels that a watcher is notified about even while they are not open on this node. */
export interface WatchScope {
  readonly prefix: string;
  /**
   * Whether the watcher wants every such channel that has items to be open. Then it is also notified, without changes, when one is
   * opened that it did not know of because a notice was lost.
   */
  readonly whole: boolean;
}

type Watcher = (channel: Channel, changes: readonly Change[]) => void;

export interface HubDeps {
  readonly store: Store;
  readonly relay: Relay;
  readonly world: World;
}

export class Hub {
  readonly store: Store;
  readonly world: World;
  readonly sessions = new Set<Session>();
  #relay: Relay;
  #publishers: Publisher[] = [];
  #channels = new Map<string, Promise<Channel>>();
  #cached = new Map<string, Promise<CachedChannel>>();
  #open = new Map<string, Channel>();
  #watchers = new Map<Watcher, WatchScope | undefined>();
  #joinWatchers = new Set<(channel: Channel) => void>();
  #draining = new Set<() => void>();
  #closed = false;

  constructor(deps: HubDeps) {
    this.store = deps.store;
    this.world = deps.world;
    this.#relay = deps.relay;
    this.#relay.listen(
      (notice) => this.#takeNotice(notice),
      () => void this.refresh(),
    );
    if (this.#relay !== noopRelay) this.#pollLater();
  }

  addPublisher(publisher: Publisher): void {
    this.#publishers.push(publisher);
  }

  /** Why other nodes' changes arrive late; undefined while they do not. */
  get trouble(): string | undefined {
    return this.#relay.trouble;
  }

  /** @param name a full name */
  channel(name: string): Promise<Channel> {
    return this.#channel(name, Number.POSITIVE_INFINITY);
  }

  /** @param from for a channel that is not open yet: the step up to which its changes are known; later ones are published */
  #channel(name: string, from: number): Promise<Channel> {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    if (this.#channels.size >= maxOpenChannels) this.#closeUnwatched();
    const opening = this.#openChannel(name, from);
    this.#channels.set(name, opening);
    opening.catch(() => this.#channels.delete(name));
    return opening;
  }

  get channelsOpen(): number {
    return this.#open.size;
  }

  /** The channel with all its items in memory, shared by all callers. */
  cachedChannel(name: string): Promise<CachedChannel> {
    const known = this.#cached.get(name);
    if (known !== undefined) return known;
    const opening = this.channel(name).then((channel) => CachedChannel.open(channel));
    this.#cached.set(name, opening);
    opening.catch(() => this.#cached.delete(name));
    return opening;
  }

  /** Drops a cached channel from memory. The next call of `cachedChannel` reads it again. */
  release(name: string): void {
    const known = this.#cached.get(name);
    this.#cached.delete(name);
    known?.then(
      (cached) => cached.close(),
      () => undefined,
    );
  }

  /**
   * Calls `watcher` with every commit on any channel that is open here, after the channel's own listeners. Returns a function that
   * ends it.
   * @param scope channels that are opened for the watcher when another node writes to them
   */
  watch(watcher: Watcher, scope?: WatchScope): () => void {
    this.#watchers.set(watcher, scope);
    return () => this.#watchers.delete(watcher);
  }

  /** Calls `watcher` whenever a follower has caught up with a channel and is live: some channels are computed only while followed. */
  watchFollowers(watcher: (channel: Channel) => void): () => void {
    this.#joinWatchers.add(watcher);
    return () => this.#joinWatchers.delete(watcher);
  }

  /** Calls `act` when the hub stops, for connections that have no session yet. Returns a function that cancels this. */
  atDrain(act: () => void): () => void {
    this.#draining.add(act);
    return () => this.#draining.delete(act);
  }

  /** Ends every session with `away`, which asks the client to reconnect. */
  drain(): void {
    for (const act of [...this.#draining]) act();
    for (const session of [...this.sessions]) session.end('away');
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#relay.close();
    await this.store.close();
  }

  #takeNotice({ channel, from, seq }: ChangeNotice): void {
    const open = this.#open.get(channel);
    if (open !== undefined) open.notice(seq);
    else if (this.#channels.has(channel) || this.#isInScope(channel, false)) void this.#catchUp(channel, from);
  }

  /** Opens the channel at `from` and publishes the changes since. A channel that is just being opened may have been read too early. */
  #catchUp(name: string, from: number): Promise<void> {
    return this.#channel(name, from)
      .then((channel) => channel.refresh())
      .catch((error: unknown) =>
        this.world.log.warn({ channel: name, error }, 'hub: cannot read what another node wrote to a channel'),
      );
  }

  #isInScope(channel: string, whole: boolean): boolean {
    for (const scope of this.#watchers.values()) {
      if (scope !== undefined && (scope.whole || !whole) && channel.startsWith(scope.prefix)) return true;
    }
    return false;
  }

  #pollLater(): void {
    this.world.after(pollMs, () => {
      if (this.#closed) return;
      this.#pollLater();
      void this.refresh();
    });
  }

  /** Asks the store, once for all channels, for changes that no notice announced. Resolves when they have been published. */
  async refresh(): Promise<void> {
    const prefixes = new Set<string>();
    for (const scope of this.#watchers.values()) if (scope?.whole === true) prefixes.add(scope.prefix);
    try {
      const heads = await this.store.heads([...this.#open.keys()], [...prefixes]);
      await Promise.all(
        heads.map(({ channel, seq, items }) => {
          const open = this.#open.get(channel);
          if (open !== undefined) return open.position.seq < seq ? open.refresh() : undefined;
          return items > 0 && this.#isInScope(channel, true) ? this.#catchUp(channel, 0) : undefined;
        }),
      );
    } catch (error) {
      this.world.log.warn({ error }, 'hub: cannot read from the store what other nodes wrote');
    }
  }

  async #openChannel(name: string, from: number): Promise<Channel> {
    const head = await this.store.head(name);
    // Steps below the floor are gone: publish from the floor, or everything.
    const seq = Math.min(head.seq, from === 0 ? 0 : Math.max(from, head.floor));
    const channel = new Channel(
      name,
      keepOf(name),
      { ...head, seq },
      {
        store: this.store,
        world: this.world,
        publish: (topic: string, text: string, except: Peer | undefined) => {
          for (const publisher of this.#publishers) publisher.publish(topic, text, except);
        },
        isShared: this.#relay !== noopRelay,
        announce: (channel, from, seq) => this.#relay.announce({ channel, from, seq }),
        onChanges: (changed, changes) => {
          for (const watcher of this.#watchers.keys()) watcher(changed, changes);
        },
        onJoin: (followed) => {
          for (const watcher of this.#joinWatchers) watcher(followed);
        },
      },
    );
    this.#open.set(name, channel);
    if (seq > 0) {
      for (const [watcher, scope] of this.#watchers) {
        if (scope?.whole === true && name.startsWith(scope.prefix)) watcher(channel, []);
      }
    }
    return channel;
  }

  #closeUnwatched(): void {
    for (const [name, channel] of this.#open) {
      if (channel.isWatched || this.#cached.has(name)) continue;
      this.#open.delete(name);
      this.#channels.delete(name);
      if (this.#channels.size < maxOpenChannels / 2) return;
    }
  }
}
