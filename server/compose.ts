// Composes a hub: store, core, adapters, transports. The only file that imports all of them; main.ts and the end-to-end tests start a hub
// here. A failed start is returned as one sentence for the person who started it, not thrown.

import { hostname } from 'node:os';
import { refuse } from '../protocol/errors.ts';
import { memoizeAsync } from '../protocol/memoize-async.ts';
import { edgeRoutes } from './adapters/activitywatch/routes/edge-batches.ts';
import { watcherMay } from './adapters/activitywatch/routes/origins.ts';
import { openActivityWatch } from './adapters/activitywatch/routes/routes.ts';
import { openWebUi } from './adapters/activitywatch/routes/webui.ts';
import { eventRoutes } from './adapters/hub/channel-events.ts';
import { Metrics } from './adapters/hub/metrics.ts';
import { referenceRoutes } from './adapters/hub/reference.ts';
import { statusRoutes } from './adapters/hub/status.ts';
import { openTaskClients } from './adapters/kronos/task-requests.ts';
import { roomForm } from './adapters/mobtimer/room-form.ts';
import { mobtimerRoutes } from './adapters/mobtimer/routes.ts';
import { pagesMay, wakatimeRoutes } from './adapters/wakatime/routes.ts';
import { type Config, isNats, isPostgres } from './config.ts';
import { Accounts } from './core/accounts.ts';
import { Hub } from './core/hub.ts';
import type { Conversation, Peer } from './core/peer.ts';
import { noopRelay, type Relay } from './core/relay.ts';
import type { Store } from './core/store.ts';
import type { World } from './core/world.ts';
import { LiveDays } from './day/live-day.ts';
import { MergedDays } from './day/merged-days.ts';
import { MobTurns } from './day/mob-turns.ts';
import { questionRoutes } from './day/question-routes.ts';
import { IdleGuard } from './day/questions/idle-guard.ts';
import { rulesCheck } from './day/registry/check-rules.ts';
import { registryRoutes } from './day/registry-routes.ts';
import { Retention } from './day/retention.ts';
import { dayRoutes } from './day/routes.ts';
import { suggestionRoutes } from './day/suggestion-routes.ts';
import { Tickets } from './http/tickets.ts';
import type { Caller, Route } from './http/types.ts';
import { removeHubFile, writeHubFile } from './hub-file.ts';
import { openPages } from './pages/pages.ts';
import { MemoryStore } from './storage/memory.ts';
import { openSqlite } from './storage/sqlite/store.ts';
import { isHostAllowed, isLoopback, isOriginAllowed, isOwnOrigin } from './transport/host-origin-rules.ts';
import { type AppHandlers, type ListenOptions, listen, type OpenPorts } from './transport/listen.ts';
import { version } from './version.ts';
import { openWire } from './wire/conversation.ts';
import { subscription } from './wire/subscription-view.ts';

/** Milliseconds that a stop waits for open requests. */
const drainMs = 2_000;

export interface HubParts {
  readonly hub: Hub;
  readonly accounts: Accounts;
  readonly metrics: Metrics;
  readonly days: MergedDays;
  /** Size of the store's files in bytes; undefined if the store has no files. */
  readonly size: (() => Promise<number>) | undefined;
  readonly converse: (peer: Peer, caller: Caller) => Conversation;
}

export interface RunningHub {
  /** `http://127.0.0.1:5600/` */
  readonly url: string;
  /** `127.0.0.1:5000`; null if there is no Kronos port. */
  readonly kronos: string | null;
  /** `http://127.0.0.1:5601/`; null if no ActivityWatch web UI is served. */
  readonly webUi: string | null;
  /** True if every request without a token belongs to the owner. */
  readonly isPersonal: boolean;
  /** The owner's token, only on the first start with a data folder. */
  readonly ownerSecret: string | undefined;
  readonly engine: string;
  readonly warnings: readonly string[];
  /** Logs an uncaught exception. @returns true if the store still works */
  survivesFault(error: unknown): Promise<boolean>;
  /** Ends subscriptions, waits for open requests, and closes the store. */
  stop(): Promise<void>;
}

export type ComposeResult =
  | { readonly ok: true; readonly hub: RunningHub }
  | { readonly ok: false; readonly error: string };

