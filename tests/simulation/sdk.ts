// Simulates SDKs and plain Kronos clients of one account, a lossy network, a hub that crashes, restarts and is migrated, and processes that
// end at any moment and leave their storage, from one seed. At the end all reconnect and must have the items of the hub. No queued write may
// be lost or executed twice. The plain clients are those of vim.ts.

import { setImmediate } from 'node:timers/promises';
import {
  type Channel,
  type ChannelEvent,
  type Connection,
  connect,
  type Item,
  MemoryStorage,
  type RefusedWrite,
  type Socket,
  type Storage,
} from '../../clients/typescript/index.ts';
import type { Store } from '../../server/core/store.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { type Message, settle, startHub, type TestHub, type Wire } from '../harness/kronos.ts';
import { TestWorld } from '../harness/world.ts';
import { common, digits, isLost, mortal } from './kronos.ts';
import { type Deletion, type DeviceContext, type Edit, type Fields, SimDevice, uidOf } from './vim.ts';

export interface Outcome {
  readonly seed: number;
  /** A sentence for each fault. */
  readonly faults: readonly string[];
  /** The number of writes of SDKs. */
  readonly writes: number;
  readonly crashes: number;
  /** The number of killed processes. */
  readonly kills: number;
  readonly story: readonly string[];
}

/** Ways to break the SDK from outside, which prove that the simulation detects faults. */
export interface Tampering {
  /** Changes a message to the hub. */
  readonly request?: (message: Message) => Message;
  /** Changes the storage of a process that starts after another one. */
  readonly storage?: (storage: Storage) => Storage;
  /** Changes a message to the SDK; undefined loses it. */
  readonly answer?: (message: Message) => Message | undefined;
}

const notesName = 'notes';

/** The WebSocket of an SDK. Messages arrive only when the simulation delivers them. */
class SimSocket implements Socket {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  wire: Wire | undefined;
  over = false;
  readonly toHub: { at: number; text: string }[] = [];
  readonly toClient: { at: number; message: Message }[] = [];
  #sdk: SimSdk;

  constructor(sdk: SimSdk) {
    this.#sdk = sdk;
    sdk.sockets.push(this);
  }

  send(text: string): void {
    const { sim, name } = this.#sdk;
    const message = sim.tampering.request?.(JSON.parse(text)) ?? JSON.parse(text);
    sim.trace(`${name} > ${JSON.stringify(message)}`);
    this.toHub.push({ at: sim.world.now(), text: JSON.stringify(message) });
  }

  close(): void {
    this.cut(1000);
  }

  /** @param lingers true if the hub does not notice the end of the connection */
  cut(code: number, lingers = false): void {
    if (this.over) return;
    this.over = true;
    this.toHub.length = 0;
    this.toClient.length = 0;
    if (lingers && this.wire !== undefined) this.#sdk.sim.zombies.push(this.wire);
    else this.wire?.hangUp(code === 1000);
    this.#emit('onclose', { code, reason: '' });
  }

  get opening(): boolean {
    return this.wire === undefined;
  }

  open(): void {
    this.wire = this.#sdk.sim.hub.connect(this.#sdk.name);
    this.#emit('onopen', {});
  }

  receive(message: Message): void {
    const { sim, name } = this.#sdk;
    const answer = sim.tampering.answer === undefined ? message : sim.tampering.answer(message);
    sim.trace(`${name} < ${JSON.stringify(message)}`);
    if (answer !== undefined) this.#emit('onmessage', { data: JSON.stringify(answer) });
  }

  #emit(name: 'onopen' | 'onmessage' | 'onclose', event: object): void {
    const handler: unknown = this[name];
    if (this.#sdk.alive && typeof handler === 'function') handler.call(this, event);
  }
}

/** A process with an SDK. Its storage may be shared with other processes, or left by an earlier one. */
class SimSdk {
  readonly sim: Simulation;
  readonly name: string;
  readonly device: SimStorage;
  readonly hub: Connection;
  readonly tasks: Channel<Fields>;
  readonly notes: Channel<Fields>;
  readonly sockets: SimSocket[] = [];
  readonly refused: RefusedWrite[] = [];
  alive = true;
  /** The items of each channel as its subscriber has them after the events so far. */
  readonly #subscriberItems = new Map<string, Map<string, string>>();

