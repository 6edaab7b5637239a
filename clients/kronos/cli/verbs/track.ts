// The command `track`: records time by hand. `track 9:00-10:15 review` adds an entry at the hub, or on this device if there is none.
// `track 9:00-10:15 task:12` adds an interval to a task of this device, which is synced like any other change.

import { columns, escapeControls } from '../../../../protocol/columns.ts';
import { entryOwner, type SlotChange, taskOwner } from '../../data/change-slots.ts';
import type { KronosDatabase } from '../../data/database.ts';
import { entryTitle } from '../../data/time-slots.ts';
import { addDays, dateAt, momentOf, type TypedSpan } from '../../day/dates.ts';
import { clockOf, minutesText } from '../../day/draw-day.ts';
import {
  type EntryEdited,
  type EntryFailure,
  editEntry,
  findEntry,
  type HubEntry,
  readEntries,
  revertEntries,
  shortKeys,
} from '../../day/hub-entries.ts';
import { parseTrack, type TrackCommand, trackUsage } from '../../day/track-line.ts';
import { actionContext, type CliContext, type ExitCode, exitCode } from '../cli-context.ts';
import { type CommandArguments, printUsage, type RunCommand } from '../command.ts';
import { formatOutput, outputToJson } from '../format-output.ts';
import { applySlotChange } from './slot-change.ts';

const micros = 1_000_000;

export const track: RunCommand = async (args, cli) => {
  const { words, json } = args;
  const { now, zone } = actionContext(cli, Math.floor(cli.now() / 1_000));
  const command = parseTrack(words, { now, zone });
  if (typeof command === 'string') {
    if (command !== '') cli.printError(command);
    return printUsage(cli, trackUsage);
  }
  if (command.verb === 'task') return trackInTask(command, args, now, cli);
  const database = cli.database.read();
  if (!database.enable_sync && command.verb === 'add') return trackHere(command, args, now, cli);
  if (!database.enable_sync) {
    cli.printError('this needs a hub: run "kronos login". "kronos time" edits the entries of this device');
    return exitCode.failure;
  }
  if (command.verb === 'list') return listEntries(command.date, database, json, cli);
  if (command.verb === 'undo') {
    const undone = await revertEntries(database, command.step);
    if (!undone.ok) return printFailure(undone, cli);
    cli.print(json ? JSON.stringify({ to: command.step }) : `restored the entries to step ${command.step}`);
    return exitCode.ok;
  }
  const edit = await editOf(command, database, cli);
  if ('ok' in edit) return printFailure(edit, cli);
  const edited = await editEntry(database, edit);
  if (command.verb === 'add' && !edited.ok && edited.why === 'offline') {
    cli.printError(`note: ${edited.error}; the entry waits here and will be sent`);
    return trackHere(command, args, now, cli);
  }
  return report(command, edited, json, cli);
};

/** Adds an interval to a task of this device. */
async function trackInTask(
  { id, span }: Extract<TrackCommand, { verb: 'task' }>,
  args: CommandArguments,
  now: number,
  cli: CliContext,
): Promise<ExitCode> {
  const change = (database: KronosDatabase): SlotChange => {
    const found = taskOwner(database, id);
    if (!found.ok) return found;
    const { owner } = found;
    return { ok: true, edit: { removed: [], added: [{ ...span, owner, running: false }] } };
  };
  const result = await applySlotChange({ action: 'track', now, change, options: args }, cli);
  if (!result.ok) return result.code;
  const { database, edit } = result;
  const [slot] = edit.added;
  const task = database.tasks.find(({ index }) => slot?.owner.kind === 'task' && slot.owner.index === index);
  if (task === undefined) return exitCode.ok;
  const output = { kind: 'task', task, id: task.id, verb: 'tracked' } as const;
  if (args.json) cli.print(JSON.stringify(outputToJson(output), null, 2));
  else
    for (const line of formatOutput(output, { colour: false, width: undefined, now }))
      cli.print(`${line}, ${minutesText((span.to - span.from) * micros)}`);
  return exitCode.ok;
}

/** Stores an entry on this device: without a hub for good, else until the hub can be reached. */
async function trackHere(
  { entry, span }: Extract<TrackCommand, { verb: 'add' }>,
  args: CommandArguments,
  now: number,
  cli: CliContext,
): Promise<ExitCode> {
  const key = cli.createId();
  const added = [{ ...span, owner: entryOwner(entry, key), running: false }];
  const change = (): SlotChange => ({ ok: true, edit: { removed: [], added } });
  const result = await applySlotChange({ action: 'track', now, change, options: args }, cli);
  if (!result.ok) return result.code;
  if (args.json) cli.print(JSON.stringify({ key, ...span, ...entry }, null, 2));
  else cli.print(`${minutesText((span.to - span.from) * micros)} added: ${escapeControls(entryTitle(entry))}`);
  return exitCode.ok;
}

