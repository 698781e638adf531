import type { PeerId } from '#protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PeerTable } from './peer-table.js';

const anyStep = fc.record({
  type: fc.constantFrom('set', 'delete'),
  // Names that every object with a prototype has are nobody's, either.
  peerId: fc.constantFrom(...(['alice', 'bob', '__proto__', 'constructor', '0'] as PeerId[])),
  value: fc.nat(),
});

test('agrees with a Map', () => {
  const property = fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
    const table = new PeerTable<number>();
    const model = new Map<PeerId, number>();
    for (const { type, peerId, value } of steps) {
      expect(table.get(peerId)).toBe(model.get(peerId));
      if (type === 'set') {
        table.set(peerId, value);
        model.set(peerId, value);
      } else {
        table.delete(peerId);
        model.delete(peerId);
      }
      expect(table.get(peerId)).toBe(model.get(peerId));
      expect(table.size).toBe(model.size);
    }
  });
  fc.assert(property, { numRuns: 200 });
});