  constructor(sim: Simulation, name: string, device: SimStorage) {
    this.sim = sim;
    this.name = name;
    this.device = device;
    const open = (): SimSocket => new SimSocket(this);
    const { world } = sim;
    this.hub = connect({
      url: 'ws://hub',
      token: sim.owner,
      storage: device.openFor(() => this.alive),
      webSocket: class {
        constructor() {
          // biome-ignore lint/correctness/noConstructorReturn: a socket of this simulation
          return open();
        }
      } as never,
      now: () => world.now(),
      after: (ms, act) => world.after(ms, () => (this.alive ? act() : undefined)),
      random: world.random,
      id: () => world.id(),
    });
    this.tasks = this.hub.channel<Fields>('tasks');
    this.notes = this.hub.channel<Fields>(notesName);
    this.hub.onRefused((refused) => this.refused.push(refused));
    for (const channel of [this.tasks, this.notes]) channel.onEvent((event) => this.#receiveEvent(event));
  }

  #receiveEvent(event: ChannelEvent<Fields>): void {
    const items = this.#subscriberItems.get(event.channel) ?? new Map<string, string>();
    this.#subscriberItems.set(event.channel, items);
    if (event.type === 'snapshot' || event.type === 'reset') {
      items.clear();
      for (const { key, item } of event.items) items.set(key, JSON.stringify(item));
    } else if (event.type === 'delete') {
      if (!items.delete(event.key)) this.sim.fault(`${this.name} got a delete of ${event.key}, which it did not have`);
    } else {
      if (items.has(event.key) === (event.type === 'create')) {
        this.sim.fault(`${this.name} got a wrong event type: ${event.type} of ${event.key}`);
      }
      items.set(event.key, JSON.stringify(event.item));
    }
  }

  /** The items of the channel's subscriber as one text. */
  subscriberText(channel: string): string {
    return JSON.stringify([...(this.#subscriberItems.get(channel) ?? [])].sort());
  }

  kill(): void {
    this.alive = false;
    for (const socket of this.sockets.splice(0)) socket.cut(1006);
  }

  cut(lingers: boolean): void {
    for (const socket of this.sockets.splice(0)) socket.cut(1006, lingers);
  }

  get busy(): boolean {
    return this.sockets.some(
      ({ over, opening, toHub, toClient }) => !over && (opening || toHub.length + toClient.length > 0),
    );
  }

  act(chance: () => number): void {
    const tasks = chance() < 0.6;
    const channel = tasks ? this.tasks : this.notes;
    const items = [...channel.items.values()];
    const one = items[Math.floor(chance() * items.length)];
    const choice = chance();
    if (one === undefined || choice < 0.25) this.#create(channel, tasks, chance);
    else if (choice < 0.72) this.#edit(channel, one, chance);
    else if (choice < 0.82 && tasks) this.#done(one);
    else if (choice < 0.93) this.#delete(channel, one);
    else if (!tasks) this.#rewrite(items, chance);
  }

  #write(writing: ReturnType<Channel<Fields>['create']>, edits: readonly Edit[], deletion?: Deletion): void {
    const { sim } = this;
    if (deletion !== undefined) sim.deletions.push(deletion);
    void writing.then((queued) => {
      // A write that is not queued before the process ends does not count.
      if (!queued.ok || !this.alive) return;
      sim.writes += 1;
      sim.edits.push(...edits);
      for (const edit of edits) sim.ours.add(edit);
    });
  }

  #create(channel: Channel<Fields>, tasks: boolean, chance: () => number): void {
    const { sim } = this;
    const used = new Set([...channel.items.values()].map(({ item }) => item.id));
    let id = 1;
    while (used.has(id)) id += 1;
    const uid = sim.value();
    const desc = sim.value();
    const index = chance() < 0.5 ? { index: `owner#${id}#${uid}` } : {};
    const task: Fields = { id, uid, desc, tags: [], active: 0, due: 0, done: 0, ...(tasks ? index : {}) };
    this.#write(channel.create(task), [{ uid, field: 'desc', value: desc }]);
  }

  #edit(channel: Channel<Fields>, { key, item }: Item<Fields>, chance: () => number): void {
    const field = ['desc', 'tags', 'due', 'note'][Math.floor(chance() * 4)] ?? 'desc';
    const value = this.sim.value();
    const edit = { uid: uidOf(item), field, value };
    const due = 1_600_000_000 + Number(digits(edit));
    // A task of a Vim is identified by the first word of its description.
    const text = field === 'desc' && item['uid'] === undefined ? `${uidOf(item)} ${value}` : value;
    const content = field === 'tags' ? [value] : field === 'due' ? due : text;
    this.sim.trace(`${this.name} edits ${uidOf(item)}.${field} = ${value}`);
    this.#write(channel.update(key, { ...item, [field]: content }), [edit]);
  }

