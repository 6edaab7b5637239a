// A heartbeat: parsed from what plugins send, in all the variants that they send, and as the channel stores it: with WakaTime's own
// field names and without absent fields.

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

/** All text fields. */
const bounded = ['entity', 'type', 'category', ...inheritable, ...texts, 'user_agent', 'machine'] as const;

export type Inheritable = (typeof inheritable)[number];

/** Placeholders that a plugin sends for "the same as in the heartbeat before". */
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
  /** Fields that were sent as "as before": readers inherit them from the heartbeat before. */
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
  /** As the plugin sent it, unparsed. */
  user_agent: text,
  machine: text,
});

/** The value of an item. The time is the item's `time`, in microseconds. */
export type Heartbeat = Static<typeof Heartbeat>;

const isHeartbeat = compile(Heartbeat);

const second = 1_000_000;
/** Milliseconds sent by mistake exceed the upper end. */
const earliest = 1_000_000_000;
const latest = 2_000_000_000;
const longestText = 8_192;
const mostDependencies = 1_000;

/** Fields of the request that apply to all of its heartbeats. */
export interface Sender {
  readonly userAgent: string;
  readonly machine: string;
  /** When the request arrived, in milliseconds since 1970. */
  readonly at: number;
  readonly limits?: HeartbeatLimits;
}

/** How far from now the time of a heartbeat may be. */
export interface HeartbeatLimits {
  /** undefined: any age. */
  readonly mostDaysOld: number | undefined;
  readonly mostHoursAhead: number;
}

const usualLimits: HeartbeatLimits = { mostDaysOld: undefined, mostHoursAhead: 24 };

export type HeartbeatOutcome =
  | {
      readonly ok: true;
      readonly key: string;
      /** True if the key is what `heartbeatKey` computes. */
      readonly own: boolean;
      readonly time: number;
      readonly heartbeat: Heartbeat;
    }
  | { readonly ok: false; readonly errors: Readonly<Record<string, readonly string[]>> };

