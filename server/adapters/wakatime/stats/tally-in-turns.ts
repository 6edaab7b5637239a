// Sums long spans in steps, with pauses in which others are served. durations-algorithm.ts sums one step. A span is cut by the number of
// its heartbeats, so that neither ten years nor one day of very many heartbeats hold others up.

import { nextTurn } from '../../../core/next-turn.ts';
import type { HeartbeatColumns } from '../index/columns.ts';
import { addLineSums, type LineSums } from '../index/line-counts.ts';
import { Counter, type CreditRule, type Sums, type Tally, type TallyRequest, tally } from './durations-algorithm.ts';

/** The number of items summed without a pause: some milliseconds' work. */
const step = { heartbeats: 8_192, spans: 30 } as const;

/** The same as `tally`, with pauses in which others are served. */
export async function tallyInTurns(
  beats: HeartbeatColumns,
  rule: CreditRule,
  wish: TallyRequest,
): Promise<readonly Tally[]> {
  const tallies: Tally[] = [];
  for (const { bounds, continues } of stepsOf(beats, wish.bounds)) {
    if (tallies.length > 0) await nextTurn();
    const [first, ...others] = tally(beats, rule, { ...wish, bounds });
    const before = continues ? tallies.pop() : undefined;
    if (first !== undefined) tallies.push(before === undefined ? first : mergeTallies(before, first));
    tallies.push(...others);
  }
  return tallies;
}

interface Step {
  readonly bounds: readonly number[];
  /** True if its first span is the rest of the last one before it. */
  readonly continues: boolean;
}

function* stepsOf(beats: HeartbeatColumns, bounds: readonly number[]): Generator<Step> {
  const cuts = beats.cuts(bounds[0] ?? 0, bounds.at(-1) ?? 0, step.heartbeats);
  let [next, continues] = [0, false];
  let current: number[] = [];
  for (const bound of bounds) {
    for (let cut = cuts[next]; cut !== undefined && cut <= bound; next += 1, cut = cuts[next]) {
      if (cut === bound || current.length === 0) continue;
      yield { bounds: [...current, cut], continues };
      [current, continues] = [[cut], true];
    }
    current.push(bound);
    if (current.length <= step.spans) continue;
    yield { bounds: current, continues };
    [current, continues] = [[bound], false];
  }
  if (current.length > 1) yield { bounds: current, continues };
}

/** The sums of two neighbouring parts of a span. */
function mergeTallies(one: Tally, other: Tally): Tally {
  return {
    contexts: mergeSums(one.contexts, other.contexts),
    entities: mergeSums(one.entities, other.entities),
    contextOf: new Map([...one.contextOf, ...other.contextOf]),
    lines: {
      contexts: mergeLines(one.lines.contexts, other.lines.contexts),
      entities: mergeLines(one.lines.entities, other.lines.entities),
    },
    usage: other.usage.length === 0 ? one.usage : [...one.usage, ...other.usage],
  };
}

const counter = new Counter();

function mergeSums(one: Sums, other: Sums): Sums {
  if (other.codes.length === 0) return one;
  for (const { codes, amounts } of [one, other])
    for (const [index, code] of codes.entries()) counter.add(code, amounts[index] ?? 0);
  return counter.take();
}

function mergeLines(one: LineSums, other: LineSums): LineSums {
  return other.codes.length === 0 ? one : addLineSums([one, other]);
}
