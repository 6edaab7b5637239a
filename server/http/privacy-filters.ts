// Privacy filters: what is removed from an event, or made unreadable, before the event is stored or forwarded. Pure functions; the
// callers load the rules. The format is that of the `privacy_filters` setting of ActivityWatch's web UI, with additions.

import { createHmac } from 'node:crypto';
import { type Static, Type } from '@sinclair/typebox';
import { RE2JS } from 're2js';
import { compile } from '../../protocol/check.ts';
import { errorMessage } from '../../protocol/error-message.ts';
import { isCostlyPattern } from './pattern-cost.ts';

const maybe = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Boolean>>(type: T) =>
  Type.Optional(Type.Union([type, Type.Null()]));

const Rule = Type.Object(
  {
    /** `false` disables the rule. */
    enabled: maybe(Type.Boolean()),
    /** Prefix of the bucket's id; every bucket by default. WakaTime's heartbeats are the bucket `wakatime`. */
    bucket_prefix: maybe(Type.String()),
    /** The bucket's type: `currentwindow`, `web.tab.current`, …; WakaTime's heartbeats have the type `wakatime`. */
    bucket_type: maybe(Type.String()),
    /** A field of the event's data; `*` is every field. */
    field: Type.String({ minLength: 1 }),
    /** RE2 syntax, found anywhere in the text; any value by default. */
    pattern: maybe(Type.String()),
    action: Type.Union([
      /** Drops the whole event. */
      Type.Literal('drop'),
      /** Replaces the field's text. */
      Type.Literal('redact'),
      /** Replaces the field's text by a keyed hash: equal texts have equal hashes. */
      Type.Literal('hash'),
      /** Removes the field. */
      Type.Literal('remove'),
    ]),
    /** The text that `redact` writes; with `part` it may name groups of the pattern: `$1`. */
    replacement: maybe(Type.String()),
    /** True: `redact` and `hash` change each match of the pattern instead of the whole text. */
    part: maybe(Type.Boolean()),
  },
  { additionalProperties: false },
);
const Rules = Type.Array(Rule, { maxItems: 1_000 });

/** The time to compile and to match grows with these. */
const longestPattern = 4_096;
const longestRules = 262_144;
/** Steps of the program that RE2 makes of one pattern, and of all. */
const mostSteps = 4_000;
const mostStepsInAll = 50_000;

export type PrivacyRule = Static<typeof Rule>;

const checkRules = compile(Rules);
const isRules = (value: unknown): value is Static<typeof Rules> => checkRules(value);

/** A rule with its compiled pattern. */
interface Filter {
  readonly prefix: string;
  readonly type: string | undefined;
  readonly field: string;
  readonly pattern: RE2JS | undefined;
  readonly action: PrivacyRule['action'];
  readonly replacement: string;
  readonly part: boolean;
}

export type PrivacyFilters = readonly Filter[];

export type ParsedFilters =
  | { readonly ok: true; readonly filters: PrivacyFilters }
  | { readonly ok: false; readonly error: string };

/** The bucket of an event. */
export interface EventOrigin {
  readonly bucket: string;
  readonly type: string;
}

const redacted = '[redacted]';
/** Characters of a hash: 64 bits. */
const hashLength = 16;
const groupForm = /\$(\d)/g;

