// How times, dates and durations are written: by the browser's language, in the zone of the day. Durations are rounded once, here: a total
// down to whole minutes, and its parts so that they add up to the shown total.

import type { Texts } from '../languages/languages.ts';

const second = 1_000_000;
const minute = 60 * second;

/**
 * Shares the whole minutes of a total among its parts, by the largest remainder: the shown parts add up to the shown total.
 * @param parts in microseconds; `total` is their sum
 * @returns whole minutes, in the order of the parts
 */
export function apportionMinutes(parts: readonly number[], total: number): readonly number[] {
  const minutes = parts.map((part) => Math.floor(part / minute));
  const missing = Math.floor(total / minute) - minutes.reduce((sum, one) => sum + one, 0);
  const byRemainder = parts.map((part, at) => ({ at, rest: part % minute })).sort((a, b) => b.rest - a.rest);
  for (const { at } of byRemainder.slice(0, Math.max(0, missing))) minutes[at] = (minutes[at] ?? 0) + 1;
  return minutes;
}

/** `4:12:09`, for tables: nothing is rounded but the fraction of a second. */
export function exactTime(duration: number): string {
  const seconds = Math.floor(duration / second);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

export class TimeFormat {
  readonly #texts: Texts;
  readonly #clock: Intl.DateTimeFormat;
  readonly #clockWithSeconds: Intl.DateTimeFormat;
  readonly #longDate: Intl.DateTimeFormat;
  readonly #shortDate: Intl.DateTimeFormat;
  readonly #fullDate: Intl.DateTimeFormat;
  readonly #moment: Intl.DateTimeFormat;
  readonly #monthAndYear: Intl.DateTimeFormat;
  readonly #weekday: Intl.DateTimeFormat;
  readonly #hour: Intl.DateTimeFormat;
  readonly #list: Intl.ListFormat;
  readonly #plural: Intl.PluralRules;

  /** @param zone of the times of day, such as `Europe/Berlin` */
  constructor(texts: Texts, zone: string) {
    const { locale } = texts;
    const calendar = { timeZone: 'UTC' } as const;
    this.#texts = texts;
    this.#clock = new Intl.DateTimeFormat(locale, { timeZone: zone, hour: 'numeric', minute: '2-digit' });
    this.#clockWithSeconds = new Intl.DateTimeFormat(locale, { timeZone: zone, timeStyle: 'medium' });
    this.#longDate = new Intl.DateTimeFormat(locale, { ...calendar, weekday: 'long', day: 'numeric', month: 'long' });
    this.#shortDate = new Intl.DateTimeFormat(locale, { ...calendar, day: 'numeric', month: 'short' });
    this.#fullDate = new Intl.DateTimeFormat(locale, { ...calendar, dateStyle: 'medium' });
    this.#moment = new Intl.DateTimeFormat(locale, { timeZone: zone, dateStyle: 'medium', timeStyle: 'short' });
    this.#monthAndYear = new Intl.DateTimeFormat(locale, { ...calendar, month: 'long', year: 'numeric' });
    this.#weekday = new Intl.DateTimeFormat(locale, { ...calendar, weekday: 'short' });
    this.#hour = new Intl.DateTimeFormat(locale, { ...calendar, hour: 'numeric' });
    this.#list = new Intl.ListFormat(locale, { type: 'conjunction', style: 'long' });
    this.#plural = new Intl.PluralRules(locale);
  }

  /** `4 h 12 min`, rounded down; below a minute `40 s`. @param duration microseconds */
  duration(duration: number): string {
    if (duration > 0 && duration < minute) {
      return this.#texts.text('time.seconds', { seconds: Math.floor(duration / second) });
    }
    return this.minutes(Math.floor(duration / minute));
  }

  /** @param minutes whole */
  minutes(minutes: number): string {
    const values = { hours: Math.floor(minutes / 60), minutes: minutes % 60 };
    if (values.hours === 0) return this.#texts.text('time.minutes', values);
    return this.#texts.text(values.minutes === 0 ? 'time.hours' : 'time.hours-minutes', values);
  }

  /** `4:12`: hours and minutes for narrow cells. @param minutes whole */
  digits(minutes: number): string {
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
  }

  /** A moment in microseconds since 1970 as a time of day. */
  clock(moment: number): string {
    return this.#clock.format(moment / 1_000);
  }

  clockWithSeconds(moment: number): string {
    return this.#clockWithSeconds.format(moment / 1_000);
  }

  /** `8:20–8:56`, which a line break does not part (U+2060). */
  range(from: number, to: number): string {
    return `${this.clock(from)}\u2060–\u2060${this.clock(to)}`;
  }

  longDate(date: string): string {
    return this.#longDate.format(midnight(date));
  }

  shortDate(date: string): string {
    return this.#shortDate.format(midnight(date));
  }

  /** With its year. */
  fullDate(date: string): string {
    return this.#fullDate.format(midnight(date));
  }

  /** A moment in microseconds since 1970, with its date. */
  moment(moment: number): string {
    return this.#moment.format(moment / 1_000);
  }

  monthAndYear(date: string): string {
    return this.#monthAndYear.format(midnight(date));
  }

  weekday(date: string): string {
    return this.#weekday.format(midnight(date));
  }

  /** @param weekday 0 for Monday */
  weekdayName(weekday: number): string {
    // 2024-01-01 was a Monday.
    return this.weekday(`2024-01-0${weekday + 1}`);
  }

  /** The hour of a clock, 0 to 23, as the language writes it: `9 AM`, `09 Uhr`. */
  hour(hour: number): string {
    return this.#hour.format(hour * 3_600_000);
  }

  list(parts: readonly string[]): string {
    return this.#list.format(parts);
  }

  isOne(count: number): boolean {
    return this.#plural.select(count) === 'one';
  }
}

function midnight(date: string): number {
  return Date.parse(`${date}T00:00:00Z`);
}
