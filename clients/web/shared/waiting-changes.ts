// How many changes of this browser the hub does not have yet. It is a file of its own, because only signing out asks.

import { connect } from '../../typescript/index.ts';
import { openStorage } from '../tasks/task-storage.ts';
import { hubUrl } from './address.ts';

const patienceMs = 5_000;

/** Sends what can be sent first. */
export async function countWaiting(): Promise<number> {
  const connection = connect({ url: hubUrl(), name: 'browser', storage: openStorage(), token: '' });
  const { pending } = await connection.sync({ deadlineMs: patienceMs });
  await connection.close();
  return pending;
}
