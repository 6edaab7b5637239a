// Kills the hub with SIGKILL at moments that a seed chooses, under load: single creates, lists of tasks, items, many items in one write;
// over WebSocket and raw TCP. After each kill the hub must start without help and have each write that it acknowledged, no partial write
// and no gap between seqs. A write that is repeated with its write id must not exist twice. A follower must not have received a change that
// the hub does not have.

import { HubProcess, Leftovers } from '../../tests/harness/process.ts';
import { seeded } from '../../tests/harness/world.ts';
import { type Answer, type Change, Client } from './client.ts';
import { freePort } from './free-port.ts';

export interface Proof {
  readonly rounds: number;
  readonly acknowledged: number;
  /** Writes that the kill left unanswered and that were repeated afterwards. */
  readonly repeated: number;
  readonly steps: number;
  /** A sentence for each fault. */
  readonly faults: readonly string[];
}

const owner = '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b';
/** The number of tasks in a list, and of items in one write. */
const atOnce = 8;
/** The number of open requests of each writer. */
const inFlight = 4;
/** The maximum of acknowledged writes in a round. */
const maxWritesOfRound = 600;

/** A write that must exist completely or not at all: `steps` steps that contain its mark. */
interface Mark {
  readonly channel: string;
  readonly mark: string;
  readonly steps: number;
  /** Its last step, once it is acknowledged. */
  seq?: number;
  /** The message to repeat, where repeating is safe. */
  readonly again?: object;
}

interface Hub {
  readonly process: HubProcess;
  readonly url: string;
  readonly kronos: number;
}

export async function proveCrashes(rounds: number, seed: number, print: (line: string) => void): Promise<Proof> {
  const random = seeded(seed);
  const leftovers = new Leftovers();
  const data = leftovers.folder();
  const faults: string[] = [];
  const marks: Mark[] = [];
  let [repeated, steps] = [0, 0];
  const start = async (): Promise<Hub> => {
    const kronos = await freePort();
    const process = new HubProcess(leftovers, {
      HORAI_DATA: data,
      HORAI_OWNER_TOKEN: owner,
      HORAI_KRONOS_PORT: String(kronos),
    });
    return { process, url: await process.up(), kronos };
  };
  try {
    let follower: Follower | undefined;
    for (let round = 1; round <= rounds; round += 1) {
      if (random() < 0.2) await killStarting(leftovers, data, random);
      const hub = await start();
      const accounts = await openAccounts(hub, round);
      if (round > 1) {
        const unanswered = marks.filter(({ seq, again }) => seq === undefined && again !== undefined);
        repeated += unanswered.length;
        await repeat(hub, accounts, unanswered);
        steps = await check(hub, marks, faults);
        await follower?.resume(hub, accounts, faults);
      }
      follower = await Follower.open(hub, accounts);
      const before = marks.filter(({ seq }) => seq !== undefined).length;
      const load = new Load(marks, round, random);
      await load.run(hub, accounts, Math.floor(random() * maxWritesOfRound), Math.floor(random() * 15));
      hub.process.signal('SIGKILL');
      await hub.process.ended;
      await load.over;
      const acknowledged = marks.filter(({ seq }) => seq !== undefined).length - before;
      print(
        `round ${round}: ${acknowledged} writes acknowledged, ${load.unanswered} unanswered, ${faults.length} faults`,
      );
    }
    const hub = await start();
    const accounts = await openAccounts(hub, rounds + 1);
    await repeat(
      hub,
      accounts,
      marks.filter(({ seq, again }) => seq === undefined && again !== undefined),
    );
    steps = await check(hub, marks, faults);
    await follower?.resume(hub, accounts, faults);
    await hub.process.stop();
  } finally {
    await leftovers.clear();
  }
  return { rounds, acknowledged: marks.filter(({ seq }) => seq !== undefined).length, repeated, steps, faults };
}

/** Kills a hub before it is up, while it recovers from the last kill. */
async function killStarting(leftovers: Leftovers, data: string, random: () => number): Promise<void> {
  const process = new HubProcess(leftovers, { HORAI_DATA: data, HORAI_OWNER_TOKEN: owner });
  const early = process.up().then(
    () => undefined,
    () => undefined,
  );
  const moment = new Promise<void>((resolve) => setTimeout(resolve, 200 + random() * 1_200));
  await Promise.race([early, moment]);
  process.signal('SIGKILL');
  await process.ended;
  await early;
}

interface Accounts {
  /** Secrets of tokens. */
  readonly lists: string;
  readonly items: string;
}

/**
 * Opens the accounts of the load and creates new tokens for them. `lists` is a new account, so that its device has nothing to merge.
 */
