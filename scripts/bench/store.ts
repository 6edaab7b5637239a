// The cost of our code on top of durable group commit: acknowledged appends through SqliteStore. The control is a worker with
// better-sqlite3 that inserts the same rows with prepared statements and reads nothing. Rounds alternate between the two.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nanoid } from 'nanoid';
import { median } from '../../clients/load/figures.ts';
import type { Keep } from '../../server/core/store.ts';
import type { World } from '../../server/core/world.ts';
import { openSqlite } from '../../server/storage/sqlite/store.ts';
import { type Appender, openBare } from './bare-sqlite.ts';

export interface BenchRow {
  readonly name: string;
  /** The figure of our code. */
  readonly ours: number;
  /** The figure of the control, in the same run. */
  readonly control: number;
  readonly unit: string;
}

const rounds = 3;
const roundMs = 1_000;
const channels = 16;
/** The number of items that the writers of a channel update when only the last value is kept. */
const movingKeys = 500;

/** Medians of acknowledged writes a second, for 64 and for 1,000 writers that each wait for their answer. */
export async function benchStore(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const keep of ['all', 'last'] as const) {
    for (const writers of [64, 1_000]) {
      const folder = mkdtempSync(join(tmpdir(), 'horai-bench-'));
      const ours = await openOurs(join(folder, 'ours'), keep);
      const bare = await openBare(join(folder, 'bare.db'), keep);
      const figures: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
      await run(ours, writers, keep, 'warm');
      await run(bare, writers, keep, 'warm');
      for (let round = 0; round < rounds; round += 1) {
        figures.ours.push(await run(ours, writers, keep, `r${round}`));
        figures.bare.push(await run(bare, writers, keep, `r${round}`));
      }
      await ours.close();
      await bare.close();
      rmSync(folder, { recursive: true });
      const name = `store: durable appends, ${writers} writers, keep ${keep}`;
      rows.push({ name, ours: median(figures.ours), control: median(figures.bare), unit: 'writes/s' });
    }
  }
  return rows;
}

async function run(appender: Appender, writers: number, keep: Keep, round: string): Promise<number> {
  const begin = performance.now();
  const until = begin + roundMs;
  let acknowledged = 0;
  const writer = async (index: number): Promise<void> => {
    for (let turn = 0; performance.now() < until; turn += 1) {
      const name = keep === 'all' ? `${round}-${index}-${turn}` : `item-${(index * 7919 + turn * 31) % movingKeys}`;
      const value = `{"id":"${name}","round":"${round}-${index}-${turn}","text":"${'x'.repeat(150)}"}`;
      await appender.append(index % channels, name, value);
      acknowledged += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, index) => writer(index)));
  return Math.round((acknowledged * 1_000) / (performance.now() - begin));
}

async function openOurs(folder: string, keep: Keep): Promise<Appender> {
  const quiet = { level: 'error', debug() {}, info() {}, warn() {}, error() {} };
  const world: World = {
    now: () => Date.now(),
    after: () => () => {},
    id: () => nanoid(),
    secret: () => crypto.randomUUID(),
    random: () => Math.random(),
    log: quiet,
  };
  const opened = await openSqlite({ folder, world, drivers: ['better-sqlite3'] });
  if (!opened.ok) throw new Error(opened.error);
  const { store } = opened;
  return {
    append: (channel, key, value) => {
      const at = world.now();
      return store.append(`alice/tasks-${channel}`, { ops: [{ op: 'put', key, value }], origin: 'bench', at }, keep);
    },
    close: () => store.close(),
  };
}
