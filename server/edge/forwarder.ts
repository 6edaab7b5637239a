// Carries what was taken in here to the hub, in order, so that each event is there once, whatever breaks in between. It reads the
// local channels by position like any follower; how far each has come is an item of `@edge/sent`. README.md says why this cannot
// double anything. How the hub is reached is link.ts', what may leave the machine is decided by the rules it is handed.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../protocol/check.ts';
import { Buckets } from '../adapters/activitywatch/buckets/buckets.ts';
import { eventOf, isEventKey } from '../adapters/activitywatch/events/event.ts';
import { type Batch, BatchAnswer } from '../adapters/activitywatch/routes/edge-batches.ts';
import { readSettings } from '../adapters/wakatime/model/account-settings.ts';
import { type Heartbeat, readHeartbeat } from '../adapters/wakatime/model/heartbeat.ts';
import type { CachedChannel } from '../core/cached-channel.ts';
import type { Channel } from '../core/channel.ts';
import type { Hub } from '../core/hub.ts';
import type { Change } from '../core/store.ts';
import { applyFilters, type PrivacyFilters } from '../http/privacy-filters.ts';
import { type Heard, jsonOf, type Link } from './upstream.ts';

/** Everything of this machine belongs to this account of the local store; whose it is on the hub, the token says. */
export const localAccount = 'owner';
/** Whoever removes here what the hub has had, and means no delete. */
export const trimmer = '@edge';

const descriptions = `${localAccount}/aw`;
const heartbeats = `${localAccount}/wakatime`;
const epochKey = '@epoch';

/** Items, and characters of them, in one batch. */
const batchItems = 500;
const batchSize = 1_048_576;
/** What the hub will not have is offered again after so long. */
const refusedMs = 30_000;

interface Progress {
  /** Every step up to here is at the hub, or was not to leave. */
  readonly sent: number;
  /** A batch that was sent, perhaps: it is sent again under the same name until it is answered. */
  readonly pending?: { readonly id: string; readonly to: number };
  /** What the hub calls the bucket. */
  readonly place?: string;
}

/** Of the items of an account's document those that the hub is told of. */
const descriptionForm = /^(bucket|setting)\/(.*)$/s;

const begun: Progress = { sent: 0 };

type Carried = 'done' | 'more' | 'away' | { readonly refused: string };

export interface Waiting {
  /** Steps that the hub has not had. */
  readonly steps: number;
  /** Milliseconds since 1970: when the oldest of them was taken in; null when there are none. */
  readonly since: number | null;
  /** What the hub would not have, by channel, and why. */
  readonly refused: ReadonlyMap<string, string>;
}

export interface ForwarderDeps {
  readonly hub: Hub;
  readonly link: Link;
  /** undefined while there are no rules that can be followed: nothing leaves then. */
  readonly filters: () => PrivacyFilters | undefined;
  /** Of the hashes that rules make. */
  readonly key: string;
}

const checkAnswer = compile(BatchAnswer);
const isBatchAnswer = (value: unknown): value is Static<typeof BatchAnswer> => checkAnswer(value);
const BulkAnswer = Type.Object({ responses: Type.Array(Type.Tuple([Type.Unknown(), Type.Integer()])) });
const checkBulk = compile(BulkAnswer);
const isBulkAnswer = (value: unknown): value is Static<typeof BulkAnswer> => checkBulk(value);

export class Forwarder {
  readonly #deps: ForwarderDeps;
  readonly #sent: CachedChannel;
  readonly #buckets: Buckets;
  readonly #channels = new Map<string, Channel>();
  /** When the oldest step that waits in a channel was taken in. */
  readonly #since = new Map<string, number>();
  readonly #refused = new Map<string, string>();
  /** Refused a moment ago. */
  readonly #resting = new Set<string>();
  #waiters: { readonly targets: ReadonlyMap<string, number>; readonly told: (reached: boolean) => void }[] = [];
  #running: Promise<void> | undefined;
  /** Of the hub's store, as it said last. */
  #epoch: string | undefined;
  #again = false;
  #closed = false;
  #unwatch: () => void = () => undefined;
  #cancelRetry: () => void = () => undefined;