async function openAccounts(hub: Hub, round: number): Promise<Accounts> {
  const admin = await Client.webSocket(hub.url);
  const secretOf = async (account: string) => {
    await admin.ask({ type: 'account', name: account, user_id: owner });
    const made: (Answer & { secret?: string }) | undefined = await admin.ask({ type: 'token', name: 'load', account });
    return made?.secret ?? '';
  };
  const accounts = { lists: await secretOf(`lists-${round}`), items: await secretOf('items') };
  admin.cut();
  return accounts;
}

class Load {
  unanswered = 0;
  /** Resolves when all writers have ended. */
  over: Promise<unknown> = Promise.resolve();
  #marks: Mark[];
  #round: number;
  #random: () => number;
  #acknowledged = 0;
  #reached: () => void = () => undefined;

  constructor(marks: Mark[], round: number, random: () => number) {
    this.#marks = marks;
    this.#round = round;
    this.#random = random;
  }

  /** Starts the writers. Resolves `more` milliseconds after `until` writes are acknowledged, while the writers go on. */
  async run(hub: Hub, { lists, items }: Accounts, until: number, more: number): Promise<void> {
    const [one, two, three, four] = await Promise.all([
      this.#client(hub, 'ws', items),
      this.#client(hub, 'tcp', items),
      this.#client(hub, 'ws', lists),
      this.#client(hub, 'tcp', items),
    ]);
    const reached = new Promise<void>((resolve) => {
      this.#reached = () => {
        if (this.#acknowledged >= until) resolve();
      };
      this.#reached();
    });
    this.over = Promise.all([
      ...this.#writers(one, 'a', (mark, at) => this.#task(mark, at)),
      ...this.#writers(two, 'b', (mark, at) => this.#task(mark, 500 + at)),
      ...this.#writers(four, 'c', (mark) => this.#item(mark)),
      ...this.#writers(one, 'd', (mark) => this.#item(mark)),
      this.#write(three, 'e', (mark) => listOfTasks(mark, this.#round)),
      this.#write(four, 'f', (mark) => listOfItems(mark)),
    ]);
    await reached;
    await new Promise((resolve) => setTimeout(resolve, more));
  }

