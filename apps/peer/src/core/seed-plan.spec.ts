import { Bitfield, toChunkIndex, type ChunkIndex, type PeerId } from '#protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeedPlan } from './seed-plan.js';

const CHUNK_BYTES = 256 * 1024;
const peerId = (peer: number) => `peer-${peer}` as PeerId;
const random = () => 0;

function planFor(leecherCount: number, chunkCount: number): SeedPlan {
  const plan = new SeedPlan({ held: Bitfield.full(chunkCount), chunkBytes: CHUNK_BYTES });
  for (let peer = 0; peer < leecherCount; peer += 1) {
    plan.addPeer(peerId(peer), Bitfield.empty(chunkCount));
  }
  return plan;
}

interface Given {
  readonly peerId: PeerId;
  readonly chunkIndex: ChunkIndex;
}

function allNow(plan: SeedPlan, nowMs: number): Given[] {
  const all: Given[] = [];
  for (;;) {
    const given = plan.next({ nowMs, random });
    if (given === undefined) return all;
    all.push(given);
  }
}

describe('a seeder', () => {
  it('gives each of two or more leechers in turn what nobody else was given, then no more', () => {
    const cases = fc.record({
      leecherCount: fc.integer({ min: 2, max: 20 }),
      chunkCount: fc.integer({ min: 1, max: 200 }),
      stepMs: fc.integer({ min: 1, max: 200 }),
    });
    const property = fc.property(cases, ({ leecherCount, chunkCount, stepMs }) => {
      const plan = planFor(leecherCount, chunkCount);
      const seen = new Set<ChunkIndex>();
      const countOf = new Map<PeerId, number>();
      let nowMs = 0;
      while (seen.size < chunkCount) {
        const given = allNow(plan, nowMs);
        expect(given).not.toEqual([]);
        for (const each of given) {
          expect(seen.has(each.chunkIndex)).toBe(false);
          seen.add(each.chunkIndex);
          countOf.set(each.peerId, (countOf.get(each.peerId) ?? 0) + 1);
          nowMs += stepMs;
          plan.requested({ ...each, nowMs });
          plan.peerHas({ ...each, nowMs });
        }
      }
      expect(allNow(plan, nowMs)).toEqual([]);
      const counts = [...countOf.values()];
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(leecherCount);
    });
    fc.assert(property, { numRuns: 100 });
  });

  it('promises a few chunks ahead, and the next when one has arrived', () => {
    const plan = planFor(2, 100);
    const promised = allNow(plan, 0);
    expect(promised).toHaveLength(8);
    const [first] = promised;
    plan.requested({ ...first!, nowMs: 1 });
    expect(allNow(plan, 1)).toEqual([]);
    plan.peerHas({ ...first!, nowMs: 500 });
    expect(allNow(plan, 500)).toHaveLength(1);
  });

  it('promises the next when one is long on its way, however far its peer is', () => {
    const plan = planFor(2, 100);
    const given = allNow(plan, 0);
    const [first] = given;
    for (const each of given) plan.requested({ ...each, nowMs: 1 });
    plan.sent({ ...first!, nowMs: 100 });
    plan.expire(349);
    expect(allNow(plan, 349)).toEqual([]);
    plan.expire(350);
    expect(allNow(plan, 350)).toHaveLength(1);
    plan.peerHas({ ...first!, nowMs: 900 });
    expect(allNow(plan, 900)).toEqual([]);
  });

  it('keeps nobody waiting for the request of who is far away', () => {
    const plan = planFor(2, 100);
    const late = allNow(plan, 0).filter((each) => each.peerId === peerId(0));
    plan.expire(100);
    expect(allNow(plan, 100)).toEqual([]);
    plan.expire(300);
    const more = allNow(plan, 300);
    expect(more).toHaveLength(8);
    const promised = [...late, ...more].map(({ chunkIndex }) => chunkIndex);
    expect(new Set(promised).size).toBe(promised.length);
    for (const each of more) plan.requested({ ...each, nowMs: 300 });
    for (const each of late) plan.requested({ ...each, nowMs: 301 });
    plan.peerHas({ ...more[0]!, nowMs: 302 });
    expect(allNow(plan, 302)).toEqual([]);
  });

  it('helps with second copies when leechers take long to pass on the first', () => {
    const plan = planFor(2, 4);
    const given = allNow(plan, 0);
    for (const each of given) plan.requested({ ...each, nowMs: 0 });
    expect(allNow(plan, 0)).toEqual([]);
    for (const each of given) plan.peerHas({ ...each, nowMs: 1_000 });
    expect(allNow(plan, 1_999)).toEqual([]);
    const again = allNow(plan, 2_000);
    expect(new Set(again.map(({ chunkIndex }) => chunkIndex)).size).toBe(4);
  });

  it('promises more ahead to leechers that take it quickly', () => {
    const plan = planFor(2, 2_000);
    let nowMs = 0;
    let given = allNow(plan, nowMs);
    for (let round = 0; round < 10; round += 1) {
      nowMs += 10;
      for (const each of given) {
        plan.requested({ ...each, nowMs });
        plan.peerHas({ ...each, nowMs });
      }
      given = allNow(plan, nowMs);
    }
    expect(given.length).toBeGreaterThan(100);
    // 64 MiB, however fast.
    expect(given.length).toBeLessThanOrEqual(256);
  });

  it('steers everybody at once, even when some have asked for much before', () => {
    const plan = planFor(1, 100);
    for (let index = 0; index < 30; index += 1) {
      plan.requested({ peerId: peerId(0), chunkIndex: toChunkIndex(index), nowMs: 0 });
    }
    plan.addPeer(peerId(1), Bitfield.empty(100));
    const given = allNow(plan, 0);
    expect(given.map((each) => each.peerId)).toEqual([peerId(0), peerId(1)]);
    for (const { chunkIndex } of given) expect(chunkIndex).toBeGreaterThanOrEqual(30);
  });

  it('gives less to who passes on little', () => {
    const plan = planFor(3, 400);
    const countOf = new Map<PeerId, number>();
    for (let nowMs = 0; nowMs < 1_000; nowMs += 100) {
      for (const each of allNow(plan, nowMs)) {
        plan.requested({ ...each, nowMs });
        plan.peerHas({ ...each, nowMs });
        countOf.set(each.peerId, (countOf.get(each.peerId) ?? 0) + 1);
        if (each.peerId === peerId(0)) continue;
        const other = each.peerId === peerId(1) ? peerId(2) : peerId(1);
        plan.peerHas({ peerId: other, chunkIndex: each.chunkIndex, nowMs });
      }
    }
    expect(countOf.get(peerId(1))).toBeGreaterThan(10);
    expect(countOf.get(peerId(0))).toBeLessThan(countOf.get(peerId(1))! / 1.5);
  });

  it('counts a chunk once that is asked for and told of again and again', () => {
    const plan = planFor(2, 100);
    const [first] = allNow(plan, 0);
    for (let time = 0; time < 50; time += 1) {
      plan.requested({ ...first!, nowMs: 1 });
      plan.peerHas({ ...first!, nowMs: 1 });
    }
    plan.expire(10_000);
    const turns = allNow(plan, 10_000).map((each) => each.peerId);
    expect(turns.filter((id) => id === first!.peerId)).toHaveLength(turns.length / 2);
  });

  it('looks at nobody while there is nothing that nobody has, though some are late', () => {
    const leecherCount = 50;
    const plan = planFor(leecherCount, 200);
    let diceCount = 0;
    const countedRandom = () => {
      diceCount += 1;
      return 0;
    };
    const late: Given[] = [];
    let nowMs = 0;
    for (let given = plan.next({ nowMs, random }); given !== undefined;) {
      nowMs += 100;
      if (given.peerId === peerId(0)) late.push(given);
      else for (const tell of ['requested', 'peerHas'] as const) plan[tell]({ ...given, nowMs });
      given = plan.next({ nowMs, random });
    }
    expect(late.length).toBeGreaterThan(1);
    for (let index = 0; index < 200; index += 1) {
      plan.peerHas({ peerId: peerId(1), chunkIndex: toChunkIndex(index), nowMs });
      expect(plan.next({ nowMs, random: countedRandom })).toBeUndefined();
    }
    expect(diceCount).toBe(0);
  });

  it('gives a lone leecher what it lacks, though others had it', () => {
    const plan = planFor(2, 4);
    for (let index = 0; index < 4; index += 1) {
      plan.peerHas({ peerId: peerId(1), chunkIndex: toChunkIndex(index), nowMs: 0 });
    }
    expect(allNow(plan, 0)).toEqual([]);
    plan.removePeer(peerId(1));
    expect(allNow(plan, 0)).toHaveLength(4);
  });

  it('gives to others what was promised to who left, or took too long', () => {
    const plan = planFor(2, 3);
    const promised = allNow(plan, 0);
    expect(promised).toHaveLength(3);
    const ofFirst = promised.filter((each) => each.peerId === peerId(0));
    plan.requested({ ...ofFirst[0]!, nowMs: 0 });
    plan.expire(5_000);
    const again = allNow(plan, 5_000).map(({ chunkIndex }) => chunkIndex);
    expect(again).toHaveLength(2);
    expect(again).not.toContain(ofFirst[0]!.chunkIndex);
    plan.expire(20_000);
    expect(allNow(plan, 20_000)).toHaveLength(3);
    plan.removePeer(peerId(0));
    plan.addPeer(peerId(2), Bitfield.empty(3));
    expect(allNow(plan, 20_000).length).toBeGreaterThan(0);
  });
});
