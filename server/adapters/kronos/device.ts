// Stored data about each device of an account: above all its base, which distinguishes offline edits from old copies (M1, M11).
// It is in memory while the device is connected, and in a note in `@hub/devices`. A note that is too old is safe: it costs one more
// merge. A note that is too new would lose edits, so a list becomes the base only when it has surely arrived.

import { type Refusal, refuse } from '../../../protocol/errors.ts';
import type { Generation } from '../../../protocol/generation.ts';
import { type Base, loginVersion } from '../../../protocol/version.ts';
import { addBounded, setBounded } from '../../core/bounded.ts';
import type { CachedChannel } from '../../core/cached-channel.ts';
import type { Op } from '../../core/store.ts';
import type { World } from '../../core/world.ts';

/**
 * Milliseconds. A list counts as received when the client closes the connection in order, or when it sends something on the same
 * connection at least this much later: no message takes longer. Otherwise the device's next list must prove that it arrived (M11).
 */
export const sureMs = 2_000;
/** Milliseconds after which the entry of a process that notes nothing any more is dropped. */
const oldMs = 24 * 60 * 60 * 1_000;

interface Note {
  readonly account: string;
  readonly base?: Base;
  readonly sent?: Sent;
  readonly generation?: 2018 | 2019;
  /** Its aliases (W10) with the tasks' keys; the oldest first. */
  readonly aliases?: readonly (readonly [index: string, key: string])[];
  /** Its clock minus the hub's, in milliseconds, at its last live write. */
  readonly clock?: number;
  /** Its last connections; the oldest first. */
  readonly spans?: readonly Span[];
  /** The keys of the tasks that it created without an index. The numbers are unused: earlier versions wrote them. */
  readonly made?: readonly (readonly [key: string, unused: number])[];
  /** The keys of tasks that it created without an index, and has sent with the hub's index since. */
  readonly indexed?: readonly string[];
  /** True if it has sent an index that it received from the hub. */
  readonly usesIndexes?: true;
}

/** A time in which the device was connected, by the hub's clock. `to` is missing while it is connected. */
interface Span {
  readonly from: number;
  readonly to?: number;
  readonly orderly?: boolean;
  /** True if the hub's process ended before the connection did, at an unknown moment. */
  readonly lost?: boolean;
  /** The process that has the connection. */
  readonly process?: string;
  /** If `lost`, the last moment at which the process is known to have been running. */
  readonly alive?: number;
}

/** An index that the device uses for a task that has another one, or none. */
interface Alias {
  readonly key: string;
  /** The order in which aliases, lists and created tasks of one device happened. */
  readonly turn: number;
  /** True if the device has received a list since, and with it the hub's indexes of all tasks. */
  isOld: boolean;
}

/** The number of connections of one device that are stored. */
const mostSpans = 10;

/** The number of aliases that are stored for a device. */
const mostAliases = 1_000;

/** The first list of a connection. It may not have arrived. */
interface Sent {
  readonly base: Base;
  /** The last step when the connection logged in. Later changes may have reached the device as notifications. */
  readonly login: number;
  /** When the last list was sent of those that may not have arrived; missing while there is one. */
  readonly until?: number;
}

const doNothing = () => undefined;

export class Device {
  readonly id: string;
  readonly account: string;
  /** The number of its open connections. */
  connections = 0;
  #notes: CachedChannel;
  #world: World;
  #base: Base | undefined;
  #sent: Sent | undefined;
  /** The newest list that was sent on this connection and may not have arrived yet, and when it was sent. */
  #latest: { readonly base: Base; readonly at: number; readonly turn: number } | undefined;
  #login = 0;
  /** The versions of its last login and of the answer. The device may use one of them as its own after it reads all. */
  #loginVersions: readonly number[] = [];
  /** True if the hub has asked the device for its list and has not received it yet: the device has edits that the hub does not know. */
  #owesList = false;
  /** True if the base is empty for the current login (M1). */
  #startsEmpty = false;
  #cancel: () => void = doNothing;
  #generation: 2018 | 2019 | undefined;
  #aliases: Map<string, Alias>;
  #process: string;
  #clock: number | undefined;
  #turn = 0;
  #spans: Span[];
  /** undefined for a device whose note was written before this field existed, until it has received a list. */
  #made: Map<string, number> | undefined;
  #indexed: Set<string>;
  #isSaveDue = false;
  #usesIndexes: boolean;