/** @param value a list of rules as parsed JSON */
export function parseFilters(value: unknown): ParsedFilters {
  if (!isRules(value)) {
    const [first] = checkRules.errors ?? [];
    const where = (first?.instancePath ?? '').replace(/^\/(\d+)/, (_, at) => `rule ${Number(at) + 1}`);
    const extra: unknown = first?.params['additionalProperty'];
    const named = typeof extra === 'string' ? ` (${extra})` : '';
    return { ok: false, error: `${where || 'the rules'}: ${first?.message ?? 'not understood'}${named}` };
  }
  const filters: Filter[] = [];
  let steps = 0;
  for (const [at, rule] of value.entries()) {
    if (rule.enabled === false) continue;
    if ((rule.pattern?.length ?? 0) > longestPattern)
      return { ok: false, error: `rule ${at + 1}: a pattern has ${longestPattern} characters at most` };
    if (isCostlyPattern(rule.pattern ?? '', longestPattern))
      return { ok: false, error: `rule ${at + 1}: the pattern is too large: use fewer repetitions and classes` };
    let pattern: RE2JS | undefined;
    try {
      pattern = rule.pattern == null || rule.pattern === '' ? undefined : RE2JS.compile(rule.pattern, RE2JS.DOTALL);
    } catch (error) {
      const why = errorMessage(error);
      return { ok: false, error: `rule ${at + 1}: pattern is not a regular expression of RE2: ${why}` };
    }
    const size = pattern?.programSize() ?? 0;
    steps += size;
    if (size > mostSteps || steps > mostStepsInAll) {
      const what = size > mostSteps ? 'the pattern is' : 'the patterns of this rule and those before it are';
      return { ok: false, error: `rule ${at + 1}: ${what} too large: use fewer repetitions and classes` };
    }
    const part = rule.part === true && pattern !== undefined;
    const replacement = rule.replacement ?? redacted;
    const greatest = Math.max(0, ...[...replacement.matchAll(groupForm)].map(([, group]) => Number(group)));
    if (part && greatest > (pattern?.groupCount() ?? 0)) {
      return { ok: false, error: `rule ${at + 1}: replacement names group $${greatest}, which the pattern lacks` };
    }
    filters.push({
      prefix: rule.bucket_prefix ?? '',
      type: rule.bucket_type ?? undefined,
      field: rule.field,
      pattern,
      action: rule.action,
      replacement,
      part,
    });
  }
  return { ok: true, filters };
}

/**
 * Applies the filters in order. Returns the data that may be stored, or null if the event is dropped.
 * @param key the secret of the hashes; with it a hashed text can be found by guessing
 */
export function applyFilters(filters: PrivacyFilters, where: EventOrigin, data: unknown, key: string): unknown {
  // Data that is not an object is treated as an object with one field.
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  const fields = new Map<string, unknown>(isObject ? Object.entries(data) : [['', data]]);
  let isChanged = false;
  for (const filter of filters) {
    if (!where.bucket.startsWith(filter.prefix)) continue;
    if (filter.type !== undefined && filter.type !== where.type) continue;
    for (const [name, value] of [...fields]) {
      if ((filter.field !== '*' && filter.field !== name) || !matchesValue(filter, value)) continue;
      if (filter.action === 'drop') return null;
      isChanged = true;
      if (filter.action === 'remove') fields.delete(name);
      else fields.set(name, transform(filter, value, key));
    }
  }
  if (!isChanged) return data;
  // `fromEntries` instead of assignment: a field may be called `__proto__`.
  return isObject ? Object.fromEntries(fields) : (fields.get('') ?? null);
}

/** The setting in which the web UI stores an account's rules. */
export const privacySetting = 'privacy_filters';

/** @param text the setting as JSON text. The web UI saves `null` or `false` for no rules. */
export function parseFilterSetting(text: string): ParsedFilters {
  if (text.length > longestRules) return { ok: false, error: `the rules have ${longestRules} characters at most` };
  const value: unknown = JSON.parse(text);
  return parseFilters(value || []);
}

/** True if the pattern matches a value, or any text in a list or object. */
function matchesValue(filter: Filter, value: unknown): boolean {
  if (filter.pattern === undefined) return value !== undefined;
  if (typeof value === 'string') return filter.pattern.matcher(value).find();
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).some(([name, inner]) => matchesValue(filter, name) || matchesValue(filter, inner));
  }
  // A number or boolean is matched as JSON text.
  return filter.pattern.matcher(JSON.stringify(value) ?? '').find();
}

function transform(filter: Filter, value: unknown, key: string): unknown {
  const whole = (text: string) => (filter.action === 'hash' ? hashText(text, key) : filter.replacement);
  if (!filter.part || filter.pattern === undefined) {
    return whole(typeof value === 'string' ? value : JSON.stringify(value));
  }
  // A value that is not a text has no parts: it is replaced as a whole.
  if (typeof value !== 'string') return whole(JSON.stringify(value));
  const matcher = filter.pattern.matcher(value);
  let [text, at] = ['', 0];
  while (matcher.find()) {
    const found = matcher.group() ?? '';
    const expanded = filter.replacement.replace(groupForm, (_, group) => matcher.group(Number(group)) ?? '');
    text += value.slice(at, matcher.start()) + (filter.action === 'hash' ? hashText(found, key) : expanded);
    at = matcher.end();
  }
  return text + value.slice(at);
}

function hashText(text: string, key: string): string {
  return createHmac('sha256', key).update(text).digest('hex').slice(0, hashLength);
}
