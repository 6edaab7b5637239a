// The values of a query: JSON values, floats and events. All are immutable. Their type names in error messages are Python's. This file
// also writes results as text.

import { formatInstant } from '../events/instant.ts';
import { Float, float, repr } from '../events/python-compat.ts';

export type Value =
  | null
  | boolean
  | number
  | string
  | Float
  | Moment
  | readonly Value[]
  | { readonly [key: string]: Value };

/** An event in a query. Events with equal data texts share one `data`, so that results computed from it can be cached. */
export class Moment {
  readonly id: number | null;
  /** Microseconds since 1970. */
  readonly time: number;
  /** In microseconds. */
  readonly duration: number;
  readonly data: Value;

  constructor(id: number | null, time: number, duration: number, data: Value) {
    this.id = id;
    this.time = time;
    this.duration = duration;
    this.data = data;
  }

  get end(): number {
    return this.time + this.duration;
  }

  /** The same event at another time. */
  during(time: number, end: number): Moment {
    return new Moment(this.id, time, end - time, this.data);
  }

  with(data: Value): Moment {
    return new Moment(this.id, this.time, this.duration, data);
  }
}

export type QueryErrorType = 'QueryParseException' | 'QueryInterpretException' | 'QueryFunctionException';

/**
 * A query that cannot be answered, in the reference's words. It is thrown inside a query only; evaluate.ts catches it and makes it the
 * answer.
 */
export class QueryError extends Error {
  readonly type: QueryErrorType;

  constructor(type: QueryErrorType, message: string) {
    super(message);
    this.type = type;
  }
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isDict(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isMoment(value) && !isFloat(value);
}

export function isMoment(value: Value): value is Moment {
  return value instanceof Moment;
}

export function isFloat(value: Value): value is Float {
  return value instanceof Float;
}

/** A field of an event's data; undefined if there is none. */
export function field(data: Value, key: string): Value | undefined {
  return isDict(data) && Object.hasOwn(data, key) ? data[key] : undefined;
}

/** A copy of `data` with a field added or replaced. */
export function withField(data: Value, key: string, value: Value): Value {
  return Object.fromEntries([...Object.entries(isDict(data) ? data : {}), [key, value]]);
}

export function typeName(value: Value): string {
  if (value === null) return "<class 'NoneType'>";
  if (typeof value === 'boolean') return "<class 'bool'>";
  if (typeof value === 'string') return "<class 'str'>";
  if (typeof value === 'number') return Number.isInteger(value) ? "<class 'int'>" : "<class 'float'>";
  if (isFloat(value)) return "<class 'float'>";
  if (isList(value)) return "<class 'list'>";
  return isMoment(value) ? "<class 'aw_core.models.Event'>" : "<class 'dict'>";
}

/** The value as an error message shows it; long values are shortened. */
export function showValue(value: Value): string {
  const text = typeof value === 'string' ? value : repr(shallow(value));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function shallow(value: Value): unknown {
  if (isMoment(value)) return { id: value.id, timestamp: formatInstant(value.time) };
  return isList(value) ? value.slice(0, 20).map((one) => (isMoment(one) ? shallow(one) : one)) : value;
}

/** Writes results as compact JSON with sorted keys. Data that occur again are not written again. */
export class ResultWriter {
  #data = new Map<Value, string>();

  text(value: Value): string {
    if (typeof value === 'string') return quote(value);
    if (typeof value === 'number') return Number.isInteger(value) ? String(value) : float(value);
    if (isFloat(value)) return float(value.value);
    if (isMoment(value)) {
      const { id, time, duration, data } = value;
      return `{"data":${this.#dataText(data)},"duration":${float(duration / 1_000_000)},"id":${id},"timestamp":"${formatInstant(time)}"}`;
    }
    if (isList(value)) return `[${value.map((one) => this.text(one)).join(',')}]`;
    if (!isDict(value)) return String(value);
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, one]) => `${quote(key)}:${this.text(one)}`).join(',')}}`;
  }

  #dataText(data: Value): string {
    const known = this.#data.get(data);
    if (known !== undefined) return known;
    const text = this.text(data);
    this.#data.set(data, text);
    return text;
  }
}

function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
