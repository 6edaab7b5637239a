// Durations as people read them, in the units of the protocol: a year is 365 days, a month 30, a week 7.

export const units = [
  ['y', 31_536_000],
  ['mo', 2_592_000],
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** In the largest unit it has, rounded up: `4h`, and `3d` for 3 days and 14 hours ago. The sign is the caller's to tell. */
export function short(seconds: number): string {
  const [unit, size] = units.find((one) => Math.abs(seconds) >= one[1]) ?? ['s', 1];
  return `${Math.abs(Math.ceil(seconds / size))}${unit}`;
}

/** All of it, without the parts that are zero: `3d 14h 11min 10s`. The sign is left out. */
export function full(seconds: number): string {
  let rest = Math.abs(Math.trunc(seconds));
  const parts = units.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count}${unit}`];
  });
  return parts.length === 0 ? '0s' : parts.join(' ');
}