  async #client(hub: Hub, wire: 'ws' | 'tcp', secret: string): Promise<Client> {
    const client = await (wire === 'ws' ? Client.webSocket(hub.url) : Client.tcp(hub.kronos));
    await client.ask({ type: 'login', user_id: secret, device_id: '', version: 0 });
    return client;
  }

  #writers(client: Client, name: string, make: (mark: string, at: number) => Write): Promise<void>[] {
    return Array.from({ length: inFlight }, (_, lane) => this.#write(client, `${name}${lane}`, make));
  }

  /** Writes, one write after the other, until the connection closes. */
  async #write(client: Client, name: string, make: (mark: string, at: number) => Write): Promise<void> {
    for (let at = 0; ; at += 1) {
      const text = `${this.#round}.${name}.${at}`;
      const { message, ...write } = make(text, this.#round * 10_000 + at * inFlight + Number(name.charAt(1)));
      const mark: Mark = { mark: text, ...write };
      this.#marks.push(mark);
      const answer = await client.ask(message);
      if (answer === undefined) {
        this.unanswered += 1;
        return;
      }
      if (!answer.success || answer.seq === undefined)
        throw new Error(`${text} was answered ${JSON.stringify(answer)}`);
      mark.seq = answer.seq;
      this.#acknowledged += 1;
      this.#reached();
    }
  }

  #task(mark: string, id: number): Write {
    const task = {
      id: id * 1_000 + Math.floor(this.#random() * 1_000),
      desc: mark,
      tags: ['x'.repeat(Math.floor(this.#random() * 200))],
    };
    const write_id = this.#random() < 0.5 ? mark : undefined;
    const message = { type: 'create', task, write_id };
    return { message, channel: 'items/tasks', steps: 1, ...(write_id === undefined ? {} : { again: message }) };
  }

  /** A create without a key: without its write id, a repetition would create a second item. */
  #item(mark: string): Write {
    const message = {
      type: 'create',
      channel: 'notes',
      item: { mark, text: 'y'.repeat(Math.floor(this.#random() * 500)) },
      write_id: mark,
    };
    return { message, channel: 'items/notes', steps: 1, again: message };
  }
}

type Write = { readonly message: object } & Pick<Mark, 'channel' | 'steps' | 'again'>;

function listOfTasks(mark: string, round: number): Write {
  const tasks = Array.from({ length: atOnce }, (_, at) => ({ id: at + 1, desc: mark, tags: [] }));
  return { message: { type: 'write-all', tasks }, channel: `lists-${round}/tasks`, steps: atOnce };
}

function listOfItems(mark: string): Write {
  const items = Array.from({ length: atOnce }, (_, at) => ({ key: `k${at}`, item: { mark } }));
  const message = { type: 'write-all', channel: 'board', items, write_id: mark };
  return { message, channel: 'items/board', steps: atOnce, again: message };
}

/** Repeats each unanswered write twice. */
async function repeat(hub: Hub, { items }: Accounts, unanswered: readonly Mark[]): Promise<void> {
  const client = await Client.webSocket(hub.url);
  await client.ask({ type: 'login', user_id: items, device_id: '', version: 0 });
  for (let turn = 0; turn < 2; turn += 1) {
    for (const mark of unanswered) {
      if (mark.again === undefined) continue;
      const answer = await client.ask(mark.again);
      if (answer?.seq === undefined) throw new Error(`${mark.mark}, repeated, was answered ${JSON.stringify(answer)}`);
      if (mark.seq !== undefined && mark.seq !== answer.seq)
        throw new Error(`${mark.mark} was answered ${mark.seq}, and then ${answer.seq}`);
      mark.seq = answer.seq;
    }
  }
  client.cut();
}

/** Compares the history of all channels with the writes. Returns the number of steps. */
async function check(hub: Hub, marks: readonly Mark[], faults: string[]): Promise<number> {
  const admin = await Client.webSocket(hub.url);
  await admin.ask({ type: 'login', user_id: owner });
  let total = 0;
  for (const channel of new Set(marks.map((mark) => mark.channel))) {
    const steps = new Map<number, string>();
    const found = new Map<string, number>();
    for (const { seq, item } of await history(admin, channel)) {
      const mark = markOf(item);
      steps.set(seq, mark);
      found.set(mark, (found.get(mark) ?? 0) + 1);
    }
    total += steps.size;
    for (let seq = 1; seq <= steps.size; seq += 1)
      if (!steps.has(seq)) faults.push(`${channel}: step ${seq} is missing`);
    for (const { mark, seq, channel: of, steps: expected } of marks) {
      if (of !== channel) continue;
      const count = found.get(mark) ?? 0;
      if (count !== 0 && count !== expected) faults.push(`${channel}: ${count} of ${expected} steps of ${mark} exist`);
      if (seq !== undefined && steps.get(seq) !== mark)
        faults.push(`${channel}: ${mark} was acknowledged as ${seq} and is missing`);
    }
  }
  admin.cut();
  return total;
}

async function history(admin: Client, channel: string): Promise<readonly Change[]> {
  const all: Change[] = [];
  for (let before: number | undefined; ; ) {
    const page = await admin.ask({ type: 'history', channel, limit: 1_000, before });
    const changes = page?.changes ?? [];
    all.push(...changes);
    before = changes.at(-1)?.seq;
    if (before === undefined || before === 1) return all;
  }
}

function markOf(item: unknown): string {
  if (typeof item !== 'object' || item === null) return '';
  const value = 'mark' in item ? item.mark : 'desc' in item ? item.desc : '';
  return String(value);
}

/** Follows a channel, and after a kill resumes from its position. */
class Follower {
  #seq = 0;
  #epoch = '';
  #known = new Map<number, string>();

  static async open(hub: Hub, { items }: Accounts): Promise<Follower> {
    const follower = new Follower();
    await follower.#subscribe(hub, items, {});
    return follower;
  }

  /** Resumes, and checks that the hub has each change that it received. */
  async resume(hub: Hub, { items }: Accounts, faults: string[]): Promise<void> {
    const known = this.#known;
    const answer = await this.#subscribe(hub, items, { seq: this.#seq, epoch: this.#epoch });
    if (answer !== 'changes') faults.push(`a follower at ${this.#seq} was answered ${answer}`);
    const admin = await Client.webSocket(hub.url);
    await admin.ask({ type: 'login', user_id: owner });
    const stored = new Map((await history(admin, 'items/notes')).map(({ seq, item }) => [seq, markOf(item)]));
    for (const [seq, mark] of known)
      if (stored.get(seq) !== mark) faults.push(`a follower received ${mark}, which is missing`);
    admin.cut();
  }

  async #subscribe(hub: Hub, secret: string, position: object): Promise<string> {
    const client = await Client.webSocket(hub.url);
    await client.ask({ type: 'login', user_id: secret, device_id: '', version: 0 });
    const first = new Promise<string>((resolve) => {
      client.onMessage = (message) => {
        for (const { seq, item } of message.changes ?? message.items ?? []) this.#known.set(seq, markOf(item));
        const { type = '', seq = this.#seq, epoch = this.#epoch } = message;
        this.#seq = seq;
        this.#epoch = epoch;
        if ('item' in message) this.#known.set(seq, markOf(message.item));
        resolve(type);
      };
    });
    client.send({ type: 'subscribe', channel: 'notes', ...position });
    return first;
  }
}
