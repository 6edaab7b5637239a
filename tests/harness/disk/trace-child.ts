// A process above the shim (shim.ts) whose file-system calls are recorded, and replayed by power-cut.ts. It writes a byte to the mark file for
// each step that the store has acknowledged. Arguments: the data folder, the mark file, the scenario.

import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorEvents } from '../../../server/core/operator-events.ts';
import { ScheduledBackups } from '../../../server/storage/archive/scheduled-backups.ts';
import { replaceStore } from '../../../server/storage/sqlite/restore.ts';
import { TestWorld } from '../world.ts';
import { DirectStore, driverHere } from './direct-store.ts';
import { batchOf, type LifeStep, life, writeStep } from './life.ts';

const [folder = '', marks = '', scenario = ''] = process.argv.slice(2);
const open = await driverHere();
const marked = openSync(marks, 'a');
const acknowledge = () => void writeSync(marked, '.');

function openHere(): DirectStore {
  const opened = DirectStore.open(open, folder, 'traced');
  if (!opened.ok) throw new Error(opened.error);
  return opened.store;
}

function live(steps: readonly LifeStep[]): void {
  const store = openHere();
  for (const step of steps) {
    if (step.does === 'compact') store.compact();
    else if (store.apply(batchOf(step)).some(({ outcome }) => outcome === 'failed')) throw new Error('a step failed');
    acknowledge();
  }
  store.close();
}

async function backUpTwice(): Promise<void> {
  const store = openHere();
  for (const minute of [1, 2]) {
    const world = new TestWorld(1, Date.UTC(2026, 0, 5, 12, minute));
    const archive = store.contents();
    const plan = { folder: join(folder, 'backups'), minute: 0, keep: 1 };
    const deps = { plan, archive, epoch: () => 'e', version: '0', world, events: new OperatorEvents(world) };
    const backups = await ScheduledBackups.open(deps);
    const made = await backups.make();
    if (!made.ok) throw new Error(made.error);
    archive.close();
    acknowledge();
  }
  store.close();
}

async function restore(): Promise<void> {
  const { restoreArchive } = await import('../../../server/storage/archive/archive-file.ts');
  const world = Object.assign(new TestWorld(), { id: () => 'restored' });
  const replaced = await replaceStore({ folder, world, replace: true }, (store) =>
    restoreArchive(join(folder, '..', 'restored.backup'), store, () => undefined),
  );
  if (!replaced.ok) throw new Error(replaced.error);
  acknowledge();
}

if (scenario === 'new folder') live([0, 1, 2].map(writeStep));
else if (scenario === 'life') live(life);
else if (scenario === 'migration') live([]);
else if (scenario === 'backup') await backUpTwice();
else if (scenario === 'restore') await restore();
else throw new Error(`no scenario ${scenario}`);
process.exit(0);