/** Parses one heartbeat. A failure is permanent: sending the same heartbeat again fails again. */
export function parseHeartbeat(input: unknown, sender: Sender): HeartbeatOutcome {
  if (!isObject(input)) return refuse('heartbeat', 'must be an object');
  const entity = textOf(input['entity']);
  if (entity === undefined) return refuse('entity', 'is required');
  const seconds = numberOf(input['time']);
  if (seconds === undefined) return refuse('time', 'is required: seconds since 1970');
  if (seconds < earliest || seconds > latest) return refuse('time', 'must be seconds since 1970');
  const { mostDaysOld, mostHoursAhead } = sender.limits ?? usualLimits;
  const age = sender.at / 1_000 - seconds;
  if (-age > mostHoursAhead * 3_600) {
    return refuse('time', `is more than ${mostHoursAhead === 24 ? 'a day' : `${mostHoursAhead} hours`} in the future`);
  }
  if (mostDaysOld !== undefined && age > mostDaysOld * 86_400) {
    return refuse('time', `is more than ${mostDaysOld} days old`);
  }

  const type = textOf(input['type']) ?? textOf(input['entity_type']) ?? 'file';
  const category = textOf(input['category']) ?? (type === 'domain' || type === 'url' ? 'browsing' : 'coding');
  const isWrite = input['is_write'] === true || input['is_write'] === 'true' || input['is_write'] === 1;
  const raw = {
    project: textOf(input['project']) ?? textOf(input['alternate_project']),
    branch: textOf(input['branch']),
    language: textOf(input['language']),
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
  const dependencies = dependenciesOf(input['dependencies']);
  if (dependencies.length > 0) heartbeat.dependencies = dependencies;
  for (const name of numbers) {
    const value = numberOf(input[name]);
    if (value !== undefined && Number.isSafeInteger(Math.round(value))) heartbeat[name] = Math.round(value);
  }
  for (const name of texts) {
    const value = textOf(input[name]);
    if (value !== undefined) heartbeat[name] = value;
  }
  const userAgent = textOf(input['user_agent']) ?? textOf(input['plugin']) ?? textOf(sender.userAgent);
  if (userAgent !== undefined) heartbeat.user_agent = userAgent;
  const machine = textOf(input['machine']) ?? machineNamed(input['machine_name_id']) ?? textOf(sender.machine);
  if (machine !== undefined) heartbeat.machine = machine;
  for (const name of bounded) {
    if ((heartbeat[name]?.length ?? 0) > longestText) return refuse(name, `is longer than ${longestText} characters`);
  }

  const time = Math.round(seconds * second);
  const name = textOf(input['id']) ?? '';
  if (nameForm.test(name)) return { ok: true, key: name, own: false, time, heartbeat };
  const { project, branch, language } = heartbeat;
  const key = heartbeatKey(time, { entity, type, category, project, branch, language, last, writes: isWrite });
  return { ok: true, key, own: true, time, heartbeat };
}

/** The fields that distinguish heartbeats. */
export interface HeartbeatIdentity {
  readonly entity: string;
  readonly type: string;
  readonly category: string;
  /** '' counts as absent. */
  readonly project: string | undefined;
  readonly branch: string | undefined;
  readonly language: string | undefined;
  readonly last: readonly Inheritable[];
  readonly writes: boolean;
}

/**
 * The key of a heartbeat's item: a UUID (version 8). It begins with the time in milliseconds, so keys sort by time, and goes on with
 * a hash of the time in microseconds and the identity. It is the same on every node and after every restart.
 */
export function heartbeatKey(time: number, identity: HeartbeatIdentity): string {
  const { entity, type, category, writes } = identity;
  const [project, branch, language] = [raw(identity, 'project'), raw(identity, 'branch'), raw(identity, 'language')];
  const hex = hash('sha256', JSON.stringify([time, entity, type, project, branch, language, category, writes]), 'hex');
  const moment = Math.floor(time / 1_000)
    .toString(16)
    .padStart(12, '0');
  return `${moment.slice(0, 8)}-${moment.slice(8)}-8${hex.slice(0, 3)}-a${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}

function raw(identity: HeartbeatIdentity, name: Inheritable): string | null {
  return identity.last.includes(name) ? asBefore[name] : identity[name] || null;
}

/** The time that a key of `heartbeatKey` begins with, in milliseconds since 1970; undefined for another form. */
export function keyTime(key: string): number | undefined {
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
 * The known heartbeat, with its absent fields filled from a repetition, as JSON in the order of the schema; undefined if the
 * repetition has nothing to add.
 */
export function fillMissing(known: Heartbeat, repeated: Heartbeat): string | undefined {
  const all = new Map<string, unknown>(Object.entries(known));
  const before = all.size;
  for (const [name, value] of Object.entries(repeated)) {
    if (!all.has(name) && !identifying.includes(name)) all.set(name, value);
  }
  if (all.size === before) return undefined;
  const names = new Set([...Object.keys(Heartbeat.properties).filter((name) => all.has(name)), ...all.keys()]);
  return `{${[...names].map((name) => `${JSON.stringify(name)}:${JSON.stringify(all.get(name))}`).join(',')}}`;
}

/** Parses an item of the channel; undefined for any other value, because any WebSocket client may write there. */
export function readHeartbeat(value: string, time: number | null): Heartbeat | undefined {
  if (time === null || time < earliest * second || time > latest * second) return undefined;
  // Builds before 0.2 stored lone surrogates.
  const heartbeat: Heartbeat = JSON.parse(replaceLoneSurrogates(value));
  return isHeartbeat(heartbeat) ? heartbeat : undefined;
}

/** The form of `heartbeatKey`. A heartbeat that is sent with such an id was exported from a hub, and keeps the id as its key. */
const nameForm = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/;

const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A UUID (version 8) derived from its parts: the same on every node and after every restart. */
export function derivedUuid(parts: readonly unknown[]): string {
  const hex = hash('sha256', JSON.stringify(parts), 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(field: string, reason: string): HeartbeatOutcome {
  return { ok: false, errors: { [field]: [reason] } };
}

/** The text of a field. null, blank and missing are absent. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** The name of a machine, which relays send instead of an id. WakaTime's own ids are UUIDs. */
function machineNamed(id: unknown): string | undefined {
  const name = textOf(id);
  return name === undefined || uuidForm.test(name) ? undefined : name;
}

/** The number of a field. Some plugins send it as a text. */
function numberOf(value: unknown): number | undefined {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof read === 'number' && Number.isFinite(read) ? read : undefined;
}

/** The dependencies: a list, or one text with commas. The legacy command line leaves quotes around some. */
function dependenciesOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [];
  const names = new Set<string>();
  for (const one of list) {
    if (names.size === mostDependencies) break;
    const name = typeof one === 'string' ? stripQuotes(one) : '';
    if (name !== '' && name.length <= longestText) names.add(name);
  }
  return [...names];
}

function stripQuotes(input: string): string {
  return isBare(input.charCodeAt(0)) && isBare(input.charCodeAt(input.length - 1)) ? input : input.replace(around, '');
}

const around = /^[\s"']+|[\s"']+$/g;

/** True for characters that are neither blank nor quote: most names need no stripping. */
function isBare(code: number): boolean {
  return code > 0x27 && code < 0x80;
}
