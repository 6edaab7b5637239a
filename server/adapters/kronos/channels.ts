// The verbs on every channel (rules S and W9): the same for notes, heartbeats, rooms and whatever comes. Who may is decided before.

import { type Refusal, refuse } from '../../../protocol/errors.ts';
import type { Requests } from '../../../protocol/messages.ts';
import { nextVersion } from '../../../protocol/version.ts';
import { type Identity, isAdmin, matches, may, shortName } from '../../core/access.ts';
import type { Channel } from '../../core/channel.ts';
import type { Hub } from '../../core/hub.ts';
import type { Peer } from '../../core/peer.ts';
import type { Session } from '../../core/session.ts';
import type { Appended, Item, Op, Position } from '../../core/store.ts';
import { baseOf } from './conversation.ts';
import { changeText, itemText, joined, subscription } from './views.ts';

const itemsAtOnce = 10_000;
const changesAtOnce = 100;
const attempts = 10;

type WriteRequest = Requests['write-all' | 'create' | 'update' | 'delete' | 'revert'];
type Decided = Extract<Appended, { ok: true }> | (Refusal & { readonly position?: Position });

export class ChannelVerbs {
  #hub: Hub;
  /** Subscriptions to `prefix/*`, by the full pattern: what ends them. */
  #patterns = new Map<string, () => void>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** S7 */
  async list(who: Identity): Promise<readonly { channel: string; seq: number; items: number }[]> {
    const prefixes = isAdmin(who) ? [''] : [`${who.account}/`, 'mob/'];
    const lists = await Promise.all(prefixes.map((prefix) => this.#hub.store.channels(prefix)));
    return lists
      .flat()
      .filter(({ channel }) => may(who, 'read', channel))
      .map((info) => ({ ...info, channel: shortName(who, info.channel) }));
  }

  /** S4, S5. The answer of a pattern; a channel's own is its first page. */
  async subscribe(session: Session, request: Requests['subscribe'], name: string): Promise<string | undefined> {
    const { seq, epoch, ref } = request;
    if (!name.endsWith('*')) {
      const channel = await this.#hub.channel(name);
      const position = seq === undefined ? undefined : { seq, ...(epoch === undefined ? {} : { epoch }) };
      session.follow(
        channel,
        subscription(session.identity, channel),
        position === undefined ? { from: 'beginning' } : { from: 'position', position },
      );
      return undefined;
    }
    this.#patterns.get(name)?.();
    const who = session.identity;
    const followed = new Set<string>();
    const follow = (channel: Channel) => {
      if (followed.has(channel.name) || !matches(name, channel.name) || !may(who, 'read', channel.name)) return false;
      followed.add(channel.name);
      return true;
    };
    // A channel that appears later is followed before its first change is told.
    const stop = this.#hub.watch((channel) => {
      if (follow(channel)) session.follow(channel, subscription(who, channel), { from: 'now' });
    });
    this.#patterns.set(name, stop);
    const before = session.onEnd;
    session.onEnd = () => {
      stop();
      before();
    };
    const infos = await this.#hub.store.channels(name.slice(0, -1));
    const channels: { channel: string; seq: number }[] = [];
    for (const info of infos) {
      const channel = await this.#hub.channel(info.channel);
      if (!follow(channel)) continue;
      channels.push({ channel: shortName(who, channel.name), seq: channel.position.seq });
      session.follow(channel, subscription(who, channel), { from: 'now' });
    }
    return JSON.stringify({ success: true, type: 'subscribe', channel: request.channel, channels, ref });
  }

