// Writes JSON and values as Python does, because clients compare or cut what the reference sends: separators, order of keys, ASCII only,
// a point in every float.

/** A number that Python holds as a float: it is written with a point even if it is whole. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** JSON as Python's `json.dumps` writes it by default. */
export function formatSpaced(value: unknown): string {
  return write(value, false);
}

/** JSON as the reference answers queries and settings: no spaces, keys sorted by code point. */
export function compactSorted(value: unknown): string {
  return write(value, true);
}

function write(value: unknown, sorted: boolean): string {
  if (typeof value === 'string') return ascii(value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : float(value);
  if (value instanceof Float) return float(value.value);
  if (Array.isArray(value)) return `[${value.map((one) => write(one, sorted)).join(sorted ? ',' : ', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value);
  if (!sorted) return `{${entries.map(([key, one]) => `${ascii(key)}: ${write(one, sorted)}`).join(', ')}}`;
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${ascii(key)}:${write(one, sorted)}`).join(',')}}`;
}

function ascii(text: string): string {
  return JSON.stringify(text).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A float as Python's `repr` writes it. */
export function float(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e16 || (size > 0 && size < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** A JSON value as Python's `repr` writes it: error messages quote it. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : float(value);
  if (value instanceof Float) return float(value.value);
  if (typeof value === 'string') return reprText(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  return `{${Object.entries(value)
    .map(([key, one]) => `${repr(key)}: ${repr(one)}`)
    .join(', ')}}`;
}

function reprText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  return `${quote}${quote === "'" ? escaped.replaceAll("'", "\\'") : escaped}${quote}`;
}

/** Deep equality of JSON values as Python's `==` defines it, except that true does not equal 1. The order of keys does not matter. */
export function same(a: unknown, b: unknown): boolean {
  if (a instanceof Float) return same(a.value, b);
  if (b instanceof Float) return same(a, b.value);
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, index) => same(one, b[index]))
    );
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(Reflect.get(a, key), Reflect.get(b, key)))
  );
}
