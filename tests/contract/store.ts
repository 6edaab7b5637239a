// Tests of the rules that server/core/store.ts numbers, for every store, and a seeded comparison with a simple model. It is independent of
// the engine: the folders `storage` of tests/unit and tests/services run it for each store.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Appended, Change, Keep, Op, Past, Range, Store, Write } from '../../server/core/store.ts';
import { expectEqual } from '../harness/expect-equal.ts';
import { seeded } from '../harness/world.ts';

/** A folder or database that keeps a store's data while the store is closed. */
export interface Place {
  open(): Promise<Store>;
  remove(): Promise<void>;
}

export const put = (key: string, value: string, more: { time?: number; end?: number; version?: number } = {}): Op => ({
  op: 'put',
  key,
  value,
  ...more,
});
export const add = (key: string, value: string): Op => ({ op: 'add', key, value });
export const remove = (key: string): Op => ({ op: 'remove', key });
export const write = (
  ops: readonly Op[],
  more: { writeId?: string; base?: number; needs?: string; origin?: string; at?: number } = {},
): Write => ({
  ops,
  origin: 'laptop',
  at: 1_767_600_000_000,
  ...more,
});

const keysOf = (rows: readonly { readonly key: string }[]): string[] => rows.map(({ key }) => key);

export function storeContract(name: string, newPlace: () => Place): void {
  describe(`${name} keeps the store's contract`, () => {
    let place: Place;
    let store: Store;
    let channels = 0;

    beforeAll(async () => {
      place = newPlace();
      store = await place.open();
    });

    afterAll(async () => {
      await store.close();
      await place.remove();
    });

    /** Makes these writes in a channel that no other test uses. */
    async function channelWith(keep: Keep, ...writes: readonly (readonly Op[])[]): Promise<string> {
      channels += 1;
      const channel = `alice/channel-${channels}`;
      for (const ops of writes) await store.append(channel, write(ops), keep);
      return channel;
    }

    async function changesSince(channel: string, seq: number): Promise<readonly Change[]> {
      const since = await store.since(channel, seq, 1_000);
      if (!since.ok) throw new Error('gone');
      return since.changes;
    }

    const seqOf = async (channel: string): Promise<number> => (await store.head(channel)).seq;

    test('[ST1] acknowledged writes exist after the store is closed and opened again', async () => {
      const channel = await channelWith('all', [put('a', '1', { time: 5, end: 9, version: 7 })], [put('a', '2')]);
      const before = [await store.head(channel), await store.read(channel, {}), await store.history(channel, {})];
      await store.close();
      store = await place.open();
      expect([await store.head(channel), await store.read(channel, {}), await store.history(channel, {})]).toEqual(
        before,
      );
    });

    test('[ST1] a write without base, id or ops is accepted and makes no step', async () => {
      const channel = await channelWith('all', [put('a', '1')]);
      expect(await store.append(channel, write([]), 'all')).toEqual({
        ok: true,
        position: { epoch: store.epoch, seq: 1 },
        changes: [],
        steps: 0,
        replayed: false,
      });
    });

    test('[ST2] each op that changes something makes one step, and the answer gives its kind', async () => {
      const channel = await channelWith('all', [put('a', '1')]);
      const ops = [
        put('a', '2', { time: 1, end: 2, version: 3 }),
        put('b', '1'),
        put('b', '2'),
        remove('a'),
        add('a', '3'),
      ];
      const appended = await store.append(channel, write(ops, { origin: 'phone', at: 42 }), 'all');
      const by = { origin: 'phone', at: 42 };
      const plain = { time: null, end: null, version: null, ...by };
      expect(appended).toEqual({
        ok: true,
        position: { epoch: store.epoch, seq: 6 },
        changes: [
          { kind: 'update', key: 'a', value: '2', time: 1, end: 2, seq: 2, version: 3, ...by },
          { kind: 'create', key: 'b', value: '1', seq: 3, ...plain },
          { kind: 'update', key: 'b', value: '2', seq: 4, ...plain },
          { kind: 'delete', key: 'a', value: null, seq: 5, ...plain },
          { kind: 'create', key: 'a', value: '3', seq: 6, ...plain },
        ],
        steps: 5,
        replayed: false,
      });
    });

    test('[ST2] an op that changes nothing makes no step', async () => {
      const spanned = put('b', '1', { time: 1, end: 2, version: 1 });
      const channel = await channelWith('all', [put('a', '1'), spanned]);
      const same = [
        put('a', '1', { version: 9 }),
        spanned,
        add('a', '2'),
        remove('c'),
        put('b', '1', { time: 1, end: 2 }),
      ];
      const appended = await store.append(channel, write(same), 'all');
      expect(appended).toMatchObject({ ok: true, position: { seq: 2 }, changes: [], steps: 0 });
      expect(await store.head(channel)).toMatchObject({ seq: 2, version: 1 });
      const moved = [put('b', '1', { time: 1, end: 3 }), put('b', '1', { time: 1 }), put('b', '1')];
      expect(await store.append(channel, write(moved), 'all')).toMatchObject({ steps: 3, position: { seq: 5 } });
    });

    test('[ST3] a write on a stale base is refused with the head, and nothing of it is stored', async () => {
      const channel = await channelWith('all', [put('a', '1')], [put('a', '2')]);
      const stale = write([put('b', '1'), remove('a')], { base: 1, writeId: 'w' });
      const refused = { ok: false, reason: 'stale', position: { epoch: store.epoch, seq: 2 } };
      expect(await store.append(channel, stale, 'all')).toEqual(refused);
      expect(await store.append(channel, { ...stale, base: 3 }, 'all')).toEqual(refused);
      expect(keysOf(await store.read(channel, {}))).toEqual(['a']);
      expect(await store.append(channel, { ...stale, base: 2 }, 'all')).toMatchObject({
        ok: true,
        replayed: false,
        steps: 2,
      });
    });

    test('[ST3] the base of a channel without writes is 0', async () => {
      const channel = await channelWith('all');
      expect(await store.append(channel, write([put('a', '1')], { base: 1 }), 'all')).toMatchObject({ ok: false });
      expect(await store.append(channel, write([put('a', '1')], { base: 0 }), 'all')).toMatchObject({ ok: true });
    });

    test('[ST16] a write that needs an item which is not there is refused with the head, and nothing of it is stored', async () => {
      for (const keep of ['all', 'last'] as const) {
        const channel = await channelWith(keep, [put('a', '1')], [put('b', '1')], [remove('b')]);
        const refused = { ok: false, reason: 'absent', position: { epoch: store.epoch, seq: 3 } };
        for (const key of ['b', 'c']) {
          const needing = write([put(key, '2'), put('a', '9')], { needs: key, writeId: `w ${key}` });
          expect(await store.append(channel, needing, keep)).toEqual(refused);
          // Only accepted writes are remembered.
          expect(await store.append(channel, needing, keep)).toEqual(refused);
        }
        expect(await store.append(channel, write([put('a', '2')], { needs: 'a' }), keep)).toMatchObject({ steps: 1 });
        expect(await store.append(channel, write([put('b', '3')], { needs: 'b', base: 1 }), keep)).toMatchObject({
          reason: 'stale',
        });
        expect((await store.read(channel, {})).map(({ value }) => value)).toEqual(['2']);
      }
    });

    test('[ST16] [ST5] a write sees whether an earlier one of the same batch removed the item that it needs', async () => {
      const channel = await channelWith('all', [put('a', '1')]);
      const [removed, updated, made, again] = await Promise.all([
        store.append(channel, write([remove('a')]), 'all'),
        store.append(channel, write([put('a', '2')], { needs: 'a' }), 'all'),
        store.append(channel, write([add('a', '3')]), 'all'),
        store.append(channel, write([put('a', '4')], { needs: 'a' }), 'all'),
      ]);
      expect([removed, updated, made, again].map(({ position }) => position.seq)).toEqual([2, 2, 3, 4]);
      expect(updated).toMatchObject({ ok: false, reason: 'absent' });
    });

    test('[ST17] a state is the items of a range with the head of that moment', async () => {
      const channel = await channelWith(
        'all',
        [put('a', '1'), put('b', '2', { time: 5 })],
        [remove('a')],
        [put('c', '3', { time: 9 })],
      );
      await store.forget(channel, 3);
      const head = { epoch: store.epoch, seq: 4, version: -1, floor: 3 };
      expect(await store.state(channel, {})).toEqual({ head, items: await store.read(channel, {}), more: false });
      expect(await store.state(channel, { from: 6, limit: 1 })).toEqual({
        head,
        items: await store.read(channel, { from: 6 }),
        more: true,
      });
      expect(await store.state(channel, { size: 1 })).toEqual({
        head,
        items: await store.read(channel, { limit: 1 }),
        more: true,
      });
      expect(await store.state(channel, { key: 'a' })).toEqual({ head, items: [], more: false });
      expect(await store.state(channel, { from: 100 })).toEqual({ head, items: [], more: false });
      const unwritten = await channelWith('all');
      expect(await store.state(unwritten, {})).toEqual({ head: await store.head(unwritten), items: [], more: false });
    });

    test('[ST4] a repeated write id gets the first answer, also if the write differs', async () => {
      const channel = await channelWith('all');
      await store.append(channel, write([put('a', '1'), put('b', '1')], { writeId: 'w', base: 0 }), 'all');
      await store.append(channel, write([put('a', '2')]), 'all');
      const again = await store.append(channel, write([put('c', '1')], { writeId: 'w', base: 99 }), 'all');
      expect(again).toEqual({
        ok: true,
        position: { epoch: store.epoch, seq: 2 },
        changes: [],
        steps: 2,
        replayed: true,
      });
      expect(await seqOf(channel)).toBe(3);
      const other = await channelWith('all');
      expect(await store.append(other, write([put('a', '1')], { writeId: 'w' }), 'all')).toMatchObject({
        replayed: false,
      });
    });

    test('[ST4] a write that made no step is remembered too', async () => {
      const channel = await channelWith('all');
      await store.append(channel, write([remove('a')], { writeId: 'w' }), 'all');
      const again = await store.append(channel, write([put('a', '1')], { writeId: 'w' }), 'all');
      expect(again).toMatchObject({ ok: true, replayed: true, steps: 0, position: { seq: 0 } });
    });

    test('[ST5] writes given together are applied in order, and a refused one does not affect its neighbours', async () => {
      const channel = await channelWith('all');
      const answers = await Promise.all([
        store.append(channel, write([put('a', '1')], { writeId: 'one' }), 'all'),
        store.append(channel, write([put('a', '2')], { base: 0 }), 'all'),
        store.append(channel, write([put('a', '3')], { base: 1 }), 'all'),
        store.append(channel, write([put('a', '4')], { writeId: 'one' }), 'all'),
        store.append(channel, write([put('b', '1')], { base: 2 }), 'all'),
      ]);
      const positions = answers.map((answer: Appended) => [answer.ok, answer.position.seq]);
      expect(positions).toEqual([
        [true, 1],
        [false, 1],
        [true, 2],
        [true, 1],
        [true, 3],
      ]);
      expect((await store.read(channel, {})).map(({ key, value }) => [key, value])).toEqual([
        ['a', '3'],
        ['b', '1'],
      ]);
    });

    test('[ST5] of many writes on one base exactly one is accepted', async () => {
      const channel = await channelWith('all');
      for (let base = 0; base < 10; base += 1) {
        const racing = Array.from({ length: 20 }, (_, index) => write([put('a', `${base}.${index}`)], { base }));
        const answers = await Promise.all(racing.map((one) => store.append(channel, one, 'all')));
        expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
      }
      expect(await seqOf(channel)).toBe(10);
    });

    test('[ST6] since gives each item once, in the order of its last step', async () => {
      const channel = await channelWith(
        'all',
        [put('a', '1'), put('b', '1'), put('c', '1')],
        [put('a', '2'), put('d', '1'), put('d', '2'), remove('b'), put('a', '3')],
      );
      const readSince = async (seq: number) =>
        (await changesSince(channel, seq)).map((c) => [c.kind, c.key, c.value, c.seq]);
      expect(await readSince(3)).toEqual([
        ['create', 'd', '2', 6],
        ['delete', 'b', null, 7],
        ['update', 'a', '3', 8],
      ]);
      expect(await readSince(0)).toEqual([
        ['create', 'c', '1', 3],
        ['create', 'd', '2', 6],
        ['create', 'a', '3', 8],
      ]);
      expect(await readSince(8)).toEqual([]);
    });

    test('[ST6] an item that was removed and created again after seq is a create', async () => {
      const channel = await channelWith('all', [put('a', '1')], [remove('a')], [put('a', '2')], [put('a', '3')]);
      expect((await changesSince(channel, 1)).map(({ kind }) => kind)).toEqual(['create']);
      expect((await changesSince(channel, 3)).map(({ kind }) => kind)).toEqual(['update']);
    });

    test('[ST6] since stops at the limit and reports that there is more', async () => {
      const channel = await channelWith('last', [put('a', '1'), put('b', '1'), put('c', '1')]);
      const first = await store.since(channel, 0, 2);
      expect(first).toMatchObject({ ok: true, more: true, changes: [{ key: 'a' }, { key: 'b' }], head: { seq: 3 } });
      expect(await store.since(channel, 2, 1)).toMatchObject({ ok: true, more: false, changes: [{ key: 'c' }] });
      expect(await store.since(channel, 0, Number.POSITIVE_INFINITY)).toMatchObject({ ok: true, more: false });
    });

    test('[ST7] since fails with "gone" below the floor and above the head, but never from 0', async () => {
      const channel = await channelWith('all', [put('a', '1')], [put('a', '2')], [put('a', '3')]);
      await store.forget(channel, 2);
      const head = { epoch: store.epoch, seq: 3, version: -1, floor: 2 };
      expect(await store.since(channel, 1, 10)).toEqual({ ok: false, reason: 'gone', head });
      expect(await store.since(channel, 4, 10)).toEqual({ ok: false, reason: 'gone', head });
      expect(await store.since(channel, 2, 10)).toMatchObject({ ok: true, head, changes: [{ key: 'a', seq: 3 }] });
      expect(await store.since(channel, 0, 10)).toMatchObject({ ok: true, changes: [{ kind: 'create', key: 'a' }] });
      expect(await store.since(await channelWith('all'), 1, 10)).toMatchObject({ ok: false, reason: 'gone' });
    });

    test('[ST7] with a basis, the floor counts for the step at which the reader began', async () => {
      const writes = ['a', 'b', 'c', 'a'].map((key, at) => [put(key, String(at))]);
      const channel = await channelWith('all', ...writes);
      await store.forget(channel, 4);
      expect(await store.since(channel, 2, 10)).toMatchObject({ ok: false, reason: 'gone' });
      const page = await store.since(channel, 2, 10, { basis: 4 });
      expect(page).toMatchObject({ ok: true, more: false, changes: [{ key: 'c' }, { key: 'a', value: '3' }] });
      await store.append(channel, write([remove('b')]), 'all');
      await store.forget(channel, 5);
      expect(await store.since(channel, 2, 10, { basis: 4 })).toMatchObject({ ok: false, reason: 'gone' });
    });

    test('[ST10] since and history end with the change that makes the page large', async () => {
      const channel = await channelWith(
        'all',
        ['a', 'b', 'c'].map((key) => put(key, `"${key.repeat(98)}"`)),
      );
      const since = async (size: number) => {
        const found = await store.since(channel, 0, 10, { size });
        return found.ok ? [found.changes.map(({ key }) => key).join(''), found.more] : [];
      };
      expect(await since(1)).toEqual(['a', true]);
      expect(await since(101)).toEqual(['ab', true]);
      expect(await since(1_000)).toEqual(['abc', false]);
      const history = async (past: Past) => (await store.history(channel, past)).map(({ key }) => key).join('');
      expect(await history({ size: 1 })).toBe('a');
      expect(await history({ size: 101, newest: true })).toBe('cb');
      expect(await history({ size: 1_000 })).toBe('abc');
      expect(await history({ size: 1, key: 'b' })).toBe('b');
    });

    test('[ST8] a channel that keeps all has every past value, one that keeps the last has the last', async () => {
      const writes = [[put('a', '1'), put('b', '1')], [put('a', '2')], [remove('b')], [put('b', '2')]];
      const all = await channelWith('all', ...writes);
      const last = await channelWith('last', ...writes);
      const readHistory = async (channel: string, past: Past = {}) =>
        (await store.history(channel, past)).map(({ kind, key, value, seq }) => [kind, key, value, seq]);
      expect(await readHistory(all)).toEqual([
        ['create', 'a', '1', 1],
        ['create', 'b', '1', 2],
        ['update', 'a', '2', 3],
        ['delete', 'b', null, 4],
        ['create', 'b', '2', 5],
      ]);
      expect(await readHistory(last)).toEqual([
        ['update', 'a', '2', 3],
        ['create', 'b', '2', 5],
      ]);
      expect(await readHistory(all, { key: 'b' })).toEqual([
        ['create', 'b', '1', 2],
        ['delete', 'b', null, 4],
        ['create', 'b', '2', 5],
      ]);
      const seqs = async (past: Past) => (await store.history(all, past)).map(({ seq }) => seq);
      expect(await seqs({ after: 1, before: 5 })).toEqual([2, 3, 4]);
      expect(await seqs({ after: 1, before: 5, limit: 2 })).toEqual([2, 3]);
      expect(await seqs({ newest: true, limit: 2 })).toEqual([5, 4]);
      expect(await seqs({ key: 'b', newest: true, before: 5, limit: 1 })).toEqual([4]);
      expect(await seqs({ key: 'b', after: 2 })).toEqual([4, 5]);
      expect(keysOf(await store.at(last, 3))).toEqual(['a']);
    });

    test('[ST8] a write that keeps the last drops only the value it replaces', async () => {
      const channel = await channelWith('all', [put('a', '1')], [put('a', '2')]);
      await store.append(channel, write([put('a', '3')]), 'last');
      await store.append(channel, write([put('a', '4')]), 'all');
      for (const past of [{}, { key: 'a' }]) {
        expect((await store.history(channel, past)).map(({ seq }) => seq)).toEqual([1, 3, 4]);
      }
    });

    test('[ST9] at gives the state after a step, with items in the order of their last step', async () => {
      const channel = await channelWith('all', [put('a', '1')], [put('b', '1')], [put('a', '2')], [remove('b')]);
      const readAt = async (seq: number) =>
        (await store.at(channel, seq)).map(({ key, value, seq: at }) => [key, value, at]);
      expect(await readAt(0)).toEqual([]);
      expect(await readAt(2)).toEqual([
        ['a', '1', 1],
        ['b', '1', 2],
      ]);
      expect(await readAt(3)).toEqual([
        ['b', '1', 2],
        ['a', '2', 3],
      ]);
      expect(await readAt(4)).toEqual([['a', '2', 3]]);
      expect(await readAt(99)).toEqual([['a', '2', 3]]);
    });

    test('[ST9] read with at gives that state in the order of keys, in pages', async () => {
      const writes = [
        [put('b', '1')],
        [put('a', '1')],
        [put('b', '2')],
        [remove('a')],
        [put('c', '1')],
        [put('a', '3')],
      ];
      const channel = await channelWith('all', ...writes);
      const readAt = async (range: Range) =>
        (await store.read(channel, range)).map(({ key, value, seq }) => `${key}${value}@${seq}`).join(' ');
      expect(await readAt({ at: 0 })).toBe('');
      expect(await readAt({ at: 2 })).toBe('a1@2 b1@1');
      expect(await readAt({ at: 4 })).toBe('b2@3');
      expect(await readAt({ at: 6 })).toBe('a3@6 b2@3 c1@5');
      expect(await readAt({ at: 99 })).toBe('a3@6 b2@3 c1@5');
      expect(await readAt({ at: 2, limit: 1 })).toBe('a1@2');
      expect(await readAt({ at: 2, size: 1, after: { key: 'a', time: null } })).toBe('b1@1');
      expect(await readAt({ at: 2, newest: true })).toBe('b1@1 a1@2');
      expect(await readAt({ at: 3, key: 'a' })).toBe('a1@2');
      expect(await readAt({ at: 4, key: 'a' })).toBe('');
    });

    test('[ST10] read returns items in the order of keys, or the items that overlap a span in the order of time', async () => {
      const channel = await channelWith('last', [
        put('point', '1', { time: 100 }),
        put('long', '1', { time: 10, end: 1_000 }),
        put('before', '1', { time: 50, end: 100 }),
        put('twin', '1', { time: 100, end: 100 }),
        put('after', '1', { time: 200, end: 300 }),
        put('reaching', '1', { time: 60, end: 101 }),
        put('timeless', '1'),
        put('removed', '1', { time: 150 }),
        put('moved', '1', { time: 150 }),
        put('moved', '1', { time: 900 }),
        remove('removed'),
      ]);
      const read = async (range: Range) => keysOf(await store.read(channel, range));
      expect(await read({ from: 100, to: 200 })).toEqual(['long', 'reaching', 'point', 'twin']);
      expect(await read({ from: 100, to: 200, newest: true, limit: 2 })).toEqual(['twin', 'point']);
      expect(await read({ from: 101 })).toEqual(['long', 'after', 'moved']);
      expect(await read({ to: 100 })).toEqual(['long', 'before', 'reaching']);
      expect(await read({ from: 100, to: 200, key: 'twin' })).toEqual(['twin']);
      expect(await read({ from: 101, to: 200, key: 'twin' })).toEqual([]);
      expect(await read({})).toEqual(['after', 'before', 'long', 'moved', 'point', 'reaching', 'timeless', 'twin']);
      expect(await read({ newest: true, limit: 2 })).toEqual(['twin', 'timeless']);
      expect(await read({ key: 'timeless' })).toEqual(['timeless']);
      expect(await read({ key: 'removed' })).toEqual([]);
      expect(await read({ limit: 0 })).toEqual([]);
      expect(await read({ after: { key: 'point', time: null } })).toEqual(['reaching', 'timeless', 'twin']);
      expect(await read({ after: { key: 'nobody', time: null }, newest: true, limit: 2 })).toEqual(['moved', 'long']);
      const whole = await read({ from: 0 });
      for (const newest of [false, true]) {
        const paged: string[] = [];
        for (;;) {
          const last = (await store.read(channel, { key: paged.at(-1) ?? '' }))[0];
          const page = await read({ from: 0, newest, limit: 2, ...(last === undefined ? {} : { after: last }) });
          if (page.length === 0) break;
          paged.push(...page);
        }
        expect(paged).toEqual(newest ? [...whole].reverse() : whole);
      }
    });

    test('[ST10] a page ends with the item that makes it large', async () => {
      const channel = await channelWith(
        'last',
        ['a', 'b', 'c'].map((key) => put(key, `"${key.repeat(98)}"`)),
      );
      const keys = async (size: number) => keysOf(await store.read(channel, { size }));
      expect(await keys(1)).toEqual(['a']);
      expect(await keys(100)).toEqual(['a']);
      expect(await keys(101)).toEqual(['a', 'b']);
      expect(await keys(1_000)).toEqual(['a', 'b', 'c']);
    });

    test('[ST10] keys are in the order of their code points', async () => {
      const keys = ['a', 'B', 'é', 'Z', 'aa', '\u{1f600}', '\uffee', '1', '10', '2', ''];
      const channel = await channelWith(
        'last',
        keys.map((key) => put(key, '1')),
      );
      expect(keysOf(await store.read(channel, {}))).toEqual([
        '',
        '1',
        '10',
        '2',
        'B',
        'Z',
        'a',
        'aa',
        'é',
        '\uffee',
        '\u{1f600}',
      ]);
    });

    test('[ST11] forget drops tombstones and past values, and never an item', async () => {
      const channel = await channelWith(
        'all',
        [put('a', '1', { version: 4 })],
        [put('a', '2')],
        [put('b', '1')],
        [remove('b')],
        [put('c', '1')],
        [put('a', '3')],
      );
      await store.forget(channel, 5);
      expect((await store.history(channel, {})).map(({ seq }) => seq)).toEqual([2, 5, 6]);
      expect((await store.history(channel, { key: 'a' })).map(({ seq }) => seq)).toEqual([2, 6]);
      expect(await store.history(channel, { key: 'b' })).toEqual([]);
      expect((await store.at(channel, 5)).map(({ key, value }) => [key, value])).toEqual([
        ['a', '2'],
        ['c', '1'],
      ]);
      expect(await store.head(channel)).toEqual({ epoch: store.epoch, seq: 6, version: 4, floor: 5 });
      await store.forget(channel, 2);
      expect(await store.head(channel)).toMatchObject({ floor: 5 });
      await store.forget(channel, 99);
      expect(await store.head(channel)).toMatchObject({ floor: 6, seq: 6 });
      expect(keysOf(await store.read(channel, {}))).toEqual(['a', 'c']);
      expect(await store.append(channel, write([put('b', '2')]), 'all')).toMatchObject({
        position: { seq: 7 },
        changes: [{ kind: 'create' }],
      });
    });

    test('[ST12] neither a question nor a write without a step creates a channel', async () => {
      const channel = await channelWith('all', [remove('a')]);
      expect(await store.head(channel)).toEqual({ epoch: store.epoch, seq: 0, version: -1, floor: 0 });
      expect(await changesSince(channel, 0)).toEqual([]);
      expect([await store.read(channel, {}), await store.history(channel, {}), await store.at(channel, 1)]).toEqual([
        [],
        [],
        [],
      ]);
      await store.forget(channel, 5);
      expect(await store.channels(channel)).toEqual([]);
    });

    test('[ST12] channels are listed by prefix and name with seq and number of items', async () => {
      for (const channel of ['list%/b', 'list%/a', 'list_/c', 'list%', 'list\u{10ffff}']) {
        await store.append(channel, write([put('x', '1'), put('y', '1'), remove('x')]), 'last');
      }
      const info = (channel: string) => ({ channel, seq: 3, items: 1 });
      expect(await store.channels('list%/')).toEqual([info('list%/a'), info('list%/b')]);
      expect(keysOf((await store.channels('list')).map(({ channel }) => ({ key: channel })))).toEqual([
        'list%',
        'list%/a',
        'list%/b',
        'list_/c',
        'list\u{10ffff}',
      ]);
      expect((await store.channels('')).length).toBeGreaterThan(5);
    });

    test('[ST18] channels are listed in pages, each after the name at which the one before ended', async () => {
      const names = ['paged', 'paged!/x', 'paged/a', 'paged/b', 'paged/\u{10000}', 'paged/\u{ffff}', 'paged0'];
      for (const channel of names) await store.append(channel, write([put('x', '1')]), 'last');
      const read = async (prefix: string) => {
        const pages: string[][] = [];
        for (let after: string | undefined; ; after = pages.at(-1)?.at(-1)) {
          const page = await store.channels(prefix, { after, limit: 2 });
          pages.push(page.map(({ channel }) => channel));
          if (page.length < 2) return pages;
        }
      };
      expect(await read('paged/')).toEqual([['paged/a', 'paged/b'], ['paged/\u{ffff}', 'paged/\u{10000}'], []]);
      expect((await read('paged')).flat()).toEqual((await store.channels('paged')).map(({ channel }) => channel));
      expect(await store.channels('paged/', { after: 'zzz', limit: 2 })).toEqual([]);
      expect((await store.channels('paged/', { after: 'a' })).length).toBe(4);
    });

    test('[ST12] heads gives each channel that fits a name or a prefix once', async () => {
      for (const channel of ['head/a', 'head/b', 'header/c', 'other/d']) {
        await store.append(channel, write([put('x', '1'), put('y', '1'), remove('x')]), 'last');
      }
      const readHeads = async (channels: string[], prefixes: string[]) =>
        [...(await store.heads(channels, prefixes))].sort((a, b) => (a.channel < b.channel ? -1 : 1));
      const info = (channel: string) => ({ channel, seq: 3, items: 1 });
      expect(await readHeads(['other/d', 'head/a', 'nobody/x'], [])).toEqual([info('head/a'), info('other/d')]);
      expect(await readHeads(['head/a', 'head/a'], ['head/', 'head/a'])).toEqual([info('head/a'), info('head/b')]);
      expect(await readHeads([], ['head'])).toEqual([info('head/a'), info('head/b'), info('header/c')]);
      expect(await readHeads([], [])).toEqual([]);
    });

    test('[ST13] the epoch stays after opening again, and differs in another store', async () => {
      const { epoch } = store;
      await store.close();
      store = await place.open();
      expect(store.epoch).toBe(epoch);
      const elsewhere = newPlace();
      const other = await elsewhere.open();
      expect(other.epoch).not.toBe(epoch);
      await other.close();
      await elsewhere.remove();
    });

    test('[ST14] text is read as it was written', async () => {
      const odd = ['__proto__', 'constructor', `it's "so" \\ %_`, '\u{1f600} é \u2028\ufeff', ' ', '0', 'null'];
      for (const text of odd) {
        const channel = `odd/${text}`;
        const value = JSON.stringify({ [text]: text, long: 'ü'.repeat(10) });
        await store.append(channel, write([put(text, value)], { origin: text, writeId: text }), 'all');
        expect(await store.read(channel, { key: text })).toMatchObject([{ key: text, value, origin: text }]);
        expect(await store.history(channel, { key: text })).toMatchObject([{ key: text, value, origin: text }]);
        expect(await store.append(channel, write([], { writeId: text }), 'all')).toMatchObject({ replayed: true });
      }
      expect((await store.channels('odd/')).map(({ channel }) => channel).sort()).toEqual(
        odd.map((text) => `odd/${text}`).sort(),
      );
    });

    test('[ST14] values of 1 MiB and numbers up to 2^53 are read as they were written', async () => {
      const value = JSON.stringify('x\u{1f600}'.repeat(200_000));
      const time = Number.MAX_SAFE_INTEGER - 1;
      const op = put('big', value, { time, end: time + 1, version: time });
      const channel = await channelWith('all', [op], [remove('big'), op]);
      const expected = { value, time, end: time + 1, version: time, at: 1_767_600_000_000 };
      expect(await store.read(channel, { from: time })).toMatchObject([expected]);
      expect(await store.at(channel, 1)).toMatchObject([expected]);
      expect(await store.head(channel)).toMatchObject({ version: time });
    });

    test('[ST15] bytes are about what the values take, past ones included, and none for an empty channel', async () => {
      const texts = ['a', 'b'].map((letter) => JSON.stringify(letter.repeat(10_000)));
      const [one = '', other = ''] = texts;
      const all = await store.bytes(await channelWith('all', [put('k', one)], [put('k', other)], [remove('k')]));
      const last = await store.bytes(await channelWith('last', [put('k', one)], [put('k', other)]));
      expect(all).toBeGreaterThanOrEqual(20_000);
      expect(all).toBeLessThan(30_000);
      expect(last).toBeGreaterThanOrEqual(10_000);
      expect(last).toBeLessThan(15_000);
      expect(await store.bytes('nobody/nothing')).toBe(0);
    });

    test('check resolves while writes are durable', async () => {
      expect(await Promise.all([store.check(), store.check()])).toEqual([undefined, undefined]);
    });

    test('300 random channels agree with a plain model after every step', async () => {
      for (let first = 1; first <= 300; first += 20) {
        await Promise.all(Array.from({ length: 20 }, (_, index) => compareWithModel(store, first + index)));
      }
    }, 120_000);
  });
}

