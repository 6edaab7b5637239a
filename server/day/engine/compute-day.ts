// The merged day as one pure function: evidence in, lanes, presence, segments and sums out. It cuts everything to the day first
// ([Y8]), so a day depends on nothing but its own evidence.

import { type AgentWork, agentFigures, attendedBy } from './agents.ts';
import type { DayLaneView, EngineDaySums, MergedDay } from './answer.ts';
import { compareText, groupBy } from './collections.ts';
import { type DayInput, guessDevices, LatestInputs, readInput } from './devices.ts';
import { type DayEvent, type DayEvidence, type DayLane, type DayOptions, dayLanes } from './evidence.ts';
import { agentTurns, creditHumans } from './heartbeats.ts';
import { type DayInterval, type DayIntervals, lengthOf, uniteIntervals } from './intervals.ts';
import {
  cutPieces,
  type DayPiece,
  type DayRun,
  type DaySource,
  entryPartsOf,
  momentsOf,
  piecesOf,
  uniteContent,
} from './pieces.ts';
import { bridgesOf, devicePresence, personPresence } from './presence.ts';
import { buildSegments } from './segments.ts';
import { sumDay } from './sums.ts';

export function computeDay(evidence: DayEvidence, options: DayOptions): MergedDay {
  const { sums, segments, sources, agents, removed, guesses } = mergeDay(evidence, options, true);
  const { from, to } = options;
  const lanes = [...sources.map(laneOf), ...agents.lanes].sort(byLane);
  return { from, to, ...sums, segments, lanes, removed, guesses };
}

/** The sums of a day alone, and when somebody was there: reasons are not collected, which is a third of the work. */
export function computeSums(evidence: DayEvidence, options: DayOptions): SummedPresence {
  const { sums, presence } = mergeDay(evidence, options, false);
  return { sums, presence };
}

export interface SummedPresence {
  readonly sums: EngineDaySums;
  /** With the bridged gaps: its length is the total. */
  readonly presence: DayIntervals;
}

interface MergedParts extends Pick<MergedDay, 'segments' | 'removed' | 'guesses'>, SummedPresence {
  readonly sources: readonly DaySource[];
  readonly agents: AgentWork;
}

function mergeDay(evidence: DayEvidence, options: DayOptions, withReasons: boolean): MergedParts {
  const day: DayInterval = [options.from, options.to];
  // Heartbeats just before the day are judged by the input of that moment, so before anything is cut.
  const labels = new Map([...readInput(evidence.events)].map(([device, { input }]) => [device, input]));
  const editors = creditHumans(evidence.heartbeats, labels, options.timeout);
  const { events, guesses } = guessDevices(cutEvents([evidence.events, editors], day));
  const inputs = readInput(events);
  const { sources, removed, starts } = sourcesOf(events, inputs, day);
  const presence = presenceOf(sources, removed, inputs, options.idle);
  const bridges = bridgesOf(presence, removed, options.bridge);
  const segments = buildSegments({
    sources,
    presence,
    bridges,
    latest: new LatestInputs(inputs, starts),
    options,
    withReasons,
  });
  const whole = bridges.length === 0 ? presence : uniteIntervals([...presence, ...bridges]);
  const turns = agentTurns(evidence.heartbeats, evidence.events, labels, options.timeout);
  const agents = agentFigures(turns, day, options);
  const sums = { ...sumDay(segments, whole, agents), ...attendedBy(agents, whole) };
  return { sums, presence: whole, segments, sources, agents, removed, guesses };
}

/** Marks stay as they are; what does not reach into the day is left out. */
function cutEvents(lists: readonly (readonly DayEvent[])[], [begin, end]: DayInterval): readonly DayEvent[] {
  const cut: DayEvent[] = [];
  for (const events of lists) {
    for (const event of events) {
      const isMark = event.to <= event.from;
      if (event.from >= end || (isMark ? event.from < begin : event.to <= begin)) continue;
      if (event.from >= begin && event.to <= end) cut.push(event);
      else cut.push({ ...event, from: Math.max(event.from, begin), to: Math.min(event.to, end) });
    }
  }
  return cut;
}

/** Events of one lane, device and kind, but for entries, agents and absence. */
function groupSources(events: readonly DayEvent[]): readonly (readonly DayEvent[])[] {
  const groups: DayEvent[][] = [];
  const known = new Map<DayLane, Map<string, Map<string, DayEvent[]>>>();
  let before: DayEvent | undefined;
  let group: DayEvent[] = [];
  for (const event of events) {
    const { lane, device, kind, input } = event;
    if (lane === 'manual' || lane === 'agent' || (lane === 'afk' && input !== true)) continue;
    // Events come channel by channel: most belong to the source of the one before.
    if (before === undefined || lane !== before.lane || device !== before.device || kind !== before.kind) {
      const ofLane = known.get(lane) ?? new Map<string, Map<string, DayEvent[]>>();
      known.set(lane, ofLane);
      const ofDevice = ofLane.get(device) ?? new Map<string, DayEvent[]>();
      ofLane.set(device, ofDevice);
      const found = ofDevice.get(kind);
      group = found ?? [];
      if (found === undefined) {
        ofDevice.set(kind, group);
        groups.push(group);
      }
    }
    before = event;
    group.push(event);
  }
  return groups;
}