/** A hub without ports: `compose` opens its ports, and `horai token …` uses it in process while no hub runs. */
export async function assemble(
  config: Config,
  world: World,
): Promise<{ readonly ok: true; readonly parts: HubParts } | { readonly ok: false; readonly error: string }> {
  const opened = await openStore(config, world);
  if (!opened.ok) return opened;
  const metrics = new Metrics(world);
  const hub = new Hub({ store: metrics.store(opened.store), relay: opened.relay, world });
  const accounts = await Accounts.open(hub);
  const tasks = await openTaskClients({ hub, accounts });
  const days = new MergedDays(hub);
  const checkRules = rulesCheck(days);
  const wire = openWire({
    hub,
    accounts,
    tasks,
    checkRules,
    forms: [roomForm],
    personal: isPersonal(config),
    signup: config.signup,
    version,
  });
  const converse = (peer: Peer, caller: Caller) => metrics.conversation(wire(peer, caller));
  return { ok: true, parts: { hub, accounts, metrics, days, size: opened.size, converse } };
}

export async function compose(config: Config, world: World): Promise<ComposeResult> {
  const assembled = await assemble(config, world);
  return assembled.ok ? openPorts(assembled.parts, config, world) : assembled;
}

/** The ports once they are open; pages name them. */
interface Ports {
  main: OpenPorts | undefined;
  webUi: OpenPorts | null;
}

/** The routes, and the services that run beside them. */
interface Services {
  readonly routes: readonly Route[];
  /** The routes on the port of the ActivityWatch web UI. */
  readonly webUiRoutes: readonly Route[];
  /** True if a page of this origin may use the hub. */
  readonly isNear: (caller: Caller) => boolean;
  close(): Promise<void>;
}

/** Opens the ports, and creates the owner once they are open: a start that fails must not consume the owner's secret, which is shown only once. */
export async function openPorts(parts: HubParts, config: Config, world: World): Promise<ComposeResult> {
  const { hub, accounts, metrics, converse } = parts;
  const ports: Ports = { main: undefined, webUi: null };
  const services = await createServices(parts, config, ports);
  const gate = createStartGate();
  const admit = createAdmission(config, gate, services.isNear);
  const opened = await listenOnPorts(config, world, {
    main: { routes: gate.holdBack(services.routes), admit, converse },
    webUi: { routes: gate.holdBack(services.webUiRoutes), admit, converse },
  });
  if (!opened.ok) {
    await hub.close();
    return opened;
  }
  const { main, webUi } = Object.assign(ports, opened.ports);
  for (const open of [main, ...(webUi === null ? [] : [webUi])]) hub.addPublisher(open.publisher);
  metrics.observe(hub, main.connections);

  const url = `http://${urlHost(config.host)}:${main.port}/`;
  const processSecret = world.secret();
  accounts.registerProcessSecret(processSecret);
  const ownerSecret = await accounts.createOwner(config.ownerToken);
  if (config.store !== 'memory') {
    await writeHubFile(config.data, { url: url.replace('http', 'ws'), secret: processSecret });
  }
  gate.open();

  const stop = memoizeAsync(async () => {
    const drained = Promise.all([main.drain(), webUi?.drain()]);
    hub.drain();
    await Promise.race([drained, new Promise<void>((resolve) => world.after(drainMs, resolve))]);
    await main.close();
    await webUi?.close();
    await services.close();
    if (config.store !== 'memory') await removeHubFile(config.data);
    await hub.close();
  });
  return {
    ok: true,
    hub: {
      url,
      kronos: main.kronosPort === null ? null : `${urlHost(config.host)}:${main.kronosPort}`,
      webUi: webUi === null ? null : `http://${urlHost(config.host)}:${webUi.port}/`,
      isPersonal: isPersonal(config),
      ownerSecret,
      engine: main.engine,
      warnings: warningsOf(main, config),
      async survivesFault(error) {
        metrics.fault();
        world.log.error({ error }, 'uncaught exception');
        return hub.store.check().then(
          () => true,
          () => false,
        );
      },
      stop,
    },
  };
}

