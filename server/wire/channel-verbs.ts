// The verbs on every channel (rules S and W9), whatever its items are. channel-requests.ts has checked the scopes.

import { createHash } from 'node:crypto';
import { compile } from '../../protocol/check.ts';
import { type RequestedItem, wrongDayItem } from '../../protocol/day.ts';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import { type Requests, Task } from '../../protocol/messages.ts';
import { nextVersion, noticesOfNewId } from '../../protocol/version.ts';
import { type Identity, isAdmin, isAllowed, matchesPattern, shortName } from '../core/access.ts';
import { type Channel, pageCharacters } from '../core/channel.ts';
import { channelPages } from '../core/channel-pages.ts';
import type { Hub } from '../core/hub.ts';
import type { Peer } from '../core/peer.ts';
import type { Session, Start } from '../core/session.ts';
import type { Item, Op } from '../core/store.ts';
import { type ReadAnswer, readChannel, refuseUnreachable } from './channel-reads.ts';
import { type Accepted, acceptedBefore, baseOf, type Refused, staleAt } from './idempotency.ts';
import type { ItemForm } from './item-forms.ts';
import { readRestoration, revertInParts } from './revert.ts';
import { subscription } from './subscription-view.ts';

/** Items that a `write-all` reads from the store at once, and removes at most. */
const itemsAtOnce = 2_000;
const maxRemoved = 100_000;
const maxAttempts = 10;
/** S5.4: channels and patterns that one connection may follow. */
const maxFollowed = 1_000;
const maxPatterns = 100;

const isTask = compile(Task);

/**
 * Checks the number and the patterns of rules whose form is valid.
 * @param whole true if these replace all rules
 * @returns what is wrong; undefined if nothing is
 */
export type CheckRules = (
  channel: string,
  rules: readonly RequestedItem[],
  whole: boolean,
) => Promise<Refusal | undefined>;

/** Refuses a write for what its ops would change; undefined at once for a channel that it does not look at. @param channel its full name */
export type CheckOps = (channel: string, ops: readonly Op[]) => Promise<Refusal | undefined> | undefined;

interface WriteChecks {
  readonly checkRules?: CheckRules;
  readonly checkOps?: CheckOps;
}

export type WriteRequest = Requests['write-all' | 'create' | 'update' | 'delete' | 'revert'];
type WriteOutcome = Accepted | Refused;

interface ComputedOps {
  readonly ok: true;
  readonly ops: readonly Op[];
  /** The step that they were computed from, if they depend on it. */
  readonly on?: number;
  /** False if a revert is too large for one write. */
  readonly isComplete?: boolean;
}

export class ChannelVerbs {
  #hub: Hub;
  /** Functions that end the subscriptions to `prefix/*` of a session, by the full pattern. */
  #patterns = new WeakMap<Session, Map<string, () => void>>();

  #checks: WriteChecks;
  #forms: readonly ItemForm[];
  /** The last write to each channel whose items have a form. The next write waits for it, because it is computed from its result. */
  #lastFormWrite = new WeakMap<Channel, Promise<unknown>>();

  constructor(hub: Hub, checks: WriteChecks = {}, forms: readonly ItemForm[] = []) {
    this.#hub = hub;
    this.#checks = checks;
    this.#forms = forms;
  }

