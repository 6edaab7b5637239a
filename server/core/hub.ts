// The open channels and the sessions of one node, with what they share: the store, the relay to other nodes, the environment and the
// transports' publishers. It knows no items and no permissions.

import { keepOf } from './access.ts';
import { CachedChannel } from './cached-channel.ts';
import { CachedPages, Channel } from './channel.ts';
import { OperatorEvents } from './operator-events.ts';
import type { Peer, Publisher } from './peer.ts';
import { Presence, type PresenceBoard } from './presence.ts';
import { type ChangeNotice, noopRelay, type Relay } from './relay.ts';
import { guardRetired } from './retired.ts';
import type { Session } from './session.ts';
import type { Change, SeenChannel, Store, StoreUser } from './store.ts';
import type { World } from './world.ts';

/** Channels open at once. Beyond that, channels without followers are closed. */
const maxOpenChannels = 10_000;
/** How often a node with others asks the store for changes whose notices were lost: less often with many open channels. */
const shortestPollMs = 750;
const longestPollMs = 5_000;
const pollMsPerChannel = 0.5;

/** Channels that a watcher is notified about even while they are not open on this node. */
export interface WatchScope {
  readonly prefix: string;
  /**
   * True if the watcher wants every such channel that has items to be open. Then it is also notified, without changes, when one is
   * opened that it did not know of because a notice was lost.
   */
  readonly whole: boolean;
}

type Watcher = (channel: Channel, changes: readonly Change[]) => void;

export interface HubDeps {
  readonly store: Store;
  readonly relay: Relay;
  readonly world: World;
  /** Where nodes tell each other who is in which channel; absent for a hub of one node. */
  readonly presence?: PresenceBoard | undefined;
  /** Why notices do not reach all nodes, though the relay works; undefined while they do. */
  readonly relayTrouble?: () => string | undefined;
  /** A problem of this machine that does not stop writes; undefined if it has none. */
  readonly machineTrouble?: () => string | undefined;
  /** Gives the store another epoch. Absent if the store can have lost nothing. */
  readonly renewEpoch?: (() => Promise<void>) | undefined;
}

/** Channels of other nodes whose last position is remembered, though they are not open here. */
const maxNoticed = 10_000;
/** Milliseconds until a channel that could not be read under the new epoch is read again. */
const renewAgainMs = 500;

export class Hub implements StoreUser {
  readonly store: Store;
  readonly world: World;
  readonly sessions = new Set<Session>();
  /** Who is in which channel. */
  readonly presence: Presence;
  /** Events to report to the person who runs the hub. */
  readonly events: OperatorEvents;
  /** Problems that do not stop writes: a sentence each, by a name. The health check shows them. */
  readonly notices = new Map<string, string>();
  #relay: Relay;
  #relayTrouble: () => string | undefined;
  #machineTrouble: () => string | undefined;
  #publishers: Publisher[] = [];
  /** The pages that all channels cache. */
  readonly #cachedPages = new CachedPages();
  #channels = new Map<string, Promise<Channel>>();
  #cached = new Map<string, Promise<CachedChannel>>();
  #open = new Map<string, Channel>();
  #watchers = new Map<Watcher, WatchScope | undefined>();
  #joinWatchers = new Set<(channel: Channel) => void>();
  #draining = new Set<() => Promise<void> | void>();
  /** Runs when the hub stops. The store stays open until it has finished. */
  #stopping: Promise<unknown> = Promise.resolve();
  #closed = false;
  #isPolling = false;
  #noticed = new Map<string, number>();
  #confirmedAt: number;
  #gapsFetched = 0;
  readonly #renewEpoch: (() => Promise<void>) | undefined;
  /** Only positions of this epoch can be older than this process. */
  readonly #epochAtStart: string;
  #renewing: Promise<void> | undefined;
  /** Resolves when the channels that were open have been reset to the newest epoch. */
  #resets: Promise<unknown> = Promise.resolve();
  /** Accounts that were erased or renamed since this process started. */
  #retired = new Set<string>();

  constructor(deps: HubDeps) {
    this.store = guardRetired(deps.store, (channel) => this.#isOfRetired(channel));
    this.world = deps.world;
    this.events = new OperatorEvents(deps.world);
    this.presence = new Presence(deps.world, deps.presence);
    this.#relay = deps.relay;
    this.#relayTrouble = deps.relayTrouble ?? (() => undefined);
    this.#machineTrouble = deps.machineTrouble ?? (() => undefined);
    this.#confirmedAt = deps.world.now();
    this.#renewEpoch = deps.renewEpoch;
    this.#epochAtStart = deps.store.epoch;
    this.#relay.listen(
      (notice) => this.#takeNotice(notice),
      () => void this.refresh(),
    );
    if (this.isShared) this.#pollLater();
  }

