// One-time tickets, for a browser's EventSource: it cannot set headers, and a token must never be in a URL. A ticket opens one request
// within 30 seconds, as long as the token that it was issued for is valid. Tickets are items of a channel, so every node accepts them,
// and a ticket is redeemed by the request whose removal of the item makes a step.

import { createHash } from 'node:crypto';
import { Type } from '@sinclair/typebox';
import { compile } from '../../protocol/check.ts';
import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Identity } from '../core/access.ts';
import type { Channel } from '../core/channel.ts';
import type { Hub } from '../core/hub.ts';
import { type AuthenticationDeps, type AuthenticationResult, authenticate } from './authenticate.ts';
import type { Request } from './types.ts';

export const ticketMs = 30_000;
/** Expired tickets are removed this often. */
const sweepMs = 60_000;

const check = compile(
  Type.Object({
    account: Type.String(),
    device: Type.String(),
    token: Type.String(),
    scopes: Type.Array(Type.String()),
  }),
);

function isIdentity(value: unknown): value is Identity {
  return check(value);
}

export class Tickets {
  readonly #trust: AuthenticationDeps;
  readonly #hub: Hub;
  #sweepFrom = Number.NEGATIVE_INFINITY;

  constructor(trust: AuthenticationDeps, hub: Hub) {
    this.#trust = trust;
    this.#hub = hub;
  }

  async issue(identity: Identity): Promise<string> {
    const { world } = this.#hub;
    const at = world.now();
    const ticket = world.secret();
    const channel = await this.#channel();
    await this.#sweep(channel, at);
    const op = {
      op: 'add',
      key: keyOf(ticket),
      value: JSON.stringify(identity),
      time: (at + ticketMs) * 1_000,
    } as const;
    await channel.write({ ops: [op], origin: 'hub', at });
    return ticket;
  }

  /** Authenticates by the ticket in the query of a GET, or else like every request. */
  async authenticate(request: Request): Promise<AuthenticationResult> {
    const ticket = new URLSearchParams(request.query).get('ticket');
    return request.method === 'GET' && ticket !== null ? this.#redeem(ticket) : authenticate(this.#trust, request);
  }

  async #redeem(ticket: string): Promise<AuthenticationResult> {
    const key = keyOf(ticket);
    const channel = await this.#channel();
    const [item] = await channel.read({ key });
    if (item === undefined) return refuseSpent();
    const at = this.#hub.world.now();
    const removed = await channel.write({ ops: [{ op: 'remove', key }], origin: 'hub', at });
    const identity: unknown = JSON.parse(item.value);
    const isMine = removed.ok && removed.steps === 1;
    const leftMs = (item.time ?? 0) / 1_000 - at;
    // More is left than it ever had: the clock was set back meanwhile.
    if (!isMine || leftMs <= 0 || leftMs > ticketMs || !isIdentity(identity)) return refuseSpent();
    // The token may have been revoked or limited meanwhile.
    const scopes = identity.token === '' ? identity.scopes : this.#trust.accounts.scopesOf(identity.token);
    return scopes === undefined ? refuseSpent() : { ok: true, identity: { ...identity, scopes } };
  }

  #channel(): Promise<Channel> {
    return this.#hub.channel('@hub/tickets');
  }

  async #sweep(channel: Channel, at: number): Promise<void> {
    // A clock that was set back sweeps again, too.
    if (Math.abs(this.#sweepFrom - sweepMs - at) < sweepMs) return;
    this.#sweepFrom = at + sweepMs;
    const old = await channel.read({ to: at * 1_000 });
    if (old.length > 0) await channel.write({ ops: old.map(({ key }) => ({ op: 'remove', key })), origin: 'hub', at });
    await channel.forget(channel.position.seq);
  }
}

function keyOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('hex');
}

function refuseSpent(): Refusal {
  return refuse('login_first', '', 'a ticket opens one stream within 30 s: POST /-/tickets for another');
}
