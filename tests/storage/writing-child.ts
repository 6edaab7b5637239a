// A process that sqlite.test.ts kills: writes as fast as it can and prints the number of each write once it is acknowledged.
// Each write has three ops that carry its number.

import { nanoid } from 'nanoid';
import { openSqlite } from '../../server/storage/sqlite.ts';
import { TestWorld } from '../support/world.ts';

const [folder = '', first = '0'] = process.argv.slice(2);
const opened = await openSqlite({ folder, world: Object.assign(new TestWorld(), { id: () => nanoid() }) });
if (!opened.ok) throw new Error(opened.error);
const { store } = opened;
let next = Number(first);

async function writer(): Promise<void> {
  for (;;) {
    const number = next;
    next += 1;
    const ops = ['a', 'b', 'c'].map((part) => ({ op: 'put' as const, key: `${number}${part}`, value: String(number) }));
    await store.append('alice/tasks', { ops, origin: 'child', at: number }, number % 2 === 0 ? 'all' : 'last');
    process.stdout.write(`${number}\n`);
  }
}

await Promise.all(Array.from({ length: 20 }, writer));
