// Holds the open channels and sessions of one node, and the doors between them: store, relay, world, publishers. It decides
// nothing; whoever has a channel writes to it and follows it.

import { keepOf } from './access.ts';
import { Channel } from './channel.ts';
import { Document } from './document.ts';
import type { Peer, Publisher } from './peer.ts';
import type { Relay } from './relay.ts';
import type { Session } from './session.ts';
import type { Change, Store } from './store.ts';
import type { World } from './world.ts';

/** Channels held open at once; beyond that, those that nobody follows are let go. */
const openChannels = 10_000;

export interface HubDoors {
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
  #watchers = new Set<(channel: Channel, changes: readonly Change[]) => void>();
  #joinWatchers = new Set<(channel: Channel) => void>();
  #draining = new Set<() => void>();

  constructor(doors: HubDoors) {
    this.store = doors.store;
    this.world = doors.world;
    this.#relay = doors.relay;
    this.#relay.listen((rumour) => {
      const open = this.#open.get(rumour.channel);
      if (open !== undefined) open.heard(rumour.seq);
      else if (this.#watchers.size > 0) void this.channel(rumour.channel).then((channel) => channel.refresh());
    });
  }

  addPublisher(publisher: Publisher): void {
    this.#publishers.push(publisher);
  }

  /** @param name a full name */
  channel(name: string): Promise<Channel> {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    if (this.#channels.size >= openChannels) this.#letGo();
    const opening = this.#openChannel(name);
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

  /** Told of every commit on any channel of this hub, after the channel's own listeners. The answer ends it. */
  watch(told: (channel: Channel, changes: readonly Change[]) => void): () => void {
    this.#watchers.add(told);
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
    await this.#relay.close();
    await this.store.close();
  }

  async #openChannel(name: string): Promise<Channel> {
    const head = await this.store.head(name);
    const channel = new Channel(name, keepOf(name), head, {
      store: this.store,
      world: this.world,
      publish: (topic: string, text: string, except: Peer | undefined) => {
        for (const publisher of this.#publishers) publisher.publish(topic, text, except);
      },
      announce: (moved, seq) => this.#relay.announce({ channel: moved, seq }),
      told: (moved, changes) => {
        for (const told of this.#watchers) told(moved, changes);
      },
      joined: (joined) => {
        for (const told of this.#joinWatchers) told(joined);
      },
    });
    this.#open.set(name, channel);
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
