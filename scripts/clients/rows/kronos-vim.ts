// kronos.vim of both generations, unmodified, each in a terminal (tmux) of its own, used by its commands and keys. They share one account,
// work while the hub is killed, and come back: afterwards each database holds what the hub holds, and no error is on any screen.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../../tests/harness/eventually.ts';
import { freePort } from '../../prove/free-port.ts';
import { check, checkEqual } from '../check.ts';
import type { RunReport } from '../row.ts';
import { type ClientHub, owner, type Workbench } from '../workbench.ts';

type Generation = 2018 | 2019;
interface Setup {
  readonly editor: 'vim' | 'nvim';
  readonly generation: Generation;
}

const commits = { 2018: '68009e1', 2019: '7aa0ff6~1' } as const;
const trouble = /\bE\d+:.*|.*failed.*|Press ENTER.*/i;

/** One editor of one person, with a database that outlives its runs. */
class KronosVim {
  readonly name: string;
  readonly #bench: Workbench;
  readonly #generation: Generation;
  readonly #command: string;
  readonly #database: string;
  readonly #tmux: string;
  /** Each run has a terminal of its own: one that ends takes no new editor. */
  readonly #socket: string;
  #runs = 0;

  constructor(bench: Workbench, { editor, generation }: Setup, host: string) {
    const home = bench.folder();
    const rc = join(home, 'vimrc');
    this.name = `kronos.vim ${generation} in ${editor}`;
    this.#bench = bench;
    this.#generation = generation;
    this.#database = join(home, 'database');
    this.#tmux = bench.tool('tmux');
    this.#socket = join(home, 'tmux');
    this.#command = `HOME=${home} ${bench.tool(editor)} -u ${rc} -i NONE`;
    writeFileSync(
      rc,
      `set nocompatible noswapfile rtp^=${bench.checkout(`kronos-${generation}`)}
filetype plugin on
let g:kronos_sync=1
let g:kronos_sync_host='${host}'
let g:kronos_database='${this.#database}'
`,
    );
  }

