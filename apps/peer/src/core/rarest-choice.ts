import { toChunkIndex, type ChunkIndex } from '#protocol';
import type { Availability } from './availability.js';
import type { IndexSet } from './index-set.js';
import type { PeerChunks } from './peer-chunks.js';

/** Chunks looked at in order of rarity for a partial peer. With no more than this many missing the
 *  choice is exact, with more it may be the rarest of a sample. */
export const MAX_WALK_COUNT = 128;
/** Chunks compared with one another when a peer's bits are searched. */
const MAX_SAMPLE_COUNT = 32;

/**
 * Chooses the rarest open chunk that a peer has, ties at random, in bounded time. A complete peer
 * gets any chunk of the lowest rank. For a partial one the open chunks are walked from the lowest
 * rank that it can appear in; when MAX_WALK_COUNT of them were none of its own, it has little of
 * what is wanted, so its bits are searched from a random place and the rarest of the first few wins.
 */
export class RarestChoice {
  /** `wanted` holds the chunks that are open in the order of `availability`. */
  constructor(
    private readonly availability: Availability,
    private readonly wanted: IndexSet,
  ) {}

  /** `random` answers from 0 to below 1. */
  next(peer: PeerChunks, random: () => number): ChunkIndex | undefined {
    if (peer.isComplete) return this.anyOfLowestRank(random);
    const { order, lowestPartialRank } = this.availability;
    let leftCount = MAX_WALK_COUNT;
    let rank = order.firstOpenRank(lowestPartialRank);
    while (rank !== undefined) {
      const openCount = order.openCountAt(rank);
      const startNth = Math.floor(random() * openCount);
      for (let step = 0; step < openCount; step += 1) {
        if (leftCount === 0) return this.rarestOfSample(peer, random);
        leftCount -= 1;
        const nth = startNth + step;
        const index = order.openAt(rank, nth < openCount ? nth : nth - openCount);
        if (peer.has(index)) return index;
      }
      rank = order.firstOpenRank(rank + 1);
    }
    return undefined;
  }

  private anyOfLowestRank(random: () => number): ChunkIndex | undefined {
    const { order } = this.availability;
    const rank = order.firstOpenRank(0);
    if (rank === undefined) return undefined;
    return order.openAt(rank, Math.floor(random() * order.openCountAt(rank)));
  }

  private rarestOfSample(peer: PeerChunks, random: () => number): ChunkIndex | undefined {
    const firstFound = this.firstAround(peer, Math.floor(random() * this.wanted.length));
    if (firstFound === undefined) return undefined;
    let rarest = toChunkIndex(firstFound);
    let found = this.firstAround(peer, firstFound + 1);
    for (let count = 1; count < MAX_SAMPLE_COUNT && found !== firstFound; count += 1) {
      rarest = this.rarer(toChunkIndex(found!), rarest);
      found = this.firstAround(peer, found! + 1);
    }
    return rarest;
  }

  /** The first wanted chunk of the peer from `fromIndex` on, going on at the start after the end. */
  private firstAround(peer: PeerChunks, fromIndex: number): number | undefined {
    return peer.firstIn(this.wanted, fromIndex) ?? peer.firstIn(this.wanted, 0);
  }

  private rarer(index: ChunkIndex, other: ChunkIndex): ChunkIndex {
    const { order } = this.availability;
    return order.rankOf(other) <= order.rankOf(index) ? other : index;
  }
}
