import { toChunkIndex, type ChunkIndex } from '#protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHUNK_BYTES, type SimulatedPeer } from './simulated-peer.js';
import { SwarmSimulator, type SwarmOptions } from './swarm-simulator.js';

const oneSeeder = { seed: 1, seederCount: 1, dialCount: 8, suggestions: 'sent' } as const;

/** What must be true of every peer between steps. */
function expectInvariants(peer: SimulatedPeer): void {
  const { picker, ledger, slots, links, options } = peer;
  let owedBytes = 0;
  for (let chunk = 0; chunk < options.chunkCount; chunk += 1) {
    const index = toChunkIndex(chunk);
    const asked = ledger.peersAsked(index);
    expect(asked.length > 0).toBe(picker.stateOf(index) === 'assigned');
    expect(asked.length).toBeLessThanOrEqual(2);
    const copies = [...links.values()].filter(({ remote }) => remote.has(index)).length;
    expect(picker.copiesOf(index)).toBe(copies);
  }
  for (const peerId of links.keys()) owedBytes += ledger.outstandingBytes(peerId);
  expect(ledger.totalOutstandingBytes).toBe(owedBytes);
  expect(slots.slotCount).toBeLessThanOrEqual(options.maxSlotCount);
  const { missingCount, heldCount, assignedCount, storedCount } = picker;
  expect(missingCount + heldCount + assignedCount + storedCount).toBe(options.chunkCount);
}

test('in any small swarm everyone finishes and nothing breaks on the way', () => {
  const swarms: fc.Arbitrary<SwarmOptions> = fc.record({
    seed: fc.integer(),
    chunkCount: fc.integer({ min: 1, max: 24 }),
    leecherCount: fc.integer({ min: 1, max: 12 }),
    seederCount: fc.integer({ min: 1, max: 3 }),
    dialCount: fc.integer({ min: 1, max: 5 }),
    suggestions: fc.constantFrom('sent' as const, 'notSent' as const),
    maxSlotCount: fc.integer({ min: 1, max: 6 }),
  });
  const property = fc.property(swarms, (options) => {
    const swarm = new SwarmSimulator(options);
    const result = swarm.run(4_000, () => {
      if (swarm.stepCount % 7 === 0) swarm.peers.forEach(expectInvariants);
    });
    swarm.peers.forEach(expectInvariants);
    expect(result.finishedCount).toBe(options.leecherCount + options.seederCount);
  });
  fc.assert(property, { numRuns: 60 });
});

test('the same seed gives the same swarm', () => {
  const run = (seed: number) => {
    const swarm = new SwarmSimulator({ ...oneSeeder, seed, chunkCount: 40, leecherCount: 20 });
    const heldHalfWay: ChunkIndex[][] = [];
    const result = swarm.run(1_000, () => {
      if (swarm.stepCount !== 30) return;
      for (const peer of swarm.peers) heldHalfWay.push([...peer.held.indexes()]);
    });
    return { heldHalfWay, result };
  };
  expect(run(7)).toEqual(run(7));
  expect(run(7)).not.toEqual(run(8));
});

test.each([
  { leecherCount: 8, chunkCount: 128, maxCopies: 1.1, maxRatio: 1.12 },
  { leecherCount: 16, chunkCount: 128, maxCopies: 1.25, maxRatio: 1.25 },
  { leecherCount: 8, chunkCount: 512, maxCopies: 1.05, maxRatio: 1.05 },
  { leecherCount: 16, chunkCount: 512, maxCopies: 1.08, maxRatio: 1.08 },
])('suggestions keep a lone seeder from repeating itself: %o', (given) => {
  const { leecherCount, chunkCount } = given;
  const options = { ...oneSeeder, leecherCount, chunkCount, dialCount: 16, maxSlotCount: 16 };
  const result = new SwarmSimulator(options).run(2_000);
  const without = new SwarmSimulator({ ...options, suggestions: 'notSent' }).run(2_000);
  expect(result.finishedCount).toBe(leecherCount + 1);
  expect(result.seederCopies).toBeLessThan(given.maxCopies);
  expect(result.stepCount / result.boundStepCount).toBeLessThan(given.maxRatio);
  expect(result.seederCopies).toBeLessThan(without.seederCopies);
  expect(result.wastedShare).toBeLessThan(0.01);
});

test('leechers that are killed half way cost the others little', () => {
  const swarm = new SwarmSimulator({ ...oneSeeder, chunkCount: 128, leecherCount: 11 });
  const result = swarm.run(1_000, () => {
    if (swarm.stepCount === 64) for (const gone of swarm.peers.slice(-3)) swarm.vanish(gone);
  });
  expect(result.finishedCount).toBe(9);
  expect(result.stepCount / result.boundStepCount).toBeLessThan(1.3);
});

test('the seeder may leave as soon as everyone together has every chunk once', () => {
  const chunkCount = 64;
  const swarm = new SwarmSimulator({ ...oneSeeder, chunkCount, leecherCount: 10 });
  const [seeder, ...leechers] = swarm.peers;
  const result = swarm.run(1_000, () => {
    const held = new Set(leechers.flatMap((peer) => [...peer.held.indexes()]));
    if (held.size === chunkCount && swarm.peers.includes(seeder!)) swarm.vanish(seeder!);
  });
  expect(swarm.peers).not.toContain(seeder);
  expect(result.finishedCount).toBe(10);
});

test('peers that send wrong bytes are banned before they cost much', () => {
  const corruptCount = 3;
  const swarm = new SwarmSimulator({
    ...oneSeeder,
    chunkCount: 64,
    leecherCount: 30,
    corruptCount,
  });
  const honest = swarm.peers.filter((peer) => peer.options.honesty === 'honest');
  const result = swarm.run(2_000);
  expect(result.finishedCount).toBe(28);
  for (const peer of honest) {
    expect(peer.wastedBytes).toBeLessThanOrEqual(corruptCount * 3 * CHUNK_BYTES);
  }
});

test('hundreds of peers finish within seconds, in few times what one needs', () => {
  const options = { ...oneSeeder, chunkCount: 48, leecherCount: 400 };
  const result = new SwarmSimulator(options).run(1_000);
  expect(result.finishedCount).toBe(401);
  expect(result.stepCount / result.boundStepCount).toBeLessThan(3.5);
  expect(result.seederCopies).toBeLessThan(3.5);
});
