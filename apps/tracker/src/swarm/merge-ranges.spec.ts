import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeRanges, type ChunkRange } from './merge-ranges.js';

const CHUNK_COUNT = 40;

const chunksOf = (ranges: readonly ChunkRange[]) => {
  const chunks = new Set<number>();
  for (const [first, last] of ranges) {
    for (let index = first; index <= last; index += 1) chunks.add(index);
  }
  return chunks;
};

describe('mergeRanges', () => {
  it.each<[ChunkRange[], ChunkRange[]]>([
    [[], []],
    [[[3, 3]], [[3, 3]]],
    [
      [
        [5, 9],
        [0, 4],
      ],
      [[0, 9]],
    ],
    [
      [
        [0, 9],
        [2, 3],
        [11, 12],
      ],
      [
        [0, 9],
        [11, 12],
      ],
    ],
  ])('merges %j into %j', (ranges, merged) => {
    expect(mergeRanges(ranges, CHUNK_COUNT)).toEqual(merged);
  });

  it.each<ChunkRange>([
    [2, 1],
    [0, CHUNK_COUNT],
  ])('refuses [%i, %i]', (first, last) => {
    expect(() => mergeRanges([[first, last]], CHUNK_COUNT)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });

  it('keeps the same chunks, in ascending ranges with a gap between them', () => {
    const index = fc.integer({ min: 0, max: CHUNK_COUNT - 1 });
    const range = fc
      .tuple(index, index)
      .map(([a, b]): ChunkRange => [Math.min(a, b), Math.max(a, b)]);
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), (ranges) => {
        const merged = mergeRanges(ranges, CHUNK_COUNT);
        expect(chunksOf(merged)).toEqual(chunksOf(ranges));
        for (const [position, [first]] of merged.entries()) {
          if (position > 0) expect(first).toBeGreaterThan(merged[position - 1]![1] + 1);
        }
      }),
    );
  });
});
