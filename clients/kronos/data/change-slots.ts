// The changes of slots by the verbs of `kronos time`, as pure functions.

import { addDays, type DateContext, dateAt, momentOf } from '../day/dates.ts';
import { type EditedSlot, momentAfter, type NumberedTimeCommand, type TypedMove } from '../day/time-line.ts';
import type { TypedEntry } from '../day/track-line.ts';
import { type ActionRefusal, findTask } from './actions.ts';
import type { SlotEdit, SlotOwner, TimeSlot, TimeState } from './time-slots.ts';

export type SlotChange = { readonly ok: true; readonly edit: SlotEdit } | ActionRefusal;

function refuse(error: string, why: ActionRefusal['why'] = 'failure'): ActionRefusal {
  return { ok: false, error, why };
}

/** @param numbered the slots that the numbers of the command name */
export function changeSlots(
  command: NumberedTimeCommand,
  numbered: readonly TimeSlot[],
  context: DateContext,
  createId: () => string,
): SlotChange {
  const [slot] = numbered;
  if (slot === undefined) return refuse('there is no such interval', 'not found');
  switch (command.verb) {
    case 'shorten':
      if (slot.running) return refuse(runningError);
      if (command.by >= slot.to - slot.from) return refuse('it is not longer than that: delete it instead');
      return replace(slot, { from: slot.from, to: slot.to - command.by }, context);
    case 'lengthen':
      if (slot.running) return refuse(runningError);
      return replace(slot, { from: slot.from, to: slot.to + command.by }, context);
    case 'move':
      return moveSlot(slot, command.move, context);
    case 'split':
      return splitSlot(slot, momentAfter(command.minutes, slot, context), createId);
    case 'join':
      return joinSlots(numbered);
    case 'delete':
      return { ok: true, edit: { removed: numbered, added: [] } };
  }
}

const runningError = 'it is still running: stop the task first, such as "kronos stop 3 at:-10min"';

function replace(
  slot: TimeSlot,
  span: { readonly from: number; readonly to: number },
  { now }: DateContext,
): SlotChange {
  if (span.to <= span.from) return refuse('it would end before it begins');
  if (span.to > now) return refuse('it would not be over yet');
  return { ok: true, edit: { removed: [slot], added: [{ ...slot, ...span }] } };
}

function moveSlot(slot: TimeSlot, move: TypedMove, context: DateContext): SlotChange {
  const date = dateAt(context.zone, slot.from);
  if (move.to === 'span') {
    if (slot.running) return refuse(runningError);
    const span = move.on(date);
    return span === undefined ? refuse('no such span', 'usage') : replace(slot, span, context);
  }
  const from = move.to === 'time' ? momentOf(date, move.minutes, context) : slot.from + move.by;
  return replace(slot, { from, to: slot.running ? slot.to : slot.to + from - slot.from }, context);
}

function splitSlot(slot: TimeSlot, at: number, createId: () => string): SlotChange {
  if (at >= slot.to) return refuse('that time is not within it');
  const owner: SlotOwner =
    slot.owner.kind === 'entry' ? { kind: 'entry', entry: { ...slot.owner.entry, key: createId() } } : slot.owner;
  return {
    ok: true,
    edit: {
      removed: [slot],
      added: [
        { ...slot, to: at, running: false },
        { ...slot, owner, from: at },
      ],
    },
  };
}

/** The gaps between the slots are filled. Joined entries have the content of the first. */
function joinSlots(slots: readonly TimeSlot[]): SlotChange {
  const [first, ...others] = [...slots].sort((one, other) => one.from - other.from);
  if (first === undefined || others.length === 0) return refuse('join needs two intervals', 'usage');
  const { owner } = first;
  const isOne = others.every((other) =>
    owner.kind === 'task'
      ? other.owner.kind === 'task' && other.owner.index === owner.index
      : other.owner.kind === 'entry',
  );
  if (!isOne) return refuse('only intervals of one task can be joined');
  const running = slots.some((slot) => slot.running);
  const to = Math.max(...slots.map((slot) => slot.to));
  return { ok: true, edit: { removed: slots, added: [{ ...first, to, running }] } };
}

/** @returns the owner of a slot by the id of a task as the user typed it */
export function taskOwner(
  state: TimeState,
  id: string,
): { readonly ok: true; readonly owner: SlotOwner } | ActionRefusal {
  const found = findTask(state.tasks, id, 'current and former ids');
  return found.ok ? { ok: true, owner: { kind: 'task', index: found.task.index } } : found;
}

export function entryOwner(entry: TypedEntry, key: string): SlotOwner {
  return { kind: 'entry', entry: { key, ...entry } };
}

/** The edit that leads from slots to the text that a person edited (time-line.ts). */
export function editedSlots(
  state: TimeState,
  slots: readonly TimeSlot[],
  edited: readonly EditedSlot[],
  createId: () => string,
): SlotChange {
  const removed: TimeSlot[] = [];
  const added: TimeSlot[] = [];
  for (const [place, slot] of slots.entries()) {
    if (!edited.some(({ number }) => number === place + 1)) removed.push(slot);
  }
  for (const { number, from, to, what } of edited) {
    const slot = number === undefined ? undefined : slots[number - 1];
    let owner = slot?.owner;
    if (what !== 'unchanged' && 'task' in what) {
      const found = taskOwner(state, what.task);
      if (!found.ok) return { ...found, error: `${found.error}: task:${what.task}` };
      ({ owner } = found);
    } else if (what !== 'unchanged') {
      owner = entryOwner(what.entry, slot?.owner.kind === 'entry' ? slot.owner.entry.key : createId());
    }
    if (owner === undefined) continue;
    const isUnchanged = slot !== undefined && what === 'unchanged' && slot.from === from && slot.to === to;
    if (isUnchanged) continue;
    if (slot !== undefined) removed.push(slot);
    added.push({ from, to, owner, running: slot?.running === true && to === slot.to });
  }
  return { ok: true, edit: { removed, added } };
}

/** The date before and after midnight that a day's slots are listed for. */
export function spanOfDate(date: string, context: DateContext): { readonly from: number; readonly to: number } {
  return { from: momentOf(date, 0, context), to: momentOf(addDays(date, 1), 0, context) };
}
