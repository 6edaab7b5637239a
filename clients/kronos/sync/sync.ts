// Syncs the tasks of this device with the hub: applies the queued edits to the hub's current tasks, and stores the result. The SDK has the
// connection, the position and the writes in flight. A command calls `synchronize` and ends. A program that stays open (the GUI) uses a
// TaskSync.

import type { Task } from '../../../protocol/messages.ts';
import { type PlainTask, plainOf, wireOf } from '../../../protocol/plain.ts';
import { isRepetition } from '../../../protocol/recurrence.ts';
import type { Connection, RefusedWrite, SdkChannel, SyncResult } from '../../typescript/api.ts';
import type { DatabaseStore, KronosDatabase, TaskEdit } from '../data/database.ts';
import { appendStep, applyEdits, editsBetween, invertEdit } from '../data/edits.ts';

type TaskChannel = Pick<
  SdkChannel<Task>,
  'items' | 'position' | 'isCurrent' | 'pendingCount' | 'open' | 'create' | 'restore' | 'update' | 'delete' | 'onItems'
>;

/** @returns the channel's tasks, in its order */
function readTasks(channel: TaskChannel): readonly PlainTask[] {
  return [...channel.items].map(([key, { item }]) => plainOf(key, item));
}

/** The database belongs to another hub, or to another account, than the connection. */
export class HubChangedError extends Error {
  override readonly name = 'HubChangedError';
}

/** The database as one connection may use it: it refuses to write once the database belongs to another hub or account. */
export class AccountDatabase implements DatabaseStore {
  #store: DatabaseStore;
  #host: string;
  #user: string;

  constructor(store: DatabaseStore, { sync_host: host, sync_user_id: user }: KronosDatabase) {
    this.#store = store;
    this.#host = host;
    this.#user = user;
  }

  matches({ enable_sync: enabled, sync_host: host, sync_user_id: user }: KronosDatabase): boolean {
    return enabled && host === this.#host && user === this.#user;
  }

  read(): KronosDatabase {
    return this.#store.read();
  }

  /** @throws HubChangedError, or DatabaseError */
  write(change: (database: KronosDatabase) => Partial<KronosDatabase>): KronosDatabase {
    return this.#store.write((database) => {
      if (!this.matches(database)) throw new HubChangedError();
      const changed = change(database);
      this.#user = changed.sync_user_id ?? this.#user;
      return changed;
    });
  }

  compact(): void {
    this.#store.compact();
  }

  /** Stores the token and the device id of the connection: a personal hub creates them at the first login. */
  async storeIdentity(connection: Pick<Connection, 'identity'>): Promise<KronosDatabase> {
    const { device, token } = await connection.identity();
    return this.write(({ sync_user_id: user, sync_device_id: known }) =>
      user === token && known === device ? {} : { sync_user_id: token, sync_device_id: device },
    );
  }
}

export class TaskSync {
  #database: DatabaseStore;
  #tasks: TaskChannel;
  #now: () => number;
  #lastUpload: Promise<unknown> = Promise.resolve();
  #uploads = 0;

  /** @param now milliseconds since 1970 */
  constructor(database: DatabaseStore, tasks: TaskChannel, now: () => number) {
    this.#database = database;
    this.#tasks = tasks;
    this.#now = now;
  }

  /**
   * Applies the queue to the hub's current tasks and hands the resulting writes to the SDK, which stores them on disk. Does nothing
   * before the channel has caught up, because edits must not be applied to outdated tasks.
   * @returns the writes that are too large, or otherwise impossible, to send
   */
  upload(): Promise<readonly RefusedWrite[]> {
    this.#uploads += 1;
    const upload = this.#lastUpload
      .then(() => this.#upload())
      .finally(() => {
        this.#uploads -= 1;
      });
    this.#lastUpload = upload.catch(() => undefined);
    return upload;
  }

  /** Replaces the local tasks by the hub's tasks, with the queued edits applied to them. */
  download(): void {
    const tasks = this.#tasks;
    // During an upload an edit is both in the queue and in the channel, and would count twice.
    if (this.#uploads > 0 || !tasks.isCurrent) return;
    const now = this.#now();
    this.#database.write((database) => {
      // Tasks that were never uploaded to this hub would look as if they had been deleted there.
      if (database.sync_epoch !== tasks.position?.epoch) return {};
      const merged = applyQueue(database, readTasks(tasks));
      const edits = editsBetween(database.tasks, merged);
      if (edits.length === 0) return {};
      const log = appendStep(database.log, { at: Math.floor(now / 1_000), action: 'sync', edits });
      return {
        tasks: inFileOrder(database.tasks, withUnchanged(database.tasks, merged, edits)),
        log,
        sync_version: Math.max(database.sync_version + 1, now),
      };
    });
  }

