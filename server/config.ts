// The table of settings: variable, allowed values, default, help text. `configure` reads it into a frozen Config; `horai --help` prints it.
// The environment is a parameter. No other file knows the names of the variables.

import { isIP } from 'node:net';
import { join } from 'node:path';
import { isMailAddress } from './outbox/mail.ts';
import { isAllowedHost } from './outbox/public-address.ts';
import type { BackupPlan } from './storage/archive/scheduled-backups.ts';
import { isProxyRange } from './transport/client-address.ts';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type PostgresUrl = `postgres${string}`;
export type NatsUrl = `${'nats' | 'tls'}://${string}`;

export interface Config {
  /** The address to listen on. A loopback address makes the hub personal. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** null disables it; 0, used only in tests, takes any free port. */
  readonly kronosPort: number | null;
  /** True if the Kronos port was set explicitly: the hub does not start without it. */
  readonly isKronosRequired: boolean;
  readonly data: string;
  readonly ownerToken: string | undefined;
  readonly signup: 'open' | 'closed';
  readonly log: (typeof logLevels)[number];
  readonly store: 'sqlite' | 'memory' | PostgresUrl;
  /** How nodes on one database notify each other: PostgreSQL's NOTIFY, or the URL of a NATS server. */
  readonly relay: 'notify' | NatsUrl;
  /** Connections to PostgreSQL of this node. */
  readonly pgConnections: number;
  /** When and where the hub backs itself up; undefined for never. */
  readonly backup: BackupPlan | undefined;
  /** True opens a store that has lost commits (`--accept-loss`). */
  readonly acceptLoss: boolean;
  readonly origins: readonly string[];
  /** The path below which a proxy serves the hub, without a slash at its end: `/horai`; '' for the whole origin. */
  readonly basePath: string;
  /** Origins of push services besides those of the known browsers. */
  readonly pushServices: readonly string[];
  /** Hosts, addresses and subnets besides the public internet that webhooks and calendars may lead to. */
  readonly outboxAllow: readonly string[];
  /** The key that encrypts secrets of other systems; undefined for a key in the data folder. */
  readonly secretKey: string | undefined;
  /** The mail server for weekly reports, and who they are from; undefined if the hub sends no mail. */
  readonly smtp: string | undefined;
  readonly mailFrom: string | undefined;
  /** A folder with the fonts of PDFs. */
  readonly fonts: string;
  readonly hosts: readonly string[];
  readonly rooms: 'open' | 'members';
  /** Addresses and subnets of proxies whose forwarding headers name the client. */
  readonly trustedProxies: readonly string[];
  /** Bytes of free disk space below which the hub takes no new data; 0 for no floor. */
  readonly diskFloor: number;
  readonly engine: 'auto' | 'uws' | 'ws';
  /** Milliseconds for which a hub that stops still takes new clients, while it says that it is not ready. 0, used only in tests, waits for nothing. */
  readonly drainMs: number;
  /** Milliseconds after which a node without its database no longer trusts the tokens that it knows. */
  readonly tokensMaxAgeMs: number;
  /** The package or path that is tried as uWebSockets.js first. */
  readonly uws: string | undefined;
  /** Greatest age of a heartbeat in days; undefined for no limit. */
  readonly heartbeatAge: number | undefined;
  /** Hours that a heartbeat may be in the future. */
  readonly heartbeatAhead: number;
  /** The folder of a built aw-webui, to be served. */
  readonly awWebUi: string | undefined;
  readonly awWebUiPort: number;
  /** For the test suites of ActivityWatch's clients: uses its testing port, and deletes buckets without `?force=1`. */
  readonly testing: boolean;
}

/** The parts of the process that the configuration depends on. */
export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly home: string;
}

interface Setting<T> {
  readonly variable: string;
  readonly fallback: T;
  /** The default as `--help` prints it. */
  readonly shown: string;
  readonly help: string;
  /** Describes a valid value; completes the sentence "… is not". */
  readonly allowed: string;
  /** @returns undefined if the text is not valid */
  readonly parse: (text: string) => T | undefined;
  /** True if error messages must not repeat the value. */
  readonly secret?: boolean;
}

function oneOf<const T extends string>(values: readonly T[]): Pick<Setting<T>, 'allowed' | 'parse'> {
  return {
    allowed: values.length > 1 ? `one of ${values.join(', ')}` : `${values[0]}`,
    parse: (text) => values.find((value) => value === text),
  };
}

