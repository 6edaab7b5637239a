// Checks of retries and conditions of every write: rules W9.

import { type CheckPlace, demand, numberOf, plainTask, textOf } from '../check-place.ts';
import { aText } from '../match.ts';
import type { RuleCheck } from '../rule-check.ts';

interface NamedWrite {
  readonly name: string;
  /** @param channel that has the item `k` and one step */
  readonly request: (channel: string) => Readonly<Record<string, unknown>>;
}

/** Every verb that writes. The account has task 1. */
const writes: readonly NamedWrite[] = [
  { name: 'create of an item', request: (channel) => ({ type: 'create', channel, item: 'new' }) },
  { name: 'create of an item with a key', request: (channel) => ({ type: 'create', channel, key: 'l', item: 'new' }) },
  { name: 'update of an item', request: (channel) => ({ type: 'update', channel, key: 'k', item: 'other' }) },
  { name: 'delete of an item', request: (channel) => ({ type: 'delete', channel, key: 'k' }) },
  {
    name: 'write-all of items',
    request: (channel) => ({ type: 'write-all', channel, items: [{ key: 'z', item: 1 }] }),
  },
  { name: 'revert', request: (channel) => ({ type: 'revert', channel, to: 0 }) },
  { name: 'create of a task', request: () => ({ type: 'create', task: plainTask(2, 'new') }) },
  { name: 'update of a task', request: () => ({ type: 'update', task: plainTask(1, 'other') }) },
  { name: 'delete of a task', request: () => ({ type: 'delete', task_id: 1 }) },
];

/** Makes the item and the task. @returns the position of the channel that the write is for */
async function begin(place: CheckPlace, { request }: NamedWrite) {
  const a = await place.login(place.account, 'a');
  const item = await a.one({ type: 'create', channel: place.channel, key: 'k', item: 'old', ref: 1 });
  const task = await a.one({ type: 'create', task: plainTask(1, 'one'), ref: 1 });
  const write = request(place.channel);
  const at = write['channel'] === undefined ? task : item;
  return { a, write, seq: numberOf(at, 'seq'), epoch: textOf(at, 'epoch') };
}

export const conditionChecks: readonly RuleCheck[] = [
  ...writes.map((write) => ({
    rule: 'W9.1',
    says: `a ${write.name} with the write_id of an accepted one changes nothing and is given its first answer`,
    run: async (place: CheckPlace) => {
      const { a, write: request } = await begin(place, write);
      const retried = { ...request, write_id: place.name('w'), ref: 1 };
      const first = await a.one(retried);
      demand({ success: true, type: 'ack', ref: 1 }, first, 'the first answer');
      const state = () => a.ask({ type: 'read-all' }, { type: 'read-all', channel: place.channel });
      const before = await state();
      const again = await (await place.login(place.account, 'a')).one(retried);
      demand(first, again, 'the answer to the retry');
      demand(before, await state(), 'what is stored after the retry');
    },
  })),
  ...writes.map((write) => ({
    rule: 'W9.2',
    says: `a ${write.name} whose base is not the newest step is refused with "stale", with seq and epoch`,
    run: async (place: CheckPlace) => {
      const { a, write: request, seq, epoch } = await begin(place, write);
      const stale = { success: false, error: 'stale', code: 'stale', seq, epoch, ref: 1 };
      await a.expect({ ...request, base: seq - 1, ref: 1 }, stale);
      await a.expect({ ...request, base: seq, ref: 2 }, { success: true, type: 'ack', ref: 2 });
    },
  })),
  {
    rule: 'W9.3',
    says: 'a write whose base names another epoch is refused with "stale"',
    run: async (place) => {
      const a = await place.login();
      const { seq, epoch } = await a.one({ type: 'create', channel: place.channel, key: 'k', item: 1, ref: 1 });
      const update = { type: 'update', channel: place.channel, key: 'k', item: 2, ref: 1 };
      await a.expect({ ...update, base: { seq, epoch: 'another' } }, { success: false, code: 'stale', epoch: aText });
      await a.expect({ ...update, base: { seq, epoch } }, { type: 'ack' });
    },
  },
];
