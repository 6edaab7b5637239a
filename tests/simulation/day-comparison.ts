// Compares the engine's answer with the oracle's second by second and describes the first difference.

import type { MergedDay } from '../../server/day/engine/answer.ts';
import type { GeneratedDay } from './day-generator.ts';
import { type OracleDay, oracleDay, runs } from './day-oracle.ts';

const micros = 1_000_000;

/** @returns undefined where they agree */
export function firstDifference(
  { evidence, options }: GeneratedDay,
  day: MergedDay,
  oracle = oracleDay(evidence, options),
): string | undefined {
  return differenceInSeconds(day, oracle) ?? differenceInFigures(day, oracle) ?? differenceInSums(day);
}

function differenceInSeconds(day: MergedDay, oracle: OracleDay): string | undefined {
  let at = 0;
  // Consecutive seconds mostly have the same winner, so its text is cached.
  let before: readonly [attribution: unknown, source: unknown, bridged: unknown] = [undefined, undefined, undefined];
  let text = '';
  const expected = (cell: number): string => {
    const winner = oracle.winners[cell];
    if (oracle.present[cell] === 0 || winner === undefined) return 'absent';
    const { source, attribution } = winner;
    const bridged = oracle.bridged[cell] === 1;
    if (before[0] === attribution && before[1] === source && before[2] === bridged) return text;
    const { project, task, rule, work, fact, category } = attribution;
    before = [attribution, source, bridged];
    text = JSON.stringify([winner.lane, source, project, task, rule, work, fact, category, bridged]);
    return text;
  };
  for (const segment of day.segments) {
    const { lane, source, project, task, rule, work, fact, category, bridged } = segment;
    const own = JSON.stringify([lane, source, project, task, rule, work, fact, category, bridged]);
    const [first, last] = [(segment.from - day.from) / micros, (segment.to - day.from) / micros];
    for (; at < first; at += 1)
      if (expected(at) !== 'absent') return `second ${at}: absent, the oracle has ${expected(at)}`;
    if (at > first) return `second ${at} is in two segments`;
    for (; at < last; at += 1) if (expected(at) !== own) return `second ${at}: ${own}, the oracle has ${expected(at)}`;
    const witness = segment.evidence[0];
    if (!bridged && (witness?.source !== source || witness.keys.length === 0))
      return `second ${first}: no evidence of ${own}`;
  }
  for (; at < oracle.present.length; at += 1) {
    if (expected(at) !== 'absent') return `second ${at}: absent, the oracle has ${expected(at)}`;
  }
  return undefined;
}

function differenceInFigures(day: MergedDay, oracle: OracleDay): string | undefined {
  const present = runs(oracle.present);
  const total = present.reduce((sum, [first, last]) => sum + last - first, 0);
  const moment = (cell: number | undefined): number | null => (cell === undefined ? null : day.from + cell * micros);
  const breaks = present.flatMap(([, from], index) => {
    const to = present[index + 1]?.[0];
    return to !== undefined && to - from >= 600 ? [{ from: moment(from), to: moment(to) }] : [];
  });
  const lanes = day.lanes.map(({ source, time }) => [source, time / micros] as const);
  const figures: readonly (readonly [string, unknown, unknown])[] = [
    ['total', day.total, total * micros],
    ['human', day.human, total * micros],
    ['agent', day.agent, oracle.agent * micros],
    ['agent_wall', day.agent_wall, oracle.agentWall * micros],
    ['attended', day.attended, oracle.attended * micros],
    ['unattended', day.unattended, (oracle.agentWall - oracle.attended) * micros],
    ['first', day.first, moment(present[0]?.[0])],
    ['last', day.last, moment(present.at(-1)?.[1])],
    ['breaks', JSON.stringify(day.breaks), JSON.stringify(breaks)],
    ['lanes', JSON.stringify([...lanes].sort()), JSON.stringify([...oracle.lanes].sort())],
  ];
  const wrong = figures.find(([, own, expected]) => own !== expected);
  return wrong === undefined ? undefined : `${wrong[0]}: ${wrong[1]}, the oracle has ${wrong[2]}`;
}

/** [Y6], to the microsecond; it needs no oracle. */
export function differenceInSums(day: MergedDay): string | undefined {
  const sum = (all: readonly { readonly time: number }[]): number => all.reduce((total, { time }) => total + time, 0);
  const inSegments = day.segments.reduce((total, { from, to }) => total + to - from, 0);
  if (sum(day.projects) !== day.total) return `projects add up to ${sum(day.projects)}, the total is ${day.total}`;
  if (inSegments !== day.total) return `segments add up to ${inSegments}, the total is ${day.total}`;
  if (sum(day.tasks) > day.total) return `tasks add up to ${sum(day.tasks)}, the total is ${day.total}`;
  if (day.total > day.to - day.from) return `the total ${day.total} is longer than the day`;
  const whole = [
    day.total,
    day.agent,
    day.agent_wall,
    day.attended,
    day.unattended,
    ...day.projects.map(({ time }) => time),
  ];
  const broken = whole.find((number) => !Number.isSafeInteger(number) || number < 0);
  return broken === undefined ? undefined : `${broken} is not a whole number of microseconds`;
}

/** A second import adds keys to the evidence, and nothing else. */
export function withoutKeys(day: MergedDay) {
  const segments = day.segments.map(({ evidence, ...rest }) => ({
    ...rest,
    evidence: evidence.map(({ keys: _, ...reason }) => reason),
  }));
  return { ...day, segments };
}