const portNumber: Pick<Setting<number>, 'allowed' | 'parse'> = {
  allowed: 'a port number, 0 to 65535',
  parse: (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined),
};

const positiveNumber: Pick<Setting<number>, 'allowed' | 'parse'> = {
  allowed: 'a number greater than 0',
  parse: (text) => (/^\d{1,6}(?:\.\d{1,3})?$/.test(text) && Number(text) > 0 ? Number(text) : undefined),
};

/** One path or more; not the first segment of the tools' and the hub's own addresses, which stay reachable without it. */
const basePathForm = /^(?:\/(?!(?:api|-|\.{1,2})(?:\/|$))[\w.~-]+(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+){0,7})?\/?$/;
const hostForm = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i;
const uuid4Form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const originForm = /^[a-z][a-z0-9+.-]*:\/\/[^/\s,]+$/;

function isHost(text: string): boolean {
  return isIP(text) !== 0 || hostForm.test(text);
}

export function isPostgres(text: string): text is PostgresUrl {
  return /^postgres(?:ql)?:\/\/\S+$/.test(text);
}

export function isNats(text: string): text is NatsUrl {
  return /^(?:nats|tls):\/\/\S+$/.test(text);
}

function isSmtp(text: string): boolean {
  // A sign of a password that means something else in an address is written as %40.
  return /^smtps?:\/\/(?:[^\s/%]|%[2-7][0-9a-f])+\/?$/i.test(text) && URL.canParse(text);
}

function parseList(text: string, isItem: (item: string) => boolean): readonly string[] | undefined {
  const items = text.split(',').map((item) => item.trim().toLowerCase());
  return items.every(isItem) ? items : undefined;
}

/**
 * Reads the value of HORAI_BACKUP: a folder, then a time of day (default 03:00), then how many to keep (default 7), separated by spaces.
 * @returns undefined if it has another form
 */
function parseBackupPlan(text: string): BackupPlan | undefined {
  const [, folder = '', hours = '03', minutes = '00', keep = '7'] =
    /^(.*?\S)(?:\s+([01]\d|2[0-3]):([0-5]\d))?(?:\s+([1-9]\d{0,3}))?$/s.exec(text.trim()) ?? [];
  if (folder === '' || folder.includes('\0')) return undefined;
  return { folder, minute: Number(hours) * 60 + Number(minutes), keep: Number(keep) };
}

function dataFolder({ env, platform, home }: ConfigSources): string {
  if (platform === 'win32') return join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'horai');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'horai');
  return join(env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'horai');
}

