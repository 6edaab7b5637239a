// Finds the bounds of objects in a stream without delimiters, for chunks cut at any byte.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Framer } from '../../../server/transport/framing.ts';

const LIMIT = 1_048_576;

/** Pushes the bytes, cut at the given places. Returns the objects and the first error. */
function framed(bytes: Uint8Array, cuts: readonly number[], limit = LIMIT) {
  const framer = new Framer(limit);
  const messages: string[] = [];
  let fault: string | null = null;
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...ends, bytes.length]) {
    const frames = framer.push(bytes.subarray(from, to));
    messages.push(...frames.messages);
    fault ??= frames.fault;
    from = to;
  }
  return { messages, fault, buffered: framer.bufferedBytes };
}

const objects = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), { maxLength: 5 });
const space = fc.stringMatching(/^[ \t\r\n]*$/);

describe('the framing of JSON without delimiters', () => {
  test('any objects are framed correctly, with or without spaces between them, split anywhere', () => {
    fc.assert(
      fc.property(objects, space, fc.array(fc.nat(), { maxLength: 20 }), (values, between, cuts) => {
        const texts = values.map((value) => JSON.stringify(value));
        const bytes = Buffer.from(between + texts.join(between) + between);
        expect(framed(bytes, cuts)).toEqual({ messages: texts, fault: null, buffered: 0 });
      }),
      { seed: 20261121, numRuns: 1_000 },
    );
  });

  test('every single cut, and every byte by itself, inside strings, escapes and characters', () => {
    const texts = ['{"a":"}{\\"\\\\","ü":"€😀"}', '[1,{"b":[]}]', '{"c":"\\\\\\""}', '{}'];
    const bytes = Buffer.from(texts.join(''));
    for (let cut = 0; cut <= bytes.length; cut += 1) expect(framed(bytes, [cut]).messages).toEqual(texts);
    expect(framed(bytes, [...bytes.keys()]).messages).toEqual(texts);
  });

  test('anything but an object ends the stream, after the objects before it', () => {
    for (const garbage of [
      'x',
      'POST / HTTP/1.1',
      '"text"',
      '1',
      '}',
      ',',
      '\0',
      '\u{feff}{}',
      '\r\n\r\n\0\r\nQUIT\n',
    ]) {
      const { messages, fault } = framed(Buffer.from(`{"a":1}${garbage}{"b":2}`), [3, 9]);
      expect([garbage, messages, fault]).toEqual([garbage, ['{"a":1}'], 'garbage']);
    }
  });

  test('mismatched brackets are a message that the codec refuses, and the stream continues', () => {
    expect(framed(Buffer.from('{"a":]{"b":2}'), []).messages).toEqual(['{"a":]', '{"b":2}']);
  });

  test('bytes that are not UTF-8 end the stream', () => {
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
      const whole = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}{}')]);
      expect(framed(whole, [7])).toMatchObject({ messages: [], fault: 'encoding' });
    }
  });

  test('an object of the maximum size is accepted, one byte more ends the stream, complete or not, and frees the memory', () => {
    const object = (length: number) => Buffer.from(`{"a":"${'x'.repeat(length - 8)}"}`);
    for (const cuts of [[], [1], [50], [99]]) {
      expect(framed(object(100), cuts, 100).messages.length).toBe(1);
      expect(framed(object(101), cuts, 100)).toMatchObject({ messages: [], fault: 'too_large' });
      expect(framed(object(200).subarray(0, 150), cuts, 100)).toMatchObject({ fault: 'too_large' });
    }
    expect(framed(object(100).subarray(0, 99), [], 100)).toMatchObject({ messages: [], fault: null, buffered: 99 });
  });

  test('a megabyte that arrives byte by byte is stored in one block', () => {
    const framer = new Framer(LIMIT);
    const bytes = Buffer.from(`{"a":"${'x'.repeat(LIMIT - 8)}"}`);
    let whole = 0;
    for (let at = 0; at < bytes.length; at += 1) whole += framer.push(bytes.subarray(at, at + 1)).messages.length;
    expect([whole, framer.bufferedBytes]).toEqual([1, 0]);
  });
});
