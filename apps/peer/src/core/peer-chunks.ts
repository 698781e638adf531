import { Bitfield, type ChunkIndex } from '#protocol';
import { IndexSet } from './index-set.js';

/** What one connected peer has of a file. Who came with everything costs no memory. */
export class PeerChunks {
  private constructor(
    private readonly chunkCount: number,
    /** Undefined: it came with everything. */
    readonly chunks: IndexSet | undefined,
  ) {}

  /** Copies `held`. */
  static fromBitfield(held: Bitfield): PeerChunks {
    return new PeerChunks(held.length, held.isComplete ? undefined : IndexSet.fromBitfield(held));
  }

  get isComplete(): boolean {
    return this.chunks === undefined || this.chunks.count === this.chunkCount;
  }

  has(index: ChunkIndex): boolean {
    return this.chunks === undefined ? index < this.chunkCount : this.chunks.has(index);
  }

  /** The lowest chunk from `fromIndex` up that it has and `wanted` holds. */
  firstIn(wanted: IndexSet, fromIndex: number): number | undefined {
    return wanted.firstCommon(this.chunks ?? wanted, fromIndex);
  }

  /** A copy. O(chunks). */
  toBitfield(): Bitfield {
    return this.chunks?.toBitfield() ?? Bitfield.full(this.chunkCount);
  }
}
