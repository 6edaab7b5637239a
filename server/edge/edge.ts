// Composes an edge: the local store, the adapters that serve this machine's programs, the connection to the hub, and the ports. README.md
// explains the purpose of an edge, and why it neither loses nor duplicates data.

import { hostname } from 'node:os';
import { errorMessage } from '../../protocol/error-message.ts';
import { refuse } from '../../protocol/errors.ts';
import { edgeIds } from '../adapters/activitywatch/buckets/ids.ts';
import { watcherMay } from '../adapters/activitywatch/routes/origins.ts';
import { openActivityWatch } from '../adapters/activitywatch/routes/routes.ts';
import { pagesMay, wakatimeRoutes } from '../adapters/wakatime/routes.ts';
import { Accounts } from '../core/accounts.ts';
import { Hub } from '../core/hub.ts';
import { noopRelay } from '../core/relay.ts';
import type { Store } from '../core/store.ts';
import type { World } from '../core/world.ts';
import { isFromOtherSite } from '../http/browser-defences.ts';
import type { Caller, Route } from '../http/types.ts';
import { json } from '../http/types.ts';
import { openSqlite } from '../storage/sqlite/store.ts';
import { isHostAllowed, isOriginAllowed } from '../transport/host-origin-rules.ts';
import { type AppHandlers, type ListenOptions, listen } from '../transport/listen.ts';
import { version } from '../version.ts';
import { Forwarder, localAccount } from './forwarder.ts';
import { proxyKronos } from './kronos-proxy.ts';
import { activityWatchAtEdge, wakatimeAtEdge } from './routes.ts';
import { RulesFile } from './rules-file.ts';
import { type HubAddress, Upstream } from './upstream.ts';

export interface EdgeConfig {
  readonly hub: HubAddress;
  /** The folder of the local store. */
  readonly folder: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** null disables it; 0 takes any free port. */
  readonly kronosPort: number | null;
  /** True if the edge must not start without its Kronos port. */
  readonly isKronosRequired: boolean;
  /** Days for which data that the hub has stays on this machine, for reads while the hub is away. */
  readonly keepDays: number;
  /** The file of privacy rules. */
  readonly rules: string | undefined;
  readonly testing: boolean;
  readonly socketEngine: Pick<ListenOptions, 'engine' | 'uwsPackages'>;
  /** Milliseconds without an answer after which the hub counts as away. */
  readonly timeoutMs?: number;
  /** Used instead of a store in `folder`. */
  readonly store?: Store;
}

export interface EdgeStatus {
  readonly hub: string;
  /** Why the hub cannot be reached; null if it can. */
  readonly away: string | null;
  /** Number of steps that the hub does not have yet. */
  readonly waiting: number;
  /** When the oldest of these steps was stored, in milliseconds since 1970; null if there are none. */
  readonly oldest: number | null;
  /** Why the hub refuses a channel, by channel name. */
  readonly refused: Readonly<Record<string, string>>;
  /** The error in the privacy rules; null if they are valid. */
  readonly rules: string | null;
}

export interface RunningEdge {
  /** `http://127.0.0.1:5600/` */
  readonly url: string;
  /** `127.0.0.1:5000`; null when there is no Kronos port. */
  readonly kronos: string | null;
  readonly engineNote: string;
  readonly warnings: readonly string[];
  status(): Promise<EdgeStatus>;
  /** Forwards what the hub lacks, and trims old data, without waiting for the timer. */
  tidyUp(): Promise<void>;
  stop(): Promise<void>;
}

export type OpenedEdge =
  | { readonly ok: true; readonly edge: RunningEdge }
  | { readonly ok: false; readonly error: string };

const host = '127.0.0.1';
const dayMs = 86_400_000;
const trimEveryMs = 3_600_000;
const rulesEveryMs = 2_000;
/** Milliseconds that a stop waits for open requests. */
const drainMs = 2_000;
/** Milliseconds that a read waits until the hub has all earlier writes of this machine. */
const flushMs = 5_000;
/** Number of event ids that one edge can assign: 67 million. */
const idBlock = 2 ** 26;
/** Number of such blocks below the greatest event id, which has 15 digits. */
const idBlocks = Math.floor((1e15 - edgeIds) / idBlock);

