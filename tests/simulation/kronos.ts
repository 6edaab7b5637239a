// A world of devices of both generations, a lossy net and a hub that crashes, from one seed. Devices edit online and offline, go and
// come back; at the end all come back once, and then must hold the same tasks, and no edit may have been lost. What a device does
// is what the real clients do (their login, their versions in whole seconds of their own clock); none of it knows of the merge.

import type { mergeList } from '../../protocol/merge.ts';
import type { Appended, Store } from '../../server/core/store.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { type Message, settle, startHub, type TestHub, type Wire } from '../harness/kronos.ts';
import { TestWorld } from '../harness/world.ts';

export type Fields = Record<string, unknown> & { id: number; uid: string; index?: string };

export interface Edit {
  readonly uid: string;
  readonly field: string;
  readonly value: string;
}

export interface Deletion {
  readonly uid: string;
  /** The task as the one who deleted it saw it. */
  readonly seen: string;
  readonly live: boolean;
}

export interface Outcome {
  readonly seed: number;
  /** What is wrong; empty when nothing is. */
  readonly faults: readonly string[];
  readonly edits: number;
  readonly merges: number;
  readonly crashes: number;
  readonly story: readonly string[];
}

/** A store whose commits may be cut off by a crash: before, so that the write never was, or after, so that nobody hears of it. */
export function mortal(store: Store, fate: () => 'lives' | 'before' | 'after', alive: () => boolean): Store {
  const never = new Promise<never>(() => undefined);
  const guard =
    <A extends unknown[], R>(act: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (!alive()) return never;
      const result = await act(...args);
      return alive() ? result : never;
    };
  return {
    epoch: store.epoch,
    head: guard((channel) => store.head(channel)),
    append: async (channel, write, keep): Promise<Appended> => {
      if (!alive()) return never;
      const end = fate();
      if (end === 'before') return never;
      const appended = await store.append(channel, write, keep);
      return end === 'after' || !alive() ? never : appended;
    },
    since: guard((channel, seq, limit) => store.since(channel, seq, limit)),
    read: guard((channel, range) => store.read(channel, range)),
    history: guard((channel, past) => store.history(channel, past)),
    at: guard((channel, seq) => store.at(channel, seq)),
    channels: guard((prefix) => store.channels(prefix)),
    heads: guard((channels, prefixes) => store.heads(channels, prefixes)),
    forget: guard((channel, through) => store.forget(channel, through)),
    check: guard(() => store.check()),
    close: () => Promise.resolve(),
  };
}

/** What a device needs of the simulation that it is part of. */
export interface Around {
  readonly world: TestWorld;
  readonly owner: string;
  readonly hub: TestHub;
  readonly deletions: Deletion[];
  /** Whether no message is on its way to the hub. */
  readonly quiet: boolean;
  value(): string;
  trace(line: string): void;
  edited(device: SimDevice, uid: string, field: string, value: string): void;
  overwritten(device: SimDevice, list: string): void;
}

export class SimDevice {
  readonly name: string;
  readonly generation: 2018 | 2019;
  tasks: Fields[] = [];
  version = 0;
  wire: Wire | undefined;
  /** Messages under way, with the time they were sent. */
  toHub: { at: number; text: string }[] = [];
  toClient: { at: number; message: Message }[] = [];
  /** Edits made on this connection. */
  underWay: Edit[] = [];
  /** Has been answered a login once: before that, the hub owes it nothing. */
  met = false;
  /** Logged in, and not waiting for tasks it asked for. */
  ready = false;
  #sim: Around;
  #skew: number;
  #seen = new Set<number>();

  constructor(sim: Around, name: string, generation: 2018 | 2019, skew: number) {
    this.#sim = sim;
    this.name = name;
    this.generation = generation;
    this.#skew = skew;
  }

