// The stretches of a day as one list, to show and to edit: intervals of tasks, running tasks, and entries of this device. And what an edit of
// one does to the others. Pure functions.

import { parseIntervals, type WorkInterval } from '../../../protocol/intervals.ts';
import type { PlainTask } from '../../../protocol/plain.ts';
import { editIntervals } from '../../../protocol/task-intervals.ts';
import type { LocalEntry } from './database.ts';

/** The subject of a stretch of time. */
export type SlotOwner =
  | { readonly kind: 'task'; readonly index: string }
  | { readonly kind: 'entry'; readonly entry: Omit<LocalEntry, 'from' | 'to'> };

/** Seconds since 1970. */
export interface TimeSlot extends WorkInterval {
  readonly owner: SlotOwner;
  /** True if the task runs: `to` is now. */
  readonly running: boolean;
}

/** The part of a database that has times. */
export interface TimeState {
  readonly tasks: readonly PlainTask[];
  readonly entries: readonly LocalEntry[];
}

/** `review @paper +draft` */
export function entryTitle({ text, project, tags = [] }: Partial<LocalEntry>): string {
  return [
    ...(text === undefined ? [] : [text]),
    ...(project === undefined ? [] : [`@${project}`]),
    ...tags.map((tag) => `+${tag}`),
  ].join(' ');
}

/**
 * @param now the end of running work
 * @returns the slots that overlap a span, in order of time
 */
export function slotsIn({ tasks, entries }: TimeState, span: WorkInterval, now: number): readonly TimeSlot[] {
  const slots: TimeSlot[] = [];
  const add = (slot: TimeSlot) => {
    if (slot.from < span.to && slot.to > span.from) slots.push(slot);
  };
  for (const { index, intervals, active } of tasks) {
    const owner = { kind: 'task', index } as const;
    for (const interval of parseIntervals(intervals)) add({ ...interval, owner, running: false });
    if (active !== 0 && active < now) add({ from: active, to: now, owner, running: true });
  }
  for (const { from, to, ...entry } of entries) add({ from, to, owner: { kind: 'entry', entry }, running: false });
  return slots.sort((one, other) => one.from - other.from || one.to - other.to);
}

function keyOf(owner: SlotOwner): string {
  return owner.kind === 'task' ? `task ${owner.index}` : `entry ${owner.entry.key}`;
}

export function isSameOwner(one: TimeSlot, other: TimeSlot): boolean {
  return keyOf(one.owner) === keyOf(other.owner);
}

export function isSameSlot(one: TimeSlot, other: TimeSlot): boolean {
  return isSameOwner(one, other) && one.from === other.from;
}

/** Changes of slots. A running slot is not among `removed`: its start stays, or moves by `starts`. */
export interface SlotEdit {
  readonly removed: readonly TimeSlot[];
  readonly added: readonly TimeSlot[];
}

/** Applies an edit. */
export function editSlots(state: TimeState, { removed, added }: SlotEdit): TimeState {
  const indexes = new Set([...removed, ...added].flatMap(({ owner }) => (owner.kind === 'task' ? [owner.index] : [])));
  const tasks = state.tasks.map((task) => {
    if (!indexes.has(task.index)) return task;
    const isOwn = ({ owner }: TimeSlot) => owner.kind === 'task' && owner.index === task.index;
    const closedSlots = (slots: readonly TimeSlot[]) =>
      slots.filter((slot) => isOwn(slot) && !slot.running).map(({ from, to }) => ({ from, to }));
    const edited = editIntervals(task, { removed: closedSlots(removed), added: closedSlots(added) });
    const start = added.find((slot) => isOwn(slot) && slot.running);
    const isStopped = removed.some((slot) => isOwn(slot) && slot.running);
    return start === undefined && !isStopped ? edited : { ...edited, active: start?.from ?? 0 };
  });
  const gone = new Set(removed.flatMap(({ owner }) => (owner.kind === 'entry' ? [owner.entry.key] : [])));
  const entries = [
    ...state.entries.filter(({ key }) => !gone.has(key)),
    ...added.flatMap(({ owner, from, to }) => (owner.kind === 'entry' ? [{ ...owner.entry, from, to }] : [])),
  ];
  return { tasks, entries: gone.size === 0 && entries.length === state.entries.length ? state.entries : entries };
}

/** The slots that overlap one of `added`, without those that the edit removes. */
export function overlapsOf(state: TimeState, { removed, added }: SlotEdit, now: number): readonly TimeSlot[] {
  const found: TimeSlot[] = [];
  for (const slot of added) {
    for (const other of slotsIn(state, slot, now)) {
      if (![...removed, ...added, ...found].some((one) => isSameSlot(one, other))) found.push(other);
    }
  }
  return found;
}

/**
 * Cuts the slots that overlap, so that what is added stands alone. A running slot that is cut at its end is stopped there; one that is cut
 * in the middle or at its beginning goes on afterwards.
 * @param createId the key of an entry that is cut in two
 */
export function withCuts(
  edit: SlotEdit,
  overlapping: readonly TimeSlot[],
  now: number,
  createId: () => string,
): SlotEdit {
  const pieces = overlapping.flatMap((slot) => {
    const rest = edit.added.reduce<readonly WorkInterval[]>((parts, { from, to }) => cut(parts, from, to), [slot]);
    return rest.map(({ from, to }, place): TimeSlot => {
      const { owner } = slot;
      const isRest = owner.kind === 'entry' && place > 0;
      return {
        from,
        to,
        owner: isRest ? { kind: 'entry', entry: { ...owner.entry, key: createId() } } : owner,
        running: slot.running && to >= now,
      };
    });
  });
  return { removed: [...edit.removed, ...overlapping], added: [...edit.added, ...pieces] };
}

function cut(parts: readonly WorkInterval[], from: number, to: number): readonly WorkInterval[] {
  return parts.flatMap((part) =>
    [
      { from: part.from, to: Math.min(part.to, from) },
      { from: Math.max(part.from, to), to: part.to },
    ].filter((piece) => piece.to > piece.from),
  );
}
