// The database and the hub, brought together: what was done here goes to the hub on top of what others did, and what came out comes
// back. The SDK has the wire, the position and the writes on their way; here is only what tasks are to both. Commands call `exchange`
// and end; what stays open (the GUI) calls `handOver` after each change here and `adopt` after each change there.

import type { Task } from '../../protocol/messages.ts';
import { type PlainTask, plainOf, wireOf } from '../../protocol/plain.ts';
import type { Channel, Connection, Synced } from '../typescript/api.ts';
import type { Database, Keeper } from './database.ts';
import { apply, editsBetween, logged } from './edits.ts';

type Tasks = Pick<Channel<Task>, 'items' | 'position' | 'open' | 'create' | 'update' | 'delete'>;

function plain(tasks: Tasks): readonly PlainTask[] {
  return [...tasks.items].map(([key, { item }]) => plainOf(key, item));
}

/**
 * Does the queue to the hub's tasks as they are now; from then on it is the SDK's, on its disk. To be called when the channel has
 * caught up, so that nothing is done to tasks of yesterday.
 */
export async function handOver(keeper: Keeper, tasks: Tasks): Promise<void> {
  const epoch = tasks.position?.epoch ?? '';
  const { queue, tasks: here } = keeper.write((database) => begun(database, epoch));
  const there = plain(tasks);
  const wanted = queue.reduce<readonly PlainTask[]>(
    (so, edit) =>
      apply(
        so,
        edit,
        here.find(({ index }) => index === edit.index),
      ),
    there,
  );
  const [were, are] = [there, wanted].map((list) => new Map(list.map((task) => [task.index, task])));
  for (const { index } of editsBetween(there, wanted)) {
    const [before, after] = [were?.get(index), are?.get(index)];
    const item = tasks.items.get(index)?.item;
    if (after === undefined) await tasks.delete(index);
    else if (item === undefined) await tasks.create(wireOf(undefined, undefined, after), { key: index });
    else await tasks.update(index, wireOf(item, before, after));
  }
  if (queue.length > 0) keeper.write((database) => ({ queue: database.queue.slice(queue.length) }));
}

/** A hub that these tasks never came to is to have all of them: it is new to us, or was made anew. */
function begun({ sync_epoch: known, tasks }: Database, epoch: string): Partial<Database> {
  if (known === epoch) return {};
  return { sync_epoch: epoch, queue: editsBetween([], tasks) };
}

/** Takes up what the hub has, with what is still queued here on top. */
export function adopt(keeper: Keeper, tasks: Tasks, now: number): void {
  const epoch = tasks.position?.epoch;
  keeper.write((database) => {
    // What was never handed over to this hub would look as if it had been deleted there.
    if (database.sync_epoch !== epoch) return {};
    const there = database.queue.reduce<readonly PlainTask[]>(
      (so, edit) =>
        apply(
          so,
          edit,
          database.tasks.find(({ index }) => index === edit.index),
        ),
      plain(tasks),
    );
    const edits = editsBetween(database.tasks, there);
    if (edits.length === 0) return {};
    const log = logged(database.log, { at: Math.floor(now / 1_000), action: 'sync', edits });
    return { tasks: inOrder(database.tasks, there), log, sync_version: Math.max(database.sync_version + 1, now) };
  });
}

/** Those that were there stay where they were in the file. */
function inOrder(before: readonly PlainTask[], after: readonly PlainTask[]): readonly PlainTask[] {
  const places = new Map(before.map(({ index }, place) => [index, place]));
  const place = ({ index }: PlainTask) => places.get(index) ?? before.length;
  return [...after].sort((one, other) => place(one) - place(other) || one.id - other.id);
}

/**
 * One sync: hears what is new, hands over what is queued, waits until the hub has it.
 * @param now milliseconds since 1970
 */
export async function exchange(
  keeper: Keeper,
  connection: Pick<Connection, 'sync' | 'identity'>,
  tasks: Tasks,
  { now, deadlineMs }: { readonly now: () => number; readonly deadlineMs: number },
): Promise<Synced> {
  await tasks.open();
  const heard = await connection.sync({ deadlineMs });
  if (heard.state !== 'live') return heard;
  const { device, token } = await connection.identity();
  keeper.write((database) =>
    database.sync_user_id === token && database.sync_device_id === device
      ? {}
      : { sync_user_id: token, sync_device_id: device },
  );
  await handOver(keeper, tasks);
  const synced = await connection.sync({ deadlineMs });
  adopt(keeper, tasks, now());
  return { ...synced, refused: [...heard.refused, ...synced.refused] };
}
