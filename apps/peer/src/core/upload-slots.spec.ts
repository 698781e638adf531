import type { PeerId } from '#protocol';
import { expect, test } from 'vitest';
import { UploadSlots } from './upload-slots.js';

const [a, b, c, d] = ['a', 'b', 'c', 'd'] as [PeerId, PeerId, PeerId, PeerId];
const options = { maxSlotCount: 2, optimisticMs: 30, rebalanceMs: 10 };
const random = () => 0;

function facts(nowMs: number, bytes: Record<string, number> = {}) {
  return { nowMs, random, bytesFrom: (peerId: PeerId) => bytes[peerId] ?? 0 };
}

test('free slots are given at once, in the order of interest', () => {
  const slots = new UploadSlots(options);
  for (const peer of [a, b, c]) slots.peerInterested(peer, 0);
  expect(slots.rebalance(facts(0))).toEqual({ choke: [], unchoke: [a, b] });
  expect(slots.rebalance(facts(0))).toEqual({ choke: [], unchoke: [] });
  slots.peerLeft(a);
  expect(slots.rebalance(facts(0))).toEqual({ choke: [], unchoke: [c] });
});

test('a slot that lost its interest is kept until somebody wants it', () => {
  const slots = new UploadSlots(options);
  for (const peer of [a, b]) slots.peerInterested(peer, 0);
  slots.rebalance(facts(0));
  slots.peerNotInterested(a);
  expect(slots.rebalance(facts(5))).toEqual({ choke: [], unchoke: [] });
  slots.peerInterested(c, 6);
  expect(slots.rebalance(facts(6))).toEqual({ choke: [a], unchoke: [c] });
});

test('who gives most takes all slots but the one that goes round', () => {
  const slots = new UploadSlots(options);
  for (const peer of [a, b, c, d]) slots.peerInterested(peer, 0);
  slots.rebalance(facts(0));
  const gifts = { d: 100, b: 50 };
  expect(slots.rebalance(facts(10, gifts))).toEqual({ choke: [a], unchoke: [d] });
  expect(slots.rebalance(facts(20, gifts))).toEqual({ choke: [], unchoke: [] });
  expect(slots.rebalance(facts(30, gifts))).toEqual({ choke: [b], unchoke: [c] });
  expect(slots.rebalance(facts(60, gifts))).toEqual({ choke: [c], unchoke: [a] });
});

test('a seeder lets each keep its turn, then goes round', () => {
  const slots = new UploadSlots(options);
  for (const peer of [a, b, c]) slots.peerInterested(peer, 0);
  slots.rebalance(facts(0));
  expect(slots.rebalance(facts(20)).unchoke).toEqual([]);
  expect(slots.rebalance(facts(30))).toEqual({ choke: [a], unchoke: [c] });
  expect(slots.rebalance(facts(40))).toEqual({ choke: [b], unchoke: [a] });
});
