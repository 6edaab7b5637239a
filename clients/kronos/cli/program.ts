// The command line: which verb is meant, with which options, and what its outcome is to the exit code and to the two streams.
// Actions are done right here, for they have to be quick; every other verb is a file of verbs/ that is read when it is asked for.

import type { Action, Output, Refusal } from '../data/actions.ts';
import { type Database, DatabaseFailure, type Keeper } from '../data/database.ts';
import { keep } from '../data/edits.ts';
import { type Exit, exit, type House } from './cli-context.ts';
import { jsonOf, linesOf, type Screen } from './format-output.ts';
import { type ActionRow, actionNamed, type Row, toolNamed } from './table.ts';

/** A list so soon after a sync asks for no other. */
const freshMs = 10_000;

export interface Words {
  readonly words: readonly string[];
  readonly json: boolean;
  readonly help: boolean;
  readonly version: boolean;
  /** For a sync that nobody looks at. */
  readonly quiet: boolean;
  readonly token: string | undefined;
}

type Understood = ({ readonly ok: true } & Words) | { readonly ok: false; readonly error: string };

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

export async function run(args: readonly string[], house: House): Promise<Exit> {
  const understood = understand(args);
  if (!understood.ok) {
    house.complain(understood.error);
    house.complain('Try "kronos --help"; after -- everything is text.');
    return exit.usage;
  }
  if (understood.version) {
    house.print(house.version());
    return exit.ok;
  }
  const asked = understood.words[0] === 'help';
  const wantsHelp = understood.help || asked;
  const [name = '', ...words] = spelledOut(asked ? understood.words.slice(1) : understood.words);
  const action = actionNamed(name);
  if (action !== undefined && !wantsHelp) return act(action, words, understood.json, house);
  const tool = toolNamed(name);
  const row: Row | undefined = action ?? tool;
  if (name === '' && !wantsHelp && house.terminal) {
    const { openGui } = await import('../gui/gui.tsx');
    return openGui(house);
  }
  if (wantsHelp || name === '') {
    const { help, helpOf } = await import('./help.ts');
    house.print(row === undefined ? help() : helpOf(row));
    return exit.ok;
  }
  if (tool === undefined) {
    house.complain(`unknown action ${name}`);
    house.complain('Try "kronos --help".');
    return exit.usage;
  }
  try {
    const { useTool } = await import('./verbs/tool.ts');
    return await useTool(tool.names[0], { ...understood, words }, house);
  } catch (error) {
    return failed(error, house);
  }
}

async function act(row: ActionRow, words: readonly string[], json: boolean, house: House): Promise<Exit> {
  const lines = row.names[0] === 'add' && words[0] === '-' ? linesIn(house.stdin(), words.slice(1)) : [words.join(' ')];
  const now = Math.floor(house.now() / 1_000);
  const scene = { now, zone: house.zone, name: () => house.name(), date: (at: number) => house.date(at) };
  let database: Database;
  try {
    const done = doAll(row, lines, scene, house.keeper);
    if (!done.ok) return await refused(done, row, lines.length > 1 ? done.line : '', house);
    const { outputs } = done;
    database = done.database;
    if (json) {
      const values = outputs.map(jsonOf);
      house.print(JSON.stringify(lines.length === 1 && words[0] !== '-' ? values[0] : values, null, 2));
    } else {
      const shown = outputs.flatMap((output) => linesOf(output, screenOf(house, now)));
      // At once, for each time costs as much as a hundred lines.
      if (shown.length > 0) house.print(shown.join('\n'));
    }
  } catch (error) {
    if (row.failure !== undefined && error instanceof DatabaseFailure) house.complain(row.failure);
    return failed(error, house);
  }
  afterwards(row, database, house);
  return exit.ok;
}

/** Only a list asks for the width and the colour of the terminal, which takes long to know. */
function screenOf(house: House, now: number): Screen {
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
  | { readonly ok: true; readonly outputs: readonly Output[]; readonly database: Database }
  | (Refusal & { readonly line: string });

/** All of the lines or none. */
function doAll(row: ActionRow, lines: readonly string[], scene: Parameters<Action>[2], keeper: Keeper): Done {
  const outputs: Output[] = [];
  let refusal: (Refusal & { readonly line: string }) | undefined;
  const onto = (before: Database) => {
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
    return keep(before, kept, { action: row.names[0], at: scene.now });
  };
  const database = row.reads ? keeper.read() : keeper.write(onto);
  if (row.reads) onto(database);
  return refusal ?? { ok: true, outputs, database };
}

async function refused({ error, why }: Refusal, row: ActionRow, line: string, house: House): Promise<Exit> {
  house.complain(error);
  if (line !== '') house.complain(`  ${line}`);
  if (why !== 'usage') return why === 'not found' ? exit.notFound : exit.failure;
  const { usageOf } = await import('./help.ts');
  house.complain(usageOf(row));
  return exit.usage;
}

function failed(error: unknown, house: House): Exit {
  if (!(error instanceof DatabaseFailure)) throw error;
  house.complain(error.message);
  house.complain(`  ${error.reason}`);
  return exit.failure;
}

/** The hub is told by a process of its own, and what is known of it now is how that went the last time. */
function afterwards(row: ActionRow, database: Database, house: House): void {
  if (!database.enable_sync || house.env['KRONOS_NO_SYNC'] === '1') return;
  const last = house.lastSync();
  const fresh = last?.outcome === 'ok' && house.now() - last.at < freshMs;
  if (row.reads !== true || !fresh) house.syncSoon();
  if (row.reads === true || last === undefined || last.outcome === 'ok') return;
  const waiting = `${database.queue.length} ${database.queue.length === 1 ? 'change waits' : 'changes wait'} here`;
  house.complain(
    last.outcome === 'offline'
      ? `note: the hub was not reached (${last.reason}); ${waiting} and will be sent`
      : `note: the hub refuses the token; ${waiting}: run "kronos login"`,
  );
}