function sourceName({ device, kind }: DayEvent): string {
  return device === '' ? kind : `${device}/${kind}`;
}

function byLane(a: DayLaneView, b: DayLaneView): number {
  return dayLanes.indexOf(a.lane) - dayLanes.indexOf(b.lane) || compareText(a.source, b.source);
}

interface SourceSet {
  readonly sources: readonly DaySource[];
  /** Intervals that entries remove. */
  readonly removed: DayIntervals;
  /** By device, the moments at which one of its sources began to say something, marks included. */
  readonly starts: ReadonlyMap<string, readonly number[]>;
}

/** All sources but agents, in order of name, cut to what the AFK source of their device allows ([Y2]); and what entries remove. */
function sourcesOf(events: readonly DayEvent[], inputs: ReadonlyMap<string, DayInput>, day: DayInterval): SourceSet {
  const entries = entryPartsOf(events.filter(({ lane }) => lane === 'manual'));
  const isRemoval = ({ value }: (typeof entries)[number]): boolean => value.removes === true;
  const removed = uniteIntervals(entries.filter(isRemoval).map(({ from, to }) => [from, to]));
  const stated = entries
    .filter((part) => !isRemoval(part))
    .map(({ from, to, value }): DayPiece => ({ from, to, facts: value.facts, items: [value] }));
  const sources: DaySource[] =
    stated.length === 0
      ? []
      : [{ name: 'entries', lane: 'manual', device: '', pieces: stated, moments: momentsOf(stated) }];
  const starts = new Map<string, number[]>();
  for (const its of groupSources(events)) {
    const [first] = its;
    if (first === undefined) continue;
    const { lane, device } = first;
    const runs = uniteContent(its);
    if (device !== '') {
      const ofDevice = starts.get(device) ?? [];
      starts.set(device, ofDevice);
      addStarts(lane, its, runs, ofDevice);
    }
    const absent = device === '' || lane === 'afk' ? [] : (inputs.get(device)?.absent ?? []);
    const pieces = cutPieces(piecesOf(runs), absent, day);
    if (pieces.length > 0) sources.push({ name: sourceName(first), lane, device, pieces, moments: momentsOf(pieces) });
  }
  sources.sort((a, b) => compareText(a.name, b.name) || compareText(a.lane, b.lane));
  return { sources, removed, starts };
}

/** When a source of a device began to say something; of an AFK source the marks alone, such as the unlocks of a phone. */
function addStarts(lane: DayLane, events: readonly DayEvent[], runs: readonly DayRun[], starts: number[]): void {
  for (const { from, to } of events) if (to <= from) starts.push(from);
  if (lane !== 'afk') for (const { from } of runs) starts.push(from);
}

function intervalsOf(sources: readonly DaySource[]): DayIntervals {
  const [first] = sources;
  return first !== undefined && sources.length === 1
    ? first.moments
    : uniteIntervals(sources.flatMap(({ moments }) => moments));
}

const seenByDevice = new Set(['editor', 'web', 'window', 'other']);

function presenceOf(
  sources: readonly DaySource[],
  removed: DayIntervals,
  inputs: ReadonlyMap<string, DayInput>,
  idle: number,
): DayIntervals {
  const ofLane = (lane: string): DayIntervals => intervalsOf(sources.filter((source) => source.lane === lane));
  const seen = groupBy(
    sources.filter(({ lane }) => seenByDevice.has(lane)),
    ({ device }) => device,
  );
  const names = new Set([...inputs.keys(), ...seen.keys()]);
  const devices = [...names].map((device) =>
    devicePresence(inputs.get(device) ?? { input: [], absent: [] }, intervalsOf(seen.get(device) ?? [])),
  );
  return personPresence(
    {
      devices,
      meetings: ofLane('meeting'),
      mobs: ofLane('mob'),
      entries: ofLane('manual'),
      tasks: ofLane('task'),
      removed,
      absences: [...inputs.values()].map(({ absent }) => absent),
    },
    idle,
  );
}

function laneOf({ name, lane, moments }: DaySource): DayLaneView {
  return { lane, source: name, time: lengthOf(moments), intervals: moments };
}
