// Formats times as WakaTime does. Minutes are cut off, never rounded. Items of summaries have seconds, items of stats do not.

const microseconds = 1_000_000;

export interface FormattedTime {
  readonly total_seconds: number;
  readonly hours: number;
  readonly minutes: number;
  readonly digital: string;
  readonly decimal: string;
  readonly text: string;
}

export interface FormattedTimeWithSeconds extends FormattedTime {
  readonly seconds: number;
}

/** Precomputed, because a year has tens of thousands of amounts. */
const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
const hundredths = Array.from({ length: 60 }, (_, minutes) => (minutes / 60).toFixed(2).slice(1));

const two = (number: number): string => twoDigits[number] ?? '';
const countUnits = (number: number, unit: string): string =>
  `${number < 1_000 ? number : number.toLocaleString('en-US')} ${unit}${number === 1 ? '' : 's'}`;

function parts(total: number): { hours: number; minutes: number; seconds: number } {
  const whole = Math.floor(total);
  return { hours: Math.floor(whole / 3_600), minutes: Math.floor((whole % 3_600) / 60), seconds: whole % 60 };
}

/** Converts microseconds to seconds, without rounding. */
export function toSeconds(amount: number): number {
  return amount / microseconds;
}

export function formatDecimal(total: number): string {
  const { hours, minutes } = parts(total);
  return `${hours}${hundredths[minutes]}`;
}

/** `h:MM` */
export function formatClock(total: number): string {
  const { hours, minutes } = parts(total);
  return `${hours}:${two(minutes)}`;
}

function joinUnits(hours: number, minutes: number): string {
  if (hours === 0) return minutes === 0 ? '' : countUnits(minutes, 'min');
  return minutes === 0 ? countUnits(hours, 'hr') : `${countUnits(hours, 'hr')} ${countUnits(minutes, 'min')}`;
}

/** `1 hr 5 mins`; `7 secs` under a minute. */
export function formatSeconds(total: number): string {
  const { hours, minutes, seconds } = parts(total);
  return joinUnits(hours, minutes) || countUnits(seconds, 'sec');
}

/** `1 hr 5 mins`; `0 secs` under a minute. */
export function formatMinutes(total: number): string {
  const { hours, minutes } = parts(total);
  return joinUnits(hours, minutes) || '0 secs';
}

/**
 * The members of an item of stats.
 * @param total seconds
 */
export function formatTime(total: number): FormattedTime {
  const { hours, minutes } = parts(total);
  return {
    total_seconds: total,
    hours,
    minutes,
    digital: `${hours}:${two(minutes)}`,
    decimal: `${hours}${hundredths[minutes]}`,
    text: joinUnits(hours, minutes) || '0 secs',
  };
}

/**
 * The members of an item of summaries.
 * @param total seconds
 */
export function formatTimeWithSeconds(total: number): FormattedTimeWithSeconds {
  const { hours, minutes, seconds } = parts(total);
  return {
    total_seconds: total,
    hours,
    minutes,
    seconds,
    digital: `${hours}:${two(minutes)}:${two(seconds)}`,
    decimal: `${hours}${hundredths[minutes]}`,
    text: joinUnits(hours, minutes) || countUnits(seconds, 'sec'),
  };
}

/** Cached by whole seconds of a day: a year of days has tens of thousands of amounts, and the same ones recur. */
const tails: string[] = [];
const mostCachedTails = 86_400;
const fractions = Array.from({ length: 1_000 }, (_, thousandth) => `${thousandth / 1_000}`.slice(1));
const percents = Array.from({ length: 10_001 }, (_, hundredth) => `${hundredth / 100}`);

/**
 * Appends the members of an item of summaries as JSON, from the value of `total_seconds` to that of `percent`.
 * @param sum microseconds
 */
export function appendTimeWithSeconds(pieces: string[], sum: number, whole: number): void {
  const seconds = Math.floor(sum / microseconds);
  const rest = sum - seconds * microseconds;
  const hundredths = Math.round((sum / whole) * 10_000);
  // Formatting a fraction is the slowest step, so the fractions of whole milliseconds are precomputed.
  if (rest % 1_000 === 0) pieces.push(`${seconds}`, fractions[rest / 1_000] ?? '');
  else pieces.push(`${sum / microseconds}`);
  pieces.push(tails[seconds] ?? fineTail(seconds), percents[hundredths] ?? `${hundredths / 100}`);
}

function fineTail(seconds: number): string {
  const { total_seconds, ...rest } = formatTimeWithSeconds(seconds);
  const tail = `,${JSON.stringify(rest).slice(1, -1)},"percent":`;
  if (seconds < mostCachedTails) tails[seconds] = tail;
  return tail;
}

/**
 * The members of a grand total. They have no seconds, except the text of a total under a minute.
 * @param total seconds
 */
export function formatGrandTotal(total: number): FormattedTime {
  return { ...formatTime(total), text: formatSeconds(total) };
}

export function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 100;
}

/**
 * A time as Wakapi writes it: always hours and minutes, to the nearest minute.
 * @param total seconds
 */
export function formatWakapiTime(total: number): string {
  const minutes = Math.round(total / 60);
  return `${Math.floor(minutes / 60)} hrs ${minutes % 60} mins`;
}

const humanReadable = /^human_readable_(total|daily_average)(_including_other_language)?$/;

/** Rewrites all times in an answer, at any depth, as Wakapi writes them. Wakapi's own tools compare them to the letter. */
export function toWakapiFormat(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toWakapiFormat);
  if (typeof value !== 'object' || value === null) return value;
  const input = new Map<string, unknown>(Object.entries(value));
  const total = input.get('total_seconds') ?? input.get('seconds');
  const words = [...input].map(([name, its]): [string, unknown] => {
    const [, field, other = ''] = humanReadable.exec(name) ?? [];
    const about = input.get(field === 'total' ? `total_seconds${other}` : `daily_average${other}`);
    if (field !== undefined && its !== '' && typeof about === 'number') return [name, formatWakapiTime(about)];
    if (typeof total !== 'number') return [name, toWakapiFormat(its)];
    if (name === 'text' && its !== '') return [name, formatWakapiTime(total)];
    if (name === 'text_including_other_language')
      return [name, formatWakapiTime(Number(input.get('seconds_including_other_language')))];
    if (name !== 'digital') return [name, toWakapiFormat(its)];
    const { hours, minutes, seconds } = parts(total);
    return [
      name,
      input.has('total_seconds') && input.has('seconds') ? `${hours}:${minutes}:${seconds}` : `${hours}:${minutes}`,
    ];
  });
  return Object.fromEntries(words);
}
