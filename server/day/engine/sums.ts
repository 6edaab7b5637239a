// Sums of a day, all from its segments, so that they cannot disagree ([Y6]).

import { type AgentWork, agentTimes } from './agents.ts';
import type { DayProject, DaySegment, EngineDaySums } from './answer.ts';
import { compareText } from './collections.ts';
import { type DayIntervals, lengthOf } from './intervals.ts';

/** Microseconds: shorter gaps are no breaks. */
const shortestBreak = 600_000_000;

/** @param presence with the bridged gaps */
export function sumDay(
  segments: readonly DaySegment[],
  presence: DayIntervals,
  agents: AgentWork,
): Omit<EngineDaySums, 'agent' | 'agent_wall' | 'attended' | 'unattended'> {
  const byProject = new Map<string | null, number>();
  const byTask = new Map<string, number>();
  let notWork = 0;
  for (const { from, to, project, task, work } of segments) {
    byProject.set(project, (byProject.get(project) ?? 0) + to - from);
    if (task !== null) byTask.set(task, (byTask.get(task) ?? 0) + to - from);
    if (!work) notWork += to - from;
  }
  const total = lengthOf(presence);
  return {
    total,
    human: total,
    not_work: notWork,
    first: presence[0]?.[0] ?? null,
    last: presence.at(-1)?.[1] ?? null,
    breaks: breaksOf(presence),
    projects: projectsOf(byProject, presence, agents),
    tasks: [...byTask]
      .map(([key, time]) => ({ key, time }))
      .sort((a, b) => b.time - a.time || compareText(a.key, b.key)),
  };
}

function breaksOf(presence: DayIntervals): EngineDaySums['breaks'] {
  return presence.flatMap(([, from], index) => {
    const to = presence[index + 1]?.[0];
    return to !== undefined && to - from >= shortestBreak ? [{ from, to }] : [];
  });
}

function projectsOf(
  times: ReadonlyMap<string | null, number>,
  presence: DayIntervals,
  agents: AgentWork,
): readonly DayProject[] {
  const names = new Set([...times.keys(), ...agents.projects.keys()]);
  return [...names]
    .map((project) => ({
      project,
      time: times.get(project) ?? 0,
      ...agentTimes(agents.projects.get(project) ?? [], presence),
    }))
    .sort((a, b) => b.time - a.time || b.agent - a.agent || compareText(a.project ?? '', b.project ?? ''));
}
