// Applies a change of slots for a command: finds overlaps, asks once what to do about them, writes, and reports.

import { escapeControls } from '../../../../protocol/columns.ts';
import type { ActionRefusal } from '../../data/actions.ts';
import type { SlotChange } from '../../data/change-slots.ts';
import type { KronosDatabase } from '../../data/database.ts';
import { commitAction } from '../../data/edits.ts';
import {
  editSlots,
  entryTitle,
  isSameOwner,
  overlapsOf,
  type SlotEdit,
  type TimeSlot,
  withCuts,
} from '../../data/time-slots.ts';
import { clockOf } from '../../day/draw-day.ts';
import { type CliContext, type ExitCode, exitCode } from '../cli-context.ts';
import type { CommandArguments } from '../command.ts';

const micros = 1_000_000;

export interface SlotCommand {
  /** For the history. */
  readonly action: string;
  /** Seconds since 1970. */
  readonly now: number;
  /** Computes the change. It is called again if the database has changed meanwhile. */
  readonly change: (database: KronosDatabase) => SlotChange;
  readonly options: Pick<CommandArguments, 'cut' | 'keep'>;
}

export type SlotsChanged =
  | { readonly ok: true; readonly edit: SlotEdit; readonly database: KronosDatabase }
  | { readonly ok: false; readonly code: ExitCode };

export async function applySlotChange(command: SlotCommand, cli: CliContext): Promise<SlotsChanged> {
  const { options } = command;
  let decision: 'cut' | 'keep' | undefined = options.cut ? 'cut' : options.keep ? 'keep' : undefined;
  for (;;) {
    const outcome = writeSlotChange(command, decision, cli);
    if (outcome.kind === 'refused') return { ok: false, code: printRefusal(outcome.refusal, cli) };
    if (outcome.kind === 'written') {
      const { database, edit } = outcome;
      if (database.enable_sync && cli.env['KRONOS_NO_SYNC'] !== '1') cli.startBackgroundSync();
      return { ok: true, edit, database };
    }
    decision = await askAboutOverlaps(outcome.overlaps, cli);
    if (decision === undefined) return { ok: false, code: exitCode.failure };
  }
}

export type SlotWritten =
  | { readonly kind: 'written'; readonly edit: SlotEdit; readonly database: KronosDatabase }
  | { readonly kind: 'refused'; readonly refusal: ActionRefusal }
  | { readonly kind: 'overlaps'; readonly overlaps: readonly TimeSlot[] };

/** Writes a change once. Without a decision, overlaps with other work are returned, and nothing is written. */
export function writeSlotChange(
  { action, now, change }: Pick<SlotCommand, 'action' | 'now' | 'change'>,
  decision: 'cut' | 'keep' | undefined,
  cli: CliContext,
): SlotWritten {
  let outcome: Exclude<SlotWritten, { kind: 'written' }> | undefined;
  let made: SlotEdit = { removed: [], added: [] };
  const database = cli.database.write((before) => {
    const changed = change(before);
    if (!changed.ok) {
      outcome = { kind: 'refused', refusal: changed };
      return {};
    }
    const overlaps = overlapsOf(before, changed.edit, now);
    if (overlaps.length > 0 && decision === undefined) {
      outcome = { kind: 'overlaps', overlaps };
      return {};
    }
    made = changed.edit;
    // Time of one task counts once.
    const toCut =
      decision === 'cut' ? overlaps : overlaps.filter((slot) => made.added.some((one) => isSameOwner(one, slot)));
    const edit = withCuts(made, toCut, now, () => cli.createId());
    return commitAction(before, editSlots(before, edit), { action, at: now });
  });
  return outcome ?? { kind: 'written', edit: made, database };
}

/** @returns undefined if the person wants neither, or cannot be asked */
async function askAboutOverlaps(overlaps: readonly TimeSlot[], cli: CliContext): Promise<'cut' | 'keep' | undefined> {
  const database = cli.database.read();
  for (const slot of overlaps) cli.printError(`overlaps ${describeSlot(slot, database, cli)}`);
  const answer = await cli.askLine('Cut that, keep both, or cancel? [c/k/N] ');
  if (answer === undefined) {
    cli.printError(
      '  Nothing was changed. Repeat the command with --cut, to cut what is there, or with --keep, to keep both.',
    );
    return undefined;
  }
  const letter = answer.trim().toLowerCase()[0];
  if (letter === 'c') return 'cut';
  if (letter === 'k') return 'keep';
  cli.printError('Nothing was changed.');
  return undefined;
}

/** `09:00-10:15` */
export function slotWhen({ from, to, running }: TimeSlot, cli: CliContext): string {
  const clock = clockOf(cli.zoneName());
  return `${clock(from * micros)}-${running ? 'now' : clock(to * micros)}`;
}

/** The id of a task, and its description; or the text of an entry. */
export function slotTitle({ owner }: TimeSlot, { tasks }: Pick<KronosDatabase, 'tasks'>): readonly [string, string] {
  if (owner.kind === 'entry') return ['-', escapeControls(entryTitle(owner.entry))];
  const task = tasks.find(({ index }) => index === owner.index);
  return task === undefined ? ['-', 'a task that is gone'] : [`${task.id}`, escapeControls(task.desc)];
}

export function describeSlot(slot: TimeSlot, database: Pick<KronosDatabase, 'tasks'>, cli: CliContext): string {
  const [id, title] = slotTitle(slot, database);
  return `${slotWhen(slot, cli)} ${id === '-' ? '' : `task ${id}: `}${title}`.trimEnd();
}

export function printRefusal({ error, why }: ActionRefusal, cli: CliContext): ExitCode {
  cli.printError(escapeControls(error));
  if (why === 'not found') return exitCode.notFound;
  return why === 'usage' ? exitCode.usage : exitCode.failure;
}

/** The form for programs: seconds since 1970. */
export function slotToJson({ from, to, owner, running }: TimeSlot, { tasks }: Pick<KronosDatabase, 'tasks'>): object {
  if (owner.kind === 'entry') return { from, to, running, ...owner.entry };
  const task = tasks.find(({ index }) => index === owner.index);
  return { from, to, running, task: owner.index, id: task?.id ?? null, desc: task?.desc ?? null };
}
