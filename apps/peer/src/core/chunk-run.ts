import {
  toChunkIndex,
  verifyChunk,
  type ChunkIndex,
  type ChunkLayout,
  type Manifest,
  type VerifiedChunk,
} from '#protocol';

/** Chunks that follow one another in a file: read, sent or written together. */
export interface ChunkRun {
  readonly firstIndex: ChunkIndex;
  /** At least 1. */
  readonly count: number;
}

export function runLengthBytes(layout: ChunkLayout, { firstIndex, count }: ChunkRun): number {
  return (count - 1) * layout.chunkBytes + layout.lengthBytes(toChunkIndex(firstIndex + count - 1));
}

/** The chunks in `bytes`, which begin with the first of the run. Throws ProtocolError
 *  CHUNK_HASH_MISMATCH when one of them is wrong or cut short. Does not copy. */
export function verifyRun(manifest: Manifest, run: ChunkRun, bytes: Uint8Array): VerifiedChunk[] {
  const { chunkBytes } = manifest.layout;
  return Array.from({ length: run.count }, (_, nth) => {
    const own = bytes.subarray(nth * chunkBytes, (nth + 1) * chunkBytes);
    return verifyChunk(manifest, toChunkIndex(run.firstIndex + nth), own);
  });
}
