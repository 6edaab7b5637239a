// The rooms in memory: rooms with items, and rooms with viewers. Each is a channel `mob/<room>`. This file writes to it, renders it for
// viewers, removes items older than a day, and counts for the front page. No HTTP.

import { refuse } from '../../../protocol/errors.ts';
import type { CachedChannel } from '../../core/cached-channel.ts';
import type { Hub } from '../../core/hub.ts';
import type { Session, View } from '../../core/session.ts';
import type { Change, Write } from '../../core/store.ts';
import { beginning, goalData, goalEvent, requestData, timerEvent } from './event.ts';
import { nextUser } from './next-user.ts';
import type { Counts } from './pages.ts';
import {
  crowdedOut,
  goalKey,
  noGoal,
  outdatedKeys,
  type RoomItem,
  readGoalItem,
  readRequestItem,
  readRoom,
  runs,
} from './room-item.ts';
import type { Goal, TimerRequest } from './timer-request.ts';

const prefix = 'mob/';
const sweepMs = 60_000;
/** A monitor of the original writes here every five minutes; the counts leave it out. */
const uncounted = `${prefix}testroom-310a9c47-515c-4ad7-a229-ae8efbab7387`;

export interface Numbers {
  readonly timers: Counts;
  readonly breaks: Counts;
  readonly goals: number;
}

/** Who writes to a room: the origin of the change, and the address that is limited. */
export type RoomWriter = Pick<Write, 'origin' | 'address'>;

export class Rooms {
  readonly #hub: Hub;
  readonly #rooms = new Map<string, Room>();
  readonly #timers = new Map<number, number>();
  readonly #breaks = new Map<number, number>();
  #goals = 0;
  /** Resolves when the rooms from before a restart are loaded. */
  readonly loaded: Promise<void>;

  constructor(hub: Hub) {
    this.#hub = hub;
    hub.watch((channel, changes) => this.#onChanges(channel.name, changes), { prefix, whole: true });
    this.loaded = this.#load();
    const sweep = () => {
      hub.world.after(sweepMs, sweep);
      this.#sweep(hub.world.now());
    };
    hub.world.after(sweepMs, sweep);
  }

  has(name: string): boolean {
    return this.#rooms.has(prefix + name);
  }

  /** The number of open room streams. */
  get users(): number {
    let users = 0;
    for (const room of this.#rooms.values()) users += room.viewers;
    return users;
  }

  /** The number of rooms in which a turn or a break is running. */
  get timers(): number {
    const now = this.#hub.world.now();
    let timers = 0;
    for (const { newest } of this.#rooms.values()) if (newest !== undefined && runs(newest, now)) timers += 1;
    return timers;
  }

  /** The numbers of timers started and goals set since this hub started. */
  get numbers(): Numbers {
    return { timers: ascending(this.#timers), breaks: ascending(this.#breaks), goals: this.#goals };
  }

  /** Lets a session follow a room. @returns what ends that; call it once */
  show(name: string, session: Session, shown: () => void = () => undefined): () => void {
    const room = this.#room(prefix + name);
    room.viewers += 1;
    room.opened.then(
      ({ channel }) => session.follow(channel, room.view, { from: 'beginning' }, shown),
      (error: unknown) => {
        this.#hub.world.log.error({ room: name, error }, 'mobtimer: could not open a room');
        session.end('broken');
      },
    );
    return () => {
      room.viewers -= 1;
    };
  }

  /** The name of the room's channel. */
  channelOf(name: string): string {
    return prefix + name;
  }

  /** Starts a timer or a break. Resolves when that is on disk. */
  async start(name: string, asked: Pick<TimerRequest, 'type' | 'minutes' | 'user'>, by: RoomWriter): Promise<void> {
    const document = await this.#room(prefix + name).opened;
    const { world } = this.#hub;
    await document.write((view) => {
      const at = world.now();
      const next = nextUser(readRoom(view.items.values()).requests, asked);
      const value = JSON.stringify(requestData({ ...asked, nextUser: next, at }));
      const forgotten = crowdedOut(view.items.values(), [value]).map((key) => ({ op: 'remove', key }) as const);
      return { ok: true, write: { ops: [...forgotten, { op: 'add', key: world.id(), value }], ...by, at } };
    });
  }

  async goal(name: string): Promise<string | null> {
    const channel = await this.#hub.channel(prefix + name);
    const [item] = await channel.read({ key: goalKey });
    return item === undefined ? null : readGoalItem(item).text;
  }

  setGoal(name: string, text: string, user: string | null, by: RoomWriter): Promise<void> {
    return this.#writeGoal(name, { text, user }, by);
  }

  /** Does nothing if no goal is set. */
  deleteGoal(name: string, user: string | null, by: RoomWriter): Promise<void> {
    return this.#writeGoal(name, { text: null, user }, by);
  }

  async #writeGoal(name: string, goal: Omit<Goal, 'at'>, by: RoomWriter): Promise<void> {
    const document = await this.#room(prefix + name).opened;
    const { world } = this.#hub;
    await document.write((view) => {
      const before = view.items.get(goalKey);
      if (goal.text === null && (before === undefined || readGoalItem(before).text === null)) {
        return refuse('not_found', 'goal');
      }
      const at = world.now();
      // The id makes the value new: setting the same goal again must reach viewers, and an unchanged value would not.
      const value = JSON.stringify({ ...goalData({ ...goal, at }), id: world.id() });
      return { ok: true, write: { ops: [{ op: 'put', key: goalKey, value }], ...by, at } };
    });
  }

  #room(channel: string): Room {
    let room = this.#rooms.get(channel);
    if (room === undefined) {
      room = new Room(this.#hub, channel);
      this.#rooms.set(channel, room);
      room.opened.catch(() => this.#rooms.delete(channel));
    }
    return room;
  }

  async #load(): Promise<void> {
    try {
      const channels = await this.#hub.store.channels(prefix);
      await Promise.all(channels.filter(({ items }) => items > 0).map(({ channel }) => this.#room(channel).opened));
    } catch (error) {
      this.#hub.world.log.error({ error }, 'mobtimer: could not read the rooms of before');
    }
  }

  /** Called for every commit of the hub, because rooms are also written by the channel verbs and by other nodes. */
  #onChanges(channel: string, changes: readonly Change[]): void {
    if (!channel.startsWith(prefix)) return;
    this.#room(channel);
    if (channel === uncounted) return;
    for (const change of changes) {
      const item = itemOf(change);
      if (item === undefined) continue;
      if (item.key === goalKey) this.#goals += readGoalItem(item).text === null ? 0 : 1;
      const request = readRequestItem(item, () => []);
      if (request === undefined) continue;
      const counts = request.type === 'TIMER' ? this.#timers : this.#breaks;
      counts.set(request.minutes, (counts.get(request.minutes) ?? 0) + 1);
    }
  }

  #sweep(now: number): void {
    for (const [name, room] of this.#rooms) {
      if (!room.sweep(now)) continue;
      room.close();
      this.#rooms.delete(name);
      this.#hub.release(name);
    }
  }
}

class Room {
  viewers = 0;
  readonly opened: Promise<CachedChannel>;
  readonly view: View = {
    key: 'mobtimer',
    echo: true,
    live: (change) => this.#live(change),
    whole: async () => {
      const { items, seq } = await (await this.opened).settled();
      const { requests, goal } = readRoom([...items.values()]);
      return { seq, pieces: [beginning(requests, goal)] };
    },
    // Catching up sends the whole room again, so no position is needed.
    seqOf: () => 0,
  };
  readonly #hub: Hub;
  #document: CachedChannel | undefined;
  #newest: { readonly key: string; readonly request: TimerRequest } | undefined;
  /** The step that removed the newest request: viewers then get an older one, or none. */
  #fell = 0;
  #stopListening: () => void = () => undefined;

  constructor(hub: Hub, channel: string) {
    this.#hub = hub;
    this.opened = this.#open(channel);
  }

  get newest(): TimerRequest | undefined {
    return this.#newest?.request;
  }

  /** Removes items older than a day. @returns true if the room is empty and has no viewers, and can be dropped */
  sweep(now: number): boolean {
    const document = this.#document;
    if (document === undefined) return false;
    if (outdatedKeys(document.view.items.values(), now).length > 0) {
      this.#forget(document, now).catch((error: unknown) => {
        this.#hub.world.log.error({ channel: document.channel.name, error }, 'mobtimer: could not forget');
      });
      return false;
    }
    return this.viewers === 0 && document.view.items.size === 0;
  }

  close(): void {
    this.#stopListening();
  }

  async #open(name: string): Promise<CachedChannel> {
    const document = await this.#hub.cachedChannel(name);
    this.#stopListening = document.channel.listen(
      (changes) => this.#onChanges(changes),
      () => void this.#followAgain(document),
    );
    this.#document = document;
    this.#newest = newestOf(document);
    return document;
  }

