// Three hubs as processes, their database and relay, and what can be done to them. Each node reaches the database and the relay through a
// wire of its own that can be cut: the third one from a network namespace, where this process may make one.

import type { PostgresUrl } from '../../../server/config.ts';
import { Cut } from '../../../tests/harness/cut.ts';
import { eventually } from '../../../tests/harness/eventually.ts';
import { Namespace } from '../../../tests/harness/namespace.ts';
import { Nats } from '../../../tests/harness/nats.ts';
import { Postgres } from '../../../tests/harness/postgres.ts';
import { HubProcess, Leftovers } from '../../../tests/harness/process.ts';
import { freePort } from '../free-port.ts';

export type RelayName = 'notify' | 'NATS';

/** How long a node without its database accepts the tokens that it knows, in seconds. */
export const tokensMaxAgeSeconds = 3;
const startDeadlineMs = 60_000;
const againMs = 100;

export class ClusterNode {
  readonly name: string;
  readonly url: string;
  readonly #leftovers: Leftovers;
  readonly #env: Readonly<Record<string, string>>;
  readonly #wires: { readonly database: Cut; readonly relay: Cut | undefined };
  readonly #namespace: Namespace | undefined;
  #hub: HubProcess | undefined;

  constructor(
    name: string,
    url: string,
    leftovers: Leftovers,
    env: Readonly<Record<string, string>>,
    wires: { readonly database: Cut; readonly relay: Cut | undefined },
    namespace: Namespace | undefined,
  ) {
    this.name = name;
    this.url = url;
    this.#leftovers = leftovers;
    this.#env = env;
    this.#wires = wires;
    this.#namespace = namespace;
  }

  /**
   * Starts the hub; again, if the database is away just then.
   * @param clockMs by which its clock is ahead
   */
  async start(clockMs: number): Promise<void> {
    const clock = `const now = Date.now; Date.now = () => now() + ${clockMs};`;
    const env = { ...this.#env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(clock)}` };
    const end = performance.now() + startDeadlineMs;
    for (;;) {
      const hub = new HubProcess(this.#leftovers, env, [], this.#namespace?.prefix ?? []);
      this.#hub = hub;
      try {
        await hub.up();
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, againMs));
      }
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#hub?.signal(signal);
  }

  /** Ends the process. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#hub?.signal(signal);
    await this.#hub?.ended;
  }

  /** From now on no byte passes between this node and the database and the relay, until `mend`. */
  cut(): void {
    if (this.#namespace !== undefined) this.#namespace.cut();
    else for (const wire of Object.values(this.#wires)) wire?.cut();
  }

  mend(): void {
    if (this.#namespace !== undefined) this.#namespace.mend();
    else for (const wire of Object.values(this.#wires)) wire?.mend();
  }

  /** The wire to the NATS server; undefined where notices travel over the database. */
  get relay(): Cut | undefined {
    return this.#wires.relay;
  }

  /** Resolves when the node says that it can serve. */
  async healthy(): Promise<void> {
    let last: unknown;
    const check = async () => {
      const response = await fetch(`${this.url}/-/health`, { signal: AbortSignal.timeout(2_000) });
      last = await response.json();
      return typeof last === 'object' && last !== null && 'status' in last && last.status === 'ok';
    };
    await eventually(check, `the node ${this.name} to be healthy`, {
      deadlineMs: startDeadlineMs,
      instead: () => last ?? `its process: ${this.#hub?.out.slice(-500)} ${this.#hub?.err.slice(-2_000)}`,
    });
  }
}

export class Cluster {
  readonly relay: RelayName;
  readonly postgres: Postgres;
  readonly store: PostgresUrl;
  readonly nats: Nats | undefined;
  readonly nodes: readonly ClusterNode[];
  readonly #closing: readonly (() => unknown)[];

  private constructor(
    relay: RelayName,
    postgres: Postgres,
    store: PostgresUrl,
    nats: Nats | undefined,
    nodes: readonly ClusterNode[],
    closing: readonly (() => unknown)[],
  ) {
    this.relay = relay;
    this.postgres = postgres;
    this.store = store;
    this.nats = nats;
    this.nodes = nodes;
    this.#closing = closing;
  }

  /** @param owner the secret of the hub's owner */
  static async open(relay: RelayName, owner: string): Promise<Cluster> {
    const postgres = await Postgres.start(['fsync=off', 'wal_level=replica', 'max_wal_senders=4']);
    const leftovers = new Leftovers();
    const closing: (() => unknown)[] = [() => leftovers.clear(), () => postgres.remove()];
    const nats = relay === 'NATS' ? await Nats.start() : undefined;
    closing.unshift(() => nats?.down());
    const store = await postgres.database();
    const nodes: ClusterNode[] = [];
    for (const name of ['A', 'B', 'C']) {
      const namespace = name === 'C' ? Namespace.open() : undefined;
      const near = namespace?.hostAddress ?? '127.0.0.1';
      const host = namespace?.address ?? '127.0.0.1';
      const database = await Cut.open(postgres.port, near);
      const wire = nats === undefined ? undefined : await Cut.open(Number(new URL(nats.url).port), near);
      closing.push(
        () => database.close(),
        () => wire?.close(),
        () => namespace?.close(),
      );
      const port = await freePort();
      const env = {
        HORAI_STORE: store.replace(`127.0.0.1:${postgres.port}/`, `${near}:${database.port}/`),
        HORAI_DATA: leftovers.folder(),
        HORAI_OWNER_TOKEN: owner,
        HORAI_HOST: host,
        HORAI_PORT: String(port),
        HORAI_DRAIN: '0.2',
        HORAI_TOKENS_MAX_AGE: String(tokensMaxAgeSeconds),
        ...(wire === undefined ? {} : { HORAI_RELAY: `nats://${near}:${wire.port}` }),
      };
      const url = `http://${host}:${port}`;
      nodes.push(new ClusterNode(name, url, leftovers, env, { database, relay: wire }, namespace));
    }
    return new Cluster(relay, postgres, store, nats, nodes, closing);
  }

  async close(): Promise<void> {
    for (const close of this.#closing) await close();
  }
}
