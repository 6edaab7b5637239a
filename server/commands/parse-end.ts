// Dates on the command line at which something ends.

/** @returns the end of the day (UTC) in milliseconds since 1970; undefined for anything but YYYY-MM-DD */
export function parseDate(text: string): number | undefined {
  const start = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(start) ? undefined : start + 86_400_000;
}
