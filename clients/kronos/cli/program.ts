// The command line: finds the command and its options, runs it, and turns its outcome into output and an exit code. The protocol's
// actions run right here, because they have to start fast; every other command is a file in verbs/ that is loaded on demand.

import { escapeControls } from '../../../protocol/columns.ts';
import { lineProblemOf } from '../../../protocol/line-problems.ts';
import { markText } from '../../../protocol/words.ts';
import type { ActionOutput, ActionRefusal } from '../data/actions.ts';
import { DatabaseError, type KronosDatabase } from '../data/database.ts';
import { commitAction } from '../data/edits.ts';
import { type ListedIds, openTaskIds } from '../data/listed-ids.ts';
import { dateAt } from '../day/dates.ts';
import { type ActionTarget, chooseLines, findTarget } from './choose-tasks.ts';
import { actionContext, type CliContext, type ExitCode, exitCode } from './cli-context.ts';
import type { CommandArguments } from './command.ts';
import { formatOutput, type OutputLayout, outputToJson } from './format-output.ts';
import { type ActionRow, type CommandRow, findAction, findTool } from './table.ts';

/** A command that only reads starts no sync if the last one succeeded so recently, in milliseconds. */
const recentSyncMs = 10_000;
/** Questions of the hub are out of date if the last sync was longer ago than this, in milliseconds. */
const oldSyncMs = 600_000;

type ParsedArguments = ({ readonly ok: true } & CommandArguments) | { readonly ok: false; readonly error: string };

const knownOptions = [
  '--json',
  '--help',
  '--version',
  '--quiet',
  '--yes',
  '--no-token',
  '--cut',
  '--keep',
  '--csv',
] as const;

/** Options have two dashes, because `update` removes tags with one. */
function parseArguments(args: readonly string[]): ParsedArguments {
  const words: string[] = [];
  const options = new Set<string>();
  let token: string | undefined;
  let textFrom: number | undefined;
  let format: string | undefined;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--') {
      textFrom = words.length;
      words.push(...args.slice(at + 1));
      break;
    }
    if (words.length === 0 && arg === '-h') options.add('--help');
    else if (words[0] === 'login' && arg === '--token') {
      at += 1;
      token = args[at];
    } else if (words[0] === 'now' && arg === '--format') {
      // The text may have spaces and be typed without quotes.
      format = args.slice(at + 1).join(' ');
      break;
    } else if (/^--./.test(arg)) options.add(arg);
    else words.push(arg);
  }
  const unknown = [...options].find((option) => !knownOptions.some((known) => known === option));
  if (unknown !== undefined) return { ok: false, error: `unknown option ${unknown}` };
  return {
    ok: true,
    words,
    textFrom,
    json: options.has('--json'),
    help: options.has('--help'),
    version: options.has('--version'),
    quiet: options.has('--quiet'),
    yes: options.has('--yes'),
    cut: options.has('--cut'),
    keep: options.has('--keep'),
    csv: options.has('--csv'),
    noToken: options.has('--no-token'),
    token,
    format,
  };
}

/** The protocol names two actions by more than one word. */
function joinActionName([first = '', ...rest]: readonly string[]): readonly string[] {
  if (first === 'toggle' && rest[0] === 'start/stop') return ['toggle', ...rest.slice(1)];
  if (first === 'toggle' && rest.join(' ') === 'hide done') return ['hide'];
  return [first, ...rest];
}

export async function run(args: readonly string[], cli: CliContext): Promise<ExitCode> {
  const parsed = parseArguments(args);
  if (!parsed.ok) {
    cli.printError(parsed.error);
    cli.printError('Try "kronos --help"; after -- everything is text.');
    return exitCode.usage;
  }
  const code = await runParsed(parsed, cli);
  if (code === exitCode.ok) await showQuestionsAfter(parsed, cli);
  return code;
}

