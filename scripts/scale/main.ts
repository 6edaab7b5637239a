// `npm run scale`: up to a million accounts on twenty nodes, simulated with measured costs (model.ts, costs.ts). Prints for each number of
// accounts how long an acknowledgement takes and which resources are fullest, and then the same after each remedy. The same seed gives the
// same arrivals; two costs are measured anew on each machine.

import { seeded } from '../../tests/harness/world.ts';
import { developer, measuredCosts, twentyNodes } from './costs.ts';
import { type Costs, type Outcome, type Site, simulateSite } from './model.ts';

const seed = 20261130;
const shownResources = 3;
const million = 1_000_000;

function row(what: string, { accounts, opsPerSecond, use, medianMs, p99Ms }: Outcome): string {
  const ms = (value: number) => (Number.isFinite(value) ? `${value.toFixed(1)} ms` : 'grows without end');
  const fullest = use
    .slice(0, shownResources)
    .map(({ resource, share }) => `${resource} ${Math.round(share * 100)} %`)
    .join(', ');
  const rate = Math.round(opsPerSecond).toLocaleString('en');
  return `| ${what} | ${accounts.toLocaleString('en')} | ${rate} | ${ms(medianMs)} | ${ms(p99Ms)} | ${fullest} |`;
}

const costs = measuredCosts();
const simulate = (accounts: number, site: Site, its: Costs = costs) =>
  simulateSite(accounts, developer, site, its, seeded(seed));

console.log(
  `A notice costs ${costs.noticeUs.toFixed(1)} µs, a busy channel ${Math.round(costs.channelBytes / 1_024)} KiB.\n`,
);
console.log('| site | accounts | ops/s at the peak | acknowledged, median | 99th percentile | fullest |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const accounts of [10_000, 50_000, 100_000, 250_000, 500_000, million])
  console.log(row('20 nodes, 1 database of 16 cores', simulate(accounts, twentyNodes)));

// The remedies, one after the other, each at a million accounts.
const bounded = { ...costs, channelBytes: costs.channelBytes / 16 };
console.log(row('and recent changes bounded by 64 for a channel', simulate(million, twentyNodes, bounded)));
let site: Site = { ...twentyNodes, areNoticesSplit: true };
console.log(row('and notices by account', simulate(million, site, bounded)));
for (const databases of [2, 4, 8]) {
  site = { ...site, databases };
  console.log(row(`and ${databases} databases`, simulate(million, site, bounded)));
}
