// `npm run prove -- crash [rounds] [seed]`, `npm run prove -- hostile [inputs] [seed]`, `npm run prove -- day [days] [seed]` and
// `npm run prove -- suggestions [months]`: longer runs of what the tests run briefly.

import { proveCrashes } from './crash.ts';
import { proveDays } from './day.ts';
import { proveHostile } from './hostile.ts';
import { proveSuggestions, unseenSeed } from './suggestions.ts';

const proofs = new Map<
  string,
  (count: number | undefined, seed: number) => Promise<{ readonly faults: readonly string[] }>
>([
  ['crash', (rounds, seed) => proveCrashes(rounds ?? 50, seed, (line) => console.log(line))],
  ['hostile', (inputs, seed) => proveHostile(inputs ?? 100_000, seed, (line) => console.log(line))],
  ['suggestions', (months) => proveSuggestions(months ?? 12, unseenSeed, (line) => console.log(line))],
  ['day', (days, seed) => proveDays(days ?? 10_000, seed, (line) => console.log(line))],
]);

const [name = '', count, seed = '20261121'] = process.argv.slice(2);
const proof = proofs.get(name);
if (proof === undefined) {
  console.error(`Usage, one of: ${[...proofs.keys()].map((one) => `npm run prove -- ${one}`).join(', ')}`);
  process.exit(1);
}
const began = performance.now();
const { faults, ...figures } = await proof(count === undefined ? undefined : Number(count), Number(seed));
for (const fault of faults.slice(0, 50)) console.error(fault);
console.log(
  JSON.stringify({
    proof: name,
    seed,
    seconds: Math.round((performance.now() - began) / 1_000),
    ...figures,
    faults: faults.length,
  }),
);
process.exit(faults.length === 0 ? 0 : 1);
