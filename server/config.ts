// One table: variable, what is allowed, default, help. It is read into a frozen Config and printed by `horai --help`. The
// environment is handed in; nothing here looks at the process, and nothing but this file knows the names of the variables.

import { isIP } from 'node:net';
import { join } from 'node:path';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type PostgresUrl = `postgres${string}`;
export type NatsUrl = `${'nats' | 'tls'}://${string}`;

export interface Config {
  /** The address to listen on. A loopback address makes the hub personal. */
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
  /** null turns it off; 0 is any free one, which only tests ask for. */
  readonly kronosPort: number | null;
  /** The Kronos port was set by name, so that the hub does not do without it. */
  readonly kronosAsked: boolean;
  readonly data: string;
  readonly ownerToken: string | undefined;
  readonly signup: 'open' | 'closed';
  readonly log: (typeof logLevels)[number];
  readonly store: 'sqlite' | 'memory' | PostgresUrl;
  /** How nodes of one database hear of one another: its own NOTIFY, or a server's URL. */
  readonly relay: 'notify' | NatsUrl;
  readonly origins: readonly string[];
  readonly hosts: readonly string[];
  readonly rooms: 'open' | 'members';
  readonly engine: 'auto' | 'uws' | 'ws';
  /** Days; undefined is no bound. */
  readonly heartbeatAge: number | undefined;
  /** Hours. */
  readonly heartbeatAhead: number;
  /** The folder of a built aw-webui. */
  readonly awWebUi: string | undefined;
  readonly awWebUiPort: number;
  /** For the test suites of ActivityWatch's clients: its testing port, and buckets deleted without being asked twice. */
  readonly testing: boolean;
}

/** Where the hub was started, as far as it matters here. */
export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly home: string;
}

interface Setting<T> {
  readonly variable: string;
  readonly fallback: T;
  /** The default as people read it. */
  readonly shown: string;
  readonly help: string;
  /** Ends the sentence "… is not": what a right value looks like. */
  readonly allowed: string;
  /** undefined when the text is no value. */
  readonly parse: (text: string) => T | undefined;
  /** A wrong value is not repeated to anybody. */
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

const amount: Pick<Setting<number>, 'allowed' | 'parse'> = {
  allowed: 'a number greater than 0',
  parse: (text) => (/^\d{1,6}(?:\.\d{1,3})?$/.test(text) && Number(text) > 0 ? Number(text) : undefined),
};

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

function list(text: string, fits: (item: string) => boolean): readonly string[] | undefined {
  const items = text.split(',').map((item) => item.trim().toLowerCase());
  return items.every(fits) ? items : undefined;
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
    help: 'open: whoever logs in without a token gets an account; closed: only an administrator makes one',
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
    help: 'further names the hub may be called by (Host header), comma separated',
    allowed: 'host names such as hub.example.org, comma separated',
    parse: (text) => list(text, (item) => isHost(item.replace(/:\d{1,5}$/, ''))),
  } satisfies Setting<readonly string[]>,
  origins: {
    variable: 'HORAI_ORIGINS',
    fallback: [],
    shown: 'none',
    help: 'further web pages that may use the hub (Origin header), comma separated',
    allowed: 'origins such as https://example.org, comma separated',
    parse: (text) => list(text, (item) => originForm.test(item)),
  } satisfies Setting<readonly string[]>,
  store: {
    variable: 'HORAI_STORE',
    fallback: 'sqlite',
    shown: 'sqlite',
    help: 'sqlite keeps everything in the data folder; postgres://… in a database, for any number of nodes; memory nothing',
    allowed: 'sqlite, memory or postgres://user@host/database',
    parse: (text) => (text === 'sqlite' || text === 'memory' || isPostgres(text) ? text : undefined),
  } satisfies Setting<Config['store']>,
  relay: {
    variable: 'HORAI_RELAY',
    fallback: 'notify',
    shown: 'notify',
    help: 'how nodes on one database hear of one another: notify, by the database; nats://… past a few thousand writes a second',
    allowed: 'notify or nats://host:4222',
    parse: (text) => (text === 'notify' || isNats(text) ? text : undefined),
  } satisfies Setting<Config['relay']>,
  engine: {
    variable: 'HORAI_ENGINE',
    fallback: 'auto',
    shown: 'auto',
    help: 'uws (fast, native), ws (pure JavaScript), or auto: uws where it loads',
    ...oneOf(['auto', 'uws', 'ws']),
  } satisfies Setting<Config['engine']>,
  heartbeatAge: {
    variable: 'HORAI_HEARTBEAT_AGE',
    fallback: undefined,
    shown: 'any',
    help: 'how many days old a WakaTime heartbeat may be that comes in; older ones are refused one by one',
    ...amount,
  } satisfies Setting<number | undefined>,
  heartbeatAhead: {
    variable: 'HORAI_HEARTBEAT_AHEAD',
    fallback: 24,
    shown: '24',
    help: 'how many hours in the future it may be',
    ...amount,
  } satisfies Setting<number>,
  awWebUi: {
    variable: 'HORAI_AW_WEBUI',
    fallback: undefined,
    shown: 'none',
    help: 'the folder of a built aw-webui, ActivityWatch’s own web UI, to be served too',
    allowed: 'a folder',
    parse: (text) => (text.includes('\0') ? undefined : text),
  } satisfies Setting<string | undefined>,
  awWebUiPort: {
    variable: 'HORAI_AW_WEBUI_PORT',
    fallback: 5601,
    shown: '5601',
    help: 'where it is served; 0 is any free port',
    ...portNumber,
  } satisfies Setting<number>,
  testing: {
    variable: 'HORAI_TESTING',
    fallback: false,
    shown: '0',
    help: '1: as ActivityWatch in testing mode, on port 5666 and with buckets that are deleted without ?force=1',
    allowed: '0 or 1',
    parse: (text) => (text === '1' ? true : text === '0' ? false : undefined),
  } satisfies Setting<boolean>,
  log: {
    variable: 'HORAI_LOG',
    fallback: 'warn',
    shown: 'warn',
    help: 'what is logged, as JSON lines on stderr',
    ...oneOf(logLevels),
  } satisfies Setting<Config['log']>,
};

