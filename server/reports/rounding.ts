// How reports round time and what it costs: pure functions of whole microseconds. Time is rounded once, per stretch or per day of a project,
// before it is grouped; so a report has the same rounded total whatever it is grouped by.

import type { ReportRate, ReportRounding } from '../../protocol/day-report.ts';

const minute = 60_000_000;
const hour = 60 * minute;

/** @param time microseconds */
export function roundTime(time: number, rounding: ReportRounding | undefined): number {
  if (rounding === undefined) return time;
  const unit = Math.max(1, Math.round(rounding.minutes * minute));
  const units = time / unit;
  switch (rounding.to) {
    case 'up':
      return Math.ceil(units) * unit;
    case 'down':
      return Math.floor(units) * unit;
    case 'nearest':
      return Math.floor(units + 0.5) * unit;
  }
}

/** `up to 15 min per day`; `none` without rounding. */
export function nameRounding(rounding: ReportRounding | undefined): string {
  if (rounding === undefined) return 'none';
  const { minutes, to, per = 'day' } = rounding;
  const direction = to === 'nearest' ? 'to the nearest' : `${to} to`;
  return `${direction} ${minutes} min per ${per}`;
}

/**
 * Divides a whole by the weights of its parts.
 * @returns whole numbers in the order of the weights; their sum is `whole`, and each is less than one from its exact share
 */
export function divide(whole: number, weights: readonly number[]): readonly number[] {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let [before, given] = [0, 0];
  return weights.map((weight) => {
    before += weight;
    const upTo = all === 0 ? 0 : Math.round(whole * (before / all));
    const part = upTo - given;
    given = upTo;
    return part;
  });
}

/** Microseconds that are paid, by currency and rate. Sums are exact, in whatever order they are made. */
export class PaidTime {
  readonly #byRate = new Map<string, { readonly rate: ReportRate; readonly time: number }>();

  add(time: number, rate: ReportRate): void {
    const key = `${rate.currency} ${rate.amount}`;
    this.#byRate.set(key, { rate, time: (this.#byRate.get(key)?.time ?? 0) + time });
  }

  addAll(other: PaidTime): void {
    for (const { rate, time } of other.#byRate.values()) this.add(time, rate);
  }

  /** @returns by currency, sorted, in its smallest unit: cents, or whole yen */
  amounts(): ReadonlyMap<string, number> {
    const exact = new Map<string, number>();
    const sorted = [...this.#byRate.values()].sort((one, other) => one.rate.amount - other.rate.amount);
    for (const { rate, time } of sorted)
      exact.set(rate.currency, (exact.get(rate.currency) ?? 0) + (time * rate.amount) / hour);
    const named = [...exact].sort(([one], [other]) => (one < other ? -1 : 1));
    return new Map(named.map(([currency, amount]) => [currency, Math.round(amount * unitsOf(currency))]));
  }
}

const digits = new Map<string, number>();

/** How many of the smallest unit a currency has: 100 of most, 1 of JPY, 1,000 of KWD. */
export function unitsOf(currency: string): number {
  return 10 ** digitsOf(currency);
}

export function digitsOf(currency: string): number {
  let known = digits.get(currency);
  if (known === undefined) {
    const { maximumFractionDigits } = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
    known = maximumFractionDigits ?? 2;
    // Three letters, so at most 17,576.
    digits.set(currency, known);
  }
  return known;
}