  /** S6 */
  async unsubscribe(session: Session, name: string): Promise<Refusal | undefined> {
    const who = session.identity;
    const pattern = this.#patterns.get(name);
    pattern?.();
    this.#patterns.delete(name);
    const names = session.following.filter((followed) => matches(name, followed));
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
  async read(
    request: Requests['read-all' | 'history'],
    name: string,
    said: string,
  ): Promise<{ readonly ok: true; readonly text: string } | Refusal> {
    const channel = await this.#hub.channel(name);
    const { ref } = request;
    const answer = (position: Position, body: string) => {
      const head = JSON.stringify({
        success: true,
        type: request.type,
        channel: said,
        epoch: position.epoch,
        seq: position.seq,
        ref,
      });
      return { ok: true, text: `${head.slice(0, -1)},${body}}` } as const;
    };
    const { position } = channel;
    if (request.type === 'read-all') {
      const { from, to, limit = itemsAtOnce } = request;
      const items = await channel.read({
        limit,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      });
      return answer(position, `"items":${joined(items, itemText)}`);
    }
    const { key, at, before, limit = changesAtOnce } = request;
    if (at !== undefined) {
      const refusal = unreachable(channel, at);
      if (refusal !== undefined) return refusal;
      const items = await channel.at(at);
      return answer(
        { ...position, seq: at },
        `"items":${joined(key === undefined ? items : items.filter((item) => item.key === key), itemText)}`,
      );
    }
    const past = {
      newest: true,
      limit,
      ...(key === undefined ? {} : { key }),
      ...(before === undefined ? {} : { before }),
    };
    return answer(position, `"changes":${joined(await channel.history(past), changeText)}`);
  }

  /** S1, S2, S9. `key` is the one of a create, made here where the request has none. */
  write(
    request: WriteRequest,
    name: string,
    origin: string,
    peer: Peer,
  ): { readonly written: Promise<Decided>; readonly key: string } {
    const key = 'key' in request && request.key !== undefined ? request.key : this.#hub.world.id();
    return { written: this.#write(request, key, name, origin, peer), key };
  }

  async #write(request: WriteRequest, key: string, name: string, origin: string, peer: Peer): Promise<Decided> {
    const channel = await this.#hub.channel(name);
    const base = baseOf(request.base);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const computed = await this.#ops(request, key, channel);
      if (!computed.ok) return computed;
      const { ops, on } = computed;
      const write = {
        ops: this.#versioned(channel, ops, request.version ?? undefined),
        origin,
        at: this.#hub.world.now(),
        ...(request.write_id === undefined ? {} : { writeId: request.write_id }),
        ...(base === undefined ? (on === undefined ? {} : { base: on }) : { base }),
      };
      const appended = await channel.write(write, peer);
      if (!appended.ok) {
        if (base === undefined) continue;
        return { ...refuse('stale', '', 'read the channel and try again'), position: appended.position };
      }
      if (appended.steps === 0 && request.type === 'create')
        return refuse('item_exists', '', 'update it, or leave key out');
      if (appended.steps === 0 && request.type === 'delete') return refuse('item_not_found');
      return appended;
    }
    return refuse('stale', '', 'others are writing: try again');
  }

  /** What to do, and the step that it was computed from where that matters. */
  async #ops(
    request: WriteRequest,
    key: string,
    channel: Channel,
  ): Promise<{ readonly ok: true; readonly ops: readonly Op[]; readonly on?: number } | Refusal> {
    switch (request.type) {
      case 'create':
        if (request.item === undefined) return refuse('missing', 'item', '{"type":"create","channel":"…","item":…}');
        return { ok: true, ops: [putOf('add', key, request)] };
      case 'update': {
        if (request.key === undefined) return refuse('missing', 'key');
        if (request.item === undefined) return refuse('missing', 'item');
        const [known] = await channel.read({ key, limit: 1 });
        return known === undefined
          ? refuse('item_not_found', '', 'create it')
          : { ok: true, ops: [putOf('put', key, request)] };
      }
      case 'delete':
        return request.key === undefined ? refuse('missing', 'key') : { ok: true, ops: [{ op: 'remove', key }] };
      case 'write-all': {
        if (request.items === undefined)
          return refuse('missing', 'items', '{"type":"write-all","channel":"…","items":[{"key":…,"item":…}]}');
        const on = channel.position.seq;
        const wanted = request.items.map((entry) => putOf('put', entry.key, entry));
        return { ok: true, ops: difference(await channel.read({}), wanted), on };
      }
      case 'revert': {
        const refusal = unreachable(channel, request.to);
        if (refusal !== undefined) return refusal;
        const on = channel.position.seq;
        const [now, then] = await Promise.all([channel.read({}), channel.at(request.to)]);
        return { ok: true, ops: difference(now, then.map(again)), on };
      }
    }
  }

  /** Tasks carry versions (W5), by whatever verb they change; nothing else does. */
  #versioned(channel: Channel, ops: readonly Op[], stated: number | undefined): readonly Op[] {
    if (!channel.name.endsWith('/tasks')) return ops;
    let { version } = channel;
    return ops.map((op) => {
      version = nextVersion(version, stated, this.#hub.world.now());
      return { ...op, version };
    });
  }
}

function unreachable(channel: Channel, seq: number): Refusal | undefined {
  const { position } = channel;
  if (seq > position.seq) return refuse('property', 'seq', `the channel is at ${position.seq}`);
  if (channel.keep === 'last' && seq < position.seq)
    return refuse('gone', '', 'this channel keeps only the last value of each item');
  return undefined;
}

function putOf(op: 'put' | 'add', key: string, said: { item?: unknown; time?: number; end?: number }): Op {
  return { op, key, value: JSON.stringify(said.item ?? null), ...span(said.time, said.end) };
}

function again(item: Item): Op {
  return { op: 'put', key: item.key, value: item.value, ...span(item.time ?? undefined, item.end ?? undefined) };
}

function span(time: number | undefined, end: number | undefined): { time?: number; end?: number } {
  return { ...(time === undefined ? {} : { time }), ...(end === undefined ? {} : { end }) };
}

/** The ops that make a channel hold just what is wanted. */
function difference(now: readonly Item[], wanted: readonly Op[]): Op[] {
  const keys = new Set(wanted.map(({ key }) => key));
  return [...now.filter(({ key }) => !keys.has(key)).map(({ key }): Op => ({ op: 'remove', key })), ...wanted];
}
