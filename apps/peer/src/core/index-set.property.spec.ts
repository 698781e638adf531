import { Bitfield, toChunkIndex } from '#protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IndexSet } from './index-set.js';

const anyLength = fc.integer({ min: 1, max: 5_000 });
/** So that one word of the top is not enough. */
const longLength = fc.integer({ min: 32 ** 3, max: 3 * 32 ** 3 });

test('agrees with a plain set, across words, summaries and tops', () => {
  const cases = fc.oneof(anyLength, longLength).chain((length) => {
    const members = fc.array(fc.nat({ max: length - 1 }), { maxLength: 40 });
    return fc.record({
      length: fc.constant(length),
      added: members,
      deleted: members,
      other: members,
      fromIndex: fc.nat({ max: length + 40 }),
    });
  });
  const property = fc.property(cases, ({ length, added, deleted, other, fromIndex }) => {
    const set = IndexSet.empty(length);
    const model = new Set<number>();
    for (const index of added) expect(set.add(index)).toBe(!model.has(index) && !!model.add(index));
    for (const index of deleted) expect(set.delete(index)).toBe(model.delete(index));
    const otherField = Bitfield.empty(length);
    // Some of the same, so that a common one is often far away.
    const shared = added.filter((_, nth) => nth % 4 === 0);
    for (const index of [...other, ...shared]) otherField.set(toChunkIndex(index));
    const sorted = [...model].sort((a, b) => a - b);
    const common = sorted.filter((index) => otherField.has(toChunkIndex(index)));
    const otherSet = IndexSet.fromBitfield(otherField);
    expect(set.count).toBe(model.size);
    expect([...set.toBitfield().indexes()]).toEqual(sorted);
    expect(otherSet.count).toBe(otherField.count);
    expect(set.firstFrom(fromIndex)).toBe(sorted.find((index) => index >= fromIndex));
    expect(set.firstCommon(otherSet, fromIndex)).toBe(common.find((index) => index >= fromIndex));
  });
  fc.assert(property, { numRuns: 300 });
});

test('a full set has everything, nothing is beyond the end', () => {
  const set = IndexSet.full(33);
  expect([set.count, set.has(32), set.has(33)]).toEqual([33, true, false]);
  expect(set.firstFrom(33)).toBeUndefined();
  expect(() => set.add(33)).toThrow(RangeError);
  expect(IndexSet.empty(0).firstFrom(0)).toBeUndefined();
});
