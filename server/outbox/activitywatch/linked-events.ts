// Which event of the other server is which event here. The other server gives its own ids and knows no key of a sender, so this is
// what keeps an event from being sent twice, and what finds it again when it changes. It is the channel `<account>/outbox/<target>`: the key is
// `<bucket>/<id here>`, the span is that of the event as it was sent last.

import { type Static, Type } from '@sinclair/typebox';
import { compile } from '../../../protocol/check.ts';
import type { Channel } from '../../core/channel.ts';
import type { Hub } from '../../core/hub.ts';
import type { Op } from '../../core/store.ts';
import { outboxChannel } from '../targets.ts';

const pageSize = 500;

const StoredLink = Type.Union([
  Type.Object({
    /** The event's id there. */
    id: Type.Integer(),
    /** When it begins there, if a request that moves it may not have arrived. */
    was: Type.Optional(Type.Integer()),
  }),
  /** It was sent with this data, and it is not known yet whether it arrived. */
  Type.Object({ data: Type.Record(Type.String(), Type.Unknown()) }),
]);
const check = compile(StoredLink);
const isStoredLink = (value: unknown): value is Static<typeof StoredLink> => check(value);

export type EventLink = Static<typeof StoredLink> & {
  /** Microseconds since 1970, as it was sent. */
  readonly time: number;
  readonly end: number;
};

export class LinkedEvents {
  readonly #hub: Hub;
  readonly #channel: Channel;
  readonly #bucket: string;

  private constructor(hub: Hub, channel: Channel, bucket: string) {
    this.#hub = hub;
    this.#channel = channel;
    this.#bucket = bucket;
  }

  static async open(hub: Hub, account: string, target: string, bucket: string): Promise<LinkedEvents> {
    return new LinkedEvents(hub, await hub.channel(linksName(account, target)), bucket);
  }

  async get(key: string): Promise<EventLink | undefined> {
    const [item] = await this.#channel.read({ key: `${this.#bucket}/${key}` });
    return item === undefined ? undefined : linkOf(item);
  }

  /** Of the bucket, as they are here. */
  async keys(): Promise<readonly string[]> {
    const prefix = `${this.#bucket}/`;
    const keys: string[] = [];
    for (let after = prefix; ; ) {
      const items = await this.#channel.read({ after: { key: after, time: null }, limit: pageSize });
      const own = items.filter(({ key }) => key.startsWith(prefix));
      keys.push(...own.map(({ key }) => key.slice(prefix.length)));
      const last = own.at(-1);
      if (own.length < pageSize || last === undefined) return keys;
      after = last.key;
    }
  }

  /** Ids there of all events of a span. */
  async idsBetween(from: number, to: number): Promise<ReadonlySet<number>> {
    const ids = new Set<number>();
    for (let after: { key: string; time: number | null } | undefined; ; ) {
      const items = await this.#channel.read({
        from,
        to,
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      });
      for (const item of items) {
        const link = linkOf(item);
        if (link !== undefined && 'id' in link) ids.add(link.id);
      }
      after = items.at(-1);
      if (items.length < pageSize) return ids;
    }
  }

  /** @param links by the event's key here; undefined removes one */
  async set(links: ReadonlyMap<string, EventLink | undefined>): Promise<void> {
    if (links.size === 0) return;
    const ops = [...links].map(([key, link]): Op => {
      const name = `${this.#bucket}/${key}`;
      if (link === undefined) return { op: 'remove', key: name };
      const { time, end, ...value } = link;
      return { op: 'put', key: name, value: JSON.stringify(value), time, end };
    });
    await this.#channel.write({ ops, origin: 'outbox', at: this.#hub.world.now() });
  }
}

/** Forgets what is known of the events of a target that was removed. */
export async function forgetLinks(hub: Hub, account: string, target: string): Promise<void> {
  const channel = await hub.channel(linksName(account, target));
  for (;;) {
    const items = await channel.read({ limit: pageSize });
    if (items.length === 0) break;
    const ops = items.map(({ key }) => ({ op: 'remove', key }) as const);
    await channel.write({ ops, origin: 'outbox', at: hub.world.now() });
  }
  if (channel.position.seq > 0) await channel.forget(channel.position.seq);
}

function linksName(account: string, target: string): string {
  return `${account}/${outboxChannel}/${target}`;
}

function linkOf({
  value,
  time,
  end,
}: {
  readonly value: string;
  readonly time: number | null;
  readonly end: number | null;
}): EventLink | undefined {
  const stored: unknown = JSON.parse(value);
  return isStoredLink(stored) ? { ...stored, time: time ?? 0, end: end ?? time ?? 0 } : undefined;
}
