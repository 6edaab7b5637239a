// Summaries of a list of measurements.

export function median(figures: readonly number[]): number {
  return percentile(figures, 0.5);
}

/** @param part 0.99 for the figure that 99 of 100 do not exceed @returns 0 for no figures */
export function percentile(figures: readonly number[], part: number): number {
  const sorted = [...figures].sort((one, other) => one - other);
  return sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? 0;
}