async function runParsed(parsed: Extract<ParsedArguments, { ok: true }>, cli: CliContext): Promise<ExitCode> {
  if (parsed.version) {
    cli.print(cli.version());
    return exitCode.ok;
  }
  const isHelpCommand = parsed.words[0] === 'help';
  const wantsHelp = parsed.help || isHelpCommand;
  const [name = '', ...words] = joinActionName(isHelpCommand ? parsed.words.slice(1) : parsed.words);
  const action = findAction(name);
  // The words before the marked ones, without the name of the action.
  const before = parsed.textFrom === undefined ? undefined : words.length - (parsed.words.length - parsed.textFrom);
  const command = { ...parsed, words, textFrom: before };
  if (action !== undefined && !wantsHelp && takesTime(action) && words.some((word) => word.startsWith('at:'))) {
    return runLoaded(async () => {
      const { startAt } = await import('./verbs/start-at.ts');
      return startAt(
        action.names[0] === 'stop' ? 'stop' : action.names[0] === 'start' ? 'start' : 'toggle',
        command,
        cli,
      );
    }, cli);
  }
  if (action !== undefined && !wantsHelp) return runAction(action, command, cli);
  const tool = findTool(name);
  const row: CommandRow | undefined = action ?? tool;
  if (name === '' && !wantsHelp && cli.interactive) {
    const { openGui } = await import('../gui/gui.tsx');
    return openGui(cli);
  }
  if (wantsHelp || name === '') {
    const { formatHelp, formatCommandHelp } = await import('./help.ts');
    cli.print(row === undefined ? formatHelp() : formatCommandHelp(row));
    return exitCode.ok;
  }
  if (tool === undefined) {
    cli.printError(`unknown action ${name}`);
    cli.printError('Try "kronos --help".');
    return exitCode.usage;
  }
  return runLoaded(async () => {
    const { runTool } = await import('./verbs/tool.ts');
    return runTool(tool.names[0], command, cli);
  }, cli);
}

/** The cheap conditions come first: most commands end here. */
async function showQuestionsAfter(parsed: Extract<ParsedArguments, { ok: true }>, cli: CliContext): Promise<void> {
  const { words, json, csv, help, version } = parsed;
  const row: CommandRow | undefined = findAction(words[0] ?? '') ?? findTool(words[0] ?? '');
  if (json || csv || help || version || row === undefined || row.hidesQuestions === true) return;
  if (cli.env['KRONOS_NO_SYNC'] === '1') return;
  const last = cli.readLastSync();
  if (last?.outcome !== 'ok') return;
  const now = cli.now();
  const today = dateAt(cli.zone, Math.floor(now / 1_000));
  const isFirst = cli.readAskedDate() !== today;
  const isOld = now - last.at >= oldSyncMs;
  if (!isFirst && !isOld && (last.questions ?? []).length === 0) return;
  if (!cli.interactive) return;
  const asks = isFirst || (isOld && cli.database.read().tasks.some(({ active }) => active !== 0));
  if (!asks && isOld) return;
  const { showQuestions } = await import('./show-questions.ts');
  await showQuestions(last, asks, today, cli);
}

function takesTime({ names }: ActionRow): boolean {
  return names[0] === 'start' || names[0] === 'stop' || names[0] === 'toggle';
}

async function runLoaded(command: () => Promise<ExitCode>, cli: CliContext): Promise<ExitCode> {
  try {
    return await command();
  } catch (error) {
    return printDatabaseError(error, cli);
  }
}

async function runAction(row: ActionRow, parsed: CommandArguments, cli: CliContext): Promise<ExitCode> {
  const { words, json, textFrom } = parsed;
  const fromStdin = row.names[0] === 'add' && words[0] === '-';
  const target: ActionTarget = fromStdin
    ? { kind: 'lines', lines: linesIn(cli.readStdin(), words.slice(1), textFrom) }
    : findTarget(row, words, textFrom);
  const asList = fromStdin || target.kind === 'filter' || target.lines.length > 1;
  const now = Math.floor(cli.now() / 1_000);
  let result: Applied;
  try {
    result = applyAll(row, target, now, cli, parsed.yes);
    if (!result.ok && result.other !== undefined) {
      if (!(await confirmOther(result.other, cli))) return exitCode.failure;
      result = applyAll(row, target, now, cli, result.other.index);
    }
    if (!result.ok) return await printRefusal(result, row, cli);
    printOutputs(result.outputs, { json, asList, now }, cli);
    rememberIds(row, result, cli);
  } catch (error) {
    if (row.failure !== undefined && error instanceof DatabaseError) cli.printError(row.failure);
    return printDatabaseError(error, cli);
  }
  startSyncIfNeeded(row, result.database, cli);
  return exitCode.ok;
}

