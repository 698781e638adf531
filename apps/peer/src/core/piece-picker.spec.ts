import { Bitfield, toChunkIndex, type PeerId } from '#protocol';
import { expect, test } from 'vitest';
import { PiecePicker } from './piece-picker.js';
import { MAX_SUGGESTION_COUNT } from './suggestion-queue.js';

const alice = 'alice' as PeerId;
const bob = 'bob' as PeerId;
const random = () => 0.5;

function held(chunkCount: number, ...chunks: number[]): Bitfield {
  const field = Bitfield.empty(chunkCount);
  for (const chunk of chunks) field.set(toChunkIndex(chunk));
  return field;
}

test('an empty file is complete and has nothing to pick', () => {
  const picker = new PiecePicker({ chunkCount: 0, order: 'rarestFirst' });
  picker.addPeer(alice, Bitfield.full(0));
  expect(picker.isComplete).toBe(true);
  expect(picker.isEndgame).toBe(false);
  expect(picker.pick({ peerId: alice, random })).toBeUndefined();
  expect(picker.isInteresting(alice)).toBe(false);
});

test('a suggestion comes first, even before a rarer chunk', () => {
  const picker = new PiecePicker({ chunkCount: 3, order: 'rarestFirst' });
  picker.addPeer(alice, held(3, 0, 1, 2));
  picker.addPeer(bob, held(3, 2));
  picker.suggest(alice, toChunkIndex(2));
  expect(picker.pick({ peerId: alice, random })).toBe(2);
});

test('suggestions are followed in their order, the newest are kept', () => {
  const chunkCount = MAX_SUGGESTION_COUNT + 10;
  const picker = new PiecePicker({ chunkCount, order: 'rarestFirst' });
  picker.addPeer(alice, Bitfield.full(chunkCount));
  for (let chunk = 0; chunk < MAX_SUGGESTION_COUNT + 2; chunk += 1) {
    picker.suggest(alice, toChunkIndex(chunk));
  }
  expect(picker.pick({ peerId: alice, random })).toBe(2);
  expect(picker.pick({ peerId: alice, random })).toBe(3);
});

test('a suggestion that cannot be followed, or lies beyond the end, is passed over', () => {
  const picker = new PiecePicker({ chunkCount: 4, order: 'sequential' });
  picker.addPeer(alice, held(4, 0, 3));
  picker.suggest(alice, toChunkIndex(4));
  picker.suggest(alice, toChunkIndex(1));
  expect(picker.pick({ peerId: alice, random })).toBe(0);
});

test('a peer that had nothing to give is asked again when it gains or a chunk is released', () => {
  const picker = new PiecePicker({ chunkCount: 3, order: 'rarestFirst' });
  picker.addPeer(alice, held(3, 0));
  expect(picker.pick({ peerId: alice, random })).toBe(0);
  expect(picker.pick({ peerId: alice, random })).toBeUndefined();
  picker.release(toChunkIndex(0));
  expect(picker.pick({ peerId: alice, random })).toBe(0);
  expect(picker.pick({ peerId: alice, random })).toBeUndefined();
  picker.peerHas(alice, toChunkIndex(2));
  expect(picker.pick({ peerId: alice, random })).toBe(2);
});

test('a sequential picker stops at its limit until the limit moves', () => {
  const picker = new PiecePicker({ chunkCount: 3, order: 'sequential' });
  picker.addPeer(alice, Bitfield.full(3));
  picker.limitTo(1);
  expect(picker.pick({ peerId: alice, random })).toBe(0);
  expect(picker.pick({ peerId: alice, random })).toBeUndefined();
  picker.limitTo(2);
  expect(picker.pick({ peerId: alice, random })).toBe(1);
});

test('complete peers that come, become and go leave the counts right', () => {
  const picker = new PiecePicker({ chunkCount: 2, order: 'rarestFirst' });
  picker.addPeer(bob, held(2, 1));
  for (let round = 0; round < 200; round += 1) {
    picker.addPeer(alice, held(2, 0));
    picker.peerHas(alice, toChunkIndex(1));
    expect([picker.copiesOf(toChunkIndex(0)), picker.copiesOf(toChunkIndex(1))]).toEqual([1, 2]);
    picker.removePeer(alice);
  }
  expect([picker.copiesOf(toChunkIndex(0)), picker.copiesOf(toChunkIndex(1))]).toEqual([0, 1]);
  expect(picker.pick({ peerId: bob, random })).toBe(1);
});

test('wrong calls fail loudly', () => {
  const picker = new PiecePicker({ chunkCount: 2, order: 'rarestFirst' });
  picker.addPeer(alice, held(2));
  expect(() => picker.peerHas(alice, toChunkIndex(2))).toThrow(RangeError);
  expect(() => picker.stateOf(toChunkIndex(2))).toThrow(RangeError);
  expect(() => picker.addPeer(bob, held(3))).toThrow(RangeError);
  expect(() => picker.limitTo(1)).toThrow('sequential');
  expect(() => picker.pick({ peerId: 'nobody' as PeerId, random })).toThrow('was not added');
});

test('neighbours that are as rare follow one another, up to a limit', () => {
  const picker = new PiecePicker({ chunkCount: 40, order: 'rarestFirst' });
  picker.addPeer(alice, Bitfield.full(40));
  const picked = Array.from({ length: 9 }, () => picker.pick({ peerId: alice, random }));
  expect(picked.slice(0, 8)).toEqual([20, 21, 22, 23, 24, 25, 26, 27]);
  expect(picked[8]).not.toBe(28);
});

test('a neighbour that is more common than the last one waits', () => {
  const picker = new PiecePicker({ chunkCount: 3, order: 'rarestFirst' });
  picker.addPeer(alice, held(3, 0, 1, 2));
  picker.addPeer(bob, held(3, 1));
  const picked = Array.from({ length: 3 }, () => picker.pick({ peerId: alice, random: () => 0 }));
  expect(picked).toEqual([0, 2, 1]);
});

test('neighbours are picked in runs, but never before a rarer chunk', () => {
  const picker = new PiecePicker({ chunkCount: 6, order: 'rarestFirst' });
  picker.addPeer(alice, Bitfield.full(6));
  const pick = () => picker.pick({ peerId: alice, random: () => 0 });
  expect([pick(), pick()]).toEqual([0, 1]);
  picker.addPeer(bob, held(6, 1, 2, 3));
  expect([4, 5]).toContain(pick());
});
