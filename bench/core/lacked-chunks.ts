import { toChunkIndex, type Bitfield, type ChunkIndex } from '#protocol';
import { scattered } from './core-subject.js';

/**
 * What connections lack, one chunk of each in turn, in an order without neighbours. They lie in memory
 * in that order, so that reading them is not what is measured.
 */
export class LackedChunks {
  readonly count: number;
  private readonly connections: Uint32Array;
  private readonly chunks: Uint32Array;

  /** `heldBy`: what each connection has. Of chunks from `usedChunkCount` up none is lacked. */
  constructor(
    heldBy: readonly Bitfield[],
    { usedChunkCount, maxCount }: { usedChunkCount: number; maxCount: number },
  ) {
    this.connections = new Uint32Array(maxCount);
    this.chunks = new Uint32Array(maxCount);
    const lookedAtCounts = heldBy.map(() => 0);
    let count = 0;
    for (let before = -1; count < maxCount && count !== before;) {
      before = count;
      for (let connection = 0; connection < heldBy.length && count < maxCount; connection += 1) {
        let nth = lookedAtCounts[connection]!;
        while (nth < usedChunkCount && heldBy[connection]!.has(scattered(nth, usedChunkCount))) {
          nth += 1;
        }
        lookedAtCounts[connection] = nth + 1;
        if (nth >= usedChunkCount) continue;
        this.connections[count] = connection;
        this.chunks[count] = scattered(nth, usedChunkCount);
        count += 1;
      }
    }
    this.count = count;
  }

  connectionAt(nth: number): number {
    return this.connections[nth]!;
  }

  chunkAt(nth: number): ChunkIndex {
    return toChunkIndex(this.chunks[nth]!);
  }
}
