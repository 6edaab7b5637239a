// Forwards the events and heartbeats of the local store to the hub, in order and exactly once, across any interruption. It reads the local
// channels by position, like any follower; the progress of each channel is an item of `@edge/sent`. README.md explains why nothing is
// duplicated. upstream.ts sends the requests; the privacy filters decide what may leave the machine.

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
import type { Change, Since } from '../core/store.ts';
import { applyFilters, type PrivacyFilters } from '../http/privacy-filters.ts';
import { readJson, type Upstream, type UpstreamResponse } from './upstream.ts';

/** The account of the local store that owns everything on this machine. On the hub, the token decides the account. */
export const localAccount = 'owner';
/** Origin of retention deletes. They only trim local data and are not forwarded. */
export const retentionOrigin = '@edge';

const bucketsChannel = `${localAccount}/aw`;
const heartbeatsChannel = `${localAccount}/wakatime`;
const epochKey = '@epoch';

/** Limits of one batch: items, and characters of their values. */
const batchItems = 500;
/** Milliseconds after which a refused channel is sent again. */
const retryRefusedMs = 30_000;

interface Progress {
  /** Every step up to this one is on the hub, or is not sent because of a privacy rule. */
  readonly sent: number;
  /** A batch that may have reached the hub: it is sent again under the same write id until the hub answers. */
  readonly pending?: { readonly id: string; readonly to: number };
  /** The bucket's id on the hub. */
  readonly place?: string;
}

/** Keys of the bucket channel whose items are forwarded: bucket descriptions and settings. */
const descriptionForm = /^(bucket|setting)\/(.*)$/s;

const initialProgress: Progress = { sent: 0 };

type SendOutcome = 'done' | 'more' | 'away' | { readonly refused: string };

export interface Waiting {
  /** Number of steps that the hub does not have yet. */
  readonly steps: number;
  /** When the oldest of these steps was stored, in milliseconds since 1970; null if there are none. */
  readonly since: number | null;
  /** Why the hub refuses a channel, by channel name. */
  readonly refused: ReadonlyMap<string, string>;
}

export interface ForwarderDeps {
  readonly hub: Hub;
  readonly upstream: Upstream;
  /** The privacy filters; undefined while the rules are invalid, and then nothing is sent. */
  readonly filters: () => PrivacyFilters | undefined;
  /** Key of the hashes that privacy rules make. */
  readonly key: string;
}

const checkAnswer = compile(BatchAnswer);
const isBatchAnswer = (value: unknown): value is Static<typeof BatchAnswer> => checkAnswer(value);
const BulkAnswer = Type.Object({ responses: Type.Array(Type.Tuple([Type.Unknown(), Type.Integer()])) });
const checkBulk = compile(BulkAnswer);
const isBulkAnswer = (value: unknown): value is Static<typeof BulkAnswer> => checkBulk(value);

export class Forwarder {
  readonly #deps: ForwarderDeps;
  readonly #progressChannel: CachedChannel;
  readonly #buckets: Buckets;
  readonly #channels = new Map<string, Channel>();
  /** When the oldest step that was not sent yet was stored, by channel, milliseconds since 1970. */
  readonly #oldestWaiting = new Map<string, number>();
  readonly #refusals = new Map<string, string>();
  /** Channels that the hub refused, until the retry. */
  readonly #pausedChannels = new Set<string>();
  #waiters: { readonly targets: ReadonlyMap<string, number>; readonly resolve: (reached: boolean) => void }[] = [];
  #running: Promise<void> | undefined;
  /** The epoch of the hub's store, from its last answer. */
  #epoch: string | undefined;
  #isWoken = false;
  #closed = false;
  #unwatch: () => void = () => undefined;
  #cancelRetry: () => void = () => undefined;

  private constructor(deps: ForwarderDeps, sent: CachedChannel, buckets: Buckets) {
    this.#deps = deps;
    this.#progressChannel = sent;
    this.#buckets = buckets;
  }