/** All steps of one channel. Each answer is computed from the whole list. */
class Model {
  readonly log: Change[] = [];
  readonly answers = new Map<string, { readonly seq: number; readonly steps: number }>();
  readonly keep: Keep;
  version = -1;
  floor = 0;

  constructor(keep: Keep) {
    this.keep = keep;
  }

  /** The last step of each key up to `seq`, in order. */
  latest(seq: number): Map<string, Change> {
    const latest = new Map<string, Change>();
    for (const step of this.log.slice(0, seq)) {
      latest.delete(step.key);
      latest.set(step.key, step);
    }
    return latest;
  }

  append({ ops, origin, at, base, writeId }: Write): object {
    const replayed = writeId === undefined ? undefined : this.answers.get(writeId);
    if (replayed !== undefined)
      return { ok: true, replayed: true, steps: replayed.steps, position: { seq: replayed.seq } };
    if (base !== undefined && base !== this.log.length) {
      return { ok: false, reason: 'stale', position: { seq: this.log.length } };
    }
    const changes: Change[] = [];
    for (const op of ops) {
      const last = this.latest(this.log.length).get(op.key);
      const exists = last !== undefined && last.kind !== 'delete';
      const { key, version = null } = op;
      const content =
        op.op === 'remove'
          ? { value: null, time: null, end: null }
          : { value: op.value, time: op.time ?? null, end: op.end ?? null };
      if (op.op === 'remove' ? !exists : exists && (op.op === 'add' || same(last, content))) continue;
      const kind = op.op === 'remove' ? 'delete' : exists ? 'update' : 'create';
      const step: Change = { kind, key, ...content, seq: this.log.length + 1, origin, at, version };
      this.version = Math.max(this.version, version ?? -1);
      this.log.push(step);
      changes.push(step);
    }
    const answer = { seq: this.log.length, steps: changes.length };
    if (writeId !== undefined) this.answers.set(writeId, answer);
    return { ok: true, replayed: false, steps: changes.length, changes, position: { seq: answer.seq } };
  }