  #done({ key, item }: Item<Fields>): void {
    const now = Math.floor(this.sim.world.now() / 1_000);
    const id = item['done'] ? Number(String(Math.abs(item.id)).slice(0, -10)) || 1 : Number(`${item.id}${now}`);
    this.#write(this.tasks.update(key, { ...item, id, done: item['done'] ? 0 : now }), []);
  }

  #delete(channel: Channel<Fields>, { key, item }: Item<Fields>): void {
    this.sim.trace(`${this.name} deletes ${uidOf(item)}`);
    this.#write(channel.delete(key), [], { uid: uidOf(item), seen: JSON.stringify(item), live: false });
  }

  /** Writes the whole list with one item edited and perhaps one removed. */
  #rewrite(items: readonly Item<Fields>[], chance: () => number): void {
    const edits: Edit[] = [];
    const removed = Math.floor(chance() * items.length * 2);
    const edited = Math.floor(chance() * items.length);
    const newItems = items.flatMap(({ key, item }, at) => {
      if (at === edited) {
        const value = this.sim.value();
        edits.push({ uid: uidOf(item), field: 'note', value });
        return [{ key, item: { ...item, note: value } }];
      }
      if (at !== removed) return [{ key, item }];
      this.sim.deletions.push({ uid: uidOf(item), seen: JSON.stringify(item), live: false });
      return [];
    });
    this.#write(this.notes.writeAll(newItems), edits);
  }
}

/** A device's disk, which all its processes share. */
class SimStorage {
  readonly disk = new MemoryStorage();
  #tampering: Tampering;
  #opened = 0;

  constructor(tampering: Tampering) {
    this.#tampering = tampering;
  }

  /** The storage of one process. Its writes after its end do not reach the disk. */
  openFor(alive: () => boolean): Storage {
    this.#opened += 1;
    const { disk } = this;
    const never = new Promise<never>(() => undefined);
    const storage: Storage = {
      names: () => disk.names(),
      read: (name) => disk.read(name),
      update: async (name, change) => {
        // A write takes a moment, during which the process may end.
        await setImmediate();
        return alive() ? disk.update(name, change) : never;
      },
      watch: (onChange) => disk.watch((name) => (alive() ? onChange(name) : undefined)),
    };
    return this.#opened > 1 && this.#tampering.storage !== undefined ? this.#tampering.storage(storage) : storage;
  }
}

class Simulation implements DeviceContext {
  readonly world: TestWorld;
  readonly tampering: Tampering;
  readonly edits: Edit[] = [];
  /** Edits of SDKs. */
  readonly ours = new Set<Edit>();
  readonly deletions: Deletion[] = [];
  readonly plain: SimDevice[] = [];
  readonly zombies: Wire[] = [];
  readonly story: string[] = [];
  sdks: SimSdk[] = [];
  owner = '';
  hub!: TestHub;
  writes = 0;
  #crashes = 0;
  #kills = 0;
  #seed: number;
  #store = new MemoryStore({ epoch: 'sim0' });
  #epochs = 0;
  #generation = 0;
  #values = 0;
  #names = 0;
  #stormy = false;
  #dying = false;
  #forgotten = new Set<Edit>();
  /** Tasks whose edits cannot be told apart, because they had the same id. */
  #confused = new Set<string>();

  confused(uid: string, by: string): void {
    this.trace(`${by} is mistaken for ${uid}`);
    this.#confused.add(uid).add(by);
  }

  copied(uid: string): void {
    this.confused(uid, uid);
  }
  #faults: string[] = [];
  /** Refused writes of ended processes. */
  #refused: RefusedWrite[] = [];

  constructor(seed: number, tampering: Tampering) {
    this.#seed = seed;
    this.world = new TestWorld(seed);
    this.tampering = tampering;
  }

  get quiet(): boolean {
    return (
      this.plain.every(({ toHub }) => toHub.length === 0) &&
      this.sdks.every(({ sockets }) => sockets.every(({ toHub }) => toHub.length === 0))
    );
  }

