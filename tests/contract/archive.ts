// Tests for stores that can be exported and imported: a loaded store must give the same answers as the original, also after further
// writes. The original is always a MemoryStore, which the contract of stores compares with a model.

import { afterEach, describe, expect, test } from '@jest/globals';
import type { Answer, Archive, Keep, Op, Outline, Step, Store, Write } from '../../server/core/store.ts';
import { contentHashes, copyArchive, differing } from '../../server/storage/archive/archive.ts';
import { MemoryStore } from '../../server/storage/memory.ts';
import { expectEqual } from '../harness/expect-equal.ts';
import { seeded } from '../harness/world.ts';
import { put, remove, write } from './store.ts';

type Whole = Store & Archive;

export interface ArchivePlace {
  open(): Promise<Whole>;
  remove(): Promise<void>;
}

const channels = ['alice/aw', 'alice/tasks', 'alice/wakatime', '@hub/tokens', 'mob/\u{1f600}'];

async function* listed<Row>(...lists: readonly (readonly Row[])[]): AsyncGenerator<readonly Row[]> {
  yield* lists;
}

async function collected<Row>(lists: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const list of lists) rows.push(...list);
  return rows;
}

function randomWrite(random: () => number): Write {
  const below = (limit: number): number => Math.floor(random() * limit);
  const ops = Array.from({ length: below(6) }, (): Op => {
    const key = random() < 0.5 ? `k${below(6)}` : `0000000${below(6)}-0000-8000-a000-00000000000${below(3)}`;
    if (random() < 0.2) return remove(key);
    const time = random() < 0.6 ? { time: below(30) } : {};
    const end = 'time' in time && random() < 0.6 ? { end: time.time + below(9) } : {};
    const version = random() < 0.3 ? { version: below(100) } : {};
    const value = JSON.stringify({ n: below(3), 'ü\n': '"\u{1f600}' });
    return { op: random() < 0.3 ? 'add' : 'put', key, value, ...time, ...end, ...version };
  });
  const writeId = random() < 0.4 ? { writeId: `w${below(9)}` } : {};
  return { ops, origin: `o${below(3)}`, at: 1_700_000_000_000 + below(1_000), ...writeId };
}

/** Makes the same random writes in all stores and compares their answers. */
export async function writeRandomly(stores: readonly Store[], seed: number, turns: number): Promise<void> {
  const random = seeded(seed);
  for (let turn = 0; turn < turns; turn += 1) {
    const channel = channels[Math.floor(random() * channels.length)] ?? '';
    const keep: Keep = channel === 'alice/tasks' || (channel === 'alice/aw' && random() < 0.5) ? 'all' : 'last';
    if (random() < 0.06) {
      const through = Math.floor(random() * ((await stores[0]?.head(channel)) ?? { seq: 0 }).seq);
      for (const store of stores) await store.forget(channel, through);
    } else {
      const written = randomWrite(random);
      const answers = await Promise.all(stores.map((store) => store.append(channel, written, keep)));
      for (const answer of answers) expectEqual(plain(answer), plain(answers[0]));
    }
  }
}

/** An answer without its epoch, because each store has its own. */
function plain(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer, (name, value) => (name === 'epoch' ? undefined : value)));
}

/** The answers to all kinds of reads. Of a long channel only some positions are read. */
export async function answersOf(store: Store): Promise<unknown> {
  const answers: unknown[] = [await store.channels('')];
  for (const channel of channels) {
    const { seq } = await store.head(channel);
    answers.push(await store.head(channel), await store.read(channel, {}), await store.history(channel, {}));
    answers.push(await store.read(channel, { from: 0 }), await store.read(channel, { from: 12, to: 15, newest: true }));
    answers.push(await store.history(channel, { newest: true, limit: 7 }), await store.history(channel, { key: 'k1' }));
    for (let from = 0; from <= seq + 1; from += Math.ceil((seq + 1) / 110)) {
      answers.push(await store.since(channel, from, 1_000), await store.at(channel, from));
    }
  }
  return plain(answers);
}