const isNear = ({ origin, host: name }: Caller) => isOriginAllowed(origin, name, []);

/** @param print prints a message for the person who runs the edge */
export async function openEdge(config: EdgeConfig, world: World, print: (text: string) => void): Promise<OpenedEdge> {
  const store = config.store ?? (await openSqlite({ folder: config.folder, world }));
  if ('ok' in store && !store.ok) return store;
  const hub = new Hub({ store: 'ok' in store ? store.store : store, relay: noopRelay, world });
  const self = await openIdentity(hub);
  const accounts = await Accounts.open(hub);

  const rules = new RulesFile(config.rules, (error) => {
    print(error === null ? 'The privacy rules are valid again.' : `Nothing is sent to the hub: ${error}.`);
  });
  const { href } = config.hub.url;
  let hasStarted = false;
  const upstream = new Upstream({
    address: config.hub,
    world,
    ...(config.timeoutMs === undefined ? {} : { timeoutMs: config.timeoutMs }),
    backlog: async () => (await forwarder.waiting()).steps,
    onStore: (epoch) => forwarder.setStore(epoch),
    onUp: () => print(`The hub at ${href} answers again.`),
    onDown(error) {
      if (hasStarted)
        print(`The hub at ${href} cannot be reached: ${error}. New data is stored on this machine until it can.`);
    },
  });
  const forwarder = await Forwarder.open({ hub, upstream, filters: () => rules.filters(), key: self.key });

  const storage = createStorageReport(print);
  const deps = {
    upstream,
    forwarder,
    world,
    token: config.hub.token,
    isNear,
    timeoutMs: Math.min(flushMs, config.timeoutMs ?? flushMs),
    onStored: storage.report,
  };
  const trust = { accounts, personal: true };
  const activityWatch = openActivityWatch({
    hub,
    ...trust,
    hostname: hostname(),
    version: `horai-v${version}`,
    testing: config.testing,
    reportWrite: deps.onStored,
  });
  const status = async (): Promise<EdgeStatus> => {
    const { steps, since, refused } = await forwarder.waiting();
    const counts = { waiting: steps, oldest: since, refused: Object.fromEntries(refused) };
    return { hub: href, away: upstream.error, ...counts, rules: rules.error };
  };
  const routes: readonly Route[] = [
    healthRoute(hub, storage.fault, status),
    ...activityWatchAtEdge(activityWatch.routes, deps),
    ...wakatimeAtEdge(wakatimeRoutes({ hub, near: () => true, ...trust }), deps),
  ];
  const close = async () => {
    upstream.close();
    await forwarder.close();
    await activityWatch.close();
    await hub.close();
  };
  const listened = await listen(
    { routes, admit: createAdmission(isNear), converse: (peer) => proxyKronos(upstream, peer) },
    { host, port: config.port, kronosPort: config.kronosPort, isKronosRequired: config.isKronosRequired },
    { log: world.log, ...config.socketEngine },
  );
  if (!listened.ok) {
    await close();
    return { ok: false, error: listened.error };
  }
  const { listening } = listened;

  const upkeep = startUpkeep(world, forwarder, rules, config.keepDays);
  rules.filters();
  await upstream.start();
  await forwarder.waitUntilSent(flushMs);
  hasStarted = true;
  return {
    ok: true,
    edge: {
      url: `http://${host}:${listening.port}/`,
      engineNote: listening.engineNote,
      kronos: listening.kronosPort === null ? null : `${host}:${listening.kronosPort}`,
      warnings: listening.warnings,
      status,
      tidyUp: upkeep.tidyUp,
      async stop() {
        upkeep.stop();
        const drained = listening.drain();
        await Promise.race([drained, new Promise<void>((resolve) => world.after(drainMs, resolve))]);
        await listening.close();
        await close();
      },
    },
  };
}