  static async open(deps: ForwarderDeps): Promise<Forwarder> {
    const { hub } = deps;
    const sent = await hub.cachedChannel('@edge/sent');
    const forwarder = new Forwarder(deps, sent, await Buckets.open(hub, localAccount));
    const known = await hub.store.channels(`${localAccount}/`);
    for (const { channel } of known) {
      if (isForwarded(channel)) await forwarder.#addChannel(await hub.channel(channel));
    }
    forwarder.#unwatch = hub.watch((channel, changes) => {
      if (!isForwarded(channel.name)) return;
      forwarder.#channels.set(channel.name, channel);
      if (!forwarder.#oldestWaiting.has(channel.name)) forwarder.#oldestWaiting.set(channel.name, changes[0]?.at ?? 0);
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

  /** Starts sending, or makes the current run look at every channel once more. */
  wake(): void {
    this.#isWoken = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // `wake` was called while the run was about to end.
      if (this.#isWoken && !this.#closed) this.wake();
    });
  }

  async waiting(): Promise<Waiting> {
    let [steps, since] = [0, Number.POSITIVE_INFINITY];
    for (const [name, channel] of this.#channels) {
      const { sent } = this.#progress(name);
      if (channel.position.seq <= sent) continue;
      if (name === bucketsChannel) {
        const outgoing = (await channel.history({ after: sent })).filter(({ key }) => descriptionForm.test(key));
        steps += outgoing.length;
        since = Math.min(since, outgoing[0]?.at ?? since);
      } else {
        steps += channel.position.seq - sent;
        since = Math.min(since, this.#oldestWaiting.get(name) ?? since);
      }
    }
    return { steps, since: Number.isFinite(since) ? since : null, refused: this.#refusals };
  }

  /**
   * Waits until the hub has everything stored before this call, except what it refuses.
   * @param ms timeout in milliseconds
   * @returns false if the hub is away, or the timeout passed first
   */
  waitUntilSent(ms: number): Promise<boolean> {
    if (!this.#deps.upstream.isUp) return Promise.resolve(false);
    const targets = new Map([...this.#channels].map(([name, { position }]) => [name, position.seq]));
    if (this.#isReached(targets)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.#deps.hub.world.after(ms, () => settle(false));
      const settle = (reached: boolean) => {
        cancel();
        this.#waiters = this.#waiters.filter((one) => one.resolve !== settle);
        resolve(reached);
      };
      this.#waiters.push({ targets, resolve: settle });
      this.wake();
    });
  }

  /** The hub answered: remembers the epoch of its store, and starts sending. */
  setStore(epoch: string): void {
    this.#epoch = epoch;
    this.wake();
  }

  /**
   * The local id of a bucket.
   * @param hubName the local id, or the id on the hub, which may differ: `aw-stopwatch` may belong to another machine there
   * @returns undefined if the bucket is not on this machine
   */
  localName(hubName: string): string | undefined {
    if (this.#buckets.find(hubName) !== undefined) return hubName;
    return this.#buckets.list().find(({ id }) => this.#progress(this.#buckets.channelOf(id)).place === hubName)?.id;
  }

  /** @param bucket local id @returns true if the event is in the local store and was not trimmed */
  async hasEvent(bucket: string, event: number): Promise<boolean> {
    return (await (await this.#buckets.bucket(bucket)).event(event)) !== undefined;
  }

  /** Deletes local items that the hub has and that ended before `before`, in milliseconds since 1970. */
  async trim(before: number): Promise<void> {
    for (const [name, channel] of this.#channels) {
      if (name === bucketsChannel) continue;
      const { sent, pending } = this.#progress(name);
      for (;;) {
        const items = await channel.read({ from: Number.MIN_SAFE_INTEGER, to: before * 1_000, limit: batchItems });
        const old = items.filter(({ end, time, seq }) => (end ?? time ?? 0) < before * 1_000 && seq <= sent);
        if (old.length === 0) break;
        const ops = old.map(({ key }) => ({ op: 'remove', key }) as const);
        const { world } = this.#deps.hub;
        await channel.write({ ops, origin: retentionOrigin, at: world.now() });
      }
      if (pending === undefined && sent > channel.floor) await channel.forget(sent);
    }
  }

  async #addChannel(channel: Channel): Promise<void> {
    this.#channels.set(channel.name, channel);
    const { sent } = this.#progress(channel.name);
    if (channel.position.seq <= sent) return;
    const since = await channel.since(sent >= channel.floor ? sent : 0, 1);
    this.#oldestWaiting.set(channel.name, since.ok ? (since.changes[0]?.at ?? 0) : 0);
  }

  #progress(name: string): Progress {
    const item = this.#progressChannel.view.items.get(name);
    return item === undefined ? initialProgress : readProgress(item.value);
  }

  #saveProgress(name: string, progress: Progress): Promise<void> {
    return this.#write(() => [{ op: 'put', key: name, value: JSON.stringify(progress) }]);
  }

  async #write(
    ops: (items: ReadonlyMap<string, unknown>) => readonly { op: 'put'; key: string; value: string }[],
  ): Promise<void> {
    const at = this.#deps.hub.world.now();
    const written = await this.#progressChannel.write(({ items }) => ({
      ok: true,
      write: { ops: ops(items), origin: retentionOrigin, at },
    }));
    if (!written.ok) throw new Error(written.error);
  }

  #isReached(targets: ReadonlyMap<string, number>): boolean {
    return [...targets].every(([name, seq]) => this.#progress(name).sent >= seq || this.#refusals.has(name));
  }

  #resolveWaiters(isOver: boolean): void {
    for (const { targets, resolve } of [...this.#waiters]) {
      if (this.#isReached(targets)) resolve(true);
      else if (isOver) resolve(false);
    }
  }

  async #run(): Promise<void> {
    try {
      while (this.#isWoken && !this.#closed) {
        this.#isWoken = false;
        await this.#compareStores();
        if ((await this.#sendChannels()) === 'done') continue;
        this.#isWoken = false;
      }
    } catch (error) {
      this.#isWoken = false;
      this.#deps.hub.world.log.error({ error }, 'edge: sending to the hub failed; retrying later');
      this.#retryLater();
    }
    this.#resolveWaiters(true);
  }

  /** Sends each channel once; bucket descriptions first, so that the delete of a bucket precedes its later events. */
  async #sendChannels(): Promise<'done' | 'away'> {
    for (const name of [bucketsChannel, ...[...this.#channels.keys()].filter((other) => other !== bucketsChannel)]) {
      const channel = this.#channels.get(name);
      if (channel === undefined) continue;
      const filters = this.#deps.filters();
      if (filters === undefined || !this.#deps.upstream.isUp || this.#closed) return 'away';
      if (channel.position.seq <= this.#progress(name).sent || this.#pausedChannels.has(name)) continue;
      const outcome = await this.#sendChannel(channel, filters);
      if (outcome === 'away') return 'away';
      if (outcome === 'more') this.#isWoken = true;
      if (typeof outcome === 'object') this.#refuse(name, outcome.refused);
      else this.#refusals.delete(name);
      if (outcome === 'done') this.#oldestWaiting.delete(name);
      this.#resolveWaiters(false);
    }
    return 'done';
  }

  /** Sends all events again if the hub's store has changed (by a restored backup, for example), because it may have lost some. */
  async #compareStores(): Promise<void> {
    if (this.#epoch === undefined) return;
    const known = this.#progressChannel.view.items.get(epochKey)?.value;
    const value = JSON.stringify(this.#epoch);
    if (known === value) return;
    const { world } = this.#deps.hub;
    if (known !== undefined) {
      world.log.warn({}, 'edge: the hub has another store than before; sending all local events again');
    }
    await this.#write((items) => [
      { op: 'put', key: epochKey, value },
      // Batches carry the description of their bucket. Replaying creates and deletes of buckets would delete events.
      ...[...items.keys()]
        .filter((name) => known !== undefined && name !== epochKey && name !== bucketsChannel)
        .map((name) => ({ op: 'put', key: name, value: JSON.stringify(initialProgress) }) as const),
    ]);
  }

  #refuse(name: string, reason: string): void {
    if (this.#refusals.get(name) !== reason) {
      this.#deps.hub.world.log.error({ channel: name, reason }, 'edge: the hub refuses a channel');
    }
    this.#refusals.set(name, reason);
    this.#pausedChannels.add(name);
    this.#retryLater();
  }

  #retryLater(): void {
    this.#cancelRetry();
    this.#cancelRetry = this.#deps.hub.world.after(retryRefusedMs, () => {
      this.#pausedChannels.clear();
      this.wake();
    });
  }

  #sendChannel(channel: Channel, filters: PrivacyFilters): Promise<SendOutcome> {
    if (channel.name === bucketsChannel) return this.#sendDescriptions(channel);
    if (channel.name === heartbeatsChannel) return this.#sendHeartbeats(channel, filters);
    return this.#sendEvents(channel, filters);
  }

