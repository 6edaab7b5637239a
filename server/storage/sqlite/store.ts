// The embedded store as the hub uses it. It implements the `Store` port over two worker threads, so neither a flush to disk nor a long
// answer ever blocks the event loop. Writes that arrive while the writer is busy share its next commit. No SQL here; README.md has
// the reasons for this layout.

import { stat } from 'node:fs/promises';
import { resolve as absolute } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { isFull } from '../../core/channel.ts';
import type {
  Answer,
  Appended,
  Archive,
  Change,
  ChannelInfo,
  ChannelsPage,
  Head,
  Item,
  Keep,
  Outline,
  Past,
  Position,
  Range,
  RangeState,
  Since,
  SincePage,
  Step,
  Store,
  StoreUser,
  Write,
} from '../../core/store.ts';
import type { VerifyOutcome } from '../../core/upkeep.ts';
import type { World } from '../../core/world.ts';
import { isDamage } from './checksum.ts';
import { databasePath } from './data-folder.ts';
import { type DriverName, everyDriver } from './driver.ts';
import type { ReaderQuestion } from './reader.ts';
import { openSnapshot, type SqliteSnapshot } from './snapshot-reader.ts';
import { type FromReader, type FromWriter, startWorker, type ToReader, type ToWriter } from './threads.ts';
import { verifyFolder } from './verify-folder.ts';
import {
  type Flat,
  type Load,
  type PackedSince,
  packAppend,
  packForget,
  packLoad,
  packProve,
  packVacuum,
  unpackChanges,
  unpackItems,
  unpackOutcomes,
  type WorkerOutcome,
} from './worker-codec.ts';
import { type Sealing, usualSealing } from './writer.ts';

export interface SqliteOptions {
  readonly folder: string;
  readonly world: World;
  /** Tried in this order. */
  readonly drivers?: readonly DriverName[];
  readonly sealing?: Sealing;
  /** True opens a database that has fewer commits than the folder knows of. */
  readonly acceptLoss?: boolean;
}

export type OpenedSqlite =
  | { readonly ok: true; readonly store: SqliteStore; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly error: string };

/** The shortest time between two lines about a migration, in milliseconds. */
const progressMs = 2_000;

/** Opens the store in `folder`, and creates the folder if it is missing. A refusal is one sentence for the person who started the hub. */
export async function openSqlite({
  folder,
  world,
  drivers = everyDriver,
  sealing = usualSealing,
  acceptLoss = false,
}: SqliteOptions): Promise<OpenedSqlite> {
  const at = absolute(folder);
  const writer = startWorker({ role: 'writer', folder: at, freshEpoch: world.id(), drivers, sealing, acceptLoss });
  const reader = startWorker({ role: 'reader', folder: at, drivers });
  let reported = Number.NEGATIVE_INFINITY;
  const first = await new Promise<
    { readonly refused: string } | { readonly epoch: string; readonly warnings: readonly string[] }
  >((resolve) => {
    const refuseStart = (reason: string): void => resolve({ refused: `The store did not start: ${reason}.` });
    writer.on('message', (message: FromWriter) => {
      if ('epoch' in message || 'refused' in message) resolve(message);
      if (!('converting' in message) || world.now() - reported < progressMs) return;
      reported = world.now();
      const { converting: steps } = message;
      world.log.warn({ folder: at, steps }, 'migrating the database to the current format; this may take minutes');
    });
    writer.once('error', (error) => refuseStart(String(error)));
    writer.once('exit', () => refuseStart('its thread ended'));
    reader.once('error', (error) => refuseStart(String(error)));
  });
  if ('epoch' in first) {
    // One by one: a Worker has listeners of its own for other events.
    for (const event of ['message', 'error', 'exit']) {
      writer.removeAllListeners(event);
      reader.removeAllListeners(event);
    }
    const store = new SqliteStore(writer, reader, first.epoch, { folder: at, world, drivers });
    return { ok: true, store, warnings: first.warnings };
  }
  await Promise.all([writer.terminate(), reader.terminate()]);
  return { ok: false, error: first.refused };
}

