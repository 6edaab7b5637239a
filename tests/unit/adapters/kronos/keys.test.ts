// Tasks as items of the channel `tasks`, written by clients that use keys and state the base of a change.

import { describe, expect, test } from '@jest/globals';
import { startHub } from '../../../harness/kronos.ts';

const channel = 'tasks';

describe('tasks by key', () => {
  test('[S2.1] [S2.2] a create gets the key that it names, or a new one that its ack returns; an existing key is refused', async () => {
    const hub = await startHub();
    const wire = hub.connect();
    await wire.ask({ type: 'login', user_id: hub.owner, device_id: 'a' });
    const create = (more: object) => ({ type: 'create', channel, ...more });
    expect(await wire.ask(create({ key: 'k', item: { id: 1 }, ref: 1 }))).toMatchObject([{ type: 'ack', key: 'k' }]);
    expect(await wire.ask(create({ key: 'k', item: { id: 2 }, ref: 2 }))).toMatchObject([
      { code: 'item_exists', ref: 2 },
    ]);
    const made = create({ item: { id: 3 }, write_id: 'w', ref: 3 });
    const [ack] = await wire.ask(made);
    expect(await wire.ask(made)).toEqual([ack]);
    const [all] = await wire.ask({ type: 'read-all', channel });
    expect(all.items).toMatchObject(
      [
        { key: ack.key, item: { id: 3 } },
        { key: 'k', item: { id: 1 } },
      ].sort((one, other) => (one.key < other.key ? -1 : 1)),
    );
  });

  test('[W6.2] [W9.2] an update on the current base may revert another device’s last change, because its sender has seen that change', async () => {
    const hub = await startHub();
    const [one, other] = [hub.connect(), hub.connect()];
    await one.ask({ type: 'login', user_id: hub.owner, device_id: 'one' });
    await other.ask({ type: 'login', user_id: hub.owner, device_id: 'other' });
    await one.ask({ type: 'create', channel, key: 'k', item: { id: 1, desc: 'a', due: 0 } });
    await other.ask({ type: 'update', channel, key: 'k', item: { id: 1, desc: 'b', due: 0 } });
    const back = { type: 'update', channel, key: 'k', item: { id: 1, desc: 'a', due: 5 }, base: 2, ref: 1 };
    expect(await one.ask(back)).toMatchObject([{}, { type: 'ack', seq: 3 }]);
    const [all] = await one.ask({ type: 'read-all', channel });
    expect(all.items[0].item).toEqual({ id: 1, desc: 'a', due: 5 });
  });
});
