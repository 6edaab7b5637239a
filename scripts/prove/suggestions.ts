// How often suggestions are right: generated months with labels go through a hub in memory, and each suggestion is compared with the
// project that its time was really about. 12 months have the seeds with which the rules were tuned; 30 have seeds that were not looked at.

import { Hub } from '../../server/core/hub.ts';
import { noopRelay } from '../../server/core/relay.ts';
import { nextDate } from '../../server/day/engine/day-calendar.ts';
import { intersectIntervals, lengthOf } from '../../server/day/engine/intervals.ts';
import { MergedDays } from '../../server/day/merged-days.ts';
import { unassignedIn } from '../../server/day/suggestions/stretches.ts';
import type { DaySuggestion } from '../../server/day/suggestions/suggest.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { realWorld } from '../../server/world.ts';
import { generateLabelledMonth, type TimeLabel } from '../demo/labelled-month.ts';

const account = 'ann';
const firstDate = '2026-03-02';
const contradictory = 0.1;
const firstUnseen = 9_001;
const unseenMonths = 30;

/** Counts of suggestions by tier, and times in microseconds. */
export interface SuggestionScore {
  readonly asked: readonly [tier1: number, tier2: number];
  readonly right: readonly [tier1: number, tier2: number];
  readonly unassigned: number;
  readonly suggested: number;
}

const nothing: SuggestionScore = { asked: [0, 0], right: [0, 0], unassigned: 0, suggested: 0 };

function sumOf(one: SuggestionScore, other: SuggestionScore): SuggestionScore {
  return {
    asked: [one.asked[0] + other.asked[0], one.asked[1] + other.asked[1]],
    right: [one.right[0] + other.right[0], one.right[1] + other.right[1]],
    unassigned: one.unassigned + other.unassigned,
    suggested: one.suggested + other.suggested,
  };
}

/** Parts of 100, to one digit. */
export function percentages({ asked, right, unassigned, suggested }: SuggestionScore) {
  const part = (some: number, all: number) => Math.round((some / Math.max(1, all)) * 1_000) / 10;
  return { tier1: part(right[0], asked[0]), tier2: part(right[1], asked[1]), covered: part(suggested, unassigned) };
}

/** @param days of the month, so that a test can take a few */
export async function scoreMonth(seed: number, days: number): Promise<SuggestionScore> {
  const { channels, labels } = generateLabelledMonth({ seed, from: firstDate, days, contradictory });
  const store = new MemoryStore({ epoch: 'proof' });
  for (const [name, items] of channels) {
    const ops = items.map(({ key, value, time, end }) => {
      const span = { ...(time === undefined ? {} : { time }), ...(end === undefined ? {} : { end }) };
      return { op: 'put', key, value: JSON.stringify(value), ...span } as const;
    });
    if (ops.length > 0) await store.append(`${account}/${name}`, { ops, origin: 'proof', at: 0 }, 'last');
  }
  const merged = new MergedDays(new Hub({ store, relay: noopRelay, world: realWorld('silent') }));
  const { days: own, suggestions } = merged.of(account);
  let score = nothing;
  for (let day = 0; day < days; day += 1) {
    const date = nextDate(firstDate, day);
    const answer = await own.day({ date, mayRead: () => true });
    const unassigned = lengthOf(unassignedIn(answer));
    if (unassigned === 0) continue;
    score = sumOf(score, { ...nothing, unassigned });
    for (const one of await suggestions.of(date, () => true)) score = sumOf(score, scoreOne(one, labels));
  }
  await merged.close();
  return score;
}

function scoreOne(suggestion: DaySuggestion, labels: readonly TimeLabel[]): SuggestionScore {
  const { tier, time, project } = suggestion;
  const isRight = labelOf(suggestion, labels) === project;
  const count = (is: boolean): readonly [number, number] => [is && tier === 1 ? 1 : 0, is && tier === 2 ? 1 : 0];
  return { asked: count(true), right: count(isRight), unassigned: 0, suggested: time };
}

/** The project that most of the suggested time was about. */
function labelOf({ spans }: DaySuggestion, labels: readonly TimeLabel[]): string | null {
  const times = new Map<string | null, number>();
  for (const { from, to, project } of labels)
    times.set(project, (times.get(project) ?? 0) + lengthOf(intersectIntervals(spans, [[from, to]])));
  return [...times].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

export interface SuggestionProof {
  readonly seen: ReturnType<typeof percentages>;
  readonly unseen: ReturnType<typeof percentages>;
  readonly asked: number;
  readonly faults: readonly string[];
}

/**
 * @param months with build seeds, 1 and following
 * @param unseen the first of 30 further seeds
 */
export async function proveSuggestions(
  months: number,
  unseen: number,
  print: (line: string) => void,
): Promise<SuggestionProof> {
  const scoreAll = async (first: number, count: number): Promise<SuggestionScore> => {
    let sum = nothing;
    for (let seed = first; seed < first + count; seed += 1) {
      const score = await scoreMonth(seed, 30);
      sum = sumOf(sum, score);
      print(`seed ${seed}: ${JSON.stringify({ ...percentages(score), asked: score.asked })}`);
    }
    return sum;
  };
  const built = await scoreAll(1, months);
  const fresh = unseen === 0 ? nothing : await scoreAll(unseen, unseenMonths);
  const [one, two] = [percentages(built), percentages(fresh)];
  const faults = [...shortfalls('build seeds', one), ...(unseen === 0 ? [] : differences(one, two))];
  return { seen: one, unseen: two, asked: built.asked[0] + built.asked[1] + fresh.asked[0] + fresh.asked[1], faults };
}

const wanted = { tier1: 95, tier2: 80, covered: 50 } as const;
const mostDifference = 3;

function shortfalls(where: string, figures: ReturnType<typeof percentages>): readonly string[] {
  return (['tier1', 'tier2', 'covered'] as const).flatMap((name) =>
    figures[name] < wanted[name] ? [`${where}: ${name} is ${figures[name]} %, less than ${wanted[name]} %`] : [],
  );
}

function differences(seen: ReturnType<typeof percentages>, unseen: ReturnType<typeof percentages>): readonly string[] {
  return (['tier1', 'tier2', 'covered'] as const).flatMap((name) =>
    Math.abs(seen[name] - unseen[name]) > mostDifference
      ? [`unseen seeds: ${name} is ${unseen[name]} %, more than ${mostDifference} points from ${seen[name]} %`]
      : [],
  );
}

export const unseenSeed = firstUnseen;
