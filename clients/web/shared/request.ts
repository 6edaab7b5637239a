// Asks the hub for its time, a few times in a row; the quickest answer counts. room/clock.ts does the arithmetic.

import { type Clock, measured, type Sample } from '../room/clock.ts';

const questions = 5;

/** @returns undefined if the hub could not be asked */
export async function askTheTime(): Promise<Clock | undefined> {
  const samples: Sample[] = [];
  try {
    for (let asked = 0; asked < questions; asked += 1) {
      const sent = performance.now();
      const response = await fetch('/-/clock', { cache: 'no-store' });
      const received = performance.now();
      const answer: unknown = await response.json();
      if (typeof answer === 'object' && answer !== null && 'now' in answer && typeof answer.now === 'number') {
        samples.push({ sent, hub: answer.now, received });
      }
    }
  } catch {
    // Keep what was measured before the hub went away.
  }
  return measured(samples);
}
