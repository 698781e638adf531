import { Bitfield, toChunkIndex, type ChunkIndex, type PeerId } from '#protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeedSpread } from './seed-spread.js';

const peerId = (peer: number) => `peer-${peer}` as PeerId;
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
    for (let peer = 0; peer < peerCount; peer += 1) {
      spread.addPeer(peerId(peer), Bitfield.empty(chunkCount));
    }
    const random = dice(values);
    const given = new Set<ChunkIndex>();
    for (let nth = 0; nth < chunkCount; nth += 1) {
      const to = peerId(order[nth % order.length]! % peerCount);
      const chunkIndex = spread.next({ peerId: to, random })!;
      spread.given({ peerId: to, chunkIndex });
      given.add(chunkIndex);
    }
    expect(given.size).toBe(chunkCount);
  });
  fc.assert(property, { numRuns: 100 });
});

test('what a peer has already is not suggested to it, what others have comes later', () => {
  const spread = new SeedSpread({ held: Bitfield.full(3) });
  spread.addPeer(peerId(0), Bitfield.empty(3));
  spread.addPeer(peerId(1), Bitfield.empty(3));
  spread.peerHas(peerId(0), toChunkIndex(0));
  spread.peerHas(peerId(1), toChunkIndex(1));
  const random = () => 0;
  const suggested = [0, 1, 2].map(() => {
    const chunkIndex = spread.next({ peerId: peerId(0), random });
    if (chunkIndex !== undefined) spread.given({ peerId: peerId(0), chunkIndex });
    return chunkIndex;
  });
  expect(suggested).toEqual([2, 1, undefined]);
});

test('what a peer took with it, or was not sent after all, comes first again', () => {
  const spread = new SeedSpread({ held: Bitfield.full(2) });
  const random = () => 0;
  for (const peer of [0, 1, 2]) spread.addPeer(peerId(peer), Bitfield.empty(2));
  spread.given({ peerId: peerId(0), chunkIndex: toChunkIndex(0) });
  spread.given({ peerId: peerId(1), chunkIndex: toChunkIndex(1) });
  spread.removePeer(peerId(0));
  expect(spread.next({ peerId: peerId(2), random })).toBe(0);
  spread.given({ peerId: peerId(2), chunkIndex: toChunkIndex(0) });
  spread.withdrawn({ peerId: peerId(1), chunkIndex: toChunkIndex(1) });
  expect(spread.copiesOf(toChunkIndex(1))).toBe(0);
  expect(spread.next({ peerId: peerId(2), random })).toBe(1);
});

test('only what we have is suggested', () => {
  const held = Bitfield.empty(4);
  held.set(toChunkIndex(2));
  const spread = new SeedSpread({ held });
  spread.addPeer(peerId(0), Bitfield.empty(4));
  const random = () => 0;
  expect(spread.next({ peerId: peerId(0), random })).toBe(2);
  spread.given({ peerId: peerId(0), chunkIndex: toChunkIndex(2) });
  expect(spread.next({ peerId: peerId(0), random })).toBeUndefined();
  spread.stored(toChunkIndex(3));
  expect(spread.next({ peerId: peerId(0), random })).toBe(3);
});

test('complete and unknown peers need nothing', () => {
  const spread = new SeedSpread({ held: Bitfield.full(2) });
  spread.addPeer(peerId(0), Bitfield.full(2));
  expect(spread.next({ peerId: peerId(0), random: () => 0 })).toBeUndefined();
  expect(spread.next({ peerId: peerId(1), random: () => 0 })).toBeUndefined();
});
