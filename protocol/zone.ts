// Local time: converts a date and time to a moment, and back. The local zone comes from JavaScript's Date: loading a
// time-zone library would take a short command longer than everything else it does. Tests pass other zones in.

/** A date and time as a wall shows it. `month` and `day` count from 1. */
export interface Civil {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** Moments are seconds since 1970. */
export interface Zone {
  civil(moment: number): Civil;
  /**
   * Days and months beyond their end continue in the next month or year. A time that the clock skips is as much later; of one that it
   * shows twice, the first counts (D6).
   */
  moment(civil: Civil): number;
}

export const localZone: Zone = {
  civil(moment) {
    const date = new Date(moment * 1_000);
    return {
      year: date.getFullYear(),
      month: date.getMonth() + 1,
      day: date.getDate(),
      hour: date.getHours(),
      minute: date.getMinutes(),
    };
  },
  moment: ({ year, month, day, hour, minute }) =>
    Math.floor(new Date(year, month - 1, day, hour, minute).getTime() / 1_000),
};

export function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
