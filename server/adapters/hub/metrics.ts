// Metrics of the hub for Prometheus. They wrap the store and the conversations and pass all calls on unchanged. No label contains an
// account, a channel or a token.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Hub } from '../../core/hub.ts';
import type { Conversation } from '../../core/peer.ts';
import type { Store } from '../../core/store.ts';
import type { World } from '../../core/world.ts';

/** Buckets for the time of an fsync: from a fast SSD to a failing disk. */
const seconds = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

export class Metrics {
  #registry = new Registry();
  #world: World;
  #dropped: Counter;
  #outcomes: Readonly<Record<'accepted' | 'replayed' | 'stale' | 'failed', { inc(): void }>>;
  #commits: Histogram;
  #reads: Counter;
  #faults: Counter;

  constructor(world: World) {
    const registers = [this.#registry];
    const started = world.now();
    this.#world = world;
    collectDefaultMetrics({ register: this.#registry });
    this.#dropped = new Counter({
      name: 'horai_dropped_total',
      help: 'Live changes that a slow follower did not take; it caught up later.',
      registers,
    });
    const writes = new Counter({
      name: 'horai_writes_total',
      help: 'Writes by outcome: accepted, replayed (a retry), stale (refused), failed.',
      labelNames: ['outcome'],
      registers,
    });
    // The child of a label is looked up once: the lookup takes longer than counting.
    const counting = (outcome: string) => {
      const child = writes.labels(outcome);
      child.inc(0);
      return child;
    };
    this.#outcomes = {
      accepted: counting('accepted'),
      replayed: counting('replayed'),
      stale: counting('stale'),
      failed: counting('failed'),
    };
    this.#commits = new Histogram({
      name: 'horai_commit_seconds',
      help: 'From asking the store for a write to its being on disk.',
      buckets: seconds,
      registers,
    });
    this.#reads = new Counter({
      name: 'horai_store_reads_total',
      help: 'Questions that what is in memory could not answer, so that the store was asked.',
      registers,
    });
    this.#faults = new Counter({
      name: 'horai_faults_total',
      help: 'Exceptions that nobody caught. Each is a bug, and in the log.',
      registers,
    });
    new Gauge({
      name: 'horai_uptime_seconds',
      help: 'Since the start.',
      registers,
      collect() {
        this.set((world.now() - started) / 1_000);
      },
    });
  }

  /** Adds the gauges that are read at each scrape. */
  observe(hub: Hub, connections: () => number): void {
    const registers = [this.#registry];
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge('horai_connections', 'Connections that stay (WebSocket, streams, raw TCP) and are open.', connections);
    gauge('horai_sessions', 'Connections that are logged in.', () => hub.sessions.size);
    gauge(
      'horai_sessions_behind',
      'Sessions that are catching up.',
      () => [...hub.sessions].filter((session) => session.isBehind).length,
    );
    gauge('horai_channels_open', 'Channels held open.', () => hub.channelsOpen);
  }

  /** Wraps a store: measures its writes and counts its reads. */
  store(store: Store): Store {
    const asking = <T>(answer: T): T => {
      this.#reads.inc();
      return answer;
    };
    return {
      epoch: store.epoch,
      head: (channel) => asking(store.head(channel)),
      append: async (channel, write, keep) => {
        const began = this.#world.now();
        try {
          const appended = await store.append(channel, write, keep);
          this.#commits.observe(Math.max(0, this.#world.now() - began) / 1_000);
          this.#outcomes[appended.ok ? (appended.replayed ? 'replayed' : 'accepted') : 'stale'].inc();
          return appended;
        } catch (error) {
          this.#outcomes.failed.inc();
          throw error;
        }
      },
      since: (channel, seq, limit) => asking(store.since(channel, seq, limit)),
      read: (channel, range) => asking(store.read(channel, range)),
      history: (channel, past) => asking(store.history(channel, past)),
      at: (channel, seq) => asking(store.at(channel, seq)),
      channels: (prefix) => asking(store.channels(prefix)),
      heads: (channels, prefixes) => asking(store.heads(channels, prefixes)),
      forget: (channel, through) => store.forget(channel, through),
      check: () => store.check(),
      close: () => store.close(),
    };
  }

  /** Wraps a conversation: counts its messages that were lost. */
  conversation(conversation: Conversation): Conversation {
    return new Counted(conversation, this.#dropped);
  }

  fault(): void {
    this.#faults.inc();
  }

  /** The memory of this process, in bytes. */
  async memory(): Promise<{ readonly resident: number; readonly heap: number; readonly heapUsed: number }> {
    const read = async (name: string): Promise<number> =>
      (await this.#registry.getSingleMetric(name)?.get())?.values[0]?.value ?? 0;
    const resident = await read('process_resident_memory_bytes');
    // Must be read first: reading it updates both heap values.
    const heap = await read('nodejs_heap_size_total_bytes');
    return { resident, heap, heapUsed: await read('nodejs_heap_size_used_bytes') };
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}

/** A class instead of an object of closures, because there is one for each connection. */
class Counted implements Conversation {
  #conversation: Conversation;
  #lost: Counter;

  constructor(conversation: Conversation, lost: Counter) {
    this.#conversation = conversation;
    this.#lost = lost;
  }

  receive(text: string): void {
    this.#conversation.receive(text);
  }

  dropped(text: string): void {
    this.#lost.inc();
    this.#conversation.dropped(text);
  }

  drained(): void {
    this.#conversation.drained();
  }

  closed(orderly: boolean): void {
    this.#conversation.closed(orderly);
  }
}
