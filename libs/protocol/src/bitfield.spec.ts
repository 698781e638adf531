import { describe, expect, it } from 'vitest';
import { Bitfield } from './bitfield.js';
import { toChunkIndex } from './ids.js';

describe('Bitfield', () => {
  it('puts chunk 0 into the highest bit of the first byte', () => {
    const field = Bitfield.empty(10);
    field.set(toChunkIndex(0));
    field.set(toChunkIndex(9));
    expect(field.toBytes()).toEqual(Uint8Array.of(0x80, 0x40));
  });

  it.each([
    [0, []],
    [1, [0x80]],
    [7, [0xfe]],
    [8, [0xff]],
    [9, [0xff, 0x80]],
    [16, [0xff, 0xff]],
  ])('keeps spare bits of a full field of %i at zero', (length, bytes) => {
    const field = Bitfield.full(length);
    expect(field.toBytes()).toEqual(Uint8Array.from(bytes));
    expect(field.count).toBe(length);
    expect(field.isComplete).toBe(true);
  });

  it('takes a field of no chunks as complete', () => {
    expect(Bitfield.empty(0).isComplete).toBe(true);
    expect(Bitfield.fromBytes(0, new Uint8Array(0)).ranges()).toEqual([]);
  });

  it('says whether a bit changed', () => {
    const field = Bitfield.empty(3);
    const index = toChunkIndex(2);
    expect([field.set(index), field.set(index)]).toEqual([true, false]);
    expect([field.clear(index), field.clear(index)]).toEqual([true, false]);
    expect(field.count).toBe(0);
  });

  it.each([-1, 3, 0x8000_0000, 2 ** 32, 0.5, Number.NaN])(
    'refuses to set chunk %d of 3',
    (value) => {
      const field = Bitfield.empty(3);
      const index = toChunkIndex(value);
      expect(() => field.set(index)).toThrow(RangeError);
      expect(() => field.clear(index)).toThrow(RangeError);
      expect(field.toBytes()).toEqual(Uint8Array.of(0));
    },
  );

  it.each([-1, 3, 7, 8, 0x8000_0000, 2 ** 32])('does not have chunk %d of 3', (value) => {
    expect(Bitfield.full(3).has(toChunkIndex(value))).toBe(false);
  });

  it.each([
    ['too short', 9, [0xff]],
    ['too long', 8, [0xff, 0]],
    ['with spare bits set', 9, [0xff, 0xc0]],
    ['with the last spare bit set', 1, [0x81]],
  ])('refuses bytes that are %s', (_fault, length, bytes) => {
    expect(() => Bitfield.fromBytes(length, Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({ code: 'INVALID_BITFIELD' }),
    );
  });

  it('copies the bytes it is given and the bytes it gives', () => {
    const bytes = Uint8Array.of(0xf0);
    const field = Bitfield.fromBytes(8, bytes);
    const copy = field.clone();
    bytes.fill(0);
    field.toBytes().fill(0);
    copy.set(toChunkIndex(7));
    expect(field.ranges()).toEqual([[0, 3]]);
    expect(copy.ranges()).toEqual([
      [0, 3],
      [7, 7],
    ]);
  });
});
