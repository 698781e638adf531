import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectPeers, type Candidate } from './peer-handout.js';

const random = () => 0.5;

function candidates(count: number, of: Partial<Candidate>, firstId = 0): Candidate[] {
  return Array.from({ length: count }, (_, index) => ({
    id: firstId + index,
    complete: false,
    dialable: true,
    ...of,
  }));
}

describe('selectPeers', () => {
  it('mixes complete and partial peers', () => {
    const all = [...candidates(50, { complete: true }), ...candidates(50, {}, 50)];
    const chosen = selectPeers(all, { limit: 10, random });
    expect(chosen.filter(({ complete }) => complete)).toHaveLength(5);
    expect(chosen).toHaveLength(10);
  });

  it('fills up with one kind where the other is rare', () => {
    const all = [...candidates(2, { complete: true }), ...candidates(50, {}, 50)];
    const chosen = selectPeers(all, { limit: 10, random });
    expect(chosen.filter(({ complete }) => complete)).toHaveLength(2);
    expect(chosen).toHaveLength(10);
  });

  it('prefers peers that can be dialled', () => {
    const all = [...candidates(9, { dialable: false }), ...candidates(3, {}, 20)];
    const chosen = selectPeers(all, { limit: 4, random });
    expect(chosen.filter(({ dialable }) => dialable)).toHaveLength(3);
  });

  it('gives every peer a chance', () => {
    const all = candidates(3, {});
    const first = [0, 0.4, 0.8].map((value) => selectPeers(all, { limit: 1, random: () => value }));
    expect(new Set(first.map(([peer]) => peer!.id)).size).toBeGreaterThan(1);
  });

  it('never repeats a peer, and gives all it can', () => {
    const candidate = fc.record({ complete: fc.boolean(), dialable: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(candidate, { maxLength: 30 }),
        fc.integer({ min: 0, max: 20 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (states, limit, dice) => {
          const all = states.map((state, id) => ({ id, ...state }));
          const chosen = selectPeers(all, { limit, random: () => dice });
          expect(new Set(chosen.map(({ id }) => id)).size).toBe(Math.min(limit, all.length));
          expect(chosen).toHaveLength(Math.min(limit, all.length));
        },
      ),
    );
  });
});