/** One line of the standard input per task; the other words of the command are added to each. */
function linesIn(text: string, more: readonly string[], textFrom: number | undefined): string[] {
  const before = more.slice(0, textFrom === undefined ? undefined : textFrom - 1);
  const after = more.slice(before.length);
  return text.split(/\r?\n/).flatMap((line) => {
    if (line.trim() === '') return [];
    return [textFrom === undefined ? [line, ...more].join(' ') : markText([line, ...before], after, 'add')];
  });
}

/** A task whose id named another task when it was last listed. */
interface OtherTask {
  readonly id: number;
  readonly index: string;
  readonly desc: string;
  readonly listedDesc: string | undefined;
}

type Applied =
  | {
      readonly ok: true;
      readonly outputs: readonly ActionOutput[];
      readonly database: KronosDatabase;
      readonly listed: ListedIds;
    }
  | (ActionRefusal & {
      readonly line: string;
      readonly hint?: string;
      readonly other?: OtherTask;
      /** The tasks that the action is about. */
      readonly shown?: readonly string[];
    });

/**
 * Applies the action to every task of the target, or to none.
 * @param accepted whether an id may name another task than it did when it was last listed: any, or the one with this index
 */
function applyAll(
  row: ActionRow,
  target: ActionTarget,
  now: number,
  cli: CliContext,
  accepted: boolean | string,
): Applied {
  const context = actionContext(cli, now);
  const listed: ListedIds = row.namesTask === true ? cli.readListedIds() : new Map();
  const outputs: ActionOutput[] = [];
  let refusal: Extract<Applied, { ok: false }> | undefined;
  const change = (before: KronosDatabase) => {
    let state = before;
    const chosen = chooseLines(row, target, before, context, accepted !== false);
    if (!chosen.ok) {
      refusal = { ...chosen, line: '' };
      return {};
    }
    for (const line of chosen.lines) {
      const named = chosen.lines.length > 1 ? line : '';
      const outcome = row.act(state, line, context);
      const id = Number.parseInt(line, 10);
      if (!outcome.ok) {
        refusal = {
          ...outcome,
          line: named,
          ...(outcome.why === 'not found' ? renumberedHint(before, id, listed) : {}),
        };
        return {};
      }
      const other = findOther(before, outcome.output, id, listed);
      if (other !== undefined && accepted !== true && accepted !== other.index) {
        refusal = { ok: false, why: 'failure', error: otherText(other), line: named, other };
        return {};
      }
      state = { ...state, ...outcome.changes };
      outputs.push(outcome.output);
    }
    return commitAction(before, state, { action: row.names[0], at: now });
  };
  const database = row.reads ? cli.database.read() : cli.database.write(change);
  if (row.reads) change(database);
  return refusal ?? { ok: true, outputs, database, listed };
}

function findOther(
  { tasks, log }: KronosDatabase,
  output: ActionOutput,
  id: number,
  listed: ListedIds,
): OtherTask | undefined {
  const listedIndex = listed.get(id);
  if (output.kind !== 'task' || listedIndex === undefined || output.task.index === listedIndex) return undefined;
  const { index, desc } = output.task;
  const edits = log.flatMap((step) => step.edits).filter((edit) => edit.index === listedIndex);
  const listedDesc =
    tasks.find((task) => task.index === listedIndex)?.desc ??
    edits.map(({ before, after }) => after?.desc ?? before?.desc).findLast((text) => text !== undefined);
  return { id, index, desc: tasks.find((task) => task.index === index)?.desc ?? desc, listedDesc };
}

function otherText({ id, desc, listedDesc }: OtherTask): string {
  const before = listedDesc === undefined ? 'another task' : `"${listedDesc}"`;
  return `task ${id} is "${desc}" now; when tasks were last listed, it was ${before}`;
}

function renumberedHint({ tasks }: KronosDatabase, id: number, listed: ListedIds): { readonly hint?: string } {
  const task = tasks.find(({ index }) => index === listed.get(id));
  return task === undefined || task.id === id
    ? {}
    : { hint: `"${task.desc}", which was listed as ${id}, is task ${task.id} now` };
}

