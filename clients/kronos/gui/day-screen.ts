// The state of the day view of the terminal GUI, as pure functions: the lanes of a day, which interval is selected, and what a command does.
// day-components.tsx draws it, day-controller.ts handles the keys, day-data.ts has the hub's day.

import { changeSlots, editedSlots, type SlotChange } from '../data/change-slots.ts';
import type { KronosDatabase } from '../data/database.ts';
import { isSameOwner, isSameSlot, type SlotEdit, slotsIn, type TimeSlot, type TimeState } from '../data/time-slots.ts';
import { type DateContext, dateAt, momentOf } from '../day/dates.ts';
import type { ShownDay } from '../day/local-day.ts';
import {
  type EditableSlot,
  formatEditable,
  type NumberedTimeCommand,
  parseEditable,
  parseTimeCommand,
} from '../day/time-line.ts';
import { type DayCommand, stepSeconds } from './day-keys.ts';

const micros = 1_000_000;

/** An interval in a lane. Seconds since 1970. */
export interface LaneStretch {
  readonly from: number;
  readonly to: number;
  /** The number by which `kronos time` changes it, and what it is; undefined for what only the hub has. */
  readonly slot?: { readonly number: number; readonly slot: TimeSlot };
}

export interface DayLaneRow {
  readonly label: string;
  readonly stretches: readonly LaneStretch[];
  /** Agents, and times without a person. */
  readonly isFaint: boolean;
}

/** The lanes that are evidence of this device's own tasks and entries: they are shown as they are here, so that they can be changed. */
const ownLanes: readonly string[] = ['task'];

/** @param slots of this device, in order of time @param day what the hub has; its own lanes follow */
export function dayLanes(slots: readonly TimeSlot[], day: ShownDay): readonly DayLaneRow[] {
  const numbered = slots.map((slot, place) => ({ from: slot.from, to: slot.to, slot: { slot, number: place + 1 } }));
  const ofKind = (kind: TimeSlot['owner']['kind']) => numbered.filter(({ slot }) => slot.slot.owner.kind === kind);
  const entries = ofKind('entry');
  // An entry that waits here is not yet in the hub's lane.
  const here = entries.length === 0 ? [] : [{ label: 'entries', stretches: entries, isFaint: false }];
  const isHere = (lane: string) => ownLanes.includes(lane) || (lane === 'manual' && day.without.includes('entries'));
  const others = day.lanes.filter(({ lane }) => !isHere(lane));
  return [
    { label: 'tasks', stretches: ofKind('task'), isFaint: false },
    ...here,
    ...others.map(({ lane, source, intervals }) => ({
      label: source,
      stretches: intervals.map(([from, to]) => ({ from: from / micros, to: to / micros })),
      isFaint: lane === 'agent' || lane === 'afk',
    })),
  ];
}

export type DayPrompt = 'add time' | 'edit time' | 'move' | 'split';

/** A change that overlaps other work, until the person says what to do. */
export interface PendingTimes {
  readonly action: string;
  readonly change: (database: KronosDatabase) => SlotChange;
  readonly overlaps: readonly TimeSlot[];
}

export interface DayState {
  readonly date: string;
  readonly view: 'lanes' | 'keys' | DayPrompt;
  /** The place of the selected lane. */
  readonly lane: number;
  /** The beginning of the selected interval; undefined for the last one. */
  readonly from: number | undefined;
  /** The subject of its time: the index of a task, or the key of an entry. */
  readonly owner?: string | undefined;
  readonly message: string;
  readonly pending: PendingTimes | undefined;
}

export function openDay(date: string): DayState {
  return { date, view: 'lanes', lane: 0, from: undefined, message: '', pending: undefined };
}

/**
 * The selection. A lane may be gone, and an interval may have moved, or have been put back: then it is the one of the same task that is
 * nearest, or else the next one.
 */
export function selectedIn(
  { lane, from, owner }: DayState,
  lanes: readonly DayLaneRow[],
): { readonly lane: number; readonly at: number; readonly stretch: LaneStretch | undefined } {
  const place = Math.min(lane, lanes.length - 1);
  const stretches = lanes[place]?.stretches ?? [];
  const own = owner === undefined ? [] : stretches.filter((one) => ownerOf(one) === owner);
  const away = (one: LaneStretch) => Math.abs(one.from - (from ?? 0));
  const nearest = [...own].sort((one, other) => away(one) - away(other))[0];
  const next = nearest ?? (from === undefined ? undefined : stretches.find((one) => one.from >= from));
  const at = next === undefined ? stretches.length - 1 : stretches.indexOf(next);
  return { lane: place, at, stretch: stretches[at] };
}

function ownerOf({ slot }: Pick<LaneStretch, 'slot'>): string | undefined {
  if (slot === undefined) return undefined;
  const { owner } = slot.slot;
  return owner.kind === 'task' ? owner.index : owner.entry.key;
}

