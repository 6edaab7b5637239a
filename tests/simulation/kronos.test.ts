import { describe, expect, test } from '@jest/globals';
import { type Life, type Merge, mergeList } from '../../protocol/merge.ts';
import type { Task } from '../../protocol/messages.ts';
import { type Net, type Outcome, simulate } from './kronos.ts';
import { faults, runSeeds, sum } from './outcomes.ts';

/** The same seeds give the same runs on every machine. */
const seeds = 300;

const run = (count: number, net: Net, merge?: typeof mergeList): Promise<Outcome[]> =>
  runSeeds(count, (seed) => simulate(seed, net, merge));

describe('kronos.vim of both generations, edits offline and online, and a hub that crashes', () => {
  test.each<Net>([
    'reliable',
    'lossy',
  ])(`${seeds} seeds on a %s network: no client shows an error, no task is lost or duplicated, and all have the same tasks`, async (net) => {
    const outcomes = await run(seeds, net);
    expect(faults(outcomes)).toEqual([]);
    // Runs with too few events would prove nothing.
    expect(sum(outcomes, ({ edits }) => edits)).toBeGreaterThan(seeds * 5);
    expect(sum(outcomes, ({ merges }) => merges)).toBeGreaterThan(seeds * 4);
    expect(sum(outcomes, ({ crashes }) => crashes)).toBeGreaterThan(seeds);
  }, 300_000);

  test.each([
    ['[W6.10] a task that was done silently, edited by another device, and then edited by the first', 62521],
    ['[M10.7] done, undone and done again offline, while a new task takes the first id', 50657],
    [
      '[M10.10] a task that a client of 2018 made, sent with its index and removed is not the next one under its id',
      31997,
    ],
    ['[M10.11] a task that two devices did stands twice in a list, beside a new task under its id', 50698],
  ])('%s (a seed that found a fault)', async (_rule, seed) => {
    for (const net of ['reliable', 'lossy'] as const) expect((await simulate(seed, net)).faults).toEqual([]);
  });

  const broken: Record<string, typeof mergeList> = {
    'the returning device always wins': (lives, ours, version) => overOurs(mergeList(lives, ours, version), ours),
    'the list of the returning device is ignored': () => ({ outcomes: [], listed: new Map(), spared: 0 }),
    'tasks that the device does not list are removed, even if it never received them': (lives, ours, version) =>
      withRemovals(mergeList(lives, ours, version), lives, ours),
    'deleted tasks stay deleted, even if they were edited later': (lives, ours, version) =>
      withoutReturns(mergeList(lives, ours, version), lives),
    'old copies count as edits': (lives, ours) =>
      mergeList(
        lives.map((life) => ({ ...life, steps: life.steps.slice(-1) })),
        ours,
        Number.MAX_SAFE_INTEGER,
      ),
  };
  test.each(Object.entries(broken))('detects a wrong merge: %s', async (_name, merge) => {
    expect(faults(await run(100, 'reliable', merge)).length).toBeGreaterThan(0);
  });
});

function overOurs(merge: Merge, ours: readonly Task[]): Merge {
  const outcomes = merge.outcomes.map((outcome) => {
    const own =
      outcome.kind === 'write'
        ? ours.find((task) => task.index !== undefined && task.index === outcome.task.index)
        : undefined;
    return outcome.kind === 'write' && own !== undefined
      ? { ...outcome, task: { ...own, id: outcome.task.id ?? 0 } }
      : outcome;
  });
  return { ...merge, outcomes };
}

function isAlive({ base, steps }: Life): boolean {
  const last = steps.at(-1);
  return last === undefined ? base !== undefined : last.task !== null;
}

function withRemovals(merge: Merge, lives: readonly Life[], ours: readonly Task[]): Merge {
  const listed = new Set(ours.map((task) => task.id));
  const written = new Set(merge.outcomes.map(({ key }) => key));
  const unlisted = lives.filter((life) => {
    const current = life.steps.at(-1)?.task ?? life.base;
    return isAlive(life) && !written.has(life.key) && !listed.has(current?.id);
  });
  return { ...merge, outcomes: [...merge.outcomes, ...unlisted.map(({ key }) => ({ kind: 'remove', key }) as const)] };
}

function withoutReturns(merge: Merge, lives: readonly Life[]): Merge {
  const dead = new Set(lives.filter((life) => !isAlive(life)).map(({ key }) => key));
  return { ...merge, outcomes: merge.outcomes.filter(({ key }) => key === null || !dead.has(key)) };
}