/** Limits of one transaction, in writes and in characters. A batch should not take much longer than its flush. */
const mostWrites = 2_000;
const mostText = 4_000_000;
/** How often free pages of the file are looked for, and the pause between two steps of giving them back, in milliseconds. */
const vacuumEveryMs = 60_000;
const vacuumStepMs = 200;
/** Pages of one step: a megabyte, some milliseconds of the writer's time. */
const vacuumPages = 256;
/** Damaged places that are reported, each once. */
const mostDamages = 100;
/** Steps of a load in one transaction. */
const pageRows = 1_000;

interface Waiting {
  /** null if the job is not an append. */
  readonly write: Write | null;
  /** A method, so that an implementation may accept less than an Appended. */
  answer(appended: Appended): void;
  readonly fail: (error: Error) => void;
}

interface Asking {
  /** A method, because only the caller knows the type of the answer. */
  answer(answer: unknown): void;
  readonly fail: (error: Error) => void;
}

class Batch {
  /** True if the writer compacts the file instead of doing jobs. */
  readonly isCompaction: boolean;
  readonly jobs: Flat = [];
  readonly waiting: Waiting[] = [];
  text = 0;

  constructor(isCompaction = false) {
    this.isCompaction = isCompaction;
  }
}

export class SqliteStore implements Store, Archive {
  #epoch: string;
  readonly #options: Required<Omit<SqliteOptions, 'sealing' | 'acceptLoss'>>;
  readonly #writer: Worker;
  readonly #reader: Worker;
  /** Batches to send; the last one still grows. */
  readonly #queue: Batch[] = [];
  /** Batches that the writer is working on, oldest first. */
  readonly #sent: Batch[] = [];
  readonly #asking: Asking[] = [];
  /** Aborted when the store is closed or stops. */
  readonly #ending = new AbortController();
  #user: Pick<StoreUser, 'renew'> | undefined;
  readonly #damageListeners = new Set<(found: string) => void>();
  /** The damaged places that were reported. */
  readonly #damages = new Set<string>();
  /** The snapshot that questions about the whole store are answered from while it is exported. */
  #snapshot: SqliteSnapshot | undefined;
  #waking = false;
  #checking: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #cancelVacuum: () => void = () => undefined;
  /** Why the store takes no more writes and questions. */
  #stopped: Error | undefined;

