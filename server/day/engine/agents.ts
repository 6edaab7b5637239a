// The work of agents, in figures that never touch the person's own ([Y7]).

import type { AgentTimes, DayLaneView } from './answer.ts';
import type { DayOptions } from './evidence.ts';
import type { DayAgentSpan } from './heartbeats.ts';
import { type DayInterval, type DayIntervals, intersectIntervals, lengthOf, uniteIntervals } from './intervals.ts';

/** The work of all agents within a day. */
export interface AgentWork {
  /** By project, in order of first appearance. */
  readonly projects: ReadonlyMap<string | null, readonly DayInterval[]>;
  readonly lanes: readonly DayLaneView[];
}

export function agentFigures(
  turns: ReadonlyMap<string, readonly DayAgentSpan[]>,
  [begin, end]: DayInterval,
  { classifier, hours = [] }: DayOptions,
): AgentWork {
  const projects = new Map<string | null, DayInterval[]>();
  const lanes: DayLaneView[] = [];
  for (const [source, spans] of turns) {
    const own: DayInterval[] = [];
    for (const span of spans) {
      const [from, to] = [Math.max(span.from, begin), Math.min(span.to, end)];
      if (to <= from) continue;
      own.push([from, to]);
      const { facts, device } = span;
      const slots = classifier.readsClock ? hours.filter((hour) => hour.to > from && hour.from < to) : [undefined];
      for (const slot of slots) {
        const clock = { weekday: slot?.weekday ?? 0, hour: slot?.hour ?? -1 };
        const { project } = classifier.classify({ lane: 'agent', device, facts, ...clock });
        const its = projects.get(project) ?? [];
        projects.set(project, its);
        its.push([Math.max(from, slot?.from ?? from), Math.min(to, slot?.to ?? to)]);
      }
    }
    const intervals = uniteIntervals(own);
    if (intervals.length > 0) lanes.push({ lane: 'agent', source, time: lengthOf(intervals), intervals });
  }
  return { projects, lanes };
}

/** The figures of all agents together. */
export function attendedBy({ lanes }: AgentWork, presence: DayIntervals): AgentTimes {
  return agentTimes(
    lanes.flatMap(({ intervals }) => intervals),
    presence,
  );
}

/** @param intervals of one agent each, so that the sum over agents is their sum */
export function agentTimes(intervals: readonly DayInterval[], presence: DayIntervals): AgentTimes {
  const wall = uniteIntervals(intervals);
  const attended = lengthOf(intersectIntervals(wall, presence));
  const whole = lengthOf(wall);
  return { agent: lengthOf(intervals), agent_wall: whole, attended, unattended: whole - attended };
}