export function archiveContract(name: string, newPlace: () => ArchivePlace): void {
  describe(`${name} can be exported and imported`, () => {
    const places: { place: ArchivePlace; store: Whole }[] = [];

    async function openStore(): Promise<Whole> {
      const place = newPlace();
      const store = await place.open();
      places.push({ place, store });
      return store;
    }

    afterEach(async () => {
      for (const { place, store } of places.splice(0)) {
        await store.close();
        await place.remove();
      }
    });

    test.each([
      1, 2, 3, 4, 5, 6,
    ])('a loaded store answers and continues as the original does: seed %i', async (seed) => {
      const original = new MemoryStore({ epoch: 'original' });
      await writeRandomly([original], seed, 60);
      const moved = await openStore();
      const totals = await copyArchive(original, moved);
      expect(totals.steps).toBeGreaterThan(20);
      expectEqual(await answersOf(moved), await answersOf(original));
      await writeRandomly([original, moved], seed + 100, 40);
      expectEqual(await answersOf(moved), await answersOf(original));

      const back = new MemoryStore({ epoch: 'back' });
      await copyArchive(moved, back);
      expect(differing(await contentHashes(original), await contentHashes(back))).toEqual([]);
      await writeRandomly([original, moved, back], seed + 200, 40);
      expectEqual(await answersOf(back), await answersOf(original));
      expect(differing(await contentHashes(original), await contentHashes(moved))).toEqual([]);
    });

    test('channels are ordered by name, steps by seq, answers by write id', async () => {
      const store = await openStore();
      await writeRandomly([store], 7, 60);
      await store.append('b', write([], { writeId: 'w' }), 'last');
      await store.append('c', write([]), 'last');
      const outlines: Outline[] = [];
      for await (const outline of store.outlines()) outlines.push(outline);
      expect(outlines.map(({ channel }) => channel)).toEqual([
        '@hub/tokens',
        'alice/aw',
        'alice/tasks',
        'alice/wakatime',
        'b',
        'mob/\u{1f600}',
      ]);
      for (const { channel } of outlines) {
        const steps: Step[] = await collected(store.steps(channel));
        const seqs = steps.map(({ seq }) => seq);
        expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
        const answers: Answer[] = await collected(store.answers(channel));
        const ids = answers.map(({ writeId }) => writeId);
        expect(ids).toEqual([...ids].sort());
      }
    });

    test('steps read while outlines are iterated are as of the start of the iteration', async () => {
      const store = await openStore();
      const names = ['a', 'b', 'c'];
      for (const channel of names) {
        await store.append(channel, write([put('x', '1'), put('y', '1')], { writeId: 'first' }), 'last');
      }
      const rows: unknown[] = [];
      for await (const { channel, seq } of store.outlines()) {
        for (const other of names) await store.append(other, write([put('x', channel)], { writeId: channel }), 'last');
        const steps = await collected(store.steps(channel));
        const answers = await collected(store.answers(channel));
        rows.push([channel, seq, steps.map((step) => [step.key, step.value]), answers.map(({ writeId }) => writeId)]);
      }
      const then = [
        ['x', '1'],
        ['y', '1'],
      ];
      expect(rows).toEqual(names.map((channel) => [channel, 2, then, ['first']]));
      expect((await collected(store.steps('a'))).map(({ key, value }) => [key, value])).toEqual([
        ['y', '1'],
        ['x', 'c'],
      ]);
    });

    test('an existing channel is not overwritten by a load', async () => {
      const store = await openStore();
      await store.append('a', write([put('x', '1')]), 'last');
      const before = await contentHashes(store);
      const outline = { channel: 'a', seq: 9, version: -1, floor: 0 };
      await expect(store.load(outline, listed<Step>(), listed<Answer>())).rejects.toThrow('exists already');
      expect(differing(before, await contentHashes(store))).toEqual([]);
    });

    test('an interrupted load leaves nothing of its channel, and can be repeated', async () => {
      const store = await openStore();
      const original = new MemoryStore({ epoch: 'original' });
      const ops = Array.from({ length: 3_000 }, (_, index) => put(`k${index}`, '1', { time: index }));
      await original.append('a', write(ops, { writeId: 'w' }), 'last');
      const steps = await collected(original.steps('a'));
      async function* broken(): AsyncGenerator<readonly Step[]> {
        yield steps.slice(0, 2_000);
        throw new Error('the disk failed');
      }
      const outline = { channel: 'a', seq: 3_000, version: -1, floor: 0 };
      await expect(store.load(outline, broken(), original.answers('a'))).rejects.toThrow('the disk failed');
      expect(await store.channels('')).toEqual([]);
      expect(await store.head('a')).toMatchObject({ seq: 0 });
      await store.load(outline, original.steps('a'), original.answers('a'));
      expect(differing(await contentHashes(original), await contentHashes(store))).toEqual([]);
      expect(await store.append('a', write([], { writeId: 'w' }), 'last')).toMatchObject({
        replayed: true,
        steps: 3_000,
      });
    });
  });
}
