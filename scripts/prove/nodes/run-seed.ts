// One load on three nodes while they fail: opens an account, starts clients and followers on all nodes, revokes a token in the middle, and
// returns the history once everything works again and all followers have been sent everything.

import type { Connection } from '../../../clients/typescript/index.ts';
import { eventually } from '../../../tests/harness/eventually.ts';
import { seeded } from '../../../tests/harness/world.ts';
import type { Change, Client } from '../client.ts';
import { type Cluster, type ClusterNode, tokensMaxAgeSeconds } from './cluster.ts';
import { type Follower, followRaw, followSdk } from './followers.ts';
import type { FinalState, HistoryStep, NodeHistory, Operation, RecordedChannel } from './history.ts';
import { FaultRunner, type PlannedFault } from './node-faults.ts';
import {
  type Access,
  appendItems,
  itemsOf,
  type Load,
  type LoadItem,
  logIn,
  openSdk,
  RawClient,
  textOfItem,
  useRegisters,
  useSdk,
  wait,
} from './writers.ts';

/** A load goes on until so many writes are acknowledged. */
const minWrites = 1_000;
const writesDeadlineMs = 180_000;
/** How long clients try to learn the outcome of their last writes. */
const decideMs = 30_000;
/** How long followers may take for the rest, when all is well again. */
const followDeadlineMs = 20_000;
/** Besides the limit that is configured: what is sent within a second is on its way (L8.1). */
const rightsLimitMs = tokensMaxAgeSeconds * 1_000 + 1_000;
/** A revoked token is tried so long beyond its limit. */
const beyondMs = 700;
const channels = [
  { name: 'log', keep: 'all' },
  { name: 'registers', keep: 'all' },
  { name: 'aw/beats', keep: 'last' },
] as const;

/** @param owner the secret of the hub's owner */
export async function runSeed(
  cluster: Cluster,
  owner: string,
  seed: number,
  plan: readonly PlannedFault[],
): Promise<NodeHistory> {
  const accounts = new Accounts(cluster, { secret: owner, token: 'owner' }, `s${seed}`);
  const load = newLoad(seeded(seed + 1_000_000));
  const guestLoad = { ...load };
  const access = await accounts.open();
  const crowd = new Crowd(cluster, access, load, guestLoad);
  const runner = new FaultRunner(cluster);
  try {
    const failing = runner.run(plan);
    const revoking = wait(300 + load.random() * 2_000).then(async () => {
      await accounts.revokeGuest();
      const revoked = load.now();
      guestLoad.giveUpAt = revoked + rightsLimitMs + beyondMs;
      await wait(rightsLimitMs + beyondMs);
      guestLoad.isOn = false;
      return revoked;
    });
    const [revoked] = await Promise.all([revoking, failing]);
    const countAcknowledged = () => load.operations.filter(isAcknowledged).length;
    await eventually(() => countAcknowledged() >= minWrites, `${minWrites} writes to be acknowledged`, {
      deadlineMs: writesDeadlineMs,
      instead: countAcknowledged,
    });
    load.giveUpAt = load.now() + decideMs;
    load.isOn = false;
    await crowd.ended;
    const finals = await Promise.all(channels.map((channel) => readFinals(cluster, access.all, channel)));
    await crowd.reachEnd(finals);
    return {
      channels: finals,
      operations: load.operations,
      followers: crowd.followers.map(({ recorded }) => recorded),
      revocations: new Map([[access.guest.token, revoked]]),
      rightsLimitMs,
      losses: runner.losses,
    };
  } finally {
    // Also after a failure: clients that go on would keep the next seed, and the SDK, busy.
    for (const one of [load, guestLoad]) {
      one.isOn = false;
      one.giveUpAt = Math.min(one.giveUpAt, one.now());
    }
    await crowd.close();
  }
}

function newLoad(random: () => number): Load {
  const operations: Operation[] = [];
  return { random, operations, now: () => performance.now(), isOn: true, giveUpAt: Number.POSITIVE_INFINITY };
}

function isAcknowledged(operation: Operation): boolean {
  return operation.type === 'write' && operation.result.name === 'accepted';
}

interface AccountAccess {
  readonly all: Access;
  /** A token that is revoked in the middle. */
  readonly guest: Access;
}

class Accounts {
  readonly #cluster: Cluster;
  readonly #owner: Access;
  readonly #account: string;
  #guestId = '';

  constructor(cluster: Cluster, owner: Access, account: string) {
    this.#cluster = cluster;
    this.#owner = owner;
    this.#account = account;
  }