  /** S7 */
  async *list(who: Identity): AsyncGenerator<{ channel: string; seq: number; items: number }, void> {
    for (const prefix of isAdmin(who) ? [''] : [`${who.account}/`, 'mob/']) {
      for await (const infos of channelPages(this.#hub.store, prefix)) {
        for (const info of infos)
          if (isAllowed(who, 'read', info.channel)) yield { ...info, channel: shortName(who, info.channel) };
      }
    }
  }

  /**
   * S4, S5. When this resolves for a single channel, its first page has been sent.
   * @returns the answer to a pattern; undefined for one channel
   */
  async subscribe(
    session: Session,
    request: Requests['subscribe'],
    name: string,
  ): Promise<string | Refusal | undefined> {
    const { seq, epoch } = request;
    const who = session.identity;
    if (name.endsWith('*')) return this.#subscribePattern(session, request, name);
    const channel = await this.#hub.channel(name);
    const view = subscription(who, channel);
    if (!session.follows(channel, view) && session.following.length >= maxFollowed) return tooMany;
    const position = seq === undefined ? undefined : { seq, ...(epoch === undefined ? {} : { epoch }) };
    const start: Start = position === undefined ? { from: 'beginning' } : { from: 'position', position };
    await new Promise<void>((answered) => session.follow(channel, view, start, answered));
    return undefined;
  }

  async #subscribePattern(
    session: Session,
    { channel: requestedName, ref }: Requests['subscribe'],
    name: string,
  ): Promise<string | Refusal> {
    const who = session.identity;
    const prefix = name.slice(0, -1);
    const fits = (channel: string) => channel.startsWith(prefix) && isAllowed(who, 'read', channel);
    const patterns = this.#patterns.get(session) ?? new Map<string, () => void>();
    this.#patterns.set(session, patterns);
    patterns.get(name)?.();
    if (patterns.size >= maxPatterns) return tooMany;
    // S5.3: a channel that is followed already is not started again.
    const follow = (channel: Channel, start: Start) => {
      const view = subscription(who, channel);
      if (!session.follows(channel, view)) session.follow(channel, view, start);
    };
    const known = new Set<string>();
    // S5.2: a channel that appears later is followed before its first change is sent; from the beginning if that change was missed.
    const unwatch = this.#hub.watch(
      (channel, changes) => {
        if (known.has(channel.name) || !fits(channel.name)) return;
        known.add(channel.name);
        const missed = changes.length === 0;
        if (session.following.length < maxFollowed)
          follow(channel, missed ? { from: 'position', position: { seq: 0 } } : { from: 'now' });
        else session.end('too_many');
      },
      { prefix, whole: true },
    );
    const forget = session.atEnd(() => patterns.get(name)?.());
    const stop = () => {
      unwatch();
      forget();
      patterns.delete(name);
    };
    patterns.set(name, stop);
    const infos = (await this.#hub.store.channels(prefix)).filter(({ channel }) => fits(channel));
    if (new Set([...session.following, ...infos.map(({ channel }) => channel)]).size > maxFollowed) {
      stop();
      return tooMany;
    }
    const channels: { channel: string; seq: number }[] = [];
    const listed = infos.filter(({ channel }) => !known.has(channel));
    for (const { channel } of listed) known.add(channel);
    for (const info of listed) {
      const channel = await this.#hub.channel(info.channel);
      channels.push({ channel: shortName(who, channel.name), seq: channel.position.seq });
      follow(channel, { from: 'now' });
    }
    return JSON.stringify({ success: true, type: 'subscribe', channel: requestedName, channels, ref });
  }

  /** S6 */
  async unsubscribe(session: Session, name: string): Promise<Refusal | undefined> {
    const who = session.identity;
    const pattern = this.#patterns.get(session)?.get(name);
    pattern?.();
    const names = session.following.filter((followed) => matchesPattern(name, followed));
    let found = pattern !== undefined;
    for (const one of names) {
      const channel = await this.#hub.channel(one);
      if (session.unfollow(channel, subscription(who, channel))) found = true;
    }
    return found
      ? undefined
      : refuse('not_found', 'subscription', 'subscribe first: {"type":"subscribe","channel":"…"}');
  }

