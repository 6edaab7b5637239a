// A model of kronos.vim of 2018 (commit 68009e1) and of 2019 (7aa0ff6~1), from their observed behaviour and their source. The simulation
// delivers its messages. Comments name the source file of each behaviour. The model contains no knowledge of the merge.

import type { Message, TestHub, Wire } from '../harness/kronos.ts';
import type { TestWorld } from '../harness/world.ts';

/** A task as parsed JSON. */
export type Fields = Record<string, unknown> & { id: number; desc: string };

/** The identity of a task over all its edits: the first word of its description, or the field `uid` of a task that an SDK created. */
export function uidOf(task: Fields): string {
  return typeof task['uid'] === 'string' ? task['uid'] : (task.desc.split(' ')[0] ?? '');
}

export interface Edit {
  readonly uid: string;
  readonly field: string;
  readonly value: string;
  /** A stretch of work, in milliseconds of the device's clock. Its value is the end. */
  readonly worked?: { readonly from: number; readonly to: number };
}

export interface Deletion {
  readonly uid: string;
  /** The task as JSON, as the deleting device had it. */
  readonly seen: string;
  readonly live: boolean;
}

/** The part of the simulation that a device uses. */
export interface DeviceContext {
  readonly world: TestWorld;
  readonly owner: string;
  readonly hub: TestHub;
  readonly deletions: Deletion[];
  /** True if no message is on its way to the hub. */
  readonly quiet: boolean;
  value(): string;
  trace(line: string): void;
  /** Reports an error that the client would show on its screen. */
  fault(what: string): void;
  edited(device: SimDevice, uid: string, field: string, value: string, worked?: Edit['worked']): void;
  overwritten(device: SimDevice, list: string): void;
  /** A device reused the id of a task without an index for another task. Other clients take that for an edit of the first task. */
  confused(uid: string, by: string): void;
  /** A device has made a second task of its copy of a task. */
  copied(uid: string): void;
}

/** The fields that each generation reads of every task without a check: `to_list_string` and `to_info_string` in task.vim. */
const needed = {
  2018: ['id', 'desc', 'tags', 'active', 'last_active', 'due', 'done', 'worktime'],
  2019: ['id', 'index', 'desc', 'tags', 'active', 'start', 'stop', 'due', 'done'],
} as const;

export class SimDevice {
  readonly name: string;
  readonly generation: 2018 | 2019;
  tasks: Fields[] = [];
  version = 0;
  wire: Wire | undefined;
  /** Messages in transit, with the time at which they were sent. */
  toHub: { at: number; text: string }[] = [];
  toClient: { at: number; message: Message }[] = [];
  /** Edits made on this connection. */
  inTransit: Edit[] = [];
  /** True after the first answer to a login. Before that the hub guarantees nothing to the device. */
  hasLoggedIn = false;
  /** True if it is logged in and does not wait for requested tasks. */
  ready = false;
  /** True if the hub knows its clock, because it has sent a change. */
  hasSentChange = false;
  #sim: DeviceContext;
  #skew: number;
  /** The tasks that it deleted before it received their index, by id. */
  #freed = new Map<number, string>();
  /**
   * The tasks whose index it has from a list that the hub does not surely know to have arrived: it sent nothing two seconds later, and the
   * connection did not end in order (M11). To the hub, these tasks may still have no index here.
   */
  #doubtful = new Set<string>();
  #listedAt = 0;
  /** True if it has sent an index. Before that it may be a client that drops them, to the hub. */
  #hasSentIndex = false;
  /** The ids that it gave to tasks without a message, by uid. */
  #unsentIds = new Map<string, number>();

  constructor(sim: DeviceContext, name: string, generation: 2018 | 2019, skew: number) {
    this.#sim = sim;
    this.name = name;
    this.generation = generation;
    this.#skew = skew;
  }

  /** `localtime() * 1000`: whole seconds, in milliseconds. */
  get clock(): number {
    return Math.floor((this.#sim.world.now() + this.#skew) / 1_000) * 1_000;
  }

  /** The unit of times in tasks: seconds in 2018, milliseconds in 2019 (utils/date.vim). */
  get #stamp(): number {
    return this.generation === 2019 ? this.clock : this.clock / 1_000;
  }

  /**
   * True if a person may edit now. Nobody edits while the client waits for its tasks. Online, edits happen only while no message is in
   * transit: otherwise two devices could give one new id to different tasks, and the result would be undefined.
   */
  get mayEdit(): boolean {
    // If the hub does not know a wrong clock, it cannot compute when an index was created (W10).
    if (this.wire === undefined) return this.hasSentChange || this.#skew === 0;
    return this.ready && this.toClient.length === 0 && this.wire.received.length === 0 && this.#sim.quiet;
  }

  #noteDoubtful(): void {
    for (const task of this.tasks) if (task['index'] === undefined) this.#doubtful.add(uidOf(task));
    this.#listedAt = this.#sim.world.now();
  }

