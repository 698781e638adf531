import type { Bitfield, ChunkIndex } from '#protocol';
import { ChunkOrder } from './chunk-order.js';
import { PeerChunks } from './peer-chunks.js';

/** Complete peers that left but are still counted in every rank, before the ranks are put right. */
const MAX_GHOST_COUNT = 64;

/**
 * How many connected peers have each chunk. A chunk's rank in `order` counts the peers that did not
 * come complete; those who did are one number, so that a seeder joins and leaves in O(1). A peer
 * that became complete leaves in O(1) too: it stays in every rank as a *ghost*, which changes no
 * order, until there are enough of them to lower all ranks at once. A partial peer costs O(what it
 * has) to add and to remove, which is what it took to tell us.
 */
export class Availability {
  readonly order: ChunkOrder;
  private readonly chunkCount: number;
  private seederCount = 0;
  private ghostCount = 0;

  /** `open`: whether chunks start as candidates in `order`. */
  constructor(options: { chunkCount: number; open: 'all' | 'none' }) {
    this.chunkCount = options.chunkCount;
    this.order = new ChunkOrder(options);
  }

  /** The lowest rank that a chunk of a peer counted in the ranks can have. */
  get lowestPartialRank(): number {
    return this.ghostCount + 1;
  }

  copiesOf(index: ChunkIndex): number {
    return this.order.rankOf(index) + this.seederCount - this.ghostCount;
  }

  /** Of the open chunk that the fewest have; undefined when none is open. O(1). */
  get fewestOpenCopies(): number | undefined {
    const rank = this.order.firstOpenRank(0);
    return rank === undefined ? undefined : rank + this.seederCount - this.ghostCount;
  }

  /** Throws RangeError when the bitfield is of another length. */
  join(held: Bitfield): PeerChunks {
    if (held.length !== this.chunkCount) {
      throw new RangeError(`a bitfield of ${held.length} for ${this.chunkCount} chunks`);
    }
    const peer = PeerChunks.fromBitfield(held);
    if (peer.chunks === undefined) this.seederCount += 1;
    else for (const index of held.indexes()) this.order.raise(index);
    return peer;
  }

  leave(peer: PeerChunks): void {
    if (peer.chunks === undefined) {
      this.seederCount -= 1;
    } else if (peer.isComplete) {
      this.ghostCount += 1;
      if (this.ghostCount >= MAX_GHOST_COUNT) this.layGhosts();
    } else {
      this.forEachChunk(peer, (index) => this.order.lower(index));
    }
  }

  /** Returns whether the peer lacked the chunk before. */
  gain(peer: PeerChunks, index: ChunkIndex): boolean {
    if (peer.chunks?.add(index) !== true) return false;
    this.order.raise(index);
    return true;
  }

  /** Takes a chunk back. Returns false when the peer lacks it or came complete. */
  lose(peer: PeerChunks, index: ChunkIndex): boolean {
    if (peer.chunks?.delete(index) !== true) return false;
    this.order.lower(index);
    return true;
  }

  private forEachChunk(peer: PeerChunks, visit: (index: ChunkIndex) => void): void {
    let index = peer.chunks?.firstFrom(0);
    while (index !== undefined) {
      visit(index as ChunkIndex);
      index = peer.chunks?.firstFrom(index + 1);
    }
  }

  private layGhosts(): void {
    this.order.lowerAll(this.ghostCount);
    this.ghostCount = 0;
  }
}
