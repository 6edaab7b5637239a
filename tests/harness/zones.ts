// Time zones by the Temporal polyfill, independent of the machine's own zone. Tests of due dates compare with them.

import { Temporal } from 'temporal-polyfill';
import type { Zone } from '../../protocol/zone.ts';

export function zoneOf(name: string): Zone {
  return {
    civil(moment) {
      const { year, month, day, hour, minute } = Temporal.Instant.fromEpochMilliseconds(
        moment * 1_000,
      ).toZonedDateTimeISO(name);
      return { year, month, day, hour, minute };
    },
    moment({ year, month, day, hour, minute }) {
      const first = Temporal.PlainDateTime.from({ year, month: 1, day: 1, hour, minute });
      const wall = first.add({ months: month - 1 }).add({ days: day - 1 });
      return Math.floor(wall.toZonedDateTime(name).epochMilliseconds / 1_000);
    },
  };
}

/** Local time such as `2018-03-01T21:21` in a zone, as seconds since 1970. */
export function at(wall: string, zone: string): number {
  return Math.floor(Temporal.PlainDateTime.from(wall).toZonedDateTime(zone).epochMilliseconds / 1_000);
}

/** A moment as local time with its offset: `2018-03-03T18:00:00+01:00`. */
export function shown(moment: number | undefined, zone: string): string {
  if (moment === undefined) return 'invalid';
  const there = Temporal.Instant.fromEpochMilliseconds(moment * 1_000).toZonedDateTimeISO(zone);
  return there.toString({ timeZoneName: 'never', smallestUnit: 'second' });
}
