// A heartbeat: as plugins send it (every tolerance they need is here), and as the channel keeps it, in WakaTime's own field names
// and without what is absent. Who sent it, and what it is worth in time, is decided elsewhere.

import { hash } from 'node:crypto';
import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../../../protocol/check.ts';
import { replaceLoneSurrogates } from '../../../../protocol/well-formed.ts';

const numbers = [
  'lines',
  'lineno',
  'cursorpos',
  'project_root_count',
  'line_additions',
  'line_deletions',
  'ai_line_changes',
  'human_line_changes',
  'ai_input_tokens',
  'ai_cached_input_tokens',
  'ai_output_tokens',
  'ai_prompt_length',
] as const;

const texts = ['ai_session', 'ai_model', 'ai_subscription_plan'] as const;

const inheritable = ['project', 'branch', 'language'] as const;

/** All that is a text. */
const bounded = ['entity', 'type', 'category', ...inheritable, ...texts, 'user_agent', 'machine'] as const;

export type Inheritable = (typeof inheritable)[number];

/** What a plugin says for "as before". */
const asBefore = { project: '<<LAST_PROJECT>>', branch: '<<LAST_BRANCH>>', language: '<<LAST_LANGUAGE>>' } as const;

const number = Type.Optional(Type.Number());
const text = Type.Optional(Type.String());

const Heartbeat = Type.Object({
  entity: Type.String(),
  type: Type.String(),
  category: Type.String(),
  project: text,
  branch: text,
  language: text,
  /** Fields for which the plugin said "as before": whoever reads takes them from the heartbeat before this one. */
  last: Type.Optional(Type.Array(Type.Union(inheritable.map((name) => Type.Literal(name))))),
  is_write: Type.Optional(Type.Boolean()),
  dependencies: Type.Optional(Type.Array(Type.String())),
  lines: number,
  lineno: number,
  cursorpos: number,
  project_root_count: number,
  line_additions: number,
  line_deletions: number,
  ai_line_changes: number,
  human_line_changes: number,
  ai_input_tokens: number,
  ai_cached_input_tokens: number,
  ai_output_tokens: number,
  ai_prompt_length: number,
  ai_session: text,
  ai_model: text,
  ai_subscription_plan: text,
  /** As it came, unparsed. */
  user_agent: text,
  machine: text,
});

/** The value of an item. Its moment is the item's `time`, in microseconds. */
export type Heartbeat = Static<typeof Heartbeat>;

const isHeartbeat = compile(Heartbeat);

const second = 1_000_000;
/** Milliseconds sent by mistake are beyond the upper end. */
const earliest = 1_000_000_000;
const latest = 2_000_000_000;
const longestText = 8_192;
const mostDependencies = 1_000;

/** What the request says for all of its heartbeats. */
export interface Sender {
  readonly userAgent: string;
  readonly machine: string;
  /** Milliseconds since 1970, when it came in. */
  readonly at: number;
  readonly limits?: Limits;
}

/** How far from now a heartbeat's moment may be. */
export interface Limits {
  /** undefined: as old as it likes. */
  readonly mostDaysOld: number | undefined;
  readonly mostHoursAhead: number;
}

const usualLimits: Limits = { mostDaysOld: undefined, mostHoursAhead: 24 };

export type Taken =
  | {
      readonly ok: true;
      readonly key: string;
      /** Whether the key is what `keyOf` makes of it: nobody else named it. */
      readonly own: boolean;
      readonly time: number;
      readonly heartbeat: Heartbeat;
    }
  | { readonly ok: false; readonly errors: Readonly<Record<string, readonly string[]>> };

/** One heartbeat as it came, or what is wrong with it for good. */
export function takeHeartbeat(said: unknown, sender: Sender): Taken {
  if (!isObject(said)) return wrong('heartbeat', 'must be an object');
  const entity = textOf(said['entity']);
  if (entity === undefined) return wrong('entity', 'is required');
  const seconds = numberOf(said['time']);
  if (seconds === undefined) return wrong('time', 'is required: seconds since 1970');
  if (seconds < earliest || seconds > latest) return wrong('time', 'must be seconds since 1970');
  const { mostDaysOld, mostHoursAhead } = sender.limits ?? usualLimits;
  const age = sender.at / 1_000 - seconds;
  if (-age > mostHoursAhead * 3_600) {
    return wrong('time', `is more than ${mostHoursAhead === 24 ? 'a day' : `${mostHoursAhead} hours`} in the future`);
  }
  if (mostDaysOld !== undefined && age > mostDaysOld * 86_400) {
    return wrong('time', `is more than ${mostDaysOld} days old`);
  }

  const type = textOf(said['type']) ?? textOf(said['entity_type']) ?? 'file';
  const category = textOf(said['category']) ?? (type === 'domain' || type === 'url' ? 'browsing' : 'coding');
  const isWrite = said['is_write'] === true || said['is_write'] === 'true' || said['is_write'] === 1;
  const raw = {
    project: textOf(said['project']) ?? textOf(said['alternate_project']),
    branch: textOf(said['branch']),
    language: textOf(said['language']),
  };
  const heartbeat: Heartbeat = { entity, type, category };
  const last: Inheritable[] = [];
  for (const name of inheritable) {
    const value = raw[name];
    if (value === asBefore[name]) last.push(name);
    else if (value !== undefined) heartbeat[name] = value;
  }
  if (last.length > 0) heartbeat.last = last;
  if (isWrite) heartbeat.is_write = true;
  const dependencies = dependenciesOf(said['dependencies']);
  if (dependencies.length > 0) heartbeat.dependencies = dependencies;
  for (const name of numbers) {
    const value = numberOf(said[name]);
    if (value !== undefined && Number.isSafeInteger(Math.round(value))) heartbeat[name] = Math.round(value);
  }
  for (const name of texts) {
    const value = textOf(said[name]);
    if (value !== undefined) heartbeat[name] = value;
  }
  const userAgent = textOf(said['user_agent']) ?? textOf(said['plugin']) ?? textOf(sender.userAgent);
  if (userAgent !== undefined) heartbeat.user_agent = userAgent;
  const machine = textOf(said['machine']) ?? named(said['machine_name_id']) ?? textOf(sender.machine);
  if (machine !== undefined) heartbeat.machine = machine;
  for (const name of bounded) {
    if ((heartbeat[name]?.length ?? 0) > longestText) return wrong(name, `is longer than ${longestText} characters`);
  }

  const time = Math.round(seconds * second);
  const name = textOf(said['id']) ?? '';
  if (nameForm.test(name)) return { ok: true, key: name, own: false, time, heartbeat };
  const { project, branch, language } = heartbeat;
  const key = keyOf(time, { entity, type, category, project, branch, language, last, writes: isWrite });
  return { ok: true, key, own: true, time, heartbeat };
}