  since(seq: number): readonly Change[] | 'gone' {
    if (seq > 0 && (seq < this.floor || seq > this.log.length)) return 'gone';
    const steps = [...this.latest(this.log.length).values()].filter((step) => step.seq > seq);
    return steps.flatMap((step): Change[] => {
      if (step.kind === 'delete') return seq === 0 ? [] : [step];
      const born = this.log.filter((one) => one.key === step.key && one.kind === 'create').at(-1);
      return [{ ...step, kind: (born?.seq ?? 0) > seq ? 'create' : 'update' }];
    });
  }

  history(): readonly Change[] {
    const atFloor = this.latest(this.floor);
    const now = this.latest(this.log.length);
    return this.log.filter((step) => {
      if (this.keep === 'last' && now.get(step.key) !== step) return false;
      return step.seq > this.floor || (step.kind !== 'delete' && atFloor.get(step.key) === step);
    });
  }

  at(seq: number): readonly Change[] {
    const now = this.latest(this.log.length);
    const steps = [...this.latest(seq).values()].filter((step) => step.kind !== 'delete');
    return this.keep === 'all' ? steps : steps.filter((step) => now.get(step.key) === step);
  }
}

function same(
  step: Change,
  { value, time, end }: { value: string | null; time: number | null; end: number | null },
): boolean {
  return step.value === value && step.time === time && step.end === end;
}

