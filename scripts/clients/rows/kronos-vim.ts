// kronos.vim of both generations, unmodified, in a real terminal (tmux): a task is added, changed, toggled, done and deleted by the keys and
// commands of that generation. Afterwards its database holds what the hub holds, and no error was on the screen.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../../tests/harness/eventually.ts';
import { check, checkEqual } from '../check.ts';
import type { RunReport } from '../row.ts';
import { type ClientHub, owner, type Workbench } from '../workbench.ts';

const commits = { 2018: '68009e1', 2019: '7aa0ff6~1' } as const;
const trouble = /E\d+:|failed|Press ENTER/i;

/** A Vim in a terminal of 140 by 40. */
class Terminal {
  readonly #bench: Workbench;
  readonly #tmux: string;
  readonly #socket: string;
  readonly screens: string[] = [];

  constructor(bench: Workbench) {
    this.#bench = bench;
    this.#tmux = bench.tool('tmux');
    this.#socket = join(bench.folder(), 'tmux');
  }

  async open(command: string): Promise<void> {
    await this.#run('new-session', '-d', '-s', 'row', '-x', '140', '-y', '40', command);
  }

  /** @param keys as tmux names them: text, `Enter`, `Escape` */
  async type(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#run('send-keys', '-t', '=row:', key);
    this.screens.push(await this.screen());
  }

  screen(): Promise<string> {
    return this.#run('capture-pane', '-p', '-t', '=row:');
  }

  async close(): Promise<void> {
    await this.#bench.run(this.#tmux, ['-S', this.#socket, 'kill-server']);
  }

  #run(...args: readonly string[]): Promise<string> {
    return this.#bench.succeed(this.#tmux, ['-S', this.#socket, ...args]);
  }
}

export async function runKronosVim(bench: Workbench, editor: 'vim' | 'nvim', year: 2018 | 2019): Promise<RunReport> {
  const checkout = bench.checkout(`kronos-${year}`);
  const program = bench.tool(editor);
  const hub = await bench.hub();
  const home = bench.folder();
  const database = join(home, 'database');
  // The plugin asks for the token at its first start; here its database has it already.
  const rc = join(home, 'vimrc');
  writeFileSync(
    rc,
    `set nocompatible
set rtp^=${checkout}
filetype plugin on
set noswapfile ${editor === 'vim' ? 'viminfo=' : 'shada='}
let g:kronos_sync=1
let g:kronos_sync_host='127.0.0.1:${hub.kronosPort}'
let g:kronos_database='${database}'
`,
  );
  const terminal = new Terminal(bench);
  try {
    await terminal.open(`HOME=${home} ${program} -u ${rc} -i NONE`);
    await eventually(async () => /token|user|\(y\/n\)|\?/i.test(await terminal.screen()), 'the question for a token');
    await terminal.type('y', 'Enter');
    await eventually(async () => (await terminal.screen()) !== '', 'the next question');
    await terminal.type(owner, 'Enter');
    await (year === 2018 ? use2018(terminal, hub) : use2019(terminal, hub));
    terminal.screens.push(await terminal.screen());
    const bad = terminal.screens.find((screen) => trouble.test(screen));
    check(bad === undefined, `there is an error on the screen: ${trouble.exec(bad ?? '')?.[0]}: ${bad?.trim()}`);
    await eventually(async () => sameTasks(database, hub), 'the database to hold what the hub holds');
  } finally {
    await terminal.close();
  }
  const did = year === 2018 ? ':K add, update, toggle, done and delete' : 'o, :w, toggle and dd in its list';
  return { version: commits[year], did: `${did}; its database equals the hub’s tasks, no error on the screen` };
}

async function use2018(terminal: Terminal, hub: ClientHub): Promise<void> {
  await terminal.type(':K add first +one', 'Enter');
  await hasTasks(hub, ['first']);
  await terminal.type(':K add second', 'Enter', ':K add third', 'Enter');
  await hasTasks(hub, ['first', 'second', 'third']);
  await terminal.type(':K update 1 renamed', 'Enter');
  await hasTasks(hub, ['renamed', 'second', 'third']);
  await terminal.type(':K toggle 2', 'Enter', ':K toggle 2', 'Enter');
  await terminal.type(':K delete 3', 'Enter');
  await terminal.type('y', 'Enter');
  await hasTasks(hub, ['renamed', 'second']);
}

async function use2019(terminal: Terminal, hub: ClientHub): Promise<void> {
  await terminal.type(':Kronos', 'Enter');
  await terminal.type('G', 'o', 'first +one', 'Escape', ':w', 'Enter');
  await hasTasks(hub, ['first']);
  await terminal.type('G', 'o', 'second', 'Escape', ':w', 'Enter');
  await hasTasks(hub, ['first', 'second']);
  await terminal.type('G', 'Enter', 'Enter');
  await terminal.type('G', 'dd', ':w', 'Enter');
  await eventually(
    async () => (await hub.tasks()).filter(({ done }) => Number(done) > 0).length === 1,
    'one task to be done',
  );
}

async function hasTasks(hub: ClientHub, wanted: readonly string[]): Promise<void> {
  const seen = async () => (await hub.tasks()).map(({ desc }) => String(desc)).sort();
  await eventually(async () => JSON.stringify(await seen()) === JSON.stringify(wanted), `the hub to hold ${wanted}`, {
    deadlineMs: 15_000,
  });
}

/** Lines of the database from the seventh on are tasks. */
async function sameTasks(database: string, hub: ClientHub): Promise<boolean> {
  if (!existsSync(database)) return false;
  const lines = readFileSync(database, 'utf8')
    .split('\n')
    .slice(6)
    .filter((line) => line !== '');
  const theirs = lines.map(
    (line) => /'desc': '([^']*)'|"desc":"([^"]*)"|desc=([^|]*)/.exec(line)?.slice(1).find(Boolean) ?? line,
  );
  const ours = (await hub.tasks()).map(({ desc }) => String(desc));
  checkEqual(theirs.sort(), ours.sort(), 'the database');
  return true;
}
