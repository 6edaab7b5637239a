// The texts by which nodes notify one another: they carry the steps where these have room, and positions always.

import { describe, expect, test } from '@jest/globals';
import type { ChangeNotice } from '../../../server/core/relay.ts';
import type { Change } from '../../../server/core/store.ts';
import { NoticeBatch } from '../../../server/storage/relay/change-notices.ts';

const step = (seq: number, value: string): Change => ({
  kind: 'update',
  key: `k"${seq}`,
  value,
  time: null,
  end: null,
  seq,
  origin: 'd',
  at: 1_767_600_000_000,
  version: null,
});
const move = (channel: string, from: number, ...values: readonly string[]): ChangeNotice => ({
  channel,
  from,
  seq: from + values.length,
  steps: { epoch: 'e1', changes: values.map((value, at) => step(from + at + 1, value)) },
});
const batch = (node: string, longest = 7_900) => new NoticeBatch(node, longest, () => 1);
const sent = (notices: readonly ChangeNotice[], longest?: number) => {
  const writer = batch('a', longest);
  for (const notice of notices) writer.add(notice);
  return writer.take();
};
const read = (texts: readonly string[]) => texts.flatMap((text) => batch('b').read(text).notices);

describe('notices between nodes', () => {
  test('carry the steps of a move, and join moves that follow one another', () => {
    const texts = sent([move('x', 0, '"ü"', '2'), move('y', 7, '{"a":1}'), move('x', 2, '3')]);
    expect(texts).toHaveLength(1);
    expect(read(texts)).toEqual([move('x', 0, '"ü"', '2', '3'), move('y', 7, '{"a":1}')]);
  });

  test('of a move whose steps have no room carry the position', () => {
    const texts = sent([move('x', 0, JSON.stringify('ü'.repeat(4_000))), move('y', 0, '1')]);
    expect(read(texts)).toEqual([{ channel: 'x', from: 0, seq: 1 }, move('y', 0, '1')]);
  });

  test('are never longer than the limit, in bytes, and together say everything', () => {
    const moves = Array.from({ length: 300 }, (_, seq) => move('x', seq, JSON.stringify('ü"'.repeat(seq % 700))));
    const texts = sent([...moves, ...moves.map((one) => ({ ...one, channel: `y${one.from}` }))]);
    for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(7_900);
    const notices = read(texts);
    expect(Math.max(...notices.filter(({ channel }) => channel === 'x').map(({ seq }) => seq))).toBe(300);
    expect(new Set(notices.map(({ channel }) => channel)).size).toBe(301);
    for (const { from, seq, steps } of notices) {
      if (steps !== undefined)
        expect(steps.changes.map((one) => one.seq)).toEqual(
          Array.from({ length: seq - from }, (_, at) => from + at + 1),
        );
    }
  });

  test('carry positions only when there is more than should be sent at once', () => {
    const moves = Array.from({ length: 3_000 }, (_, seq) => move('x', seq, JSON.stringify('v'.repeat(200))));
    const texts = sent(moves);
    expect(texts.length).toBeLessThan(100);
    expect(Math.max(...read(texts).map(({ seq }) => seq))).toBe(3_000);
  });

  test('are read by nodes that know positions only, and nothing is read of texts that are not ours', () => {
    const [text = ''] = sent([move('x', 0, '1')]);
    expect(JSON.parse(text)).toMatchObject({ node: 'a', moved: [['x', 0, 1]] });
    expect(batch('b').read('{"node":"a","moved":[["x",0,1]]}').notices).toEqual([{ channel: 'x', from: 0, seq: 1 }]);
    for (const foreign of ['', '{', '[]', '{"node":"a"}', '{"node":"a","moved":[["x",0,1]],"steps":[[0,"e",[["x"]]]]}'])
      expect(batch('b').read(foreign)).toEqual({ notices: [], isLook: false });
    expect(batch('a').read(text).notices).toEqual([]);
  });
});
