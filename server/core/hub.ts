// Holds the open channels and sessions of one node, and the doors between them: store, relay, world, publishers. It decides
// nothing; whoever has a channel writes to it and follows it.

import { keepOf } from './access.ts';
import { Document } from './cached-channel.ts';
import { Channel } from './channel.ts';
import type { Peer, Publisher } from './peer.ts';
import { type Relay, type Rumour, silence } from './relay.ts';
import type { Session } from './session.ts';
import type { Change, Store } from './store.ts';
import type { World } from './world.ts';

/** Channels held open at once; beyond that, those that nobody follows are let go. */
const openChannels = 10_000;
/** How often the store is asked what rumours may have failed to say. */
const mendMs = 5_000;

/** Of which channels a watcher hears though nobody here has them open, when another node writes. */
export interface Wanted {
  readonly prefix: string;
  /**
   * It has all of them open that have items. One that is not is news even without a rumour: when it is opened, by whomever, the
   * watcher is told of it without changes.
   */
  readonly whole: boolean;
}

type Told = (channel: Channel, changes: readonly Change[]) => void;

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
  #documents = new Map<string, Promise<Document>>();
  #open = new Map<string, Channel>();
  #watchers = new Map<Told, Wanted | undefined>();
  #joinWatchers = new Set<(channel: Channel) => void>();
  #draining = new Set<() => void>();
  #closed = false;

  constructor(deps: HubDeps) {
    this.store = deps.store;
    this.world = deps.world;
    this.#relay = deps.relay;
    this.#relay.listen(
      (rumour) => this.#heard(rumour),
      () => void this.refresh(),
    );
    if (this.#relay !== silence) this.#mendLater();
  }

  addPublisher(publisher: Publisher): void {
    this.#publishers.push(publisher);
  }

  /** Why other nodes' changes are late; undefined while they are not. */
  get trouble(): string | undefined {
    return this.#relay.trouble;
  }

  /** @param name a full name */
  channel(name: string): Promise<Channel> {
    return this.#channel(name, Number.POSITIVE_INFINITY);
  }

  /** @param from how much of a channel that is not open yet is known already: what comes after is told */
  #channel(name: string, from: number): Promise<Channel> {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    if (this.#channels.size >= openChannels) this.#letGo();
    const opening = this.#openChannel(name, from);
    this.#channels.set(name, opening);
    opening.catch(() => this.#channels.delete(name));
    return opening;
  }

  get channelsOpen(): number {
    return this.#open.size;
  }

  /** The channel with all its items in memory, shared by all who ask. */
  document(name: string): Promise<Document> {
    const known = this.#documents.get(name);
    if (known !== undefined) return known;
    const opening = this.channel(name).then((channel) => Document.open(channel));
    this.#documents.set(name, opening);
    opening.catch(() => this.#documents.delete(name));
    return opening;
  }

  /** Lets go of a document, for those who have many that come and go: whoever asks next reads it anew. */
  release(name: string): void {
    const known = this.#documents.get(name);
    this.#documents.delete(name);
    known?.then(
      (document) => document.close(),
      () => undefined,
    );
  }

  /**
   * Told of every commit on any channel that is open here, after the channel's own listeners. The answer ends it.
   * @param wanted channels that are opened for it when another node writes to them
   */
  watch(told: Told, wanted?: Wanted): () => void {
    this.#watchers.set(told, wanted);
    return () => this.#watchers.delete(told);
  }

  /** Told whenever somebody has caught up with a channel and follows it live, for channels that are made while they are followed. */
  watchFollowers(told: (channel: Channel) => void): () => void {
    this.#joinWatchers.add(told);
    return () => this.#joinWatchers.delete(told);
  }

  /** For those who are connected and have no session yet: told when the hub goes down. The answer takes it back. */
  atDrain(act: () => void): () => void {
    this.#draining.add(act);
    return () => this.#draining.delete(act);
  }

  /** Ends every session: they are told to come back. */
  drain(): void {
    for (const act of [...this.#draining]) act();
    for (const session of [...this.sessions]) session.end('away');
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#relay.close();
    await this.store.close();
  }

  #heard({ channel, from, seq }: Rumour): void {
    const open = this.#open.get(channel);
    if (open !== undefined) open.heard(seq);
    else if (this.#channels.has(channel) || this.#isWanted(channel, false)) void this.#catchUp(channel, from);
  }

  /** Opens the channel where it was and tells what came since; one that is being opened may have come too early to see it. */
  #catchUp(name: string, from: number): Promise<void> {
    return this.#channel(name, from)
      .then((channel) => channel.refresh())
      .catch((error: unknown) => this.world.log.warn({ channel: name, error }, 'hub: could not look at a channel'));
  }

  #isWanted(channel: string, whole: boolean): boolean {
    for (const wanted of this.#watchers.values()) {
      if (wanted !== undefined && (wanted.whole || !whole) && channel.startsWith(wanted.prefix)) return true;
    }
    return false;
  }

  #mendLater(): void {
    this.world.after(mendMs, () => {
      if (this.#closed) return;
      this.#mendLater();
      void this.refresh();
    });
  }

  /** Asks the store, once for all channels, what rumours did not say. All of it has been told when it resolves. */
  async refresh(): Promise<void> {
    const prefixes = new Set<string>();
    for (const wanted of this.#watchers.values()) if (wanted?.whole === true) prefixes.add(wanted.prefix);
    try {
      const heads = await this.store.heads([...this.#open.keys()], [...prefixes]);
      await Promise.all(
        heads.map(({ channel, seq, items }) => {
          const open = this.#open.get(channel);
          if (open !== undefined) return open.position.seq < seq ? open.refresh() : undefined;
          return items > 0 && this.#isWanted(channel, true) ? this.#catchUp(channel, 0) : undefined;
        }),
      );
    } catch (error) {
      this.world.log.warn({ error }, 'hub: could not ask the store what other nodes wrote');
    }
  }

  async #openChannel(name: string, from: number): Promise<Channel> {
    const head = await this.store.head(name);
    // Nothing of before the floor can be told, but everything can.
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
        announce: (channel, from, seq) => this.#relay.announce({ channel, from, seq }),
        told: (moved, changes) => {
          for (const told of this.#watchers.keys()) told(moved, changes);
        },
        joined: (joined) => {
          for (const told of this.#joinWatchers) told(joined);
        },
      },
    );
    this.#open.set(name, channel);
    if (seq > 0) {
      for (const [told, wanted] of this.#watchers) {
        if (wanted?.whole === true && name.startsWith(wanted.prefix)) told(channel, []);
      }
    }
    return channel;
  }

  #letGo(): void {
    for (const [name, channel] of this.#open) {
      if (channel.watched || this.#documents.has(name)) continue;
      this.#open.delete(name);
      this.#channels.delete(name);
      if (this.#channels.size < openChannels / 2) return;
    }
  }
}
