// The clock on a person's wall: which moment a date and time is there, and the other way round. The local zone is what JavaScript's
// own Date knows; a time-zone library would cost a short command more than all the rest of it. Other zones come in as values.

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
   * Days and months past their end run on into the next. A time that the clock skips is that much later; one that it shows twice is
   * the first of the two.
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