const testingPort = 5666;

function table(place: ConfigSources) {
  const data = dataFolder(place);
  const port = place.env[settings.testing.variable]?.trim() === '1' ? testingPort : settings.port.fallback;
  return {
    ...settings,
    port: { ...settings.port, fallback: port, shown: `${port}` },
    data: { ...settings.data, fallback: data, shown: data },
  };
}

export type Configured =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly errors: readonly string[] };

/** Reads all variables; every wrong one gives a sentence. An empty variable is an absent one. */
export function configure(place: ConfigSources): Configured {
  const errors: string[] = [];
  const read = <T>({ variable, fallback, parse, allowed, secret }: Setting<T>): T => {
    const text = place.env[variable]?.trim() ?? '';
    if (text === '') return fallback;
    const value = parse(text);
    if (value !== undefined) return value;
    // What comes before an @ may be a password.
    errors.push(
      `${variable} is ${secret === true || text.includes('@') ? 'set, but' : `"${text}", which`} is not ${allowed}.`,
    );
    return fallback;
  };
  const rows = table(place);
  const kronosPort = read(rows.kronosPort);
  const config: Config = {
    host: read(rows.host),
    port: read(rows.port),
    kronosPort: kronosPort === 0 ? null : kronosPort,
    kronosAsked: (place.env[rows.kronosPort.variable] ?? '') !== '',
    data: read(rows.data),
    ownerToken: read(rows.ownerToken),
    signup: read(rows.signup),
    rooms: read(rows.rooms),
    hosts: read(rows.hosts),
    origins: read(rows.origins),
    store: read(rows.store),
    relay: read(rows.relay),
    engine: read(rows.engine),
    heartbeatAge: read(rows.heartbeatAge),
    heartbeatAhead: read(rows.heartbeatAhead),
    awWebUi: read(rows.awWebUi),
    awWebUiPort: read(rows.awWebUiPort),
    testing: read(rows.testing),
    log: read(rows.log),
  };
  return errors.length > 0 ? { ok: false, errors } : { ok: true, config: Object.freeze(config) };
}

/** The table as `--help` prints it. */
export function describe(place: ConfigSources): string {
  const rows = Object.values(table(place));
  const width = Math.max(...rows.map((row) => row.variable.length));
  return rows.map((row) => `  ${row.variable.padEnd(width)}  ${row.help} (${row.shown})`).join('\n');
}
