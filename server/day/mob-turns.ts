// Turns of mob rooms, copied into the accounts of the people who were there: rooms forget after a day, and a person's day must not. A turn
// belongs to each account that declared, in `settings`, a name that the room shows in this sitting. Copying twice changes nothing: the
// key of the copy is the turn's.

import { areMobNames } from '../../protocol/day.ts';
import { goalKey, type RoomItem, readGoalItem, readRequestItem } from '../adapters/mobtimer/room-item.ts';
import type { TimerRequest } from '../adapters/mobtimer/timer-request.ts';
import { addBounded } from '../core/bounded.ts';
import type { Hub } from '../core/hub.ts';

const prefix = 'mob/';
const namesKey = 'mob_names';
/** Copies that are remembered, so that the same turn is not offered to the store again and again. */
const mostRemembered = 50_000;
const minuteMs = 60_000;
/** A room in which nothing ran for that long begins a new sitting: who typed before it is not taken for present. */
const sittingMs = 30 * minuteMs;

export interface MobTurn {
  /** Of the request that began it. */
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Who typed; null where nobody said. */
  readonly typist: string | null;
  /** All names that the room showed in this sitting up to the end of the turn. */
  readonly names: readonly string[];
}

interface KeyedRequest {
  readonly key: string;
  readonly request: TimerRequest;
}

/**
 * The turns of a room, oldest first. A turn lasts from its request to its end, the next request or the break, whichever comes first.
 * @param items oldest first
 */
export function turnsOf(items: Iterable<RoomItem & { readonly key: string }>): readonly MobTurn[] {
  const before: TimerRequest[] = [];
  const requests: KeyedRequest[] = [];
  for (const item of items) {
    const request = readRequestItem(item, () => before);
    if (request === undefined) continue;
    before.push(request);
    requests.push({ key: item.key, request });
  }
  const turns: MobTurn[] = [];
  let names = new Set<string>();
  let sitting = Number.NEGATIVE_INFINITY;
  for (const [index, { key, request }] of requests.entries()) {
    const { at, minutes, type, user, nextUser } = request;
    if (at > sitting + sittingMs) names = new Set();
    for (const name of [user, nextUser]) if (name !== null && name.trim() !== '') names.add(name.trim());
    const to = Math.min(at + minutes * minuteMs, requests[index + 1]?.request.at ?? Number.POSITIVE_INFINITY);
    sitting = Math.max(sitting, to);
    if (type === 'TIMER' && to > at) turns.push({ key, from: at, to, typist: user, names: [...names] });
  }
  return turns;
}

export interface MobTurnDeps {
  readonly hub: Hub;
  /** Names of all accounts. */
  readonly accounts: () => readonly string[];
}

export class MobTurns {
  readonly #hub: Hub;
  readonly #accounts: () => readonly string[];
  /** By room: ends the wait for the end of a turn. */
  readonly #waiting = new Map<string, () => void>();
  readonly #ends: readonly (() => void)[];
  /** The names that accounts declared, as far as this node knows; another node copies by what it knows. */
  #named: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  readonly #copied = new Set<string>();
  /** Rooms are looked at one after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor({ hub, accounts }: MobTurnDeps) {
    this.#hub = hub;
    this.#accounts = accounts;
    this.#ends = [
      hub.watch(({ name }, changes) => {
        if (name.startsWith(prefix)) this.#look(name);
        else if (name.endsWith('/settings') && changes.some(({ key }) => key === namesKey)) {
          this.#named = undefined;
          this.#lookAtAll();
        }
      }),
      hub.atDrain(() => this.close()),
    ];
    this.#lookAtAll();
  }

  close(): void {
    for (const end of this.#ends) end();
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }

  /** Resolves when all that has ended by now is copied. */
  settled(): Promise<void> {
    return this.#turn;
  }

  /** Turns that ended while no hub ran, and those of somebody who declares a name late. */
  #lookAtAll(): void {
    this.#hub.store.channels(prefix).then(
      (channels) => {
        for (const { channel, items } of channels) if (items > 0) this.#look(channel);
      },
      (error: unknown) => this.#hub.world.log.warn({ error }, 'day: could not list the rooms'),
    );
  }

  #look(room: string): void {
    this.#turn = this.#turn
      .then(() => this.#copy(room))
      .catch((error: unknown) =>
        this.#hub.world.log.warn({ channel: room, error }, 'day: could not copy the turns of a room'),
      );
  }

  async #copy(room: string): Promise<void> {
    const items = await this.#hub.store.read(room, {});
    const ordered = [...items].sort((a, b) => a.seq - b.seq);
    const turns = turnsOf(ordered);
    const now = this.#hub.world.now();
    this.#waiting.get(room)?.();
    this.#waiting.delete(room);
    const next = turns.find(({ to }) => to > now);
    if (next !== undefined)
      this.#waiting.set(
        room,
        this.#hub.world.after(next.to - now, () => this.#look(room)),
      );
    const ended = turns.filter(({ to }) => to <= now);
    if (ended.length === 0) return;
    const goal = ordered.find(({ key }) => key === goalKey);
    const text = goal === undefined ? null : readGoalItem(goal).text;
    for (const [account, names] of await this.#declaredNames())
      await this.#copyTo(account, names, room.slice(prefix.length), ended, text);
  }

  /** Accounts that declared names. */
  async #declaredNames(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const known = this.#named;
    if (known !== undefined) return known;
    const named = new Map<string, ReadonlySet<string>>();
    this.#named = named;
    for (const account of this.#accounts()) {
      const [item] = await this.#hub.store.read(`${account}/settings`, { key: namesKey, limit: 1 });
      const names: unknown = item === undefined ? [] : JSON.parse(item.value);
      if (areMobNames(names) && names.length > 0) named.set(account, new Set(names.map((name) => name.trim())));
    }
    return named;
  }

  async #copyTo(
    account: string,
    own: ReadonlySet<string>,
    room: string,
    turns: readonly MobTurn[],
    goal: string | null,
  ): Promise<void> {
    const ops = turns.flatMap(({ key, from, to, typist, names }) => {
      const name = names.find((one) => own.has(one));
      if (name === undefined || this.#copied.has(`${account} ${room}/${key}`)) return [];
      const value = JSON.stringify({ room, name, typist, ...(goal === null ? {} : { goal }) });
      return [{ op: 'add', key: `${room}/${key}`, value, time: from * 1_000, end: to * 1_000 } as const];
    });
    if (ops.length === 0) return;
    const channel = await this.#hub.channel(`${account}/mob_turns`);
    await channel.write({ ops, origin: 'mobtimer', at: this.#hub.world.now() });
    for (const { key } of ops) addBounded(this.#copied, `${account} ${key}`, mostRemembered);
  }
}