/** The rows in the order in which `--help` prints them. The defaults of `data` and `port` depend on the machine: see `table`. */
const settings = {
  host: {
    variable: 'HORAI_HOST',
    fallback: '127.0.0.1',
    shown: '127.0.0.1',
    help: 'address to listen on; on a loopback address the hub is personal and asks for no token',
    allowed: 'an IP address or a host name',
    parse: (text) => (isHost(text) ? text : undefined),
  } satisfies Setting<string>,
  port: {
    variable: 'HORAI_PORT',
    fallback: 5600,
    shown: '5600',
    help: 'HTTP, SSE and WebSocket; 0 is any free port',
    ...portNumber,
  } satisfies Setting<number>,
  kronosPort: {
    variable: 'HORAI_KRONOS_PORT',
    fallback: 5000,
    shown: '5000',
    help: 'raw TCP for Kronos clients; 0 turns it off',
    ...portNumber,
  } satisfies Setting<number>,
  data: {
    variable: 'HORAI_DATA',
    fallback: '',
    shown: '',
    help: 'the data folder',
    allowed: 'a folder',
    parse: (text) => (text.includes('\0') ? undefined : text),
  } satisfies Setting<string>,
  ownerToken: {
    variable: 'HORAI_OWNER_TOKEN',
    fallback: undefined,
    shown: 'a new one',
    help: 'the owner’s first token, taken when the data folder is new',
    allowed: 'a UUID version 4 in lower case, such as `uuidgen -r` prints',
    parse: (text) => (uuid4Form.test(text) ? text : undefined),
    secret: true,
  } satisfies Setting<string | undefined>,
  signup: {
    variable: 'HORAI_SIGNUP',
    fallback: 'closed',
    shown: 'closed',
    help: 'open: a login without a token creates an account; closed: only an administrator creates one',
    ...oneOf(['closed', 'open']),
  } satisfies Setting<Config['signup']>,
  rooms: {
    variable: 'HORAI_ROOMS',
    fallback: 'open',
    shown: 'open',
    help: 'mob timer rooms for anyone, or for members (with a token) only',
    ...oneOf(['open', 'members']),
  } satisfies Setting<Config['rooms']>,
  hosts: {
    variable: 'HORAI_HOSTS',
    fallback: [],
    shown: 'none',
    help: 'further names of the hub (Host header), comma separated',
    allowed: 'host names such as hub.example.org, comma separated',
    parse: (text) => parseList(text, (item) => isHost(item.replace(/:\d{1,5}$/, ''))),
  } satisfies Setting<readonly string[]>,
  origins: {
    variable: 'HORAI_ORIGINS',
    fallback: [],
    shown: 'none',
    help: 'further web pages that may use the hub (Origin header), comma separated',
    allowed: 'origins such as https://example.org, comma separated',
    parse: (text) => parseList(text, (item) => originForm.test(item)),
  } satisfies Setting<readonly string[]>,
  basePath: {
    variable: 'HORAI_BASE_PATH',
    fallback: '',
    shown: '/',
    help: 'the path below which a proxy serves the hub, such as /horai',
    allowed: 'a path such as /horai',
    parse: (text) => (basePathForm.test(text) ? text.replace(/\/$/, '') : undefined),
  } satisfies Setting<string>,
  trustedProxies: {
    variable: 'HORAI_TRUSTED_PROXIES',
    fallback: [],
    shown: 'none',
    help: 'proxies that name the client in X-Forwarded-For or Forwarded, comma separated; limits then count the client',
    allowed: 'addresses, subnets such as 10.0.0.0/8, or loopback, comma separated',
    parse: (text) => parseList(text, isProxyRange),
  } satisfies Setting<readonly string[]>,
  diskFloor: {
    variable: 'HORAI_DISK_FLOOR',
    fallback: 256 * 2 ** 20,
    shown: '256',
    help: 'MiB of free disk space below which the hub takes no new data; 0 for no floor',
    allowed: 'a whole number of MiB',
    parse: (text) => (/^\d{1,8}$/.test(text) ? Number(text) * 2 ** 20 : undefined),
  } satisfies Setting<number>,
  pushServices: {
    variable: 'HORAI_PUSH_SERVICES',
    fallback: [],
    shown: 'none',
    help: 'further push services for notifications, besides those of the usual browsers, comma separated',
    allowed: 'origins such as https://push.example.org, comma separated',
    parse: (text) => parseList(text, (item) => originForm.test(item)),
  } satisfies Setting<readonly string[]>,
  outboxAllow: {
    variable: 'HORAI_OUTBOX_ALLOW',
    fallback: [],
    shown: 'none',
    help: 'hosts and subnets besides the public internet that webhooks and calendars may lead to, also without TLS, comma separated',
    allowed: 'host names, addresses and subnets such as 192.168.1.0/24, comma separated',
    parse: (text) => parseList(text, isAllowedHost),
  } satisfies Setting<readonly string[]>,
  smtp: {
    variable: 'HORAI_SMTP',
    fallback: undefined,
    shown: 'none',
    help: 'the mail server for weekly reports: smtps://user:password@mail.example.org; without one the hub sends no mail',
    allowed: 'an address that begins with smtps:// or smtp://',
    parse: (text) => (isSmtp(text) ? text : undefined),
    secret: true,
  } satisfies Setting<string | undefined>,
  mailFrom: {
    variable: 'HORAI_MAIL_FROM',
    fallback: undefined,
    shown: 'horai@ and the name of the hub or of the mail server',
    help: 'the sender of mails',
    allowed: 'a mail address, or a name and an address such as Horai <horai@example.org>',
    parse: (text) => (isMailAddress(/^[^<>\r\n]*<([^<>]*)>$/.exec(text)?.[1] ?? text) ? text : undefined),
  } satisfies Setting<string | undefined>,
  fonts: {
    variable: 'HORAI_FONTS',
    fallback: '/usr/share/fonts',
    shown: '/usr/share/fonts',
    help: 'a folder with fonts for reports as PDF, looked through with all folders below it',
    allowed: 'a folder',
    parse: (text) => (text.includes('\0') ? undefined : text),
  } satisfies Setting<string>,
  secretKey: {
    variable: 'HORAI_SECRET_KEY',
    fallback: undefined,
    shown: 'secret.key in the data folder',
    help: 'what secrets of other systems are encrypted with; the same on all nodes of a database',
    allowed: 'a text of 16 characters or more',
    parse: (text) => (text.length >= 16 ? text : undefined),
  } satisfies Setting<string | undefined>,
  store: {
    variable: 'HORAI_STORE',
    fallback: 'sqlite',
    shown: 'sqlite',
    help: 'sqlite: files in the data folder; postgres://…: a database, for any number of nodes; memory: lost at a stop',
    allowed: 'sqlite, memory or postgres://user@host/database',
    parse: (text) => (text === 'sqlite' || text === 'memory' || isPostgres(text) ? text : undefined),
  } satisfies Setting<Config['store']>,
  relay: {
    variable: 'HORAI_RELAY',
    fallback: 'notify',
    shown: 'notify',
    help: 'how nodes on one database notify each other: notify (by the database), or nats://… above a few thousand writes a second',
    allowed: 'notify or nats://host:4222',
    parse: (text) => (text === 'notify' || isNats(text) ? text : undefined),
  } satisfies Setting<Config['relay']>,
  pgConnections: {
    variable: 'HORAI_PG_CONNECTIONS',
    fallback: 8,
    shown: '8',
    help: 'on PostgreSQL: connections of this node to the database',
    allowed: 'a whole number, 3 to 100',
    parse: (text) => (/^\d{1,3}$/.test(text) && Number(text) >= 3 && Number(text) <= 100 ? Number(text) : undefined),
  } satisfies Setting<number>,
  backup: {
    variable: 'HORAI_BACKUP',
    fallback: undefined,
    shown: 'none',
    help: 'daily backups: a folder, a time and how many to keep, such as "/var/backups/horai 03:00 7"',
    allowed: 'a folder, which a time (03:00) and how many to keep (7) may follow',
    parse: parseBackupPlan,
  } satisfies Setting<BackupPlan | undefined>,
  engine: {
    variable: 'HORAI_ENGINE',
    fallback: 'auto',
    shown: 'auto',
    help: 'uws (fast, native), ws (pure JavaScript), or auto: uws where it loads',
    ...oneOf(['auto', 'uws', 'ws']),
  } satisfies Setting<Config['engine']>,
  drain: {
    variable: 'HORAI_DRAIN',
    fallback: undefined,
    shown: '2 on PostgreSQL, else 0',
    help: 'seconds that a hub which stops still serves, with /-/health/ready false, so that a load balancer sends no more clients',
    allowed: 'a number of seconds, 0 to 300',
    parse: (text) => (/^\d{1,3}(?:\.\d{1,3})?$/.test(text) && Number(text) <= 300 ? Number(text) : undefined),
  } satisfies Setting<number | undefined>,
  tokensMaxAge: {
    variable: 'HORAI_TOKENS_MAX_AGE',
    fallback: 10,
    shown: '10',
    help: 'on PostgreSQL: seconds without the database after which a node ends the sessions that tokens opened',
    ...positiveNumber,
  } satisfies Setting<number>,
  uws: {
    variable: 'HORAI_UWS',
    fallback: undefined,
    shown: 'the installed uWebSockets.js',
    help: 'another uWebSockets.js: the name of an installed package, or a path',
    allowed: 'a package name or a path',
    parse: (text) => text,
  } satisfies Setting<Config['uws']>,
  heartbeatAge: {
    variable: 'HORAI_HEARTBEAT_AGE',
    fallback: undefined,
    shown: 'any',
    help: 'greatest age of a new WakaTime heartbeat in days; older ones are refused',
    ...positiveNumber,
  } satisfies Setting<number | undefined>,
  heartbeatAhead: {
    variable: 'HORAI_HEARTBEAT_AHEAD',
    fallback: 24,
    shown: '24',
    help: 'hours that a new WakaTime heartbeat may be in the future',
    ...positiveNumber,
  } satisfies Setting<number>,
  awWebUi: {
    variable: 'HORAI_AW_WEBUI',
    fallback: undefined,
    shown: 'none',
    help: 'the folder of a built aw-webui, ActivityWatch’s own web UI, to serve it too',
    allowed: 'a folder',
    parse: (text) => (text.includes('\0') ? undefined : text),
  } satisfies Setting<string | undefined>,
  awWebUiPort: {
    variable: 'HORAI_AW_WEBUI_PORT',
    fallback: 5601,
    shown: '5601',
    help: 'port of the ActivityWatch web UI; 0 is any free port',
    ...portNumber,
  } satisfies Setting<number>,
  testing: {
    variable: 'HORAI_TESTING',
    fallback: false,
    shown: '0',
    help: '1: like ActivityWatch in testing mode: port 5666, and buckets are deleted without ?force=1',
    allowed: '0 or 1',
    parse: (text) => (text === '1' ? true : text === '0' ? false : undefined),
  } satisfies Setting<boolean>,
  log: {
    variable: 'HORAI_LOG',
    fallback: 'info',
    shown: 'info',
    help: 'log level; the log is JSON lines on stderr',
    ...oneOf(logLevels),
  } satisfies Setting<Config['log']>,
};

