// Operations on an account as a whole: it is renamed, disabled, or erased with all that the hub has stored of it. Accounts, tokens and
// the hub's own lists are channels, so every node hears of it; the account's own channels are moved or erased in the store.

import { type Refusal, refuse } from '../../protocol/errors.ts';
import { isAccountName } from './access.ts';
import { type Account, type Accounts, ownerName } from './accounts.ts';
import type { Hub } from './hub.ts';
import type { Op, StoredArchive } from './store.ts';

/** Milliseconds in which every node has heard of a change, also where its notice was lost. */
const noticeMs = 6_000;

/** Lists of the hub that name accounts, besides those of accounts and tokens. */
const lists = [
  'apps',
  'codes',
  'devices',
  'grants',
  'leaderboards',
  'limits',
  'links',
  'orgs',
  'processes',
  'push',
  'tickets',
  'uses',
];

type Erased = { readonly ok: true; readonly channels: number } | Refusal;
type Changed = { readonly ok: true; readonly account: Account } | Refusal;

export class AccountLifecycle {
  readonly #hub: Hub;
  readonly #accounts: Accounts;
  readonly #archive: StoredArchive;

  /** @param archive the store of the hub, by which channels are moved */
  constructor(hub: Hub, accounts: Accounts, archive: StoredArchive) {
    this.#hub = hub;
    this.#accounts = accounts;
    this.#archive = archive;
  }

  /** Disabled: none of the account's tokens, sessions and links is accepted. Its data stays. */
  async setDisabled(name: string, disabled: boolean): Promise<Changed> {
    const refusal = this.#refuse(name);
    return refusal ?? this.#accounts.setState(name, disabled ? 'disabled' : undefined);
  }

  /**
   * Gives an account another name: its channels keep all their steps, its tokens their secrets. Its connections end and may come again.
   * References to the account elsewhere (links, addresses) have the new name.
   */
  async rename(name: string, to: string): Promise<Changed> {
    const refusal = this.#refuse(name);
    if (refusal !== undefined) return refusal;
    if (!isAccountName(to)) return refuse('property', 'new_name', 'lower-case letters, digits, - and _, at most 32');
    if (this.#accounts.isAccount(to) || this.#hub.isRetired(to)) return refuse('exists', 'account');
    const held = await this.#accounts.setState(name, 'moving');
    if (!held.ok) return held;
    await this.#settle(name);
    // Of a renaming that did not end.
    await this.#archive.erase(await this.#channelsOf(to));
    for await (const outline of this.#archive.outlines()) {
      const { channel } = outline;
      if (!channel.startsWith(`${name}/`)) continue;
      const moved = { ...outline, channel: to + channel.slice(name.length) };
      await this.#archive.load(moved, this.#archive.steps(channel), this.#archive.answers(channel));
    }
    const touched = await this.#rewriteLists((key, value) => renameAccount(key, value, name, to));
    const account = await this.#accounts.finishRename(name, to);
    await this.#forgetPast(touched);
    await this.#archive.erase(await this.#channelsOf(name));
    return { ok: true, account };
  }

  /**
   * Erases an account: its tokens and links end at once, then its channels with their history, what is derived from them, and its entries
   * in the hub's lists, whose own past is dropped. Nothing of it is left in the store's files; backups keep what they have.
   */
  async erase(name: string): Promise<Erased> {
    const refusal = this.#refuse(name);
    if (refusal !== undefined) return refusal;
    const tokens = new Set(await this.#accounts.remove(name));
    await this.#settle(name);
    const apps = new Set<string>();
    const touched = await this.#rewriteLists((key, value, list) => {
      const next = tokens.has(key) ? undefined : removeAccount(key, value, name);
      if (list === 'apps' && next === undefined) apps.add(key);
      return next;
    });
    // Other people's permissions for an app that is gone end, too.
    const grants = (await this.#hub.cachedChannel('@hub/grants')).view.items;
    for (const [id, { value }] of grants) if (apps.has(fieldOf(value, 'app'))) await this.#accounts.revoke(id);
    if (apps.size > 0) {
      await this.#rewriteLists((_, value) => (apps.has(String(property(value, 'app'))) ? undefined : value));
    }
    await this.#forgetPast(touched);
    const channels = await this.#channelsOf(name);
    await this.#archive.erase(channels);
    return { ok: true, channels: channels.length };
  }

  #refuse(name: string): Refusal | undefined {
    if (name === ownerName) {
      return refuse(
        'forbidden',
        '',
        'the owner’s account belongs to the hub: to erase it, stop the hub and delete its data',
      );
    }
    return this.#accounts.isAccount(name)
      ? undefined
      : refuse('not_found', 'account', 'list them: {"type":"accounts"}');
  }

