// One writing connection of a node (a lane). Writes that arrive while it is busy share its next commit. Only the lane knows the fate of a
// commit during which the connection broke: each batch has a number, the database stores the number and the answer of the lane's last
// committed batch, and the lane asks for them after it reconnects, before it sends the batch again. No reads here.

import type pg from 'pg';
import type { Appended, Change, Keep, Op, Position, Write } from '../../core/store.ts';
import type { World } from '../../core/world.ts';
import { connectClient, isBusy, isLost, isOutdated, patienceMs, reasonOf } from './connection.ts';
import { newestMigration } from './migrate-tables.ts';

/** Limits of one transaction, in ops and characters. A batch should not take much longer than its flush. */
const mostOps = 2_000;
const mostText = 4_000_000;
const statementMs = 6_000;
const firstPauseMs = 20;
const longestPauseMs = 500;
const lookAgainMs = 500;
/** How long a stopping hub waits for a database that is away. */
const closingPatienceMs = 1_000;

interface Append {
  readonly channel: string;
  readonly write: Write;
  readonly keep: Keep;
}

interface Job {
  /** null if the job asks for a commit only. */
  readonly append: Append | null;
  answer(appended: Appended): void;
  readonly fail: (error: Error) => void;
}

/** The answer of `append` in migrations/1_tables.sql. */
interface Answers {
  readonly outcomes: string;
  readonly seqs: string;
  readonly did: string;
}

interface Taken extends Answers {
  readonly fence: number;
  readonly batch: number;
}

type Committed =
  | {
      readonly ok: true;
      readonly answers: Answers;
      /** Under which the connection that answered was made. */
      readonly epoch: string;
    }
  | { readonly ok: false; readonly error: unknown };

export interface LaneDeps {
  readonly url: string;
  readonly world: World;
  /** Unique among all lanes, for ever. */
  readonly name: string;
  readonly epoch: () => string;
  /** Rejects if the database is another one now. */
  readonly verify: (client: pg.ClientBase) => Promise<void>;
  /** Called if a newer hub has migrated the database. */
  readonly outdated: (error: Error) => void;
}

export class BatchLane {
  readonly #deps: LaneDeps;
  #queue: Job[] = [];
  #client: pg.Client | undefined;
  #connecting: Promise<void> | undefined;
  /** The database's answer when this connection took the lane. */
  #taken: Taken = { fence: 0, batch: 0, outcomes: '', seqs: '', did: '' };
  #batch = 0;
  #acknowledged = 0;
  /**
   * The epoch of the server that the connection leads to. A server that another one has taken over from may go on answering for a moment:
   * what it acknowledges is of the epoch before.
   */
  #epoch = '';
  /** True if another server has taken over from the one that the connection leads to. */
  #isStale = false;
  #running: Promise<void> | undefined;
  #waking = false;
  /** Since when, and why, commits fail; undefined while they work. */
  #trouble: { readonly since: number; readonly reason: string } | undefined;
  #looking = false;
  #closing = false;
  /** Why no more jobs are taken. */
  #stopped: Error | undefined;

  constructor(deps: LaneDeps) {
    this.#deps = deps;
  }

