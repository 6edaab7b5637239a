// Faults below the real SQLite engine, at its file-system calls: a library that the tests compile stands between the process and the kernel.
// I/O errors, a full disk and short writes under a running hub, and at single calls; power cuts after every call of a store, its migrations, a
// backup and a restore, with a disk that flushes and with one that only says so.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyArchive, writeArchive } from '../../../server/storage/archive/archive-file.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import type { OpenDatabase } from '../../../server/storage/sqlite/driver.ts';
import { Batch, DirectStore, driverHere } from '../../harness/disk/direct-store.ts';
import {
  contentOf,
  fillBefore,
  fillOld,
  type LifeStep,
  life,
  model,
  modelBefore,
  modelOld,
  writeStep,
} from '../../harness/disk/life.ts';
import { Disk, readTrace } from '../../harness/disk/power-cut.ts';
import { compiler, compileShim, Faults, failCalls, runAboveShim, shimEnvironment } from '../../harness/disk/shim.ts';
import { HubProcess, Leftovers } from '../../harness/process.ts';
import { Socket } from '../../harness/socket.ts';
import { seeded } from '../../harness/world.ts';

if (compiler === undefined) test.skip('there is no C compiler on this machine (or it is not Linux)', () => undefined);
else disks();

function disks(): void {
  const leftovers = new Leftovers();
  let top: string;
  let library: string;
  let open: OpenDatabase;
  beforeAll(async () => {
    // In memory where that can be: thousands of folders are opened, and each open flushes.
    top = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'horai-disk-'));
    library = compileShim(leftovers.folder());
    open = await driverHere();
  });
  afterAll(async () => {
    await leftovers.clear();
    rmSync(top, { recursive: true, force: true });
  });

  test('a hub whose disk is full or fails refuses writes with the reason, goes on by itself, and starts again without help', async () => {
    const [data, control] = [join(top, 'hub'), join(top, 'hub.control')];
    mkdirSync(data);
    const faults = new Faults(control);
    const env = {
      HORAI_DATA: data,
      HORAI_OWNER_TOKEN: '6f1b2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b',
      ...shimEnvironment({ library, folder: data, control }),
    };
    const hub = new HubProcess(leftovers, env);
    const url = await hub.up();
    const socket = await Socket.open(url);
    const create = (key: string) => socket.ask({ type: 'create', channel: 'notes', key, item: 1, ref: key });
    const health = async () => (await fetch(`${url}-/health`)).status;
    expect(await create('before')).toMatchObject({ type: 'ack' });
    const kinds = ['full', 'io error', 'short'] as const;
    for (const kind of kinds) {
      faults.set({ kind, at: 1, times: 1_000_000 });
      expect(await create(`during ${kind}`)).toMatchObject({ success: false });
      expect([kind, await health()]).toEqual([kind, 503]);
      faults.clear();
      expect(await create(`after ${kind}`)).toMatchObject({ type: 'ack' });
      expect([kind, await health()]).toEqual([kind, 200]);
    }
    hub.signal('SIGKILL');
    await hub.ended;

    faults.set({ kind: 'io error', at: 1, times: 1_000_000 });
    const failed = await new HubProcess(leftovers, env).ended;
    expect(failed).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^[^\n]+\.\n$/) });
    faults.clear();
    const again = new HubProcess(leftovers, env);
    const other = await Socket.open(await again.up());
    const { items } = await other.ask({ type: 'read-all', channel: 'notes' });
    const keys = ['before', ...kinds.map((kind) => `after ${kind}`)].sort();
    expect(items).toMatchObject(keys.map((key) => ({ key })));
    await again.stop();
  }, 120_000);

  describe('a disk on which any call of the file system fails, once or from then on', () => {
    // `npm run prove -- disk` tries every call.
    const callsTried = 12;
    test.each([
      ['a folder is made and first written', 'new folder'],
      ['a store is written, sealed, unsealed, forgotten, given back and compacted', 'life'],
      ['a folder of format 1 is migrated', 'format 1'],
      ['a folder of format 2 is migrated', 'format 2'],
      ['a backup is made and verified', 'backup'],
    ] as const)(
      'while %s: nothing acknowledged is missing, nothing is there in part, nothing needs help',
      async (_, scenario) => {
        const report = await failCalls({ library, top, scenario, most: callsTried });
        expect(report.problems).toEqual([]);
        expect(report.calls['io error once']).toBeGreaterThan(callsTried);
        expect(report.refusals).toBeGreaterThan(callsTried);
      },
      300_000,
    );
  });

  interface Traced {
    readonly folder: string;
    /** The disk at the beginning, and each change that the process made. */
    readonly disk: (isLying: boolean) => Disk;
    readonly changes: ReturnType<typeof readTrace>;
  }

  async function traced(scenario: string, prepare: (folder: string) => void | Promise<void>): Promise<Traced> {
    const place = mkdtempSync(join(top, 'traced-'));
    const [folder, marks, trace] = [join(place, 'data'), join(place, 'marks'), join(top, `trace-${place.slice(-6)}`)];
    await prepare(folder);
    writeFileSync(marks, '');
    const before = filesIn(place).filter((path) => path !== marks);
    const old = before.map((path) => ({
      path,
      inode: statSync(path, { bigint: true }).ino,
      content: readFileSync(path),
    }));
    const ran = await runAboveShim('trace-child.ts', [folder, marks, scenario], {
      library,
      folder: `${place}/`,
      trace,
    });
    expect({ err: ran.err, code: ran.code }).toEqual({ err: '', code: 0 });
    const disk = (isLying: boolean): Disk => {
      const made = new Disk(place, marks, isLying);
      for (const { path, inode, content } of old) made.add(path, inode, content);
      return made;
    };
    return { folder, disk, changes: readTrace(trace) };
  }

  /** Calls `look` with a data folder for each way in which the disk can be after a power cut at each change. */
  async function cutEverywhere(
    { disk, changes }: Traced,
    { isLying = false, stride = 1 }: { readonly isLying?: boolean; readonly stride?: number },
    look: (folder: string, acknowledged: number, at: string) => Promise<void>,
  ): Promise<number> {
    const replayed = disk(isLying);
    const random = seeded(16);
    let cuts = 0;
    for (const [at, change] of [undefined, ...changes].entries()) {
      if (change !== undefined) replayed.apply(change);
      // A migration has many writes that are alike; a disk that lies has never anything that is certain.
      if ((isLying || change?.letter === 'w') && at % stride !== 0) continue;
      const ways: readonly (readonly [string, () => boolean])[] = [
        ['nothing unflushed is there', () => false],
        ['everything is there', () => true],
        ['half of it is there', () => random() < 0.5],
        ['most of it is there', () => random() < 0.9],
      ];
      for (const [way, choose] of replayed.isDirty ? ways : ways.slice(0, 1)) {
        const target = join(top, 'cut');
        rmSync(target, { recursive: true, force: true });
        mkdirSync(target);
        replayed.cut(target, choose);
        await look(
          join(target, 'data'),
          replayed.acknowledged,
          `change ${at} (${change?.letter} ${change?.path}): ${way}`,
        );
        cuts += 1;
      }
    }
    return cuts;
  }

  /** The contents of a store after each number of steps. */
  async function statesOf(memory: MemoryStore, steps: readonly LifeStep[]): Promise<readonly string[]> {
    const states = [await contentOf(memory)];
    for (const step of steps) {
      await model(memory, step);
      states.push(await contentOf(memory));
    }
    return states;
  }

  const sequences: readonly [string, string, () => Promise<MemoryStore>, readonly LifeStep[]][] = [
    ['a new folder', 'new folder', async () => new MemoryStore({ epoch: 'm' }), [0, 1, 2].map(writeStep)],
    ['a store that seals, unseals, forgets, gives back and compacts', 'life', modelBefore, life],
  ];

  describe('a power cut after any call', () => {
    test.each(sequences)(
      'of %s loses nothing acknowledged and leaves nothing in part',
      async (_, name, before, steps) => {
        const run = await traced(name, (folder) => (name === 'life' ? fillBefore(open, folder) : undefined));
        const states = await statesOf(await before(), steps);
        const cuts = await cutEverywhere(run, {}, async (folder, acknowledged, at) => {
          const opened = DirectStore.open(open, folder);
          if (!opened.ok) throw new Error(`${at}: ${opened.error}`);
          const { store } = opened;
          const content = await contentOf(store);
          const [extra] = store.apply(
            new Batch().append('x', { ops: [{ op: 'put', key: 'k', value: '1' }], origin: 'o', at: 1 }, 'last'),
          );
          expect({ at, damages: store.damages(), extra: extra?.outcome }).toEqual({ at, damages: [], extra: 'made' });
          store.close();
          // States may be equal: compacting changes nothing.
          const found = states.lastIndexOf(content);
          if (found < acknowledged)
            throw new Error(`${at}: ${acknowledged} steps were acknowledged, ${found} are there`);
        });
        expect(cuts).toBeGreaterThan(100);
      },
      300_000,
    );

    test.each([
      1, 2,
    ] as const)('of the migration of format %d leaves the old store or the new one, with everything', async (format) => {
      const run = await traced('migration', (folder) => fillOld(open, folder, format));
      const expected = await contentOf(await modelOld());
      const cuts = await cutEverywhere(run, { stride: 20 }, async (folder, _, at) => {
        const opened = DirectStore.open(open, folder);
        if (!opened.ok) throw new Error(`${at}: ${opened.error}`);
        const content = await contentOf(opened.store);
        expect({ at, damages: opened.store.damages(), same: content === expected }).toEqual({
          at,
          damages: [],
          same: true,
        });
        opened.store.close();
      });
      expect(cuts).toBeGreaterThan(50);
    }, 300_000);

    test('of a scheduled backup leaves the store as it is, and every file that is called a backup whole', async () => {
      const run = await traced('backup', (folder) => fillBefore(open, folder));
      const expected = await contentOf(await modelBefore());
      const cuts = await cutEverywhere(run, {}, async (folder, acknowledged, at) => {
        const opened = DirectStore.open(open, folder);
        if (!opened.ok) throw new Error(`${at}: ${opened.error}`);
        const content = await contentOf(opened.store);
        opened.store.close();
        const backups = filesIn(join(folder, 'backups')).filter((path) => path.endsWith('.backup'));
        const verified = await Promise.all(backups.map((path) => verifyArchive(path, () => undefined)));
        const isEnough = backups.length >= Math.min(acknowledged, 1);
        const bad = verified.filter(({ ok }) => !ok);
        expect({ at, same: content === expected, isEnough, bad }).toEqual({ at, same: true, isEnough: true, bad: [] });
      });
      expect(cuts).toBeGreaterThan(20);
    }, 300_000);

    test('of a restore leaves the old store or the restored one', async () => {
      const older = new MemoryStore({ epoch: 'm' });
      await model(older, writeStep(1));
      const run = await traced('restore', async (folder) => {
        fillBefore(open, folder);
        await writeArchive(
          older,
          { epoch: 'm', made: 1, by: '0' },
          join(folder, '..', 'restored.backup'),
          () => undefined,
        );
      });
      const states = [await contentOf(await modelBefore()), await contentOf(older)];
      await cutEverywhere(run, {}, async (folder, acknowledged, at) => {
        const opened = DirectStore.open(open, folder);
        if (!opened.ok) throw new Error(`${at}: ${opened.error}`);
        const found = states.indexOf(await contentOf(opened.store));
        // A restored store is another one: positions in the old one are worth nothing.
        const isOther = opened.store.epoch !== 'first';
        opened.store.close();
        expect({ at, isOne: found >= acknowledged, isOther }).toEqual({
          at,
          isOne: true,
          isOther: found === 1 || isOther,
        });
      });
    }, 300_000);
  });

  test.each(sequences)(
    'a disk that lies about flushing %s: a loss is refused at the start, found by the check, or leaves whole steps',
    async (_, name, before, steps) => {
      const run = await traced(name, (folder) => (name === 'life' ? fillBefore(open, folder) : undefined));
      const states = await statesOf(await before(), steps);
      const seen = { whole: 0, refused: 0, damaged: 0, older: 0 };
      await cutEverywhere(run, { isLying: true, stride: name === 'life' ? 4 : 1 }, async (folder, acknowledged, at) => {
        const opened = DirectStore.open(open, folder);
        if (!opened.ok) {
          expect(opened.error).toMatch(/has \d+ of at least \d+ commits|is damaged|cannot be used|cannot be opened/);
          seen.refused += 1;
          return;
        }
        const { store } = opened;
        let damages = 0;
        let found = -1;
        try {
          damages = store.damages().length;
          found = states.lastIndexOf(await contentOf(store));
        } catch {
          damages += 1;
        }
        store.close();
        if (damages > 0) seen.damaged += 1;
        else if (found >= acknowledged) seen.whole += 1;
        else if (found >= 0) seen.older += 1;
        else throw new Error(`${at}: a part of a write is there, and the check finds nothing`);
      });
      expect(seen.refused).toBeGreaterThan(10);
      expect(seen.whole).toBeGreaterThan(10);
    },
    300_000,
  );
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.path, entry.name));
  } catch {
    return [];
  }
}