/** The state with this interval selected. */
function select(state: DayState, lane: number, stretch: LaneStretch | undefined): DayState {
  return { ...state, lane, from: stretch?.from, owner: stretch === undefined ? undefined : ownerOf(stretch) };
}

/** An effect of a command beyond the screen: the caller runs it. */
export type DayEffect =
  | { readonly do: 'close' | 'undo' }
  | { readonly do: 'open'; readonly prompt: DayPrompt; readonly slot: TimeSlot | undefined }
  | { readonly do: 'change'; readonly action: string; readonly change: PendingTimes['change'] };

interface DayCommandResult {
  readonly state: DayState;
  readonly effect?: DayEffect;
}

const notHere = 'this is not of this device: "kronos track" changes the entries of the hub';

/** @param context of this moment @param createId the key of an entry that is cut in two */
export function handleDayCommand(
  state: DayState,
  command: DayCommand,
  lanes: readonly DayLaneRow[],
  context: DateContext,
  createId: () => string,
): DayCommandResult {
  const quiet = { ...state, message: '' };
  if (state.view === 'keys') {
    const shown: DayState = { ...quiet, view: 'lanes' };
    const closes = command === 'keys' || command === 'close';
    return closes ? { state: shown } : handleDayCommand(shown, command, lanes, context, createId);
  }
  const { lane, at, stretch } = selectedIn(state, lanes);
  const stretches = lanes[lane]?.stretches ?? [];
  switch (command) {
    case 'down':
    case 'up': {
      const next = stretches[Math.min(Math.max(0, at + (command === 'up' ? -1 : 1)), stretches.length - 1)];
      return { state: select(quiet, lane, next) };
    }
    case 'next lane':
    case 'previous lane': {
      const step = command === 'next lane' ? 1 : lanes.length - 1;
      return { state: { ...select(quiet, (lane + step) % lanes.length, stretch), owner: undefined } };
    }
    case 'day before':
    case 'day after':
      return { state: { ...openDay(dateBy(state.date, command === 'day before' ? -1 : 1)), lane } };
    case 'today':
      return { state: { ...openDay(dateAt(context.zone, context.now)), lane } };
    case 'keys':
      return { state: { ...quiet, view: 'keys' } };
    case 'undo':
    case 'close':
      return { state: quiet, effect: { do: command } };
    case 'add':
      return { state: quiet, effect: { do: 'open', prompt: 'add time', slot: undefined } };
    default:
      return changeSelected(select(quiet, lane, stretch), command, stretches, stretch, context, createId);
  }
}

