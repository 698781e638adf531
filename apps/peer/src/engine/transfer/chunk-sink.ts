import type { VerifiedChunk } from '#protocol';
import type { Caching } from '../../disk/chunk-store.js';

/** Where verified chunks go. */
export interface ChunkSink {
  write(chunk: VerifiedChunk, options: { signal: AbortSignal; caching: Caching }): Promise<void>;
}
