// Simulates devices of both generations, a lossy network and a hub that crashes, from one seed. Devices edit online and offline, disconnect
// and reconnect. At the end all reconnect once; then they must have the same tasks, and no edit may be lost. The devices behave like the real
// clients (login, versions in whole seconds of their own clock) and contain no knowledge of the merge.

import { pairMoments } from '../../protocol/intervals.ts';
import type { mergeList, mergeListInSteps } from '../../protocol/merge.ts';
import type { Task } from '../../protocol/messages.ts';
import { plainOf } from '../../protocol/plain.ts';
import type { Appended, Store } from '../../server/core/store.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { type Message, settle, startHub, type TestHub } from '../harness/kronos.ts';
import { TestWorld } from '../harness/world.ts';
import { type Deletion, type DeviceContext, type Edit, type Fields, SimDevice, uidOf } from './vim.ts';

export interface Outcome {
  readonly seed: number;
  /** A sentence for each fault. */
  readonly faults: readonly string[];
  readonly edits: number;
  readonly merges: number;
  readonly crashes: number;
  readonly story: readonly string[];
}

/** A store whose commits a crash can interrupt: `before` loses the write, `after` loses only its answer. */
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
    since: guard((channel, seq, limit, page) => store.since(channel, seq, limit, page)),
    read: guard((channel, range) => store.read(channel, range)),
    state: guard((channel, range) => store.state(channel, range)),
    history: guard((channel, past) => store.history(channel, past)),
    at: guard((channel, seq) => store.at(channel, seq)),
    channels: guard((prefix) => store.channels(prefix)),
    heads: guard((channels, prefixes) => store.heads(channels, prefixes)),
    forget: guard((channel, through) => store.forget(channel, through)),
    bytes: guard((channel) => store.bytes(channel)),
    check: guard(() => store.check()),
    close: () => Promise.resolve(),
  };
}

/** The fate of messages in transit when a connection or the hub ends: a lossy network loses them, a reliable one delivers them first. */
export type Net = 'lossy' | 'reliable';

class Simulation implements DeviceContext {
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
  #net: Net;

  constructor(seed: number, net: Net, merge?: typeof mergeList) {
    this.#seed = seed;
    this.#net = net;
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

  /** The trace of the run, for debugging a seed. */
  readonly story: string[] = [];

  trace(line: string): void {
    this.story.push(`${this.world.now() % 10_000_000} ${line.replaceAll(this.owner || ' ', 'ME')}`);
  }

  /** Errors that clients showed to their users. */
  readonly errors: string[] = [];

  fault(what: string): void {
    this.errors.push(what);
    this.trace(`FAULT ${what}`);
  }

  edited(device: SimDevice, uid: string, field: string, value: string, worked?: Edit['worked']): void {
    const edit = { uid, field, value, ...(worked === undefined ? {} : { worked }) };
    this.edits.push(edit);
    if (device.ready) device.inTransit.push(edit);
  }

  /** A client replaces its tasks by an unrequested list or change, and so loses its own edits that are still in transit. */
  overwritten(device: SimDevice, list: string): void {
    for (const edit of device.inTransit) if (!list.includes(digits(edit))) this.#forgotten.add(edit);
  }

  #forgotten = new Set<Edit>();
  /** Tasks whose edits cannot be told apart, because they had the same id. */
  #confused = new Set<string>();

  confused(uid: string, by: string): void {
    this.trace(`${by} is mistaken for ${uid}`);
    this.#confused.add(uid).add(by);
  }

  /** Tasks of which a device has made a second one. */
  #copied = new Set<string>();

  copied(uid: string): void {
    this.trace(`${uid} is a second task from now on`);
    this.#copied.add(uid);
  }

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
      ...(this.#merge === undefined ? {} : { merge: withPauses(this.#merge) }),
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
    this.#stormy = chance() < 0.5 && this.#net === 'lossy';
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
      if (device.hasLoggedIn && device.mayEdit) device.act(chance);
      // Two edits rarely happen within one second. Then the result for an equal id or index is undefined, so the clock moves on.
      await this.#pass(1_000 + chance() * 999);
    } else if (choice < 0.75) {
      await this.#deliver(device, 1 + Math.floor(chance() * 4));
    } else if (choice < 0.83) {
      if (device.wire === undefined) device.connect();
    } else if (choice < 0.88) {
      if (this.#net === 'reliable') await this.#calm();
      const orderly = device.toClient.length === 0 && (chance() < 0.5 || this.#net === 'reliable');
      if (device.wire !== undefined) device.cut(orderly);
    } else if (choice < 0.9) {
      if (this.#net === 'reliable') await this.#calm();
      await this.#crash();
    } else {
      await this.#pass(chance() < 0.2 ? chance() * 86_400_000 : chance() * 5_000);
    }
    if (this.#dying) await this.#crash();
  }

  /** Moves the clock. Messages that would be in transit for more than a second arrive first: a slower network counts as a broken connection. */
  async #pass(ms: number): Promise<void> {
    await settle();
    this.#collect();
    const isLate = (messages: readonly { at: number }[]) =>
      messages.some(({ at }) => this.world.now() + ms - at > 1_000);
    for (let round = 0; round < 20; round += 1) {
      const waiting = this.devices.filter(({ toHub, toClient }) => isLate(toHub) || isLate(toClient));
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
        this.trace(`hub receives ${device.name} ${up.text.slice(0, 60)}`);
        device.wire.say(up.text);
        await settle();
        this.#collect();
      }
      const down = device.toClient.shift();
      if (down !== undefined) device.hear(down.message);
      if (up === undefined && down === undefined) return;
    }
  }

  /** Takes the hub's messages from the wires. They are now in transit to the clients. */
  #collect(): void {
    for (const device of this.devices) {
      const { wire } = device;
      if (wire === undefined) continue;
      const at = this.world.now();
      device.toClient.push(...wire.received.splice(0).map((message: Message) => ({ at, message })));
      if (wire.closedWith !== undefined) device.cut(false);
    }
  }

  /** All messages in transit arrive, and the hub has time to record the tasks of each device. */
  async #calm(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) {
      for (const device of this.devices) await this.#deliver(device, 1_000);
      await this.#pass(1_000);
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

  /** All devices reconnect, in some order, on a network without failures. */
  async #end(): Promise<void> {
    for (const device of this.devices) device.cut(false);
    await this.#pass(10_000);
    for (const device of this.devices) {
      device.connect();
      for (let turn = 0; turn < 20; turn += 1) await this.#deliver(device, 100);
    }
    await this.#calm();
  }

