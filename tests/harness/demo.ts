// Days of the demo's people, for tests of pages.

import { generateDemo } from '../../server/commands/demo/generate.ts';
import { sendDemo } from '../../server/commands/demo/send.ts';

const dayMs = 86_400_000;

/**
 * Three days of a person that end on the last Thursday before today, in UTC. They begin on the same weekday whenever the test runs, so that
 * what the generator makes is always the same.
 * @returns that Thursday
 */
export async function fillWithDemo(url: string): Promise<string> {
  let thursday = (Math.floor(Date.now() / dayMs) - 1) * dayMs;
  while (new Date(thursday).getUTCDay() !== 4) thursday -= dayMs;
  const [ada] = generateDemo({ seed: 7, from: thursday - 2 * dayMs, days: 3, people: 1 }).accounts;
  if (ada === undefined) throw new Error('the demo has a person');
  await sendDemo(ada, { url, until: thursday + dayMs, zone: 'UTC' });
  return new Date(thursday).toISOString().slice(0, 10);
}