  /** Whole seconds of its own clock: seconds in 2018's tasks, but milliseconds in versions. */
  get clock(): number {
    return Math.floor((this.#sim.world.now() + this.#skew) / 1_000) * 1_000;
  }

  /**
   * A person does not type while the client waits for its tasks. Tasks of 2018 have nothing but an id, which others may give to another
   * task at the same moment: who is meant then, nobody can tell. So online that generation types only while nothing is under way.
   */
  get maySpeak(): boolean {
    if (this.wire === undefined) return true;
    if (!this.ready || this.generation === 2019) return this.ready;
    return this.toClient.length === 0 && this.wire.received.length === 0 && this.#sim.quiet;
  }

  send(message: object): void {
    this.#sim.trace(`${this.name} > ${JSON.stringify(message)}`);
    this.toHub.push({ at: this.#sim.world.now(), text: JSON.stringify(message) });
  }

  request(fields: object): void {
    if (!this.ready) return;
    this.send({ ...fields, user_id: this.#sim.owner, device_id: this.name, version: this.version });
  }

  connect(): void {
    this.wire = this.#sim.hub.connect(this.name);
    this.underWay = [];
    this.ready = false;
    this.send({ type: 'login', user_id: this.#sim.owner, device_id: this.name, version: this.version });
  }

  cut(orderly: boolean): void {
    const { wire } = this;
    this.#sim.trace(`${this.name} cut ${orderly ? 'orderly' : ''}`);
    // Before the end of a connection in good order comes what was said on it.
    if (orderly) for (const { text } of this.toHub) wire?.say(text);
    this.wire = undefined;
    this.ready = false;
    this.toHub = [];
    this.toClient = [];
    wire?.hangUp(orderly);
  }

  hear(message: Message): void {
    this.#sim.trace(`${this.name} < ${JSON.stringify(message)}`);
    const ask = (type: string, more: object = {}) =>
      this.send({ type, ...more, user_id: this.#sim.owner, device_id: this.name, version: this.version });
    if (message.success === false) return;
    switch (message.type) {
      case 'login':
        this.met = true;
        if (message.version > this.version) {
          ask('read-all');
          return;
        }
        if (message.version < this.version) ask('write-all', { tasks: this.tasks });
        this.ready = true;
        return;
      case 'read-all':
        for (const task of this.tasks) this.#seen.add(task.id);
        if (this.ready) this.#sim.overwritten(this, JSON.stringify(message.tasks));
        this.tasks = structuredClone(message.tasks);
        if (this.generation === 2019 || !this.ready) this.version = message.version;
        this.ready = true;
        return;
      default:
        this.#notified(message);
    }
  }

  #notified(message: Message): void {
    for (const task of this.tasks) this.#seen.add(task.id);
    if (this.generation === 2019) {
      if (message.version <= this.version) return;
    }
    this.version = message.version;
    const at = (task: Fields | undefined) => (task === undefined ? -1 : this.tasks.indexOf(task));
    const byIndex = (index: unknown) =>
      index === undefined ? undefined : this.tasks.find((task) => task.index === index);
    // Two tasks may have one id for a moment: ours, and one that somebody made at the same time.
    const { index } = message.type === 'delete' ? { index: message.task_index } : message.task;
    const byId = (id: unknown) => this.tasks.find((task) => task.id === id && task.index === index);
    if (message.type === 'create') this.tasks.push(structuredClone(message.task));
    if (message.type === 'update') {
      const place = at(byIndex(message.task.index) ?? byId(message.task_id ?? message.task.id));
      if (place >= 0) this.tasks[place] = structuredClone(message.task);
    }
    if (message.type === 'delete') {
      const place = at(byIndex(message.task_index) ?? byId(message.task_id));
      if (place >= 0) this.tasks.splice(place, 1);
    }
    this.#sim.overwritten(this, JSON.stringify(this.tasks));
  }

  /**
   * The smallest id that no task has, as the clients choose it. But one of 2018 takes none that it ever saw: without an index, another
   * task under an old id is an edit of the old task, for all that anybody can tell (README.md, M9).
   */
  #freeId(): number {
    for (const task of this.tasks) this.#seen.add(task.id);
    for (let id = 1; ; id += 1)
      if (!(this.generation === 2018 ? this.#seen.has(id) : this.tasks.some((task) => task.id === id))) return id;
  }

  act(chance: () => number): void {
    const stamp = this.generation === 2019 ? this.clock : this.clock / 1_000;
    const choice = chance();
    const open = this.tasks.filter((task) => !task['done']);
    const task = this.tasks[Math.floor(chance() * this.tasks.length)];
    this.version = this.clock;
    if (task === undefined || choice < 0.25) {
      this.#create();
      return;
    }
    if (choice < 0.7) {
      const field = ['desc', 'tags', 'due', 'note'][Math.floor(chance() * 4)] ?? 'desc';
      const value = this.#sim.value();
      this.#sim.edited(this, task.uid, field, value);
      this.#sim.trace(`${this.name} (${this.ready ? 'on' : 'off'}) edits ${task.uid}.${field} = ${value}`);
      this.#update(task, {
        ...task,
        [field]: field === 'tags' ? [value] : field === 'due' ? Number(digits({ uid: '', field, value })) : value,
      });
      return;
    }
    if (choice < 0.8 && open.length > 0) {
      const one = open[Math.floor(chance() * open.length)] ?? task;
      const id = Number(`${one.id}${String(this.clock / 1_000)}`) * (this.generation === 2019 ? -1 : 1);
      this.#update(one, { ...one, done: stamp, id });
      return;
    }
    if (choice < 0.87 && task['done']) {
      this.#update(task, { ...task, done: 0, id: this.#freeId() });
      return;
    }
    if (choice < 0.93) {
      this.tasks.splice(this.tasks.indexOf(task), 1);
      this.#seen.add(task.id);
      this.#sim.trace(`${this.name} (${this.ready ? 'on' : 'off'}) deletes ${task.uid}`);
      this.#sim.deletions.push({ uid: task.uid, seen: JSON.stringify(task), live: this.ready });
      this.request({
        type: 'delete',
        ...(this.generation === 2019 && task.index !== undefined ? { task_index: task.index } : { task_id: task.id }),
      });
      return;
    }
    const active = task['active'] ? { active: 0, last_active: stamp } : { active: stamp };
    this.#update(task, { ...task, ...active });
  }

  #create(): void {
    const id = this.#freeId();
    const uid = this.#sim.value();
    const desc = this.#sim.value();
    const index = this.generation === 2019 ? { index: `${this.#sim.owner}#${id}#${uid}` } : {};
    const task: Fields = { id, uid, desc, tags: [], active: 0, due: 0, done: 0, ...index };
    this.tasks.push(task);
    this.#sim.edited(this, uid, 'desc', desc);
    this.request({ type: 'create', task });
  }

  #update(task: Fields, changed: Fields): void {
    this.#seen.add(task.id);
    this.tasks[this.tasks.indexOf(task)] = changed;
    this.request({
      type: 'update',
      task: changed,
      ...(this.generation === 2018 && changed.id !== task.id ? { task_id: task.id } : {}),
    });
  }
}

class Simulation implements Around {
  readonly world: TestWorld;
  readonly edits: Edit[] = [];
  readonly deletions: Deletion[] = [];
  readonly devices: SimDevice[] = [];
  owner = '';
  hub!: TestHub;
  merges = 0;
  crashes = 0;
  #seed: number;
  #store = new MemoryStore({ epoch: 'sim' });
  #values = 0;
  #generation = 0;
  #merge: typeof mergeList | undefined;

  constructor(seed: number, merge?: typeof mergeList) {
    this.#seed = seed;
    this.world = new TestWorld(seed);
    this.#merge = merge;
  }

  get quiet(): boolean {
    return this.devices.every(({ toHub }) => toHub.length === 0);
  }

  value(): string {
    this.#values += 1;
    return `v${100_000 + this.#values}`;
  }

  /** What happened, for whoever looks into a seed. */
  readonly story: string[] = [];

  trace(line: string): void {
    this.story.push(`${this.world.now() % 10_000_000} ${line.replaceAll(this.owner || ' ', 'ME')}`);
  }

  edited(device: SimDevice, uid: string, field: string, value: string): void {
    const edit = { uid, field, value };
    this.edits.push(edit);
    if (device.ready) device.underWay.push(edit);
  }

  /** A client takes over a list that it did not ask for, or a task, and with it forgets what it changed meanwhile. */
  overwritten(device: SimDevice, list: string): void {
    for (const edit of device.underWay) if (!list.includes(digits(edit))) this.#forgotten.add(edit);
  }

  #forgotten = new Set<Edit>();

  async start(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    const alive = () => generation === this.#generation && !this.#dying;
    const fate = () => {
      if (!this.#stormy || this.world.random() > 0.01) return 'lives';
      this.#dying = true;
      return this.world.random() < 0.5 ? 'before' : 'after';
    };
    const store = mortal(this.#store, fate, alive);
    const hub = await startHub({
      world: this.world,
      store,
      ...(this.#merge === undefined ? {} : { merge: this.#merge }),
    });
    this.hub = hub;
    this.owner = hub.owner || this.owner;
  }

  #stormy = false;
  #dying = false;

  async run(): Promise<Outcome> {
    await this.start();
    const chance = () => this.world.random();
    const count = 2 + Math.floor(chance() * 3);
    for (let n = 0; n < count; n += 1) {
      const skew = chance() < 0.5 ? 0 : Math.floor((chance() - 0.5) * 6 * 86_400_000);
      this.devices.push(new SimDevice(this, `d${n}`, chance() < 0.5 ? 2018 : 2019, skew));
    }
    this.#stormy = chance() < 0.5;
    const steps = 40 + Math.floor(chance() * 120);
    for (let step = 0; step < steps; step += 1) await this.#step(chance);
    this.#stormy = false;
    await this.#end();
    return {
      seed: this.#seed,
      faults: this.#judge(JSON.stringify(await this.#store.history('owner/tasks', {}))),
      edits: this.edits.length,
      merges: this.merges,
      crashes: this.crashes,
      story: this.story,
    };
  }

  async #step(chance: () => number): Promise<void> {
    const device = this.devices[Math.floor(chance() * this.devices.length)];
    if (device === undefined) return;
    const choice = chance();
    if (choice < 0.4) {
      if (device.met && device.maySpeak) device.act(chance);
      await this.#pass(1 + chance() * 999);
    } else if (choice < 0.75) {
      await this.#deliver(device, 1 + Math.floor(chance() * 4));
    } else if (choice < 0.83) {
      if (device.wire === undefined) device.connect();
    } else if (choice < 0.88) {
      if (device.wire !== undefined) device.cut(device.toClient.length === 0 && chance() < 0.5);
    } else if (choice < 0.9) {
      await this.#crash();
    } else {
      await this.#pass(chance() < 0.2 ? chance() * 86_400_000 : chance() * 5_000);
    }
    if (this.#dying) await this.#crash();
  }

  /** Nothing stays under way for two seconds: what is slower than that is a broken connection. */
  async #pass(ms: number): Promise<void> {
    await settle();
    this.#collect();
    const late = (under: readonly { at: number }[]) => under.some(({ at }) => this.world.now() + ms - at > 1_000);
    for (let round = 0; round < 20; round += 1) {
      const waiting = this.devices.filter(({ toHub, toClient }) => late(toHub) || late(toClient));
      if (waiting.length === 0) break;
      for (const device of waiting) await this.#deliver(device, 1_000);
    }
    this.world.pass(Math.floor(ms));
    await settle();
    this.#collect();
  }

  async #deliver(device: SimDevice, most: number): Promise<void> {
    for (let n = 0; n < most; n += 1) {
      const up = device.toHub.shift();
      if (up !== undefined && device.wire !== undefined) {
        if (up.text.includes('"write-all"')) this.merges += 1;
        this.trace(`hub hears ${device.name} ${up.text.slice(0, 60)}`);
        device.wire.say(up.text);
        await settle();
        this.#collect();
      }
      const down = device.toClient.shift();
      if (down !== undefined) device.hear(down.message);
      if (up === undefined && down === undefined) return;
    }
  }

  /** What the hub handed to a wire is under way to the client now. */
  #collect(): void {
    for (const device of this.devices) {
      const { wire } = device;
      if (wire === undefined) continue;
      const at = this.world.now();
      device.toClient.push(...wire.received.splice(0).map((message: Message) => ({ at, message })));
      if (wire.closedWith !== undefined) device.cut(false);
    }
  }

  async #crash(): Promise<void> {
    this.#dying = false;
    this.crashes += 1;
    this.trace('CRASH');
    for (const device of this.devices) {
      device.wire = undefined;
      device.ready = false;
      device.toHub = [];
      device.toClient = [];
    }
    await this.start();
  }

  /** Everyone comes back, in some order, and the net is quiet. */
  async #end(): Promise<void> {
    for (const device of this.devices) device.cut(false);
    await this.#pass(10_000);
    for (const device of this.devices) {
      device.connect();
      for (let turn = 0; turn < 20; turn += 1) await this.#deliver(device, 100);
    }
    for (let turn = 0; turn < 20; turn += 1) for (const device of this.devices) await this.#deliver(device, 1_000);
  }

  #judge(past: string): string[] {
    const faults: string[] = [];
    const shown = (device: SimDevice) => device.tasks.map((task) => JSON.stringify(sorted(task))).sort();
    const first = this.devices[0];
    if (first === undefined) return ['no devices'];
    for (const device of this.devices) {
      if (JSON.stringify(shown(device)) !== JSON.stringify(shown(first))) {
        faults.push(
          `${device.name} and ${first.name} differ:\n  ${shown(device).join('\n  ')}\n  --\n  ${shown(first).join('\n  ')}`,
        );
      }
    }
    const ids = first.tasks.map((task) => task.id);
    if (new Set(ids).size !== ids.length) faults.push(`two tasks have one id: ${ids}`);
    const lost = this.edits.filter(
      (edit) => isLost(edit, this.edits, this.deletions, first.tasks) && !this.#neverArrived(edit, past),
    );
    for (const edit of lost) faults.push(`lost: ${JSON.stringify(edit)}`);
    return faults;
  }

  /** Cut off on its way to the hub, after the client itself had forgotten it: nobody can save that one. */
  #neverArrived(edit: Edit, past: string): boolean {
    return this.#forgotten.has(edit) && !past.includes(digits(edit));
  }
}

/** Whether an edit is nowhere in the tasks, nor overwritten by another, nor deleted by one who saw it or what there was. */
export function isLost(
  edit: Edit,
  edits: readonly Edit[],
  deletions: readonly Deletion[],
  tasks: readonly Fields[],
): boolean {
  const holds = (task: Fields) => JSON.stringify(task[edit.field] ?? null).includes(digits(edit));
  if (tasks.some(holds)) return false;
  const others = edits.filter((other) => other !== edit && other.uid === edit.uid && other.field === edit.field);
  // Overwritten, where the task is there with another edit's value.
  if (others.length > 0 && tasks.some((task) => task.uid === edit.uid)) return false;
  // Undone by a delete of one who saw it, or who saw what there was.
  return !deletions.some(
    ({ uid, seen, live }) =>
      uid === edit.uid && (live || seen.includes(digits(edit)) || others.some((other) => seen.includes(digits(other)))),
  );
}

/** What a value is known by in any JSON: the same six digits in a text or a number. */
export function digits(edit: Edit): string {
  return edit.value.slice(1);
}

export function sorted(task: object): object {
  return Object.fromEntries(Object.entries(task).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function simulate(seed: number, merge?: typeof mergeList): Promise<Outcome> {
  return new Simulation(seed, merge).run();
}
