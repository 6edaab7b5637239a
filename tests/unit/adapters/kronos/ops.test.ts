// The steps of writes to a channel of tasks.

import { expect, test } from '@jest/globals';
import { Ops } from '../../../../server/adapters/kronos/ops.ts';
import { task } from '../../../harness/task.ts';

const empty = { items: new Map(), seq: 0, version: -1 };

test('[W1.2] a step for history only that is stored as it was sent becomes one step with a version, and others are notified', () => {
  const ops = new Ops(empty, 1_000, 5_000);
  ops.putHistoryOnly('k', task(1, 'milk'));
  ops.put('k', task(1, 'milk'));
  expect(ops.list).toMatchObject([{ op: 'put', key: 'k', version: 1_000 }]);
});

test('an overruled value is a separate step without a version', () => {
  const ops = new Ops(empty, 1_000, 5_000);
  ops.putHistoryOnly('k', task(1, 'milk'));
  ops.put('k', task(1, 'oat milk'));
  expect(ops.list.map((op) => op.op === 'put' && op.version)).toEqual([undefined, 1_000]);
});
