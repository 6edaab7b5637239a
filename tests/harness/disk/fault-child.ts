// A process above the shim (shim.ts). It lets every file-system call of a scenario fail, one after the other, and prints what was wrong
// afterwards as JSON: acknowledged writes that are missing, writes that are there in part, a store that needs help.
// Arguments: the folder that the shim watches, its control file, the scenario, and how many calls of each fault are tried: all, if it is 0.

import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorEvents } from '../../../server/core/operator-events.ts';
import { verifyArchive } from '../../../server/storage/archive/archive-file.ts';
import { ScheduledBackups } from '../../../server/storage/archive/scheduled-backups.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import type { OpenDatabase } from '../../../server/storage/sqlite/driver.ts';
import { TestWorld } from '../world.ts';
import { DirectStore, driverHere } from './direct-store.ts';
import {
  batchOf,
  contentOf,
  copyFolder,
  fillBefore,
  fillOld,
  type LifeStep,
  life,
  model,
  modelBefore,
  modelOld,
  writeStep,
  writtenBefore,
} from './life.ts';
import { type Fault, type FaultReport, Faults } from './shim.ts';

const forever = 1_000_000;
const faultsTried: readonly Omit<Fault, 'at'>[] = [
  { kind: 'io error', times: 1 },
  { kind: 'io error', times: forever },
  { kind: 'full', times: forever },
  { kind: 'short', times: 1 },
  { kind: 'short', times: forever },
];

const [top = '', control = '', scenario = '', most = '0'] = process.argv.slice(2);
const open = await driverHere();
const faults = new Faults(control);
const problems: string[] = [];
let refusals = 0;

interface Place {
  readonly folder: string;
  readonly problem: (what: string) => void;
}

interface Scenario {
  /** Makes what the scenario begins with, once, without faults. */
  readonly prepare: (template: string) => void | Promise<void>;
  /** Begins with a copy of the template, and with the fault set. */
  readonly run: (place: Place) => Promise<void>;
}

/** @param calls how many there are. @returns the numbers of those that fail in turn, spread evenly, and one beyond the last */
function callsToTry(calls: number): readonly number[] {
  const all = Array.from({ length: calls + 1 }, (_, at) => at + 1);
  const count = Number(most) === 0 ? all.length : Math.min(all.length, Number(most));
  return Array.from({ length: count }, (_, at) => all[Math.floor(((at + 0.5) * all.length) / count)] ?? 1);
}

/** Opens a folder; if that is refused, for one sentence, once more without the fault. */
function openDespite({ folder, problem }: Place, openDatabase: OpenDatabase): DirectStore | undefined {
  const opened = DirectStore.open(openDatabase, folder);
  if (opened.ok) return opened.store;
  refusals += 1;
  if (opened.error.includes('\n') || !/[.)]$/.test(opened.error)) problem(`not a sentence: ${opened.error}`);
  faults.clear();
  const again = DirectStore.open(openDatabase, folder);
  if (again.ok) return again.store;
  problem(`it does not start after ${opened.error}: ${again.error}`);
  return undefined;
}

/** Does a step. @returns whether all of it was acknowledged */
async function act(store: DirectStore, memory: MemoryStore, step: LifeStep): Promise<boolean> {
  if (step.does === 'compact') {
    try {
      store.compact();
      return true;
    } catch {
      return false;
    }
  }
  const isDone = store.apply(batchOf(step)).map(({ outcome }) => outcome !== 'failed');
  await model(memory, step, isDone);
  return isDone.every(Boolean);
}

async function compare(store: DirectStore, memory: MemoryStore, problem: (what: string) => void): Promise<void> {
  const damages = store.damages();
  if (damages.length > 0) problem(`the check finds: ${damages[0]}`);
  if ((await contentOf(store)) !== (await contentOf(memory))) problem('the content is not what was acknowledged');
}

/** The steps of a store's life. Once one fails, the next has the same disk; then the disk is well, and everything must go on by itself. */
async function live(place: Place, memory: MemoryStore, steps: readonly LifeStep[]): Promise<void> {
  const { folder, problem } = place;
  const store = openDespite(place, open);
  if (store === undefined) return;
  let failures = 0;
  for (const step of steps) {
    if (await act(store, memory, step)) continue;
    failures += 1;
    refusals += 1;
    if (failures === 2) faults.clear();
    if (failures > 2) problem(`${step.does} fails on a disk that is well again`);
  }
  faults.clear();
  if (!(await act(store, memory, writeStep(writtenBefore + 9)))) problem('a write fails on a disk that is well again');
  await compare(store, memory, (what) => problem(`while it runs: ${what}`));
  const killed = `${folder}-killed`;
  cpSync(folder, killed, { recursive: true });
  store.close();
  for (const at of [folder, killed]) {
    const opened = DirectStore.open(open, at);
    if (!opened.ok) problem(`it does not start again: ${opened.error}`);
    else {
      await compare(opened.store, memory, (what) => problem(`after a ${at === folder ? 'stop' : 'kill'}: ${what}`));
      if (at === folder && opened.store.epoch !== 'first' && steps === life) problem('the epoch changed');
      opened.store.close();
    }
  }
}