  /** Makes the account and its tokens, and waits until every node knows them. */
  async open(): Promise<AccountAccess> {
    const account = await this.#ask({ type: 'account', name: this.#account });
    const scopes = ['read', 'write'];
    const guest = await this.#ask({ type: 'token', name: 'guest', account: this.#account, scopes });
    this.#guestId = guest.token?.id ?? '';
    const access = {
      all: { secret: account.secret ?? '', token: 'all' },
      guest: { secret: guest.secret ?? '', token: 'guest' },
    };
    for (const { name, url } of this.#cluster.nodes)
      for (const one of Object.values(access))
        await eventually(async () => {
          const client = await logIn(url, one, 'first');
          client?.cut();
          return client !== undefined;
        }, `the node ${name} to know a new token`);
    return access;
  }

  async revokeGuest(): Promise<void> {
    await this.#ask({ type: 'revoke', token: this.#guestId });
  }

  /** Asks one node after the other, until one has done it. */
  #ask(message: object): Promise<{ readonly secret?: string; readonly token?: { readonly id: string } }> {
    const { nodes } = this.#cluster;
    let at = 0;
    return eventually(
      async () => {
        at += 1;
        const client = await logIn(nodes[at % nodes.length]?.url ?? '', this.#owner, 'admin');
        const answer = await client?.ask(message);
        client?.cut();
        if (answer?.success === true) return { ...answer };
        // A lost answer may hide that it was done.
        return answer?.code === 'not_found' || answer?.code === 'exists' ? {} : undefined;
      },
      `an administrator to be answered ${JSON.stringify(message)}`,
    );
  }
}

/** All clients and followers of a load. */
class Crowd {
  readonly followers: Follower[] = [];
  /** Resolves when all clients have ended. */
  readonly ended: Promise<unknown>;
  readonly #clients: Promise<void>[] = [];
  readonly #sdks: Connection[] = [];

  constructor(cluster: Cluster, access: AccountAccess, load: Load, guestLoad: Load) {
    const urls = cluster.nodes.map(({ url }) => url);
    cluster.nodes.forEach((node, at) => {
      const raw = (what: string) => new RawClient(`${what}${node.name}`, load, urls, access.all, at);
      // It stays at its node, and tries until its time is over.
      const guest = new RawClient(`guest${node.name}`, guestLoad, [node.url], access.guest, 0);
      this.#clients.push(
        appendItems(raw('log'), load, 'log'),
        useRegisters(raw('reg'), load, 'registers'),
        useRegisters(raw('beat'), load, 'aw/beats'),
        appendItems(guest, guestLoad, 'log'),
      );
      this.#follow(node, access, load);
    });
    this.ended = Promise.all(this.#clients);
  }

  #follow({ name, url }: ClusterNode, { all, guest }: AccountAccess, load: Load): void {
    const common = { url, load, access: all, isConnectedAtEnd: true, reads: 'steadily' } as const;
    for (const { name: channel } of channels)
      this.followers.push(followRaw({ ...common, channel, name: `the follower on ${name}` }));
    const log = { ...common, channel: 'log' };
    this.followers.push(
      followRaw({ ...log, name: `the slow reader on ${name}`, reads: 'with pauses' }),
      followRaw({ ...log, name: `the guest on ${name}`, access: guest, isConnectedAtEnd: false }),
    );
    const sdk = openSdk(url, all, `sdk${name}`);
    this.#sdks.push(sdk);
    const registers = sdk.channel<LoadItem>('registers');
    this.followers.push(followSdk(`the SDK on ${name}`, all, registers, load));
    this.#clients.push(useSdk(`sdk${name}`, all.token, registers, load));
  }

  /** Waits until all followers have been sent everything, or have had the time for it. */
  async reachEnd(finals: readonly RecordedChannel[]): Promise<void> {
    const ends = new Map(finals.map(({ name, finals: [first] }) => [name, first]));
    const isThere = ({ recorded, position }: Follower) => {
      const end = ends.get(recorded.channel);
      return !recorded.isConnectedAtEnd || (position().seq === end?.seq && position().epoch === end.epoch);
    };
    const all = () => this.followers.every(isThere);
    // Who has not been sent everything is found by the checker.
    await eventually(all, 'the followers', { deadlineMs: followDeadlineMs }).catch(() => undefined);
  }

  async close(): Promise<void> {
    for (const follower of this.followers) follower.close();
    for (const sdk of this.#sdks) await sdk.close();
  }
}

async function readFinals(
  { nodes }: Cluster,
  access: Access,
  { name, keep }: (typeof channels)[number],
): Promise<RecordedChannel> {
  const finals: FinalState[] = [];
  for (const node of nodes) {
    const open = async () => logIn(node.url, access, 'final');
    const client = await eventually(open, `the node ${node.name} to take a client`);
    const answer = await client.ask({ type: 'read-all', channel: name });
    if (answer?.success !== true) throw new Error(`${node.name} does not answer: ${JSON.stringify(answer)}`);
    const steps = await readHistory(client, name);
    client.cut();
    finals.push({ node: node.name, epoch: answer.epoch ?? '', seq: answer.seq ?? 0, steps, items: itemsOf(answer) });
  }
  return { name, keep, finals };
}

/** All steps of a channel, ascending. */
async function readHistory(client: Client, channel: string): Promise<readonly HistoryStep[]> {
  const changes: Change[] = [];
  for (let before: number | undefined; ; ) {
    const page = await client.ask({ type: 'history', channel, limit: 1_000, before });
    if (page?.success !== true) throw new Error(`the history of ${channel}: ${JSON.stringify(page)}`);
    changes.push(...(page.changes ?? []));
    before = page.changes?.at(-1)?.seq;
    if (before === undefined || before === 1) break;
  }
  return changes.reverse().map(({ seq, key, item, type }): HistoryStep => {
    const kind = type === 'delete' || type === 'update' ? type : 'create';
    return { seq, kind, key, value: kind === 'delete' ? null : textOfItem(item) };
  });
}