  value(): string {
    this.#values += 1;
    return `v${100_000 + this.#values}`;
  }

  trace(line: string): void {
    this.story.push(`${this.world.now() % 100_000_000} ${line.replaceAll(this.owner || ' ', 'ME')}`);
  }

  fault(fault: string): void {
    this.#faults.push(fault);
  }

  edited(device: SimDevice, uid: string, field: string, value: string): void {
    const edit = { uid, field, value };
    this.edits.push(edit);
    if (device.ready) device.inTransit.push(edit);
  }

  overwritten(device: SimDevice, list: string): void {
    for (const edit of device.inTransit) if (!list.includes(digits(edit))) this.#forgotten.add(edit);
  }

  async run(): Promise<Outcome> {
    await this.#start();
    const chance = () => this.world.random();
    const devices = 1 + Math.floor(chance() * 3);
    for (let n = 0; n < devices; n += 1) this.#begin(new SimStorage(this.tampering));
    // Sometimes two processes share one storage.
    if (chance() < 0.3) this.#begin(this.sdks[0]?.device ?? new SimStorage(this.tampering));
    const plain = Math.floor(chance() * 3);
    for (let n = 0; n < plain; n += 1) {
      const skew = chance() < 0.5 ? 0 : Math.floor((chance() - 0.5) * 6 * 86_400_000);
      this.plain.push(new SimDevice(this, `d${n}`, chance() < 0.5 ? 2018 : 2019, skew));
    }
    await settle();
    this.#stormy = chance() < 0.5;
    const steps = 30 + Math.floor(chance() * 90);
    for (let step = 0; step < steps; step += 1) await this.#step(chance);
    this.#stormy = false;
    await this.#end();
    await this.#judge();
    return {
      seed: this.#seed,
      faults: this.#faults,
      writes: this.writes,
      crashes: this.#crashes,
      kills: this.#kills,
      story: this.story,
    };
  }