  send(message: object): void {
    if (this.#sim.world.now() - this.#listedAt >= 2_000) this.#doubtful.clear();
    this.#sim.trace(`${this.name} > ${JSON.stringify(message)}`);
    this.#hasSentIndex ||= JSON.stringify(message).includes('"index"');
    this.toHub.push({ at: this.#sim.world.now(), text: JSON.stringify(message) });
  }

  /** sync.vim, `bump_version` and `send`: the version becomes the clock, also when the client is offline. */
  request(fields: object): void {
    this.version = this.clock;
    if (!this.ready) return;
    this.hasSentChange = true;
    this.send({ ...fields, user_id: this.#sim.owner, device_id: this.name, version: this.version });
  }

  connect(): void {
    this.wire = this.#sim.hub.connect(this.name);
    this.inTransit = [];
    this.ready = false;
    this.#listedAt = Number.POSITIVE_INFINITY;
    this.send({ type: 'login', user_id: this.#sim.owner, device_id: this.name, version: this.version });
  }

  cut(orderly: boolean): void {
    const { wire } = this;
    this.#sim.trace(`${this.name} cut ${orderly ? 'orderly' : ''}`);
    // Messages arrive before an orderly end of the connection.
    if (orderly) for (const { text } of this.toHub) wire?.say(text);
    if (orderly) this.#doubtful.clear();
    this.wire = undefined;
    this.ready = false;
    this.toHub = [];
    this.toClient = [];
    wire?.hangUp(orderly);
  }

  /** sync.vim, `handle_data`; in 2018 sync/common.vim, `on_data`. */
  hear(message: Message): void {
    this.#sim.trace(`${this.name} < ${JSON.stringify(message)}`);
    const ask = (type: string, more: object = {}) =>
      this.send({ type, ...more, user_id: this.#sim.owner, device_id: this.name, version: this.version });
    // The client shows the error to the user unchanged.
    if (!message.success) {
      if (typeof message.error !== 'string')
        this.#sim.fault(`${this.name} shows E716 "error": ${JSON.stringify(message)}`);
      return;
    }
    switch (message.type) {
      case 'login':
        this.hasLoggedIn = true;
        if (message.version > this.version) {
          this.version = message.version;
          ask('read-all');
          return;
        }
        if (message.version < this.version) ask('write-all', { tasks: this.tasks });
        this.ready = true;
        return;
      case 'read-all':
        if (this.ready) this.#sim.overwritten(this, JSON.stringify(message.tasks));
        this.#noteDoubtful();
        this.tasks = structuredClone(message.tasks);
        this.#freed.clear();
        this.#unsentIds.clear();
        // 2018 takes the tasks but keeps its own version.
        if (this.generation === 2019) this.version = message.version;
        this.ready = true;
        break;
      default:
        if (typeof message.version !== 'number') {
          this.#sim.fault(`${this.name} shows E716 "version": ${JSON.stringify(message)}`);
          return;
        }
        if (this.generation === 2019 && message.version <= this.version) return;
        this.version = message.version;
        this.#applyChange(message);
        this.#sim.overwritten(this, JSON.stringify(this.tasks));
    }
    this.draw();
  }

  /** `:Kronos` redraws after every notification. If one task lacks a field, it shows no list at all. */
  draw(): void {
    for (const task of this.tasks) {
      const missing = needed[this.generation].find((field) => task[field] === undefined);
      // A task that the client created itself may lack the index, which the hub adds.
      if (missing !== undefined && (missing !== 'index' || this.generation === 2019)) {
        this.#sim.fault(`${this.name} shows no list, because ${missing} is missing: ${JSON.stringify(task)}`);
      }
      const { start } = task;
      if (this.generation === 2019 && task['active'] && !(Array.isArray(start) && start.length > 0)) {
        this.#sim.fault(`${this.name} shows E684 start[-1]: ${JSON.stringify(task)}`);
      }
    }
  }

  /** task.vim, `create`, `update`, `delete`: finds a task by `id` alone and ignores an unknown id. */
  #applyChange({ type, task, task_id: taskId }: Message): void {
    const place = (id: unknown) => this.tasks.findIndex((one) => Number(one.id) === Number(id));
    const namesake = type === 'create' ? this.tasks[place(task.id)] : undefined;
    // It gave this id to a task without a message (undone), ignores the new task, and means its own task by the id from now on.
    if (namesake !== undefined && uidOf(namesake) !== uidOf(task)) this.#sim.confused(uidOf(task), uidOf(namesake));
    if (type === 'create' && place(task.id) === -1) {
      const copy = structuredClone(task);
      // 2019 creates its own index for every task that it receives.
      if (this.generation === 2019) copy.index = `${this.#sim.owner}#${copy.id}#${this.clock}`;
      this.tasks.push(copy);
    }
    if (type === 'update' && place(task.id) >= 0) {
      const at = place(task.id);
      this.#reportOverwritten(at, task);
      const before = this.generation === 2019 ? this.tasks[at] : {};
      this.tasks[at] = { ...before, ...structuredClone(task) };
    }
    if (type === 'delete' && place(taskId) >= 0) {
      const [removed] = this.tasks.splice(place(taskId), 1);
      // The hub means the task that has this id there, because 2018 did not send that it gave the id to another one.
      if (removed !== undefined && this.#unsentIds.get(uidOf(removed)) === Number(taskId)) {
        this.#sim.deletions.push({ uid: uidOf(removed), seen: JSON.stringify(removed), live: true });
      }
    }
  }

  /**
   * A client that reused an id silently loses its own task when it receives an update of another task with that id. To the hub this looks
   * like a delete.
   */
  #reportOverwritten(at: number, by: Fields): void {
    const own = this.tasks[at];
    if (own === undefined || uidOf(own) === uidOf(by)) return;
    this.#sim.trace(`${this.name} overwrites ${uidOf(own)} by ${uidOf(by)}`);
    this.#sim.deletions.push({ uid: uidOf(own), seen: JSON.stringify(own), live: true });
  }

  /** task.vim, `generate_id`. */
  #freeId(): number {
    for (let id = 1; ; id += 1) if (!this.tasks.some((task) => Number(task.id) === id)) return id;
  }

  /** The hub recognizes a client of 2018 only after its first change: docs/limits.md. */
  get #isKnown(): boolean {
    return this.generation === 2019 || this.hasSentChange;
  }

  act(chance: () => number): void {
    const choice = chance();
    const open = this.tasks.filter((task) => !task['done']);
    // Done tasks are hidden (`g:kronos_hide_done` is 1), so they are rarely changed or deleted.
    const shown = open.length > 0 && chance() < 0.8 ? open : this.tasks.filter((task) => task['done']);
    const task = shown[Math.floor(chance() * shown.length)];
    const one = open[Math.floor(chance() * open.length)];
    if (task === undefined || choice < 0.25) this.#create();
    else if (choice < 0.65) this.#edit(one ?? task, chance);
    else if (choice < 0.76) {
      if (one !== undefined && this.#isKnown) this.#done(one);
    } else if (choice < 0.82) {
      if (task['done'] && this.generation === 2018 && this.#isKnown) this.#undone(task);
    } else if (choice < 0.9) this.#delete(task);
    else if (one !== undefined && this.#isKnown) this.#toggle(one);
  }

  /** interface/common.vim, `add`; ui.vim, `parse_buffer`. */
  #create(): void {
    const id = this.#freeId();
    const uid = this.#sim.value();
    const value = this.#sim.value();
    const common = { id, desc: `${uid} ${value}`, tags: [], active: 0, due: 0, done: 0 };
    const task: Fields =
      this.generation === 2019
        ? { ...common, start: [], stop: [], index: `${this.#sim.owner}#${id}#${this.clock}` }
        : { ...common, last_active: 0, worktime: 0 };
    this.tasks.push(task);
    const freed = this.#freed.get(id);
    if (freed !== undefined) this.#sim.confused(freed, uid);
    this.#sim.edited(this, uid, 'desc', value);
    this.request({ type: 'create', task });
  }

  #edit(task: Fields, chance: () => number): void {
    const field = ['desc', 'tags', 'due'][Math.floor(chance() * 3)] ?? 'desc';
    const value = this.#sim.value();
    const uid = uidOf(task);
    this.#noteEditedCopy(task);
    this.#sim.edited(this, uid, field, value);
    this.#sim.trace(`${this.name} (${this.ready ? 'on' : 'off'}) edits ${uid}.${field} = ${value}`);
    const due = (1_600_000_000 + Number(value.slice(1))) * (this.generation === 2019 ? 1_000 : 1);
    const edit = field === 'tags' ? { tags: [value] } : field === 'due' ? { due } : { desc: `${uid} ${value}` };
    this.#update(task, { ...task, ...edit });
  }

  /** The ids of the copies that it has edited of a task that it has twice, by uid. */
  #editedCopies = new Map<string, Set<string>>();

  /** Two copies of a task that were both edited stay two tasks. */
  #noteEditedCopy(task: Fields): void {
    const uid = uidOf(task);
    if (!this.tasks.some((one) => one !== task && uidOf(one) === uid)) return;
    const edited = this.#editedCopies.get(uid) ?? new Set();
    this.#editedCopies.set(uid, edited.add(String(task.id)));
    if (edited.size > 1) this.#sim.copied(uid);
  }

  #update(task: Fields, changed: Fields): void {
    this.tasks[this.tasks.indexOf(task)] = changed;
    // Only 2019 sends the old id of the task.
    this.request({ type: 'update', task: changed, ...(this.generation === 2019 ? { task_id: task.id } : {}) });
  }

  /** start, stop, done and undone in 2018's interface/common.vim send nothing and keep the version. */
  #changeSilently(task: Fields, changed: object): void {
    this.#sim.trace(`${this.name} (${this.ready ? 'on' : 'off'}) silently ${uidOf(task)} ${JSON.stringify(changed)}`);
    this.tasks[this.tasks.indexOf(task)] = { ...task, ...changed };
  }

  #done(task: Fields): void {
    const time = this.#stamp;
    const { start, stop } = task;
    if (this.generation === 2019) {
      if (task['active']) this.#noteWork(task, time);
      const stopped = task['active'] ? { active: 0, start, stop: [...(Array.isArray(stop) ? stop : []), time] } : {};
      // `-(id . time)`.
      this.#update(task, { ...task, ...stopped, done: time, id: -Number(`${task.id}${time}`) });
      return;
    }
    const active = Number(task['active']);
    const worked =
      active === 0 ? {} : { active: 0, last_active: time, worktime: Number(task['worktime']) + time - active };
    // `id . time` is a string in Vim script and is sent as one.
    this.#changeSilently(task, { ...worked, done: time, id: `${task.id}${time}` });
  }

  #undone(task: Fields): void {
    const id = this.#freeId();
    const freed = this.#freed.get(id);
    if (freed !== undefined && task['index'] === undefined) this.#sim.confused(freed, uidOf(task));
    // It has the task twice if another device marked it as done, too: docs/limits.md. The copy is a task of its own from now on.
    if (this.tasks.some((one) => one !== task && uidOf(one) === uidOf(task))) this.#sim.copied(uidOf(task));
    this.#unsentIds.set(uidOf(task), id);
    this.#changeSilently(task, { done: 0, id });
  }

  #toggle(task: Fields): void {
    const time = this.#stamp;
    const running = Boolean(task['active']);
    if (this.generation === 2019) {
      if (running) this.#noteWork(task, time);
      const list = (field: string) => {
        const times = task[field];
        return Array.isArray(times) ? [...times, time] : [time];
      };
      this.#update(task, {
        ...task,
        active: running ? 0 : 1,
        ...(running ? { stop: list('stop') } : { start: list('start') }),
      });
      return;
    }
    const worktime = Number(task['worktime']) + time - Number(task['active']);
    this.#changeSilently(task, running ? { active: 0, last_active: time, worktime } : { active: time });
  }

  /** Only 2019 has every stretch: 2018 has sums. */
  #noteWork({ start, ...task }: Fields, to: number): void {
    const from: unknown = Array.isArray(start) ? start.at(-1) : undefined;
    if (typeof from === 'number' && to > from) this.#sim.edited(this, uidOf(task), 'stop', `v${to}`, { from, to });
  }

  #delete(task: Fields): void {
    // In 2019, deleting the line of an open task completes it. Only a done task is deleted.
    if (this.generation === 2019 && !task['done']) return;
    this.tasks.splice(this.tasks.indexOf(task), 1);
    const uid = uidOf(task);
    // For a done task also the id that it had before.
    const ids = [Number(task.id), Number(String(task.id).slice(0, -10))];
    if (task['index'] === undefined || this.#doubtful.has(uid) || !this.#hasSentIndex) {
      for (const id of ids) this.#freed.set(id, uid);
      // The hub has the deleted task under the id that it had before it was done, and another task may have that id now.
      const heirs = this.tasks.filter((one) => one['index'] === undefined && ids.some((id) => hasHadId(one, id)));
      for (const heir of heirs) this.#sim.confused(uid, uidOf(heir));
    }
    this.#sim.trace(`${this.name} (${this.ready ? 'on' : 'off'}) deletes ${uid}`);
    this.#sim.deletions.push({ uid, seen: JSON.stringify(task), live: this.ready });
    // 2018 sends the id as it was typed, as a string. 2019 sends only the index.
    this.request({
      type: 'delete',
      ...(this.generation === 2019 ? { task_index: task['index'] } : { task_id: String(task.id) }),
    });
  }
}

/** True if the task has the id, or had it before it was done in 2018. */
function hasHadId({ id }: Fields, other: number): boolean {
  return other > 0 && [String(id), String(id).slice(0, -10)].some((digits) => Number(digits) === other);
}
