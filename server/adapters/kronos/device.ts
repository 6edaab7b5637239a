// What the hub remembers of each device of an account: its base, by which offline edits are told from old copies (rules M1, M11).
// Kept in memory while it is connected and noted in `@hub/devices` when the base is sure: a note that is too old is safe, since an
// older base only asks for one merge more. A note that is too new would lose edits, so what was just sent waits.

import { type Refusal, refuse } from '../../../protocol/errors.ts';
import type { Generation } from '../../../protocol/generation.ts';
import { type Base, loginVersion } from '../../../protocol/version.ts';
import type { CachedChannel } from '../../core/cached-channel.ts';
import type { Op } from '../../core/store.ts';
import type { World } from '../../core/world.ts';

/**
 * A list counts as received when the client closes in good order, or speaks again on the same connection this much later. Otherwise
 * the device's own list has to prove it. Nothing is under way for longer.
 */
export const sureMs = 2_000;

interface Note {
  readonly account: string;
  readonly base?: Base;
  readonly sent?: Sent;
  readonly generation?: 2018 | 2019;
  /** Its own indexes of tasks that have another, or none (W10), with the tasks' keys; the oldest first. */
  readonly aliases?: readonly (readonly [index: string, key: string])[];
  /** Its clock less the hub's, in milliseconds, when it last changed something at once. */
  readonly clock?: number;
  /** Its last connections; the oldest first. */
  readonly spans?: readonly Span[];
  /** The keys of the tasks that it made without an index; the numbers beside them have no meaning any more. */
  readonly made?: readonly (readonly [key: string, unused: number])[];
}

/** From when to when it was connected, by the hub's clock; `to` is missing while it is, or where the hub ended first. */
interface Span {
  readonly from: number;
  readonly to?: number;
  readonly orderly?: boolean;
  /** The hub ended first, at a moment that is not known. */
  readonly lost?: boolean;
  /** The process that has the connection. */
  readonly process?: string;
  /** Of a lost one, the last moment at which its process is known to have been there. */
  readonly alive?: number;
}

/** A name that the device gave to a task. */
interface Alias {
  readonly key: string;
  /** When it did. */
  readonly turn: number;
  /** Whether it was sent a list since, and with that the hub's names of all tasks. */
  isOld: boolean;
}

/** Connections of one device that are remembered. */
const spanMost = 10;

/** Aliases that a device may use before they are forgotten. */
const aliasMost = 1_000;

/** The first list of a connection: it may not have arrived. */
interface Sent {
  readonly base: Base;
  /** The last step when the connection logged in: what came later it may know from a notification. */
  readonly login: number;
}

const nothing = () => undefined;

export class Device {
  readonly id: string;
  readonly account: string;
  /** How many connections it has. */
  connections = 0;
  #notes: CachedChannel;
  #world: World;
  #base: Base | undefined;
  #sent: Sent | undefined;
  /** The newest list of this connection, and when it was sent. */
  #latest: { readonly base: Base; readonly at: number; readonly turn: number } | undefined;
  #login = 0;
  /** Versions it was told with its last login, which it may take for its own when it then reads all. */
  #told: readonly number[] = [];
  /** Whether it was asked for its tasks and has not sent them yet: it has edits that nobody knows of. */
  #owes = false;
  /** Whether the plain rules hold for the login under way (M1). */
  #first = false;
  #cancel: () => void = nothing;
  #generation: 2018 | 2019 | undefined;
  #aliases: Map<string, Alias>;
  #process: string;
  #clock: number | undefined;
  #turn = 0;
  #spans: Span[];
  /** undefined for a device whose note is older than this field, until it has received a list. */
  #made: Map<string, number> | undefined;