  /** S3, S8 */
  async read(request: Requests['read-all' | 'history'], name: string, requestedName: string): Promise<ReadAnswer> {
    return readChannel(await this.#hub.channel(name), request, requestedName);
  }

  /**
   * S1, S2, S9. Starts a write.
   * @returns the write's result, and the key of a create, made here if the request has none
   */
  write(
    request: WriteRequest,
    name: string,
    origin: string,
    peer: Peer,
  ): { readonly written: Promise<WriteOutcome>; readonly key: string } {
    const key = 'key' in request && request.key !== undefined ? request.key : this.newKey(request.write_id);
    return { written: this.#write(request, key, name, origin, peer), key };
  }

  /** S2.1: a new key; a retry with the same write id is given the same key. */
  newKey(writeId: string | undefined): string {
    if (writeId === undefined) return this.#hub.world.id();
    return createHash('sha256').update(writeId).digest('base64url').slice(0, 22);
  }

  async #write(request: WriteRequest, key: string, name: string, origin: string, peer: Peer): Promise<WriteOutcome> {
    const channel = await this.#hub.channel(name);
    if (!this.#forms.some(({ prefix }) => name.startsWith(prefix)))
      return this.#append(request, key, channel, origin, peer);
    const before = this.#lastFormWrite.get(channel) ?? Promise.resolve();
    const writing = before.then(() => this.#append(request, key, channel, origin, peer));
    this.#lastFormWrite.set(
      channel,
      writing.catch(() => undefined),
    );
    return writing;
  }

  async #append(
    request: WriteRequest,
    key: string,
    channel: Channel,
    origin: string,
    peer: Peer,
  ): Promise<WriteOutcome> {
    const base = baseOf(request.base, channel);
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const at = this.#hub.world.now();
      const computed = (await this.#opsByForm(request, key, channel, at)) ?? (await this.#ops(request, key, channel));
      if (!computed.ok) {
        const by = { origin, at };
        const accepted = await acceptedBefore(channel, { ...by, writeId: request.write_id });
        return accepted ?? (await this.#stale(base, channel, origin)) ?? computed;
      }
      const { ops, on, isComplete } = computed;
      const checking = this.#checks.checkOps?.(channel.name, ops);
      const refused = checking === undefined ? undefined : await checking;
      if (refused !== undefined) return refused;
      if (request.type === 'revert' && isComplete === false) return this.#revertInParts(request, channel, origin, peer);
      const write = {
        ops: this.#withVersions(channel, ops, request.version ?? undefined),
        origin,
        at,
        address: peer.address,
        ...(request.write_id === undefined ? {} : { writeId: request.write_id }),
        ...(base === undefined ? (on === undefined ? {} : { base: on }) : { base }),
        ...(request.type === 'update' ? { needs: key } : {}),
      };
      const appended = await channel.write(write, { sender: peer });
      if (!appended.ok) {
        if (appended.reason === 'absent') return refuse('item_not_found', '', 'create it');
        if (base === undefined) continue;
        return staleAt(appended.position);
      }
      if (appended.steps === 0 && request.type === 'create')
        return refuse('item_exists', '', 'update it, or leave key out');
      if (appended.steps === 0 && request.type === 'delete') return refuse('item_not_found');
      return appended;
    }
    return refuse('stale', '', 'other devices are writing: try again');
  }

  /** S9.2 */
  async #revertInParts(
    request: Requests['revert'],
    channel: Channel,
    origin: string,
    peer: Peer,
  ): Promise<WriteOutcome> {
    const { to, write_id: writeId, version } = request;
    const by = { origin, at: this.#hub.world.now() };
    const decided =
      (await acceptedBefore(channel, { ...by, writeId })) ??
      (await this.#stale(baseOf(request.base, channel), channel, origin));
    if (decided !== undefined) return decided;
    return revertInParts(channel, to, async (ops, base, isLast) => {
      const refused = await this.#checks.checkOps?.(channel.name, ops);
      if (refused !== undefined) return refused;
      const versioned = this.#withVersions(channel, ops, version ?? undefined);
      const write = { ops: versioned, origin, at: this.#hub.world.now(), base };
      return channel.write(isLast && writeId !== undefined ? { ...write, writeId } : write, { sender: peer });
    });
  }

  /** W9.2: a write with an old base is stale, whatever else is wrong with it. */
  async #stale(base: number | undefined, channel: Channel, origin: string): Promise<WriteOutcome | undefined> {
    if (base === undefined) return undefined;
    const probe = await channel.write({ ops: [], origin, at: this.#hub.world.now(), base });
    return probe.ok ? undefined : staleAt(probe.position);
  }

  /** The ops of a request in a channel whose items have a form; undefined for other channels and for requests that put nothing. */
  async #opsByForm(
    request: WriteRequest,
    key: string,
    channel: Channel,
    at: number,
  ): Promise<ComputedOps | Refusal | undefined> {
    const form = this.#forms.find(({ prefix }) => channel.name.startsWith(prefix));
    const { type } = request;
    if (form === undefined || type === 'delete' || type === 'revert') return undefined;
    if (type === 'write-all' ? request.items === undefined : request.item === undefined) return undefined;
    if (type === 'update' && request.key === undefined) return undefined;
    const items: readonly RequestedItem[] = type === 'write-all' ? (request.items ?? []) : [{ ...request, key }];
    const { head, items: all } = await channel.state({});
    const on = head.seq;
    const known = [...all].sort((a, b) => a.seq - b.seq);
    if (type === 'update' && !known.some((item) => item.key === key)) return refuse('item_not_found', '', 'create it');
    const computed = form.ops(type, items, known, at);
    return computed.ok ? { ...computed, on } : computed;
  }

  /** @returns the ops of a request, and the step that they were computed from, if they depend on it */
  async #ops(request: WriteRequest, key: string, channel: Channel): Promise<ComputedOps | Refusal> {
    const wrong = isTasks(channel) ? refuseNonTasks(request) : await this.#refuseWrongItems(request, key, channel);
    if (wrong !== undefined) return wrong;
    switch (request.type) {
      case 'create':
        if (request.item === undefined) return refuse('missing', 'item', '{"type":"create","channel":"…","item":…}');
        return { ok: true, ops: [putOf('add', key, request)] };
      case 'update': {
        if (request.key === undefined) return refuse('missing', 'key');
        if (request.item === undefined) return refuse('missing', 'item');
        return { ok: true, ops: [putOf('put', key, request)] };
      }
      case 'delete':
        return request.key === undefined ? refuse('missing', 'key') : { ok: true, ops: [{ op: 'remove', key }] };
      case 'write-all': {
        if (request.items === undefined)
          return refuse('missing', 'items', '{"type":"write-all","channel":"…","items":[{"key":…,"item":…}]}');
        await channel.sync();
        const on = channel.position.seq;
        const target = request.items.map((entry) => putOf('put', entry.key, entry));
        const beyond = await keysBeyond(channel, new Set(target.map(({ key }) => key)));
        if (beyond === undefined)
          return refuse('too_large', '', `one write removes at most ${maxRemoved} items: delete some first`);
        return { ok: true, ops: [...beyond.map((key): Op => ({ op: 'remove', key })), ...target], on };
      }
      case 'revert': {
        await channel.sync();
        const refusal = refuseUnreachable(channel, request.to, 'to');
        if (refusal !== undefined) return refusal;
        const on = channel.position.seq;
        const restored = await readRestoration(channel, request.to, { from: request.to, until: on });
        return restored.ok ? { ...restored, on } : restored;
      }
    }
  }

  /** Refuses items that do not fit a channel of the merged day. */
  async #refuseWrongItems(request: WriteRequest, key: string, { name }: Channel): Promise<Refusal | undefined> {
    if (name.startsWith('@') || name.startsWith('mob/')) return undefined;
    const short = name.slice(name.indexOf('/') + 1);
    if (request.type === 'delete' || request.type === 'revert') return undefined;
    const items = request.type === 'write-all' ? (request.items ?? []) : [{ ...request, key }];
    const puts = items.filter(({ item }) => item !== undefined);
    for (const item of puts) {
      const target = wrongDayItem(short, item);
      if (target !== undefined) return refuse('property', 'item', target);
    }
    return short === 'rules' ? this.#checks.checkRules?.(name, puts, request.type === 'write-all') : undefined;
  }

  /** W5: gives the ops of a tasks channel their versions. */
  #withVersions(channel: Channel, ops: readonly Op[], stated: number | undefined): readonly Op[] {
    if (!isTasks(channel)) return ops;
    let { version } = channel;
    return ops.map((op) => {
      // W11: the op may give a task another id.
      version = nextVersion(version, stated, this.#hub.world.now(), noticesOfNewId);
      return { ...op, version };
    });
  }
}

const tooMany = refuse(
  'too_many',
  '',
  `a connection follows ${maxFollowed} channels and ${maxPatterns} patterns at most: unsubscribe first`,
);

function isTasks({ name }: Channel): boolean {
  return /^[^@/][^/]*\/tasks$/.test(name);
}

/** S1.2: refuses items that are not tasks, because Kronos clients are sent these items as tasks. */
function refuseNonTasks(request: WriteRequest): Refusal | undefined {
  const items = request.type === 'write-all' ? (request.items ?? []) : 'item' in request ? [request] : [];
  return items.every(({ item }) => item === undefined || isTask(item))
    ? undefined
    : refuse('property', 'item', 'a task');
}

function putOf(op: 'put' | 'add', key: string, fields: { item?: unknown; time?: number; end?: number }): Op {
  return { op, key, value: JSON.stringify(fields.item ?? null), ...span(fields.time, fields.end) };
}

function span(time: number | undefined, end: number | undefined): { time?: number; end?: number } {
  return { ...(time === undefined ? {} : { time }), ...(end === undefined ? {} : { end }) };
}

/** The keys of a channel that are not in `wanted`; undefined if they are too many for one write. */
async function keysBeyond(channel: Channel, wanted: ReadonlySet<string>): Promise<readonly string[] | undefined> {
  const beyond: string[] = [];
  for (let after: Item | undefined; ; ) {
    const items = await channel.read({
      limit: itemsAtOnce,
      size: pageCharacters,
      ...(after === undefined ? {} : { after }),
    });
    for (const { key } of items) if (!wanted.has(key)) beyond.push(key);
    if (beyond.length > maxRemoved) return undefined;
    after = items.at(-1);
    if (after === undefined) return beyond;
  }
}
