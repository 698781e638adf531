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