function dateBy(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

function changeSelected(
  state: DayState,
  command: 'shorten' | 'lengthen' | 'earlier' | 'later' | 'move' | 'split' | 'join' | 'edit' | 'delete',
  stretches: readonly LaneStretch[],
  stretch: LaneStretch | undefined,
  context: DateContext,
  createId: () => string,
): DayCommandResult {
  if (stretch === undefined) {
    return { state: { ...state, message: 'there is no interval: press a to add one, such as 9:00-10:15 task:12' } };
  }
  if (stretch.slot === undefined) return { state: { ...state, message: notHere } };
  const { slot, number } = stretch.slot;
  const change = (typed: NumberedTimeCommand, slots: readonly TimeSlot[] = [slot]): DayCommandResult => ({
    state,
    effect: { do: 'change', action: `time ${typed.verb}`, change: changeOf(typed, slots, context, createId) },
  });
  switch (command) {
    case 'shorten':
    case 'lengthen':
      return change({ verb: command, number, by: stepSeconds });
    case 'earlier':
    case 'later': {
      const by = command === 'later' ? stepSeconds : -stepSeconds;
      return change({ verb: 'move', number, move: { to: 'shift', by } });
    }
    case 'delete':
      return change({ verb: 'delete', numbers: [number] });
    case 'join': {
      const next = stretches.find(
        (one) => one.slot !== undefined && one.from > stretch.from && isJoinable(slot, one.slot.slot),
      )?.slot;
      if (next === undefined) return { state: { ...state, message: 'no later interval of this task to join with' } };
      return change({ verb: 'join', numbers: [number, next.number] }, [slot, next.slot]);
    }
    case 'edit':
      return { state, effect: { do: 'open', prompt: 'edit time', slot } };
    case 'move':
    case 'split':
      return { state, effect: { do: 'open', prompt: command, slot } };
  }
}

function isJoinable(one: TimeSlot, other: TimeSlot): boolean {
  return isSameOwner(one, other) || (one.owner.kind === 'entry' && other.owner.kind === 'entry');
}

/** The change of slots that the screen showed, on the database as it is by then. */
export function changeOf(
  command: NumberedTimeCommand,
  slots: readonly TimeSlot[],
  context: DateContext,
  createId: () => string,
): PendingTimes['change'] {
  return (database) => {
    const found = slots.flatMap((slot) => findSlot(database, slot, context.now) ?? []);
    if (found.length < slots.length) return goneRefusal;
    return changeSlots(command, found, context, createId);
  };
}

const goneRefusal: SlotChange = {
  ok: false,
  why: 'not found',
  error: 'this interval was changed elsewhere meanwhile: nothing was changed',
};

function findSlot(state: TimeState, slot: TimeSlot, now: number): TimeSlot | undefined {
  const span = { from: slot.from, to: slot.from + 1 };
  return slotsIn(state, span, now).find((one) => isSameSlot(one, slot));
}

/** The text of a prompt when it opens. */
export function promptText(
  prompt: DayPrompt,
  editable: EditableSlot | undefined,
  date: string,
  context: DateContext,
): string {
  if (prompt === 'edit time' && editable !== undefined) {
    return formatEditable([editable], date, context).split('\n')[2]?.replace(/^1\s+/, '') ?? '';
  }
  if (prompt !== 'split' || editable === undefined) return '';
  const { from, to } = editable.slot;
  const middle = Math.floor((from + to) / 2);
  const { hour, minute } = context.zone.civil(middle - (middle % (to - from > 1_200 ? 300 : 60)));
  return `${hour}:${String(minute).padStart(2, '0')}`;
}

/** @returns the change that a typed line asks for; or a text that says what is wrong with it */
export function parsePrompt(
  prompt: DayPrompt,
  text: string,
  editable: EditableSlot | undefined,
  {
    date,
    context,
    createId,
  }: { readonly date: string; readonly context: DateContext; readonly createId: () => string },
): { readonly action: string; readonly change: PendingTimes['change'] } | string {
  if (prompt === 'move' || prompt === 'split') {
    const command = parseTimeCommand([prompt, '1', ...text.trim().split(/\s+/)], context);
    if (typeof command === 'string' || 'date' in command || editable === undefined) {
      return prompt === 'split'
        ? `${text} is not a time such as 9:30`
        : `${text} is none of 9:00, 9:00-10:15, -10min and +1h`;
    }
    return { action: `time ${prompt}`, change: changeOf(command, [editable.slot], context, createId) };
  }
  const known = editable === undefined ? [] : [editable];
  const typed = editable === undefined || text.trim() === '' ? text : `1  ${text}`;
  const edited = parseEditable(typed, known, date, context);
  if (typeof edited === 'string') return edited.replace(/^line 1: /, '');
  if (edited.length === 0 && editable === undefined) return 'type a span and what it was spent on: 9:00-10:15 task:12';
  const change = (database: KronosDatabase): SlotChange => {
    const found = known.flatMap(({ slot }) => findSlot(database, slot, context.now) ?? []);
    return found.length < known.length ? goneRefusal : editedSlots(database, found, edited, createId);
  };
  return { action: editable === undefined ? 'track' : 'time edit', change };
}

/** The state after a change was written: what it added is selected. */
export function afterEdit(state: DayState, { removed, added }: SlotEdit): DayState {
  const [first] = [...added].sort((one, other) => one.from - other.from);
  const shown = first ?? removed[0];
  const owner = first === undefined ? undefined : ownerOf({ slot: { slot: first, number: 0 } });
  return { ...state, view: 'lanes', pending: undefined, from: shown?.from, owner };
}

/** The hours that a screen shows: whole ones around everything of the day, and working hours on an empty day. Microseconds since 1970. */
export function shownHours(
  lanes: readonly DayLaneRow[],
  { from, to, segments, date }: Pick<ShownDay, 'from' | 'to' | 'segments' | 'date'>,
  context: Pick<DateContext, 'zone'>,
): readonly [number, number] {
  const hour = 3_600 * micros;
  const all = [
    ...segments,
    ...lanes.flatMap(({ stretches }) => stretches.map((one) => ({ from: one.from * micros, to: one.to * micros }))),
  ];
  if (all.length === 0) return [momentOf(date, 8 * 60, context) * micros, momentOf(date, 18 * 60, context) * micros];
  const first = Math.max(from, Math.min(...all.map((one) => one.from)));
  const last = Math.min(to, Math.max(...all.map((one) => one.to)));
  const begin = from + Math.floor((first - from) / hour) * hour;
  return [begin, Math.min(to, Math.max(begin + 4 * hour, from + Math.ceil((last - from) / hour) * hour))];
}

/** How many rows of a screen the lanes and the list get. The lanes get what they need, but the list keeps four rows. */
export function fitRows(rows: number, lanes: number): { readonly lanes: number; readonly list: number } {
  const shown = Math.max(1, Math.min(lanes, rows - 4));
  return { lanes: shown, list: Math.max(1, rows - shown) };
}
