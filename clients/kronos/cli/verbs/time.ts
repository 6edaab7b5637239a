// The command `time`: lists the intervals of a day with numbers, and changes them by number or in an editor. A number means what the list
// that was printed last showed under it.

import { columns } from '../../../../protocol/columns.ts';
import { csvLine } from '../../../../protocol/csv.ts';
import { changeSlots, editedSlots, type SlotChange, spanOfDate } from '../../data/change-slots.ts';
import type { KronosDatabase } from '../../data/database.ts';
import type { ListedTime } from '../../data/listed-times.ts';
import { slotsIn, type TimeSlot } from '../../data/time-slots.ts';
import { type DateContext, dateAt } from '../../day/dates.ts';
import { minutesText } from '../../day/draw-day.ts';
import {
  formatEditable,
  type NumberedTimeCommand,
  parseEditable,
  parseTimeCommand,
  timeUsage,
} from '../../day/time-line.ts';
import { actionContext, type CliContext, type ExitCode, exitCode } from '../cli-context.ts';
import { type CommandArguments, printUsage, type RunCommand } from '../command.ts';
import { applySlotChange, describeSlot, slotTitle, slotToJson, slotWhen } from './slot-change.ts';

const micros = 1_000_000;
const everything = { from: 0, to: Number.MAX_SAFE_INTEGER };

export const time: RunCommand = (args, cli) => {
  const { now, zone } = actionContext(cli, Math.floor(cli.now() / 1_000));
  const command = parseTimeCommand(args.words, { now, zone });
  if (typeof command === 'string') {
    if (command !== '') cli.printError(command);
    return printUsage(cli, timeUsage);
  }
  if ('date' in command) {
    return command.verb === 'list'
      ? listTimes(command.date, { now, zone }, args, cli)
      : editTimes(command.date, { now, zone }, args, cli);
  }
  return changeTimes(command, { now, zone }, args, cli);
};

function keyOf({ owner }: TimeSlot): string {
  return owner.kind === 'task' ? owner.index : owner.entry.key;
}

function toListed(slots: readonly TimeSlot[]): readonly ListedTime[] {
  return slots.map((slot) => ({ key: keyOf(slot), from: slot.from }));
}

function listTimes(date: string, context: DateContext, { json, csv }: CommandArguments, cli: CliContext): ExitCode {
  const database = cli.database.read();
  const slots = slotsIn(database, spanOfDate(date, context), context.now);
  cli.writeListedTimes(toListed(slots));
  if (json) {
    const values = slots.map((slot, place) => ({ number: place + 1, ...slotToJson(slot, database) }));
    cli.print(JSON.stringify(values, null, 2));
    return exitCode.ok;
  }
  if (csv) {
    const moment = (seconds: number) => new Date(seconds * 1_000).toISOString().replace('.000', '');
    const lines = slots.map((slot, place) => {
      const { from, to } = slot;
      return csvLine([place + 1, moment(from), moment(to), to - from, ...slotTitle(slot, database)]);
    });
    cli.print(['number,from,to,seconds,task,description', ...lines].join('\n'));
    return exitCode.ok;
  }
  if (slots.length === 0) {
    cli.print(`nothing on ${date}: "kronos track 9:00-10:15 task:3" adds an interval`);
    return exitCode.ok;
  }
  const rows = slots.map((slot, place) => [
    `${place + 1}`,
    slotWhen(slot, cli),
    minutesText((slot.to - slot.from) * micros),
    ...slotTitle(slot, database),
  ]);
  cli.print(columns(['N', 'WHEN', 'TIME', 'ID', 'WHAT'], rows, { width: cli.width, flexible: 4 }).join('\n'));
  return exitCode.ok;
}

/** The slots that numbers name: as they were listed last, or those of today. */
function findNumbered(
  numbers: readonly number[],
  database: KronosDatabase,
  context: DateContext,
  cli: CliContext,
): readonly TimeSlot[] | number {
  const all = slotsIn(database, everything, context.now);
  const today = () => toListed(slotsIn(database, spanOfDate(dateAt(context.zone, context.now), context), context.now));
  const listed = cli.readListedTimes() ?? today();
  const found: TimeSlot[] = [];
  for (const number of numbers) {
    const one = listed[number - 1];
    const slot = all.find((other) => keyOf(other) === one?.key && other.from === one.from);
    if (slot === undefined) return number;
    found.push(slot);
  }
  return found;
}

async function changeTimes(
  command: NumberedTimeCommand,
  context: DateContext,
  args: CommandArguments,
  cli: CliContext,
): Promise<ExitCode> {
  const numbers = 'numbers' in command ? command.numbers : [command.number];
  const change = (database: KronosDatabase): SlotChange => {
    const found = findNumbered(numbers, database, context, cli);
    if (typeof found === 'number') {
      return { ok: false, why: 'not found', error: `there is no interval ${found}: "kronos time" lists them` };
    }
    return changeSlots(command, found, context, () => cli.createId());
  };
  const action = `time ${command.verb}`;
  return report(
    await applySlotChange({ action, now: context.now, change, options: args }, cli),
    command.verb,
    args,
    cli,
  );
}

const pastTense = {
  edit: 'edited',
  shorten: 'shortened',
  lengthen: 'lengthened',
  move: 'moved',
  split: 'split',
  join: 'joined',
  delete: 'deleted',
} as const;

function report(
  result: Awaited<ReturnType<typeof applySlotChange>>,
  verb: keyof typeof pastTense,
  { json }: Pick<CommandArguments, 'json'>,
  cli: CliContext,
): ExitCode {
  if (!result.ok) return result.code;
  const { edit, database } = result;
  const shown = verb === 'delete' ? edit.removed : edit.added;
  if (json)
    cli.print(
      JSON.stringify(
        shown.map((slot) => slotToJson(slot, database)),
        null,
        2,
      ),
    );
  else for (const slot of shown) cli.print(`${pastTense[verb]}: ${describeSlot(slot, database, cli)}`);
  return exitCode.ok;
}

async function editTimes(
  date: string,
  context: DateContext,
  args: CommandArguments,
  cli: CliContext,
): Promise<ExitCode> {
  const before = cli.database.read();
  const slots = slotsIn(before, spanOfDate(date, context), context.now);
  const editable = slots.map((slot) => {
    const [id, title] = slotTitle(slot, before);
    return { slot, title: id === '-' ? title : `task:${id} ${title}` };
  });
  const edited = await cli.editText(formatEditable(editable, date, context));
  if (!edited.ok) {
    cli.printError(edited.error);
    return exitCode.failure;
  }
  const parsed = parseEditable(edited.text, editable, date, context);
  if (typeof parsed === 'string') {
    cli.printError(parsed);
    cli.printError(`  Nothing was changed. Your text is in ${edited.path}.`);
    return exitCode.usage;
  }
  const change = (database: KronosDatabase) => editedSlots(database, slots, parsed, () => cli.createId());
  const result = await applySlotChange({ action: 'time edit', now: context.now, change, options: args }, cli);
  if (!result.ok) {
    cli.printError(`  Your text is in ${edited.path}.`);
    return result.code;
  }
  if (result.edit.removed.length + result.edit.added.length === 0) {
    cli.print('nothing was changed');
    return exitCode.ok;
  }
  const gone = result.edit.removed.length - result.edit.added.length;
  if (gone > 0 && result.edit.added.length === 0) cli.print(`${gone} deleted`);
  return report(result, 'edit', args, cli);
}
