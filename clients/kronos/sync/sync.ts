// The database and the hub, brought together: what was done here goes to the hub on top of what others did, and what came out comes
// back. The SDK has the wire, the position and the writes on their way; here is only what tasks are to both. Commands call
// `synchronize` and end; what stays open (the GUI) keeps an Exchange.

import type { Task } from '../../../protocol/messages.ts';
import { type PlainTask, plainOf, wireOf } from '../../../protocol/plain.ts';
import type { Connection, SdkChannel, SyncResult } from '../../typescript/api.ts';
import type { DatabaseStore, KronosDatabase, TaskEdit } from '../data/database.ts';
import { appendStep, applyEdit, editsBetween } from '../data/edits.ts';

type Tasks = Pick<SdkChannel<Task>, 'items' | 'position' | 'current' | 'open' | 'create' | 'update' | 'delete'>;

function plain(tasks: Tasks): readonly PlainTask[] {
  return [...tasks.items].map(([key, { item }]) => plainOf(key, item));
}

/** The database is of another hub now, or of another account there. */
export class HubChangedError extends Error {
  override readonly name = 'HubChanged';
}

/** A keeper for one connection: what is heard over it is for the hub and the account that it was made for, and for no other. */
export class AccountDatabase implements DatabaseStore {
  #keeper: DatabaseStore;
  #host: string;
  #user: string;

  constructor(keeper: DatabaseStore, { sync_host: host, sync_user_id: user }: KronosDatabase) {
    this.#keeper = keeper;
    this.#host = host;
    this.#user = user;
  }

  holds({ enable_sync: enabled, sync_host: host, sync_user_id: user }: KronosDatabase): boolean {
    return enabled && host === this.#host && user === this.#user;
  }

  read(): KronosDatabase {
    return this.#keeper.read();
  }

  /** Throws HubChanged too. */
  write(change: (database: KronosDatabase) => Partial<KronosDatabase>): KronosDatabase {
    return this.#keeper.write((database) => {
      if (!this.holds(database)) throw new HubChangedError();
      const changed = change(database);
      this.#user = changed.sync_user_id ?? this.#user;
      return changed;
    });
  }

  /** A hub of one's own gives a device its names at the first login. */
  async know(connection: Pick<Connection, 'identity'>): Promise<KronosDatabase> {
    const { device, token } = await connection.identity();
    return this.write(({ sync_user_id: user, sync_device_id: known }) =>
      user === token && known === device ? {} : { sync_user_id: token, sync_device_id: device },
    );
  }
}

export class TaskSync {
  #keeper: DatabaseStore;
  #tasks: Tasks;
  #now: () => number;
  #turn: Promise<void> = Promise.resolve();
  #handing = 0;

  /** @param now milliseconds since 1970 */
  constructor(keeper: DatabaseStore, tasks: Tasks, now: () => number) {
    this.#keeper = keeper;
    this.#tasks = tasks;
    this.#now = now;
  }

  /**
   * Does the queue to the hub's tasks as they are now; from then on it is the SDK's, on its disk. Nothing happens before the channel
   * has caught up: nothing is to be done to tasks of yesterday.
   */
  handOver(): Promise<void> {
    this.#handing += 1;
    const turn = this.#turn
      .then(() => this.#handOver())
      .finally(() => {
        this.#handing -= 1;
      });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Takes up what the hub has, with what is still queued here on top. */
  adopt(): void {
    const tasks = this.#tasks;
    // What is being handed over is on both sides for a moment, and would count twice.
    if (this.#handing > 0 || !tasks.current) return;
    const now = this.#now();
    this.#keeper.write((database) => {
      // What was never handed over to this hub would look as if it had been deleted there.
      if (database.sync_epoch !== tasks.position?.epoch) return {};
      const there = onTop(database, plain(tasks));
      const edits = editsBetween(database.tasks, there);
      if (edits.length === 0) return {};
      const log = appendStep(database.log, { at: Math.floor(now / 1_000), action: 'sync', edits });
      return { tasks: inOrder(database.tasks, there), log, sync_version: Math.max(database.sync_version + 1, now) };
    });
  }

  async #handOver(): Promise<void> {
    const tasks = this.#tasks;
    const epoch = tasks.position?.epoch;
    if (!tasks.current || epoch === undefined) return;
    const database = this.#keeper.write((before) => begun(before, epoch));
    const there = plain(tasks);
    const wanted = onTop(database, there);
    const [were, are] = [byIndex(there), byIndex(wanted)];
    for (const { index } of editsBetween(there, wanted)) {
      const after = are.get(index);
      const item = tasks.items.get(index)?.item;
      if (after === undefined) await tasks.delete(index);
      else if (item === undefined) await tasks.create(wireOf(undefined, undefined, after), { key: index });
      else await tasks.update(index, wireOf(item, were.get(index), after));
    }
    const { length } = database.queue;
    if (length > 0) this.#keeper.write(({ queue }) => ({ queue: queue.slice(length) }));
  }
}

/**
 * The queue of a database done to other tasks than those it was made on. An edit beats a delete: what is gone there comes back as it
 * is here, whole.
 */
function onTop({ queue, tasks }: KronosDatabase, there: readonly PlainTask[]): readonly PlainTask[] {
  const [known, here] = [byIndex(there), byIndex(tasks)];
  const made = new Set(queue.flatMap(({ index, before }) => (before === null ? [index] : [])));
  const gone = new Set(queue.flatMap(({ index }) => (known.has(index) || made.has(index) ? [] : [index])));
  const back = [...gone].flatMap((index) => here.get(index) ?? []);
  return [
    ...queue.filter(({ index }) => !gone.has(index)),
    ...back.map((task): TaskEdit => ({ index: task.index, before: null, after: task })),
  ].reduce(applyEdit, there);
}

function byIndex(tasks: readonly PlainTask[]): ReadonlyMap<string, PlainTask> {
  return new Map(tasks.map((task) => [task.index, task]));
}

/** A hub that these tasks never came to is to have all of them: it is new to us, or was made anew. */
function begun({ sync_epoch: known, tasks }: KronosDatabase, epoch: string): Partial<KronosDatabase> {
  if (known === epoch) return {};
  return { sync_epoch: epoch, queue: editsBetween([], tasks) };
}

/** Those that were there stay where they were in the file. */
function inOrder(before: readonly PlainTask[], after: readonly PlainTask[]): readonly PlainTask[] {
  const places = new Map(before.map(({ index }, place) => [index, place]));
  const place = ({ index }: PlainTask) => places.get(index) ?? before.length;
  return [...after].sort((one, other) => place(one) - place(other) || one.id - other.id);
}

/**
 * One sync: hears what is new, hands over what is queued, waits until the hub has it. Throws HubChanged.
 * @param now milliseconds since 1970
 */
export async function synchronize(
  keeper: AccountDatabase,
  connection: Pick<Connection, 'sync' | 'identity'>,
  tasks: Tasks,
  { now, deadlineMs }: { readonly now: () => number; readonly deadlineMs: number },
): Promise<SyncResult> {
  await tasks.open();
  const heard = await connection.sync({ deadlineMs });
  if (heard.state !== 'live') return heard;
  await keeper.know(connection);
  const exchange = new TaskSync(keeper, tasks, now);
  await exchange.handOver();
  const synced = await connection.sync({ deadlineMs });
  exchange.adopt();
  return { ...synced, refused: [...heard.refused, ...synced.refused] };
}
