// Durations as people read them (rules F1, F2 of README.md): a year is 365 days, a month 30, a week 7.

export const units = [
  ['y', 31_536_000],
  ['mo', 2_592_000],
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/**
 * F1: in the largest unit, the signed value rounded up: `4h`, and `3d` for -3 days and -14 hours.
 * @param seconds may be negative; the text has no sign
 */
export function shortDuration(seconds: number): string {
  const [unit, size] = units.find((one) => Math.abs(seconds) >= one[1]) ?? ['s', 1];
  return `${Math.abs(Math.ceil(seconds / size))}${unit}`;
}

/**
 * F2: every unit that is not zero: `3d 14h 11min 10s`.
 * @param seconds may be negative; the text has no sign
 */
export function fullDuration(seconds: number): string {
  let rest = Math.abs(Math.trunc(seconds));
  const parts = units.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count}${unit}`];
  });
  return parts.length === 0 ? '0s' : parts.join(' ');
}
