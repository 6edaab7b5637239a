// The hub's time, asked a few times in a row because the fastest answer is the most exact (room/clock.ts computes).

import { type Clock, measureClock, type Sample } from '../room/clock.ts';
import { pathTo } from './address.ts';

const questions = 5;

/** @returns undefined if the hub could not be asked */
export async function askTheTime(): Promise<Clock | undefined> {
  const samples: Sample[] = [];
  try {
    for (let asked = 0; asked < questions; asked += 1) {
      const sent = performance.now();
      const response = await fetch(pathTo('/-/clock'), { cache: 'no-store' });
      const received = performance.now();
      const answer: unknown = await response.json();
      if (typeof answer === 'object' && answer !== null && 'now' in answer && typeof answer.now === 'number') {
        samples.push({ sent, hub: answer.now, received });
      }
    }
  } catch {
    // The samples of before the failure still count.
  }
  return measureClock(samples);
}