  async #forget(document: CachedChannel, at: number): Promise<void> {
    const written = await document.write(({ items }) => {
      const ops = outdatedKeys(items.values(), at).map((key) => ({ op: 'remove', key }) as const);
      return { ok: true, write: { ops, origin: 'hub', at } };
    });
    if (!written.ok) return;
    const left = [...document.view.items.values()].filter(({ key }) => key !== goalKey);
    await document.channel.forget(Math.min(...left.map(({ seq }) => seq - 1), written.position.seq));
  }

  async #followAgain(document: CachedChannel): Promise<void> {
    const { seq } = await document.settled();
    this.#newest = newestOf(document);
    this.#fell = seq;
  }

  #onChanges(changes: readonly Change[]): void {
    for (const change of changes) {
      const request = this.#requestOf(change);
      if (request !== undefined) this.#newest = { key: change.key, request };
      else if (change.key === this.#newest?.key) {
        this.#newest = this.#document === undefined ? undefined : newestOf(this.#document);
        this.#fell = change.seq;
      }
    }
  }

  /** The channel's listeners have been called with the change before. */
  #live(change: Change): string | null {
    if (change.key === goalKey) {
      const item = itemOf(change);
      return goalEvent(item === undefined ? noGoal : readGoalItem(item));
    }
    const request = this.#requestOf(change);
    if (request !== undefined) return timerEvent(request);
    return change.seq === this.#fell ? timerEvent(this.newest) : null;
  }

  #requestOf(change: Change): TimerRequest | undefined {
    const item = itemOf(change);
    if (item === undefined) return undefined;
    return readRequestItem(item, () => {
      const items = [...(this.#document?.view.items.values() ?? [])];
      return readRoom(items.filter(({ seq }) => seq < change.seq)).requests;
    });
  }
}

function newestOf(document: CachedChannel): { readonly key: string; readonly request: TimerRequest } | undefined {
  const before: TimerRequest[] = [];
  let newest: { readonly key: string; readonly request: TimerRequest } | undefined;
  for (const item of document.view.items.values()) {
    const request = readRequestItem(item, () => before);
    if (request === undefined) continue;
    before.push(request);
    newest = { key: item.key, request };
  }
  return newest;
}

function itemOf({ key, value, at }: Change): RoomItem | undefined {
  return value === null ? undefined : { key, value, at };
}

function ascending(counts: ReadonlyMap<number, number>): Counts {
  return [...counts].sort(([a], [b]) => a - b).map(([minutes, count]) => ({ minutes, count }));
}
