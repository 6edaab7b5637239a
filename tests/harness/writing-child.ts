// A process that sqlite.test.ts kills: it writes as fast as it can and prints the number of each write once the store has acknowledged
// it. Of kind `plain`, each write puts its number into three items. Of kind `life`, writes also change and remove old items, so that the
// store constantly packs and unpacks blocks.

import { nanoid } from 'nanoid';
import { openSqlite } from '../../server/storage/sqlite/store.ts';
import { eager, lifeAt } from './store-lifetimes.ts';
import { TestWorld } from './world.ts';

const [folder = '', first = '0', kind = 'plain'] = process.argv.slice(2);
const world = Object.assign(new TestWorld(), { id: () => nanoid() });
const opened = await openSqlite({ folder, world, ...(kind === 'life' ? { sealing: eager } : {}) });
if (!opened.ok) throw new Error(opened.error);
const { store } = opened;
let next = Number(first);

async function writer(): Promise<void> {
  for (;;) {
    const number = next;
    next += 1;
    if (kind === 'life') {
      await store.append('alice/wakatime', { ops: lifeAt(number), origin: 'child', at: number }, 'last');
    } else {
      const ops = ['a', 'b', 'c'].map((part) => ({
        op: 'put' as const,
        key: `${number}${part}`,
        value: String(number),
      }));
      await store.append('alice/tasks', { ops, origin: 'child', at: number }, number % 2 === 0 ? 'all' : 'last');
    }
    process.stdout.write(`${number}\n`);
  }
}

await Promise.all(Array.from({ length: 20 }, writer));
