// The steps of the tests of damaged disks: writes that seal and unseal blocks, writes with history and write ids, forgetting,
// giving space back, compacting. Everything follows from numbers, so the memory store says what must be there after each step.

import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Keep, Write } from '../../../server/core/store.ts';
import { contentHashes } from '../../../server/storage/archive/archive.ts';
import { restoreArchive } from '../../../server/storage/archive/archive-file.ts';
import { MemoryStore } from '../../../server/storage/memory.ts';
import { databasePath } from '../../../server/storage/sqlite/data-folder.ts';
import type { OpenDatabase } from '../../../server/storage/sqlite/driver.ts';
import { lifeAt } from '../store-lifetimes.ts';
import { Batch, DirectStore } from './direct-store.ts';

export interface LifeWrite {
  readonly channel: string;
  readonly write: Write;
  readonly keep: Keep;
}

export type LifeStep =
  | { readonly does: 'write'; readonly writes: readonly LifeWrite[] }
  | { readonly does: 'forget'; readonly channel: string; readonly through: number }
  | { readonly does: 'vacuum' }
  | { readonly does: 'compact' };

const tasks = 'ann/tasks';
const tasksOfWrite = 3;
/** Writes that a store has before its test begins: enough that the next ones change sealed steps. */
export const writtenBefore = 52;

/** One transaction: a write that seals and unseals, and one with history, three items and a write id. */
export function writeStep(number: number): LifeStep {
  const ops = ['a', 'b', 'c'].map((part) => ({ op: 'put' as const, key: `${number % 9}${part}`, value: `${number}` }));
  const at = 1_000 + number;
  return {
    does: 'write',
    writes: [
      { channel: 'ann/wakatime', write: { ops: lifeAt(number), origin: `o${number % 3}`, at }, keep: 'last' },
      { channel: tasks, write: { ops, origin: 'o', at, writeId: `w${number}` }, keep: 'all' },
    ],
  };
}

export const life: readonly LifeStep[] = [
  writeStep(writtenBefore),
  writeStep(writtenBefore + 1),
  { does: 'forget', channel: tasks, through: tasksOfWrite * (writtenBefore - 2) },
  writeStep(writtenBefore + 2),
  { does: 'vacuum' },
  { does: 'compact' },
  writeStep(writtenBefore + 3),
  writeStep(writtenBefore + 4),
];

export function batchOf(step: LifeStep): Batch {
  const batch = new Batch();
  if (step.does === 'write') for (const { channel, write, keep } of step.writes) batch.append(channel, write, keep);
  else if (step.does === 'forget') batch.forget(step.channel, step.through);
  else if (step.does === 'vacuum') batch.vacuum();
  return batch;
}

/** Does to the model what the store acknowledged of a step. @param isDone one for each job of the step */
export async function model(store: MemoryStore, step: LifeStep, isDone: readonly boolean[] = []): Promise<void> {
  const done = (at: number): boolean => isDone[at] ?? true;
  if (step.does === 'write') {
    for (const [at, { channel, write, keep }] of step.writes.entries()) {
      if (done(at)) await store.append(channel, write, keep);
    }
  } else if (step.does === 'forget' && done(0)) await store.forget(step.channel, step.through);
}

/** The model of a store before its test. */
export async function modelBefore(): Promise<MemoryStore> {
  const store = new MemoryStore({ epoch: 'model' });
  for (let number = 0; number < writtenBefore; number += 1) await model(store, writeStep(number));
  return store;
}

/** Makes the data folder of a store before its test. */
export function fillBefore(open: OpenDatabase, folder: string): void {
  const opened = DirectStore.open(open, folder, 'first');
  if (!opened.ok) throw new Error(opened.error);
  for (let number = 0; number < writtenBefore; number += 1) opened.store.apply(batchOf(writeStep(number)));
  opened.store.close();
}

/** Copies a closed data folder so that the hub takes it for the same one. */
export function copyFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  copyFileSync(databasePath(from), databasePath(to));
  const [, commits] = readFileSync(join(from, 'mark'), 'utf8').trim().split(' ');
  writeFileSync(join(to, 'mark'), `${statSync(databasePath(to)).ino} ${commits}`.padEnd(40));
}

/** The content of a store as one text, equal for equal content. */
export async function contentOf(store: DirectStore | MemoryStore): Promise<string> {
  if (store instanceof MemoryStore) return asText(await contentHashes(store));
  const contents = store.contents();
  try {
    return asText(await contentHashes(contents));
  } finally {
    contents.close();
  }
}

function asText(hashes: ReadonlyMap<string, string>): string {
  return [...hashes].map((pair) => pair.join(' ')).join('\n');
}

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/storage/${name}`, import.meta.url));

/** Makes the data folder of an earlier Horai (format 1: 0.1.0; format 2: 0.2.0). */
export function fillOld(open: OpenDatabase, folder: string, format: 1 | 2): void {
  mkdirSync(folder, { recursive: true });
  const path = databasePath(folder);
  writeFileSync(path, gunzipSync(readFileSync(fixture(`format-${format}.db.gz`))));
  const database = open(path, true);
  const commits = database.prepare(`SELECT value FROM meta WHERE name = 'commits'`).get<{ value: number }>()?.value;
  database.close();
  writeFileSync(join(folder, 'mark'), `${statSync(path).ino} ${commits}`.padEnd(40));
}

/** The model with what the folders of `fillOld` hold. */
export async function modelOld(): Promise<MemoryStore> {
  const store = new MemoryStore({ epoch: 'model' });
  const restored = await restoreArchive(fixture('format-1.backup'), store, () => undefined);
  if (!restored.ok) throw new Error(restored.error);
  return store;
}
