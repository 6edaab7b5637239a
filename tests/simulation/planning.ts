// Simulates command lines and kronos.vim of both generations that complete, undo, plan and delete recurring tasks while they are apart, on a
// network that cuts connections and a hub that crashes, from one seed. The command lines are the real actions and the real sync. At the end
// all are brought together; then each series has one open task, dependencies have no cycle, and no task, note, dependency or time of work that
// a command line stored is lost.

import * as actions from '../../clients/kronos/data/actions.ts';
import { type DatabaseStore, emptyDatabase, type KronosDatabase } from '../../clients/kronos/data/database.ts';
import { recordStep } from '../../clients/kronos/data/edits.ts';
import { AccountDatabase, synchronize } from '../../clients/kronos/sync/sync.ts';
import { connect, MemoryStorage, type Socket } from '../../clients/typescript/index.ts';
import { createsCycle } from '../../protocol/dependencies.ts';
import { parseIntervals, type WorkInterval } from '../../protocol/intervals.ts';
import type { Task } from '../../protocol/messages.ts';
import { type PlainTask, plainOf, wireOf } from '../../protocol/plain.ts';
import { seriesOf } from '../../protocol/recurrence.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { settle, startHub, type TestHub, type Wire } from '../harness/kronos.ts';
import { TestWorld } from '../harness/world.ts';
import { zoneOf } from '../harness/zones.ts';
import { common, mortal } from './kronos.ts';
import { type Deletion, type DeviceContext, SimDevice } from './vim.ts';

export interface Outcome {
  readonly seed: number;
  /** A sentence for each fault. */
  readonly faults: readonly string[];
  /** How many tasks were completed that recur. */
  readonly completed: number;
  /** How many intervals of work were stored. */
  readonly worked: number;
  /** How many dependencies were added. */
  readonly needed: number;
  readonly syncs: number;
  readonly crashes: number;
  readonly story: readonly string[];
}

/** Ways to break a part, which prove that the simulation detects faults. */
export interface Tampering {
  /** Changes the database before a sync. */
  readonly beforeSync?: (database: KronosDatabase, name: string) => KronosDatabase;
}

class MemoryDatabase implements DatabaseStore {
  database: KronosDatabase = { ...emptyDatabase, enable_sync: true };

  read(): KronosDatabase {
    return this.database;
  }

  write(change: (database: KronosDatabase) => Partial<KronosDatabase>): KronosDatabase {
    // As in a file: what is not JSON does not come back.
    this.database = JSON.parse(JSON.stringify({ ...this.database, ...change(this.database) }));
    return this.database;
  }

  compact(): void {}
}

/** The WebSocket of one sync. Messages arrive when the simulation delivers them. */
class SimSocket implements Socket {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly toHub: string[] = [];
  wire: Wire | undefined;
  over = false;

  send(text: string): void {
    this.toHub.push(text);
  }

  close(): void {
    this.cut();
  }

  cut(): void {
    if (this.over) return;
    this.over = true;
    this.wire?.hangUp(false);
    this.emit('onclose', { code: 1006, reason: '' });
  }

  emit(name: 'onopen' | 'onmessage' | 'onclose', event: object): void {
    const handler: unknown = this[name];
    if (typeof handler === 'function') handler.call(this, event);
  }
}

const berlin = zoneOf('Europe/Berlin');

/** A command line with its database and its disk. */
class SimCli {
  readonly name: string;
  readonly database = new MemoryDatabase();
  readonly disk = new MemoryStorage();
  #names = 0;

  constructor(name: string, owner: string) {
    this.name = name;
    this.database.database = { ...this.database.database, sync_user_id: owner, sync_device_id: '' };
  }

  /** @returns false if the action was refused */
  act(name: string, action: actions.TaskAction, args: string, now: number): actions.ActionOutcome {
    const context: actions.ActionContext = {
      now,
      zone: berlin,
      zoneName: () => 'Europe/Berlin',
      date: String,
      createId: () => {
        this.#names += 1;
        return `${this.name}-${this.#names}`;
      },
    };
    const outcome = action(this.database.read(), args, context);
    if (outcome.ok && outcome.changes.tasks !== undefined) {
      const { tasks } = outcome.changes;
      this.database.write((database) => recordStep(database, tasks, { action: name, at: now }));
    }
    return outcome;
  }
}