type EditCommand = Exclude<TrackCommand, { verb: 'task' | 'list' | 'undo' }>;

function microseconds({ from, to }: TypedSpan): TypedSpan {
  return { from: from * micros, to: to * micros };
}

/** Builds the body of `POST /-/entries`. Reads the entries first, because a key may be typed in short. */
async function editOf(command: EditCommand, database: KronosDatabase, cli: CliContext): Promise<object | EntryFailure> {
  if (command.verb === 'add') return { do: 'add', ...microseconds(command.span), item: command.entry };
  if (command.verb === 'away') {
    return { do: 'remove', ...microseconds(command.span), ...(command.text === '' ? {} : { text: command.text }) };
  }
  const known = await readEntries(database);
  if (!known.ok) return known;
  const typed = command.verb === 'join' || command.verb === 'delete' ? command.keys : [command.key];
  const found: HubEntry[] = [];
  for (const key of typed) {
    const entry = findEntry(known.entries, key);
    if (entry === undefined)
      return { ok: false, why: 'not found', error: `no entry or several entries begin with ${key}` };
    found.push(entry);
  }
  const keys = found.map(({ key }) => key);
  const [first] = found;
  if (first === undefined) return { ok: false, why: 'not found', error: 'no such entry' };
  switch (command.verb) {
    case 'join':
    case 'delete':
      return { do: command.verb, keys };
    case 'change':
      return { do: 'change', key: first.key, item: command.entry };
    case 'move': {
      const span = command.spanOn(command.date ?? dateOf(first, cli));
      return { do: 'move', key: first.key, ...(span === undefined ? {} : microseconds(span)) };
    }
    case 'split':
      return { do: 'split', key: first.key, at: splitMoment(command, first, cli) };
  }
}

/** Without a typed date, it is the first such time after the beginning of the entry. */
function splitMoment(
  { momentOn, date }: Extract<TrackCommand, { verb: 'split' }>,
  entry: HubEntry,
  cli: CliContext,
): number {
  if (date !== undefined) return momentOn(date) * micros;
  const own = dateOf(entry, cli);
  const at = momentOn(own) * micros;
  return at > entry.from ? at : momentOn(addDays(own, 1)) * micros;
}

function dateOf({ from }: HubEntry, { zone }: CliContext): string {
  return dateAt(zone, Math.floor(from / micros));
}

async function listEntries(date: string, database: KronosDatabase, json: boolean, cli: CliContext): Promise<ExitCode> {
  const [from, to] = [momentOf(date, 0, cli) * micros, momentOf(date, 1_440, cli) * micros];
  const result = await readEntries(database);
  if (!result.ok) return printFailure(result, cli);
  const shown = result.entries.filter((entry) => entry.from < to && entry.to > from);
  if (json) {
    cli.print(JSON.stringify(shown, null, 2));
    return exitCode.ok;
  }
  const names = shortKeys(result.entries);
  const clock = clockOf(cli.zoneName());
  const rows = shown.map(({ key, item, from: begin, to: end }) => [
    names.get(key) ?? key,
    `${clock(begin)}-${clock(end)}`,
    minutesText(end - begin),
    [
      ...(item.removes === true ? ['(away)'] : []),
      ...(item.text === undefined ? [] : [item.text]),
      ...(item.project === undefined ? [] : [`@${item.project}`]),
      ...(item.tags ?? []).map((tag) => `+${tag}`),
    ].join(' '),
  ]);
  if (rows.length === 0) cli.print(`no entries on ${date}`);
  else cli.print(columns(['KEY', 'WHEN', 'TIME', 'ENTRY'], rows, { width: cli.width, flexible: 3 }).join('\n'));
  return exitCode.ok;
}

const pastTense = {
  add: 'added',
  away: 'marked as away',
  change: 'changed',
  move: 'moved',
  split: 'split',
  join: 'joined',
  delete: 'deleted',
} as const;

function report(command: EditCommand, edited: EntryEdited, json: boolean, cli: CliContext): ExitCode {
  if (!edited.ok) return printFailure(edited, cli);
  const { undo, keys } = edited;
  if (json) {
    cli.print(JSON.stringify({ keys, undo }, null, 2));
    return exitCode.ok;
  }
  const time = 'span' in command ? `${minutesText((command.span.to - command.span.from) * micros)} ` : '';
  cli.print(`${time}${pastTense[command.verb]}; "kronos track undo ${undo}" undoes it`);
  return exitCode.ok;
}

function printFailure({ why, error }: EntryFailure, cli: CliContext): ExitCode {
  cli.printError(escapeControls(why === 'refused' ? `the hub refuses the token: ${error}` : error));
  return why === 'refused' ? exitCode.auth : why === 'not found' ? exitCode.notFound : exitCode.failure;
}
