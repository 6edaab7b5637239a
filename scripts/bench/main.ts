// `npm run bench` runs every benchmark, `npm run bench -- fanout idle` only these two. It prints one table with our figure, the control's
// figure from the same run, and their ratio. README.md describes each benchmark. No figure fails anything.

import { benchActivityWatch } from './activitywatch.ts';
import { benchDay } from './day.ts';
import { benchFairness } from './fairness.ts';
import { benchFanout, benchWsFanout } from './fanout.ts';
import { benchIdle } from './idle.ts';
import { benchKronos } from './kronos.ts';
import { benchNodes } from './nodes.ts';
import { benchPages } from './pages.ts';
import { benchPostgres } from './postgres.ts';
import { benchRooms } from './rooms.ts';
import { benchInstalled, benchStart } from './start.ts';
import { type BenchRow, benchStore } from './store.ts';
import { benchStorm } from './storm.ts';
import { benchWakatime } from './wakatime.ts';
import { benchWrites } from './writes.ts';

const benches: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  fanout: benchFanout,
  'fanout-ws': benchWsFanout,
  writes: benchWrites,
  store: benchStore,
  start: benchStart,
  installed: benchInstalled,
  storm: benchStorm,
  idle: benchIdle,
  kronos: benchKronos,
  rooms: benchRooms,
  activitywatch: benchActivityWatch,
  postgres: benchPostgres,
  nodes: benchNodes,
  wakatime: () => benchWakatime(),
  day: benchDay,
  fairness: benchFairness,
  pages: benchPages,
};

const selected = process.argv.slice(2);
const unknown = selected.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`Unknown benchmark: ${unknown.join(', ')}. The benchmarks are ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}

const deadlineMs = 900_000;
setTimeout(() => {
  console.error('The benchmarks did not finish in 15 minutes: one hangs.');
  process.exit(1);
}, deadlineMs).unref();

/** Ours compared with the control: bytes as a difference, everything else as a ratio. */
function ratio({ ours, control, unit }: BenchRow): string {
  if (unit === 'bytes') return `${ours < control ? '' : '+'}${ours - control}`;
  return control === 0 ? '' : (ours / control).toFixed(2);
}

const rows: BenchRow[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (selected.length > 0 && !selected.includes(name)) continue;
  const began = performance.now();
  rows.push(...(await bench()));
  console.error(`${name}: ${Math.round((performance.now() - began) / 1_000)} s`);
}

const lines = [
  ['', 'ours', 'control', 'unit', 'ratio, or above'],
  ...rows.map((row) => [row.name, String(row.ours), String(row.control), row.unit, ratio(row)]),
];
const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
for (const line of lines) {
  console.log(
    line
      .map((cell, column) =>
        column === 0 || column === 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}
