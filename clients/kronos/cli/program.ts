// The command line: which verb is meant, with which options, and what its outcome is to the exit code and to the two streams.
// Actions are done right here, for they have to be quick; every other verb is a file of verbs/ that is read when it is asked for.

import type { ActionOutput, ActionRefusal, TaskAction } from '../data/actions.ts';
import { DatabaseError, type DatabaseStore, type KronosDatabase } from '../data/database.ts';
import { commitAction } from '../data/edits.ts';
import { type CliContext, type ExitCode, exitCode } from './cli-context.ts';
import { formatOutput, type OutputLayout, outputToJson } from './format-output.ts';
import { type ActionRow, type CommandRow, findAction, findTool } from './table.ts';

/** A list so soon after a sync asks for no other. */
const freshMs = 10_000;

export interface CommandArguments {
  readonly words: readonly string[];
  readonly json: boolean;
  readonly help: boolean;
  readonly version: boolean;
  /** For a sync that nobody looks at. */
  readonly quiet: boolean;
  readonly token: string | undefined;
}

type Understood = ({ readonly ok: true } & CommandArguments) | { readonly ok: false; readonly error: string };

/** Options have two dashes: one is what `update` takes tags away with. */
function understand(args: readonly string[]): Understood {
  const words: string[] = [];
  const options = new Set<string>();
  let token: string | undefined;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--') {
      words.push(...args.slice(at + 1));
      break;
    }
    if (words.length === 0 && arg === '-h') options.add('--help');
    else if (words[0] === 'login' && arg === '--token') {
      at += 1;
      token = args[at];
    } else if (/^--./.test(arg)) options.add(arg);
    else words.push(arg);
  }
  const [unknown] = [...options].filter((option) => !['--json', '--help', '--version', '--quiet'].includes(option));
  if (unknown !== undefined) return { ok: false, error: `unknown option ${unknown}` };
  const has = (option: string) => options.has(option);
  const [json, help, version, quiet] = [has('--json'), has('--help'), has('--version'), has('--quiet')];
  return { ok: true, words, json, help, version, quiet, token };
}

/** The protocol has two actions whose names are more than a word. */
function spelledOut([first = '', ...rest]: readonly string[]): readonly string[] {
  if (first === 'toggle' && rest[0] === 'start/stop') return ['toggle', ...rest.slice(1)];
  if (first === 'toggle' && rest.join(' ') === 'hide done') return ['hide'];
  return [first, ...rest];
}

export async function run(args: readonly string[], house: CliContext): Promise<ExitCode> {
  const understood = understand(args);
  if (!understood.ok) {
    house.printError(understood.error);
    house.printError('Try "kronos --help"; after -- everything is text.');
    return exitCode.usage;
  }
  if (understood.version) {
    house.print(house.version());
    return exitCode.ok;
  }
  const asked = understood.words[0] === 'help';
  const wantsHelp = understood.help || asked;
  const [name = '', ...words] = spelledOut(asked ? understood.words.slice(1) : understood.words);
  const action = findAction(name);
  if (action !== undefined && !wantsHelp) return act(action, words, understood.json, house);
  const tool = findTool(name);
  const row: CommandRow | undefined = action ?? tool;
  if (name === '' && !wantsHelp && house.interactive) {
    const { openGui } = await import('../gui/gui.tsx');
    return openGui(house);
  }
  if (wantsHelp || name === '') {
    const { formatHelp, formatCommandHelp } = await import('./help.ts');
    house.print(row === undefined ? formatHelp() : formatCommandHelp(row));
    return exitCode.ok;
  }
  if (tool === undefined) {
    house.printError(`unknown action ${name}`);
    house.printError('Try "kronos --help".');
    return exitCode.usage;
  }
  try {
    const { runTool } = await import('./verbs/tool.ts');
    return await runTool(tool.names[0], { ...understood, words }, house);
  } catch (error) {
    return failed(error, house);
  }
}