async function confirmOther(other: OtherTask, cli: CliContext): Promise<boolean> {
  cli.printError(escapeControls(otherText(other)));
  const answer = await cli.confirm('Do it to this task? [y/N] ');
  if (answer === 'cannot ask') {
    cli.printError('  Nothing was changed. Run "kronos list" for the ids of today, or repeat the command with --yes.');
  } else if (answer === 'no') {
    cli.printError('Nothing was changed.');
  }
  return answer === 'yes';
}

function printOutputs(
  outputs: readonly ActionOutput[],
  { json, asList, now }: { readonly json: boolean; readonly asList: boolean; readonly now: number },
  cli: CliContext,
): void {
  if (json) {
    const values = outputs.map(outputToJson);
    cli.print(JSON.stringify(outputs.length === 1 && !asList ? values[0] : values, null, 2));
    return;
  }
  const lines = outputs.flatMap((output) => formatOutput(output, layoutOf(cli, now)));
  for (const output of outputs)
    if (output.kind === 'list' && output.note !== '') cli.printError(`note: ${output.note}`);
  // Printed at once: every call costs as much as a hundred lines.
  if (lines.length > 0) cli.print(lines.join('\n'));
}

/** Only a list needs the width and the colours of the terminal, which take long to find out. */
function layoutOf(cli: CliContext, now: number): OutputLayout {
  return {
    get colour() {
      return cli.colour;
    },
    get width() {
      return cli.width;
    },
    now,
  };
}

/** Stores which tasks the printed ids name. */
function rememberIds(
  row: ActionRow,
  { outputs, database, listed }: Extract<Applied, { ok: true }>,
  cli: CliContext,
): void {
  if (outputs.some(({ kind }) => kind === 'list')) {
    cli.writeListedIds(openTaskIds(database.tasks));
    return;
  }
  const shown = outputs.flatMap((output) =>
    (output.kind === 'task' && output.verb !== 'deleted') || output.kind === 'info' ? [output.task] : [],
  );
  const followers = outputs.flatMap((output) => (output.kind === 'task' ? (output.next ?? []) : []));
  const before = row.namesTask === true || shown.length === 0 ? listed : cli.readListedIds();
  const changed = [...openTaskIds([...shown, ...followers])].filter(([id, index]) => before.get(id) !== index);
  if (changed.length > 0) cli.writeListedIds(new Map([...before, ...changed]));
}

async function printRefusal(
  { error, why, line, detail, hint, shown = [] }: Extract<Applied, { ok: false }>,
  row: ActionRow,
  cli: CliContext,
): Promise<ExitCode> {
  cli.printError(error);
  for (const text of [line, ...shown, detail ?? lineProblemOf(error)])
    if (text !== '') cli.printError(`  ${escapeControls(text)}`);
  if (hint !== undefined) cli.printError(`  ${escapeControls(hint)}`);
  if (why !== 'usage') return why === 'not found' ? exitCode.notFound : exitCode.failure;
  const { formatUsage } = await import('./help.ts');
  cli.printError(formatUsage(row));
  return exitCode.usage;
}

function printDatabaseError(error: unknown, cli: CliContext): ExitCode {
  if (!(error instanceof DatabaseError)) throw error;
  cli.printError(error.message);
  cli.printError(`  ${error.reason}`);
  return exitCode.failure;
}

/** Starts a sync in a background process, and reports a failure of the last one: this command ends before the new sync does. */
function startSyncIfNeeded(row: ActionRow, database: KronosDatabase, cli: CliContext): void {
  if (!database.enable_sync || cli.env['KRONOS_NO_SYNC'] === '1') return;
  const last = cli.readLastSync();
  const isRecent = last?.outcome === 'ok' && cli.now() - last.at < recentSyncMs;
  if (row.reads !== true || !isRecent) cli.startBackgroundSync();
  if (row.reads === true || last === undefined || last.outcome === 'ok') return;
  const waiting = `${database.queue.length} ${database.queue.length === 1 ? 'change waits' : 'changes wait'} here`;
  cli.printError(
    last.outcome === 'offline'
      ? `note: the hub was not reached (${last.reason}); ${waiting} and will be sent`
      : `note: the hub refuses the token; ${waiting}: run "kronos login"`,
  );
}