  async #upload(): Promise<readonly RefusedWrite[]> {
    const tasks = this.#tasks;
    const epoch = tasks.position?.epoch;
    if (!tasks.isCurrent || epoch === undefined) return [];
    const database = this.#database.write((before) => queueAllIfNewHub(before, epoch));
    const { length } = database.queue;
    if (length === 0) return [];
    const refused = await this.#write(database);
    this.#database.write(({ queue }) => ({ queue: queue.slice(length) }));
    return refused;
  }

  /** Gives the writes to the SDK at once, because it then stores them together. */
  async #write(database: KronosDatabase): Promise<readonly RefusedWrite[]> {
    const tasks = this.#tasks;
    const current = readTasks(tasks);
    const wanted = applyQueue(database, current);
    const [before, after] = [byIndex(current), byIndex(wanted)];
    const items = new Map(tasks.items);
    const write = async ({ index: key }: TaskEdit) => {
      const [task, item] = [after.get(key), items.get(key)?.item];
      if (task === undefined) return { type: 'delete', key, result: await tasks.delete(key) };
      const former = item === undefined ? formerTask(database.queue, task) : undefined;
      if (former !== undefined) {
        const wire = wireOf(undefined, undefined, task);
        // Another device may bring it back, too, before this write arrives.
        return { type: 'create', key, result: await tasks.restore(key, wire, wireOf(undefined, undefined, former)) };
      }
      if (item === undefined) {
        return { type: 'create', key, result: await tasks.create(wireOf(undefined, undefined, task), { key }) };
      }
      return { type: 'update', key, result: await tasks.update(key, wireOf(item, before.get(key), task)) };
    };
    // The SDK queues creations first. A task that follows a done one comes after it, so that a series never has two open tasks.
    const edits = editsBetween(current, wanted);
    const follows = ({ index }: TaskEdit) => isRepetition(index) && !before.has(index);
    const first = await Promise.all(edits.filter((edit) => !follows(edit)).map(write));
    const results = [...first, ...(await Promise.all(edits.filter(follows).map(write)))];
    return results.flatMap(({ type, key, result }) =>
      result.ok ? [] : [{ channel: 'tasks', id: '', type, key, failure: result }],
    );
  }
}

/**
 * Applies the queued edits to the hub's tasks. An edit beats a delete: if the hub has deleted an edited task, the whole local task is
 * created there again.
 */
function applyQueue({ queue, tasks }: KronosDatabase, hubTasks: readonly PlainTask[]): readonly PlainTask[] {
  const [known, local] = [byIndex(hubTasks), byIndex(tasks)];
  const created = new Set(queue.flatMap(({ index, before }) => (before === null ? [index] : [])));
  const deletedThere = new Set(queue.flatMap(({ index }) => (known.has(index) || created.has(index) ? [] : [index])));
  const restored = [...deletedThere].flatMap((index) => local.get(index) ?? []);
  return applyEdits(hubTasks, [
    ...queue.filter(({ index }) => !deletedThere.has(index)),
    ...restored.map((task): TaskEdit => ({ index: task.index, before: null, after: task })),
  ]);
}

