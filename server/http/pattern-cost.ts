// Tells patterns that take long to compile from their text alone, so that they are refused before anybody compiles them. RE2 matches in
// linear time, but it writes out repetitions (`x{1000}`) and classes of Unicode (`\pL`) when it compiles.

/** Classes of Unicode in one pattern: each takes a tenth of a millisecond. */
const maxClasses = 20;
const repetition = /\{(\d+)(?:,(\d*))?\}/g;
const unicodeClass = /\\[pP]/g;

/** @param maxSteps of the program that RE2 may make of the pattern. @returns true if the program certainly has more, or is slow to make */
export function isCostlyPattern(pattern: string, maxSteps: number): boolean {
  if (pattern.length > maxSteps) return true;
  if ([...pattern.matchAll(unicodeClass)].length > maxClasses) return true;
  let repeated = 0;
  for (const [, least = '', most = ''] of pattern.matchAll(repetition))
    repeated += Math.max(Number(least), Number(most));
  return repeated > maxSteps;
}