  constructor(
    writer: Worker,
    reader: Worker,
    epoch: string,
    options: Required<Omit<SqliteOptions, 'sealing' | 'acceptLoss'>>,
  ) {
    this.#epoch = epoch;
    this.#options = options;
    this.#writer = writer;
    this.#reader = reader;
    writer.on('message', (message: FromWriter) => {
      if ('outcomes' in message) this.#settle(unpackOutcomes(message.outcomes));
      else if ('failed' in message) this.#settle([], message.failed);
    });
    reader.on('message', (message: FromReader) => {
      const asking = this.#asking.shift();
      if ('answer' in message) asking?.answer(message.answer);
      else asking?.fail(this.#failure('failed' in message ? message.failed : message.refused));
    });
    this.#vacuumLater(vacuumEveryMs);
    for (const worker of [writer, reader]) {
      worker.on('error', (error) => this.#stop(worker, error));
      worker.on('exit', () => this.#stop(worker, new Error('a thread of the store ended')));
    }
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** From now on `user` is told of a new epoch. */
  attach(user: Pick<StoreUser, 'renew'>): void {
    this.#user = user;
  }

  async renewEpoch(): Promise<void> {
    const epoch = this.#options.world.id();
    await this.#do((jobs) => packLoad(jobs, { job: 'renew', epoch }));
    this.#epoch = epoch;
    this.#user?.renew();
  }

  /** Checks every checksum of the store, beside reads and writes. @throws if the store is closed meanwhile */
  async verify(): Promise<VerifyOutcome> {
    if (this.#stopped !== undefined) throw this.#stopped;
    const { folder, drivers } = this.#options;
    const verified = await verifyFolder(folder, { drivers, signal: this.#ending.signal });
    if (!verified.ok) throw new Error(verified.error);
    return verified.outcome;
  }

  /** Calls `listener` with a sentence when a damaged place is found; each place once. */
  onDamage(listener: (found: string) => void): void {
    this.#damageListeners.add(listener);
  }

  #failure(reason: string): Error {
    if (isDamage(reason) && !this.#damages.has(reason) && this.#damages.size < mostDamages) {
      this.#damages.add(reason);
      for (const listener of this.#damageListeners) listener(reason);
    }
    return new Error(reason);
  }

  append(channel: string, write: Write, keep: Keep): Promise<Appended> {
    return new Promise((answer, fail) => {
      let text = 0;
      for (const op of write.ops) if (op.op !== 'remove') text += op.value.length;
      const batch = this.#room({ write, answer, fail }, text);
      if (batch !== undefined) packAppend(batch.jobs, channel, write, keep);
    });
  }

  forget(channel: string, through: number): Promise<void> {
    return this.#do((jobs) => packForget(jobs, channel, through));
  }

  check(): Promise<void> {
    this.#checking ??= this.#do(packProve).finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  /**
   * Writes the file anew without free pages, also one that cannot shrink step by step. Writes wait until it is done.
   * @returns the bytes of the store's files before and after
   */
  async compact(): Promise<{ readonly before: number; readonly after: number }> {
    const before = await this.size();
    await new Promise<void>((resolve, fail) => {
      if (this.#stopped !== undefined) return fail(this.#stopped);
      const batch = new Batch(true);
      batch.waiting.push({ write: null, answer: () => resolve(), fail });
      this.#queue.push(batch);
      this.#wake();
    });
    return { before, after: await this.size() };
  }

  /** Size of the store's files on disk in bytes. */
  async files(): Promise<{ readonly database: number; readonly log: number }> {
    const path = databasePath(this.#options.folder);
    const sizes = [path, `${path}-wal`].map((file) => stat(file).then(({ size }) => size));
    const [database = 0, log = 0] = (await Promise.allSettled(sizes)).map((one) =>
      one.status === 'fulfilled' ? one.value : 0,
    );
    return { database, log };
  }

  /** Size of the store's files on disk in bytes, including the log. */
  async size(): Promise<number> {
    const { database, log } = await this.files();
    return database + log;
  }

  /** Writes and reads that wait for their answers. */
  queues(): { readonly writes: number; readonly reads: number } {
    const writes = [...this.#queue, ...this.#sent].reduce((sum, { waiting }) => sum + waiting.length, 0);
    return { writes, reads: this.#asking.length };
  }

  async *outlines(): AsyncGenerator<Outline> {
    const before = this.#snapshot;
    const snapshot = await this.#hold();
    this.#snapshot = snapshot;
    try {
      yield* snapshot.outlines();
    } finally {
      this.#snapshot = before;
      await snapshot.close();
    }
  }

  async *steps(channel: string): AsyncGenerator<readonly Step[]> {
    const open = this.#snapshot;
    const snapshot = open ?? (await this.#hold());
    try {
      yield* snapshot.steps(channel);
    } finally {
      if (open === undefined) await snapshot.close();
    }
  }

  async *answers(channel: string): AsyncGenerator<readonly Answer[]> {
    const open = this.#snapshot;
    const snapshot = open ?? (await this.#hold());
    try {
      yield* snapshot.answers(channel);
    } finally {
      if (open === undefined) await snapshot.close();
    }
  }

  async load(
    outline: Outline,
    steps: AsyncIterable<readonly Step[]>,
    answers: AsyncIterable<readonly Answer[]>,
  ): Promise<void> {
    const { channel } = outline;
    const load = (job: Load): Promise<void> => this.#do((jobs) => packLoad(jobs, job));
    await load({ job: 'load-begin', channel });
    try {
      for await (const list of steps)
        for (const page of pages(list)) await load({ job: 'load-steps', channel, steps: page });
      for await (const list of answers) await load({ job: 'load-answers', channel, answers: list });
      await load({ job: 'load-end', outline });
    } catch (error) {
      // If this fails too, the next start drops the incomplete channel.
      await load({ job: 'load-drop', channel }).catch(() => undefined);
      throw error;
    }
  }

  /** Rebuilds the file, which takes seconds for each gigabyte; other writes wait. */
  async erase(channels: readonly string[]): Promise<void> {
    await this.#do((jobs) => packLoad(jobs, { job: 'erase', channels }));
  }

  head(channel: string): Promise<Head> {
    return this.#ask<Head>({ ask: 'head', channel });
  }

  async since(channel: string, seq: number, limit: number, page: SincePage = {}): Promise<Since> {
    const since = await this.#ask<PackedSince>({ ask: 'since', channel, seq, limit, page });
    return since.ok ? { ...since, changes: unpackChanges(since.changes) } : since;
  }

  async read(channel: string, range: Range): Promise<readonly Item[]> {
    return unpackItems(await this.#ask<Flat>({ ask: 'read', channel, range }));
  }

  async state(channel: string, range: Range): Promise<RangeState> {
    const { head, items } = await this.#ask<{ head: Head; items: Flat }>({ ask: 'state', channel, range });
    const unpacked = unpackItems(items);
    return { head, items: unpacked, more: isFull(unpacked, range) };
  }

  async history(channel: string, past: Past): Promise<readonly Change[]> {
    return unpackChanges(await this.#ask<Flat>({ ask: 'history', channel, past }));
  }

  async at(channel: string, seq: number): Promise<readonly Item[]> {
    return unpackItems(await this.#ask<Flat>({ ask: 'at', channel, seq }));
  }

  channels(prefix: string, page: ChannelsPage = {}): Promise<readonly ChannelInfo[]> {
    return this.#ask<readonly ChannelInfo[]>({ ask: 'channels', prefix, page });
  }

  bytes(channel: string): Promise<number> {
    return this.#ask<number>({ ask: 'bytes', channel });
  }

  /** Only this process writes to the folder, so nothing can be missed and the plain way suffices. */
  async heads(channels: readonly string[], prefixes: readonly string[]): Promise<readonly ChannelInfo[]> {
    const named = new Set(channels);
    return (await this.channels('')).filter(
      ({ channel }) => named.has(channel) || prefixes.some((prefix) => channel.startsWith(prefix)),
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#cancelVacuum();
    this.#ending.abort();
    if (this.#stopped === undefined) {
      while (this.#queue.length > 0) this.#send();
      this.#stopped = new Error('The store is closed.');
      // Close the reader first: the last connection to close checkpoints the log.
      await end(this.#reader, 'close' satisfies ToReader);
      await end(this.#writer, 'close' satisfies ToWriter);
    }
    await Promise.all([this.#reader.terminate(), this.#writer.terminate()]);
  }

  /** Returns the batch for the next job and registers who waits for it; undefined if the store takes no more. */
  #room(waiting: Waiting, text: number): Batch | undefined {
    if (this.#stopped !== undefined) {
      waiting.fail(this.#stopped);
      return undefined;
    }
    let batch = this.#queue.at(-1);
    if (
      batch === undefined ||
      batch.isCompaction ||
      batch.waiting.length === mostWrites ||
      batch.text + text > mostText
    ) {
      batch = new Batch();
      this.#queue.push(batch);
    }
    batch.waiting.push(waiting);
    batch.text += text;
    this.#wake();
    return batch;
  }

  /** Sends the next batch in the next turn, so that writes of the same turn share the commit. */
  #wake(): void {
    if (this.#sent.length > 0 || this.#waking) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      if (this.#sent.length === 0) this.#send();
    });
  }

  /** Gives free pages back to the disk, step by step. */
  #vacuumLater(ms: number): void {
    this.#cancelVacuum = this.#options.world.after(ms, () => {
      const vacuum = new Promise<number>((resolve, fail) => {
        const answer = (appended: Appended) => resolve(appended.position.seq);
        const batch = this.#room({ write: null, answer, fail }, 0);
        if (batch !== undefined) packVacuum(batch.jobs, vacuumPages);
      });
      vacuum.then(
        (free) => this.#closing ?? this.#vacuumLater(free > 0 ? vacuumStepMs : vacuumEveryMs),
        () => this.#closing ?? this.#vacuumLater(vacuumEveryMs),
      );
    });
  }

  #send(): void {
    const batch = this.#queue.shift();
    if (batch === undefined) return;
    this.#sent.push(batch);
    this.#writer.postMessage((batch.isCompaction ? 'compact' : batch.jobs) satisfies ToWriter);
  }

  #settle(outcomes: readonly WorkerOutcome[], reason = 'it gave no answer'): void {
    const batch = this.#sent.shift();
    // Send the next batch first: the writer works on it while this batch's answers go out.
    if (this.#sent.length === 0) this.#send();
    batch?.waiting.forEach((waiting, index) => {
      const outcome = outcomes[index] ?? { outcome: 'failed', reason };
      if (outcome.outcome === 'failed') waiting.fail(this.#failure(`The store could not write: ${outcome.reason}.`));
      else waiting.answer(this.#answerOf(waiting.write, outcome));
    });
  }

  #answerOf(write: Write | null, outcome: Exclude<WorkerOutcome, { outcome: 'failed' }>): Appended {
    switch (outcome.outcome) {
      case 'made': {
        const changes = write === null ? [] : changesOf(write, outcome.seq, outcome.did);
        const position = this.#position(outcome.seq);
        return { ok: true, position, changes, steps: changes.length, replayed: false };
      }
      case 'replayed':
        return { ok: true, position: this.#position(outcome.seq), changes: [], steps: outcome.steps, replayed: true };
      case 'stale':
      case 'absent':
        return { ok: false, reason: outcome.outcome, position: this.#position(outcome.seq) };
      case 'done':
        return { ok: true, position: this.#position(0), changes: [], steps: 0, replayed: false };
    }
  }

  async #hold(): Promise<SqliteSnapshot> {
    if (this.#stopped !== undefined) throw this.#stopped;
    const opened = await openSnapshot(this.#options.folder, this.#options.drivers);
    if (!opened.ok) throw new Error(opened.error);
    return opened.snapshot;
  }

  /** Queues a job whose only answer is that it is done. */
  #do(pack: (jobs: Flat) => void): Promise<void> {
    return new Promise((answer, fail) => {
      const batch = this.#room({ write: null, answer: () => answer(), fail }, 0);
      if (batch !== undefined) pack(batch.jobs);
    });
  }

  #position(seq: number): Position {
    return { epoch: this.epoch, seq };
  }

  #ask<Answer>(question: ReaderQuestion): Promise<Answer> {
    return new Promise<Answer>((answer, fail) => {
      if (this.#stopped !== undefined) {
        fail(this.#stopped);
        return;
      }
      this.#asking.push({ answer, fail });
      this.#reader.postMessage({ question, epoch: this.epoch } satisfies ToReader);
    });
  }

  /** A thread ended. Everyone who still waits gets an error, and the store takes no more. */
  #stop(worker: Worker, cause: Error): void {
    if (this.#stopped === undefined) {
      this.#stopped = new Error(`The store stopped: ${cause.message}.`, { cause });
      this.#options.world.log.error({ error: cause.message }, 'the store stopped');
      void this.#reader.terminate();
      void this.#writer.terminate();
    }
    for (const asking of this.#asking.splice(0)) asking.fail(this.#stopped);
    // On close the reader ends first, while the writer may still work.
    if (this.#closing !== undefined && worker === this.#reader) return;
    const batches = [...this.#sent.splice(0), ...this.#queue.splice(0)];
    for (const waiting of batches.flatMap((batch) => batch.waiting)) waiting.fail(this.#stopped);
  }
}

/** Rebuilds the changes of a write from its ops and the writer's brief outcome. */
function changesOf(write: Write, lastSeq: number, did: readonly ('nothing' | Change['kind'])[]): Change[] {
  const changes: Change[] = [];
  const { origin, at } = write;
  let seq = lastSeq - did.reduce((steps, kind) => (kind === 'nothing' ? steps : steps + 1), 0);
  write.ops.forEach((op, index) => {
    const kind = did[index] ?? 'nothing';
    if (kind === 'nothing') return;
    seq += 1;
    const { key, version = null } = op;
    const span = op.op === 'remove' ? gone : { value: op.value, time: op.time ?? null, end: op.end ?? null };
    changes.push({ kind, key, ...span, seq, origin, at, version });
  });
  return changes;
}

/** Splits a load into pages, so that none of its transactions delays others for long. */
function* pages(steps: readonly Step[]): Generator<readonly Step[]> {
  for (let at = 0; at < steps.length; at += pageRows) yield steps.slice(at, at + pageRows);
}

const gone = { value: null, time: null, end: null };

function end(worker: Worker, message: 'close'): Promise<void> {
  return new Promise((resolve) => {
    // A thread that has ended has no id and sends nothing.
    if (worker.threadId === -1) resolve();
    worker.once('exit', () => resolve());
    worker.postMessage(message);
  });
}
