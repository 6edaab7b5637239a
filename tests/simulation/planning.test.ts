import { describe, expect, test } from '@jest/globals';
import { faults, runSeeds, sum } from './outcomes.ts';
import { type Outcome, simulate, type Tampering } from './planning.ts';

/** The same seeds give the same runs on every machine. */
const seeds = Number(process.env['HORAI_PLANNING_SEEDS'] ?? 24);

const run = (count: number, tampering?: Tampering): Promise<Outcome[]> =>
  runSeeds(count, (seed) => simulate(seed, tampering));

describe('recurring tasks and dependencies, on devices that are apart', () => {
  test(`${seeds} seeds: each series has one open task, no task needs itself, and no task, note, dependency or work is lost`, async () => {
    const outcomes = await run(seeds);
    expect(faults(outcomes)).toEqual([]);
    // Runs with too few events would prove nothing.
    expect(sum(outcomes, ({ completed }) => completed)).toBeGreaterThan(seeds * 5);
    expect(sum(outcomes, ({ worked }) => worked)).toBeGreaterThan(seeds);
    expect(sum(outcomes, ({ needed }) => needed)).toBeGreaterThan(seeds);
    expect(sum(outcomes, ({ syncs }) => syncs)).toBeGreaterThan(seeds * 10);
    expect(sum(outcomes, ({ crashes }) => crashes)).toBeGreaterThan(seeds / 10);
  }, 600_000);

  /** Each of these lost something in an earlier version. */
  test.each([
    [73, 'a note, when another device added one to the task meanwhile'],
    [184, 'a dependency, in the same way'],
    [164, 'a note on the next task of a series, whose first task was deleted'],
    [198, 'work on the next task of a series, which both devices had made'],
    [1562, 'the end of an interval, which kronos.vim stopped earlier'],
    [2288, 'an interval of a task with lists, which another device completed without knowing of the start'],
    [1648, 'the edits of a deleted task, which two devices brought back'],
  ])('seed %i does not lose %s', async (seed) => {
    expect((await simulate(seed)).faults).toEqual([]);
  });

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
    'a device sends no work': {
      beforeSync: (database) => ({
        ...database,
        queue: database.queue.map((edit) => JSON.parse(JSON.stringify(edit), withoutWork)),
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

function withoutWork(field: string, value: unknown): unknown {
  return field === 'intervals' ? '' : field === 'worktime' ? 0 : value;
}
