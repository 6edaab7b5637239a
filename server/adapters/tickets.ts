// One-time tickets: what a browser's EventSource, which cannot set headers, shows in place of a token, because a token never
// travels in a URL. A ticket opens one request within half a minute, for as long as the token it was got with is good.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import type { Identity } from '../core/access.ts';
import type { World } from '../core/world.ts';
import type { Request } from './adapter.ts';
import { type Admitted, authenticate, type Trust } from './authenticate.ts';

export const ticketMs = 30_000;
/** Tickets that may be out at once; the oldest go first. */
const mostTickets = 10_000;

export class Tickets {
  readonly #trust: Trust;
  readonly #world: World;
  readonly #out = new Map<string, { readonly identity: Identity; readonly until: number }>();

  constructor(trust: Trust, world: World) {
    this.#trust = trust;
    this.#world = world;
  }

  issue(identity: Identity): string {
    const now = this.#world.now();
    for (const [ticket, { until }] of this.#out) {
      if (until > now && this.#out.size < mostTickets) break;
      this.#out.delete(ticket);
    }
    const ticket = this.#world.secret();
    this.#out.set(ticket, { identity, until: now + ticketMs });
    return ticket;
  }

  /** Of a request that may come without headers: its ticket counts, or else what every request may show. */
  authenticate(request: Request): Admitted {
    const ticket = new URLSearchParams(request.query).get('ticket');
    return request.method === 'GET' && ticket !== null ? this.#redeem(ticket) : authenticate(this.#trust, request);
  }

  #redeem(ticket: string): Admitted {
    const found = this.#out.get(ticket);
    this.#out.delete(ticket);
    if (found === undefined || found.until <= this.#world.now() || !this.#isGood(found.identity)) return spent();
    return { ok: true, identity: found.identity };
  }

  #isGood({ account, token }: Identity): boolean {
    return token === '' || this.#trust.accounts.tokens(account).some(({ id }) => id === token);
  }
}

function spent(): Refusal {
  return refuse('login_first', '', 'a ticket opens one stream within 30 s: POST /-/tickets for another');
}
