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

const two = (number: number): string => String(number).padStart(2, '0');
const counted = (number: number, unit: string): string =>
  `${number.toLocaleString('en-US')} ${unit}${number === 1 ? '' : 's'}`;

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
  return (hours + minutes / 60).toFixed(2);
}

/** `h:MM` */
export function digital(total: number): string {
  const { hours, minutes } = parts(total);
  return `${hours}:${two(minutes)}`;
}

function words(total: number, underAMinute: string): string {
  const { hours, minutes } = parts(total);
  const said = [hours > 0 ? counted(hours, 'hr') : '', minutes > 0 ? counted(minutes, 'min') : ''].filter(Boolean);
  return said.length === 0 ? underAMinute : said.join(' ');
}

/** `1 hr 5 mins`; `7 secs` under a minute. */
export function fineText(total: number): string {
  return words(total, counted(parts(total).seconds, 'sec'));
}

/** `1 hr 5 mins`; `0 secs` under a minute. */
export function coarseText(total: number): string {
  return words(total, '0 secs');
}

/** An item of stats. */
export function amount(total: number): Amount {
  const { hours, minutes } = parts(total);
  return {
    total_seconds: total,
    hours,
    minutes,
    digital: digital(total),
    decimal: decimal(total),
    text: coarseText(total),
  };
}

/** An item of summaries. */
export function fineAmount(total: number): FineAmount {
  const { hours, minutes, seconds } = parts(total);
  return {
    ...amount(total),
    seconds,
    digital: `${hours}:${two(minutes)}:${two(seconds)}`,
    text: fineText(total),
  };
}

/** A grand total: no seconds in its numbers, but in its text when there is nothing else. */
export function grandAmount(total: number): Amount {
  return { ...amount(total), text: fineText(total) };
}

export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 100;
}
