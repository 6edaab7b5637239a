// Limits as the page of people shows them, and sizes as people read and type them. Pure.

/** As the verb `limits` lists it. */
export interface LimitRow {
  readonly name: string;
  /** `none` for no limit. */
  readonly size: number | 'none';
  readonly default: number;
  readonly unit: string;
  readonly about: string;
  readonly used?: number;
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** `1.5 GB` in the words of the language. */
export function sizeText(bytes: number, locale: string): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1_000)));
  const unit = units[power] ?? 'byte';
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: 1 });
  return format.format(bytes / 1_000 ** power);
}

export function limitText(value: number | 'none', { unit }: Pick<LimitRow, 'unit'>, locale: string): string {
  if (value === 'none') return '∞';
  return unit === 'bytes' ? sizeText(value, locale) : new Intl.NumberFormat(locale).format(value);
}

const multiples: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/**
 * A size as somebody types it: `500 MB`, `2g`, `100000`, `none`; empty means the default.
 * @returns undefined if it is none of these
 */
export function limitIn(typed: string): number | 'none' | null | undefined {
  const text = typed.trim().toLowerCase();
  if (text === '') return null;
  if (text === 'none' || text === '∞') return 'none';
  const [, number = '', unit = ''] = /^(\d+(?:[.,]\d+)?)\s*([kmgt]?)b?$/.exec(text) ?? [];
  return number === '' ? undefined : Math.round(Number(number.replace(',', '.')) * (multiples[unit] ?? 1));
}