  /** Starts the editor and gives it the token if it asks. */
  async open(): Promise<void> {
    const isFirst = !existsSync(this.#database);
    this.#runs += 1;
    await this.#run('new-session', '-d', '-s', 'row', '-x', '140', '-y', '40', this.#command);
    if (isFirst) {
      await this.#shows('(y/N)');
      await this.#type('y');
      await this.#shows('Enter your');
      await this.#type(owner, 'Enter');
      await eventually(() => this.#lines()[4], `${this.name} to have logged in`);
    }
    if (this.#generation === 2019) {
      await this.#type(':Kronos', 'Enter');
      await this.#shows('|ID');
    }
  }

  async add(description: string): Promise<void> {
    await this.#refresh();
    if (this.#generation === 2018) await this.#type(`:K add ${description}`, 'Enter');
    else await this.#type('G', 'o', description, 'Escape', ':w', 'Enter');
    await this.#has(description);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#refresh();
    if (this.#generation === 2018) await this.#type(`:K update ${this.#idOf(from)} ${to}`, 'Enter');
    else await this.#type(`:%s/${from}/${to}/`, 'Enter', ':w', 'Enter');
    await this.#has(to);
  }

  /** 2018 deletes a task, and sends nothing of a done one; 2019 makes a task done whose line is removed. */
  async remove(description: string): Promise<void> {
    await this.#refresh();
    if (this.#generation === 2018) await this.#type(`:K delete ${this.#idOf(description)}`, 'Enter', 'y');
    else await this.#type(`:g/${description}/d`, 'Enter', ':w', 'Enter');
    const stays = () => this.tasks().includes(description);
    await eventually(() => !stays(), `${this.name} to remove “${description}”`, { instead: () => this.tasks() });
  }

  async quit(): Promise<void> {
    await this.#type('Escape', ':qa!', 'Enter');
    const isOver = async () => (await this.#bench.run(...this.#with('has-session', '-t', '=row'))).code !== 0;
    await eventually(isOver, `${this.name} to quit`);
  }

  async close(): Promise<void> {
    await this.#bench.run(...this.#with('kill-server'));
  }

  /** The tasks of its database, as `describe` says them. */
  tasks(): readonly string[] {
    return this.#lines()
      .slice(6)
      .map((line) => describe(/'desc': '([^']*)'/.exec(line)?.[1] ?? line, /'done': (0|v:false)\b/.test(line)))
      .sort();
  }

  /** @throws if the screen shows an error, or a question that only an error asks */
  async checkScreen(): Promise<void> {
    const bad = trouble.exec(await this.#screen());
    check(bad === null, `${this.name} shows “${bad?.[0].trim()}”`);
  }

  /** The list of 2019 does not show by itself what a `read-all` brought, and saving it removes what it does not show. */
  async #refresh(): Promise<void> {
    if (this.#generation === 2019) await this.#type('Space');
  }

  #idOf(description: string): string {
    const line = this.#lines().find((text) => text.includes(`'desc': '${description}'`)) ?? '';
    return /'id': '?(-?\d+)/.exec(line)?.[1] ?? '';
  }

  #lines(): readonly string[] {
    if (!existsSync(this.#database)) return [];
    return readFileSync(this.#database, 'utf8').replace(/\n$/, '').split('\n');
  }

  async #has(description: string): Promise<void> {
    const has = () => this.tasks().includes(description);
    await eventually(has, `${this.name} to hold “${description}”`, { instead: () => this.tasks() });
  }

  async #shows(text: string): Promise<void> {
    let screen = '';
    const shows = async () => {
      screen = await this.#screen();
      return screen.includes(text);
    };
    await eventually(shows, `${this.name} to show “${text}”`, { instead: () => screen.trim() });
  }

  #screen(): Promise<string> {
    return this.#run('capture-pane', '-p', '-t', '=row:');
  }

  /** @param keys as tmux names them: text, `Enter`, `Escape` */
  async #type(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#run('send-keys', '-t', '=row:', key);
  }

  #run(...args: readonly string[]): Promise<string> {
    return this.#bench.succeed(...this.#with(...args));
  }

  #with(...args: readonly string[]): [command: string, args: readonly string[]] {
    return [this.#tmux, ['-S', `${this.#socket}-${this.#runs}`, ...args]];
  }
}

function describe(description: string, isOpen: boolean): string {
  return isOpen ? description : `${description} (done)`;
}

/** Waits until the hub holds these tasks and each editor holds the same. */
async function agree(hub: ClientHub, editors: readonly KronosVim[], wanted: readonly string[]): Promise<void> {
  const inHub = async () => (await hub.tasks()).map(({ desc, done }) => describe(desc, !done)).sort();
  let seen: Readonly<Record<string, readonly string[]>> = {};
  const doAgree = async () => {
    seen = Object.fromEntries([['the hub', await inHub()], ...editors.map((one) => [one.name, one.tasks()])]);
    const should = JSON.stringify([...wanted].sort());
    return Object.values(seen).every((tasks) => JSON.stringify(tasks) === should);
  };
  await eventually(doAgree, `all to hold ${[...wanted].sort().join(', ')}`, { instead: () => seen });
  for (const one of editors) await one.checkScreen();
}

export async function runKronosVims(bench: Workbench, setups: readonly Setup[]): Promise<RunReport> {
  const ports = { HORAI_PORT: String(await freePort()), HORAI_KRONOS_PORT: String(await freePort()) };
  const settings = { HORAI_DATA: bench.folder(), ...ports };
  let hub = await bench.hub(settings);
  const editors = setups.map((setup) => new KronosVim(bench, setup, `127.0.0.1:${ports.HORAI_KRONOS_PORT}`));
  let wanted: string[] = [];
  const together = () => agree(hub, editors, wanted);
  try {
    for (const [n, one] of editors.entries()) {
      await one.open();
      await agree(hub, editors.slice(0, n + 1), wanted);
      await one.add(`online ${n}`);
      await one.add(`spare ${n}`);
      wanted.push(`online ${n}`, `spare ${n}`);
      await agree(hub, editors.slice(0, n + 1), wanted);
    }
    for (const [n, one] of editors.entries()) {
      await one.rename(`online ${n}`, `renamed ${n}`);
      await one.remove(`spare ${n}`);
      wanted = wanted.map((task) => (task === `online ${n}` ? `renamed ${n}` : task));
      wanted = wanted.flatMap((task) => (task === `spare ${n}` ? removedLines(setups[n], task) : task));
      await together();
    }
    await hub.kill();
    for (const [n, one] of editors.entries()) {
      await one.quit();
      await one.open();
      await one.add(`offline ${n}`);
      await one.rename(`renamed ${n}`, `changed ${n}`);
      await one.quit();
      wanted = wanted.map((task) => (task === `renamed ${n}` ? `changed ${n}` : task)).concat(`offline ${n}`);
    }
    hub = await bench.hub(settings);
    for (const one of editors) await one.open();
    await together();
    for (const [n, one] of editors.entries()) {
      await one.add(`last ${n}`);
      wanted.push(`last ${n}`);
      await together();
    }
  } finally {
    for (const one of editors) await one.close();
  }
  const version = [...new Set(setups.map(({ generation }) => commits[generation]))].join(', ');
  const did = `${editors.length} editors added, renamed and removed tasks, edited while the hub was killed, and came back`;
  return { version, did: `${did}: ${wanted.length} tasks in each database and in the hub, no error on a screen` };
}

const command = fileURLToPath(new URL('../../../bin/kronos.cjs', import.meta.url));

/** The fields that kronos.vim does not know, and those that it shows in its own form. */
const planned = 'priority project wait scheduled every zone needs notes intervals worktime'.split(' ');

/**
 * `kronos` plans a task with every field that kronos.vim does not know. Editors of both generations rename it, online and while the hub is
 * killed: no editor shows an error, and no field is lost, at the hub and in `kronos`.
 */
export async function runPlannedTask(bench: Workbench, setups: readonly Setup[]): Promise<RunReport> {
  const ports = { HORAI_PORT: String(await freePort()), HORAI_KRONOS_PORT: String(await freePort()) };
  const settings = { HORAI_DATA: bench.folder(), ...ports };
  let hub = await bench.hub(settings);
  const home = bench.folder();
  const env = { KRONOS_DATA: join(home, 'data'), XDG_CACHE_HOME: join(home, 'cache'), KRONOS_NO_SYNC: '1', HOME: home };
  const kronos = (line: string) => bench.succeed(process.execPath, [command, ...line.split(' ')], { env });
  const editors = setups.map((setup) => new KronosVim(bench, setup, `127.0.0.1:${ports.HORAI_KRONOS_PORT}`));
  const inKronos = async (): Promise<readonly PlannedTask[]> => JSON.parse(await kronos('export json'));
  const plan = (tasks: readonly PlannedTask[], desc: string) => {
    const task = tasks.find((one) => one.desc === desc);
    return Object.fromEntries(planned.map((field) => [field, task?.[field]]));
  };
  try {
    await kronos(`login 127.0.0.1:${ports.HORAI_PORT} --token ${owner}`);
    await kronos('add first');
    await kronos('add planned @home.garden +deep priority:high scheduled:tomorrow every:week needs:1 :fri');
    await kronos('note 2 ask Bob about the colour');
    await kronos('track yesterday 9:00-10:15 task:2');
    await kronos('sync');
    const before = plan(await inKronos(), 'planned');
    checkEqual(
      planned.filter((field) => before[field] === undefined),
      ['wait'],
      'the fields that are not set',
    );
    let name = 'planned';
    const rename = async (one: KronosVim, to: string) => {
      await one.rename(name, to);
      name = to;
    };
    for (const [n, one] of editors.entries()) {
      await one.open();
      await agree(hub, editors.slice(0, n + 1), ['first', name]);
      await rename(one, `online-${n}`);
      await agree(hub, editors.slice(0, n + 1), ['first', name]);
    }
    await hub.kill();
    for (const [n, one] of editors.entries()) {
      await one.quit();
      if (n > 0) continue;
      await one.open();
      await rename(one, 'offline');
      await one.quit();
    }
    hub = await bench.hub(settings);
    for (const one of editors) await one.open();
    await agree(hub, editors, ['first', name]);
    // A change of the plan by `kronos` meanwhile shows no error in an editor.
    await kronos('sync');
    await kronos('update 2 priority:low needs:-1 wait:tomorrow');
    await kronos('note 2 Bob says green');
    await kronos('sync');
    await agree(hub, editors, ['first', name]);
    for (const [n, one] of editors.entries()) {
      await rename(one, `last-${n}`);
      await agree(hub, editors, ['first', name]);
    }
    await kronos('sync');
    const after = plan(await inKronos(), name);
    const notes = Array.isArray(after['notes']) ? after['notes'].length : 0;
    checkEqual([after['priority'], typeof after['wait'], notes], ['low', 'number', 2], 'what kronos changed');
    for (const field of ['project', 'scheduled', 'every', 'zone', 'intervals', 'worktime']) {
      checkEqual(after[field], before[field], `the field ${field}`);
    }
  } finally {
    for (const one of editors) await one.close();
  }
  const version = [...new Set(setups.map(({ generation }) => commits[generation]))].join(', ');
  return {
    version,
    did: `${editors.length} editors renamed a task with every field of kronos, online and offline: none was lost`,
  };
}

type PlannedTask = Readonly<Record<string, unknown>> & { readonly desc: string };

function removedLines(setup: Setup | undefined, task: string): string[] {
  return setup?.generation === 2019 ? [`${task} (done)`] : [];
}
