import type { Bitfield, ChunkIndex } from '#protocol';
import { Availability } from './availability.js';
import type { PeerChunks } from './peer-chunks.js';

/** Chunks looked at for one suggestion, from the one that is elsewhere least. */
const MAX_WALK_COUNT = 128;

/**
 * What a seeder should suggest next, so that it sends no chunk twice while others were sent to
 * nobody. What was given to a peer (suggested, or being sent) counts as that peer's, together with
 * what it told us it has; the next suggestion for a peer is a chunk of ours that it has not and
 * that the fewest others have, ties at random. When a peer leaves, what only it had is lost and
 * comes first again. Costs do not grow with the number of chunks. Who adds a peer keeps what stands
 * for it here.
 */
export class SeedSpread {
  private readonly availability: Availability;

  /** `held`: what we have and may suggest. */
  constructor(options: { held: Bitfield }) {
    const { held } = options;
    this.availability = new Availability({
      chunkCount: held.length,
      open: held.isComplete ? 'all' : 'none',
    });
    if (!held.isComplete) for (const index of held.indexes()) this.stored(index);
  }

  /** We have the chunk now, and may suggest it. */
  stored(index: ChunkIndex): void {
    this.availability.order.open(index);
  }

  /** Copies `held`. */
  addPeer(held: Bitfield): PeerChunks {
    return this.availability.join(held);
  }

  removePeer(peer: PeerChunks): void {
    this.availability.leave(peer);
  }

  /** May be told again, and after the chunk was given to it. */
  peerHas(peer: PeerChunks, index: ChunkIndex): void {
    this.availability.gain(peer, index);
  }

  /** The chunk was suggested to the peer, or it asked us for it. */
  given(peer: PeerChunks, index: ChunkIndex): void {
    this.availability.gain(peer, index);
  }

  /** The peer will not get it from us after all: it cancelled, or was choked. */
  withdrawn(peer: PeerChunks, index: ChunkIndex): void {
    this.availability.lose(peer, index);
  }

  /** Connected peers that have the chunk or were given it. */
  copiesOf(index: ChunkIndex): number {
    return this.availability.copiesOf(index);
  }

  /** Whether a chunk of ours is left that no connected peer has or was given. */
  get hasUngiven(): boolean {
    return this.availability.fewestOpenCopies === 0;
  }

  /** The chunk to suggest to the peer; tell `given` when it was. Undefined when it has, or was
   *  given, nearly everything. */
  next(peer: PeerChunks, random: () => number): ChunkIndex | undefined {
    if (peer.isComplete) return undefined;
    const { order } = this.availability;
    let leftCount = MAX_WALK_COUNT;
    let rank = order.firstOpenRank(0);
    while (rank !== undefined) {
      const openCount = order.openCountAt(rank);
      const startNth = Math.floor(random() * openCount);
      for (let step = 0; step < openCount && leftCount > 0; step += 1) {
        const nth = startNth + step;
        const index = order.openAt(rank, nth < openCount ? nth : nth - openCount);
        if (!peer.has(index)) return index;
        leftCount -= 1;
      }
      rank = leftCount > 0 ? order.firstOpenRank(rank + 1) : undefined;
    }
    return undefined;
  }
}
