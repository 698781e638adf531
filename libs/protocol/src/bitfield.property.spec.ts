import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Bitfield } from './bitfield.js';
import { toChunkIndex } from './ids.js';

const steps = fc.integer({ min: 1, max: 200 }).chain((length) =>
  fc.record({
    length: fc.constant(length),
    steps: fc.array(
      fc.record({
        change: fc.constantFrom('set' as const, 'clear' as const),
        index: fc.integer({ min: 0, max: length - 1 }).map(toChunkIndex),
      }),
      { maxLength: 300 },
    ),
  }),
);

it('behaves like a set of indexes', () => {
  fc.assert(
    fc.property(steps, ({ length, steps }) => {
      const field = Bitfield.empty(length);
      const model = new Set<number>();
      for (const { change, index } of steps) {
        const wasHeld = model.has(index);
        if (change === 'set') {
          expect(field.set(index)).toBe(!wasHeld);
          model.add(index);
        } else {
          expect(field.clear(index)).toBe(wasHeld);
          model.delete(index);
        }
      }
      const held = [...model].sort((a, b) => a - b);
      expect([...field.indexes()]).toEqual(held);
      expect(field.count).toBe(held.length);
      expect(field.isComplete).toBe(held.length === length);
    }),
  );
});

it('survives the way over the wire, count included', () => {
  fc.assert(
    fc.property(steps, ({ length, steps }) => {
      const field = Bitfield.empty(length);
      for (const { index } of steps) field.set(index);
      const read = Bitfield.fromBytes(length, field.toBytes());
      expect(read).toEqual(field);
      expect(read.count).toBe(field.count);
    }),
  );
});

it('gives ranges that are apart, in order, and cover the set', () => {
  fc.assert(
    fc.property(steps, ({ length, steps }) => {
      const field = Bitfield.empty(length);
      for (const { index } of steps) field.set(index);
      const covered: number[] = [];
      let before = -2;
      for (const [first, last] of field.ranges()) {
        expect(first).toBeGreaterThan(before + 1);
        expect(last).toBeGreaterThanOrEqual(first);
        for (let index = first; index <= last; index += 1) covered.push(index);
        before = last;
      }
      expect(covered).toEqual([...field.indexes()]);
    }),
  );
});

it('sets a range as if each of its chunks were set', () => {
  const ends = fc.array(fc.tuple(fc.nat(199), fc.nat(199)), { maxLength: 6 });
  fc.assert(
    fc.property(ends, (ends) => {
      const byRange = Bitfield.empty(200);
      const byChunk = Bitfield.empty(200);
      for (const [one, other] of ends) {
        const [first, last] = one < other ? [one, other] : [other, one];
        byRange.setRange([first, last]);
        for (let index = first; index <= last; index += 1) byChunk.set(toChunkIndex(index));
      }
      expect(byRange).toEqual(byChunk);
    }),
  );
});

it('refuses a range that leaves the field, and sets nothing of it', () => {
  const field = Bitfield.empty(20);
  for (const range of [
    [-1, 3],
    [3, 20],
    [20, 21],
    [0, Number.NaN],
  ] as const) {
    expect(() => field.setRange(range)).toThrow(RangeError);
  }
  expect(field).toEqual(Bitfield.empty(20));
});
