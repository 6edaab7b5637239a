// The minutes of a turn or a break as somebody types them.

/** Parses a field for minutes; undefined unless it is a whole number from 1 to 1440. */
export function minutesOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^\d{1,4}$/.test(trimmed)) return undefined;
  const minutes = Number(trimmed);
  return minutes >= 1 && minutes <= 1440 ? minutes : undefined;
}
