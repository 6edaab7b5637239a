// Metrics of the hub for Prometheus. They wrap the store and the conversations and pass all calls on unchanged. No label contains an
// account, a channel or a token.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Hub } from '../../core/hub.ts';
import type { OperatorEvent } from '../../core/operator-events.ts';
import type { Conversation } from '../../core/peer.ts';
import type { Store } from '../../core/store.ts';
import type { DatabaseMeasures } from '../../core/upkeep.ts';
import type { World } from '../../core/world.ts';

/** Buckets for the time of an fsync: from a fast SSD to a failing disk. */
const seconds = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
/** Buckets for the time of a request. */
const requestSeconds = [0.005, 0.025, 0.1, 0.5, 2.5, 10];
/** Any other method of a request counts as `other`: a client could send new words without end. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Facts about this node that are read at each scrape. What a store does not have is left out, and so is its metric. */
export interface Measures {
  /** Labels of `horai_build_info`. */
  readonly build: Readonly<Record<'version' | 'node' | 'engine' | 'store', string>>;
  readonly connections: () => number;
  /** The store's files in bytes, without and with only the write-ahead log. */
  readonly files?: () => Promise<{ readonly database: number; readonly log: number }>;
  /** Free bytes on the disk of the data folder. */
  readonly freeBytes?: () => Promise<number>;
  /** True while the disk has less than its floor (`HORAI_DISK_FLOOR`). */
  readonly isDiskLow?: () => boolean;
  /** Writes and reads that wait for the store. */
  readonly queues?: () => { readonly writes: number; readonly reads: number };
  /** Of a node on a database that it shares with others. */
  readonly database?: () => DatabaseMeasures;
  /** Messages that wait for receivers of webhooks and relays, by kind. */
  readonly outbox?: () => ReadonlyMap<
    string,
    { readonly waiting: number; readonly oldestSeconds: number; readonly failing: number }
  >;
  readonly edges?: () => { readonly connected: number; readonly backlog: number };
  /** Milliseconds since 1970 of the newest good backup, 0 without one; `isFailed` if the last try failed. */
  readonly backup?: () => { readonly at: number; readonly isFailed: boolean };
  /** True once a damaged place of the store was found. */
  readonly isDamaged?: () => boolean;
}