  /** One step at a time, because a bucket that was deleted and created again is another bucket. */
  async #sendDescriptions(channel: Channel): Promise<SendOutcome> {
    const { sent } = this.#progress(channel.name);
    const [step] = await channel.history({ after: sent, limit: 1 });
    if (step === undefined) {
      await this.#saveProgress(channel.name, { sent: channel.position.seq });
      return 'done';
    }
    const outcome = await this.#sendDescription(step);
    if (outcome !== 'done') return outcome;
    await this.#saveProgress(channel.name, { sent: step.seq });
    return step.seq < channel.position.seq ? 'more' : 'done';
  }

  async #sendDescription({ key, value, kind }: Change): Promise<SendOutcome> {
    const [, sort = '', name = ''] = descriptionForm.exec(key) ?? [];
    const path = encodeURIComponent(name);
    if (sort === 'setting') {
      return value === null
        ? this.#sendRequest('DELETE', `api/0/settings/${path}`)
        : this.#sendRequest('POST', `api/0/settings/${path}`, value);
    }
    if (sort !== 'bucket') return 'done';
    if (value === null) {
      const place = this.#progress(this.#buckets.channelOf(name)).place ?? name;
      const deleted = await this.#sendRequest('DELETE', `api/0/buckets/${encodeURIComponent(place)}?force=1`);
      // The local events are newer than the delete, which has just removed them from the hub: send them again.
      if (deleted === 'done') await this.#saveProgress(this.#buckets.channelOf(name), initialProgress);
      return deleted;
    }
    if (kind === 'create') return this.#sendBatch(name, { events: [], removed: [] }, this.#deps.hub.world.id());
    const { type, client, hostname, data } = readDescription(value);
    return this.#sendRequest('PUT', `api/0/buckets/${path}`, JSON.stringify({ type, client, hostname, data }));
  }

  async #sendRequest(method: string, path: string, body?: string): Promise<SendOutcome> {
    const response = await this.#deps.upstream.send({
      method,
      path,
      isRepeatable: true,
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
    });
    // 404: the bucket or setting to change or remove does not exist on the hub, so nothing is left to do.
    return this.#readOutcome(response, (status) => (status >= 200 && status < 300) || status === 304 || status === 404);
  }

  async #readOutcome(response: UpstreamResponse, isSuccess: (status: number) => boolean): Promise<SendOutcome> {
    if (!response.ok) return 'away';
    if (isSuccess(response.status)) {
      response.reply.resume();
      return 'done';
    }
    return { refused: await readReason(response) };
  }

  async #sendEvents(channel: Channel, filters: PrivacyFilters): Promise<SendOutcome> {
    const progress = this.#progress(channel.name);
    const bucket = channel.name.slice(bucketsChannel.length + 1);
    if (progress.sent < channel.floor) return this.#sendAllEvents(channel, bucket, filters);
    const since = await channel.since(progress.sent, batchItems);
    if (!since.ok) return 'more';
    const pending = progress.pending ?? {
      id: this.#deps.hub.world.id(),
      to: since.more ? (since.changes.at(-1)?.seq ?? since.head.seq) : since.head.seq,
    };
    const changes = since.changes.filter(({ seq }) => seq <= pending.to);
    const batch = this.#filterEvents(bucket, changes, filters);
    if (batch.events.length + batch.removed.length > 0) {
      // The write id is on disk before the hub sees it, so a batch sent again after a crash has the same id.
      if (progress.pending === undefined) await this.#saveProgress(channel.name, { ...progress, pending });
      const outcome = await this.#sendBatch(bucket, batch, pending.id);
      if (outcome !== 'done') return outcome;
    }
    const { place } = this.#progress(channel.name);
    // A page may end before `pending.to`; the rest goes into the next batch.
    const to = Math.min(pending.to, since.more ? (since.changes.at(-1)?.seq ?? pending.to) : pending.to);
    await this.#saveProgress(channel.name, { sent: to, ...(place === undefined ? {} : { place }) });
    return to < channel.position.seq ? 'more' : 'done';
  }

  /** Sends all local events. Used if the history no longer has the steps that the hub lacks. An interrupted run starts over. */
  async #sendAllEvents(channel: Channel, bucket: string, filters: PrivacyFilters): Promise<SendOutcome> {
    let basis: number | undefined;
    for (let [after, more] = [0, true]; more; ) {
      const since = await channel.since(after, batchItems, basis);
      if (!since.ok) return 'more';
      basis ??= since.head.seq;
      // An item that is removed meanwhile is sent by the next run.
      const { events } = this.#filterEvents(bucket, since.changes, filters);
      if (events.length > 0) {
        const outcome = await this.#sendBatch(bucket, { events, removed: [] }, this.#deps.hub.world.id());
        if (outcome !== 'done') return outcome;
      }
      after = since.changes.at(-1)?.seq ?? after;
      more = since.more;
    }
    const { place } = this.#progress(channel.name);
    const sent = Math.max(basis ?? 0, channel.floor);
    await this.#saveProgress(channel.name, { sent, ...(place === undefined ? {} : { place }) });
    return sent < channel.position.seq ? 'more' : 'done';
  }

  #filterEvents(
    bucket: string,
    changes: readonly Change[],
    filters: PrivacyFilters,
  ): Pick<Batch, 'events' | 'removed'> {
    const where = { bucket, type: this.#buckets.find(bucket)?.type ?? '' };
    const events: Batch['events'] = [];
    const removed: number[] = [];
    for (const change of changes) {
      if (!isEventKey(change.key)) continue;
      if (change.value === null) {
        if (change.origin !== retentionOrigin) removed.push(Number(change.key));
        continue;
      }
      const { id, time, duration, data } = eventOf({ ...change, value: change.value });
      const value: unknown = JSON.parse(data);
      const visibleData = applyFilters(filters, where, value, this.#deps.key);
      if (visibleData === null && value !== null) continue;
      events.push({ id, time, end: time + duration, data: visibleData === value ? data : JSON.stringify(visibleData) });
    }
    return { events, removed };
  }

  /** Steps of all channels that the hub does not have yet. */
  #countQueued(): number {
    return [...this.#channels]
      .filter(([name]) => name !== bucketsChannel)
      .reduce((sum, [name, { position }]) => sum + Math.max(0, position.seq - this.#progress(name).sent), 0);
  }

  async #sendBatch(bucket: string, content: Pick<Batch, 'events' | 'removed'>, id: string): Promise<SendOutcome> {
    const description = this.#buckets.find(bucket);
    // The bucket was deleted locally: the delete is forwarded, and removes its events on the hub.
    if (description === undefined) return 'done';
    const { type, client, hostname, created, data } = description;
    const waiting = Math.max(0, this.#countQueued() - content.events.length - content.removed.length);
    const batch: Batch = { write_id: id, about: { type, client, hostname, created, data }, ...content, waiting };
    const response = await this.#deps.upstream.send({
      method: 'POST',
      path: `-/edge/${encodeURIComponent(bucket)}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(batch),
      isRepeatable: true,
    });
    if (!response.ok) return 'away';
    if (response.status !== 200) return { refused: await readReason(response) };
    const answer = await readJson(response.reply);
    if (!isBatchAnswer(answer)) {
      this.#deps.upstream.markAway('the hub’s answer ended early');
      return 'away';
    }
    const name = this.#buckets.channelOf(bucket);
    const before = this.#progress(name);
    if (before.place !== answer.bucket) await this.#saveProgress(name, { ...before, place: answer.bucket });
    this.#epoch = answer.epoch;
    // Another store than before: the next run compares the epochs before it counts anything as sent.
    return this.#progressChannel.view.items.get(epochKey)?.value === JSON.stringify(answer.epoch) ? 'done' : 'more';
  }

  async #sendHeartbeats(channel: Channel, filters: PrivacyFilters): Promise<SendOutcome> {
    const { sent } = this.#progress(channel.name);
    if (sent >= channel.floor) {
      const since = await channel.since(sent, batchItems);
      return since.ok ? this.#sendHeartbeatPage(channel, since, filters) : 'more';
    }
    // The steps that the hub lacks are forgotten: everything is sent. An interrupted run starts over.
    let basis: number | undefined;
    for (let after = 0; ; ) {
      const since = await channel.since(after, batchItems, basis);
      if (!since.ok) return 'more';
      basis ??= since.head.seq;
      if (!since.more) return this.#sendHeartbeatPage(channel, since, filters);
      const outcome = await this.#sendHeartbeatsOf(since.changes, filters);
      if (outcome !== 'done') return outcome;
      after = since.changes.at(-1)?.seq ?? after;
    }
  }

  async #sendHeartbeatPage(
    channel: Channel,
    since: Extract<Since, { readonly ok: true }>,
    filters: PrivacyFilters,
  ): Promise<SendOutcome> {
    const outcome = await this.#sendHeartbeatsOf(since.changes, filters);
    if (outcome !== 'done') return outcome;
    const to = since.more ? (since.changes.at(-1)?.seq ?? since.head.seq) : since.head.seq;
    await this.#saveProgress(channel.name, { sent: to });
    return to < channel.position.seq ? 'more' : 'done';
  }

  async #sendHeartbeatsOf(changes: readonly Change[], filters: PrivacyFilters): Promise<SendOutcome> {
    const outgoing = changes.flatMap((change) => this.#filterHeartbeat(change, filters));
    for (let at = 0; at < outgoing.length; at += batchItems) {
      const outcome = await this.#sendBulk(outgoing.slice(at, at + batchItems));
      if (outcome !== 'done') return outcome;
    }
    return 'done';
  }

  #filterHeartbeat({ key, value, time }: Change, filters: PrivacyFilters): readonly unknown[] {
    const heartbeat = value === null ? undefined : readHeartbeat(value, time);
    if (heartbeat === undefined || time === null) return [];
    const fields = toPluginForm(heartbeat);
    const visibleData = applyFilters(filters, { bucket: 'wakatime', type: 'wakatime' }, fields, this.#deps.key);
    if (typeof visibleData !== 'object' || visibleData === null) return [];
    // The id is a hash of the heartbeat's fields: if a field is hidden, the id must not be sent either.
    return [{ ...visibleData, time: time / 1_000_000, ...(visibleData === fields ? { id: key } : {}) }];
  }

  async #sendBulk(list: readonly unknown[]): Promise<SendOutcome> {
    const { timezone } = await readSettings(this.#deps.hub, localAccount);
    const response = await this.#deps.upstream.send({
      method: 'POST',
      path: 'api/v1/users/current/heartbeats.bulk',
      headers: { 'content-type': 'application/json', ...(timezone === 'UTC' ? {} : { timezone }) },
      body: JSON.stringify(list),
      isRepeatable: true,
    });
    if (!response.ok) return 'away';
    if (response.status !== 202) return { refused: await readReason(response) };
    const answer = await readJson(response.reply);
    if (!isBulkAnswer(answer) || answer.responses.length !== list.length) {
      this.#deps.upstream.markAway('the hub’s answer ended early');
      return 'away';
    }
    const refused = answer.responses.filter(([, status]) => status !== 201);
    if (refused.some(([, status]) => status !== 400)) return { refused: 'the hub could not store some heartbeats' };
    if (refused.length > 0) {
      this.#deps.hub.world.log.warn(
        { refused },
        'edge: the hub refuses some heartbeats for good; they are not sent again',
      );
    }
    return 'done';
  }
}

function isForwarded(channel: string): boolean {
  return channel === bucketsChannel || channel === heartbeatsChannel || channel.startsWith(`${bucketsChannel}/`);
}

/** The heartbeat as a plugin sends it, with a marker for each field that repeats the previous heartbeat. */
function toPluginForm({ last = [], ...heartbeat }: Heartbeat): Readonly<Record<string, unknown>> {
  return { ...heartbeat, ...Object.fromEntries(last.map((name) => [name, `<<LAST_${name.toUpperCase()}>>`])) };
}

async function readReason(response: Extract<UpstreamResponse, { readonly ok: true }>): Promise<string> {
  const value = await readJson(response.reply);
  return `${response.status}: ${JSON.stringify(value ?? '').slice(0, 300)}`;
}

/** Only this file writes progress, so it is read without a check. */
function readProgress(text: string): Progress {
  return JSON.parse(text);
}

/** buckets.ts wrote it to the local store, so it is read without a check. */
function readDescription(text: string): { type: string; client: string; hostname: string; data: object } {
  return JSON.parse(text);
}
