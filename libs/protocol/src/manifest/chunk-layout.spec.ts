import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toChunkIndex } from '../ids.js';
import {
  MAX_CHUNK_BYTES,
  MAX_CHUNK_COUNT,
  MAX_FILE_BYTES,
  MIN_CHUNK_BYTES,
  TARGET_CHUNK_COUNT,
} from '../limits.js';
import { ChunkLayout } from './chunk-layout.js';

const kib = 1024;
const mib = 1024 * kib;
const gib = 1024 * mib;
const tib = 1024 * gib;

describe('ChunkLayout', () => {
  it.each([
    [0, 256 * kib, 0],
    [1, 256 * kib, 1],
    [256 * kib - 1, 256 * kib, 1],
    [256 * kib, 256 * kib, 1],
    [256 * kib + 1, 256 * kib, 2],
    [2 * gib, 256 * kib, 8_192],
    [2 * gib + 1, 512 * kib, 4_097],
    [4 * gib, 512 * kib, 8_192],
    [4 * gib + 1, mib, 4_097],
    [8 * gib, mib, 8_192],
    [8 * gib + 1, 2 * mib, 4_097],
    [16 * gib, 2 * mib, 8_192],
    [16 * gib + 1, 4 * mib, 4_097],
    [32 * gib, 4 * mib, 8_192],
    [32 * gib + 1, 8 * mib, 4_097],
    [64 * gib, 8 * mib, 8_192],
    [64 * gib + 1, 8 * mib, 8_193],
    [100 * gib, 8 * mib, 12_800],
    [8 * tib - 1, 8 * mib, 1_048_576],
    [8 * tib, 8 * mib, 1_048_576],
  ])('cuts %i bytes into chunks of %i: %i of them', (sizeBytes, chunkBytes, chunkCount) => {
    expect(ChunkLayout.forSize(sizeBytes)).toMatchObject({ sizeBytes, chunkBytes, chunkCount });
  });

  it('refuses a file that is too large, and a length that is none', () => {
    expect(MAX_FILE_BYTES).toBe(8 * tib);
    expect(() => ChunkLayout.forSize(8 * tib + 1)).toThrow(
      expect.objectContaining({ code: 'FILE_TOO_LARGE' }),
    );
    for (const sizeBytes of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
      expect(() => ChunkLayout.forSize(sizeBytes)).toThrow(
        expect.objectContaining({ code: 'INVALID_MANIFEST' }),
      );
    }
  });

  const sizes = fc.oneof(
    fc.integer({ min: 0, max: MAX_FILE_BYTES }),
    fc.integer({ min: 0, max: 300 * mib }),
    fc
      .tuple(fc.integer({ min: 0, max: MAX_CHUNK_COUNT }), fc.integer({ min: -1, max: 1 }))
      .map(([count, shift]) => Math.max(0, Math.min(MAX_FILE_BYTES, count * 8 * mib + shift))),
  );

  it('takes the smallest power of two that is enough', () => {
    fc.assert(
      fc.property(sizes, (sizeBytes) => {
        const { chunkBytes, chunkCount } = ChunkLayout.forSize(sizeBytes);
        expect(Number.isInteger(Math.log2(chunkBytes))).toBe(true);
        expect(chunkBytes).toBeGreaterThanOrEqual(MIN_CHUNK_BYTES);
        expect(chunkBytes).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
        expect(chunkCount).toBeLessThanOrEqual(MAX_CHUNK_COUNT);
        const isEnough = (bytes: number) => sizeBytes <= bytes * TARGET_CHUNK_COUNT;
        expect(isEnough(chunkBytes) || chunkBytes === MAX_CHUNK_BYTES).toBe(true);
        expect(chunkBytes === MIN_CHUNK_BYTES || !isEnough(chunkBytes / 2)).toBe(true);
      }),
    );
  });

  it('covers the file exactly: no gap, no overlap, no empty chunk', () => {
    fc.assert(
      fc.property(sizes, (sizeBytes) => {
        const layout = ChunkLayout.forSize(sizeBytes);
        const last = layout.chunkCount - 1;
        // Every chunk of a small file; of a large one the first and the last few.
        const near = [...Array(200).keys()];
        const indexes = new Set([...near, ...near.map((back) => last - back)]);
        for (const value of indexes) {
          if (value < 0 || value > last) continue;
          const index = toChunkIndex(value);
          const endBytes = layout.offsetBytes(index) + layout.lengthBytes(index);
          expect(layout.lengthBytes(index)).toBeGreaterThan(0);
          expect(endBytes).toBe(
            value === last ? sizeBytes : layout.offsetBytes(toChunkIndex(value + 1)),
          );
        }
        expect(layout.offsetBytes(toChunkIndex(0))).toBe(0);
      }),
    );
  });

  it('has no chunk beyond the file', () => {
    fc.assert(
      fc.property(sizes, (sizeBytes) => {
        const layout = ChunkLayout.forSize(sizeBytes);
        for (const value of [-1, layout.chunkCount, layout.chunkCount + 1, Number.NaN]) {
          expect(() => layout.lengthBytes(toChunkIndex(value))).toThrow(
            expect.objectContaining({ code: 'OUT_OF_RANGE' }),
          );
        }
      }),
    );
  });
});
