// Points in time as ActivityWatch writes them, in both directions: ISO 8601 in every form its clients send, and the one form
// that leaves. Inside, a point in time is an integer of microseconds since 1970; which of them the hub's clock shows is not
// known here.

/** What a double counts without gaps: the years 1684 to 2255. */
export const furthest = Number.MAX_SAFE_INTEGER;

const form =
  /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?|(\d{2})(\d{2}))?(?:[T ](\d{1,2})(?::?(\d{1,2})(?::?(\d{1,2})(?:[.,](\d+))?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** Microseconds, rounded down; undefined when the text is none of the forms, or beyond what is counted. No zone is UTC. */
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
  // `Date.UTC` takes years below 100 for those of the last century.
  const seconds = new Date(0).setUTCFullYear(year, month - 1, day) / 1_000 + (hour * 60 + minute) * 60 + second;
  const micros = (seconds - offset * 60) * 1_000_000 + fraction;
  return Math.abs(micros) <= furthest ? micros : undefined;
}

/** An event's own time: whole milliseconds, as the reference keeps them. */
export function toMillisecond(micros: number): number {
  return Math.floor(micros / 1_000) * 1_000;
}

/** `2026-01-01T10:00:00+00:00`, with six digits of fraction where there is one. Always UTC. */
export function formatInstant(micros: number): string {
  const fraction = ((micros % 1_000_000) + 1_000_000) % 1_000_000;
  const date = new Date((micros - fraction) / 1_000).toISOString().slice(0, 19);
  return fraction === 0 ? `${date}+00:00` : `${date}.${String(fraction).padStart(6, '0')}+00:00`;
}

/** The same instant as `formatInstant`, but in the zone that the text was in: what a query sees of its own period. */
export function normalInstant(text: string): string | undefined {
  const micros = parseInstant(text);
  if (micros === undefined) return undefined;
  const zone = /([+-]\d{2}(?::?\d{2})?)$/.exec(text.slice(10))?.[1] ?? '+00:00';
  const offset = offsetOf(zone) ?? 0;
  const minutes = String(Math.abs(offset) % 60).padStart(2, '0');
  const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0');
  return `${formatInstant(micros + offset * 60_000_000).slice(0, -6)}${offset < 0 ? '-' : '+'}${hours}:${minutes}`;
}

/** Minutes east of Greenwich. */
function offsetOf(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(3).replace(':', '') || '0');
  if (minutes > 59 || Number(zone.slice(1, 3)) > 23) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + minutes);
}

function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(year < 100 ? year + 400 : year, month, 0)).getUTCDate();
}