  /** @param process the id of the hub's process that it connects to */
  constructor(
    id: string,
    account: string,
    notes: CachedChannel,
    world: World,
    process: string,
    note: Note | undefined,
  ) {
    this.id = id;
    this.#process = process;
    this.account = account;
    this.#notes = notes;
    this.#world = world;
    this.#base = note?.base;
    this.#sent = note?.sent;
    this.#generation = note?.generation;
    this.#aliases = new Map(note?.aliases?.map(([index, key]) => [index, { key, turn: 0, isOld: false }]));
    this.#indexed = new Set(note?.indexed);
    this.#usesIndexes = note?.usesIndexes === true;
    this.#clock = note?.clock;
    this.#spans = [...(note?.spans ?? [])];
    this.#made =
      note === undefined || note.made !== undefined ? new Map(note?.made?.map(([key]) => [key, 0])) : undefined;
  }

  /** A counter, because the clock cannot order events of the same millisecond. */
  #nextTurn(): number {
    this.#turn += 1;
    return this.#turn;
  }

  /** Counts a new connection. */
  addConnection(): void {
    this.connections += 1;
    if (this.connections > 1) return;
    this.#spans = [...this.#spans, { from: this.#world.now(), process: this.#process }].slice(-mostSpans);
    this.#saveInBackground();
  }

  mayKnow(at: number): boolean {
    const [current, ...earlier] = this.#spans.toReversed();
    // The list that it was asked for with the login was made before it heard anything on this connection.
    if (!this.#owesList && current !== undefined && current.from <= at) return true;
    if (this.#sent !== undefined && at <= (this.#sent.until ?? this.#sent.base.left)) return true;
    return earlier.some(({ to = Number.POSITIVE_INFINITY }) => to >= at);
  }

  get unindexed(): ReadonlySet<string> | undefined {
    return this.#made && new Set(this.#made.keys());
  }

  get indexed(): ReadonlySet<string> {
    return this.#indexed;
  }

  addUnindexed(key: string): void {
    this.#indexed.delete(key);
    if (this.#made !== undefined) setBounded(this.#made, key, this.#nextTurn(), mostAliases);
    this.#saveLater();
  }

  removeUnindexed(key: string): void {
    if (this.#made?.delete(key) !== true) return;
    addBounded(this.#indexed, key, mostAliases);
    this.#saveSoon();
  }

  get usesIndexes(): boolean {
    return this.#usesIndexes;
  }

  noteIndexUsed(): void {
    if (this.#usesIndexes) return;
    this.#usesIndexes = true;
    this.#saveInBackground();
  }

  receiptAt(at: number): 'surely' | 'perhaps' | 'no' {
    const span = this.#spanAt(at);
    if (span === undefined) return 'no';
    const { to = this.#world.now(), orderly = false, lost = false, alive = 0 } = span;
    const until = lost ? alive : to;
    return orderly || until - at >= sureMs ? 'surely' : 'perhaps';
  }

  endOf(at: number): number | undefined {
    const span = this.#spanAt(at);
    return span?.lost === true ? undefined : span?.to;
  }

  /** A message that the hub sends in the millisecond of the end reaches the client too late. */
  #spanAt(at: number): Span | undefined {
    return this.#spans.findLast(({ from, to = Number.POSITIVE_INFINITY }) => from <= at && at < to);
  }

  get clock(): number | undefined {
    return this.#clock;
  }

  get generation(): Generation {
    return this.#generation ?? 'unknown';
  }

  /** R4: a request of the device has shown its generation. */
  setGeneration(generation: 2018 | 2019): void {
    if (this.#generation === generation) return;
    this.#generation = generation;
    this.#saveLater();
  }

  resolveAlias(index: string, namesake?: string): string | undefined {
    const alias = this.#aliases.get(index);
    return namesake !== undefined && alias?.isOld === true ? namesake : alias?.key;
  }

  /** W10: from now on `index` is its alias of this task. */
  setAlias(index: string, key: string): void {
    if (this.resolveAlias(index) === key) return;
    this.#aliases.delete(index);
    setBounded(this.#aliases, index, { key, turn: this.#nextTurn(), isOld: false }, mostAliases);
    this.#saveLater();
  }

  get base(): Base | undefined {
    return this.#base;
  }

  get sent(): Sent | undefined {
    return this.#sent;
  }

  /**
   * M1. Await this before answering a login: it stores an empty base for a device that is new or starts from nothing again, before the
   * device is sent anything.
   * @param seq the last step of the account's tasks
   */
  async prepareLogin(stated: number | undefined, seq: number): Promise<void> {
    this.#startsEmpty = this.#base === undefined || stated === undefined || stated <= 0;
    if (!this.#startsEmpty) return;
    if (this.#base?.seq === 0 && this.#base.began === seq && this.#sent === undefined) return;
    const versions = stated === undefined ? [] : [stated];
    this.#base = { seq: 0, began: seq, versions, offset: 0, left: this.#world.now() };
    this.#sent = undefined;
    await this.#save();
  }

  /** The version to answer to a login with the version `stated`. */
  answerLogin(stated: number | undefined, hub: { version: number; seq: number }): number {
    this.#login = hub.seq;
    const answer = loginVersion(this.#startsEmpty ? undefined : this.#base, stated, hub, this.#generation === 2018);
    this.#loginVersions = [answer, ...(stated === undefined ? [] : [stated])];
    this.#owesList = stated !== undefined && answer === stated - 1;
    return answer;
  }

  /**
   * Notes that the device is being sent all tasks as of step `seq`, with this version.
   * @param asked false if the client did not request the list. It may just be changing a task, and the list overwrites that change
   */
  noteList(seq: number, version: number, asked: boolean): void {
    this.#confirmIfOld();
    const now = this.#world.now();
    if (!asked && this.#base !== undefined) this.#base = { ...this.#base, doubt: this.#base.doubt ?? now - sureMs };
    const versions = [...new Set([version, ...this.#loginVersions, ...(this.#base?.versions ?? [])])];
    const base: Base = { seq, versions, offset: this.#base?.offset ?? 0, left: now };
    this.#latest = { base, at: now, turn: this.#nextTurn() };
    const first: Sent = { base: { ...base, doubt: now }, login: this.#login };
    this.#sent = this.#sent === undefined ? first : { ...this.#sent, until: now };
    this.#saveLater();
  }

  /** Makes the first list of an earlier connection the base: the device's own list proves that it arrived (M11). */
  confirmSent(): void {
    if (this.#sent !== undefined) this.#base = this.#sent.base;
    this.#sent = undefined;
  }

  /**
   * Notes an accepted write of the device.
   * @param steps the steps of the write. The base advances to the last of them if no other change lies between
   */
  noteWrite(stated: number | undefined, steps: { readonly first: number; readonly last: number } | undefined): void {
    this.#confirmIfOld();
    const now = this.#world.now();
    const isNew = this.#clock === undefined;
    if (stated !== undefined) this.#clock = stated - now;
    if (isNew && stated !== undefined) this.#saveInBackground();
    const move = (base: Base): Base => ({
      ...base,
      seq: steps !== undefined && steps.first === base.seq + 1 ? steps.last : base.seq,
      versions: stated === undefined ? base.versions : [stated],
      offset: stated === undefined ? base.offset : stated - now,
      left: now,
    });
    if (this.#latest !== undefined) this.#latest = { ...this.#latest, base: move(this.#latest.base) };
    if (this.#base !== undefined) this.#base = move(this.#base);
    this.#loginVersions = [];
    this.#saveLater();
  }

  /**
   * Notes that the device's list was merged and answered with the version `answered`.
   * @param seq the last step, if the result equals the list, so that the device surely has it; undefined otherwise
   */
  noteMerge(stated: number | undefined, answered: number, seq: number | undefined): void {
    const now = this.#world.now();
    this.#base = {
      ...(seq === undefined ? { seq: this.#base?.seq ?? 0, began: this.#base?.began ?? 0 } : { seq }),
      versions: [answered, ...(stated === undefined ? [] : [stated])],
      offset: stated === undefined ? (this.#base?.offset ?? 0) : stated - now,
      left: now,
    };
    this.#sent = undefined;
    this.#latest = undefined;
    this.#owesList = false;
    this.#loginVersions = [];
    this.#saveLater();
  }

  /** @param orderly true if the client closed the connection, so that everything sent before has arrived */
  removeConnection(orderly: boolean): void {
    this.connections -= 1;
    if (orderly) this.#confirmLatest();
    if (this.connections > 0) return;
    const span = this.#spans.at(-1);
    if (span !== undefined) this.#spans = [...this.#spans.slice(0, -1), { ...span, to: this.#world.now(), orderly }];
    this.#cancel();
    this.#latest = undefined;
    // Otherwise edits may have been lost on the way, and `left` stays at the last message of the device (M4).
    if (orderly && !this.#owesList && this.#base !== undefined) this.#base = { ...this.#base, left: this.#world.now() };
    this.#saveInBackground();
  }

  /** Writes the note. A note that is too old costs one more merge at the next login. */
  async #save(): Promise<void> {
    const at = this.#world.now();
    const note: Note = {
      account: this.account,
      ...(this.#base === undefined ? {} : { base: this.#base }),
      ...(this.#sent === undefined ? {} : { sent: this.#sent }),
      ...(this.#generation === undefined ? {} : { generation: this.#generation }),
      ...(this.#aliases.size === 0
        ? {}
        : { aliases: [...this.#aliases].map(([index, { key }]) => [index, key] as const) }),
      ...(this.#clock === undefined ? {} : { clock: this.#clock }),
      ...(this.#spans.length === 0 ? {} : { spans: this.#spans }),
      ...(this.#made === undefined ? {} : { made: [...this.#made] }),
      ...(this.#indexed.size === 0 ? {} : { indexed: [...this.#indexed] }),
      ...(this.#usesIndexes ? { usesIndexes: true as const } : {}),
    };
    const op = { op: 'put', key: this.id, value: JSON.stringify(note) } as const;
    await this.#notes.write(() => ({ ok: true, write: { ops: [op], origin: this.id, at } }));
  }

  #saveInBackground(): void {
    this.#save().catch((error: unknown) => this.#world.log.warn({ error }, 'device: could not note what it has'));
  }

  /** Called when the device sends something: a list that was sent long enough ago has arrived. */
  #confirmIfOld(): void {
    if (this.#latest !== undefined && this.#world.now() - this.#latest.at >= sureMs) this.#confirmLatest();
  }

  /** The newest list has arrived: makes it the base. */
  #confirmLatest(): void {
    if (this.#latest === undefined) return;
    this.#base = this.#latest.base;
    const { turn } = this.#latest;
    // The list had an index for every task, so only tasks created after it have none.
    this.#made = new Map([...(this.#made ?? [])].filter(([, made]) => made > turn));
    for (const alias of this.#aliases.values()) alias.isOld ||= alias.turn <= turn;
    this.#latest = undefined;
    this.#sent = undefined;
  }

  /**
   * Saves once for all that is noted in this turn. Later would be too late: if the hub were killed before, a new task of the device could
   * be taken for one whose index it knows.
   */
  #saveSoon(): void {
    if (this.#isSaveDue) return;
    this.#isSaveDue = true;
    queueMicrotask(() => {
      this.#isSaveDue = false;
      this.#saveInBackground();
    });
  }

  #saveLater(): void {
    this.#cancel();
    this.#cancel = this.#world.after(sureMs, () => {
      this.#cancel = doNothing;
      this.#saveInBackground();
    });
  }
}

export class Devices {
  #notes: CachedChannel;
  #world: World;
  #connected = new Map<string, Device>();
  /** For each process that notifies clients, when it was last known to be running. */
  #alive: CachedChannel;
  #process: string;
  #sentAt = 0;
  #isWaiting = false;
  #failed: (error: unknown) => void;

  constructor(notes: CachedChannel, alive: CachedChannel, world: World) {
    this.#notes = notes;
    this.#alive = alive;
    this.#world = world;
    this.#process = world.id();
    this.#failed = (error) => world.log.warn({ error }, 'devices: could not note which connections ended');
    this.#endSpans();
  }

  #aliveUntil({ process = '' }: Span): { readonly alive?: number } {
    const item = this.#alive.view.items.get(process);
    return item === undefined ? {} : { alive: JSON.parse(item.value).at };
  }

  /** Ends the connections that are still open in notes: they ended with an earlier process, at an unknown moment. */
  #endSpans(): void {
    const now = this.#world.now();
    const writing = this.#notes.write(({ items }) => {
      const ops = [...items.values()].flatMap(({ key, value }): Op[] => {
        const note: Note = JSON.parse(value);
        if (note.spans?.every(({ to }) => to !== undefined) !== false) return [];
        const spans = note.spans.map(
          (span): Span => (span.to === undefined ? { ...span, ...this.#aliveUntil(span), to: now, lost: true } : span),
        );
        return [{ op: 'put', key, value: JSON.stringify({ ...note, spans }) }];
      });
      return { ok: true, write: { ops, origin: 'hub', at: now } };
    });
    writing.catch(this.#failed);
  }

  /**
   * Finds or creates the device of an id, and counts a new connection.
   * @param id '' for a new device with a new id
   * @returns a refusal if the device belongs to another account (L4)
   */
  connect(id: string, account: string): { readonly ok: true; readonly device: Device } | Refusal {
    const name = id === '' ? this.#world.id() : id;
    const known = this.#connected.get(name);
    const item = this.#notes.view.items.get(name);
    const note: Note | undefined = item === undefined ? undefined : JSON.parse(item.value);
    if ((known?.account ?? note?.account ?? account) !== account) {
      return refuse(
        'device_not_found',
        '',
        'this device belongs to another account: leave device_id out to get a new one',
      );
    }
    const device = known ?? new Device(name, account, this.#notes, this.#world, this.#process, note);
    this.#connected.set(name, device);
    device.addConnection();
    return { ok: true, device };
  }

  /** Called when clients are notified of a change. When that has surely arrived, notes that this process was still running then. */
  noteSending(): void {
    this.#sentAt = this.#world.now();
    if (!this.#isWaiting) this.#noteAliveLater();
  }

  #noteAliveLater(): void {
    this.#isWaiting = true;
    this.#world.after(sureMs, () => this.#noteAlive());
  }

  #noteAlive(): void {
    const at = this.#world.now();
    this.#isWaiting = false;
    if (this.#sentAt + sureMs > at) this.#noteAliveLater();
    const writing = this.#alive.write(({ items }) => {
      // Processes of other nodes may be running. An entry that is a day old is of one that is not.
      const old = [...items.values()].filter((item) => at - item.at > oldMs).map(({ key }) => key);
      const put = { op: 'put', key: this.#process, value: JSON.stringify({ at }) } as const;
      return { ok: true, write: { ops: [put, ...old.map((key): Op => ({ op: 'remove', key }))], origin: 'hub', at } };
    });
    writing.catch(this.#failed);
  }

  disconnect(device: Device, orderly: boolean): void {
    device.removeConnection(orderly);
    if (device.connections === 0) this.#connected.delete(device.id);
  }
}
