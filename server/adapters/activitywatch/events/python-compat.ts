// JSON and values as Python writes them, because a client compares or cuts what it has always been sent: separators, the order
// of keys, ASCII only, a point in every float. Nothing here knows what the values mean.

/** A number that Python would hold as a float: it keeps its point when it is whole. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** As `json.dumps` writes it by default. */
export function spaced(value: unknown): string {
  return write(value, false);
}

/** As the reference answers queries and settings: no spaces, keys in the order of their code points. */
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

/** As Python's `repr` of a float. */
export function float(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e16 || (size > 0 && size < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** As Python's `repr` of what it read from JSON: error messages quote it. */
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

/**
 * Deep equality as Python's `==` has it among JSON values, except that true is not 1: keys in any order.
 */
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
