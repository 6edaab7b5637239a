import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { VarintReader, VarintWriter } from '../../../server/core/varint.ts';

const signed = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });

describe('varint', () => {
  test('a reader gives back the numbers and texts of a writer, in their order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.maxSafeNat(), fc.record({ signed }), fc.string({ unit: 'binary', maxLength: 3_000 }))),
        (values) => {
          const writer = new VarintWriter();
          for (const value of values) {
            if (typeof value === 'number') writer.write(value);
            else if (typeof value === 'string') writer.writeText(value);
            else writer.writeSigned(value.signed);
          }
          const reader = new VarintReader(writer.bytes());
          const read = values.map((value) => {
            if (typeof value === 'number') return reader.read();
            return typeof value === 'string' ? reader.readText() : { signed: reader.readSigned() };
          });
          expect(read).toEqual(values.map((value) => (typeof value === 'object' ? { signed: value.signed } : value)));
          expect(reader.isDone).toBe(true);
        },
      ),
    );
  });

  test('the bytes are LEB128: seven bits a byte, the lowest first', () => {
    const writer = new VarintWriter();
    for (const number of [0, 127, 128, 300, 2 ** 53 - 1]) writer.write(number);
    const greatest = [255, 255, 255, 255, 255, 255, 255, 15];
    expect([...writer.bytes()]).toEqual([0, 127, 128, 1, 172, 2, ...greatest]);
  });

  test('signed integers are zigzag encoded', () => {
    const writer = new VarintWriter();
    for (const number of [0, -1, 1, -2, 64]) writer.writeSigned(number);
    expect([...writer.bytes()]).toEqual([0, 1, 2, 3, 128, 1]);
  });

  test('a reader throws where the data ends in the middle of a number or a text', () => {
    const writer = new VarintWriter();
    writer.writeText('hour');
    expect(() => new VarintReader(writer.bytes().subarray(0, 3)).readText()).toThrow(RangeError);
    expect(() => new VarintReader(Uint8Array.of(0x80)).read()).toThrow(RangeError);
    expect(() => new VarintReader(new Uint8Array()).read()).toThrow(RangeError);
  });

  test('a reader of a part of a buffer reads that part only', () => {
    const bytes = Uint8Array.of(9, 9, 5, 128);
    const reader = new VarintReader(bytes.subarray(2, 3));
    expect([reader.read(), reader.isDone]).toEqual([5, true]);
  });
});