class Simulation implements DeviceContext {
  readonly world: TestWorld;
  readonly deletions: Deletion[] = [];
  readonly story: string[] = [];
  readonly faults: string[] = [];
  hub!: TestHub;
  owner = '';
  completed = 0;
  syncs = 0;
  crashes = 0;
  #seed: number;
  #tampering: Tampering;
  #store = new MemoryStore({ epoch: 'plan' });
  #clis: SimCli[] = [];
  #vims: SimDevice[] = [];
  #values = 0;
  #generation = 0;
  #stormy = false;
  #dying = false;
  /** The texts of notes and tasks that were added, with the series of their task. */
  #texts = new Map<string, string>();
  /** Work that was stopped, with the index of its task. */
  #work: { readonly index: string; readonly interval: WorkInterval }[] = [];
  /** Dependencies that were added: the indexes of both tasks. */
  #needs: { readonly index: string; readonly needed: string }[] = [];
  #deletedSeries = new Set<string>();

  constructor(seed: number, tampering: Tampering) {
    this.#seed = seed;
    this.#tampering = tampering;
    this.world = new TestWorld(seed);
  }

  get quiet(): boolean {
    return this.#vims.every(({ toHub }) => toHub.length === 0);
  }

  value(): string {
    this.#values += 1;
    return `v${100_000 + this.#values}`;
  }

  trace(line: string): void {
    this.story.push(`${this.world.now() % 100_000_000} ${line}`);
  }

  fault(what: string): void {
    this.faults.push(what);
  }

  edited(): void {
    // This simulation judges what the command lines wrote.
  }

  overwritten(): void {
    // The same.
  }

  confused(): void {
    // The same.
  }

  copied(): void {
    // The same.
  }

