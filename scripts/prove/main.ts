// `npm run prove -- crash [rounds] [seed]`, `npm run prove -- hostile [inputs] [seed]` and its parts `unread [MiB]` and `large [MiB]`,
// `npm run prove -- day [days] [seed]`, `npm run prove -- nodes [seeds] [first]`, `npm run prove -- planning [seeds] [first]`,
// `npm run prove -- suggestions [months]`, `npm run prove -- disk`, `npm run prove -- guard [days] [seed]` and `npm run prove -- vims [seeds] [first]`: longer runs of what the tests run briefly.

import { proveCrashes } from './crash.ts';
import { proveDays } from './day.ts';
import { proveDisk } from './disk.ts';
import { proveGuard } from './guard.ts';
import { proveHostile } from './hostile.ts';
import { proveVisitors } from './hostile-visitors.ts';
import { proveLargeChannel } from './large-channel.ts';
import { proveNodes } from './nodes.ts';
import { provePlanning } from './planning.ts';
import { proveSuggestions, unseenSeed } from './suggestions.ts';
import { proveUnreadAnswers } from './unread-answers.ts';
import { proveVims } from './vims.ts';

const proofs = new Map<
  string,
  (count: number | undefined, seed: number) => Promise<{ readonly faults: readonly string[] }>
>([
  ['crash', (rounds, seed) => proveCrashes(rounds ?? 50, seed, (line) => console.log(line))],
  [
    'hostile',
    async (inputs, seed) => {
      const print = (line: string) => console.log(line);
      const [bytes, visitors] = [await proveHostile(inputs ?? 100_000, seed, print), await proveVisitors(print)];
      const [unread, large] = [await proveUnreadAnswers(200, print), await proveLargeChannel(1_024, print)];
      const faults = [...bytes.faults, ...visitors.faults, ...unread.faults, ...large.faults];
      return { ...bytes, attacks: visitors.attacks, unread: unread.growth, large: large.steps, faults };
    },
  ],
  [
    'large',
    async (size) => {
      const { steps, faults } = await proveLargeChannel(size ?? 1_024, (line) => console.log(line));
      return { large: steps, faults };
    },
  ],
  [
    'unread',
    async (size) => {
      const { growth, faults } = await proveUnreadAnswers(size ?? 200, (line) => console.log(line));
      return { unread: growth, faults };
    },
  ],
  ['disk', () => proveDisk((line) => console.log(line))],
  ['nodes', (seeds, first) => proveNodes(seeds ?? 1_000, first, (line) => console.log(line))],
  ['planning', (seeds, first) => provePlanning(seeds ?? 5_000, first, (line) => console.log(line))],
  ['suggestions', (months) => proveSuggestions(months ?? 12, unseenSeed, (line) => console.log(line))],
  ['vims', (seeds, first) => proveVims(seeds ?? 10_000, first, (line) => console.log(line))],
  ['guard', (days, first) => proveGuard(days ?? 200, first, (line) => console.log(line))],
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