/** Remembers why the last write could not be stored, null if it was stored, and prints each change. */
function createStorageReport(print: (text: string) => void) {
  let fault: string | null = null;
  return {
    fault: () => fault,
    report(reason: string | null): void {
      if (reason !== null && fault === null)
        print(`New data cannot be stored: ${reason.replace(/\.$/, '')}. The edge retries.`);
      if (reason === null && fault !== null) print('New data is stored again.');
      fault = reason;
    },
  };
}

/** @param fault returns why the last write could not be stored; null if it was */
function healthRoute(hub: Hub, fault: () => string | null, status: () => Promise<EdgeStatus>): Route {
  return {
    method: 'GET',
    path: '/-/health',
    handle: async () => {
      const broken = await hub.store.check().then(fault, errorMessage);
      return broken === null
        ? json(200, { status: 'ok', version, ...(await status()) })
        : json(503, { status: 'broken', reason: broken, version, ...(await status()) });
    },
  };
}

/** The rules of Host and Origin: an edge serves the programs of its own machine. */
function createAdmission(isNear: (caller: Caller) => boolean): AppHandlers['admit'] {
  return (caller, asked) => {
    if (!isHostAllowed(caller.host, { bound: host, extra: [] })) return refuse('host');
    if (caller.isForwarded === true)
      return refuse('host', '', 'an edge serves programs of its own machine only, not a proxy');
    // The edge would answer with its own token. Requests with an Origin are checked by it below.
    if (caller.origin === '' && isFromOtherSite(caller))
      return refuse('origin', '', 'a page of another site asks for this');
    const isTool = asked !== undefined && (watcherMay(caller.origin, asked) || pagesMay(asked));
    return isTool || isNear(caller) ? undefined : refuse('origin');
  };
}

/** Periodically trims old data, and checks whether invalid privacy rules have become valid. */
function startUpkeep(world: World, forwarder: Forwarder, rules: RulesFile, keepDays: number) {
  const tidyUp = async () => {
    forwarder.wake();
    await forwarder.trim(world.now() - keepDays * dayMs);
  };
  const checkRules = async () => {
    if (rules.error !== null && rules.filters() !== undefined) forwarder.wake();
  };
  const cancels = [repeatEvery(world, trimEveryMs, tidyUp), repeatEvery(world, rulesEveryMs, checkRules)];
  return {
    tidyUp,
    stop(): void {
      for (const cancel of cancels) cancel();
    },
  };
}

/** Calls `act` every `ms` milliseconds, counted from the end of the previous call. @returns a function that stops it */
function repeatEvery(world: World, ms: number, act: () => Promise<void>): () => void {
  let cancel: () => void;
  const schedule = () => {
    cancel = world.after(ms, () => {
      act()
        .catch((error: unknown) => world.log.error({ error }, 'edge: periodic upkeep failed; retrying later'))
        .finally(schedule);
    });
  };
  schedule();
  return () => cancel();
}

/** Opens the edge's identity, created on its first start: its block of event ids, and the key of its hashes. */
async function openIdentity(hub: Hub): Promise<{ readonly key: string }> {
  const at = hub.world.now();
  const self = await hub.cachedChannel('@edge/self');
  if (!self.view.items.has('key')) {
    const secret = hub.world.secret().replaceAll('-', '');
    const block = Number.parseInt(secret.slice(0, 10), 16) % idBlocks;
    const ids = await hub.cachedChannel(`${localAccount}/aw`);
    const idsOp = { op: 'add', key: 'ids', value: String(edgeIds + block * idBlock) } as const;
    await ids.write(() => ({ ok: true, write: { ops: [idsOp], origin: 'edge', at } }));
    const key = { op: 'add', key: 'key', value: JSON.stringify(`${hub.world.secret()}${hub.world.secret()}`) } as const;
    await self.write(() => ({ ok: true, write: { ops: [key], origin: 'edge', at } }));
  }
  return { key: JSON.parse(self.view.items.get('key')?.value ?? '""') };
}
