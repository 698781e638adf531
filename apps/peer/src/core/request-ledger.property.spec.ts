import { toChunkIndex, type PeerId } from '#protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RequestLedger } from './request-ledger.js';

const MAX_COPIES = 2;
const PEERS = ['alice', 'bob', 'carol', 'dave'] as PeerId[];
const CHUNK_COUNT = 6;

const anyPeer = fc.constantFrom(...PEERS);
const anyChunk = fc.nat({ max: CHUNK_COUNT - 1 }).map(toChunkIndex);
const anyStep = fc.oneof(
  fc.record({
    type: fc.constantFrom('ask', 'progress', 'settle'),
    peerId: anyPeer,
    chunkIndex: anyChunk,
    bytes: fc.nat({ max: 100 }),
    waitMs: fc.nat({ max: 50 }),
  }),
  fc.record({ type: fc.constant('drop'), peerId: anyPeer, waitMs: fc.nat({ max: 50 }) }),
  fc.record({ type: fc.constant('duplicate'), peerId: anyPeer, waitMs: fc.nat({ max: 50 }) }),
);

/** Bytes left by peer and chunk. */
class Model {
  readonly left = new Map<PeerId, Map<number, number>>(PEERS.map((peer) => [peer, new Map()]));
  readonly silentSinceMs = new Map<PeerId, number>();

  askers(chunk: number): PeerId[] {
    return PEERS.filter((peer) => this.left.get(peer)!.has(chunk));
  }

  owed(peer: PeerId): number {
    return [...this.left.get(peer)!.values()].reduce((sum, bytes) => sum + bytes, 0);
  }
}

function expectSame(ledger: RequestLedger, model: Model): void {
  for (const peer of PEERS) {
    const owed = model.left.get(peer)!;
    expect(ledger.outstandingBytes(peer)).toBe(model.owed(peer));
    expect(ledger.outstandingCount(peer)).toBe(owed.size);
    expect(ledger.chunksAsked(peer).sort()).toEqual([...owed.keys()].sort());
    const silentSinceMs = owed.size === 0 ? undefined : model.silentSinceMs.get(peer);
    expect(ledger.silentSince(peer)).toBe(silentSinceMs);
  }
  for (let chunk = 0; chunk < CHUNK_COUNT; chunk += 1) {
    expect(ledger.peersAsked(toChunkIndex(chunk)).sort()).toEqual(model.askers(chunk));
  }
  const total = PEERS.reduce((sum, peer) => sum + model.owed(peer), 0);
  expect(ledger.totalOutstandingBytes).toBe(total);
}

function expectUsefulDuplicate(ledger: RequestLedger, model: Model, peer: PeerId, nowMs: number) {
  const holds = (chunk: number) => chunk % 2 === 0;
  const useful = Array.from({ length: CHUNK_COUNT }, (_, chunk) => chunk).filter((chunk) => {
    const askers = model.askers(chunk);
    return (
      holds(chunk) && askers.length > 0 && askers.length < MAX_COPIES && !askers.includes(peer)
    );
  });
  const chunk = ledger.duplicateFor({ peerId: peer, holds, nowMs });
  if (useful.length === 0) expect(chunk).toBeUndefined();
  else expect(useful).toContain(chunk);
}

test('agrees with a naive ledger', () => {
  const property = fc.property(fc.array(anyStep, { maxLength: 80 }), (steps) => {
    const ledger = new RequestLedger({ maxCopies: MAX_COPIES });
    const model = new Model();
    let nowMs = 1_000;
    for (const step of steps) {
      nowMs += step.waitMs;
      const owed = model.left.get(step.peerId)!;
      if (step.type === 'duplicate') {
        expectUsefulDuplicate(ledger, model, step.peerId, nowMs);
      } else if (step.type === 'drop') {
        const chunks = [...owed.keys()];
        owed.clear();
        const orphans = chunks.filter((chunk) => model.askers(chunk).length === 0);
        expect(ledger.dropPeer(step.peerId)).toEqual(orphans);
      } else if (step.type === 'ask') {
        owed.delete(step.chunkIndex);
        if (owed.size === 0) model.silentSinceMs.set(step.peerId, nowMs);
        owed.set(step.chunkIndex, step.bytes);
        ledger.ask({ ...step, lengthBytes: step.bytes, nowMs });
      } else if (step.type === 'progress') {
        const left = owed.get(step.chunkIndex);
        if (left !== undefined) owed.set(step.chunkIndex, Math.max(0, left - step.bytes));
        model.silentSinceMs.set(step.peerId, nowMs);
        ledger.progress({ ...step, nowMs });
      } else {
        owed.delete(step.chunkIndex);
        ledger.settle(step);
      }
      expectSame(ledger, model);
    }
  });
  fc.assert(property, { numRuns: 300 });
});