  /** Resolves when no node writes to the account's channels any more. */
  async #settle(name: string): Promise<void> {
    const { world } = this.#hub;
    if (this.#hub.isShared) await new Promise<void>((resolve) => world.after(noticeMs, resolve));
    await this.#hub.settled(name);
  }

  async #channelsOf(name: string): Promise<readonly string[]> {
    const { store } = this.#hub;
    const own = await store.channels(`${name}/`);
    const derived = (await store.channels('@derived/')).filter(({ channel }) => channel.split('/').includes(name));
    return [...own, ...derived].map(({ channel }) => channel);
  }

  /**
   * @param next the value of an item from now on; undefined removes the item
   * @returns the names of the lists, without `@hub/`
   */
  async #rewriteLists(next: (key: string, value: unknown, list: string) => unknown): Promise<readonly string[]> {
    for (const list of lists) {
      const document = await this.#hub.cachedChannel(`@hub/${list}`);
      await document.write(({ items }) => {
        const ops: Op[] = [];
        for (const { key, value, time, end } of items.values()) {
          const text = JSON.stringify(next(key, JSON.parse(value), list));
          if (text === value) continue;
          const span = { ...(time === null ? {} : { time }), ...(end === null ? {} : { end }) };
          ops.push(text === undefined ? { op: 'remove', key } : { op: 'put', key, value: text, ...span });
        }
        return { ok: true, write: { ops, origin: 'hub', at: this.#hub.world.now() } };
      });
    }
    return lists;
  }

  /** Drops past values and removed items of the hub's lists. */
  async #forgetPast(touched: readonly string[]): Promise<void> {
    for (const list of [...touched, 'accounts', 'tokens']) {
      const channel = await this.#hub.channel(`@hub/${list}`);
      await channel.forget(channel.position.seq);
    }
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
}

function fieldOf(text: string, name: string): string {
  return String(property(JSON.parse(text), name));
}

/** The value of an item of a list without an account; undefined if the item is about the account alone. */
function removeAccount(key: string, value: unknown, account: string): unknown {
  if (key.split(' ').includes(account)) return undefined;
  if (property(value, 'account') === account || property(value, 'owner') === account) return undefined;
  // An organisation ends with its owner, and with its last member.
  const members = property(value, 'members');
  if (Array.isArray(members)) {
    const others = members.filter((member) => property(member, 'account') !== account);
    const isOwners = members.some(
      (member) => property(member, 'account') === account && property(member, 'role') === 'owner',
    );
    if (others.length === 0 || isOwners) return undefined;
  }
  return withoutEntries(value, account);
}

function withoutEntries(value: unknown, account: string): unknown {
  if (Array.isArray(value)) {
    return value
      .filter((entry) => entry !== account && property(entry, 'account') !== account)
      .map((entry) => withoutEntries(entry, account));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutEntries(inner, account)]));
}

/** The value of an item of a list with the new name of an account. Items that the name is a part of the key of are made anew. */
function renameAccount(key: string, value: unknown, from: string, to: string): unknown {
  return key.split(' ').includes(from) ? undefined : renameIn(value, from, to);
}

function renameIn(value: unknown, from: string, to: string): unknown {
  if (Array.isArray(value)) return value.map((entry) => (entry === from ? to : renameIn(entry, from, to)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const isName = inner === from && (name === 'account' || name === 'owner');
      return [name, isName ? to : renameIn(inner, from, to)];
    }),
  );
}
