import { describe, expect, test } from '@jest/globals';
import { faults, runSeeds, sum } from './outcomes.ts';
import { type Outcome, simulate, type Tampering } from './planning.ts';

/** The same seeds give the same runs on every machine. */
const seeds = Number(process.env['HORAI_PLANNING_SEEDS'] ?? 24);

const run = (count: number, tampering?: Tampering): Promise<Outcome[]> =>
  runSeeds(count, (seed) => simulate(seed, tampering));

describe('recurring tasks and dependencies, on devices that are apart', () => {
  test(`${seeds} seeds: each series has one open task, no task needs itself, and no note is lost`, async () => {
    const outcomes = await run(seeds);
    expect(faults(outcomes)).toEqual([]);
    // Runs with too few events would prove nothing.
    expect(sum(outcomes, ({ completed }) => completed)).toBeGreaterThan(seeds * 5);
    expect(sum(outcomes, ({ syncs }) => syncs)).toBeGreaterThan(seeds * 10);
    expect(sum(outcomes, ({ crashes }) => crashes)).toBeGreaterThan(seeds / 10);
  }, 600_000);

  const broken: Record<string, Tampering> = {
    'each device gives the next task a key of its own': {
      beforeSync: (database, name) => renameNext(database, name),
    },
    'a device sends no notes': {
      beforeSync: (database) => ({
        ...database,
        queue: database.queue.map((edit) => JSON.parse(JSON.stringify(edit), withoutNotes)),
      }),
    },
  };
  test.each(Object.entries(broken))(
    'detects that %s',
    async (_name, tampering) => {
      expect(faults(await run(20, tampering)).length).toBeGreaterThan(0);
    },
    120_000,
  );
});

function renameNext<T>(database: T, name: string): T {
  return JSON.parse(JSON.stringify(database).replace(/("index":"[^"~]+)~(\d+)"/g, `$1-${name}-$2"`));
}

function withoutNotes(field: string, value: unknown): unknown {
  return field === 'notes' ? [] : value;
}