  addPublisher(publisher: Publisher): void {
    this.#publishers.push(publisher);
  }

  /** Why other nodes' changes arrive late; undefined while they do not. */
  get trouble(): string | undefined {
    return this.#relay.trouble ?? this.#relayTrouble();
  }

  /** A problem of this machine that does not stop writes; undefined if it has none. */
  get warning(): string | undefined {
    return this.#machineTrouble();
  }

  /** True if other nodes write to the store, too. */
  get isShared(): boolean {
    return this.#relay !== noopRelay;
  }

  /** When this node last had everything that was written to its open channels, in milliseconds since 1970. */
  get confirmedAt(): number {
    return this.isShared ? this.#confirmedAt : this.world.now();
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

  /** How often changes of other nodes were read from the store, because their notices did not bring them. */
  get gapsFetched(): number {
    return this.#gapsFetched;
  }

  /** When a notice of another node last arrived, in milliseconds since 1970 by this process's clock; undefined before the first. */
  get lastNoticeAt(): number | undefined {
    const heard = [...(this.#relay.lastNotices?.values() ?? [])];
    return heard.length === 0 ? undefined : Math.max(...heard);
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

  /** From now on nothing is written to the channels of an account, because it is erased or moves to another name. */
  retire(account: string): void {
    this.#retired.add(account);
  }

  /** True if an account of this name was erased or renamed since this process started: its name is not given again so soon. */
  isRetired(account: string): boolean {
    return this.#retired.has(account);
  }

  /** Resolves when no write to the channels of an account is under way here. */
  async settled(account: string): Promise<void> {
    const own = [...this.#open].filter(([name]) => name.startsWith(`${account}/`));
    await Promise.all(own.map(([, channel]) => channel.settled()));
  }

  #isOfRetired(channel: string): boolean {
    if (this.#retired.size === 0) return false;
    const [first = '', ...rest] = channel.split('/');
    return this.#retired.has(first) || (first === '@derived' && rest.some((part) => this.#retired.has(part)));
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

  /**
   * Calls `act` when the hub stops: for connections that have no session yet, and for work that must be over before the store is closed.
   * @param act must not reject
   * @returns a function that cancels this
   */
  atDrain(act: () => Promise<void> | void): () => void {
    this.#draining.add(act);
    return () => this.#draining.delete(act);
  }

  /**
   * Ends every session with `away`, which asks the client to reconnect: at once, or as soon as the requests under way are answered.
   * Resolves when all are over.
   */
  async drain(): Promise<void> {
    this.#stopping = Promise.all([...this.#draining].map((act) => act()));
    await Promise.all([...this.sessions].map((session) => session.depart()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const channel of this.#open.values()) channel.resume();
    await this.#stopping;
    await this.presence.close();
    await this.#relay.close();
    await this.store.close();
  }

  #takeNotice(notice: ChangeNotice): void {
    const { channel, from, seq } = notice;
    const open = this.#open.get(channel);
    if (open === undefined) this.#remember(channel, seq);
    if (open !== undefined) open.notice(notice);
    else if (this.#channels.has(channel) || this.#isInScope(channel, false)) void this.#catchUp(channel, from);
  }

  #remember(channel: string, seq: number): void {
    this.#noticed.delete(channel);
    this.#noticed.set(channel, seq);
    const oldest = this.#noticed.keys().next().value;
    if (this.#noticed.size > maxNoticed && oldest !== undefined) this.#noticed.delete(oldest);
  }

  seenChannels(): readonly SeenChannel[] {
    const noticed = [...this.#noticed].filter(([channel]) => !this.#open.has(channel));
    return [
      ...[...this.#open.values()].map((channel) => channel.seen),
      ...noticed.map(([channel, seq]) => ({ channel, keep: keepOf(channel), seq, last: undefined })),
    ];
  }

  /**
   * Takes notice of a client that has a position of the store's present epoch which the store never had: the store lost changes before this
   * process opened it (an older copy of the disk; a disk that did not keep what it flushed). All positions of that epoch are worth nothing
   * then, so the store gets another one: once, because under the new one nothing can be lost unseen. Resolves when followers have been told.
   */
  async takeClientAhead(channel: string, seq: number, storedSeq: number): Promise<void> {
    // In open rooms anybody may claim anything.
    if (this.#renewEpoch === undefined || channel.startsWith('mob/')) return;
    if (this.store.epoch !== this.#epochAtStart) return;
    this.#renewing ??= this.#renewAfterLoss(this.#renewEpoch, { channel, seq, storedSeq });
    await this.#renewing;
  }

  async #renewAfterLoss(
    renewEpoch: () => Promise<void>,
    lost: { readonly channel: string; readonly seq: number; readonly storedSeq: number },
  ): Promise<void> {
    const { channel, seq, storedSeq } = lost;
    this.events.report({ event: 'changes_lost', ...lost });
    this.notices.set(
      'loss',
      `changes were lost before the hub started: a client knows step ${seq} of ${channel}, and the store ends at ${storedSeq}. Clients load everything again; to get back what is missing, restore a backup`,
    );
    try {
      await renewEpoch();
      await this.#resets;
    } catch (error) {
      this.#renewing = undefined;
      this.world.log.error({ error }, 'hub: cannot begin a new epoch');
    }
  }

  renew(): void {
    this.#noticed.clear();
    this.#resets = Promise.all([...this.#open.keys()].map((name) => this.#renew(name)));
  }

  async #renew(name: string): Promise<void> {
    this.#open.get(name)?.suspend();
    try {
      const head = await this.store.head(name);
      const channel = this.#open.get(name);
      if (channel?.isSuspended !== true) return;
      channel.reset(head, 'the hub has another epoch');
      // Steps that were made meanwhile were not published.
      void channel.refresh();
    } catch (error) {
      this.#open.get(name)?.resume();
      this.world.log.warn({ channel: name, error }, 'hub: cannot read a channel under the new epoch');
      if (!this.#closed) this.world.after(renewAgainMs, () => void this.#renew(name));
    }
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
    const pollMs = Math.min(longestPollMs, Math.max(shortestPollMs, this.#open.size * pollMsPerChannel));
    this.world.after(pollMs, () => {
      if (this.#closed) return;
      this.#pollLater();
      if (this.#isPolling) return;
      this.#isPolling = true;
      void this.refresh().then(() => {
        this.#isPolling = false;
      });
    });
  }

  /** Asks the store, once for all channels, for changes that no notice announced. Resolves when they have been published. */
  async refresh(): Promise<void> {
    const prefixes = new Set<string>();
    for (const scope of this.#watchers.values()) if (scope?.whole === true) prefixes.add(scope.prefix);
    const began = this.world.now();
    try {
      const heads = await this.store.heads([...this.#open.keys()], [...prefixes]);
      await Promise.all(
        heads.map(({ channel, seq, items }) => {
          const open = this.#open.get(channel);
          if (open !== undefined) return open.position.seq < seq ? open.refresh() : undefined;
          return items > 0 && this.#isInScope(channel, true) ? this.#catchUp(channel, 0) : undefined;
        }),
      );
      const isBehind = heads.some(({ channel, seq }) => (this.#open.get(channel)?.position.seq ?? seq) < seq);
      if (!isBehind) this.#confirmedAt = Math.max(this.#confirmedAt, began);
    } catch (error) {
      this.world.log.warn({ error }, 'hub: cannot read from the store what other nodes wrote');
    }
  }

  async #openChannel(name: string, from: number): Promise<Channel> {
    let head = await this.store.head(name);
    // The epoch was renewed while the answer came: nobody would tell this channel.
    if (head.epoch !== this.store.epoch) head = await this.store.head(name);
    // Steps below the floor are gone: publish from the floor, or everything.
    const seq = Math.min(head.seq, from === 0 ? 0 : Math.max(from, head.floor));
    const channel = new Channel(
      name,
      keepOf(name),
      { ...head, seq },
      {
        store: this.store,
        world: this.world,
        cachedPages: this.#cachedPages,
        publish: (topic: string, text: string, except: Peer | undefined) => {
          for (const publisher of this.#publishers) publisher.publish(topic, text, except);
        },
        isShared: this.isShared,
        announce: (notice) => this.#relay.announce(notice),
        onChanges: (changed, changes) => {
          for (const watcher of this.#watchers.keys()) watcher(changed, changes);
        },
        onGap: () => {
          this.#gapsFetched += 1;
        },
        onJoin: (followed) => {
          for (const watcher of this.#joinWatchers) watcher(followed);
        },
        onReset: (one, reason) => {
          for (const session of [...this.sessions]) session.reset(one, reason);
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
