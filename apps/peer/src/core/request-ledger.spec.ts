import { toChunkIndex, type PeerId } from '#protocol';
import { expect, test } from 'vitest';
import { RequestLedger } from './request-ledger.js';

const [alice, bob, carol] = ['alice', 'bob', 'carol'] as [PeerId, PeerId, PeerId];
const [first, second, third] = [0, 1, 2].map(toChunkIndex) as [never, never, never];
const lengthBytes = 1_000_000;
const holds = () => true;

test('silence counts from the ask that ended idleness, then from the last bytes', () => {
  const ledger = new RequestLedger({ maxCopies: 2 });
  expect(ledger.silentSince(alice)).toBeUndefined();
  ledger.ask({ peerId: alice, chunkIndex: first, lengthBytes, nowMs: 10 });
  ledger.ask({ peerId: alice, chunkIndex: second, lengthBytes, nowMs: 20 });
  expect(ledger.silentSince(alice)).toBe(10);
  ledger.progress({ peerId: alice, chunkIndex: first, bytes: 1, nowMs: 30 });
  expect(ledger.silentSince(alice)).toBe(30);
  ledger.settle({ peerId: alice, chunkIndex: first });
  ledger.settle({ peerId: alice, chunkIndex: second });
  expect(ledger.silentSince(alice)).toBeUndefined();
});

test('a peer that leaves orphans only what nobody else was asked for', () => {
  const ledger = new RequestLedger({ maxCopies: 2 });
  ledger.ask({ peerId: alice, chunkIndex: first, lengthBytes, nowMs: 0 });
  ledger.ask({ peerId: alice, chunkIndex: second, lengthBytes, nowMs: 0 });
  ledger.ask({ peerId: bob, chunkIndex: first, lengthBytes, nowMs: 0 });
  expect(ledger.dropPeer(alice)).toEqual([second]);
  expect(ledger.dropPeer(alice)).toEqual([]);
  expect(ledger.peersAsked(first)).toEqual([bob]);
  expect(ledger.totalOutstandingBytes).toBe(lengthBytes);
});

test('the second copy goes to the chunk of the slower peer', () => {
  const ledger = new RequestLedger({ maxCopies: 2 });
  ledger.ask({ peerId: alice, chunkIndex: first, lengthBytes, nowMs: 0 });
  ledger.ask({ peerId: bob, chunkIndex: second, lengthBytes, nowMs: 0 });
  ledger.progress({ peerId: alice, chunkIndex: first, bytes: 10_000, nowMs: 500 });
  ledger.progress({ peerId: bob, chunkIndex: second, bytes: 500_000, nowMs: 500 });
  expect(ledger.duplicateFor({ peerId: carol, holds, nowMs: 500 })).toBe(first);
});

test('of one peer the chunk with most left, of those the last asked, is copied', () => {
  const ledger = new RequestLedger({ maxCopies: 2 });
  for (const chunkIndex of [first, second, third]) {
    ledger.ask({ peerId: alice, chunkIndex, lengthBytes, nowMs: 0 });
  }
  ledger.progress({ peerId: alice, chunkIndex: first, bytes: 10, nowMs: 100 });
  expect(ledger.duplicateFor({ peerId: carol, holds, nowMs: 200 })).toBe(third);
});

test('what is expected soon is not copied when the asker says so', () => {
  const ledger = new RequestLedger({ maxCopies: 2 });
  ledger.ask({ peerId: alice, chunkIndex: first, lengthBytes, nowMs: 0 });
  ledger.progress({ peerId: alice, chunkIndex: first, bytes: 900_000, nowMs: 900 });
  const question = { peerId: carol, holds, nowMs: 900, minWaitMs: 500 };
  expect(ledger.duplicateFor(question)).toBeUndefined();
  expect(ledger.duplicateFor({ ...question, nowMs: 1_500 })).toBe(first);
});

test('chunks that were copied already do not hide those that were not', () => {
  const ledger = new RequestLedger({ maxCopies: 2 });
  const chunks = Array.from({ length: 200 }, (_, index) => toChunkIndex(index));
  for (const chunkIndex of chunks) ledger.ask({ peerId: alice, chunkIndex, lengthBytes, nowMs: 0 });
  for (const nowMs of chunks.keys()) {
    const chunkIndex = ledger.duplicateFor({ peerId: bob, holds, nowMs })!;
    expect(ledger.isAsked({ peerId: bob, chunkIndex })).toBe(false);
    ledger.ask({ peerId: bob, chunkIndex, lengthBytes, nowMs });
  }
  expect(ledger.duplicateFor({ peerId: carol, holds, nowMs: 200 })).toBeUndefined();
});

test('how fast a peer was before it owed nothing is forgotten', () => {
  const ledger = new RequestLedger({ maxCopies: 2 });
  ledger.ask({ peerId: alice, chunkIndex: first, lengthBytes, nowMs: 0 });
  ledger.progress({ peerId: alice, chunkIndex: first, bytes: lengthBytes, nowMs: 1 });
  ledger.settle({ peerId: alice, chunkIndex: first });
  ledger.ask({ peerId: alice, chunkIndex: second, lengthBytes, nowMs: 1_000 });
  ledger.ask({ peerId: bob, chunkIndex: third, lengthBytes, nowMs: 1_000 });
  ledger.progress({ peerId: alice, chunkIndex: second, bytes: 10_000, nowMs: 1_500 });
  ledger.progress({ peerId: bob, chunkIndex: third, bytes: 200_000, nowMs: 1_500 });
  expect(ledger.duplicateFor({ peerId: carol, holds, nowMs: 1_500 })).toBe(second);
});
