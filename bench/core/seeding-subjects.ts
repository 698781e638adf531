import { Bitfield, type ChunkIndex, type PeerId } from '#protocol';
import { SeedPlan } from '../../apps/peer/src/core/seed-plan.js';
import { UploadSlots } from '../../apps/peer/src/core/upload-slots.js';
import { peerIds, scattered, type CoreSubject } from './core-subject.js';

const CHUNK_BYTES = 256 * 1024;
/** A seeder that sends 128 MiB a second. */
const CHUNK_MS = 2;
/** Leechers that fetch each chunk from the one that it was given to, while the seeder is at it. */
const MAX_PASSED_COUNT = 3;
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
    this.suggest();
  }

  /** The nth suggestion was followed and came to its end, and then to others: 1 + 1 + 3 messages. */
  finish(nth: number): void {
    const { peerId, chunkIndex } = this.given[nth]!;
    this.nowMs += CHUNK_MS;
    this.plan.requested({ peerId, chunkIndex, nowMs: this.nowMs });
    this.has(peerId, chunkIndex);
    const passedCount = Math.min(MAX_PASSED_COUNT, this.peers.length - 1);
    for (let step = 1; step <= passedCount; step += 1) {
      this.has(this.peers[(nth + step) % this.peers.length]!, chunkIndex);
    }
  }

  has(peerId: PeerId, chunkIndex: ChunkIndex): void {
    this.plan.peerHas({ peerId, chunkIndex, nowMs: this.nowMs });
    this.suggest();
  }

  private suggest(): void {
    for (;;) {
      const given = this.plan.next({ nowMs: this.nowMs, random: Math.random });
      if (given === undefined) return;
      this.given.push(given);
    }
  }
}

const giving: CoreSubject = {
  title: 'seed plan: give a chunk, hear of it',
  prepare({ chunkCount, connectionCount }) {
    const seeding = new Seeding(chunkCount, peerIds(connectionCount));
    return () => {
      let nth = 0;
      for (; nth < seeding.given.length; nth += 1) seeding.finish(nth);
      return nth;
    };
  },
};

/** Everything was given to somebody, one of them is late, and all tell what they get from others. */
const watching: CoreSubject = {
  title: 'seed plan: have, after all was given',
  prepare({ chunkCount, connectionCount }) {
    const seeding = new Seeding(chunkCount, peerIds(connectionCount));
    const late = seeding.peers[0]!;
    for (let nth = 0; nth < seeding.given.length; nth += 1) {
      if (seeding.given[nth]!.peerId !== late) seeding.finish(nth);
    }
    const messageCount = Math.min(MESSAGE_COUNT, (chunkCount * connectionCount) / 8);
    return () => {
      for (let message = 0; message < messageCount; message += 1) {
        const peerId = seeding.peers[message % connectionCount]!;
        seeding.has(peerId, scattered(message, chunkCount));
      }
      return messageCount;
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
