// The heartbeat of a node to the others and the database, every two seconds: that it runs and over which relay, the database's clock, the
// epoch, and the other nodes. From this come the clock of the hub, and warnings about relays that do not reach all nodes.

import type pg from 'pg';
import type { World } from '../../core/world.ts';
import { reasonOf } from './connection.ts';

const everyMs = 2_000;
/** A node that was not seen for so long does not run. */
export const aliveSeconds = 7;
/** Milliseconds in which a running node must be heard over the relay. */
const noticeMs = 7_000;
const warnMs = 2_000;
const refuseMs = 60_000;

interface Beat {
  readonly now: number;
  readonly epoch: string;
  readonly others: readonly { readonly node: string; readonly relay: string }[];
}

export interface NodeHeartbeatDeps {
  readonly pool: pg.Pool;
  readonly world: World;
  readonly node: string;
  /** How this node hears of others: `notify`, or the address of NATS. */
  readonly relay: string;
  /** When each node was last heard over the relay, in milliseconds of this process's clock. */
  readonly lastNotices: () => ReadonlyMap<string, number>;
  readonly onEpoch: (epoch: string) => void;
}

export class NodeHeartbeat {
  readonly #deps: NodeHeartbeatDeps;
  #clockMs = 0;
  #isWarned = false;
  /** Since when each other node has been seen to run. */
  #others = new Map<string, { readonly since: number; readonly relay: string }>();
  #closed = false;
  #beating: Promise<void> | undefined;

  constructor(deps: NodeHeartbeatDeps) {
    this.#deps = deps;
  }

  /** Milliseconds by which the database's clock is ahead of this machine's. */
  get clockMs(): number {
    return this.#clockMs;
  }

  /** Why no writes are taken; undefined if they are. */
  get clockRefusal(): string | undefined {
    return Math.abs(this.#clockMs) > refuseMs
      ? `The clock of this machine is ${seconds(this.#clockMs)} the database's: set it. No writes are taken until then`
      : undefined;
  }

  /** A problem of this machine that does not stop writes; undefined if it has none. */
  get clockWarning(): string | undefined {
    return Math.abs(this.#clockMs) > warnMs
      ? `the clock of this machine is ${seconds(this.#clockMs)} the database's: set it`
      : undefined;
  }

  /** Why notices do not reach all nodes; undefined while they do. */
  get relayTrouble(): string | undefined {
    const { relay, world, lastNotices } = this.#deps;
    const now = world.now();
    const deaf = [...this.#others].find(
      ([node, { since }]) => now - since > noticeMs && now - (lastNotices().get(node) ?? 0) > noticeMs,
    )?.[1];
    if (deaf === undefined) return undefined;
    return deaf.relay === relay
      ? `a node that runs is not heard over the relay ${relay}`
      : `${otherRelay(deaf.relay)}, and this one ${relay}: set HORAI_RELAY to the same on all nodes`;
  }

  /** A sentence for the person who starts the hub, if running nodes use another relay. */
  get startWarning(): string | undefined {
    const { relay } = this.#deps;
    const other = [...this.#others.values()].find((one) => one.relay !== relay);
    return other === undefined
      ? undefined
      : `${otherRelay(other.relay)}, and this one ${relay}: nodes hear of each other's changes late. Set HORAI_RELAY to the same on all nodes.`;
  }

  /** Beats once, then every two seconds. @throws if the first one fails */
  async start(): Promise<void> {
    await this.#beat();
    this.#later();
  }

  async stop(): Promise<void> {
    this.#closed = true;
    await this.#beating;
    await this.#deps.pool.query('DELETE FROM nodes WHERE node = $1', [this.#deps.node]).catch(() => undefined);
  }

  #later(): void {
    const { world } = this.#deps;
    world.after(everyMs, () => {
      if (this.#closed) return;
      this.#beating = this.#beat()
        .catch((error: unknown) => world.log.debug({ error: reasonOf(error) }, 'postgres: no heartbeat'))
        .then(() => this.#later());
    });
  }

  async #beat(): Promise<void> {
    const { pool, world, node, relay, onEpoch } = this.#deps;
    const asked = world.now();
    const { rows } = await pool.query<Beat>({
      name: 'beat',
      text: `WITH own AS (
          INSERT INTO nodes (node, relay) VALUES ($1, $2)
          ON CONFLICT (node) DO UPDATE SET relay = excluded.relay, seen = clock_timestamp()
        ), old AS (DELETE FROM nodes WHERE seen < now() - interval '1 hour' AND node <> $1)
        SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now, (SELECT value FROM meta WHERE name = 'epoch') AS epoch,
          coalesce((SELECT json_agg(json_build_object('node', n.node, 'relay', n.relay)) FROM nodes n
            WHERE n.node <> $1 AND n.seen > now() - interval '${aliveSeconds} seconds'), '[]') AS others`,
      values: [node, relay],
    });
    const [beat] = rows;
    if (beat === undefined) return;
    const answered = world.now();
    this.#setClock(beat.now - (asked + answered) / 2, (answered - asked) / 2);
    const before = this.#others;
    this.#others = new Map(
      beat.others.map((other) => [
        other.node,
        { since: before.get(other.node)?.since ?? answered, relay: other.relay },
      ]),
    );
    onEpoch(beat.epoch);
  }

  /** @param mostWrongMs how far from the truth the measured difference may be */
  #setClock(measuredMs: number, mostWrongMs: number): void {
    if (this.#deps.world.isSimulated) return;
    if (Math.abs(measuredMs - this.#clockMs) > mostWrongMs + 1) this.#clockMs = Math.round(measuredMs);
    const isWrong = Math.abs(this.#clockMs) > warnMs;
    if (isWrong && !this.#isWarned)
      this.#deps.world.log.warn(
        { differenceMs: this.#clockMs },
        "postgres: this machine's clock differs from the database's",
      );
    this.#isWarned = isWrong;
  }
}

function seconds(clockMs: number): string {
  return `${Math.round(Math.abs(clockMs) / 100) / 10} s ${clockMs > 0 ? 'behind' : 'ahead of'}`;
}

function otherRelay(relay: string): string {
  return `another node hears of changes over ${relay}`;
}
