// How long ago something was, in words of the browser's language. Pure.

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** `2 minutes ago`, `yesterday`. @param then and `now` in milliseconds since 1970 */
export function ago(then: number, now: number, locale: string): string {
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const passed = now - then;
  const [unit, length] = units.find(([, ms]) => Math.abs(passed) >= ms) ?? ['minute', 60_000];
  return relative.format(-Math.trunc(passed / length), unit);
}
