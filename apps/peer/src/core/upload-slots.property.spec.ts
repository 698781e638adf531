import type { PeerId } from '#protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UploadSlots } from './upload-slots.js';

const REBALANCE_MS = 10;
const peerId = (peer: number) => `peer-${peer}` as PeerId;

test('whoever stays interested gets a slot within a bounded number of rebalances', () => {
  const cases = fc.record({
    maxSlotCount: fc.integer({ min: 1, max: 6 }),
    peerCount: fc.integer({ min: 1, max: 30 }),
    optimisticRounds: fc.integer({ min: 1, max: 4 }),
    gifts: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 200 }),
    isSeeder: fc.boolean(),
  });
  const property = fc.property(cases, ({ maxSlotCount, peerCount, optimisticRounds, ...rest }) => {
    const optimisticMs = optimisticRounds * REBALANCE_MS;
    const slots = new UploadSlots({ maxSlotCount, optimisticMs, rebalanceMs: REBALANCE_MS });
    for (let peer = 0; peer < peerCount; peer += 1) slots.peerInterested(peerId(peer), 0);
    const served = new Set<PeerId>();
    let giftCount = 0;
    const bytesFrom = () => {
      giftCount += 1;
      return rest.isSeeder ? 0 : rest.gifts[giftCount % rest.gifts.length]!;
    };
    const turnCount = rest.isSeeder ? maxSlotCount : 1;
    const rounds = (Math.ceil(peerCount / turnCount) + 1) * (optimisticRounds + 1);
    for (let round = 0; round <= rounds; round += 1) {
      const facts = { nowMs: round * REBALANCE_MS, random: () => 0.5, bytesFrom };
      for (const peer of slots.rebalance(facts).unchoke) served.add(peer);
      expect(slots.slotCount).toBe(Math.min(maxSlotCount, peerCount));
    }
    expect(served.size).toBe(peerCount);
  });
  fc.assert(property, { numRuns: 300 });
});

const anyStep = fc.record({
  type: fc.constantFrom('interested', 'notInterested', 'left', 'wait'),
  peer: fc.nat({ max: 8 }),
});

test('slots and the changes told agree, are never exceeded, and are never idle while wanted', () => {
  const property = fc.property(fc.array(anyStep, { maxLength: 200 }), (steps) => {
    const slots = new UploadSlots({ maxSlotCount: 3, optimisticMs: 20, rebalanceMs: 10 });
    const interested = new Set<PeerId>();
    const unchoked = new Set<PeerId>();
    let nowMs = 0;
    for (const step of steps) {
      const peer = peerId(step.peer);
      if (step.type === 'wait') nowMs += 7;
      else if (step.type === 'interested') {
        interested.add(peer);
        slots.peerInterested(peer, nowMs);
      } else {
        interested.delete(peer);
        if (step.type === 'left') {
          unchoked.delete(peer);
          slots.peerLeft(peer);
        } else slots.peerNotInterested(peer);
      }
      const changes = slots.rebalance({
        nowMs,
        random: () => 0,
        bytesFrom: (id) => Number(id.at(-1)) % 3,
      });
      for (const id of changes.choke) expect(unchoked.delete(id)).toBe(true);
      for (const id of changes.unchoke) {
        expect(unchoked.has(id)).toBe(false);
        unchoked.add(id);
      }
      expect(unchoked.size).toBeLessThanOrEqual(3);
      for (let other = 0; other <= 8; other += 1) {
        expect(slots.isUnchoked(peerId(other))).toBe(unchoked.has(peerId(other)));
      }
      const served = [...interested].filter((id) => unchoked.has(id)).length;
      expect(served).toBe(Math.min(3, interested.size));
    }
  });
  fc.assert(property, { numRuns: 300 });
});