  private constructor(deps: ForwarderDeps, sent: CachedChannel, buckets: Buckets) {
    this.#deps = deps;
    this.#sent = sent;
    this.#buckets = buckets;
  }

  static async open(deps: ForwarderDeps): Promise<Forwarder> {
    const { hub } = deps;
    const sent = await hub.cachedChannel('@edge/sent');
    const forwarder = new Forwarder(deps, sent, await Buckets.open(hub, localAccount));
    const known = await hub.store.channels(`${localAccount}/`);
    for (const { channel } of known) {
      if (isCarried(channel)) await forwarder.#adopt(await hub.channel(channel));
    }
    forwarder.#unwatch = hub.watch((channel, changes) => {
      if (!isCarried(channel.name)) return;
      forwarder.#channels.set(channel.name, channel);
      if (!forwarder.#since.has(channel.name)) forwarder.#since.set(channel.name, changes[0]?.at ?? 0);
      forwarder.wake();
    });
    return forwarder;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    this.#cancelRetry();
    await this.#running;
  }

  /** Something may have become possible. */
  wake(): void {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // Somebody woke it when it was about to end.
      if (this.#again && !this.#closed) this.wake();
    });
  }

  async waiting(): Promise<Waiting> {
    let [steps, since] = [0, Number.POSITIVE_INFINITY];
    for (const [name, channel] of this.#channels) {
      const { sent } = this.#progress(name);
      if (channel.position.seq <= sent) continue;
      if (name === descriptions) {
        const leaving = (await channel.history({ after: sent })).filter(({ key }) => descriptionForm.test(key));
        steps += leaving.length;
        since = Math.min(since, leaving[0]?.at ?? since);
      } else {
        steps += channel.position.seq - sent;
        since = Math.min(since, this.#since.get(name) ?? since);
      }
    }
    return { steps, since: Number.isFinite(since) ? since : null, refused: this.#refused };
  }

  /**
   * Resolves once the hub has all that was taken in before, but for what it refuses.
   * @returns false when that cannot be had now, or not in time
   */
  flushed(ms: number): Promise<boolean> {
    if (!this.#deps.link.up) return Promise.resolve(false);
    const targets = new Map([...this.#channels].map(([name, { position }]) => [name, position.seq]));
    if (this.#reached(targets)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.#deps.hub.world.after(ms, () => told(false));
      const told = (reached: boolean) => {
        cancel();
        this.#waiters = this.#waiters.filter((one) => one.told !== told);
        resolve(reached);
      };
      this.#waiters.push({ targets, told });
      this.wake();
    });
  }

  /** The hub answers, and this is its store. */
  met(epoch: string): void {
    this.#epoch = epoch;
    this.wake();
  }

  /** Under which name the bucket is kept here, if it is: `aw-stopwatch` may be another one at the hub. */
  localName(said: string): string | undefined {
    if (this.#buckets.find(said) !== undefined) return said;
    return this.#buckets.list().find(({ id }) => this.#progress(this.#buckets.channelOf(id)).place === said)?.id;
  }

  /** Whether the event is here, not trimmed, under the bucket's local name. */
  async has(bucket: string, event: number): Promise<boolean> {
    return (await (await this.#buckets.bucket(bucket)).event(event)) !== undefined;
  }

  /** Lets go of what the hub has had and what ended before `before`, in milliseconds since 1970. */
  async trim(before: number): Promise<void> {
    for (const [name, channel] of this.#channels) {
      if (name === descriptions) continue;
      const { sent, pending } = this.#progress(name);
      for (;;) {
        const items = await channel.read({ from: Number.MIN_SAFE_INTEGER, to: before * 1_000, limit: batchItems });
        const old = items.filter(({ end, time, seq }) => (end ?? time ?? 0) < before * 1_000 && seq <= sent);
        if (old.length === 0) break;
        const ops = old.map(({ key }) => ({ op: 'remove', key }) as const);
        const { world } = this.#deps.hub;
        await channel.write({ ops, origin: trimmer, at: world.now() });
      }
      if (pending === undefined && sent > channel.floor) await channel.forget(sent);
    }
  }

  async #adopt(channel: Channel): Promise<void> {
    this.#channels.set(channel.name, channel);
    const { sent } = this.#progress(channel.name);
    if (channel.position.seq <= sent) return;
    const since = await channel.since(sent >= channel.floor ? sent : 0, 1);
    this.#since.set(channel.name, since.ok ? (since.changes[0]?.at ?? 0) : 0);
  }

  #progress(name: string): Progress {
    const item = this.#sent.view.items.get(name);
    return item === undefined ? begun : readProgress(item.value);
  }

  #keep(name: string, progress: Progress): Promise<void> {
    return this.#write(() => [{ op: 'put', key: name, value: JSON.stringify(progress) }]);
  }

  async #write(
    ops: (items: ReadonlyMap<string, unknown>) => readonly { op: 'put'; key: string; value: string }[],
  ): Promise<void> {
    const at = this.#deps.hub.world.now();
    const written = await this.#sent.write(({ items }) => ({
      ok: true,
      write: { ops: ops(items), origin: trimmer, at },
    }));
    if (!written.ok) throw new Error(written.error);
  }

  #reached(targets: ReadonlyMap<string, number>): boolean {
    return [...targets].every(([name, seq]) => this.#progress(name).sent >= seq || this.#refused.has(name));
  }

  #tellWaiters(over: boolean): void {
    for (const { targets, told } of [...this.#waiters]) {
      if (this.#reached(targets)) told(true);
      else if (over) told(false);
    }
  }

  async #run(): Promise<void> {
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        await this.#meet();
        if ((await this.#pass()) === 'done') continue;
        this.#again = false;
      }
    } catch (error) {
      this.#again = false;
      this.#deps.hub.world.log.error({ error }, 'edge: what waits could not be sent on; it is tried again');
      this.#retryLater();
    }
    this.#tellWaiters(true);
  }

  /** All channels, until none has more; descriptions first, so that a delete goes before what came after it. */
  async #pass(): Promise<'done' | 'away'> {
    for (const name of [descriptions, ...[...this.#channels.keys()].filter((other) => other !== descriptions)]) {
      const channel = this.#channels.get(name);
      if (channel === undefined) continue;
      const filters = this.#deps.filters();
      if (filters === undefined || !this.#deps.link.up || this.#closed) return 'away';
      if (channel.position.seq <= this.#progress(name).sent || this.#resting.has(name)) continue;
      const carried = await this.#carry(channel, filters);
      if (carried === 'away') return 'away';
      if (carried === 'more') this.#again = true;
      if (typeof carried === 'object') this.#refuse(name, carried.refused);
      else this.#refused.delete(name);
      if (carried === 'done') this.#since.delete(name);
      this.#tellWaiters(false);
    }
    return 'done';
  }

  /** Another store than before has perhaps lost what the hub had. */
  async #meet(): Promise<void> {
    if (this.#epoch === undefined) return;
    const known = this.#sent.view.items.get(epochKey)?.value;
    const value = JSON.stringify(this.#epoch);
    if (known === value) return;
    const { world } = this.#deps.hub;
    if (known !== undefined) {
      world.log.warn({}, 'edge: the hub’s store is another one: what is kept here is sent again');
    }
    await this.#write((items) => [
      { op: 'put', key: epochKey, value },
      // Descriptions go with the events; a history of made and deleted buckets must not be played twice.
      ...[...items.keys()]
        .filter((name) => known !== undefined && name !== epochKey && name !== descriptions)
        .map((name) => ({ op: 'put', key: name, value: JSON.stringify(begun) }) as const),
    ]);
  }

  #refuse(name: string, reason: string): void {
    if (this.#refused.get(name) !== reason) {
      this.#deps.hub.world.log.error({ channel: name, reason }, 'edge: the hub does not take what waits here');
    }
    this.#refused.set(name, reason);
    this.#resting.add(name);
    this.#retryLater();
  }

  #retryLater(): void {
    this.#cancelRetry();
    this.#cancelRetry = this.#deps.hub.world.after(refusedMs, () => {
      this.#resting.clear();
      this.wake();
    });
  }

  #carry(channel: Channel, filters: PrivacyFilters): Promise<Carried> {
    if (channel.name === descriptions) return this.#carryDescriptions(channel);
    if (channel.name === heartbeats) return this.#carryHeartbeats(channel, filters);
    return this.#carryEvents(channel, filters);
  }

  /** Step by step, because a bucket that was deleted and made again is another one. */
  async #carryDescriptions(channel: Channel): Promise<Carried> {
    const { sent } = this.#progress(channel.name);
    const [step] = await channel.history({ after: sent, limit: 1 });
    if (step === undefined) {
      await this.#keep(channel.name, { sent: channel.position.seq });
      return 'done';
    }
    const carried = await this.#carryDescription(step);
    if (carried !== 'done') return carried;
    await this.#keep(channel.name, { sent: step.seq });
    return step.seq < channel.position.seq ? 'more' : 'done';
  }

  async #carryDescription({ key, value, kind }: Change): Promise<Carried> {
    const [, sort = '', name = ''] = descriptionForm.exec(key) ?? [];
    const path = encodeURIComponent(name);
    if (sort === 'setting') {
      return value === null
        ? this.#tell('DELETE', `api/0/settings/${path}`)
        : this.#tell('POST', `api/0/settings/${path}`, value);
    }
    if (sort !== 'bucket') return 'done';
    if (value === null) {
      const place = this.#progress(this.#buckets.channelOf(name)).place ?? name;
      const deleted = await this.#tell('DELETE', `api/0/buckets/${encodeURIComponent(place)}?force=1`);
      // What is there now came after the delete, and the hub has just dropped it with the rest.
      if (deleted === 'done') await this.#keep(this.#buckets.channelOf(name), begun);
      return deleted;
    }
    if (kind === 'create') return this.#carryBatch(name, { events: [], removed: [] }, this.#deps.hub.world.id());
    const { type, client, hostname, data } = readDescription(value);
    return this.#tell('PUT', `api/0/buckets/${path}`, JSON.stringify({ type, client, hostname, data }));
  }

  async #tell(method: string, path: string, body?: string): Promise<Carried> {
    const heard = await this.#deps.link.send({
      method,
      path,
      repeatable: true,
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
    });
    // 404: what was to be changed or removed is not there, so there is nothing left to do.
    return this.#outcome(heard, (status) => (status >= 200 && status < 300) || status === 304 || status === 404);
  }

  async #outcome(heard: Heard, fine: (status: number) => boolean): Promise<Carried> {
    if (!heard.ok) return 'away';
    if (fine(heard.status)) {
      heard.reply.resume();
      return 'done';
    }
    return { refused: await reasonOf(heard) };
  }

  async #carryEvents(channel: Channel, filters: PrivacyFilters): Promise<Carried> {
    const progress = this.#progress(channel.name);
    const bucket = channel.name.slice(descriptions.length + 1);
    if (progress.sent < channel.floor) return this.#carryAll(channel, bucket, filters);
    const since = await channel.since(progress.sent, batchItems);
    if (!since.ok) return 'more';
    const pending = progress.pending ?? {
      id: this.#deps.hub.world.id(),
      to: since.more ? (since.changes.at(-1)?.seq ?? since.head.seq) : since.head.seq,
    };
    const changes = since.changes.filter(({ seq }) => seq <= pending.to);
    const told = this.#leaving(bucket, changes, filters);
    if (told.events.length + told.removed.length > 0) {
      // The name of the batch is on disk before the hub hears it: sent again after a crash it is the same one.
      if (progress.pending === undefined) await this.#keep(channel.name, { ...progress, pending });
      const carried = await this.#carryBatch(bucket, told, pending.id);
      if (carried !== 'done') return carried;
    }
    const { place } = this.#progress(channel.name);
    // The batch may be cut shorter than it was the first time; what is left of it goes with the next.
    const to = Math.min(pending.to, since.more ? (since.changes.at(-1)?.seq ?? pending.to) : pending.to);
    await this.#keep(channel.name, { sent: to, ...(place === undefined ? {} : { place }) });
    return to < channel.position.seq ? 'more' : 'done';
  }

  /** All events that are there, when it is no longer known which of them the hub lacks. What is cut short begins anew. */
  async #carryAll(channel: Channel, bucket: string, filters: PrivacyFilters): Promise<Carried> {
    const since = await channel.since(0, Number.MAX_SAFE_INTEGER);
    if (!since.ok) return 'more';
    for (let at = 0; at < since.changes.length; ) {
      let [size, to] = [0, at];
      while (to < since.changes.length && to < at + batchItems && size < batchSize) {
        size += since.changes[to]?.value?.length ?? 0;
        to += 1;
      }
      const told = this.#leaving(bucket, since.changes.slice(at, to), filters);
      if (told.events.length > 0) {
        const carried = await this.#carryBatch(bucket, told, this.#deps.hub.world.id());
        if (carried !== 'done') return carried;
      }
      at = to;
    }
    const { place } = this.#progress(channel.name);
    const sent = Math.max(since.head.seq, channel.floor);
    await this.#keep(channel.name, { sent, ...(place === undefined ? {} : { place }) });
    return sent < channel.position.seq ? 'more' : 'done';
  }

  #leaving(bucket: string, changes: readonly Change[], filters: PrivacyFilters): Pick<Batch, 'events' | 'removed'> {
    const where = { bucket, type: this.#buckets.find(bucket)?.type ?? '' };
    const events: Batch['events'] = [];
    const removed: number[] = [];
    for (const change of changes) {
      if (!isEventKey(change.key)) continue;
      if (change.value === null) {
        if (change.origin !== trimmer) removed.push(Number(change.key));
        continue;
      }
      const { id, time, duration, data } = eventOf({ ...change, value: change.value });
      const value: unknown = JSON.parse(data);
      const left = applyFilters(filters, where, value, this.#deps.key);
      if (left === null && value !== null) continue;
      events.push({ id, time, end: time + duration, data: left === value ? data : JSON.stringify(left) });
    }
    return { events, removed };
  }

  async #carryBatch(bucket: string, told: Pick<Batch, 'events' | 'removed'>, id: string): Promise<Carried> {
    const description = this.#buckets.find(bucket);
    // Deleted here: that goes its own way, and takes the events along.
    if (description === undefined) return 'done';
    const { type, client, hostname, created, data } = description;
    const batch: Batch = { write_id: id, about: { type, client, hostname, created, data }, ...told };
    const heard = await this.#deps.link.send({
      method: 'POST',
      path: `-/edge/${encodeURIComponent(bucket)}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(batch),
      repeatable: true,
    });
    if (!heard.ok) return 'away';
    if (heard.status !== 200) return { refused: await reasonOf(heard) };
    const answer = await jsonOf(heard.reply);
    if (!isBatchAnswer(answer)) {
      this.#deps.link.lost('an answer of the hub broke off');
      return 'away';
    }
    const name = this.#buckets.channelOf(bucket);
    const before = this.#progress(name);
    if (before.place !== answer.bucket) await this.#keep(name, { ...before, place: answer.bucket });
    this.#epoch = answer.epoch;
    // A store that is not the one before: nothing counts as sent until that is seen to.
    return this.#sent.view.items.get(epochKey)?.value === JSON.stringify(answer.epoch) ? 'done' : 'more';
  }

  async #carryHeartbeats(channel: Channel, filters: PrivacyFilters): Promise<Carried> {
    const { sent } = this.#progress(channel.name);
    const since = await channel.since(sent >= channel.floor ? sent : 0, sent >= channel.floor ? batchItems : 1_000_000);
    if (!since.ok) return 'more';
    const leaving = since.changes.flatMap((change) => this.#leavingHeartbeat(change, filters));
    for (let at = 0; at < leaving.length; at += batchItems) {
      const carried = await this.#carryBulk(leaving.slice(at, at + batchItems));
      if (carried !== 'done') return carried;
    }
    const to = since.more ? (since.changes.at(-1)?.seq ?? since.head.seq) : since.head.seq;
    await this.#keep(channel.name, { sent: to });
    return to < channel.position.seq ? 'more' : 'done';
  }

  #leavingHeartbeat({ key, value, time }: Change, filters: PrivacyFilters): readonly unknown[] {
    const heartbeat = value === null ? undefined : readHeartbeat(value, time);
    if (heartbeat === undefined || time === null) return [];
    const said = inPluginWords(heartbeat);
    const left = applyFilters(filters, { bucket: 'wakatime', type: 'wakatime' }, said, this.#deps.key);
    if (typeof left !== 'object' || left === null) return [];
    // The id is made of what the heartbeat says: where that is hidden it must not leave either.
    return [{ ...left, time: time / 1_000_000, ...(left === said ? { id: key } : {}) }];
  }

  async #carryBulk(list: readonly unknown[]): Promise<Carried> {
    const { timezone } = await readSettings(this.#deps.hub, localAccount);
    const heard = await this.#deps.link.send({
      method: 'POST',
      path: 'api/v1/users/current/heartbeats.bulk',
      headers: { 'content-type': 'application/json', ...(timezone === 'UTC' ? {} : { timezone }) },
      body: JSON.stringify(list),
      repeatable: true,
    });
    if (!heard.ok) return 'away';
    if (heard.status !== 202) return { refused: await reasonOf(heard) };
    const answer = await jsonOf(heard.reply);
    if (!isBulkAnswer(answer) || answer.responses.length !== list.length) {
      this.#deps.link.lost('an answer of the hub broke off');
      return 'away';
    }
    const refused = answer.responses.filter(([, status]) => status !== 201);
    if (refused.some(([, status]) => status !== 400)) return { refused: 'the hub could not take some heartbeats' };
    if (refused.length > 0) {
      this.#deps.hub.world.log.warn({ refused }, 'edge: heartbeats that the hub will never take');
    }
    return 'done';
  }
}

function isCarried(channel: string): boolean {
  return channel === descriptions || channel === heartbeats || channel.startsWith(`${descriptions}/`);
}

/** As a plugin says it: a field that is as before has its mark again. */
function inPluginWords({ last = [], ...heartbeat }: Heartbeat): Readonly<Record<string, unknown>> {
  return { ...heartbeat, ...Object.fromEntries(last.map((name) => [name, `<<LAST_${name.toUpperCase()}>>`])) };
}

async function reasonOf(heard: Extract<Heard, { readonly ok: true }>): Promise<string> {
  const value = await jsonOf(heard.reply);
  return `${heard.status}: ${JSON.stringify(value ?? '').slice(0, 300)}`;
}

/** Written by this file alone, so read without a check. */
function readProgress(text: string): Progress {
  return JSON.parse(text);
}

/** Of the local store, where buckets.ts wrote it. */
function readDescription(text: string): { type: string; client: string; hostname: string; data: object } {
  return JSON.parse(text);
}
