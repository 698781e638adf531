import { ProtocolError } from '../errors.js';
import { hashBytes } from '../hash.js';
import type { ChunkIndex } from '../ids.js';
import type { Manifest } from './manifest.js';

declare const verified: unique symbol;

/** Bytes that match the manifest. Only {@link verifyChunk} makes one; only it may be stored. */
export interface VerifiedChunk {
  readonly chunkIndex: ChunkIndex;
  readonly bytes: Uint8Array;
  readonly [verified]: true;
}

/** Throws ProtocolError CHUNK_HASH_MISMATCH when length or hash differ. Does not copy. */
export function verifyChunk(
  manifest: Manifest,
  chunkIndex: ChunkIndex,
  bytes: Uint8Array,
): VerifiedChunk {
  if (
    bytes.length !== manifest.layout.lengthBytes(chunkIndex) ||
    Buffer.compare(hashBytes(bytes), manifest.chunkHash(chunkIndex)) !== 0
  ) {
    throw new ProtocolError('CHUNK_HASH_MISMATCH', { chunkIndex, digest: manifest.digest });
  }
  return { chunkIndex, bytes } as VerifiedChunk;
}