const testingPort = 5666;
/** In this time a hub that stops still reads the requests that were sent before. */
const leastDrainMs = 100;

function table(sources: ConfigSources) {
  const data = dataFolder(sources);
  const port = sources.env[settings.testing.variable]?.trim() === '1' ? testingPort : settings.port.fallback;
  return {
    ...settings,
    port: { ...settings.port, fallback: port, shown: `${port}` },
    data: { ...settings.data, fallback: data, shown: data },
  };
}

export type Configured =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly errors: readonly string[] };

/** Reads all variables. Each invalid one adds a sentence to `errors`. An empty variable counts as absent. */
export function configure(sources: ConfigSources): Configured {
  const errors: string[] = [];
  const read = <T>({ variable, fallback, parse, allowed, secret }: Setting<T>): T => {
    const text = sources.env[variable]?.trim() ?? '';
    if (text === '') return fallback;
    const value = parse(text);
    if (value !== undefined) return value;
    // The text before an @ may be a password.
    errors.push(
      `${variable} is ${secret === true || text.includes('@') ? 'set, but' : `"${text}", which`} is not ${allowed}.`,
    );
    return fallback;
  };
  const rows = table(sources);
  const kronosPort = read(rows.kronosPort);
  const store = read(rows.store);
  const config: Config = {
    host: read(rows.host),
    port: read(rows.port),
    kronosPort: kronosPort === 0 ? null : kronosPort,
    isKronosRequired: (sources.env[rows.kronosPort.variable] ?? '') !== '',
    data: read(rows.data),
    ownerToken: read(rows.ownerToken),
    signup: read(rows.signup),
    rooms: read(rows.rooms),
    trustedProxies: read(rows.trustedProxies),
    diskFloor: read(rows.diskFloor),
    hosts: read(rows.hosts),
    origins: read(rows.origins),
    basePath: read(rows.basePath),
    pushServices: read(rows.pushServices),
    outboxAllow: read(rows.outboxAllow),
    secretKey: read(rows.secretKey),
    smtp: read(rows.smtp),
    mailFrom: read(rows.mailFrom),
    fonts: read(rows.fonts),
    store,
    relay: read(rows.relay),
    pgConnections: read(rows.pgConnections),
    backup: read(rows.backup),
    acceptLoss: false,
    engine: read(rows.engine),
    drainMs: Math.max(leastDrainMs, 1_000 * (read(rows.drain) ?? (isPostgres(store) ? 2 : 0))),
    tokensMaxAgeMs: 1_000 * read(rows.tokensMaxAge),
    uws: read(rows.uws),
    heartbeatAge: read(rows.heartbeatAge),
    heartbeatAhead: read(rows.heartbeatAhead),
    awWebUi: read(rows.awWebUi),
    awWebUiPort: read(rows.awWebUiPort),
    testing: read(rows.testing),
    log: read(rows.log),
  };
  return errors.length > 0 ? { ok: false, errors } : { ok: true, config: Object.freeze(config) };
}

/** The log level of a command that is not the hub: only what went wrong, unless the person set a level. */
export function commandLog({ env }: ConfigSources, { log }: Config): Config['log'] {
  return (env[settings.log.variable]?.trim() ?? '') === '' ? 'warn' : log;
}

/** The table as `--help` prints it. */
export function describe(sources: ConfigSources): string {
  const rows = Object.values(table(sources));
  const width = Math.max(...rows.map((row) => row.variable.length));
  return rows.map((row) => `  ${row.variable.padEnd(width)}  ${row.help} (${row.shown})`).join('\n');
}
