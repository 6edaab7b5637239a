// Computes the merged day of a device without a hub from its tasks alone, with the hub's engine and in the shape of the hub's answer.

import { projectIn } from '../../../protocol/project-in.ts';
import type { Zone } from '../../../protocol/zone.ts';
import type { MergedDay } from '../../../server/day/engine/answer.ts';
import { computeDay } from '../../../server/day/engine/compute-day.ts';
import { type DayEvent, type DayFacts, factsOnly } from '../../../server/day/engine/evidence.ts';
import type { KronosDatabase, LocalEntry } from '../data/database.ts';
import { momentOf } from './dates.ts';
import { type TaskWork, workIn } from './task-work.ts';

/** The answer of `GET /-/day/<date>`. */
export interface ShownDay extends MergedDay {
  readonly date: string;
  readonly zone: string;
  readonly final: boolean;
  readonly without: readonly string[];
}

/** The channels of a hub's day that a local day lacks. */
const missingChannels = ['aw/*', 'entries', 'external_durations', 'meetings', 'mob_turns', 'wakatime'];
const second = 1_000_000;
/** The hub's defaults. */
const idle = 300 * second;
const timeout = 900 * second;

export interface LocalDayDeps {
  readonly zone: Zone;
  readonly zoneName: string;
  /** Seconds since 1970. */
  readonly now: number;
}

/** @param date `2026-11-28` */
export function localDay(
  database: Pick<KronosDatabase, 'tasks' | 'entries' | 'log'>,
  date: string,
  { zone, zoneName, now }: LocalDayDeps,
): ShownDay {
  const span = { from: momentOf(date, 0, { zone }) * second, to: momentOf(date, 1_440, { zone }) * second };
  // Equal facts are one object, so that the engine classifies them once.
  const facts = new Map<string, DayFacts>();
  const events = [
    ...workIn(database, now).map((work) => eventOf(work, facts)),
    ...database.entries.map(entryEvent),
  ].filter(({ from, to }) => to > span.from && from < span.to);
  const options = { ...span, timeout, idle, bridge: 0, classifier: factsOnly };
  const merged = computeDay({ events, heartbeats: [] }, options);
  return { date, zone: zoneName, ...merged, final: false, without: missingChannels };
}

function eventOf({ task, from, to }: TaskWork, facts: Map<string, DayFacts>): DayEvent {
  const { index, desc, tags } = task;
  const project = projectIn(desc) ?? (task.project || undefined);
  const known = facts.get(index) ?? { task: index, title: desc, tags, ...(project === undefined ? {} : { project }) };
  facts.set(index, known);
  return {
    lane: 'task',
    device: '',
    kind: 'tasks',
    channel: 'tasks',
    key: index,
    from: from * second,
    to: to * second,
    facts: known,
  };
}

/** An entry of this device, as the hub reads the channel `entries`. The one that is later in the list was stated later. */
function entryEvent({ key, from, to, text, project, tags = [] }: LocalEntry, place: number): DayEvent {
  return {
    lane: 'manual',
    device: '',
    kind: 'entries',
    channel: 'entries',
    key,
    from: from * second,
    to: to * second,
    stated: place,
    facts: {
      ...(project === undefined ? {} : { project }),
      ...(text === undefined ? {} : { title: text }),
      ...(tags.length === 0 ? {} : { tags }),
    },
  };
}
