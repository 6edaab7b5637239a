// The access log of an account, in its channel `access`: one item for each call of a tool. Every reader of the account can read it, and only the
// hub writes it.

import { errorMessage } from '../../protocol/error-message.ts';
import type { Identity } from '../core/access.ts';
import type { Channel } from '../core/channel.ts';
import type { Hub } from '../core/hub.ts';
import type { Op } from '../core/store.ts';
import type { McpTier } from './rights.ts';
import { type Pseudonyms, pseudonymsBy } from './text.ts';

const retentionMs = 90 * 24 * 3_600_000;
/** How often old items are removed, and how many at once. */
const sweepMs = 3_600_000;
const removedAtOnce = 2_000;
const longestArguments = 1_000;

export interface LoggedCall {
  readonly tool: string;
  /** The caller's request, as JSON. */
  readonly arguments: unknown;
  readonly tier: McpTier;
  /** The code of the refusal; '' for a call that was answered. */
  readonly refusal: string;
  /** Characters of the answer. */
  readonly size: number;
  readonly address: string;
  readonly client: string;
}

export class AccessLog {
  readonly #hub: Hub;
  readonly #sweptAt = new Map<string, number>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** Resolves when the call is on disk: nothing is answered that is not in the log. */
  async add({ account, token }: Identity, call: LoggedCall): Promise<void> {
    const { world } = this.#hub;
    const at = world.now();
    const channel = await this.#hub.channel(`${account}/access`);
    const text = JSON.stringify(call.arguments) ?? '';
    const value = JSON.stringify({
      ...call,
      arguments: text.length > longestArguments ? `${text.slice(0, longestArguments).toWellFormed()}…` : text,
      token,
    });
    const ops: Op[] = [{ op: 'add', key: world.id(), value, time: at * 1_000 }];
    await channel.write({ ops, origin: 'mcp', at });
    if (at - (this.#sweptAt.get(account) ?? 0) < sweepMs) return;
    this.#sweptAt.set(account, at);
    await this.#sweep(channel, at);
  }

  /** Other names for the texts of an account: the same ones on every node and after every restart. */
  async pseudonyms(account: string): Promise<Pseudonyms> {
    const channel = await this.#hub.channel(`${account}/mcp`);
    const read = async () => (await channel.read({ key: 'pseudonyms' }))[0]?.value;
    let stored = await read();
    if (stored === undefined) {
      const op = { op: 'add', key: 'pseudonyms', value: JSON.stringify(this.#hub.world.secret()) } as const;
      await channel.write({ ops: [op], origin: 'mcp', at: this.#hub.world.now() });
      // Another node may have been faster.
      stored = await read();
    }
    return pseudonymsBy(stored ?? '');
  }

  async #sweep(channel: Channel, at: number): Promise<void> {
    try {
      const old = await channel.read({ to: (at - retentionMs) * 1_000, limit: removedAtOnce });
      const ops = old.map(({ key }): Op => ({ op: 'remove', key }));
      if (ops.length > 0) await channel.write({ ops, origin: 'mcp', at });
    } catch (error) {
      this.#hub.world.log.warn({ error: errorMessage(error) }, 'mcp: cannot remove old calls from an access log');
    }
  }
}