/** What makes a heartbeat that one and no other. */
export interface Identity {
  readonly entity: string;
  readonly type: string;
  readonly category: string;
  /** '' is absent, too. */
  readonly project: string | undefined;
  readonly branch: string | undefined;
  readonly language: string | undefined;
  readonly last: readonly Inheritable[];
  readonly writes: boolean;
}

/**
 * The key of its item: a UUID (version 8) that begins with the moment in milliseconds, so that keys come in the order of time,
 * and goes on with a hash of moment (to the microsecond) and identity: the same on every node and after every restart.
 */
export function keyOf(time: number, identity: Identity): string {
  const { entity, type, category, writes } = identity;
  const [project, branch, language] = [raw(identity, 'project'), raw(identity, 'branch'), raw(identity, 'language')];
  const hex = hash('sha256', JSON.stringify([time, entity, type, project, branch, language, category, writes]), 'hex');
  const moment = Math.floor(time / 1_000)
    .toString(16)
    .padStart(12, '0');
  return `${moment.slice(0, 8)}-${moment.slice(8)}-8${hex.slice(0, 3)}-a${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}

function raw(identity: Identity, name: Inheritable): string | null {
  return identity.last.includes(name) ? asBefore[name] : identity[name] || null;
}

/** The millisecond since 1970 that a key made by `keyOf` begins with; undefined for another form. */
export function momentOf(key: string): number | undefined {
  return nameForm.test(key) ? Number.parseInt(key.slice(0, 8) + key.slice(9, 13), 16) : undefined;
}

const identifying: readonly string[] = [
  'entity',
  'type',
  'category',
  'project',
  'branch',
  'language',
  'last',
  'is_write',
] satisfies readonly (keyof Heartbeat)[];

/**
 * The value of an item with what a repetition says besides: what was there stays. Undefined when that is nothing. Members come
 * in the order of the schema, whichever copy had them.
 */
export function filled(known: Heartbeat, repeated: Heartbeat): string | undefined {
  const all = new Map<string, unknown>(Object.entries(known));
  const before = all.size;
  for (const [name, value] of Object.entries(repeated)) {
    if (!all.has(name) && !identifying.includes(name)) all.set(name, value);
  }
  if (all.size === before) return undefined;
  const names = new Set([...Object.keys(Heartbeat.properties).filter((name) => all.has(name)), ...all.keys()]);
  return `{${[...names].map((name) => `${JSON.stringify(name)}:${JSON.stringify(all.get(name))}`).join(',')}}`;
}

/** An item of the channel; undefined for what is no heartbeat, since a WebSocket may put anything there. */
export function readHeartbeat(value: string, time: number | null): Heartbeat | undefined {
  if (time === null || time < earliest * second || time > latest * second) return undefined;
  // Builds before 0.2 stored lone surrogates.
  const heartbeat: Heartbeat = JSON.parse(replaceLoneSurrogates(value));
  return isHeartbeat(heartbeat) ? heartbeat : undefined;
}

/** What `keyOf` makes. A heartbeat that comes with such a name was told by a hub, in a dump say, and is the same one. */
const nameForm = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/;

const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A UUID (version 8) that says what it stands for: the same parts, the same name, on every node and after every restart. */
export function uuidOf(parts: readonly unknown[]): string {
  const hex = hash('sha256', JSON.stringify(parts), 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(field: string, reason: string): Taken {
  return { ok: false, errors: { [field]: [reason] } };
}

/** null, blank and missing are the same. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** WakaTime's own ids are numbers of machines in its books; relays put a name there. */
function named(id: unknown): string | undefined {
  const name = textOf(id);
  return name === undefined || uuidForm.test(name) ? undefined : name;
}

/** A number, or a text that is one. */
function numberOf(value: unknown): number | undefined {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof read === 'number' && Number.isFinite(read) ? read : undefined;
}

/** A list, or one text with commas; the legacy command line leaves quotes around some. */
function dependenciesOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [];
  const names = new Set<string>();
  for (const one of list) {
    if (names.size === mostDependencies) break;
    const name = typeof one === 'string' ? bare(one) : '';
    if (name !== '' && name.length <= longestText) names.add(name);
  }
  return [...names];
}

function bare(said: string): string {
  return isBare(said.charCodeAt(0)) && isBare(said.charCodeAt(said.length - 1)) ? said : said.replace(around, '');
}

const around = /^[\s"']+|[\s"']+$/g;

/** Most names begin and end with what is surely neither blank nor quote. */
function isBare(code: number): boolean {
  return code > 0x27 && code < 0x80;
}
