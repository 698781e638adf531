import { toChunkIndex, type ChunkIndex } from '#protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChunkOrder } from './chunk-order.js';

const CHUNK_COUNT = 12;

const anyStep = fc.record({
  // More up than down, so that there are more ranks than there is room for at first.
  type: fc.constantFrom('raise', 'raise', 'lower', 'open', 'close', 'lowerAll'),
  chunkIndex: fc.nat({ max: CHUNK_COUNT - 1 }).map(toChunkIndex),
});

interface ChunkModel {
  rank: number;
  isOpen: boolean;
}

function apply(type: string, chunkIndex: ChunkIndex, order: ChunkOrder, model: ChunkModel[]): void {
  const chunk = model[chunkIndex]!;
  if (type === 'raise') {
    order.raise(chunkIndex);
    chunk.rank += 1;
  } else if (type === 'lower') {
    if (chunk.rank === 0) expect(() => order.lower(chunkIndex)).toThrow(RangeError);
    else order.lower(chunkIndex);
    chunk.rank = Math.max(0, chunk.rank - 1);
  } else if (type === 'lowerAll') {
    const lowest = Math.min(...model.map(({ rank }) => rank));
    order.lowerAll(lowest);
    for (const other of model) other.rank -= lowest;
  } else {
    const isOpen = type === 'open';
    expect(isOpen ? order.open(chunkIndex) : order.close(chunkIndex)).toBe(chunk.isOpen !== isOpen);
    chunk.isOpen = isOpen;
  }
}

function expectSame(order: ChunkOrder, model: readonly ChunkModel[]): void {
  model.forEach(({ rank, isOpen }, chunk) => {
    const chunkIndex = toChunkIndex(chunk);
    expect([order.rankOf(chunkIndex), order.isOpen(chunkIndex)]).toEqual([rank, isOpen]);
  });
  const openRanks = new Set(model.flatMap(({ rank, isOpen }) => (isOpen ? [rank] : [])));
  const found = new Set<number>();
  for (let rank = order.firstOpenRank(0); rank !== undefined;) {
    found.add(rank);
    const chunks = Array.from({ length: order.openCountAt(rank) }, (_, nth) =>
      order.openAt(rank!, nth),
    );
    const expected = model.flatMap((chunk, nth) =>
      chunk.rank === rank && chunk.isOpen ? [nth] : [],
    );
    expect(chunks.sort((a, b) => a - b)).toEqual(expected);
    rank = order.firstOpenRank(rank + 1);
  }
  expect(found).toEqual(openRanks);
}

test('agrees with a list of ranks', () => {
  const cases = fc.record({
    open: fc.constantFrom('all' as const, 'none' as const),
    steps: fc.array(anyStep, { maxLength: 120 }),
  });
  const property = fc.property(cases, ({ open, steps }) => {
    const order = new ChunkOrder({ chunkCount: CHUNK_COUNT, open });
    const model = Array.from({ length: CHUNK_COUNT }, () => ({ rank: 0, isOpen: open === 'all' }));
    for (const { type, chunkIndex } of steps) {
      apply(type, chunkIndex, order, model);
      expectSame(order, model);
    }
  });
  fc.assert(property, { numRuns: 200 });
});