async function createServices(parts: HubParts, config: Config, ports: Ports): Promise<Services> {
  const { hub, accounts, metrics, days, size } = parts;
  const trust = { accounts, personal: isPersonal(config) };
  const limits = { mostDaysOld: config.heartbeatAge, mostHoursAhead: config.heartbeatAhead };
  const tickets = new Tickets(trust, hub);
  const sizes = async () => ({ ...(await metrics.memory()), ...(size === undefined ? {} : { store: await size() }) });
  const isNear = ({ origin, host }: Caller) =>
    isOriginAllowed(origin, host, config.origins) || isOwnOrigin(origin, config.hosts);
  const pages = await openPages({
    version,
    get kronosPort() {
      return ports.main?.kronosPort ?? null;
    },
    get awWebUiPort() {
      return ports.webUi?.port ?? null;
    },
  });
  const activityWatch = openActivityWatch({
    hub,
    ...trust,
    hostname: hostname(),
    version: `horai-v${version}`,
    testing: config.testing,
  });
  const liveDays = new LiveDays(days);
  const names = () => accounts.list().map(({ name }) => name);
  const mobTurns = new MobTurns({ hub, accounts: names });
  const idleGuard = new IdleGuard({ days, accounts: names });
  const retention = new Retention({ days, accounts: names });
  const routes: readonly Route[] = [
    ...statusRoutes({ hub, metrics, version, ...trust }),
    ...referenceRoutes({ routes: () => routes, version, page: pages.reference, headers: pages.headers }),
    ...mobtimerRoutes({
      hub,
      rooms: config.rooms,
      authenticate: (request) => tickets.authenticate(request),
      pages,
      personal: trust.personal,
    }),
    ...pages.routes,
    ...activityWatch.routes,
    ...edgeRoutes({ hub, bucketsOf: activityWatch.bucketsOf, ...trust }),
    ...wakatimeRoutes({ hub, near: isNear, ...trust, limits, sizes }),
    ...eventRoutes({ hub, accounts, tickets, subscription }),
    ...dayRoutes({ days, ...trust }),
    ...registryRoutes({ days, ...trust }),
    ...suggestionRoutes({ days, ...trust }),
    ...questionRoutes({ days, ...trust }),
  ];
  const close = async () => {
    await activityWatch.close();
    liveDays.close();
    mobTurns.close();
    idleGuard.close();
    retention.close();
    await days.close();
  };
  return { routes, webUiRoutes: activityWatch.routes, isNear, close };
}

interface StartGate {
  readonly isOpen: () => boolean;
  readonly open: () => void;
  /** @returns the routes with handlers that wait until the gate is open, because watchers drop a heartbeat that is refused */
  readonly holdBack: (routes: readonly Route[]) => readonly Route[];
}

function createStartGate(): StartGate {
  let isOpen = false;
  let resolveOpened: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    resolveOpened = resolve;
  });
  return {
    isOpen: () => isOpen,
    open() {
      isOpen = true;
      resolveOpened();
    },
    holdBack: (routes) =>
      routes.map((route) => ({ ...route, handle: (request) => opened.then(() => route.handle(request)) })),
  };
}

/** Checks Host and Origin, before anything else of a request or a connection. */
function createAdmission(config: Config, gate: StartGate, isNear: Services['isNear']): AppHandlers['admit'] {
  return (caller, asked) => {
    const { host, origin } = caller;
    if (!gate.isOpen() && asked === undefined) return refuse('away');
    if (!isHostAllowed(host, { bound: config.host, extra: config.hosts })) {
      return refuse('host', '', 'HORAI_HOSTS lists further names of this hub');
    }
    if (isPersonal(config) && caller.isForwarded === true) return refuse('host', '', describeProxyFix(host));
    const isTool = asked !== undefined && (watcherMay(origin, asked) || pagesMay(asked));
    const isPublic = asked !== undefined && isPublicAsset(asked.path);
    if (!isTool && !isPublic && !isNear(caller)) return refuse('origin', '', describeOriginFix(origin));
    return undefined;
  };
}

/** Opens the main port, the Kronos port and, if configured, the port of the ActivityWatch web UI; all of them, or none. */
async function listenOnPorts(
  config: Config,
  world: World,
  handlers: { readonly main: AppHandlers; readonly webUi: AppHandlers },
): Promise<
  | { readonly ok: true; readonly ports: { readonly main: OpenPorts; readonly webUi: OpenPorts | null } }
  | { readonly ok: false; readonly error: string }
> {
  const { host, port, kronosPort } = config;
  const listened = await listen(
    handlers.main,
    { host, port, kronosPort, isKronosRequired: config.isKronosRequired },
    { log: world.log, ...engineOf(config) },
  );
  if (!listened.ok) {
    return { ok: false, error: sentence(`${listened.error} (HORAI_HOST, HORAI_PORT, HORAI_KRONOS_PORT)`) };
  }
  const main = listened.listening;
  const served = await listenWebUi(config, world, handlers.webUi);
  if (!served.ok) {
    await main.close();
    return { ok: false, error: sentence(`${served.error} (HORAI_AW_WEBUI, HORAI_AW_WEBUI_PORT)`) };
  }
  return { ok: true, ports: { main, webUi: served.listening } };
}

