// The time zones of a calendar file for ical.js: those of the zone database by Temporal's rules, whose history and future are better known
// than what files say of them; others as the file defines them.

import ICAL from 'ical.js';
import { Temporal } from 'temporal-polyfill';

/** A change of the clocks, in local seconds: from `wall` on, what a clock shows is `after` seconds ahead of UTC. */
interface ClockChange {
  readonly wall: number;
  readonly after: number;
}

interface ZoneYear {
  /** Seconds ahead of UTC as the year begins. */
  readonly before: number;
  readonly changes: readonly ClockChange[];
}

/** A zone of the zone database. A time that clocks skip counts by the offset before the gap; of one that they show twice, the first counts. */
export class IanaZone extends ICAL.Timezone {
  readonly #name: string;
  readonly #years = new Map<number, ZoneYear>();

  constructor(name: string) {
    super({ tzid: name });
    this.#name = name;
  }

  override utcOffset(time: ICAL.Time): number {
    return this.offsetAt(time.year, time.month, time.day, time.hour, time.minute, time.second);
  }

  /** Seconds ahead of UTC of the moment at which clocks show this. Months count from 1. */
  offsetAt(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
    const wall = Date.UTC(year, month - 1, day, hour, minute, second) / 1_000;
    const { before, changes } = this.#year(year);
    return changes.findLast((change) => change.wall <= wall)?.after ?? before;
  }

  #year(year: number): ZoneYear {
    const known = this.#years.get(year);
    if (known !== undefined) return known;
    let at = Temporal.PlainDateTime.from({ year, month: 1, day: 1 }).toZonedDateTime(this.#name);
    const before = at.offsetNanoseconds / 1e9;
    const changes: ClockChange[] = [];
    for (;;) {
      const next = at.getTimeZoneTransition('next');
      if (next === null || next.year > year) break;
      const from = next.subtract({ nanoseconds: 1 }).offsetNanoseconds / 1e9;
      const after = next.offsetNanoseconds / 1e9;
      changes.push({ wall: next.epochMilliseconds / 1_000 + Math.max(from, after), after });
      at = next;
    }
    const made = { before, changes };
    this.#years.set(year, made);
    return made;
  }
}

/** @returns the name in the zone database that a TZID means, such as `/example.org/Europe/Berlin`; undefined if it means none */
export function ianaName(tzid: string): string | undefined {
  const name = /[A-Za-z][\w+-]*(?:\/[A-Za-z][\w+-]*)*$/.exec(tzid.trim())?.[0] ?? '';
  const parts = name.split('/');
  // The longest end of it that is a name: `Etc/UTC`, `America/Argentina/Salta`.
  for (let from = 0; from < parts.length; from += 1) {
    const end = parts.slice(from).join('/');
    if (isZoneName(end) && (from === 0 || end.includes('/'))) return end;
  }
  return undefined;
}

function isZoneName(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}