  #begin(device: SimStorage): void {
    this.#names += 1;
    const sdk = new SimSdk(this, `s${this.#names}`, device);
    this.sdks.push(sdk);
    sdk.hub.start();
  }

  async #start(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    const alive = () => generation === this.#generation && !this.#dying;
    const fate = () => {
      if (!this.#stormy || this.world.random() > 0.01) return 'lives';
      this.#dying = true;
      return this.world.random() < 0.5 ? 'before' : 'after';
    };
    this.hub = await startHub({ world: this.world, store: mortal(this.#store, fate, alive) });
    this.owner = this.hub.owner || this.owner;
  }

  async #step(chance: () => number): Promise<void> {
    const sdks = this.sdks.length;
    const which = Math.floor(chance() * (sdks + this.plain.length));
    const sdk = this.sdks[which];
    const device = this.plain[which - sdks];
    if (sdk !== undefined) await this.#stepSdk(sdk, chance);
    else if (device !== undefined) await this.#stepPlain(device, chance);
    if (this.#dying) await this.#crash();
  }

  async #stepSdk(sdk: SimSdk, chance: () => number): Promise<void> {
    const choice = chance();
    if (choice < 0.4) {
      sdk.act(chance);
      if (chance() < 0.7) await this.#pass(1 + chance() * 999);
    } else if (choice < 0.8) {
      await this.#deliver(sdk, 1 + Math.floor(chance() * 4));
    } else if (choice < 0.86) {
      this.trace(`${sdk.name} cut`);
      sdk.cut(chance() < 0.5);
    } else if (choice < 0.91) {
      this.#kill(sdk);
    } else if (choice < 0.93) {
      await this.#crash();
    } else if (choice < 0.945) {
      await this.#migrate();
    } else {
      await this.#pass(chance() < 0.2 ? chance() * 600_000 : chance() * 20_000);
    }
  }

  async #stepPlain(device: SimDevice, chance: () => number): Promise<void> {
    const choice = chance();
    if (choice < 0.4) {
      if (device.hasLoggedIn && device.mayEdit) device.act(chance);
      await this.#pass(1 + chance() * 999);
    } else if (choice < 0.8) {
      await this.#deliverPlain(device, 1 + Math.floor(chance() * 4));
    } else if (choice < 0.9) {
      if (device.wire === undefined) device.connect();
    } else if (device.wire !== undefined) {
      device.cut(device.toClient.length === 0 && chance() < 0.5);
    }
  }

  /** Kills the process at any point of its work, and starts another one on its storage. */
  #kill(sdk: SimSdk): void {
    this.trace(`${sdk.name} killed`);
    this.#kills += 1;
    sdk.kill();
    this.#refused.push(...sdk.refused);
    this.sdks = this.sdks.filter((other) => other !== sdk);
    this.#begin(sdk.device);
  }

  /** Moves the clock. Messages that would be in transit for more than a second arrive first: a slower network counts as a broken connection. */
  async #pass(ms: number): Promise<void> {
    await settle();
    this.#collect();
    const isLate = (messages: readonly { at: number }[]) =>
      messages.some(({ at }) => this.world.now() + ms - at > 1_000);
    for (let round = 0; round < 20; round += 1) {
      const plain = this.plain.filter(({ toHub, toClient }) => isLate(toHub) || isLate(toClient));
      const sdks = this.sdks.filter(({ sockets }) =>
        sockets.some(({ toHub, toClient }) => isLate(toHub) || isLate(toClient)),
      );
      if (plain.length + sdks.length === 0) break;
      for (const device of plain) await this.#deliverPlain(device, 1_000);
      for (const sdk of sdks) await this.#deliver(sdk, 1_000);
    }
    this.world.pass(Math.floor(ms));
    await settle();
    this.#collect();
  }

  async #deliver(sdk: SimSdk, most: number): Promise<void> {
    for (let n = 0; n < most; n += 1) {
      const socket = sdk.sockets.find(({ over }) => !over);
      if (socket === undefined) return;
      if (socket.opening) {
        socket.open();
        await settle();
      }
      const up = socket.toHub.shift();
      if (up !== undefined) {
        socket.wire?.say(up.text);
        await settle();
        this.#collect();
      }
      const down = socket.toClient.shift();
      if (down !== undefined) {
        socket.receive(down.message);
        await settle();
      }
      if (up === undefined && down === undefined) return;
    }
  }

  async #deliverPlain(device: SimDevice, most: number): Promise<void> {
    for (let n = 0; n < most; n += 1) {
      const up = device.toHub.shift();
      if (up !== undefined && device.wire !== undefined) {
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
    const at = this.world.now();
    const takeFrom = (wire: Wire) => wire.received.splice(0).map((message: Message) => ({ at, message }));
    for (const device of this.plain) {
      if (device.wire === undefined) continue;
      device.toClient.push(...takeFrom(device.wire));
      if (device.wire.closedWith !== undefined) device.cut(false);
    }
    for (const { sockets } of this.sdks) {
      for (const socket of [...sockets]) {
        if (socket.wire === undefined || socket.over) continue;
        socket.toClient.push(...takeFrom(socket.wire));
        if (socket.wire.closedWith !== undefined) socket.cut(1006);
      }
    }
  }

  async #crash(): Promise<void> {
    this.#dying = false;
    this.#crashes += 1;
    this.trace('CRASH');
    const generation = this.hub;
    for (const device of this.plain) {
      device.wire = undefined;
      device.ready = false;
      device.toHub = [];
      device.toClient = [];
    }
    this.zombies.length = 0;
    await this.#start();
    if (this.hub === generation) throw new Error('the hub did not start');
    for (const sdk of this.sdks) sdk.cut(false);
  }

  /** Migrates the hub to another store with another epoch. */
  async #migrate(): Promise<void> {
    this.#epochs += 1;
    const from = this.#store;
    const to = new MemoryStore({ epoch: `sim${this.#epochs}` });
    for await (const outline of from.outlines()) {
      await to.load(outline, from.steps(outline.channel), from.answers(outline.channel));
    }
    this.#store = to;
    await this.#crash();
  }

  /** All clients reconnect, in some order, on a network without failures. */
  async #end(): Promise<void> {
    for (const device of this.plain) device.cut(false);
    for (const sdk of this.sdks) sdk.cut(false);
    for (const zombie of this.zombies.splice(0)) zombie.hangUp(false);
    await this.#pass(10_000);
    for (const device of this.plain) {
      device.connect();
      for (let turn = 0; turn < 20; turn += 1) await this.#deliverPlain(device, 100);
    }
    for (let turn = 0; turn < 40; turn += 1) {
      for (const sdk of this.sdks) await this.#deliver(sdk, 1_000);
      for (const device of this.plain) await this.#deliverPlain(device, 1_000);
      const done = this.sdks.every(
        ({ hub, tasks, notes }) =>
          hub.state.name === 'live' &&
          [tasks, notes].every(({ isCurrent, pendingCount }) => isCurrent && pendingCount === 0),
      );
      if (done && turn > 20) break;
      await this.#pass(2_000);
    }
  }

  async #judge(): Promise<void> {
    for (const name of ['tasks', notesName]) await this.#judgeSdks(name);
    const tasks = await this.#items('tasks');
    const hubTasks = [...tasks.values()].map((task) => JSON.stringify(common(task))).sort();
    for (const device of this.plain) {
      const theirs = device.tasks.map((task) => JSON.stringify(common(task))).sort();
      if (JSON.stringify(theirs) !== JSON.stringify(hubTasks)) {
        this.fault(`${device.name} differs from the hub:\n  ${theirs.join('\n  ')}\n  --\n  ${hubTasks.join('\n  ')}`);
      }
    }
    const ids = [...tasks.values()].map(({ id }) => id);
    if (new Set(ids).size !== ids.length) this.fault(`two tasks have one id: ${ids}`);
    const all = [...tasks.values(), ...(await this.#items(notesName)).values()];
    const past = JSON.stringify(await this.#store.history('owner/tasks', {}));
    const lost = this.edits.filter(
      (edit) =>
        isLost(edit, this.edits, this.deletions, all) &&
        !(this.#confused.has(edit.uid) || (this.#forgotten.has(edit) && !past.includes(digits(edit)))),
    );
    for (const edit of lost) this.fault(`lost: ${JSON.stringify(edit)}`);
    for (const { type, key, failure } of [...this.#refused, ...this.sdks.flatMap(({ refused }) => refused)]) {
      if (type !== 'delete' || failure.code !== 'stale') this.fault(`refused: ${type} ${key} ${failure.error}`);
    }
    await this.#judgeDuplicates('owner/tasks');
    await this.#judgeDuplicates(`owner/${notesName}`);
  }

  async #judgeSdks(name: string): Promise<void> {
    const items = await this.#items(name);
    const hubs = JSON.stringify([...items].map(([key, item]) => [key, sorted(item)]).sort());
    for (const sdk of this.sdks) {
      const channel = name === 'tasks' ? sdk.tasks : sdk.notes;
      const theirs = JSON.stringify([...channel.items].map(([key, { item }]) => [key, sorted(item)]).sort());
      if (theirs !== hubs) this.fault(`${sdk.name} has other ${name} than the hub:\n  ${theirs}\n  --\n  ${hubs}`);
      if (channel.pendingCount > 0) this.fault(`${sdk.name} has ${channel.pendingCount} ${name} in its queue`);
      const stored = JSON.stringify([...items].map(([key, item]) => [key, JSON.stringify(item)]).sort());
      if (sdk.subscriberText(name) !== stored) this.fault(`a subscriber of ${sdk.name} has other ${name} than the hub`);
    }
  }

  async #items(name: string): Promise<Map<string, Fields>> {
    const items = await this.#store.read(`owner/${name}`, {});
    return new Map(items.map(({ key, value }) => [key, JSON.parse(value)]));
  }

  /** Checks that each value of an SDK was written once. A second time is allowed only after the item was deleted. */
  async #judgeDuplicates(name: string): Promise<void> {
    const store: Store = this.#store;
    const before = new Map<string, string | null>();
    const counts = new Map<Edit, number>();
    for (const { key, value, origin } of await store.history(name, {})) {
      const was = before.get(key);
      before.set(key, value);
      if (value === null || was === null || this.plain.some((device) => device.name === origin)) continue;
      for (const edit of this.ours) {
        if (value.includes(digits(edit)) && was?.includes(digits(edit)) !== true) {
          counts.set(edit, (counts.get(edit) ?? 0) + 1);
        }
      }
    }
    for (const [edit, times] of counts) if (times > 1) this.fault(`executed ${times} times: ${JSON.stringify(edit)}`);
  }
}

function sorted(task: object): object {
  return Object.fromEntries(Object.entries(task).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function simulate(seed: number, tampering: Tampering = {}): Promise<Outcome> {
  return new Simulation(seed, tampering).run();
}
