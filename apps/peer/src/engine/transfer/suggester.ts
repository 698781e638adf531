import type { Bitfield, ChunkIndex, PeerId } from '#protocol';
import { SeedPlan } from '../../core/seed-plan.js';
import type { PeerLink } from '../links/peer-link.js';
import type { Transfer } from './transfer.js';

/** With fewer chunks than this there is nothing to spread. */
const MIN_CHUNK_COUNT = 8;

/** A seeder's steering: suggests to each leecher what no other has been given, so that the seeder
 *  sends hardly anything twice. Idle until there are two leechers, then at work until all have
 *  gone or have everything. */
export class Suggester {
  private readonly links = new Map<PeerId, PeerLink>();
  private readonly plan: SeedPlan;
  private isActive = false;

  constructor(private readonly transfer: Transfer) {
    const { chunkBytes } = transfer.manifest;
    this.plan = new SeedPlan({ held: transfer.held, chunkBytes });
  }

  static suits(transfer: Transfer): boolean {
    return transfer.held.isComplete && transfer.manifest.chunkCount >= MIN_CHUNK_COUNT;
  }

  /** Before the peer is unchoked, so that its first requests follow the suggestions. */
  peerLacks(link: PeerLink, held: Bitfield): void {
    this.links.set(link.peerId, link);
    this.plan.addPeer(link.peerId, held);
    this.isActive ||= this.links.size > 1;
    this.suggest();
  }

  peerHas(peerId: PeerId, chunkIndex: ChunkIndex): void {
    this.plan.peerHas({ peerId, chunkIndex, nowMs: performance.now() });
    this.suggest();
  }

  peerLeft(peerId: PeerId): void {
    this.links.delete(peerId);
    this.plan.removePeer(peerId);
    this.isActive &&= this.links.size > 0;
    this.suggest();
  }

  chunkRequested(link: PeerLink, chunkIndex: ChunkIndex): void {
    this.plan.requested({ peerId: link.peerId, chunkIndex, nowMs: performance.now() });
  }

  chunkSent(peerId: PeerId, chunkIndex: ChunkIndex): void {
    this.plan.sent({ peerId, chunkIndex, nowMs: performance.now() });
  }

  ticked(): void {
    this.plan.expire(performance.now());
    this.suggest();
  }

  private suggest(): void {
    if (!this.isActive) return;
    for (;;) {
      const given = this.plan.next({ nowMs: performance.now(), random: Math.random });
      if (given === undefined) return;
      this.links.get(given.peerId)?.suggestChunk(this.transfer, given.chunkIndex);
    }
  }
}
