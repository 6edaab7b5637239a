// Time as WakaTime writes it, in numbers and words. Minutes are cut off, never rounded. Items of summaries show seconds, items of
// stats do not; nothing else differs.

const microseconds = 1_000_000;

export interface Amount {
  readonly total_seconds: number;
  readonly hours: number;
  readonly minutes: number;
  readonly digital: string;
  readonly decimal: string;
  readonly text: string;
}

export interface FineAmount extends Amount {
  readonly seconds: number;
}

/** By number, because a year has tens of thousands of amounts. */
const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
const hundredths = Array.from({ length: 60 }, (_, minutes) => (minutes / 60).toFixed(2).slice(1));

const two = (number: number): string => twoDigits[number] ?? '';
const counted = (number: number, unit: string): string =>
  `${number < 1_000 ? number : number.toLocaleString('en-US')} ${unit}${number === 1 ? '' : 's'}`;

function parts(total: number): { hours: number; minutes: number; seconds: number } {
  const whole = Math.floor(total);
  return { hours: Math.floor(whole / 3_600), minutes: Math.floor((whole % 3_600) / 60), seconds: whole % 60 };
}

/** Microseconds as seconds, with no more digits than there are. */
export function secondsOf(amount: number): number {
  return amount / microseconds;
}

export function decimal(total: number): string {
  const { hours, minutes } = parts(total);
  return `${hours}${hundredths[minutes]}`;
}

/** `h:MM` */
export function digital(total: number): string {
  const { hours, minutes } = parts(total);
  return `${hours}:${two(minutes)}`;
}

function words(hours: number, minutes: number): string {
  if (hours === 0) return minutes === 0 ? '' : counted(minutes, 'min');
  return minutes === 0 ? counted(hours, 'hr') : `${counted(hours, 'hr')} ${counted(minutes, 'min')}`;
}

/** `1 hr 5 mins`; `7 secs` under a minute. */
export function fineText(total: number): string {
  const { hours, minutes, seconds } = parts(total);
  return words(hours, minutes) || counted(seconds, 'sec');
}

/** `1 hr 5 mins`; `0 secs` under a minute. */
export function coarseText(total: number): string {
  const { hours, minutes } = parts(total);
  return words(hours, minutes) || '0 secs';
}

/** An item of stats. */
export function amount(total: number): Amount {
  const { hours, minutes } = parts(total);
  return {
    total_seconds: total,
    hours,
    minutes,
    digital: `${hours}:${two(minutes)}`,
    decimal: `${hours}${hundredths[minutes]}`,
    text: words(hours, minutes) || '0 secs',
  };
}

/** An item of summaries. */
export function fineAmount(total: number): FineAmount {
  const { hours, minutes, seconds } = parts(total);
  return {
    total_seconds: total,
    hours,
    minutes,
    seconds,
    digital: `${hours}:${two(minutes)}:${two(seconds)}`,
    decimal: `${hours}${hundredths[minutes]}`,
    text: words(hours, minutes) || counted(seconds, 'sec'),
  };
}

/** By whole seconds of a day: a year of days has tens of thousands of amounts, and the same ones come again. */
const tails: string[] = [];
const keptTails = 86_400;
const fractions = Array.from({ length: 1_000 }, (_, thousandth) => `${thousandth / 1_000}`.slice(1));
const percents = Array.from({ length: 10_001 }, (_, hundredth) => `${hundredth / 100}`);

/**
 * Adds an item of summaries as JSON, from the value of `total_seconds` to that of `percent`, in pieces: the members of
 * `fineAmount`, and the percentage.
 * @param sum microseconds
 */
export function addFineItem(pieces: string[], sum: number, whole: number): void {
  const seconds = Math.floor(sum / microseconds);
  const rest = sum - seconds * microseconds;
  const hundredths = Math.round((sum / whole) * 10_000);
  // Writing a fraction costs more than all the others together.
  if (rest % 1_000 === 0) pieces.push(`${seconds}`, fractions[rest / 1_000] ?? '');
  else pieces.push(`${sum / microseconds}`);
  pieces.push(tails[seconds] ?? fineTail(seconds), percents[hundredths] ?? `${hundredths / 100}`);
}

function fineTail(seconds: number): string {
  const { total_seconds, ...rest } = fineAmount(seconds);
  const tail = `,${JSON.stringify(rest).slice(1, -1)},"percent":`;
  if (seconds < keptTails) tails[seconds] = tail;
  return tail;
}

/** A grand total: no seconds in its numbers, but in its text when there is nothing else. */
export function grandAmount(total: number): Amount {
  return { ...amount(total), text: fineText(total) };
}

export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 100;
}

/** As Wakapi says it: both parts always, to the nearest minute. */
export function wakapiText(total: number): string {
  const minutes = Math.round(total / 60);
  return `${Math.floor(minutes / 60)} hrs ${minutes % 60} mins`;
}

const humanReadable = /^human_readable_(total|daily_average)(_including_other_language)?$/;

/**
 * An answer in Wakapi's words: texts and clocks of all amounts in it, at whatever depth. What Wakapi's own tools ask under its
 * prefix is compared with them word by word.
 */
export function inWakapiWords(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inWakapiWords);
  if (typeof value !== 'object' || value === null) return value;
  const said = new Map<string, unknown>(Object.entries(value));
  const total = said.get('total_seconds') ?? said.get('seconds');
  const words = [...said].map(([name, its]): [string, unknown] => {
    const [, field, other = ''] = humanReadable.exec(name) ?? [];
    const about = said.get(field === 'total' ? `total_seconds${other}` : `daily_average${other}`);
    if (field !== undefined && its !== '' && typeof about === 'number') return [name, wakapiText(about)];
    if (typeof total !== 'number') return [name, inWakapiWords(its)];
    if (name === 'text' && its !== '') return [name, wakapiText(total)];
    if (name === 'text_including_other_language')
      return [name, wakapiText(Number(said.get('seconds_including_other_language')))];
    if (name !== 'digital') return [name, inWakapiWords(its)];
    const { hours, minutes, seconds } = parts(total);
    return [
      name,
      said.has('total_seconds') && said.has('seconds') ? `${hours}:${minutes}:${seconds}` : `${hours}:${minutes}`,
    ];
  });
  return Object.fromEntries(words);
}
