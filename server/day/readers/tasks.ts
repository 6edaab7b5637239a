// When tasks were worked on: the intervals of a task, or its lists of starts and stops; for work that a client counted without them, the
// channel's history, in which `active` goes from 0 to a time and back.

import { pairMoments, parseIntervals } from '../../../protocol/intervals.ts';
import { isRecord } from '../../../protocol/json.ts';
import { projectIn } from '../../../protocol/project-in.ts';
import { setBounded } from '../../core/bounded.ts';
import type { CachedChannel } from '../../core/cached-channel.ts';
import type { Channel } from '../../core/channel.ts';
import type { Change, Item } from '../../core/store.ts';
import type { DayEvent, DayFacts } from '../engine/evidence.ts';
import type { DayInterval } from '../engine/intervals.ts';
import { type DaySpan, factsOf, textIn } from './reading.ts';

const second = 1_000_000;
/** Changes asked for at once. */
const pageSize = 2_000;
/** In seconds it would be the year 5138. */
const surelyMilliseconds = 100_000_000_000;

/** The facts of the history about one task. */
interface Worked {
  /** Spans of work that only the history shows, in order of time. */
  readonly intervals: DayInterval[];
  /** The last value it had: a task that was deleted was worked on nevertheless. */
  value: string;
  /** Microseconds; undefined while it is not worked on. */
  active: number | undefined;
  /** Seconds of work without an interval; undefined before the task was seen. */
  worktime: number | undefined;
}

export class TaskIntervals {
  readonly #document: CachedChannel;
  /** The tasks as they were on disk when it caught up last. */
  #items: ReadonlyMap<string, Item> = new Map();
  readonly #worked = new Map<string, Worked>();
  /** The last step of the channel that was taken in. */
  #seq = 0;
  #reading: Promise<void> | undefined;

  constructor(document: CachedChannel) {
    this.#document = document;
  }

  /** Takes in what happened since the last time. */
  catchUp(): Promise<void> {
    this.#reading ??= this.#catchUp().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /**
   * Evidence within a span; `catchUp` first.
   * @param now microseconds: how far a running task reaches
   */
  events({ from, to }: DaySpan, now: number): readonly DayEvent[] {
    const events: DayEvent[] = [];
    const add = (key: string, value: string, begin: number, end: number | undefined): void => {
      const until = end ?? now;
      if (begin >= to || until <= from || until <= begin) return;
      events.push({
        lane: 'task',
        device: '',
        kind: 'tasks',
        channel: 'tasks',
        key,
        from: begin,
        to: until,
        facts: factsIn(key, value),
      });
    };
    for (const [key, worked] of this.#worked) {
      const item = this.#items.get(key);
      const value = item?.value ?? worked.value;
      const lists = listsIn(value);
      for (const [begin, end] of lists ?? [...worked.intervals, ...statedIn(value)]) {
        // A task that was deleted does not run any more.
        if (end !== undefined || item !== undefined) add(key, value, begin, end);
      }
      if (lists === undefined && worked.active !== undefined) add(key, value, worked.active, undefined);
    }
    return events;
  }

  async #catchUp(): Promise<void> {
    const { channel } = this.#document;
    const { items, seq } = await this.#document.settled();
    this.#items = items;
    while (this.#seq < seq) {
      const changes = await pageAfter(channel, this.#seq);
      for (const change of changes) this.#take(change);
      if (changes.length < pageSize) return;
    }
  }

  #take(change: Change): void {
    this.#seq = Math.max(this.#seq, change.seq);
    const { key, value } = change;
    const at = change.at * 1_000;
    const worked = this.#worked.get(key) ?? { intervals: [], active: undefined, worktime: undefined, value: '{}' };
    this.#worked.set(key, worked);
    if (value !== null) worked.value = value;
    if (value !== null && listsIn(value) !== undefined) {
      worked.active = undefined;
      return;
    }
    const task: unknown = value === null ? undefined : JSON.parse(value);
    const active = isRecord(task) ? microseconds(task['active']) : 0;
    const stopped = isRecord(task) ? microseconds(task['last_active']) : 0;
    const isStop = active === 0 && worked.active !== undefined;
    const worktime = isRecord(task) ? worktimeWithoutIntervals(task, value ?? '') : undefined;
    if (!isStop) takeWorktime(worked, worktime, stopped <= at + 60 * second ? stopped : 0);
    if (active > 0) worked.active = active;
    else if (worked.active !== undefined) {
      const end = stopped > worked.active && stopped <= at + 60 * second ? stopped : at;
      const isStated = statedIn(value ?? '').length > 0 && (worktime ?? 0) <= (worked.worktime ?? 0);
      if (end > worked.active && !isStated) worked.intervals.push([worked.active, end]);
      worked.active = undefined;
    }
    worked.worktime = worktime ?? worked.worktime;
  }
}

