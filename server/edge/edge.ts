// Puts an edge together: the local store, the adapters that answer this machine's programs, the link to the hub, the ports. Its one
// door for the command and the tests. What an edge is for, and why it loses and doubles nothing, is in README.md.

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
import type { Caller, Route } from '../http/types.ts';
import { json } from '../http/types.ts';
import { openSqlite } from '../storage/sqlite/store.ts';
import { isHostAllowed, isOriginAllowed } from '../transport/host-origin-rules.ts';
import { type AppHandlers, type EngineName, listen } from '../transport/listen.ts';
import { version } from '../version.ts';
import { Forwarder, localAccount } from './forwarder.ts';
import { pipe } from './kronos-proxy.ts';
import { activityWatchAtEdge, wakatimeAtEdge } from './routes.ts';
import { RulesFile } from './rules-file.ts';
import { type HubAddress, Link } from './upstream.ts';

export interface EdgeConfig {
  readonly hub: HubAddress;
  /** Of the local store. */
  readonly folder: string;
  /** 0 is any free one. */
  readonly port: number;
  /** null turns it off; 0 is any free one. */
  readonly kronosPort: number | null;
  /** A Kronos port that cannot be had is an error. */
  readonly kronosAsked: boolean;
  /** How long what the hub has had stays here, for reads without it. */
  readonly keepDays: number;
  /** The file of privacy rules. */
  readonly rules: string | undefined;
  readonly testing: boolean;
  readonly engine?: EngineName;
  /** Milliseconds after which a silent hub counts as away. */
  readonly patience?: number;
  /** Another store than the folder's. */
  readonly store?: Store;
}

export interface EdgeStatus {
  readonly hub: string;
  /** Why it cannot be reached; null when it can. */
  readonly away: string | null;
  /** Steps that the hub has not had. */
  readonly waiting: number;
  /** When the oldest of them was taken in, milliseconds since 1970. */
  readonly oldest: number | null;
  /** What the hub does not take, by channel, and why. */
  readonly refused: Readonly<Record<string, string>>;
  /** What is wrong with the privacy rules; null when nothing is. */
  readonly rules: string | null;
}

export interface RunningEdge {
  /** `http://127.0.0.1:5600/` */
  readonly url: string;
  /** `127.0.0.1:5000`; null when there is no Kronos port. */
  readonly kronos: string | null;
  readonly warnings: readonly string[];
  status(): Promise<EdgeStatus>;
  /** Forwards and trims what there is to be, now. */
  tidy(): Promise<void>;
  stop(): Promise<void>;
}

export type OpenedEdge =
  | { readonly ok: true; readonly edge: RunningEdge }
  | { readonly ok: false; readonly error: string };

const host = '127.0.0.1';
const dayMs = 86_400_000;
const trimEveryMs = 3_600_000;
const rulesEveryMs = 2_000;
/** Requests under way are waited for this long at a stop. */
const drainMs = 2_000;
/** How long a read waits until the hub has what was written here before it. */
const flushMs = 5_000;
/** Numbers for events that one edge may give out: 67 million. */
const idBlock = 2 ** 26;
/** How many such blocks there are below the greatest number that an event's path may have: 15 digits. */
const idBlocks = Math.floor((1e15 - edgeIds) / idBlock);

