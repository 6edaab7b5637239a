// What the hub remembers of each device of an account: its base, by which offline edits are told from old copies (rules M1, M11).
// Kept in memory while it is connected and noted in `@hub/devices` when the base is sure: a note that is too old is safe, since an
// older base only asks for one merge more. A note that is too new would lose edits, so what was just sent waits.

import type { Refusal } from '../../../protocol/errors.ts';
import { refuse } from '../../../protocol/errors.ts';
import { type Base, loginVersion } from '../../../protocol/version.ts';
import type { Document } from '../../core/document.ts';
import type { World } from '../../core/world.ts';

/** A read-all counts as received when the connection has outlived it by this long, or is closed by the client in good order. */
const sureMs = 2_000;

interface Note {
  readonly account: string;
  readonly base?: Base;
}

export class Device {
  readonly id: string;
  readonly account: string;
  /** How many connections it has. */
  connections = 0;
  #notes: Document;
  #world: World;
  #base: Base | undefined;
  /** A base that was sent and may not have arrived. */
  #sent: { readonly base: Base; readonly at: number } | undefined;
  #cancel: () => void = () => undefined;

  constructor(id: string, account: string, notes: Document, world: World, base: Base | undefined) {
    this.id = id;
    this.account = account;
    this.#notes = notes;
    this.#world = world;
    this.#base = base;
  }

  get base(): Base | undefined {
    return this.#base;
  }

  /** What to answer a login that names this version. A device that starts from nothing has no base any more. */
  login(stated: number | undefined, hub: { version: number; seq: number }): number {
    this.#settle();
    if (stated === undefined || stated <= 0) this.#base = undefined;
    const answer = loginVersion(this.#base, stated, hub);
    // A client may take the version of the login answer for its own when it then reads all.
    this.#named = [answer, ...(stated === undefined ? [] : [stated])];
    return answer;
  }

  #named: readonly number[] = [];

  /** It asked for all tasks and is being sent those after step `seq`, under this version. */
  readAll(seq: number, version: number): void {
    this.#settle();
    const base = this.#base;
    this.#sent = {
      base: {
        seq,
        versions: [...new Set([version, ...this.#named, ...(base?.versions ?? [])])],
        offset: base?.offset ?? 0,
        left: this.#world.now(),
      },
      at: this.#world.now(),
    };
    this.#later();
  }

  /**
   * It made a write that was accepted.
   * @param steps the write's own steps: the base moves on with them where nobody else's lie between
   */
  wrote(stated: number | undefined, steps: { readonly first: number; readonly last: number } | undefined): void {
    this.#settle();
    const now = this.#world.now();
    const move = (base: Base): Base => ({
      seq: steps !== undefined && steps.first === base.seq + 1 ? steps.last : base.seq,
      versions: stated === undefined ? base.versions : [stated],
      offset: stated === undefined ? base.offset : stated - now,
      left: now,
    });
    if (this.#sent !== undefined) this.#sent = { ...this.#sent, base: move(this.#sent.base) };
    if (this.#base !== undefined) this.#base = move(this.#base);
    this.#named = [];
    this.#later();
  }

  /**
   * Its whole list was merged under this version.
   * @param seq the last step, when what came out is what it sent, so that it surely has it; undefined otherwise
   */
  merged(stated: number | undefined, answered: number, seq: number | undefined): void {
    const now = this.#world.now();
    this.#sent = undefined;
    this.#base = {
      seq: seq ?? this.#base?.seq ?? 0,
      versions: [answered, ...(stated === undefined ? [] : [stated])],
      offset: stated === undefined ? (this.#base?.offset ?? 0) : stated - now,
      left: now,
    };
    this.#named = [];
    this.#later();
  }

  /** @param orderly closed by the client, so that what was sent before has arrived */
  disconnected(orderly: boolean): void {
    this.connections -= 1;
    if (orderly && this.#sent !== undefined) this.#base = this.#sent.base;
    else this.#settle();
    if (this.connections > 0) return;
    this.#sent = undefined;
    this.#cancel();
    if (this.#base === undefined) return;
    this.#base = { ...this.#base, left: this.#world.now() };
    this.note();
  }

  /** Writes down what is sure. A failure costs one merge more at the next login. */
  note(): void {
    const note: Note =
      this.#base === undefined ? { account: this.account } : { account: this.account, base: this.#base };
    const at = this.#world.now();
    const op = { op: 'put', key: this.id, value: JSON.stringify(note) } as const;
    this.#notes
      .write(() => ({ ok: true, write: { ops: [op], origin: this.id, at } }))
      .catch((error: unknown) => {
        this.#world.log.warn({ error }, 'device: could not note what it has');
      });
  }

  /** What was sent long enough ago, on a connection that is still there, has arrived. */
  #settle(): void {
    if (this.#sent === undefined || this.#world.now() - this.#sent.at < sureMs) return;
    this.#base = this.#sent.base;
    this.#sent = undefined;
  }

  #later(): void {
    this.#cancel();
    this.#cancel = this.#world.after(sureMs, () => {
      this.#settle();
      if (this.#base !== undefined) this.#base = { ...this.#base, left: this.#world.now() };
      this.note();
    });
  }
}

export class Devices {
  #notes: Document;
  #world: World;
  #connected = new Map<string, Device>();

  constructor(notes: Document, world: World) {
    this.#notes = notes;
    this.#world = world;
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
    const device = known ?? new Device(name, account, this.#notes, this.#world, note?.base);
    if (note === undefined && known === undefined) device.note();
    this.#connected.set(name, device);
    device.connections += 1;
    return { ok: true, device };
  }

  disconnect(device: Device, orderly: boolean): void {
    device.disconnected(orderly);
    if (device.connections === 0) this.#connected.delete(device.id);
  }
}