/** Seconds of work that no interval shows; undefined if the task does not say how long it was worked on. */
function worktimeWithoutIntervals(task: Readonly<Record<string, unknown>>, value: string): number | undefined {
  const { worktime } = task;
  if (typeof worktime !== 'number') return undefined;
  return Math.max(0, worktime - statedIn(value).reduce((sum, [from, to]) => sum + (to - from) / second, 0));
}

/**
 * Worktime that grows without a stop and without an interval was stated, or worked while the device was offline: it lies before
 * `last_active`, as clients without intervals write it. Worktime that shrinks by the length of such a stretch takes it back.
 * @param end microseconds: `last_active`; 0 where it says nothing
 */
function takeWorktime({ intervals, worktime: before }: Worked, worktime: number | undefined, end: number): void {
  if (before === undefined || worktime === undefined) return;
  const grown = (worktime - before) * second;
  if (grown > 0 && end > grown) intervals.push([end - grown, end]);
  if (grown >= 0) return;
  const place = intervals.findLastIndex(([from, to]) => to - from === -grown);
  if (place !== -1) intervals.splice(place, 1);
}

async function pageAfter(channel: Channel, seq: number): Promise<readonly Change[]> {
  return channel.history({ after: seq, limit: pageSize });
}

function microseconds(value: unknown): number {
  if (typeof value !== 'number' || value <= 1) return 0;
  return Math.round(value >= surelyMilliseconds ? value * 1_000 : value * second);
}

const remembered = new Map<string, readonly (readonly [number, number | undefined])[] | undefined>();
const mostRemembered = 20_000;
const noIntervals: readonly DayInterval[] = [];
const stated = new Map<string, readonly DayInterval[]>();

/** The intervals that a task states (T1), in microseconds. */
function statedIn(value: string): readonly DayInterval[] {
  if (!value.includes('"intervals"')) return noIntervals;
  const known = stated.get(value);
  if (known !== undefined) return known;
  const task: unknown = JSON.parse(value);
  const made = parseIntervals(isRecord(task) ? task['intervals'] : '').map(
    ({ from, to }): DayInterval => [from * second, to * second],
  );
  setBounded(stated, value, made, mostRemembered);
  return made;
}

/**
 * Intervals of the `start` and `stop` lists; the last one may still run. Lists of several devices may be merged: a start while the task
 * runs and a stop while it does not change nothing, so one start that two devices stopped is one interval.
 * @returns undefined for a task that has no lists
 */
function listsIn(value: string): readonly (readonly [number, number | undefined])[] | undefined {
  if (remembered.has(value)) return remembered.get(value);
  const task: unknown = JSON.parse(value);
  const intervals =
    isRecord(task) && (Array.isArray(task['start']) || Array.isArray(task['stop'])) ? pair(task) : undefined;
  setBounded(remembered, value, intervals, mostRemembered);
  return intervals;
}

function pair(task: Readonly<Record<string, unknown>>): readonly (readonly [number, number | undefined])[] {
  const momentsOf = (name: string): number[] => {
    const list: readonly unknown[] = Array.isArray(task[name]) ? task[name] : [];
    return list.map(microseconds).filter((moment) => moment > 0);
  };
  const { intervals, open } = pairMoments(momentsOf('start'), momentsOf('stop'));
  const { active } = task;
  const runs = active === true || (typeof active === 'number' && active !== 0);
  const done = intervals.map(({ from, to }): readonly [number, number] => [from, to]);
  return open !== 0 && runs ? [...done, [open, undefined]] : done;
}

const facts = new Map<string, DayFacts>();

function factsIn(key: string, value: string): DayFacts {
  const name = `${key} ${value}`;
  const known = facts.get(name);
  if (known !== undefined) return known;
  const task: unknown = JSON.parse(value);
  const fields = isRecord(task) ? task : {};
  const desc = textIn(fields, 'desc');
  const project = projectIn(desc) ?? textIn(fields, 'project');
  const all: readonly unknown[] = Array.isArray(fields['tags']) ? fields['tags'] : [];
  const tags = all.filter((tag) => typeof tag === 'string').map((tag) => tag.replace(/^\+/, ''));
  const made = { ...factsOf({ task: key, title: desc, project }), ...(tags.length === 0 ? {} : { tags }) };
  setBounded(facts, name, made, mostRemembered);
  return made;
}