function warningsOf({ warnings, fallbackReason }: OpenPorts, { store }: Config): readonly string[] {
  return [
    ...warnings.map(sentence),
    ...(fallbackReason === null ? [] : [sentence(`${fallbackReason}; the hub runs on ws, which is slower`)]),
    ...(store === 'memory' ? ['HORAI_STORE=memory: all data is lost when the hub stops.'] : []),
  ];
}

/** The scripts, styles and icons of the hub's pages: they contain no data, so any page may load them. */
function isPublicAsset(path: string): boolean {
  return path.startsWith('/-/assets/') || path === '/favicon.ico';
}

/** The fix for a proxy in front of a personal hub, which would treat everybody as its owner. @param host the Host header that the proxy sends */
function describeProxyFix(host: string): string {
  const name = isLoopback(host.replace(/:\d+$/, '')) ? 'hub.example.org' : host;
  return `a proxy forwards this request, and this hub is personal: everybody behind the proxy would be its owner. Start the hub with HORAI_HOSTS=${name}, the name that people reach it by; everybody then needs a token`;
}

/** The setting that admits pages of this origin. */
function describeOriginFix(origin: string): string {
  const host = /^https?:\/\/([^/:]+)/.exec(origin.toLowerCase())?.[1];
  const own = host === undefined ? '' : `HORAI_HOSTS=${host} if that is a name of this hub (behind a proxy, say), or `;
  return `a page of ${origin} may not use this hub. Start the hub with ${own}HORAI_ORIGINS=${origin.toLowerCase()}`;
}

async function openStore(
  config: Config,
  world: World,
): Promise<
  | { readonly ok: true; readonly store: Store; readonly relay: Relay; readonly size?: () => Promise<number> }
  | { readonly ok: false; readonly error: string }
> {
  const { store: kind } = config;
  if (kind === 'memory') return { ok: true, store: new MemoryStore({ epoch: world.id() }), relay: noopRelay };
  if (!isPostgres(kind)) {
    const opened = await openSqlite({ folder: config.data, world });
    return opened.ok ? { ...opened, relay: noopRelay, size: () => opened.store.size() } : opened;
  }
  // Imported here, because most hubs need neither database nor relay.
  const { openPostgres } = await import('./storage/postgres/store.ts');
  const opened = await openPostgres({ url: kind, world });
  if (!opened.ok) return opened;
  return { ...opened, relay: await openRelay(config.relay, kind, opened.store.epoch, world) };
}

async function openRelay(relay: Config['relay'], database: string, epoch: string, world: World): Promise<Relay> {
  if (isNats(relay)) {
    const { NatsRelay } = await import('./storage/relay/nats.ts');
    return new NatsRelay({ url: relay, epoch, world });
  }
  const { PostgresRelay } = await import('./storage/relay/postgres.ts');
  return new PostgresRelay(database, world);
}

/** Serves ActivityWatch's own web UI, if configured, on a separate port: its pages can only call their own origin. */
async function listenWebUi(
  config: Config,
  world: World,
  handlers: AppHandlers,
): Promise<
  { readonly ok: true; readonly listening: OpenPorts | null } | { readonly ok: false; readonly error: string }
> {
  if (config.awWebUi === undefined) return { ok: true, listening: null };
  const opened = await openWebUi(config.awWebUi);
  if (!opened.ok) return opened;
  return listen(
    { ...handlers, routes: [...handlers.routes, ...opened.routes] },
    { host: config.host, port: config.awWebUiPort, kronosPort: null, isKronosRequired: false },
    { log: world.log, ...engineOf(config) },
  );
}

/** Further host names mean that other people reach the hub through a proxy; they need tokens. */
function isPersonal(config: Config): boolean {
  return isLoopback(config.host) && config.hosts.length === 0;
}

function engineOf({ engine }: Config): Pick<ListenOptions, 'engine'> {
  if (engine === 'auto') return {};
  return { engine: engine === 'uws' ? 'uWebSockets.js' : 'ws' };
}

/** The host by which this machine reaches a listen address. */
function urlHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
