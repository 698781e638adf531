import { Bitfield, type ChunkIndex, type PeerId } from '#protocol';
import { SeedPlan } from '../../apps/peer/src/core/seed-plan.js';
import { UploadSlots } from '../../apps/peer/src/core/upload-slots.js';
import { peerIds, type CoreSubject } from './core-subject.js';
import { LackedChunks } from './lacked-chunks.js';

const CHUNK_BYTES = 256 * 1024;
/** A seeder that sends 128 MiB a second. */
const CHUNK_MS = 2;
const MESSAGE_COUNT = 20_000;
const MAX_SLOT_COUNT = 32;
const REBALANCE_MS = 10_000;

/** Told what happens in a swarm, it suggests until the plan says that it is enough. */
class Seeding {
  readonly plan: SeedPlan;
  readonly given: { peerId: PeerId; chunkIndex: ChunkIndex }[] = [];
  private nowMs = 0;

  constructor(
    chunkCount: number,
    readonly peers: readonly PeerId[],
  ) {
    this.plan = new SeedPlan({ held: Bitfield.full(chunkCount), chunkBytes: CHUNK_BYTES });
    for (const peerId of peers) this.plan.addPeer(peerId, Bitfield.empty(chunkCount));
  }

  /** The nth suggestion was followed and came to its end, and then to another leecher: three messages. */
  finish(nth: number): void {
    const { peerId, chunkIndex } = this.given[nth]!;
    this.nowMs += CHUNK_MS;
    this.plan.requested({ peerId, chunkIndex, nowMs: this.nowMs });
    this.has(peerId, chunkIndex);
    this.has(this.otherThan(peerId, nth), chunkIndex);
  }

  /** Whom the nth suggestion is passed on to. */
  otherThan(peerId: PeerId, nth: number): PeerId {
    const next = this.peers[(nth + 1) % this.peers.length]!;
    return next === peerId ? this.peers[nth % this.peers.length]! : next;
  }

  has(peerId: PeerId, chunkIndex: ChunkIndex): void {
    this.plan.peerHas({ peerId, chunkIndex, nowMs: this.nowMs });
    this.suggest();
  }

  suggest(): void {
    for (;;) {
      const given = this.plan.next({ nowMs: this.nowMs, random: Math.random });
      if (given === undefined) return;
      this.given.push(given);
    }
  }
}

const giving: CoreSubject = {
  title: 'seed plan: give a chunk, hear of it',
  uses: 'all',
  prepare({ chunkCount, connectionCount }) {
    const seeding = new Seeding(chunkCount, peerIds(connectionCount));
    return () => {
      seeding.suggest();
      let nth = 0;
      for (; nth < seeding.given.length; nth += 1) seeding.finish(nth);
      return nth;
    };
  },
};

/** Everything was given to somebody, one of them is late, and all tell what they get from others. */
const watching: CoreSubject = {
  title: 'seed plan: have, after all was given',
  uses: 'some',
  prepare({ chunkCount, connectionCount, ...used }) {
    const seeding = new Seeding(chunkCount, peerIds(connectionCount));
    const { peers } = seeding;
    const late = peers.at(-1)!;
    const heldBy = new Map(peers.map((peerId) => [peerId, Bitfield.empty(chunkCount)]));
    heldBy.set(late, Bitfield.full(chunkCount));
    seeding.suggest();
    for (let nth = 0; nth < seeding.given.length; nth += 1) {
      const { peerId, chunkIndex } = seeding.given[nth]!;
      if (peerId === late) continue;
      seeding.finish(nth);
      heldBy.get(peerId)!.set(chunkIndex);
      heldBy.get(seeding.otherThan(peerId, nth))!.set(chunkIndex);
    }
    const tellers = [...heldBy.values()].slice(0, used.usedConnectionCount);
    const lacked = new LackedChunks(tellers, { ...used, maxCount: MESSAGE_COUNT });
    return () => {
      for (let message = 0; message < lacked.count; message += 1) {
        seeding.has(peers[lacked.connectionAt(message)]!, lacked.chunkAt(message));
      }
      return lacked.count;
    };
  },
};

function contendedSlots(connectionCount: number): UploadSlots {
  const slots = new UploadSlots({
    maxSlotCount: Math.min(MAX_SLOT_COUNT, connectionCount / 2),
    optimisticMs: 3 * REBALANCE_MS,
    rebalanceMs: REBALANCE_MS,
  });
  for (const peerId of peerIds(connectionCount)) slots.peerInterested(peerId, 0);
  return slots;
}

const wanting: CoreSubject = {
  title: 'upload slots: interest comes, goes',
  uses: 'all',
  prepare({ connectionCount }) {
    const slots = contendedSlots(connectionCount);
    const peers = peerIds(connectionCount);
    const facts = { nowMs: 0, random: Math.random, bytesFrom: () => 1 };
    slots.rebalance(facts);
    return () => {
      for (let message = 0; message < MESSAGE_COUNT; message += 2) {
        const peerId = peers[(message / 2) % peers.length]!;
        slots.peerNotInterested(peerId);
        slots.rebalance(facts);
        slots.peerInterested(peerId, facts.nowMs);
        slots.rebalance(facts);
      }
      return MESSAGE_COUNT;
    };
  },
};

/** Every ten seconds everybody is looked at. */
const rebalancing: CoreSubject = {
  title: 'upload slots: rebalance, each connection',
  uses: 'all',
  prepare({ connectionCount }) {
    const slots = contendedSlots(connectionCount);
    const roundCount = MESSAGE_COUNT / connectionCount;
    const bytesFrom = (peerId: PeerId) => peerId.charCodeAt(5);
    return () => {
      for (let round = 1; round <= roundCount; round += 1) {
        slots.rebalance({ nowMs: round * REBALANCE_MS, random: Math.random, bytesFrom });
      }
      return roundCount * connectionCount;
    };
  },
};

export const SEEDING_SUBJECTS = [giving, watching, wanting, rebalancing];