/** Where the events of a person come from, by the end of the channel's name. */
const sources: readonly (readonly [string, RegExp])[] = [
  ['tasks', /^[^@][^/]*\/tasks$/],
  ['wakatime', /\/wakatime$/],
  ['activitywatch', /^[^@][^/]*\/aw\//],
  ['mobtimer', /^mob\//],
  ['entries', /\/entries$/],
];

export class Metrics {
  #registry = new Registry();
  #world: World;
  #dropped: Counter;
  #outcomes: Readonly<Record<'accepted' | 'replayed' | 'stale' | 'absent' | 'failed', { inc(): void }>>;
  #commits: Histogram;
  #reads: Counter;
  #faults: Counter;
  #requests: Histogram;
  #signIns: Counter;
  #limits: Counter;

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
      absent: counting('absent'),
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
    this.#requests = new Histogram({
      name: 'horai_http_request_seconds',
      help: 'HTTP requests by method, route and status, from the whole request to the answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: requestSeconds,
      registers,
    });
    this.#signIns = new Counter({
      name: 'horai_sign_ins_total',
      help: 'Sign-ins by outcome. A token that is used again from the same address within an hour is not counted again.',
      labelNames: ['outcome'],
      registers,
    });
    for (const outcome of ['accepted', 'unknown token', 'expired token', 'unknown link', 'too many attempts']) {
      this.#signIns.inc({ outcome }, 0);
    }
    this.#limits = new Counter({
      name: 'horai_limits_reached_total',
      help: 'How often the hub refused something because a limit was reached, by limit.',
      labelNames: ['limit'],
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

  /** Counts what the hub reports, and adds the gauges that are read at each scrape. */
  observe(hub: Hub, measures: Measures): void {
    hub.events.listen((event) => this.#countEvent(event));
    this.#observeSources(hub);
    this.#observeNode(measures);
    if (measures.database !== undefined) this.#observeDatabase(hub, measures.database);
    const gauge = (name: string, help: string, read: () => number) => this.#gauge(name, help, read);
    gauge(
      'horai_connections',
      'Connections that stay (WebSocket, streams, raw TCP) and are open.',
      measures.connections,
    );
    gauge('horai_sessions', 'Connections that are logged in.', () => hub.sessions.size);
    gauge(
      'horai_sessions_behind',
      'Sessions that are catching up.',
      () => [...hub.sessions].filter((session) => session.isBehind).length,
    );
    gauge('horai_channels_open', 'Channels held open.', () => hub.channelsOpen);
  }

  #gauge(name: string, help: string, read: () => number | Promise<number>): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      async collect() {
        // A measure that fails must not fail the scrape.
        this.set(await Promise.resolve(read()).catch(() => Number.NaN));
      },
    });
  }

  #countEvent(event: OperatorEvent): void {
    if (event.event === 'signed_in') this.#signIns.inc({ outcome: 'accepted' });
    else if (event.event === 'failed_sign_in') this.#signIns.inc({ outcome: event.reason });
    else if (event.event === 'limit_reached') this.#limits.inc({ limit: event.limit });
  }

  #observeSources(hub: Hub): void {
    const last = new Gauge({
      name: 'horai_last_event_timestamp_seconds',
      help: 'When the hub last stored something of a source, in seconds since 1970. Absent until the first since the start.',
      labelNames: ['source'],
      registers: [this.#registry],
    });
    hub.watch((channel, changes) => {
      const at = changes.at(-1)?.at;
      const source = at === undefined ? undefined : sources.find(([, form]) => form.test(channel.name))?.[0];
      if (at !== undefined && source !== undefined) last.set({ source }, at / 1_000);
    });
  }

  #observeNode({ build, files, freeBytes, isDiskLow, queues, outbox, edges, backup, isDamaged }: Measures): void {
    new Gauge({
      name: 'horai_build_info',
      help: 'Always 1. The labels say what runs: version of Horai, Node, socket engine, store.',
      labelNames: ['version', 'node', 'engine', 'store'],
      registers: [this.#registry],
    }).set(build, 1);
    if (files !== undefined) {
      const database = async () => (await files()).database;
      this.#gauge('horai_store_bytes', 'The database file, without its write-ahead log.', database);
      this.#gauge('horai_store_wal_bytes', 'The write-ahead log.', async () => (await files()).log);
    }
    if (freeBytes !== undefined)
      this.#gauge('horai_disk_free_bytes', 'Free on the disk of the data folder.', freeBytes);
    if (isDiskLow !== undefined) {
      this.#gauge('horai_disk_low', '1 while the hub takes no new data because its disk is almost full.', () =>
        Number(isDiskLow()),
      );
    }
    if (queues !== undefined) {
      new Gauge({
        name: 'horai_store_queue',
        help: 'Writes and reads that wait for the store.',
        labelNames: ['kind'],
        registers: [this.#registry],
        collect() {
          const { writes, reads } = queues();
          this.set({ kind: 'writes' }, writes);
          this.set({ kind: 'reads' }, reads);
        },
      });
    }
    if (outbox !== undefined) this.#observeOutbox(outbox);
    if (edges !== undefined) {
      this.#gauge('horai_edges', 'Edges that were heard in the last five minutes.', () => edges().connected);
      this.#gauge('horai_edge_backlog', 'Events that wait on these edges for the hub.', () => edges().backlog);
    }
    if (isDamaged !== undefined) {
      this.#gauge('horai_store_damaged', '1 after a damaged place of the store was found.', () => Number(isDamaged()));
    }
    if (backup !== undefined) {
      const at = () => backup().at / 1_000;
      this.#gauge('horai_last_backup_timestamp_seconds', 'The newest verified backup; 0 without one.', at);
      this.#gauge('horai_last_backup_failed', '1 if the last scheduled backup failed.', () =>
        Number(backup().isFailed),
      );
    }
  }

  #observeOutbox(outbox: NonNullable<Measures['outbox']>): void {
    const gauge = (
      name: string,
      help: string,
      read: (queue: { waiting: number; oldestSeconds: number; failing: number }) => number,
    ) =>
      new Gauge({
        name,
        help,
        labelNames: ['kind'],
        registers: [this.#registry],
        collect() {
          for (const [kind, queue] of outbox()) this.set({ kind }, read(queue));
        },
      });
    gauge('horai_outbox_waiting', 'Changes that wait for receivers of webhooks and relays.', ({ waiting }) => waiting);
    gauge('horai_outbox_oldest_seconds', 'Age of the oldest of them; 0 if none waits.', (queue) => queue.oldestSeconds);
    gauge('horai_outbox_failing', 'Webhooks and relays whose last try failed.', ({ failing }) => failing);
  }

  #observeDatabase(hub: Hub, database: NonNullable<Measures['database']>): void {
    const world = this.#world;
    this.#gauge(
      'horai_notice_age_seconds',
      'Since another node was last heard over the relay. NaN before the first.',
      () => (hub.lastNoticeAt === undefined ? Number.NaN : Math.max(0, (world.now() - hub.lastNoticeAt) / 1_000)),
    );
    this.#gauge(
      'horai_clock_difference_seconds',
      "By how much the database's clock is ahead of this machine's.",
      () => database().clockMs / 1_000,
    );
    this.#gauge(
      'horai_lanes_broken',
      'Connections that write, and cannot at the moment.',
      () => database().brokenLanes,
    );
    new Gauge({
      name: 'horai_database_connections',
      help: 'Connections to the database by kind: writing, reading, idle (of those that read); and the reads that wait for one.',
      labelNames: ['kind'],
      registers: [this.#registry],
      collect() {
        const { lanes, readers, idleReaders, waitingReads } = database();
        this.set({ kind: 'writing' }, lanes);
        this.set({ kind: 'reading' }, readers);
        this.set({ kind: 'idle' }, idleReaders);
        this.set({ kind: 'waiting' }, waitingReads);
      },
    });
    this.#count(
      'horai_gaps_fetched_total',
      'Changes of other nodes were read from the database, because no notice brought them.',
      () => hub.gapsFetched,
    );
    this.#count(
      'horai_rows_fetched_total',
      'Rows that reads have fetched from the database.',
      () => database().rowsFetched,
    );
  }

  /** @param read a number that only grows */
  #count(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** Counts an HTTP request. @param route the pattern of the route, so that there are as many values as routes */
  request(method: string, route: string, status: number, milliseconds: number): void {
    const labels = { method: methods.has(method) ? method : 'other', route, status };
    this.#requests.observe(labels, Math.max(0, milliseconds) / 1_000);
  }

  /** Wraps a store: measures its writes and counts its reads. */
  store(store: Store): Store {
    const asking = <T>(answer: T): T => {
      this.#reads.inc();
      return answer;
    };
    return {
      get epoch() {
        return store.epoch;
      },
      head: (channel) => asking(store.head(channel)),
      append: async (channel, write, keep) => {
        const began = this.#world.now();
        try {
          const appended = await store.append(channel, write, keep);
          this.#commits.observe(Math.max(0, this.#world.now() - began) / 1_000);
          this.#outcomes[appended.ok ? (appended.replayed ? 'replayed' : 'accepted') : appended.reason].inc();
          return appended;
        } catch (error) {
          this.#outcomes.failed.inc();
          throw error;
        }
      },
      since: (channel, seq, limit, page) => asking(store.since(channel, seq, limit, page)),
      read: (channel, range) => asking(store.read(channel, range)),
      state: (channel, range) => asking(store.state(channel, range)),
      history: (channel, past) => asking(store.history(channel, past)),
      at: (channel, seq) => asking(store.at(channel, seq)),
      channels: (prefix, page) => asking(store.channels(prefix, page)),
      heads: (channels, prefixes) => asking(store.heads(channels, prefixes)),
      forget: (channel, through) => store.forget(channel, through),
      bytes: (channel) => asking(store.bytes(channel)),
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
