import { describe, expect, test } from '@jest/globals';
import { type Life, type Merge, mergeList } from '../../protocol/merge.ts';
import type { Task } from '../../protocol/messages.ts';
import { type Net, type Outcome, simulate } from './kronos.ts';

/** In CI and here alike: the same seeds give the same runs everywhere. */
const seeds = 300;

async function run(count: number, net: Net, merge?: typeof mergeList): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let seed = 1; seed <= count; seed += 1) outcomes.push(await simulate(seed, net, merge));
  return outcomes;
}

/** What is wrong, with the seed that shows it: `simulate(seed)` tells the story again. */
function faults(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(({ seed, faults }) => faults.map((fault) => `seed ${seed}: ${fault}`));
}

const sum = (outcomes: readonly Outcome[], count: (outcome: Outcome) => number) =>
  outcomes.reduce((total, outcome) => total + count(outcome), 0);

describe('kronos.vim of both generations, edits offline and online, and a hub that crashes', () => {
  test.each<Net>([
    'kept',
    'lossy',
  ])(`${seeds} seeds on a %s net: no client shows an error, no task is lost or doubled, and all hold the same`, async (net) => {
    const outcomes = await run(seeds, net);
    expect(faults(outcomes)).toEqual([]);
    // A run that managed too little proves too little.
    expect(sum(outcomes, ({ edits }) => edits)).toBeGreaterThan(seeds * 5);
    expect(sum(outcomes, ({ merges }) => merges)).toBeGreaterThan(seeds * 4);
    expect(sum(outcomes, ({ crashes }) => crashes)).toBeGreaterThan(seeds);
  }, 300_000);

  const broken: Record<string, typeof mergeList> = {
    'the device that comes back wins whole': (lives, ours, version) => overOurs(mergeList(lives, ours, version), ours),
    'the device that comes back is not asked': () => ({ outcomes: [], listed: new Map(), spared: 0 }),
    'what the device does not list is removed, seen or not': (lives, ours, version) =>
      withRemovals(mergeList(lives, ours, version), lives, ours),
    'deleted tasks stay deleted, edited or not': (lives, ours, version) =>
      withoutReturns(mergeList(lives, ours, version), lives),
    'old copies count as edits': (lives, ours) =>
      mergeList(
        lives.map((life) => ({ ...life, steps: life.steps.slice(-1) })),
        ours,
        Number.MAX_SAFE_INTEGER,
      ),
  };
  test.each(Object.entries(broken))('a wrong merge is noticed: %s', async (_name, merge) => {
    expect(faults(await run(100, 'kept', merge)).length).toBeGreaterThan(0);
  });
});

function overOurs(merge: Merge, ours: readonly Task[]): Merge {
  const outcomes = merge.outcomes.map((outcome) => {
    const whole =
      outcome.kind === 'write'
        ? ours.find((task) => task.index !== undefined && task.index === outcome.task.index)
        : undefined;
    return outcome.kind === 'write' && whole !== undefined
      ? { ...outcome, task: { ...whole, id: outcome.task.id ?? 0 } }
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
  const gone = new Set(lives.filter((life) => !isAlive(life)).map(({ key }) => key));
  return { ...merge, outcomes: merge.outcomes.filter(({ key }) => key === null || !gone.has(key)) };
}