/** @param say what a person should know, in one sentence, when it happens */
export async function openEdge(config: EdgeConfig, world: World, say: (text: string) => void): Promise<OpenedEdge> {
  const store = config.store ?? (await openSqlite({ folder: config.folder, world }));
  if ('ok' in store && !store.ok) return store;
  const hub = new Hub({ store: 'ok' in store ? store.store : store, relay: noopRelay, world });
  const self = await identity(hub);
  const accounts = await Accounts.open(hub);

  const rules = new RulesFile(config.rules, (error) => {
    say(error === null ? 'The privacy rules are right again.' : `Nothing leaves this machine: ${error}.`);
  });
  const { href } = config.hub.url;
  let begun = false;
  const link = new Link({
    address: config.hub,
    world,
    ...(config.patience === undefined ? {} : { patience: config.patience }),
    met: (epoch) => forwarder.met(epoch),
    up: () => say(`The hub at ${href} answers again.`),
    down(error) {
      if (begun) say(`The hub at ${href} cannot be reached: ${error}. What comes in is kept here until it can.`);
    },
  });
  const forwarder = await Forwarder.open({ hub, link, filters: () => rules.filters(), key: self.key });

  const stored = storageReport(say);
  const near = ({ origin, host: said }: Caller) => isOriginAllowed(origin, said, []);
  const deps = {
    link,
    forwarder,
    world,
    token: config.hub.token,
    near,
    patience: Math.min(flushMs, config.patience ?? flushMs),
    kept: stored.report,
  };
  const trust = { accounts, personal: true };
  const activityWatch = openActivityWatch({
    hub,
    ...trust,
    hostname: hostname(),
    version: `horai-v${version}`,
    testing: config.testing,
    kept: deps.kept,
  });
  const status = async (): Promise<EdgeStatus> => {
    const { steps, since, refused } = await forwarder.waiting();
    const counts = { waiting: steps, oldest: since, refused: Object.fromEntries(refused) };
    return { hub: href, away: link.error, ...counts, rules: rules.error };
  };
  const routes: readonly Route[] = [
    healthRoute(hub, stored.fault, status),
    ...activityWatchAtEdge(activityWatch.routes, deps),
    ...wakatimeAtEdge(wakatimeRoutes({ hub, near: () => true, ...trust }), deps),
  ];
  const close = async () => {
    link.close();
    await forwarder.close();
    await activityWatch.close();
    await hub.close();
  };
  const listened = await listen(
    { routes, admit: admission(near), converse: (peer) => pipe(link, peer) },
    { host, port: config.port, kronosPort: config.kronosPort, kronosRequired: config.kronosAsked },
    { log: world.log, ...(config.engine === undefined ? {} : { engine: config.engine }) },
  );
  if (!listened.ok) {
    await close();
    return { ok: false, error: listened.error };
  }
  const { listening } = listened;

  const upkeep = startUpkeep(world, forwarder, rules, config.keepDays);
  rules.filters();
  await link.start();
  await forwarder.flushed(flushMs);
  begun = true;
  return {
    ok: true,
    edge: {
      url: `http://${host}:${listening.port}/`,
      kronos: listening.kronosPort === null ? null : `${host}:${listening.kronosPort}`,
      warnings: listening.warnings,
      status,
      tidy: upkeep.tidy,
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

/** Remembers why the last write could not be stored (null when it was), and says when that changes. */
function storageReport(say: (text: string) => void) {
  let fault: string | null = null;
  return {
    fault: () => fault,
    report(reason: string | null): void {
      if (reason !== null && fault === null)
        say(`What comes in cannot be kept: ${reason.replace(/\.$/, '')}. It waits for room.`);
      if (reason === null && fault !== null) say('What comes in is kept again.');
      fault = reason;
    },
  };
}

/** @param fault why the last write could not be stored; null when it was */
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
function admission(isNear: (caller: Caller) => boolean): AppHandlers['admit'] {
  return (caller, asked) => {
    if (!isHostAllowed(caller.host, { bound: host, extra: [] })) return refuse('host');
    if (caller.isForwarded === true)
      return refuse('host', '', 'an edge serves the programs of its own machine, and no proxy');
    const isTool = asked !== undefined && (watcherMay(caller.origin, asked) || pagesMay(asked));
    return isTool || isNear(caller) ? undefined : refuse('origin');
  };
}

/** Trims what the hub has long had, and looks whether rules that were wrong are right by now. */
function startUpkeep(world: World, forwarder: Forwarder, rules: RulesFile, keepDays: number) {
  const tidy = async () => {
    forwarder.wake();
    await forwarder.trim(world.now() - keepDays * dayMs);
  };
  const checkRules = async () => {
    if (rules.error !== null && rules.filters() !== undefined) forwarder.wake();
  };
  const cancels = [repeat(world, trimEveryMs, tidy), repeat(world, rulesEveryMs, checkRules)];
  return {
    tidy,
    stop(): void {
      for (const cancel of cancels) cancel();
    },
  };
}

/** Calls `act` every so often, the next time after the last has ended. Returns a function that ends it. */
function repeat(world: World, ms: number, act: () => Promise<void>): () => void {
  let cancel: () => void;
  const schedule = () => {
    cancel = world.after(ms, () => {
      act()
        .catch((error: unknown) => world.log.error({ error }, 'edge: tidying failed; it is tried again'))
        .finally(schedule);
    });
  };
  schedule();
  return () => cancel();
}

/** What sets this edge apart, made on its first start: the numbers of its events, and the key of its hashes. */
async function identity(hub: Hub): Promise<{ readonly key: string }> {
  const at = hub.world.now();
  const self = await hub.cachedChannel('@edge/self');
  if (!self.view.items.has('key')) {
    const secret = hub.world.secret().replaceAll('-', '');
    const block = Number.parseInt(secret.slice(0, 10), 16) % idBlocks;
    const ids = await hub.cachedChannel(`${localAccount}/aw`);
    const first = { op: 'add', key: 'ids', value: String(edgeIds + block * idBlock) } as const;
    await ids.write(() => ({ ok: true, write: { ops: [first], origin: 'edge', at } }));
    const key = { op: 'add', key: 'key', value: JSON.stringify(`${hub.world.secret()}${hub.world.secret()}`) } as const;
    await self.write(() => ({ ok: true, write: { ops: [key], origin: 'edge', at } }));
  }
  return { key: JSON.parse(self.view.items.get('key')?.value ?? '""') };
}