/** @returns a task as it was before the queued edits; undefined if they created it, or if it follows another one in a series (N3.5) */
function formerTask(queue: readonly TaskEdit[], task: PlainTask): PlainTask | undefined {
  if (isRepetition(task.index)) return undefined;
  const edits = queue.filter(({ index }) => index === task.index);
  const isOwn = edits.length === 0 || edits.some(({ before }) => before === null);
  return isOwn ? undefined : applyEdits([task], [...edits].reverse().map(invertEdit))[0];
}

function byIndex(tasks: readonly PlainTask[]): ReadonlyMap<string, PlainTask> {
  return new Map(tasks.map((task) => [task.index, task]));
}

/** Queues all tasks for a hub that never had them: it is new to this device, or its data was created again. */
function queueAllIfNewHub({ sync_epoch: known, tasks }: KronosDatabase, epoch: string): Partial<KronosDatabase> {
  if (known === epoch) return {};
  const made = tasks.filter(({ index }) => isRepetition(index));
  return { sync_epoch: epoch, queue: [...editsBetween([], tasks), ...made.map(stateEdit)] };
}

/** The creation of the next task of a series changes nothing where that task exists already. This edit does. */
function stateEdit({ index, ...task }: PlainTask): TaskEdit {
  return { index, before: { worktime: task.worktime }, after: task };
}

/** The tasks of `after`; those without an edit are the objects of `before`, so that the store sees what it need not write. */
function withUnchanged(
  before: readonly PlainTask[],
  after: readonly PlainTask[],
  edits: readonly TaskEdit[],
): readonly PlainTask[] {
  const changed = new Set(edits.map(({ index }) => index));
  const known = byIndex(before);
  return after.map((task) => (changed.has(task.index) ? task : (known.get(task.index) ?? task)));
}

/** Keeps known tasks at their place in the file; new ones follow. */
function inFileOrder(before: readonly PlainTask[], after: readonly PlainTask[]): readonly PlainTask[] {
  const places = new Map(before.map(({ index }, place) => [index, place]));
  const place = ({ index }: PlainTask) => places.get(index) ?? before.length;
  return [...after].sort((one, other) => place(one) - place(other) || one.id - other.id);
}

export interface SyncOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long to wait without progress before giving up, in milliseconds. */
  readonly patienceMs: number;
  /** Called each time the hub has answered a write. `left` and `total` count writes. */
  readonly onProgress?: (left: number, total: number) => void;
}

/**
 * Runs one sync: catches up with the hub, uploads the queue, and waits until the hub has stored it.
 * @throws HubChangedError
 */
export async function synchronize(
  database: AccountDatabase,
  connection: Pick<Connection, 'sync' | 'identity' | 'state'>,
  tasks: TaskChannel,
  { now, patienceMs, onProgress = () => undefined }: SyncOptions,
): Promise<SyncResult> {
  await tasks.open();
  const caughtUp = await syncWhileProgressing(connection, tasks, patienceMs);
  if (caughtUp.state !== 'live') return caughtUp;
  await database.storeIdentity(connection);
  const sync = new TaskSync(database, tasks, now);
  const impossible = await sync.upload();
  const total = tasks.pendingCount;
  const stop = tasks.onItems(() => onProgress(tasks.pendingCount, total));
  if (total > 0) onProgress(total, total);
  const uploaded = await syncWhileProgressing(connection, tasks, patienceMs);
  stop();
  sync.download();
  return { ...uploaded, refused: [...caughtUp.refused, ...impossible, ...uploaded.refused] };
}

/** Continues as long as something arrives within `patienceMs`, because a large upload or download takes longer than that. */
async function syncWhileProgressing(
  connection: Pick<Connection, 'sync' | 'state'>,
  tasks: TaskChannel,
  patienceMs: number,
): Promise<SyncResult> {
  const refused: RefusedWrite[] = [];
  const progress = () => `${tasks.pendingCount} ${tasks.position?.seq} ${tasks.isCurrent}`;
  for (;;) {
    const before = progress();
    const result = await connection.sync({ deadlineMs: patienceMs });
    refused.push(...result.refused);
    const goesOn = result.state === 'offline' && connection.state.name === 'live' && progress() !== before;
    if (!goesOn) return { ...result, refused };
  }
}
