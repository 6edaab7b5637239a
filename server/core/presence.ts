// Who is in a channel: the connections that follow it, on this node and on the others. Nothing of it is stored as data. Each node knows its
// own connections, and writes them to a board that the nodes share. A connection on the board counts while its node runs.

import { type Identity, isAdmin } from './access.ts';
import type { Sent } from './peer.ts';
import type { World } from './world.ts';

/** One connection in a channel. */
export interface Here {
  /** The id of its session. */
  readonly id: string;
  /** '' for a visitor who has not signed in. */
  readonly account: string;
  readonly device: string;
  /** When it came, in milliseconds since 1970. */
  readonly since: number;
}

export interface BoardEntry extends Here {
  readonly channel: string;
}

/** A node's write to the board: every connection of its own, or what changed since the last time. */
export interface BoardUpdate {
  readonly isAll: boolean;
  readonly came: readonly BoardEntry[];
  readonly went: readonly Pick<BoardEntry, 'channel' | 'id'>[];
}

/** Where the nodes of a hub tell each other who is in which channel. */
export interface PresenceBoard {
  /** @returns how many connections of this node are on the board. @throws if the board cannot be written */
  update(update: BoardUpdate): Promise<number>;
  /** Reads the connections of the other nodes that run, by channel: of these channels, or of all. */
  others(channels: readonly string[] | 'all'): Promise<ReadonlyMap<string, readonly Here[]>>;
}

/** The part of a session that presence uses. */
interface Member {
  readonly id: string;
  readonly identity: Identity;
}

/** Who is in a channel, as one reader may see it. */
export interface PresenceView {
  readonly connections: number;
  /** Accounts, each once, and connections without one. */
  readonly people: number;
  /** Connections without an account. */
  readonly anonymous: number;
  /** Only for readers who have signed in; in order of name. */
  readonly accounts?: readonly { readonly account: string; readonly connections: number }[];
  /** Only for readers who have signed in: the connections, the longest present first, at most 200. */
  readonly here?: readonly { readonly account: string; readonly device_id: string; readonly since: number }[];
}

const maxShown = 200;
/** Milliseconds in which changes are gathered before they are shown and written. */
const gatherMs = 100;
/** How often the board is read while somebody follows, and compared with this node while nobody does. */
const pollMs = 1_000;
const compareMs = 10_000;

/**
 * Who is here, for one reader: one who has signed in sees names of accounts, and names of devices of the own account; an administrator
 * sees all devices.
 */
export function viewPresence(here: readonly Here[], reader: Identity): PresenceView {
  const connectionsOf = new Map<string, number>();
  for (const { account } of here) connectionsOf.set(account, (connectionsOf.get(account) ?? 0) + 1);
  const anonymous = connectionsOf.get('') ?? 0;
  connectionsOf.delete('');
  const counts = { connections: here.length, people: connectionsOf.size + anonymous, anonymous };
  if (reader.account === '') return counts;
  const accounts = [...connectionsOf]
    .map(([account, connections]) => ({ account, connections }))
    .sort((one, other) => (one.account < other.account ? -1 : 1));
  const shown = here.slice(0, maxShown).map(({ account, device, since }) => {
    return { account, device_id: account === reader.account || isAdmin(reader) ? device : '', since };
  });
  return { ...counts, accounts, here: shown };
}

const none: ReadonlyMap<string, readonly Here[]> = new Map();

export class Presence {
  readonly #world: World;
  readonly #board: PresenceBoard | undefined;
  /** The own connections of each channel, with the time at which each came. */
  readonly #own = new Map<string, Map<Member, number>>();
  readonly #followers = new Map<string, Set<() => void>>();
  /** Those of other nodes in the channels that somebody follows. */
  #others: ReadonlyMap<string, readonly Here[]> = none;
  /** Channels that changed and whose followers have not heard of it. */
  #changed = new Set<string>();
  #cancelGathering: (() => void) | undefined;
  /** The entries that the board does not have yet, by channel and session. */
  #unwritten = new Map<string, { readonly entry: BoardEntry; readonly isHere: boolean }>();
  /** True if the board may lack more than that: at the start, and after a failure. */
  #isBoardUnknown = true;
  #cancelExchange: (() => void) | undefined;
  #exchangeAt = Number.POSITIVE_INFINITY;
  #exchanging: Promise<void> | undefined;
  #isClosed = false;

  constructor(world: World, board: PresenceBoard | undefined) {
    this.#world = world;
    this.#board = board;
  }