async function act(row: ActionRow, words: readonly string[], json: boolean, house: CliContext): Promise<ExitCode> {
  const lines =
    row.names[0] === 'add' && words[0] === '-' ? linesIn(house.readStdin(), words.slice(1)) : [words.join(' ')];
  const now = Math.floor(house.now() / 1_000);
  const scene = { now, zone: house.zone, name: () => house.createId(), date: (at: number) => house.formatDate(at) };
  let database: KronosDatabase;
  try {
    const done = doAll(row, lines, scene, house.database);
    if (!done.ok) return await refused(done, row, lines.length > 1 ? done.line : '', house);
    const { outputs } = done;
    database = done.database;
    if (json) {
      const values = outputs.map(outputToJson);
      house.print(JSON.stringify(lines.length === 1 && words[0] !== '-' ? values[0] : values, null, 2));
    } else {
      const shown = outputs.flatMap((output) => formatOutput(output, screenOf(house, now)));
      // At once, for each time costs as much as a hundred lines.
      if (shown.length > 0) house.print(shown.join('\n'));
    }
  } catch (error) {
    if (row.failure !== undefined && error instanceof DatabaseError) house.printError(row.failure);
    return failed(error, house);
  }
  afterwards(row, database, house);
  return exitCode.ok;
}

/** Only a list asks for the width and the colour of the terminal, which takes long to know. */
function screenOf(house: CliContext, now: number): OutputLayout {
  return {
    get colour() {
      return house.colour;
    },
    get width() {
      return house.width;
    },
    now,
  };
}

/** Tasks of the standard input, a line each; what else was typed goes for all of them. */
function linesIn(text: string, more: readonly string[]): string[] {
  return text.split(/\r?\n/).flatMap((line) => (line.trim() === '' ? [] : [[line, ...more].join(' ')]));
}

type Done =
  | { readonly ok: true; readonly outputs: readonly ActionOutput[]; readonly database: KronosDatabase }
  | (ActionRefusal & { readonly line: string });

/** All of the lines or none. */
function doAll(
  row: ActionRow,
  lines: readonly string[],
  scene: Parameters<TaskAction>[2],
  keeper: DatabaseStore,
): Done {
  const outputs: ActionOutput[] = [];
  let refusal: (ActionRefusal & { readonly line: string }) | undefined;
  const onto = (before: KronosDatabase) => {
    let kept = before;
    for (const line of lines) {
      const outcome = row.act(kept, line, scene);
      if (!outcome.ok) {
        refusal = { ...outcome, line };
        return {};
      }
      kept = { ...kept, ...outcome.kept };
      outputs.push(outcome.output);
    }
    return commitAction(before, kept, { action: row.names[0], at: scene.now });
  };
  const database = row.reads ? keeper.read() : keeper.write(onto);
  if (row.reads) onto(database);
  return refusal ?? { ok: true, outputs, database };
}

async function refused(
  { error, why }: ActionRefusal,
  row: ActionRow,
  line: string,
  house: CliContext,
): Promise<ExitCode> {
  house.printError(error);
  if (line !== '') house.printError(`  ${line}`);
  if (why !== 'usage') return why === 'not found' ? exitCode.notFound : exitCode.failure;
  const { formatUsage } = await import('./help.ts');
  house.printError(formatUsage(row));
  return exitCode.usage;
}

function failed(error: unknown, house: CliContext): ExitCode {
  if (!(error instanceof DatabaseError)) throw error;
  house.printError(error.message);
  house.printError(`  ${error.reason}`);
  return exitCode.failure;
}

/** The hub is told by a process of its own, and what is known of it now is how that went the last time. */
function afterwards(row: ActionRow, database: KronosDatabase, house: CliContext): void {
  if (!database.enable_sync || house.env['KRONOS_NO_SYNC'] === '1') return;
  const last = house.readLastSync();
  const fresh = last?.outcome === 'ok' && house.now() - last.at < freshMs;
  if (row.reads !== true || !fresh) house.startBackgroundSync();
  if (row.reads === true || last === undefined || last.outcome === 'ok') return;
  const waiting = `${database.queue.length} ${database.queue.length === 1 ? 'change waits' : 'changes wait'} here`;
  house.printError(
    last.outcome === 'offline'
      ? `note: the hub was not reached (${last.reason}); ${waiting} and will be sent`
      : `note: the hub refuses the token; ${waiting}: run "kronos login"`,
  );
}
