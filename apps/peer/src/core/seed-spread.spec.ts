import { Bitfield, toChunkIndex, type ChunkIndex } from '#protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeedSpread } from './seed-spread.js';

const anyDice = fc.array(fc.double({ min: 0, max: 0.999999, noNaN: true }), { minLength: 1 });

function dice(values: readonly number[]): () => number {
  let nth = 0;
  return () => values[nth++ % values.length]!;
}

test('nothing is suggested twice while something was suggested to nobody', () => {
  const cases = fc.record({
    chunkCount: fc.integer({ min: 1, max: 300 }),
    peerCount: fc.integer({ min: 1, max: 8 }),
    order: fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 50 }),
    values: anyDice,
  });
  const property = fc.property(cases, ({ chunkCount, peerCount, order, values }) => {
    const spread = new SeedSpread({ held: Bitfield.full(chunkCount) });
    const peers = Array.from({ length: peerCount }, () => {
      return spread.addPeer(Bitfield.empty(chunkCount));
    });
    const random = dice(values);
    const given = new Set<ChunkIndex>();
    for (let nth = 0; nth < chunkCount; nth += 1) {
      const to = peers[order[nth % order.length]! % peerCount]!;
      const chunkIndex = spread.next(to, random)!;
      spread.given(to, chunkIndex);
      given.add(chunkIndex);
    }
    expect(given.size).toBe(chunkCount);
  });
  fc.assert(property, { numRuns: 100 });
});

test('what a peer has already is not suggested to it, what others have comes later', () => {
  const spread = new SeedSpread({ held: Bitfield.full(3) });
  const peer = spread.addPeer(Bitfield.empty(3));
  spread.peerHas(peer, toChunkIndex(0));
  spread.peerHas(spread.addPeer(Bitfield.empty(3)), toChunkIndex(1));
  const random = () => 0;
  const suggested = [0, 1, 2].map(() => {
    const chunkIndex = spread.next(peer, random);
    if (chunkIndex !== undefined) spread.given(peer, chunkIndex);
    return chunkIndex;
  });
  expect(suggested).toEqual([2, 1, undefined]);
});

test('what a peer took with it, or was not sent after all, comes first again', () => {
  const spread = new SeedSpread({ held: Bitfield.full(2) });
  const random = () => 0;
  const [leaving, choked, other] = [0, 1, 2].map(() => spread.addPeer(Bitfield.empty(2)));
  spread.given(leaving!, toChunkIndex(0));
  spread.given(choked!, toChunkIndex(1));
  spread.removePeer(leaving!);
  expect(spread.next(other!, random)).toBe(0);
  spread.given(other!, toChunkIndex(0));
  spread.withdrawn(choked!, toChunkIndex(1));
  expect(spread.copiesOf(toChunkIndex(1))).toBe(0);
  expect(spread.next(other!, random)).toBe(1);
});

test('only what we have is suggested', () => {
  const held = Bitfield.empty(4);
  held.set(toChunkIndex(2));
  const spread = new SeedSpread({ held });
  const peer = spread.addPeer(Bitfield.empty(4));
  const random = () => 0;
  expect(spread.next(peer, random)).toBe(2);
  spread.given(peer, toChunkIndex(2));
  expect(spread.next(peer, random)).toBeUndefined();
  spread.stored(toChunkIndex(3));
  expect(spread.next(peer, random)).toBe(3);
});

test('complete peers need nothing', () => {
  const spread = new SeedSpread({ held: Bitfield.full(2) });
  const peer = spread.addPeer(Bitfield.full(2));
  expect(spread.next(peer, () => 0)).toBeUndefined();
});
