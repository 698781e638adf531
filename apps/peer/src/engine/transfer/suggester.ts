import type { Bitfield, ChunkIndex, PeerId } from '#protocol';
import { SeedSpread } from '../../core/seed-spread.js';
import type { PeerLink } from '../links/peer-link.js';
import type { Transfer } from './transfer.js';

/** What is suggested ahead of a peer's requests; about one full pipeline. */
const AHEAD_BYTES = 8 * 1024 * 1024;
const MAX_AHEAD_COUNT = 16;
const MIN_AHEAD_COUNT = 2;
/** With fewer chunks than this there is nothing to spread. */
const MIN_CHUNK_COUNT = 8;

/** A seeder's steering: suggests to each leecher what no other has been given, so that the seeder
 *  sends hardly anything twice. Idle while there is only one leecher. */
export class Suggester {
  private readonly links = new Map<PeerId, PeerLink>();
  private readonly spread: SeedSpread;
  private readonly aheadCount: number;
  private isActive = false;

  constructor(private readonly transfer: Transfer) {
    this.spread = new SeedSpread({ held: transfer.held });
    const count = Math.floor(AHEAD_BYTES / transfer.manifest.chunkBytes);
    this.aheadCount = Math.min(Math.max(count, MIN_AHEAD_COUNT), MAX_AHEAD_COUNT);
  }

  static suits(transfer: Transfer): boolean {
    return transfer.held.isComplete && transfer.manifest.chunkCount >= MIN_CHUNK_COUNT;
  }

  /** Before the peer is unchoked, so that its first requests follow the suggestions. */
  peerLacks(link: PeerLink, held: Bitfield): void {
    this.links.set(link.peerId, link);
    this.spread.addPeer(link.peerId, held);
    if (this.isActive) {
      this.suggestAhead(link);
    } else if (this.links.size > 1) {
      this.isActive = true;
      for (const waiting of this.links.values()) this.suggestAhead(waiting);
    }
  }

  peerHas(peerId: PeerId, chunkIndex: ChunkIndex): void {
    this.spread.peerHas(peerId, chunkIndex);
  }

  peerLeft(peerId: PeerId): void {
    this.links.delete(peerId);
    this.spread.removePeer(peerId);
    this.isActive = this.links.size > 1;
  }

  /** One suggestion for each request keeps as many ahead as there were. */
  chunkRequested(link: PeerLink, chunkIndex: ChunkIndex): void {
    this.spread.given({ peerId: link.peerId, chunkIndex });
    if (this.isActive) this.suggest(link);
  }

  private suggestAhead(link: PeerLink): void {
    for (let count = 0; count < this.aheadCount; count += 1) this.suggest(link);
  }

  private suggest(link: PeerLink): void {
    const { peerId } = link;
    const chunkIndex = this.spread.next({ peerId, random: Math.random });
    if (chunkIndex === undefined) return;
    this.spread.given({ peerId, chunkIndex });
    link.suggestChunk(this.transfer, chunkIndex);
  }
}
