import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TurnOrder } from './turn-order.js';

const anyStep = fc.record({
  type: fc.constantFrom('add', 'delete', 'moveToEnd'),
  key: fc.nat({ max: 6 }),
});

test('agrees with a naive queue', () => {
  const property = fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
    const order = new TurnOrder<number>();
    let model: number[] = [];
    for (const { type, key } of steps) {
      const isIn = model.includes(key);
      order[type](key);
      if (type === 'add' ? !isIn : isIn) model = model.filter((other) => other !== key);
      if (type === 'add' ? !isIn : isIn && type === 'moveToEnd') model.push(key);
      expect(order.toArray()).toEqual(model);
      expect(order.size).toBe(model.length);
      expect(order.first).toBe(model[0]);
    }
  });
  fc.assert(property, { numRuns: 300 });
});