  #judge(past: string): string[] {
    const faults: string[] = this.errors.slice(0, 3);
    const shown = (device: SimDevice) => device.tasks.map((task) => JSON.stringify(common(task))).sort();
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
    const uids = first.tasks.map(uidOf).filter((uid) => !this.#copied.has(uid) && !this.#confused.has(uid));
    if (new Set(uids).size !== uids.length) faults.push(`a task exists twice: ${uids}`);
    // Only clients of 2019 have the lists in which a stretch of work can be found.
    const of2019 = this.devices.find(({ generation }) => generation === 2019);
    const lost = this.edits.filter((edit) => {
      const tasks = edit.worked === undefined ? first.tasks : of2019?.tasks;
      return tasks !== undefined && isLost(edit, this.edits, this.deletions, tasks) && !this.#isExcused(edit, past);
    });
    for (const edit of lost) faults.push(`lost: ${JSON.stringify(edit)}`);
    return faults;
  }

  /**
   * True for edits that no hub could save: the client had already lost the edit before it reached the hub, or a device had two tasks under
   * one id, so that their edits cannot be told apart.
   */
  #isExcused(edit: Edit, past: string): boolean {
    return this.#confused.has(edit.uid) || (this.#forgotten.has(edit) && !past.includes(digits(edit)));
  }
}

/** True if an edit is not in the tasks, and neither a later edit nor a delete by a device that had seen the task explains that. */
export function isLost(
  edit: Edit,
  edits: readonly Edit[],
  deletions: readonly Deletion[],
  tasks: readonly Fields[],
): boolean {
  const { worked } = edit;
  const holds = (task: Fields) =>
    worked === undefined
      ? JSON.stringify(task[edit.field] ?? null).includes(digits(edit))
      : uidOf(task) === edit.uid && coversWork(task, worked, isEndedTwice(edit, edits));
  if (tasks.some(holds)) return false;
  const others = edits.filter((other) => other !== edit && other.uid === edit.uid && other.field === edit.field);
  // Another edit of the same field has replaced it.
  if (worked === undefined && others.length > 0 && tasks.some((task) => uidOf(task) === edit.uid)) return false;
  // A device that had seen this edit, or a later one, has deleted the task.
  return !deletions.some(
    ({ uid, seen, live }) =>
      uid === edit.uid &&
      (live ||
        seen.includes(digits(edit)) ||
        others.some((other) => seen.includes(digits(other))) ||
        (worked !== undefined && showsWorkUntil(seen, worked.to))),
  );
}

/** True if a task of 2018, which has no lists of work, was last active at that moment or later. */
function showsWorkUntil(seen: string, to: number): boolean {
  const { last_active: last } = JSON.parse(seen);
  return typeof last === 'number' && last * 1_000 >= to;
}

/**
 * True if one interval of the task contains the stretch: another device may have stopped the same start later. Where clocks differ, a stop may
 * be later than the next start; then the client's own pairs count, which go by the place in the lists (kronos.vim 2019, worktime).
 */
function coversWork(task: Fields, { from, to }: NonNullable<Edit['worked']>, isTwice: boolean): boolean {
  const list = (field: 'start' | 'stop') => {
    const times: unknown = task[field];
    return Array.isArray(times) ? times.filter((time) => typeof time === 'number') : [];
  };
  const [starts, stops] = [list('start'), list('stop')];
  const byPlace = starts.map((start, place) => ({ from: start, to: stops[place] ?? Number.NEGATIVE_INFINITY }));
  return [...pairMoments(starts, stops).intervals, ...byPlace].some(
    (one) => one.from <= from && (isTwice ? one.to > from : one.to >= to),
  );
}

/** True if another device has stopped the task, too, or has finished it, by its own clock: then one of the ends stays. */
function isEndedTwice(edit: Edit, edits: readonly Edit[]): boolean {
  return edits.some((other) => other !== edit && other.uid === edit.uid && /^(?:stop|done)$/.test(other.field));
}

/** The six digits that identify an edit's value in any JSON, in a text or a number. */
export function digits(edit: Edit): string {
  return edit.value.slice(1);
}

/** The fields of a task that both generations have, in one form. */
export function common(wire: Task): object {
  const { id, desc, tags, due, done, active } = plainOf('', wire);
  return { id: Number(id), desc, tags, due, done, active: active !== 0 };
}

export function simulate(seed: number, net: Net = 'lossy', merge?: typeof mergeList): Promise<Outcome> {
  return new Simulation(seed, net, merge).run();
}

/** A merge as the hub calls it. */
function withPauses(merge: typeof mergeList): typeof mergeListInSteps {
  return function* (...all) {
    yield;
    return merge(...all);
  };
}