  get #now(): number {
    return Math.floor(this.world.now() / 1_000);
  }

  async #start(): Promise<void> {
    this.#generation += 1;
    this.#dying = false;
    const generation = this.#generation;
    const fate = () => {
      if (!this.#stormy || this.world.random() > 0.02) return 'lives';
      this.#dying = true;
      return this.world.random() < 0.5 ? 'before' : 'after';
    };
    const alive = () => generation === this.#generation && !this.#dying;
    this.hub = await startHub({ world: this.world, store: mortal(this.#store, fate, alive) });
    this.owner = this.hub.owner || this.owner;
  }

  async #crash(): Promise<void> {
    this.crashes += 1;
    this.trace('CRASH');
    for (const vim of this.#vims) {
      vim.wire = undefined;
      vim.ready = false;
      vim.toHub = [];
      vim.toClient = [];
    }
    await this.#start();
  }

  async run(): Promise<Outcome> {
    await this.#start();
    const chance = () => this.world.random();
    for (let n = 0; n < 2 + Math.floor(chance() * 2); n += 1) this.#clis.push(new SimCli(`c${n}`, this.owner));
    for (let n = 0; n < Math.floor(chance() * 3); n += 1) {
      this.#vims.push(new SimDevice(this, `vim${n}`, chance() < 0.5 ? 2018 : 2019, 0));
    }
    const [first] = this.#clis;
    if (first === undefined) throw new Error('no command line');
    first.act('add', actions.add, `${this.value()} every:week :1d`, this.#now);
    first.act('add', actions.add, `${this.value()} every:3d-after-done`, this.#now);
    first.act('add', actions.add, this.value(), this.#now);
    for (const cli of this.#clis) await this.#sync(cli, undefined);
    this.#stormy = chance() < 0.3;
    const steps = 25 + Math.floor(chance() * 45);
    for (let step = 0; step < steps; step += 1) await this.#step(chance);
    this.#stormy = false;
    await this.#end();
    await this.#judge();
    const { faults, completed, syncs, crashes, story } = this;
    const [worked, needed] = [this.#work.length, this.#needs.length];
    return { seed: this.#seed, faults, completed, worked, needed, syncs, crashes, story };
  }

  async #step(chance: () => number): Promise<void> {
    const choice = chance();
    const cli = this.#clis[Math.floor(chance() * this.#clis.length)];
    const vim = this.#vims[Math.floor(chance() * this.#vims.length)];
    if (choice < 0.55 && cli !== undefined) this.#act(cli, chance);
    else if (choice < 0.7 && cli !== undefined)
      await this.#sync(cli, chance() < 0.3 ? Math.floor(chance() * 8) : undefined);
    else if (vim !== undefined) await this.#stepVim(vim, chance);
    await this.#pass(1_000 + chance() * (chance() < 0.2 ? 86_400_000 * 4 : 5_000));
    if (this.#dying) await this.#crash();
  }

  async #stepVim(vim: SimDevice, chance: () => number): Promise<void> {
    const choice = chance();
    if (choice < 0.45 && vim.hasLoggedIn && vim.mayEdit) vim.act(chance);
    else if (choice < 0.7 && vim.wire === undefined) vim.connect();
    else if (choice < 0.8 && vim.wire !== undefined) vim.cut(true);
    await this.#deliver();
  }

  #act(cli: SimCli, chance: () => number): void {
    const { tasks } = cli.database.read();
    const open = tasks.filter((task) => task.done === 0);
    const recurring = open.filter((task) => task.every !== undefined);
    const pick = (list: readonly PlainTask[]) => list[Math.floor(chance() * list.length)];
    const choice = chance();
    const task = pick(choice < 0.5 && recurring.length > 0 ? recurring : open);
    const done = pick(tasks.filter((one) => one.done !== 0));
    const other = pick(open);
    const run = (name: string, action: actions.TaskAction, args: string) => {
      const outcome = cli.act(name, action, args, this.#now);
      this.trace(`${cli.name} ${name} ${args}: ${outcome.ok ? 'ok' : outcome.error}`);
      return outcome.ok;
    };
    if (task === undefined || choice > 0.93) {
      const text = this.value();
      run('add', actions.add, `${text}${chance() < 0.4 ? ' every:2d :1d' : ''} @p${Math.floor(chance() * 3)}`);
      const added = cli.database.read().tasks.find(({ desc }) => desc === text);
      if (added !== undefined) this.#texts.set(text, seriesOf(added.index));
    } else if (choice < 0.4) {
      if (!run('done', actions.done, `${task.id}`)) return;
      this.#noteWork(task);
      if (task.every !== undefined) this.completed += 1;
    } else if (choice < 0.5) {
      if (done !== undefined) run('undone', actions.undone, `${done.id}`);
    } else if (choice < 0.6) {
      const text = this.value();
      if (run('note', actions.note, `${task.id} ${text}`)) this.#texts.set(text, seriesOf(task.index));
    } else if (choice < 0.7) {
      if (other === undefined || other === task) return;
      const isAdded = run('update', actions.update, `${task.id} needs:${other.id}`);
      if (isAdded) this.#needs.push({ index: task.index, needed: other.index });
    } else if (choice < 0.75) {
      run(
        'update',
        actions.update,
        `${task.id} priority:${chance() < 0.5 ? 'high' : '-'} @p${Math.floor(chance() * 3)}`,
      );
    } else if (choice < 0.9) {
      if (run('toggle', actions.toggle, `${task.id}`)) this.#noteWork(task);
    } else {
      this.#deletedSeries.add(seriesOf(task.index));
      run('delete', actions.remove, `${task.id}`);
    }
  }

  /** @param task as it was before it was stopped, or completed */
  #noteWork({ index, active }: PlainTask): void {
    const interval = { from: active, to: this.#now };
    if (active !== 0 && interval.to > active) this.#work.push({ index, interval });
  }

  /** @param most messages to the hub before the connection is cut; undefined for a connection that lasts */
  async #sync(cli: SimCli, most: number | undefined): Promise<void> {
    this.syncs += 1;
    this.trace(`${cli.name} syncs${most === undefined ? '' : `, cut after ${most}`}`);
    const { world } = this;
    cli.database.database = this.#tampering.beforeSync?.(cli.database.database, cli.name) ?? cli.database.database;
    const sockets: SimSocket[] = [];
    const { sync_user_id: token, sync_device_id: device } = cli.database.read();
    const connection = connect({
      url: 'ws://hub',
      name: 'kronos',
      token,
      ...(device === '' ? {} : { device }),
      storage: cli.disk,
      webSocket: class {
        constructor() {
          const socket = new SimSocket();
          sockets.push(socket);
          // biome-ignore lint/correctness/noConstructorReturn: a socket of this simulation
          return socket;
        }
      } as never,
      now: () => world.now(),
      after: (ms, act) => world.after(ms, act),
      random: world.random,
      id: () => world.id(),
    });
    const database = new AccountDatabase(cli.database, cli.database.read());
    const options = { now: () => world.now(), patienceMs: 2_000 };
    let isOver = false;
    const ended = synchronize(database, connection, connection.channel<Task>('tasks'), options)
      .then((result) => {
        for (const { type, key, failure } of result.refused) {
          // An edit of another device beats a delete.
          if (type === 'delete' && failure.code === 'stale') continue;
          this.fault(`${cli.name}: the hub refused to ${type} ${key}: ${failure.error}`);
        }
      })
      .finally(() => {
        isOver = true;
      });
    let sent = 0;
    for (let turn = 0; !isOver && turn < 2_000; turn += 1) {
      await settle();
      let moved = false;
      for (const socket of sockets) {
        if (socket.over) continue;
        if (socket.wire === undefined) {
          socket.wire = this.hub.connect(cli.name);
          socket.emit('onopen', {});
          moved = true;
        }
        for (const text of socket.toHub.splice(0)) {
          if (most !== undefined && sent >= most) socket.cut();
          sent += 1;
          if (!socket.over) socket.wire.say(text);
          moved = true;
        }
        await settle();
        for (const message of socket.wire.received.splice(0)) {
          if (!socket.over) socket.emit('onmessage', { data: JSON.stringify(message) });
          moved = true;
        }
      }
      if (!moved) world.pass(200);
    }
    await ended;
    await connection.close();
    for (const socket of sockets) socket.cut();
    await this.#deliver();
  }

  /** Moves the clock, a second at a time while messages wait, so that clients of 2018 and 2019 keep up. */
  async #pass(ms: number): Promise<void> {
    await this.#deliver();
    this.world.pass(Math.floor(ms));
    await this.#deliver();
  }

  /** All messages of connected Vims arrive. */
  async #deliver(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) {
      await settle();
      let moved = false;
      for (const vim of this.#vims) {
        const { wire } = vim;
        if (wire === undefined) continue;
        for (const { text } of vim.toHub.splice(0)) {
          wire.say(text);
          moved = true;
          await settle();
        }
        for (const message of wire.received.splice(0)) {
          vim.hear(message);
          moved = true;
        }
        if (wire.closedWith !== undefined) vim.cut(false);
      }
      if (!moved) return;
    }
  }

  async #end(): Promise<void> {
    if (this.#dying) await this.#crash();
    for (const vim of this.#vims) if (vim.wire !== undefined) vim.cut(true);
    await this.#pass(10_000);
    for (let round = 0; round < 2; round += 1) {
      for (const cli of this.#clis) await this.#sync(cli, undefined);
      for (const vim of this.#vims) {
        if (vim.wire === undefined) vim.connect();
        await this.#pass(5_000);
        await this.#pass(5_000);
      }
    }
    for (const cli of this.#clis) await this.#sync(cli, undefined);
    await this.#pass(5_000);
  }

  async #judge(): Promise<void> {
    const { items } = await this.#store.state('owner/tasks', {});
    const tasks = items.map(({ key, value }) => plainOf(key, JSON.parse(value)));
    const text = (list: readonly PlainTask[]) =>
      JSON.stringify([...list].sort((a, b) => (a.index < b.index ? -1 : 1)).map(sorted));
    for (const cli of this.#clis) {
      if (text(cli.database.read().tasks) !== text(tasks)) {
        this.fault(`${cli.name} differs from the hub:\n${text(cli.database.read().tasks)}\n--\n${text(tasks)}`);
      }
    }
    const shown = (list: readonly Task[]) => JSON.stringify(list.map((task) => JSON.stringify(common(task))).sort());
    for (const vim of this.#vims) {
      if (shown(vim.tasks) !== shown(tasks.map((task) => wireOf(undefined, undefined, task)))) {
        this.fault(`${vim.name} differs from the hub`);
      }
    }
    this.#judgeSeries(tasks);
    const byIndex = new Map(tasks.map((task) => [task.index, task]));
    for (const { index, needs = [] } of tasks) {
      const closes = needs.some((needed) => createsCycle(index, needed, (other) => byIndex.get(other)));
      if (closes) this.fault(`${index} needs itself`);
    }
    this.#judgeLosses(tasks);
  }

  #judgeLosses(tasks: readonly PlainTask[]): void {
    const gone = this.deletions.map(({ seen }) => seen).join(' ');
    const kept = JSON.stringify(tasks);
    for (const [text, series] of this.#texts) {
      if (!kept.includes(text) && !this.#deletedSeries.has(series) && !gone.includes(text)) this.fault(`lost: ${text}`);
    }
    const byIndex = new Map(tasks.map((task) => [task.index, task]));
    for (const { index, interval } of this.#work) {
      const task = byIndex.get(index);
      // A task may have been deleted, and a deletion may have been undone by an edit that did not know of this work.
      if (task === undefined || this.#deletedSeries.has(seriesOf(index)) || gone.includes(index)) continue;
      if (!isCovered(interval, parseIntervals(task.intervals))) {
        this.fault(`lost: work ${interval.from}+${interval.to - interval.from} of ${index}: ${task.intervals}`);
      }
    }
    if (this.#deletedSeries.size > 0 || this.deletions.length > 0) return;
    for (const { index, needed } of this.#needs) {
      const isThere = byIndex.get(index)?.needs?.includes(needed) === true;
      // A dependency that would close a cycle is left out (N4.3).
      const closes = createsCycle(index, needed, (other) => byIndex.get(other));
      if (!isThere && !closes) this.fault(`lost: ${index} needs ${needed}`);
    }
  }

  #judgeSeries(tasks: readonly PlainTask[]): void {
    const open = new Map<string, number>();
    const all = new Set<string>();
    for (const task of tasks) {
      if (task.every === undefined) continue;
      all.add(seriesOf(task.index));
      if (task.done === 0) open.set(seriesOf(task.index), (open.get(seriesOf(task.index)) ?? 0) + 1);
    }
    for (const series of all) {
      const count = open.get(series) ?? 0;
      const mayEnd = this.#deletedSeries.has(series) || this.deletions.length > 0;
      if (count > 1 || (count === 0 && !mayEnd)) this.fault(`${series} has ${count} open tasks`);
    }
  }
}

function isCovered({ from, to }: WorkInterval, intervals: readonly WorkInterval[]): boolean {
  let reached = from;
  for (const one of intervals) if (one.from <= reached) reached = Math.max(reached, one.to);
  return reached >= to;
}

/** The fields in one order, and lists whose order does not count sorted. */
function sorted(task: PlainTask): unknown {
  const { tags, needs = [], notes = [], ...rest } = task;
  const fields = Object.entries(rest).sort(([one], [other]) => (one < other ? -1 : 1));
  return [fields, [...tags].sort(), [...needs].sort(), notes.map(({ text }) => text).sort()];
}

export function simulate(seed: number, tampering: Tampering = {}): Promise<Outcome> {
  return new Simulation(seed, tampering).run();
}