  enter(channel: string, member: Member): void {
    const members = this.#own.get(channel) ?? new Map<Member, number>();
    if (members.has(member)) return;
    this.#own.set(channel, members);
    members.set(member, this.#world.now());
    this.#note(channel, member, true);
  }

  leave(channel: string, member: Member): void {
    const members = this.#own.get(channel);
    if (members?.delete(member) !== true) return;
    if (members.size === 0) this.#own.delete(channel);
    this.#note(channel, member, false);
  }

  /** Reads who is in a channel, on all nodes, the longest present first. While the board cannot be read, others are as they were last seen. */
  async read(channel: string): Promise<readonly Here[]> {
    return this.#list(channel, await this.#readOthers(channel));
  }

  /** Reads who is in which channel, on all nodes, by the full name of the channel. */
  async list(): Promise<ReadonlyMap<string, readonly Here[]>> {
    let others = this.#others;
    try {
      others = (await this.#board?.others('all')) ?? none;
    } catch (error) {
      this.#world.log.warn({ error }, 'presence: cannot read who is on other nodes');
    }
    const channels = new Set([...this.#own.keys(), ...others.keys()]);
    return new Map([...channels].map((channel) => [channel, this.#list(channel, others.get(channel) ?? [])]));
  }

  /**
   * Sends who is in a channel: now, and whenever the text of it changes. A text that a slow reader cannot take is sent later, or the newer one.
   * @param show the text for this reader. @param known the text that the reader has already
   * @returns a function that ends it
   */
  follow(
    channel: string,
    show: (here: readonly Here[]) => string,
    send: (text: string) => Sent,
    known = '',
  ): () => void {
    const followers = this.#followers.get(channel) ?? new Set();
    this.#followers.set(channel, followers);
    let shown = known;
    let isReady = false;
    let isOver = false;
    const update = () => {
      if (isOver || !isReady) return;
      const text = show(this.#list(channel, this.#others.get(channel) ?? []));
      if (text === shown) return;
      if (send(text) === 'dropped') this.#world.after(pollMs, update);
      else shown = text;
    };
    followers.add(update);
    void this.#readOthers(channel).then((others) => {
      if (isOver) return;
      this.#others = new Map(this.#others).set(channel, others);
      isReady = true;
      update();
      if (this.#board !== undefined) this.#exchangeIn(pollMs);
    });
    return () => {
      isOver = true;
      followers.delete(update);
      if (followers.size === 0 && this.#followers.get(channel) === followers) this.#followers.delete(channel);
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelGathering?.();
    this.#cancelExchange?.();
    await this.#exchanging;
  }

  async #readOthers(channel: string): Promise<readonly Here[]> {
    try {
      return (await this.#board?.others([channel]))?.get(channel) ?? [];
    } catch (error) {
      this.#world.log.warn({ channel, error }, 'presence: cannot read who is on other nodes');
      return this.#others.get(channel) ?? [];
    }
  }

  #list(channel: string, others: readonly Here[]): readonly Here[] {
    const own = [...(this.#own.get(channel) ?? [])].map(([member, since]) => hereOf(member, since));
    return [...own, ...others].sort((one, other) => one.since - other.since || (one.id < other.id ? -1 : 1));
  }

  #note(channel: string, member: Member, isHere: boolean): void {
    if (this.#board !== undefined && !this.#isClosed) {
      const entry = { channel, ...hereOf(member, this.#own.get(channel)?.get(member) ?? 0) };
      this.#unwritten.set(`${channel} ${member.id}`, { entry, isHere });
      this.#exchangeIn(gatherMs);
    }
    if (!this.#followers.has(channel)) return;
    this.#changed.add(channel);
    this.#cancelGathering ??= this.#world.after(gatherMs, () => {
      this.#cancelGathering = undefined;
      const changed = this.#changed;
      this.#changed = new Set();
      for (const one of changed) this.#tell(one);
    });
  }

  #tell(channel: string): void {
    for (const update of [...(this.#followers.get(channel) ?? [])]) update();
  }

  #exchangeIn(ms: number): void {
    const at = this.#world.now() + ms;
    if (this.#isClosed || this.#exchanging !== undefined || at >= this.#exchangeAt) return;
    this.#cancelExchange?.();
    this.#exchangeAt = at;
    this.#cancelExchange = this.#world.after(ms, () => {
      this.#exchangeAt = Number.POSITIVE_INFINITY;
      const board = this.#board;
      if (board === undefined) return;
      this.#exchanging = this.#exchange(board)
        .catch((error: unknown) => {
          this.#isBoardUnknown = true;
          this.#world.log.debug({ error }, 'presence: cannot exchange with other nodes');
        })
        .then(() => {
          this.#exchanging = undefined;
          if (this.#unwritten.size > 0) this.#exchangeIn(gatherMs);
          else if (this.#followers.size > 0 || this.#isBoardUnknown) this.#exchangeIn(pollMs);
          else if (this.#own.size > 0) this.#exchangeIn(compareMs);
        });
    });
  }

  async #exchange(board: PresenceBoard): Promise<void> {
    const isAll = this.#isBoardUnknown;
    const unwritten = [...this.#unwritten.values()];
    this.#unwritten.clear();
    const came = isAll
      ? [...this.#own].flatMap(([channel, members]) =>
          [...members].map(([member, since]) => ({ channel, ...hereOf(member, since) })),
        )
      : unwritten.filter(({ isHere }) => isHere).map(({ entry }) => entry);
    const went = isAll ? [] : unwritten.filter(({ isHere }) => !isHere).map(({ entry }) => entry);
    const written = await board.update({ isAll, came, went });
    let own = 0;
    for (const members of this.#own.values()) own += members.size;
    // A database that took over has no such table's rows.
    this.#isBoardUnknown = this.#unwritten.size === 0 && written !== own;
    const followed = [...this.#followers.keys()];
    const before = this.#others;
    this.#others = followed.length === 0 ? none : await board.others(followed);
    for (const channel of followed) {
      if (JSON.stringify(before.get(channel) ?? []) !== JSON.stringify(this.#others.get(channel) ?? []))
        this.#tell(channel);
    }
  }
}

function hereOf({ id, identity }: Member, since: number): Here {
  return { id, account: identity.account, device: identity.device, since };
}
