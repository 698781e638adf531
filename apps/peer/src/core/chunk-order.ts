import { toChunkIndex, type ChunkIndex } from '#protocol';
import { IndexSet } from './index-set.js';

const FIRST_RANK_CAPACITY = 8;

/**
 * All chunks of a file sorted by rank (how common they are), each *open* (a candidate) or *closed*.
 * One array holds them in order; every rank is a run of it, its open chunks first:
 *
 *     rank 0            rank 1            rank 2
 *     [open | closed]   [open | closed]   [open | closed]
 *
 * Moving a chunk to the next rank, opening and closing it are a few swaps at the borders of a run:
 * O(1), whatever the number of chunks and ranks. Within a run the order means nothing.
 */
export class ChunkOrder {
  private readonly chunks: Uint32Array;
  private readonly places: Uint32Array;
  private readonly ranks: Uint32Array;
  /** Rank r lies from `starts[r]` to `starts[r + 1]`, its open chunks end at `openEnds[r]`. */
  private starts: Uint32Array;
  private openEnds: Uint32Array;
  private openRanks: IndexSet;

  constructor(options: { chunkCount: number; open: 'all' | 'none' }) {
    const { chunkCount } = options;
    this.chunks = new Uint32Array(chunkCount);
    for (let place = 0; place < chunkCount; place += 1) this.chunks[place] = place;
    this.places = this.chunks.slice();
    this.ranks = new Uint32Array(chunkCount);
    this.starts = new Uint32Array(FIRST_RANK_CAPACITY).fill(chunkCount, 1);
    this.openEnds = new Uint32Array(FIRST_RANK_CAPACITY).fill(chunkCount, 1);
    this.openEnds[0] = options.open === 'all' ? chunkCount : 0;
    this.openRanks = this.ranksWithOpenChunks();
  }

  rankOf(index: ChunkIndex): number {
    return this.ranks[index]!;
  }

  isOpen(index: ChunkIndex): boolean {
    return this.places[index]! < this.openEnds[this.ranks[index]!]!;
  }

  /** The lowest rank, from `fromRank` up, that has an open chunk. */
  firstOpenRank(fromRank: number): number | undefined {
    return this.openRanks.firstFrom(fromRank);
  }

  openCountAt(rank: number): number {
    return this.openEnds[rank]! - this.starts[rank]!;
  }

  /** The open chunk number `nth` (from 0) of a rank. */
  openAt(rank: number, nth: number): ChunkIndex {
    return toChunkIndex(this.chunks[this.starts[rank]! + nth]!);
  }

  /** Returns whether it was closed before. */
  open(index: ChunkIndex): boolean {
    if (this.isOpen(index)) return false;
    const rank = this.ranks[index]!;
    this.moveTo(index, this.openEnds[rank]!);
    this.openEnds[rank]! += 1;
    this.openRanks.add(rank);
    return true;
  }

  /** Returns whether it was open before. */
  close(index: ChunkIndex): boolean {
    if (!this.isOpen(index)) return false;
    const rank = this.ranks[index]!;
    this.openEnds[rank]! -= 1;
    this.moveTo(index, this.openEnds[rank]!);
    if (this.openCountAt(rank) === 0) this.openRanks.delete(rank);
    return true;
  }

  /** Moves a chunk up by one rank. */
  raise(index: ChunkIndex): void {
    const wasOpen = this.close(index);
    const rank = this.ranks[index]! + 1;
    if (rank + 1 >= this.starts.length) this.grow();
    this.starts[rank]! -= 1;
    this.moveTo(index, this.starts[rank]!);
    this.openEnds[rank]! -= 1;
    this.moveTo(index, this.openEnds[rank]!);
    this.ranks[index] = rank;
    if (wasOpen) this.open(index);
  }

  /** Moves a chunk down by one rank; it must not be at rank 0. */
  lower(index: ChunkIndex): void {
    const wasOpen = this.close(index);
    const rank = this.ranks[index]!;
    if (rank === 0) throw new RangeError(`chunk ${index} has no lower rank`);
    this.moveTo(index, this.openEnds[rank]!);
    this.openEnds[rank]! += 1;
    this.moveTo(index, this.starts[rank]!);
    this.starts[rank]! += 1;
    this.ranks[index] = rank - 1;
    if (wasOpen) this.open(index);
  }

  /** Lowers every chunk by `rankCount`; none may be below that. O(chunks). */
  lowerAll(rankCount: number): void {
    const chunkCount = this.chunks.length;
    const kept = this.starts.length - rankCount;
    for (let index = 0; index < chunkCount; index += 1) this.ranks[index]! -= rankCount;
    this.starts.copyWithin(0, rankCount).fill(chunkCount, kept);
    this.openEnds.copyWithin(0, rankCount).fill(chunkCount, kept);
    this.openRanks = this.ranksWithOpenChunks();
  }

  private moveTo(index: ChunkIndex, place: number): void {
    const oldPlace = this.places[index]!;
    const other = this.chunks[place]!;
    this.chunks[place] = index;
    this.chunks[oldPlace] = other;
    this.places[other] = oldPlace;
    this.places[index] = place;
  }

  private grow(): void {
    const chunkCount = this.chunks.length;
    const oldCapacity = this.starts.length;
    const starts = new Uint32Array(oldCapacity * 2).fill(chunkCount, oldCapacity);
    const openEnds = starts.slice();
    starts.set(this.starts);
    openEnds.set(this.openEnds);
    this.starts = starts;
    this.openEnds = openEnds;
    this.openRanks = this.ranksWithOpenChunks();
  }

  private ranksWithOpenChunks(): IndexSet {
    const ranks = IndexSet.empty(this.starts.length);
    for (let rank = 0; rank < this.starts.length; rank += 1) {
      if (this.openCountAt(rank) > 0) ranks.add(rank);
    }
    return ranks;
  }
}