const asItems = (steps: readonly Change[]): Omit<Change, 'kind'>[] => steps.map(({ kind: _, ...item }) => item);

async function compareWithModel(store: Store, seed: number): Promise<void> {
  const random = seeded(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const keep: Keep = random() < 0.5 ? 'all' : 'last';
  const channel = `model/${seed}`;
  const model = new Model(keep);

  const randomOp = (): Op => {
    const key = `k${below(4)}`;
    const kind = random();
    if (kind < 0.3) return remove(key);
    const time = random() < 0.5 ? { time: below(20) } : {};
    const end = 'time' in time && random() < 0.6 ? { end: time.time + below(8) } : {};
    const version = random() < 0.3 ? { version: below(100) } : {};
    return { op: kind < 0.45 ? 'add' : 'put', key, value: String(below(2)), ...time, ...end, ...version };
  };

  for (let step = 0; step < 10; step += 1) {
    if (random() < 0.15) {
      const through = below(model.log.length + 3);
      await store.forget(channel, through);
      model.floor = Math.max(model.floor, Math.min(through, model.log.length));
    } else {
      // Several writes at once, so that a store with group commit commits them together.
      const writes = Array.from({ length: 1 + below(3) }, () =>
        write(Array.from({ length: below(4) }, randomOp), {
          origin: `o${below(3)}`,
          at: below(1_000),
          ...(random() < 0.3 ? { writeId: `w${below(5)}` } : {}),
          ...(random() < 0.4 ? { base: model.log.length - below(2) } : {}),
        }),
      );
      const answers = await Promise.all(writes.map((one) => store.append(channel, one, keep)));
      expect({ seed, answers }).toMatchObject({ seed, answers: writes.map((one) => model.append(one)) });
    }

    const head = model.log.length;
    const seq = below(head + 2);
    const then = model.floor + below(head - model.floor + 1);
    const from = below(20);
    const to = from + below(10);
    const key = `k${below(4)}`;
    const [since, all, by, inRange, history, ofKey, at, byKeyAt, headNow] = await Promise.all([
      store.since(channel, seq, 100),
      store.since(channel, 0, 100),
      store.read(channel, {}),
      store.read(channel, { from, to }),
      store.history(channel, {}),
      store.history(channel, { key, newest: true }),
      store.at(channel, then),
      store.read(channel, { at: then }),
      store.head(channel),
    ]);
    const items = asItems(model.at(head));
    const overlapping = items.filter(
      ({ time, end }) => time !== null && time < to && (time >= from || (end !== null && end > from)),
    );
    const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1);
    const actual = {
      seed,
      seq,
      then,
      from,
      to,
      since: since.ok ? since.changes : 'gone',
      all,
      by,
      inRange,
      history,
      ofKey,
      at,
      byKeyAt,
      headNow,
    };
    expectEqual(actual, {
      seed,
      seq,
      then,
      from,
      to,
      since: model.since(seq),
      all: { ok: true, head: headNow, changes: model.since(0), more: false },
      by: [...items].sort(byKey),
      inRange: [...overlapping].sort((a, b) => (a.time ?? 0) - (b.time ?? 0) || byKey(a, b)),
      history: model.history(),
      ofKey: model
        .history()
        .filter((one) => one.key === key)
        .reverse(),
      at: asItems(model.at(then)),
      byKeyAt: asItems(model.at(then)).sort(byKey),
      headNow: { epoch: store.epoch, seq: head, version: model.version, floor: model.floor },
    });
  }
}