  /** The last batch that was acknowledged. */
  get acknowledged(): { readonly name: string; readonly batch: number } {
    return { name: this.#deps.name, batch: this.#acknowledged };
  }

  /** Another server has taken over: the next batch goes there. */
  reconnect(): void {
    this.#isStale = true;
  }

  /** The server is the same, and has another epoch. */
  renew(epoch: string): void {
    this.#epoch = epoch;
  }

  get trouble(): string | undefined {
    return this.#stopped?.message ?? this.#trouble?.reason;
  }

  append(channel: string, write: Write, keep: Keep): Promise<Appended> {
    return new Promise((answer, fail) => this.#take({ append: { channel, write, keep }, answer, fail }));
  }

  /** Resolves after a commit. */
  prove(): Promise<void> {
    return new Promise((answer, fail) => this.#take({ append: null, answer: () => answer(), fail }));
  }

  /** Takes no more jobs. Resolves when every job taken is decided. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#stopped ??= new Error('The store is closed.');
    if (this.#waking) this.#run();
    await this.#running;
    await this.#connecting?.catch(() => undefined);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  stop(error: Error): void {
    this.#stopped ??= error;
    this.#drop();
    for (const job of this.#queue.splice(0)) job.fail(error);
  }

  /** Connects if there is no connection. Rejects if that fails. */
  connect(): Promise<void> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  #take(job: Job): void {
    if (this.#stopped !== undefined) {
      job.fail(this.#stopped);
      return;
    }
    this.#queue.push(job);
    if (this.#running !== undefined || this.#waking) return;
    // Deferred, so that jobs of the same turn share the commit.
    this.#waking = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#waking = false;
    this.#running ??= this.#work();
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) await this.#settle(this.#nextBatch());
    // Cleared synchronously: a caller that gets its answer may give the next job at once.
    this.#running = undefined;
  }

  #nextBatch(): Job[] {
    let [count, ops, text] = [0, 0, 0];
    for (const { append } of this.#queue) {
      for (const op of append?.write.ops ?? []) if (op.op !== 'remove') text += op.value.length;
      ops += Math.max(1, append?.write.ops.length ?? 0);
      if (count > 0 && (ops > mostOps || text > mostText)) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #settle(jobs: readonly Job[]): Promise<void> {
    // Jobs grouped by channel, channels in order of name: batches of all nodes lock in the same order and cannot deadlock.
    const sorted = [...jobs].sort((a, b) => compare(a.append?.channel ?? '', b.append?.channel ?? ''));
    const committed = await this.#commit(sorted);
    if (committed.ok) {
      this.#acknowledged = this.#batch;
      answer(sorted, committed.answers, committed.epoch);
      return;
    }
    const { error } = committed;
    if (jobs.length > 1 && this.#stopped === undefined && !isLost(error)) {
      // Rolled back: run each job alone, so that only the one that cannot be done fails.
      for (const job of jobs) await this.#settle([job]);
      return;
    }
    const failure = this.#stopped ?? new Error(`The store could not write: ${reasonOf(error)}.`);
    for (const job of jobs) job.fail(failure);
  }

  async #commit(jobs: readonly Job[]): Promise<Committed> {
    const rows = rowsOf(jobs);
    const { world } = this.#deps;
    this.#batch += 1;
    let sent = false;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        if (this.#isStale) this.#drop();
        if (this.#client === undefined) await this.connect();
        const epoch = this.#epoch;
        if (sent && this.#taken.batch === this.#batch) return this.#well({ ok: true, answers: this.#taken, epoch });
        const client = this.#client;
        if (client === undefined) throw new Error('the connection was lost');
        sent = true;
        const { rows: answers } = await client.query<Answers>({
          name: 'append',
          text: 'SELECT * FROM append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)',
          values: [this.#deps.name, this.#taken.fence, this.#batch, ...rows],
        });
        if (answers[0] === undefined) throw new Error('the database gave no answer');
        return this.#well({ ok: true, answers: answers[0], epoch });
      } catch (error) {
        if (isOutdated(error)) {
          const outdated = new Error(`${sentenceOf(error)}.`);
          this.#deps.outdated(outdated);
          return { ok: false, error: outdated };
        }
        const lost = isLost(error);
        if (lost) this.#drop();
        else if (!isBusy(error)) return this.#well({ ok: false, error });
        if (this.#trouble === undefined)
          world.log.warn({ error: reasonOf(error) }, 'postgres: a write waits for the database');
        this.#trouble ??= { since: world.now(), reason: reasonOf(error) };
        const patience = this.#closing ? closingPatienceMs : patienceMs;
        if (this.#hasStopped() || world.now() - this.#trouble.since >= patience) {
          this.#lookAgain();
          return { ok: false, error };
        }
        await new Promise<void>((resolve) => world.after(pauseMs, resolve));
      }
    }
  }

  /** The database answered, so it is reachable. */
  #well(committed: Committed): Committed {
    this.#trouble = undefined;
    return committed;
  }

  /** Probes also without writes, so that health notices when the database is back. */
  #lookAgain(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#deps.world.after(lookAgainMs, () => {
      this.#looking = false;
      if (this.#trouble === undefined || this.#stopped !== undefined) return;
      if (this.#running === undefined) void this.prove().catch(() => undefined);
      else this.#lookAgain();
    });
  }

  #hasStopped(): boolean {
    return this.#stopped !== undefined && !this.#closing;
  }

  async #connect(): Promise<void> {
    const { url, name, verify, epoch } = this.#deps;
    let client: pg.Client | undefined;
    try {
      const opened = await connectClient(url, { statementMs });
      client = opened;
      opened.on('error', (error) => this.#onLost(opened, error));
      await verify(client);
      this.#epoch = epoch();
      this.#isStale = false;
      const { rows } = await client.query<Taken>('SELECT * FROM take_lane($1, $2)', [name, newestMigration]);
      if (rows[0] === undefined) throw new Error('the database gave no lane');
      this.#taken = rows[0];
      this.#acknowledged = rows[0].batch;
      this.#client = client;
    } catch (error) {
      // Do not wait for the farewell: the server may be out of reach.
      void client?.end().catch(() => undefined);
      // The refusal may be temporary (starting up, too many connections): try again in a moment.
      throw isOutdated(error) ? error : new Error(reasonOf(error), { cause: error });
    }
  }

  /** The connection ended while idle: check at once whether the database is reachable and still the same. */
  #onLost(client: pg.Client, error: Error): void {
    if (client !== this.#client) return;
    this.#drop();
    this.#deps.world.log.warn({ error: error.message }, 'postgres: a connection was lost');
    if (this.#running === undefined && this.#stopped === undefined) void this.prove().catch(() => undefined);
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    void client?.end().catch(() => undefined);
  }
}

function sentenceOf(error: unknown): string {
  const text = reasonOf(error);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

type Row = readonly (string | number | boolean | null)[];

const nothing = [null, null, null, null, null, null];
const nothingBegins = [...nothing, null];

/** The arrays that `append` takes, one element per op. */
function rowsOf(jobs: readonly Job[]): unknown[][] {
  const rows: Row[] = [];
  let channel: string | undefined;
  for (const { append } of jobs) {
    if (append === null) continue;
    const { write, keep } = append;
    const name = append.channel === channel ? null : append.channel;
    channel = append.channel;
    const conditions = [write.writeId ?? null, write.base ?? null, write.needs ?? null];
    const begin = [name, write.at, keep === 'all', write.origin, ...conditions];
    if (write.ops.length === 0) rows.push([...begin, ...nothing]);
    write.ops.forEach((op, index) => {
      rows.push([...(index === 0 ? begin : nothingBegins), ...opOf(op)]);
    });
  }
  rows.push([null, -1, null, null, null, null, null, ...nothing]);
  return Array.from({ length: 13 }, (_, column) => rows.map((row) => row[column]));
}

function opOf(op: Op): Row {
  const { key, version = null } = op;
  return op.op === 'remove'
    ? [op.op, key, null, null, null, version]
    : [op.op, key, op.value, op.time ?? null, op.end ?? null, version];
}

function answer(jobs: readonly Job[], { outcomes, seqs, did }: Answers, epoch: string): void {
  const ends = seqs.split(' ');
  let [writes, ops] = [0, 0];
  for (const job of jobs) {
    if (job.append === null) {
      job.answer({ ok: true, position: { epoch, seq: 0 }, changes: [], steps: 0, replayed: false });
      continue;
    }
    const { write } = job.append;
    const outcome = outcomes[writes];
    writes += 1;
    // The text begins with a space.
    const [seq = 0, steps = 0] = (ends[writes] ?? '').split(':').map(Number);
    const position: Position = { epoch, seq };
    const its = did.slice(ops, ops + write.ops.length);
    ops += write.ops.length;
    if (outcome === 's') job.answer({ ok: false, reason: 'stale', position });
    else if (outcome === 'a') job.answer({ ok: false, reason: 'absent', position });
    else if (outcome === 'r') job.answer({ ok: true, position, changes: [], steps, replayed: true });
    else job.answer({ ok: true, position, changes: changesOf(write, seq - steps, its), steps, replayed: false });
  }
}

const kinds: Readonly<Record<string, Change['kind']>> = { c: 'create', u: 'update', d: 'delete' };
const gone = { value: null, time: null, end: null };

/** Rebuilds the changes of a write from its ops and the database's brief answer. */
function changesOf({ ops, origin, at }: Write, before: number, did: string): Change[] {
  const changes: Change[] = [];
  let seq = before;
  ops.forEach((op, index) => {
    const kind = kinds[did[index] ?? '-'];
    if (kind === undefined) return;
    seq += 1;
    const { key, version = null } = op;
    const span = op.op === 'remove' ? gone : { value: op.value, time: op.time ?? null, end: op.end ?? null };
    changes.push({ kind, key, ...span, seq, origin, at, version });
  });
  return changes;
}