function migration(format: 1 | 2): Scenario {
  return {
    prepare: (template) => fillOld(open, template, format),
    run: (place) => modelOld().then((memory) => live(place, memory, [])),
  };
}

const scenarios: Readonly<Record<string, Scenario>> = {
  'new folder': {
    prepare: () => undefined,
    run: (place) => live(place, new MemoryStore({ epoch: 'model' }), [0, 1, 2].map(writeStep)),
  },
  life: {
    prepare: (template) => fillBefore(open, template),
    run: async (place) => live(place, await modelBefore(), life),
  },
  'format 1': migration(1),
  'format 2': migration(2),
  backup: {
    async prepare(template) {
      fillBefore(open, template);
      await backUp(template, 1);
    },
    run: async ({ folder, problem }) => {
      const first = await backUp(folder, 2);
      faults.clear();
      if (!first.ok) {
        refusals += 1;
        const again = await backUp(folder, 3);
        if (!again.ok) problem(`a backup fails on a disk that is well again: ${again.error}`);
      }
      const { good, bad, parts } = await backupsIn(folder);
      if (bad.length > 0) problem(`damaged backups: ${bad.join(', ')}`);
      if (good.length < 2) problem(`${good.length} backups`);
      if (parts > 0) problem(`${parts} parts of backups are left`);
    },
  },
};

type BackedUp = Awaited<ReturnType<ScheduledBackups['make']>>;

/** @param number the minute of the backup: its name */
async function backUp(folder: string, number: number): Promise<BackedUp> {
  const opened = DirectStore.open(open, folder);
  if (!opened.ok) return { ok: false, error: opened.error };
  try {
    const world = new TestWorld(1, Date.UTC(2026, 0, 5, 12, number));
    const archive = opened.store.contents();
    const plan = { folder: join(folder, 'backups'), minute: 0, keep: 5 };
    const deps = { plan, archive, epoch: () => 'e', version: '0', world, events: new OperatorEvents(world) };
    const backups = await ScheduledBackups.open(deps);
    try {
      const made = await backups.make();
      if (made.ok === backups.state.isFailed) return { ok: false, error: 'the state says something else' };
      return made;
    } finally {
      archive.close();
    }
  } catch (error) {
    return { ok: false, error: String(error) };
  } finally {
    opened.store.close();
  }
}

async function backupsIn(folder: string): Promise<{ good: string[]; bad: string[]; parts: number }> {
  const { readdirSync } = await import('node:fs');
  const names = readdirSync(join(folder, 'backups'));
  const good: string[] = [];
  const bad: string[] = [];
  for (const name of names.filter((one) => one.endsWith('.backup'))) {
    const verified = await verifyArchive(join(folder, 'backups', name), () => undefined);
    (verified.ok ? good : bad).push(name);
  }
  return { good, bad, parts: names.filter((name) => name.endsWith('.part')).length };
}

/** @returns how many calls of the scenario there were that the fault can hit, and how many failed */
async function runOnce({ run }: Scenario, fault: Fault, name: string): Promise<Faults['counted']> {
  const [template, folder] = [join(top, 'template'), join(top, 'data')];
  for (const old of [folder, `${folder}-killed`]) rmSync(old, { recursive: true, force: true });
  if (existsSync(template)) copyFolder(template, folder);
  else mkdirSync(folder);
  const backups = join(template, 'backups');
  if (existsSync(backups)) cpSync(backups, join(folder, 'backups'), { recursive: true });
  faults.set(fault);
  const problem = (what: string) => problems.push(`${name}, call ${fault.at}: ${what}`);
  try {
    await run({ folder, problem });
  } catch (error) {
    problem(`it threw ${error instanceof Error ? error.stack : error}`);
  }
  faults.clear();
  return faults.counted;
}

async function tryEveryCall(scenario: Scenario): Promise<FaultReport> {
  await scenario.prepare(join(top, 'template'));
  const calls: Record<string, number> = {};
  for (const { kind, times } of faultsTried) {
    const name = `${kind} ${times === 1 ? 'once' : 'from then on'}`;
    const counted = await runOnce(scenario, { kind, times, at: 0 }, name);
    calls[name] = counted.calls;
    for (const at of callsToTry(counted.calls)) {
      await runOnce(scenario, { kind, times, at }, name);
      if (problems.length > 20) return { calls, refusals, problems };
    }
  }
  return { calls, refusals, problems };
}

const chosen = scenarios[scenario];
if (chosen === undefined) throw new Error(`no scenario ${scenario}`);
process.stdout.write(JSON.stringify(await tryEveryCall(chosen)));
process.exit(0);