  /** @param process the one that it connects to */
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
    this.#clock = note?.clock;
    this.#spans = [...(note?.spans ?? [])];
    this.#made =
      note === undefined || note.made !== undefined ? new Map(note?.made?.map(([key]) => [key, 0])) : undefined;
  }

  /** What happens to a device in one millisecond still has an order. */
  #nextTurn(): number {
    this.#turn += 1;
    return this.#turn;
  }

  /** It has one connection more. */
  connected(): void {
    this.connections += 1;
    if (this.connections > 1) return;
    this.#spans = [...this.#spans, { from: this.#world.now(), process: this.#process }].slice(-spanMost);
    this.#noteSometime();
  }

  mayKnow(at: number): boolean {
    const [current, ...earlier] = this.#spans.toReversed();
    if (this.#sent !== undefined || (current !== undefined && current.from <= at)) return true;
    return earlier.some(({ to = Number.POSITIVE_INFINITY }) => to >= at);
  }

  get unindexed(): ReadonlySet<string> | undefined {
    return this.#made && new Set(this.#made.keys());
  }

  made(key: string): void {
    this.#made?.set(key, this.#nextTurn());
    const oldest = this.#made?.keys().next().value;
    if (this.#made !== undefined && this.#made.size > aliasMost && oldest !== undefined) this.#made.delete(oldest);
    this.#later();
  }

  knows(key: string): void {
    this.#made?.delete(key);
  }

  heard(at: number): 'surely' | 'perhaps' | 'no' {
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

  #spanAt(at: number): Span | undefined {
    return this.#spans.findLast(({ from, to = Number.POSITIVE_INFINITY }) => from <= at && at <= to);
  }

  get clock(): number | undefined {
    return this.#clock;
  }

  get generation(): Generation {
    return this.#generation ?? 'unknown';
  }

  /** R4: it sent something by which it can be told. */
  isOf(generation: 2018 | 2019): void {
    if (this.#generation === generation) return;
    this.#generation = generation;
    this.#later();
  }

  keyOf(index: string, namesake?: string): string | undefined {
    const alias = this.#aliases.get(index);
    return namesake !== undefined && alias?.isOld === true ? namesake : alias?.key;
  }

  /** W10: from now on `index` is its name of this task. */
  names(index: string, key: string): void {
    if (this.keyOf(index) === key) return;
    this.#aliases.delete(index);
    this.#aliases.set(index, { key, turn: this.#nextTurn(), isOld: false });
    const oldest = this.#aliases.keys().next().value;
    if (this.#aliases.size > aliasMost && oldest !== undefined) this.#aliases.delete(oldest);
    this.#later();
  }

  get base(): Base | undefined {
    return this.#base;
  }

  get sent(): Sent | undefined {
    return this.#sent;
  }

  /**
   * M1. To be awaited before a login is answered: a device that comes for the first time, or starts from nothing again, must be
   * known to have nothing before it is told anything.
   * @param seq the last step of the account's tasks
   */
  async greet(stated: number | undefined, seq: number): Promise<void> {
    this.#first = this.#base === undefined || stated === undefined || stated <= 0;
    if (!this.#first) return;
    if (this.#base?.seq === 0 && this.#base.began === seq && this.#sent === undefined) return;
    const versions = stated === undefined ? [] : [stated];
    this.#base = { seq: 0, began: seq, versions, offset: 0, left: this.#world.now() };
    this.#sent = undefined;
    await this.#note();
  }

  /** What to answer a login that names this version. */
  login(stated: number | undefined, hub: { version: number; seq: number }): number {
    this.#login = hub.seq;
    const answer = loginVersion(this.#first ? undefined : this.#base, stated, hub, this.#generation === 2018);
    this.#told = [answer, ...(stated === undefined ? [] : [stated])];
    this.#owes = stated !== undefined && answer === stated - 1;
    return answer;
  }

  /**
   * It is being sent all tasks as after step `seq`, under this version.
   * @param asked a client that did not ask may be changing something, and forgets that with the list it takes over
   */
  list(seq: number, version: number, asked: boolean): void {
    this.#settle();
    const now = this.#world.now();
    if (!asked && this.#base !== undefined) this.#base = { ...this.#base, doubt: this.#base.doubt ?? now - sureMs };
    const versions = [...new Set([version, ...this.#told, ...(this.#base?.versions ?? [])])];
    const base: Base = { seq, versions, offset: this.#base?.offset ?? 0, left: now };
    this.#latest = { base, at: now, turn: this.#nextTurn() };
    this.#sent ??= { base: { ...base, doubt: now }, login: this.#login };
    this.#later();
  }

  /** Its own list proves that the first list of an earlier connection arrived. */
  proved(): void {
    if (this.#sent !== undefined) this.#base = this.#sent.base;
    this.#sent = undefined;
  }

  /**
   * It made a write that was accepted.
   * @param steps the write's own steps: the base moves on with them where nobody else's lie between
   */
  wrote(stated: number | undefined, steps: { readonly first: number; readonly last: number } | undefined): void {
    this.#settle();
    const now = this.#world.now();
    const isNew = this.#clock === undefined;
    if (stated !== undefined) this.#clock = stated - now;
    if (isNew && stated !== undefined) this.#noteSometime();
    const move = (base: Base): Base => ({
      ...base,
      seq: steps !== undefined && steps.first === base.seq + 1 ? steps.last : base.seq,
      versions: stated === undefined ? base.versions : [stated],
      offset: stated === undefined ? base.offset : stated - now,
      left: now,
    });
    if (this.#latest !== undefined) this.#latest = { ...this.#latest, base: move(this.#latest.base) };
    if (this.#base !== undefined) this.#base = move(this.#base);
    this.#told = [];
    this.#later();
  }

  /**
   * Its whole list was merged, and answered under this version.
   * @param seq the last step, when what came out is what it sent, so that it surely has it; undefined otherwise
   */
  merged(stated: number | undefined, answered: number, seq: number | undefined): void {
    const now = this.#world.now();
    this.#base = {
      ...(seq === undefined ? { seq: this.#base?.seq ?? 0, began: this.#base?.began ?? 0 } : { seq }),
      versions: [answered, ...(stated === undefined ? [] : [stated])],
      offset: stated === undefined ? (this.#base?.offset ?? 0) : stated - now,
      left: now,
    };
    this.#sent = undefined;
    this.#latest = undefined;
    this.#owes = false;
    this.#told = [];
    this.#later();
  }

  /** @param orderly closed by the client, so that what was sent before has arrived */
  disconnected(orderly: boolean): void {
    this.connections -= 1;
    if (orderly) this.#received();
    if (this.connections > 0) return;
    const span = this.#spans.at(-1);
    if (span !== undefined) this.#spans = [...this.#spans.slice(0, -1), { ...span, to: this.#world.now(), orderly }];
    this.#cancel();
    this.#latest = undefined;
    // Otherwise edits may have been lost on the way, and the last that was heard of it counts.
    if (orderly && !this.#owes && this.#base !== undefined) this.#base = { ...this.#base, left: this.#world.now() };
    this.#noteSometime();
  }

  /** Writes down what it has. A note that is too old costs one merge more at the next login. */
  async #note(): Promise<void> {
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
    };
    const op = { op: 'put', key: this.id, value: JSON.stringify(note) } as const;
    await this.#notes.write(() => ({ ok: true, write: { ops: [op], origin: this.id, at } }));
  }

  #noteSometime(): void {
    this.#note().catch((error: unknown) => this.#world.log.warn({ error }, 'device: could not note what it has'));
  }

  /** It is speaking, and was sent its tasks long enough ago. */
  #settle(): void {
    if (this.#latest !== undefined && this.#world.now() - this.#latest.at >= sureMs) this.#received();
  }

  /** What was sent last has arrived. */
  #received(): void {
    if (this.#latest === undefined) return;
    this.#base = this.#latest.base;
    const { turn } = this.#latest;
    // Every task of a list has the index that the hub shows.
    this.#made = new Map([...(this.#made ?? [])].filter(([, made]) => made > turn));
    for (const alias of this.#aliases.values()) alias.isOld ||= alias.turn <= turn;
    this.#latest = undefined;
    this.#sent = undefined;
  }

  #later(): void {
    this.#cancel();
    this.#cancel = this.#world.after(sureMs, () => {
      this.#cancel = nothing;
      this.#noteSometime();
    });
  }
}

export class Devices {
  #notes: CachedChannel;
  #world: World;
  #connected = new Map<string, Device>();
  /** Of each process that tells clients of changes, when it was last seen alive. */
  #alive: CachedChannel;
  #process: string;
  #toldAt = 0;
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

  /** A connection that is open in a note ended with the process that made the note, at a moment that nobody knows. */
  #endSpans(): void {
    const now = this.#world.now();
    const ended = this.#notes.write(({ items }) => {
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
    ended.catch(this.#failed);
  }

  /**
   * The device by its id, for one connection more. One that nobody has is taken.
   * @param id '' makes one
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
    device.connected();
    return { ok: true, device };
  }

  /** Clients are being told of a change. Once that has surely arrived, it is noted that this process was still there. */
  told(): void {
    this.#toldAt = this.#world.now();
    if (!this.#isWaiting) this.#noteAliveLater();
  }

  #noteAliveLater(): void {
    this.#isWaiting = true;
    this.#world.after(sureMs, () => this.#noteAlive());
  }

  #noteAlive(): void {
    const at = this.#world.now();
    this.#isWaiting = false;
    if (this.#toldAt + sureMs > at) this.#noteAliveLater();
    const noted = this.#alive.write(({ items }) => {
      // The connections of processes of before are noted as ended.
      const old = [...items.keys()].filter((key) => key !== this.#process);
      const put = { op: 'put', key: this.#process, value: JSON.stringify({ at }) } as const;
      return { ok: true, write: { ops: [put, ...old.map((key): Op => ({ op: 'remove', key }))], origin: 'hub', at } };
    });
    noted.catch(this.#failed);
  }

  disconnect(device: Device, orderly: boolean): void {
    device.disconnected(orderly);
    if (device.connections === 0) this.#connected.delete(device.id);
  }
}
