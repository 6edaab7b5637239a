// Composes a hub: store, core, adapters, transports. The only file that imports all of them; main.ts and the end-to-end tests start a hub
// here. A failed start is returned as one sentence for the person who started it, not thrown.

import { statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { errorMessage } from '../protocol/error-message.ts';
import { refuse } from '../protocol/errors.ts';
import { memoizeAsync } from '../protocol/memoize-async.ts';
import { ConnectedEdges, edgeRoutes } from './adapters/activitywatch/routes/edge-batches.ts';
import { watcherMay } from './adapters/activitywatch/routes/origins.ts';
import { openActivityWatch } from './adapters/activitywatch/routes/routes.ts';
import { openWebUi } from './adapters/activitywatch/routes/webui.ts';
import { eventRoutes } from './adapters/hub/channel-events.ts';
import { exportRoutes } from './adapters/hub/export.ts';
import { type Measures, Metrics } from './adapters/hub/metrics.ts';
import { peopleRoutes } from './adapters/hub/people.ts';
import { referenceRoutes } from './adapters/hub/reference.ts';
import { sessionRoutes } from './adapters/hub/sessions.ts';
import { statusRoutes } from './adapters/hub/status.ts';
import { openTaskClients } from './adapters/kronos/task-requests.ts';
import { roomForm } from './adapters/mobtimer/room-form.ts';
import { mobtimerRoutes } from './adapters/mobtimer/routes.ts';
import { parseApiKey } from './adapters/wakatime/auth/credentials.ts';
import { goalRecords } from './adapters/wakatime/ingest/goal-records.ts';
import { pagesMay, wakatimeRoutes } from './adapters/wakatime/routes.ts';
import { Calendars } from './calendars/calendars.ts';
import { calendarRoutes } from './calendars/routes.ts';
import { type Config, isNats, isPostgres } from './config.ts';
import { AccountLifecycle } from './core/account-lifecycle.ts';
import { Accounts } from './core/accounts.ts';
import { EdgeQueues } from './core/edge-queues.ts';
import { Hub } from './core/hub.ts';
import { LimitedStore, type OwnerUsage } from './core/limited-store.ts';
import { LimitReached, Limits } from './core/limits.ts';
import type { Conversation, Peer } from './core/peer.ts';
import { noopRelay, type Relay } from './core/relay.ts';
import type { StoredArchive, StoreUser } from './core/store.ts';
import type { World } from './core/world.ts';
import { calendarOf } from './day/account-days.ts';
import { deviceRoutes } from './day/device-routes.ts';
import { zoneAt } from './day/engine/day-calendar.ts';
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
import { weekRoutes } from './day/week-routes.ts';
import { locksCheck } from './day/weeks/submitted-weeks.ts';
import { refuseEmbedding } from './http/browser-defences.ts';
import { Links } from './http/links.ts';
import { Rates } from './http/rates.ts';
import type { RequestHead } from './http/router.ts';
import { type IsOwnPage, withPage } from './http/session-cookie.ts';
import { Tickets } from './http/tickets.ts';
import type { Caller, Reply, Route } from './http/types.ts';
import { removeHubFile, writeHubFile } from './hub-file.ts';
import { mcpRoutes } from './mcp/routes.ts';
import { HomeGoals } from './mqtt/home-goals.ts';
import { HomePublisher } from './mqtt/home-publisher.ts';
import { requestGuarded } from './outbox/guarded-request.ts';
import { type Mailer, smtpSender } from './outbox/mail.ts';
import { Outbox } from './outbox/outbox.ts';
import { post } from './outbox/post.ts';
import { AllowedHosts } from './outbox/public-address.ts';
import { webhookRoutes } from './outbox/routes.ts';
import { readSealer, type Sealer } from './outbox/sealed.ts';
import { openPages } from './pages/pages.ts';
import { goalAlerts } from './push/goal-alerts.ts';
import { Push } from './push/push.ts';
import { pushRoutes } from './push/push-routes.ts';
import { alertOfQuestions } from './push/question-alerts.ts';
import { alertOfRings } from './push/ring-alerts.ts';
import { feedRoutes } from './reports/feed-routes.ts';
import { reportMail } from './reports/report-mail.ts';
import { reportRoutes } from './reports/routes.ts';
import { WeeklyReports } from './reports/weekly-reports.ts';
import { FreeSpace } from './storage/free-space.ts';
import { MemoryStore } from './storage/memory.ts';
import type { PostgresStore } from './storage/postgres/store.ts';
import { isDamage } from './storage/sqlite/checksum.ts';
import { openSqlite } from './storage/sqlite/store.ts';
import { openStoreUpkeep, type StoreParts, type StoreUpkeep } from './store-upkeep.ts';
import { isHostAllowed, isLoopback, isOriginAllowed, isOwnOrigin } from './transport/host-origin-rules.ts';
import { type AppHandlers, engineOptions, listen, type OpenPorts } from './transport/listen.ts';
import { nodeVersion, version } from './version.ts';
import { openWire } from './wire/conversation.ts';
import { subscription } from './wire/subscription-view.ts';

/** Milliseconds that a stop waits for open requests. */
const drainMs = 2_000;
const flushMs = 20;

export interface HubParts {
  readonly hub: Hub;
  readonly accounts: Accounts;
  readonly limits: Limits;
  readonly rates: Rates;
  readonly metrics: Metrics;
  readonly days: MergedDays;
  readonly calendars: Calendars;
  /** Encrypts secrets of other systems. */
  readonly sealer: () => Promise<Sealer>;
  /** The stored size of an account; for `mob`, that of all rooms. */
  readonly usage: (owner: string) => Promise<OwnerUsage>;
  /** Size of the store's files in bytes; undefined if the store has no files. */
  readonly size: (() => Promise<number>) | undefined;
  /** Problems of the other nodes at the start. */
  readonly nodeWarnings: readonly string[];
  /** The store's figures about itself. */
  readonly measures: Pick<Measures, 'files' | 'queues' | 'database'>;
  readonly upkeep: StoreUpkeep;
  readonly converse: (peer: Peer, caller: Caller) => Conversation;
  /** Watches the free space of the store's disk; undefined if the store has no files. */
  readonly space: FreeSpace | undefined;
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
  /** One sentence: which socket engine runs, and how to get a faster one. */
  readonly engineNote: string;
  readonly warnings: readonly string[];
  /** The route table of the main port, for tests that go through all of it. */
  readonly routes: readonly Route[];
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
  const { measures = {}, size } = opened;
  try {
    // A store that cannot be read or written must not start services that would all fail.
    await opened.store.check();
    await opened.store.channels('@hub/');
  } catch (error) {
    await opened.store.close();
    return { ok: false, error: sentence(`the store cannot be used: ${describeStoreError(error)}`) };
  }
  // All nodes of a database go by its clock.
  const hubWorld = opened.shared === undefined ? world : withClock(world, opened.shared);
  const metrics = new Metrics(hubWorld);
  const limits = new Limits(hubWorld);
  const { space } = opened;
  const disk = () => space?.refusal();
  const store = new LimitedStore({ store: metrics.store(opened.store), limits, world: hubWorld, disk });
  const hub = new Hub({
    store,
    relay: opened.relay,
    world: hubWorld,
    relayTrouble: () => opened.shared?.heartbeat?.relayTrouble,
    machineTrouble: () => opened.shared?.heartbeat?.clockWarning,
    presence: opened.shared?.presence,
    renewEpoch: opened.store.renewEpoch?.bind(opened.store),
  });
  opened.attach?.(hub);
  await limits.follow(hub);
  limits.onLimitReached((limit) => hub.events.report({ event: 'limit_reached', limit, of: '' }));
  const upkeep = await openStoreUpkeep(opened.parts, { hub, world, plan: config.backup, version });
  const accounts = await Accounts.open(hub, limits, config.tokensMaxAgeMs);
  const rates = new Rates({ limits, accounts, secretOf: parseApiKey, isExempt: exemption(config) });
  const tasks = await openTaskClients({ hub, accounts });
  const days = new MergedDays(hub);
  const checkRules = rulesCheck(days);
  const usage = (owner: string) => store.usage(owner);
  const sealer = memoizeAsync(() => readSealer(config.secretKey, config.store === 'memory' ? undefined : config.data));
  const calendars = openCalendars({ hub, accounts, days, sealer }, config);
  const wire = openWire({
    hub,
    accounts,
    tasks,
    checkRules,
    checkOps: locksCheck(hub),
    forms: [roomForm],
    personal: isPersonal(config),
    signup: config.signup,
    version,
    limits: { limits, usage },
    ...(opened.compact === undefined ? {} : { compact: opened.compact }),
    rate: (caller, token, size) => rates.refuseMessage(caller, token, size),
    links: new Links(hub),
    lifecycle: new AccountLifecycle(hub, accounts, opened.store),
    operations: upkeep.operations,
    calendars,
  });
  const { isOwnPage } = originRules(config);
  const converse = (peer: Peer, caller: Caller) =>
    metrics.conversation(wire(peer, withPage(caller, isOwnPage, config.basePath)));
  const nodeWarning = opened.shared?.heartbeat?.startWarning;
  const nodeWarnings = nodeWarning === undefined ? [] : [nodeWarning];
  return {
    ok: true,
    parts: {
      hub,
      accounts,
      limits,
      rates,
      metrics,
      days,
      calendars,
      sealer,
      usage,
      size,
      measures,
      upkeep,
      nodeWarnings,
      converse,
      space,
    },
  };
}

function openCalendars(
  { hub, accounts, days, sealer }: Pick<HubParts, 'hub' | 'accounts' | 'days' | 'sealer'>,
  config: Config,
): Calendars {
  const allowed = new AllowedHosts(config.outboxAllow);
  return new Calendars({
    hub,
    accounts: () => accounts.list().map(({ name }) => name),
    sealer,
    allowed,
    request: (request, stop) => requestGuarded(request, allowed, stop),
    zoneOf: async (account) => {
      const calendar = calendarOf(await days.of(account).days.settings(), undefined);
      return zoneAt(calendar, hub.world.now() * 1_000);
    },
  });
}

function openOutbox(
  { hub, sealer, days }: HubParts,
  config: Config,
  accounts: () => readonly string[],
  homeGoals: HomeGoals,
): Outbox {
  const allowed = new AllowedHosts(config.outboxAllow);
  const broker = new HomePublisher({
    days,
    allowed,
    version,
    goals: (account) => homeGoals.of(account),
    watchGoals: (account, publish) => homeGoals.watch(account, publish),
  });
  const mailer = openMailer(config);
  return new Outbox({
    hub,
    accounts,
    sealer,
    allowed,
    broker,
    mailer,
    post: (request, stop) => post(request, allowed, stop),
  });
}

/** @returns undefined if the administrator named no mail server */
function openMailer({ smtp, mailFrom, hosts: [ownName] }: Config): Mailer | undefined {
  if (smtp === undefined) return undefined;
  const domain = (ownName ?? new URL(smtp).hostname).replace(/:\d+$/, '');
  const send = smtpSender({ url: smtp, from: mailFrom ?? `horai@${domain}` }, isLoopback);
  return { send, render: reportMail, domain };
}

export async function compose(config: Config, world: World): Promise<ComposeResult> {
  try {
    const assembled = await assemble(config, world);
    return assembled.ok ? await openPorts(assembled.parts, config, world) : assembled;
  } catch (error) {
    return { ok: false, error: sentence(`the hub cannot start: ${describeStoreError(error)}`) };
  }
}

/** The reason, and what to do if it is damage or a full disk. */
function describeStoreError(error: unknown): string {
  const reason = errorMessage(error).replace(/\.$/, '').split('\n')[0] ?? '';
  if (isDamage(reason)) return `${reason}: restore a backup with "horai backup restore FILE --replace"`;
  return /ENOSPC|disk is full/.test(reason) ? `${reason}: free some space on its disk` : reason;
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
  /** The page for an address at which nothing is. */
  readonly missingPage: (path: string) => Reply;
  /** True if a page of this origin may use the hub. */
  readonly isNear: (caller: Caller) => boolean;
  /** True if a browser may send this from another site without a token. */
  readonly mayCross: (caller: Caller) => boolean;
  readonly edges: ConnectedEdges;
  readonly outbox: Outbox;
  close(): Promise<void>;
}

/** Opens the ports, and creates the owner once they are open: a start that fails must not consume the owner's secret, which is shown only once. */
export async function openPorts(parts: HubParts, config: Config, world: World): Promise<ComposeResult> {
  const { hub, accounts, metrics, converse } = parts;
  const ports: Ports = { main: undefined, webUi: null };
  const gate = createStartGate();
  const services = await createServices(parts, config, ports, gate);
  const admit = createAdmission(config, gate, services.isNear, parts.rates);
  const admitEmbedding = (head: RequestHead) => {
    const isOpen = !isPersonal(config) || parseApiKey(head) !== undefined || services.mayCross(head);
    return isOpen ? undefined : refuseEmbedding(head);
  };
  const shared = { admit, admitEmbedding, converse, ...observeRequests(parts, world) };
  const opened = await listenOnPorts(config, world, {
    main: {
      ...shared,
      routes: gate.holdBack(services.routes),
      missingPage: services.missingPage,
      basePath: config.basePath,
    },
    webUi: { ...shared, routes: gate.holdBack(services.webUiRoutes) },
  });
  if (!opened.ok) {
    await hub.close();
    return opened;
  }
  const { main, webUi } = Object.assign(ports, opened.ports);
  // Not earlier: a start that fails prints one sentence and nothing else.
  world.log.info({ version, node: nodeVersion, store: nameStore(config.store), folder: config.data }, 'starting');
  for (const open of [main, ...(webUi === null ? [] : [webUi])]) hub.addPublisher(open.publisher);
  observeHub(parts, services, main, config);
  parts.upkeep.start();

  const url = `http://${urlHost(config.host)}:${main.port}/`;
  const processSecret = world.secret();
  accounts.registerProcessSecret(processSecret);
  const ownerSecret = await accounts.createOwner(config.ownerToken);
  if (config.store !== 'memory') {
    await writeHubFile(config.data, { url: url.replace('http', 'ws'), secret: processSecret });
  }
  gate.open();
  const kronos = main.kronosPort === null ? null : `${urlHost(config.host)}:${main.kronosPort}`;
  world.log.info({ url, kronos, engine: main.engine, personal: isPersonal(config) }, 'listening');

  const stop = memoizeAsync(async () => {
    world.log.info({}, 'stopping');
    const wait = (ms: number) => new Promise<void>((resolve) => world.after(ms, resolve));
    gate.leave();
    if (config.drainMs > 0) await wait(config.drainMs);
    let isLate = false;
    const drain = async () => {
      await Promise.all([main.drain(), webUi?.drain(), hub.drain()]);
      // The last messages are still in transit.
      while (config.drainMs > 0 && !isLate && main.connections() > 0) await wait(flushMs);
    };
    await Promise.race([drain(), wait(drainMs)]);
    isLate = true;
    await main.close();
    await webUi?.close();
    await services.close();
    await parts.upkeep.close();
    parts.space?.close();
    if (config.store !== 'memory') await removeHubFile(config.data);
    await hub.close();
    world.log.info({}, 'stopped');
  });
  return {
    ok: true,
    hub: {
      url,
      kronos,
      webUi: webUi === null ? null : `http://${urlHost(config.host)}:${webUi.port}/`,
      isPersonal: isPersonal(config),
      ownerSecret,
      engine: main.engine,
      engineNote: main.engineNote,
      warnings: [...warningsOf(main, config), ...parts.nodeWarnings.map(sentence)],
      routes: services.routes,
      async survivesFault(error) {
        metrics.fault();
        world.log.error({ error }, 'uncaught exception');
        return hub.store.check().then(
          () => true,
          // A full disk takes no data, but the store works.
          (fault: unknown) => fault instanceof LimitReached,
        );
      },
      stop,
    },
  };
}

async function createServices(parts: HubParts, config: Config, ports: Ports, gate: StartGate): Promise<Services> {
  const { hub, accounts, metrics, days, calendars, size } = parts;
  const mayCross = (caller: Caller) =>
    config.origins.includes(caller.origin.toLowerCase()) || (isRequest(caller) && watcherMay(caller.origin, caller));
  const trust = { accounts, personal: isPersonal(config), mayCross };
  const limits = { mostDaysOld: config.heartbeatAge, mostHoursAhead: config.heartbeatAhead };
  const tickets = new Tickets(trust, hub);
  const sizes = async () => ({ ...(await metrics.memory()), ...(size === undefined ? {} : { store: await size() }) });
  const { isNear, isOwnPage } = originRules(config);
  const base = config.basePath;
  const pages = await openPages({
    version,
    base,
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
  const push = await Push.open({ hub, accounts, services: config.pushServices, contact: contactOf(config) });
  const names = () => accounts.list().map(({ name }) => name);
  const homeGoals = new HomeGoals();
  const outbox = openOutbox(parts, config, names, homeGoals);
  const goals = [goalAlerts(push), goalRecords(hub, (account) => outbox.hasTargets(account)), homeGoals];
  const [edges, connected] = [new EdgeQueues(), new ConnectedEdges(hub)];
  const liveDays = new LiveDays(days);
  const mobTurns = new MobTurns({ hub, accounts: names });
  const idleGuard = new IdleGuard({ days, accounts: names });
  const retention = new Retention({ days, accounts: names });
  const weeklyReports = new WeeklyReports({ days, accounts: names });
  const routes: readonly Route[] = [
    ...statusRoutes({ hub, metrics, version, isLeaving: gate.isLeaving, ...trust }),
    ...referenceRoutes({ routes: () => routes, version, base, page: pages.reference, headers: pages.headers }),
    ...mobtimerRoutes({
      hub,
      rooms: config.rooms,
      authenticate: (request) => tickets.authenticate(request),
      pages,
      personal: trust.personal,
    }),
    ...pages.routes,
    ...activityWatch.routes,
    ...edgeRoutes({ hub, bucketsOf: activityWatch.bucketsOf, edges, connected, ...trust }),
    ...wakatimeRoutes({ hub, near: isNear, ...trust, limits, sizes, goals }),
    ...eventRoutes({ hub, accounts, tickets, subscription }),
    ...dayRoutes({ days, ...trust }),
    ...registryRoutes({ days, ...trust }),
    ...suggestionRoutes({ days, ...trust }),
    ...questionRoutes({ days, ...trust }),
    ...weekRoutes({ days, ...trust }),
    ...deviceRoutes({ days, edges, ...trust }),
    ...reportRoutes({ days, fonts: config.fonts, ...trust }),
    ...feedRoutes({ days, ...trust }),
    ...webhookRoutes({ outbox, ...trust }),
    ...calendarRoutes({ calendars, ...trust }),
    ...mcpRoutes({ days, version, ...trust }),
    ...pushRoutes({ push, ...trust }),
    ...exportRoutes({ hub, ...trust }),
    ...peopleRoutes({ hub, usage: parts.usage, ...trust }),
    ...sessionRoutes({ hub, ...trust, links: new Links(hub), signup: config.signup }),
  ].map((route) => belowPath(route, base, isOwnPage));
  calendars.start();
  const stopAlerts = [alertOfQuestions(hub, push), alertOfRings(hub, push)];
  const close = async () => {
    for (const stop of stopAlerts) stop();
    await outbox.close();
    await calendars.close();
    await activityWatch.close();
    for (const service of [liveDays, mobTurns, idleGuard, retention, weeklyReports]) service.close();
    await days.close();
  };
  const missingPage = (path: string): Reply => ({
    status: 404,
    headers: { ...pages.headers, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' },
    body: pages.missing(path),
  });
  return { routes, webUiRoutes: activityWatch.routes, missingPage, isNear, mayCross, edges: connected, outbox, close };
}

/** Whom a push service can ask about this hub. */
function contactOf({ hosts: [ownName] }: Config): string {
  return ownName === undefined ? 'mailto:horai@localhost' : `https://${ownName}`;
}

function isRequest(caller: Caller): caller is RequestHead {
  return 'headers' in caller;
}

/** Which pages may use the hub, and which are its own: only those may use a browser's session. */
function originRules(config: Config) {
  return {
    isNear: ({ origin, host }: Caller) =>
      isOriginAllowed(origin, host, config.origins) || isOwnOrigin(origin, config.hosts),
    // A name without a port is that of the usual ports: on another port of the same host, pages are somebody else's.
    isOwnPage: (origin: string, host: string) =>
      isOriginAllowed(origin, host, []) || config.hosts.includes(origin.toLowerCase().replace(/^https?:\/\//, '')),
  };
}

/** The route of a hub that a proxy serves below a path: handlers know the path, and may redirect to a path of the hub. */
function belowPath(route: Route, base: string, isOwnPage: IsOwnPage): Route {
  if (base === '') return { ...route, handle: (request) => route.handle(withPage(request, isOwnPage, base)) };
  return {
    ...route,
    handle: async (request) => {
      const reply = await route.handle(withPage({ ...request, base }, isOwnPage, base));
      const { location } = reply.headers;
      return location?.startsWith('/') ? { ...reply, headers: { ...reply.headers, location: base + location } } : reply;
    },
  };
}

/** Starts the metrics of this node, and the reports of its disk. */
function observeHub(parts: HubParts, services: Services, main: OpenPorts, config: Config): void {
  const { hub, metrics, space } = parts;
  metrics.observe(hub, {
    build: { version, node: nodeVersion, engine: main.engine, store: nameStore(config.store) },
    connections: main.connections,
    freeBytes: () => freeBytes(config.data),
    edges: () => services.edges.count(),
    outbox: () => services.outbox.queues(),
    ...parts.measures,
    ...(parts.upkeep.backup === undefined ? {} : { backup: parts.upkeep.backup }),
    isDamaged: parts.upkeep.isDamaged,
    ...(space === undefined ? {} : { isDiskLow: () => space.refusal() !== undefined }),
  });
  space?.reportTo(hub.events);
}

/** Counts requests and limits, and logs each request at the level debug: its route, never its path, which may hold a secret. */
function observeRequests({ hub, metrics }: HubParts, world: World): Pick<AppHandlers, 'onRequest' | 'onLimit'> {
  return {
    onRequest({ address }, method, route) {
      const began = world.now();
      return (status) => {
        const ms = Math.max(0, world.now() - began);
        metrics.request(method, route, status, ms);
        world.log.debug({ method, route, status, ms, address }, 'request');
      };
    },
    onLimit: (limit, of) => hub.events.report({ event: 'limit_reached', limit, of }),
  };
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** The kind of a store; its URL may hold a password. */
function nameStore(store: Config['store']): string {
  return isPostgres(store) ? 'postgres' : store;
}

interface StartGate {
  readonly isOpen: () => boolean;
  readonly open: () => void;
  /** True once the hub was asked to stop. */
  readonly isLeaving: () => boolean;
  readonly leave: () => void;
  /** @returns the routes with handlers that wait until the gate is open, because watchers drop a heartbeat that is refused */
  readonly holdBack: (routes: readonly Route[]) => readonly Route[];
}

function createStartGate(): StartGate {
  let isOpen = false;
  let isLeaving = false;
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
    isLeaving: () => isLeaving,
    leave() {
      isLeaving = true;
    },
    holdBack: (routes) =>
      routes.map((route) => ({ ...route, handle: (request) => opened.then(() => route.handle(request)) })),
  };
}

/** Checks Host, Origin and rates, before anything else of a request or a connection. */
function createAdmission(
  config: Config,
  gate: StartGate,
  isNear: Services['isNear'],
  rates: Rates,
): AppHandlers['admit'] {
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
    return rates.refuseRequest(caller, asked);
  };
}

/**
 * Which addresses are not limited by their rate: on a personal hub, this machine; behind a proxy that is not trusted, the proxy, because
 * everybody has its address.
 */
function exemption(config: Config): (caller: Caller) => boolean {
  const isAlone = isPersonal(config);
  const isBehindUnknownProxy = config.trustedProxies.length === 0;
  return ({ address, isForwarded = false }) =>
    isLoopback(address) && (isAlone || (isForwarded && isBehindUnknownProxy));
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
    { log: world.log, trustedProxies: config.trustedProxies, ...engineOptions(config) },
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

function warningsOf({ warnings }: OpenPorts, { store }: Config): readonly string[] {
  return [
    ...warnings.map(sentence),
    ...(store === 'memory' ? ['HORAI_STORE=memory: all data is lost when the hub stops.'] : []),
  ];
}

/** The scripts, styles and icons of the hub's pages: they contain no data, so any page may load them. */
function isPublicAsset(path: string): boolean {
  return path.startsWith('/-/assets/') || path === '/favicon.ico' || path === '/manifest.webmanifest';
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
  | {
      readonly ok: true;
      readonly store: StoredArchive;
      readonly relay: Relay;
      readonly size?: () => Promise<number>;
      readonly compact?: () => Promise<{ readonly before: number; readonly after: number }>;
      readonly space?: FreeSpace;
      readonly shared?: PostgresStore;
      /** Tells the store who is to hear of a new epoch. */
      readonly attach?: (user: StoreUser) => void;
      readonly measures?: HubParts['measures'];
      readonly parts: StoreParts;
    }
  | { readonly ok: false; readonly error: string }
> {
  const { store: kind } = config;
  if (kind === 'memory') {
    const store = new MemoryStore({ epoch: world.id() });
    return { ok: true, store, relay: noopRelay, parts: { archive: store, warnings: [] } };
  }
  if (!isPostgres(kind)) {
    const opened = await openSqlite({ folder: config.data, world, acceptLoss: config.acceptLoss });
    if (!opened.ok) return opened;
    const { store } = opened;
    const space = await FreeSpace.watch({ folder: config.data, floor: config.diskFloor, world });
    const measures = { files: () => store.files(), queues: () => store.queues() };
    const parts: StoreParts = {
      archive: store,
      verify: () => store.verify(),
      onDamage: (listener) => store.onDamage(listener),
      warnings: opened.warnings,
    };
    const size = () => store.size();
    const attach = (user: StoreUser) => store.attach(user);
    return { ok: true, store, relay: noopRelay, size, compact: () => store.compact(), space, measures, parts, attach };
  }
  // Imported here, because most hubs need neither database nor relay.
  const { openPostgres } = await import('./storage/postgres/store.ts');
  const budget = { total: config.pgConnections, isNotify: !isNats(config.relay) };
  const opened = await openPostgres({ url: kind, world }, budget);
  if (!opened.ok) return opened;
  const { store } = opened;
  const relay = await openRelay(config.relay, kind, store, world);
  try {
    await store.startHeartbeat(relayName(config.relay), () => relay.lastNotices ?? new Map());
  } catch (error) {
    await store.close();
    return { ok: false, error: `The database cannot be used (${errorMessage(error)}): check HORAI_STORE.` };
  }
  const measures = { database: () => store.measure() };
  const attach = (user: StoreUser) => store.attach(user);
  return { ok: true, store, relay, shared: store, measures, parts: { archive: store, warnings: [] }, attach };
}

/** How the database names a relay to the other nodes: without the password that a URL may have. */
function relayName(relay: Config['relay']): string {
  if (!isNats(relay)) return 'notify';
  const { protocol, host } = new URL(relay);
  return `${protocol}//${host}`;
}

function withClock(world: World, store: PostgresStore): World {
  return {
    now: () => world.now() + store.clockMs,
    after: (ms, act) => world.after(ms, act),
    id: () => world.id(),
    secret: () => world.secret(),
    random: () => world.random(),
    log: world.log,
  };
}

async function openRelay(relay: Config['relay'], url: string, store: PostgresStore, world: World): Promise<Relay> {
  if (isNats(relay)) {
    const { NatsRelay } = await import('./storage/relay/nats.ts');
    return new NatsRelay({ url: relay, database: store.database, node: store.node, world });
  }
  const { PostgresRelay } = await import('./storage/relay/postgres.ts');
  return new PostgresRelay(url, world, store.node, (client) => store.verify(client));
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
    { log: world.log, trustedProxies: config.trustedProxies, ...engineOptions(config) },
  );
}

/** Further host names mean that other people reach the hub through a proxy; they need tokens. */
function isPersonal(config: Config): boolean {
  return isLoopback(config.host) && config.hosts.length === 0;
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
