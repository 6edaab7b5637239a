// One-time links: whoever opens one is signed in, once, until it expires. `horai login-link` makes them, an invitation is one, and so is
// the QR code that pairs a phone. They are items of a channel, so every node knows them, and a link is used by the request whose removal
// of the item makes a step. Only the hash of a link's code is stored.

import { createHash } from 'node:crypto';
import { Type } from '@sinclair/typebox';
import { compile } from '../../protocol/check.ts';
import type { Channel } from '../core/channel.ts';
import type { Hub } from '../core/hub.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

export type LinkKind = 'login' | 'invitation' | 'pairing';

/** Milliseconds that a link is good for. */
export const linkMs: Readonly<Record<LinkKind, number>> = {
  login: 15 * minuteMs,
  invitation: 7 * dayMs,
  pairing: 5 * minuteMs,
};

const LinkItem = Type.Object({
  id: Type.String(),
  kind: Type.Union([Type.Literal('login'), Type.Literal('invitation'), Type.Literal('pairing')]),
  account: Type.String(),
  scopes: Type.Array(Type.String()),
  from: Type.Optional(Type.String()),
});
const check = compile(LinkItem);

export interface OneTimeLink {
  readonly kind: LinkKind;
  readonly account: string;
  /** Of the session that it opens. */
  readonly scopes: readonly string[];
  /** The id of the token that made it: without that token it is good for nothing. */
  readonly from?: string;
}

export interface OpenLink extends OneTimeLink {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export class Links {
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** @returns the code, only this once */
  async make(link: OneTimeLink): Promise<{ readonly code: string; readonly id: string; readonly expires: number }> {
    const { world } = this.#hub;
    const at = world.now();
    const [code, id, expires] = [world.secret(), world.id(), at + linkMs[link.kind]];
    const channel = await this.#channel();
    await this.#sweep(channel, at);
    const op = { op: 'add', key: keyOf(code), value: JSON.stringify({ ...link, id }), time: expires * 1_000 } as const;
    await channel.write({ ops: [op], origin: 'hub', at });
    return { code, id, expires };
  }

  /** Uses a link up. @returns undefined for one that is unknown, used or expired */
  async take(code: string): Promise<OneTimeLink | undefined> {
    const key = keyOf(code);
    const channel = await this.#channel();
    const [item] = await channel.read({ key });
    if (item === undefined) return undefined;
    const at = this.#hub.world.now();
    const removed = await channel.write({ ops: [{ op: 'remove', key }], origin: 'hub', at });
    const isMine = removed.ok && removed.steps === 1;
    const link = readLink(item.value);
    const leftMs = (item.time ?? 0) / 1_000 - at;
    // More is left than it ever had: the clock was set back meanwhile.
    return isMine && link !== undefined && leftMs > 0 && leftMs <= linkMs[link.kind] ? link : undefined;
  }

  async list(): Promise<readonly OpenLink[]> {
    const items = await (await this.#channel()).read({ from: this.#hub.world.now() * 1_000 });
    return items.flatMap(({ value, time }) => {
      const link = readLink(value);
      return link === undefined || time === null ? [] : [{ ...link, expires: time / 1_000 }];
    });
  }

  /** Takes links back. @returns how many there were */
  async remove(isMeant: (link: OpenLink) => boolean): Promise<number> {
    const channel = await this.#channel();
    const items = await channel.read({});
    const meant = items.filter(({ value, time }) => {
      const link = readLink(value);
      return link !== undefined && isMeant({ ...link, expires: (time ?? 0) / 1_000 });
    });
    if (meant.length === 0) return 0;
    const at = this.#hub.world.now();
    const ops = meant.map(({ key }) => ({ op: 'remove', key }) as const);
    const removed = await channel.write({ ops, origin: 'hub', at });
    return removed.ok ? removed.steps : 0;
  }

  #channel(): Promise<Channel> {
    return this.#hub.channel('@hub/links');
  }

  async #sweep(channel: Channel, at: number): Promise<void> {
    const old = await channel.read({ to: at * 1_000 });
    if (old.length > 0) await channel.write({ ops: old.map(({ key }) => ({ op: 'remove', key })), origin: 'hub', at });
    await channel.forget(channel.position.seq);
  }
}

function keyOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}

function readLink(value: string): (OneTimeLink & { readonly id: string }) | undefined {
  const link: unknown = JSON.parse(value);
  return isLink(link) ? link : undefined;
}

function isLink(value: unknown): value is OneTimeLink & { readonly id: string } {
  return check(value);
}
