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
 * Moving a chunk to the next rank is two swaps at the borders of its run, opening and closing it are
 * one: O(1), whatever the number of chunks and ranks. Within a run the order means nothing.
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
    this.addToOpen(index, this.ranks[index]!);
    return true;
  }

  /** Returns whether it was open before. */
  close(index: ChunkIndex): boolean {
    if (!this.isOpen(index)) return false;
    this.takeFromOpen(index, this.ranks[index]!);
    return true;
  }

  /** Moves a chunk up by one rank: as the last of its run it becomes the first of the next one, where
   *  the open chunks are. */
  raise(index: ChunkIndex): void {
    const rank = this.ranks[index]!;
    const next = rank + 1;
    if (next + 1 >= this.starts.length) this.grow();
    const wasOpen = this.isOpen(index);
    if (wasOpen) this.takeFromOpen(index, rank);
    this.starts[next]! -= 1;
    this.moveTo(index, this.starts[next]!);
    this.ranks[index] = next;
    if (wasOpen) {
      this.openRanks.add(next);
      return;
    }
    this.openEnds[next]! -= 1;
    this.moveTo(index, this.openEnds[next]!);
  }

  /** Moves a chunk down by one rank; it must not be at rank 0. As the first of its run it becomes the
   *  last of the one before, where the closed chunks are. */
  lower(index: ChunkIndex): void {
    const rank = this.ranks[index]!;
    if (rank === 0) throw new RangeError(`chunk ${index} has no lower rank`);
    const wasOpen = this.isOpen(index);
    if (!wasOpen) {
      this.moveTo(index, this.openEnds[rank]!);
      this.openEnds[rank]! += 1;
    }
    this.moveTo(index, this.starts[rank]!);
    this.starts[rank]! += 1;
    this.ranks[index] = rank - 1;
    if (!wasOpen) return;
    if (this.openCountAt(rank) === 0) this.openRanks.delete(rank);
    this.addToOpen(index, rank - 1);
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

  private addToOpen(index: ChunkIndex, rank: number): void {
    this.moveTo(index, this.openEnds[rank]!);
    this.openEnds[rank]! += 1;
    this.openRanks.add(rank);
  }

  private takeFromOpen(index: ChunkIndex, rank: number): void {
    this.openEnds[rank]! -= 1;
    this.moveTo(index, this.openEnds[rank]!);
    if (this.openCountAt(rank) === 0) this.openRanks.delete(rank);
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
