// The shape of a merged day, as the engine computes it. Names of fields are those of the answer that goes out; times are whole
// microseconds since 1970, durations whole microseconds.

import type { DayGuess } from './devices.ts';
import type { DayLane } from './evidence.ts';
import type { DayIntervals } from './intervals.ts';

/** The items of one channel that speak about a segment. */
export interface DayReason {
  readonly lane: DayLane;
  readonly source: string;
  /** Without the account. */
  readonly channel: string;
  readonly keys: readonly string[];
}

/** A part of presence with one winner. Neighbours that differ in nothing but their evidence are one segment. */
export interface DaySegment {
  readonly from: number;
  readonly to: number;
  /** null is unassigned. */
  readonly project: string | null;
  readonly task: string | null;
  readonly category: string | null;
  /** False where a rule says "not work". */
  readonly work: boolean;
  readonly lane: DayLane;
  readonly source: string;
  /** The id of the rule that decided; null where a fact did, or nothing. */
  readonly rule: string | null;
  readonly fact: string | null;
  /** A gap that was filled ([Y4]); it continues the segment before it. */
  readonly bridged: boolean;
  /** The winner's first. */
  readonly evidence: readonly DayReason[];
}

export interface DayLaneView {
  readonly lane: DayLane;
  readonly source: string;
  readonly time: number;
  readonly intervals: DayIntervals;
}

/** Agent time never counts as time of the person ([Y7]). */
export interface AgentTimes {
  /** The sum over all agents. */
  readonly agent: number;
  /** The length of their union. */
  readonly agent_wall: number;
  /** The part of `agent_wall` within presence, and the rest. */
  readonly attended: number;
  readonly unattended: number;
}

export interface DayProject extends AgentTimes {
  readonly project: string | null;
  readonly time: number;
}

export interface DayTask {
  readonly key: string;
  readonly time: number;
}

export interface EngineDaySums extends AgentTimes {
  /** The length of presence: the sum of `projects`, to the microsecond ([Y6]). */
  readonly total: number;
  readonly human: number;
  /** The part of `total` that rules call "not work". */
  readonly not_work: number;
  readonly first: number | null;
  readonly last: number | null;
  /** Gaps of ten minutes and more between `first` and `last`. */
  readonly breaks: readonly { readonly from: number; readonly to: number }[];
  /** The longest first; null is unassigned. Projects of agents alone have no time. */
  readonly projects: readonly DayProject[];
  readonly tasks: readonly DayTask[];
}

export interface MergedDay extends EngineDaySums {
  readonly from: number;
  readonly to: number;
  readonly segments: readonly DaySegment[];
  readonly lanes: readonly DayLaneView[];
  /** Intervals that entries remove from presence. */
  readonly removed: DayIntervals;
  readonly guesses: readonly DayGuess[];
}
