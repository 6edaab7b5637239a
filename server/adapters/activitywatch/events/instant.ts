// Reads and writes points in time as ActivityWatch does: ISO 8601 in every form that its clients send, and the one form that answers use.
// Inside the hub a point in time is an integer: microseconds since 1970.

/** The greatest distance from 1970 that a number holds without gaps: the years 1684 to 2255. */
export const furthest = Number.MAX_SAFE_INTEGER;

const form =
  /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?|(\d{2})(\d{2}))?(?:[T ](\d{1,2})(?::?(\d{1,2})(?::?(\d{1,2})(?:[.,](\d+))?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** @returns microseconds since 1970, rounded down; undefined if the text has no known form or is out of range. Without a zone it is UTC. */
export function parseInstant(text: string): number | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const field = (at: number, otherwise: number): number => (match[at] === undefined ? otherwise : Number(match[at]));
  const [year, month, day] = [field(1, 0), field(2, field(4, 1)), field(3, field(5, 1))];
  const [hour, minute, second] = [field(6, 0), field(7, 0), field(8, 0)];
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month) || hour > 23 || minute > 59 || second > 59) {
    return undefined;
  }
  const offset = offsetOf(match[10] ?? 'Z');
  if (offset === undefined) return undefined;
  const fraction = Number((match[9] ?? '').padEnd(6, '0').slice(0, 6));
  // `Date.UTC` maps years below 100 to the 20th century.
  const seconds = new Date(0).setUTCFullYear(year, month - 1, day) / 1_000 + (hour * 60 + minute) * 60 + second;
  const micros = (seconds - offset * 60) * 1_000_000 + fraction;
  return Math.abs(micros) <= furthest ? micros : undefined;
}

/** Rounds down to whole milliseconds, the precision of the reference's events. */
export function toMillisecond(micros: number): number {
  return Math.floor(micros / 1_000) * 1_000;
}

/** `2026-01-01T10:00:00+00:00`, with six fraction digits if there is a fraction. Always UTC. */
export function formatInstant(micros: number): string {
  const fraction = ((micros % 1_000_000) + 1_000_000) % 1_000_000;
  const date = new Date((micros - fraction) / 1_000).toISOString().slice(0, 19);
  return fraction === 0 ? `${date}+00:00` : `${date}.${String(fraction).padStart(6, '0')}+00:00`;
}

/** Like `formatInstant`, but in the zone of the text: a query sees its period so. */
export function normalInstant(text: string): string | undefined {
  const micros = parseInstant(text);
  if (micros === undefined) return undefined;
  const zone = /([+-]\d{2}(?::?\d{2})?)$/.exec(text.slice(10))?.[1] ?? '+00:00';
  const offset = offsetOf(zone) ?? 0;
  const minutes = String(Math.abs(offset) % 60).padStart(2, '0');
  const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0');
  return `${formatInstant(micros + offset * 60_000_000).slice(0, -6)}${offset < 0 ? '-' : '+'}${hours}:${minutes}`;
}

/** @returns minutes east of Greenwich */
function offsetOf(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(3).replace(':', '') || '0');
  if (minutes > 59 || Number(zone.slice(1, 3)) > 23) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + minutes);
}

function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(year < 100 ? year + 400 : year, month, 0)).getUTCDate();
}
