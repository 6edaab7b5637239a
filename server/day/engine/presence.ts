// When the person was there: presence of each device ([Y2]), of the person ([Y3]), and the bridges over short gaps ([Y4]).

import type { DayInput } from './devices.ts';
import {
  type DayInterval,
  type DayIntervals,
  intersectIntervals,
  lengthOf,
  subtractIntervals,
  uniteIntervals,
} from './intervals.ts';

/** Input where the AFK source says something, otherwise all other evidence. */
export function devicePresence({ input, absent }: DayInput, evidence: DayIntervals): DayIntervals {
  const seen = absent.length === 0 ? evidence : subtractIntervals(evidence, absent);
  return input.length === 0 ? seen : uniteIntervals([...input, ...seen]);
}

export interface PresenceParts {
  readonly devices: readonly DayIntervals[];
  readonly meetings: DayIntervals;
  readonly mobs: DayIntervals;
  readonly entries: DayIntervals;
  readonly tasks: DayIntervals;
  /** Intervals that entries remove. */
  readonly removed: DayIntervals;
  /** One for each device that has an AFK source. */
  readonly absences: readonly DayIntervals[];
}

export function personPresence(parts: PresenceParts, idle: number): DayIntervals {
  const { devices, meetings, mobs, entries, tasks, removed, absences } = parts;
  const [first, ...others] = absences;
  const away = others.reduce(intersectIntervals, first ?? []).filter(([from, to]) => to - from > idle);
  const worked = subtractIntervals(tasks, away);
  return subtractIntervals(uniteIntervals([...devices.flat(), ...meetings, ...mobs, ...entries, ...worked]), removed);
}

/** The gaps that are filled: at most `bridge` long, and nothing of them was removed by an entry. */
export function bridgesOf(presence: DayIntervals, removed: DayIntervals, bridge: number): DayIntervals {
  const gaps: DayInterval[] = [];
  for (const [index, [, from]] of presence.entries()) {
    const to = presence[index + 1]?.[0];
    if (to !== undefined && to - from <= bridge) gaps.push([from, to]);
  }
  return gaps.filter((gap) => lengthOf(intersectIntervals([gap], removed)) === 0);
}
