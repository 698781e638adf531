import type { VerifiedChunk } from '#protocol';

/** Where the verified chunks of a fetch go. */
export interface ChunkSink {
  /** Resolves when the chunk is stored; until then its bytes must stay as they are. */
  write(chunk: VerifiedChunk, options: { signal: AbortSignal }): Promise<void>;
}
