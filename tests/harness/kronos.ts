// A hub in memory, with connections that are arrays: each message of the hub is stored in its client's array until the test reads it.
// There are no sockets here; tests/contract/conversation.ts uses real ones.

import { openTaskClients, type TaskDeps } from '../../server/adapters/kronos/task-requests.ts';
import { AccountLifecycle } from '../../server/core/account-lifecycle.ts';
import { Accounts } from '../../server/core/accounts.ts';
import { Hub } from '../../server/core/hub.ts';
import type { Conversation, Peer, Pieces, Publisher, Sent } from '../../server/core/peer.ts';
import type { PresenceBoard } from '../../server/core/presence.ts';
import { noopRelay, type Relay } from '../../server/core/relay.ts';
import type { Store, StoredArchive } from '../../server/core/store.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import type { AuthorizePolicy } from '../../server/wire/authorize.ts';
import { openWire } from '../../server/wire/conversation.ts';
import { TestWorld } from './world.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests read foreign JSON
export type Message = any;

/** Runs everything that is ready, including microtasks. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class Switchboard implements Publisher {
  #topics = new Map<string, Set<Wire>>();

  publish(topic: string, text: string, except?: Peer): void {
    for (const wire of [...(this.#topics.get(topic) ?? [])]) if (wire !== except) wire.publish(text);
  }

  join(topic: string, wire: Wire): void {
    const wires = this.#topics.get(topic) ?? new Set();
    wires.add(wire);
    this.#topics.set(topic, wires);
  }

  leave(topic: string, wire: Wire): void {
    this.#topics.get(topic)?.delete(wire);
  }
}

export class Wire implements Peer {
  readonly address: string;
  readonly name: string;
  readonly received: Message[] = [];
  /** Characters of each piece of the messages that were sent in pieces. */
  readonly pieces: number[] = [];
  closedWith: number | undefined;
  /** How many more texts it accepts. It drops the next ones, until `drain`. */
  room = Number.POSITIVE_INFINITY;
  conversation: Conversation | undefined;
  #switchboard: Switchboard;
  /** Messages in pieces that wait for room. */
  #awaiting: (() => void)[] = [];

  constructor(switchboard: Switchboard, name: string, address = '127.0.0.1') {
    this.#switchboard = switchboard;
    this.name = name;
    this.address = address;
  }

  send(text: string): Sent {
    if (this.closedWith !== undefined || this.room <= 0) return 'dropped';
    this.room -= 1;
    this.received.push(JSON.parse(text));
    return this.room === 0 ? 'queued' : 'sent';
  }

  async stream(pieces: Pieces): Promise<boolean> {
    let text = '';
    const add = (piece: string): void => {
      this.pieces.push(piece.length);
      text += piece;
    };
    if (Symbol.iterator in pieces) for (const piece of pieces) add(piece);
    else for await (const piece of pieces) add(piece);
    while (this.closedWith === undefined && this.room <= 0)
      await new Promise<void>((resolve) => this.#awaiting.push(resolve));
    return this.send(text) !== 'dropped';
  }

  publish(text: string): void {
    if (this.send(text) === 'dropped') this.conversation?.dropped(text);
  }

  close(code: number): void {
    if (this.closedWith !== undefined) return;
    this.closedWith = code;
    this.conversation?.closed(false);
  }

  join(topic: string): void {
    this.#switchboard.join(topic, this);
  }

  leave(topic: string): void {
    this.#switchboard.leave(topic, this);
  }

  say(message: object | string): void {
    this.conversation?.receive(typeof message === 'string' ? message : JSON.stringify(message));
  }

  drain(room: number): void {
    this.room = room;
    for (const resume of this.#awaiting.splice(0)) resume();
    this.conversation?.drained();
  }

  hangUp(orderly = true): void {
    if (this.closedWith !== undefined) return;
    this.closedWith = orderly ? 1000 : 1006;
    this.conversation?.closed(orderly);
  }

  /** Sends the messages and a ping. Returns all messages received since the last call, without the pong. */
  async ask(...messages: readonly (object | string)[]): Promise<Message[]> {
    for (const message of messages) this.say(message);
    this.say({ type: 'ping' });
    for (let turn = 0; turn < 1_000; turn += 1) {
      const pong = this.received.findIndex((message) => message.type === 'pong');
      if (pong !== -1) return this.received.splice(0).filter((message) => message.type !== 'pong');
      if (this.closedWith !== undefined) return this.received.splice(0);
      await settle();
    }
    throw new Error('no pong');
  }
}

export interface TestHub {
  readonly hub: Hub;
  readonly world: TestWorld;
  readonly accounts: Accounts;
  readonly owner: string;
  readonly store: Store;
  connect(name?: string, caller?: { address?: string; authorization?: string }): Wire;
}

export async function startHub(
  options: Partial<Pick<AuthorizePolicy, 'personal' | 'signup'> & Pick<TaskDeps, 'merge'>> & {
    store?: Store;
    relay?: Relay;
    /** Where several nodes tell each other who is in which channel. */
    presence?: PresenceBoard;
    world?: TestWorld;
    /** L8.2; ten seconds if it is not given. */
    readonly tokensMaxAgeMs?: number;
    /** The store, where accounts are renamed and erased. */
    archive?: StoredArchive;
  } = {},
): Promise<TestHub> {
  const world = options.world ?? new TestWorld();
  const store = options.archive ?? options.store ?? new MemoryStore({ epoch: 'e1' });
  const hub = new Hub({ store, relay: options.relay ?? noopRelay, world, presence: options.presence });
  const switchboard = new Switchboard();
  hub.addPublisher(switchboard);
  const accounts = await Accounts.open(hub, undefined, options.tokensMaxAgeMs);
  const owner = (await accounts.createOwner(undefined)) ?? '';
  const { personal = true, signup = 'closed' } = options;
  const merge = options.merge === undefined ? {} : { merge: options.merge };
  const tasks = await openTaskClients({ hub, accounts, ...merge });
  const lifecycle =
    options.archive === undefined ? {} : { lifecycle: new AccountLifecycle(hub, accounts, options.archive) };
  const converse = openWire({ hub, accounts, tasks, personal, signup, version: '0.0.0', ...lifecycle });
  let wires = 0;
  return {
    hub,
    world,
    accounts,
    owner,
    store,
    connect(name, caller = {}) {
      wires += 1;
      const wire = new Wire(switchboard, name ?? `wire-${wires}`, caller.address);
      wire.conversation = converse(wire, {
        address: wire.address,
        host: 'localhost',
        origin: '',
        authorization: caller.authorization ?? '',
      });
      return wire;
    },
  };
}
