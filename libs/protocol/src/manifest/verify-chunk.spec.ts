import { describe, expect, it } from 'vitest';
import { hashBytes } from '../hash.js';
import { toChunkIndex } from '../ids.js';
import { MIN_CHUNK_BYTES } from '../limits.js';
import { Manifest } from './manifest.js';
import { verifyChunk } from './verify-chunk.js';

const content = Uint8Array.from({ length: MIN_CHUNK_BYTES + 5 }, (_, index) => index % 251);
const chunks = [content.subarray(0, MIN_CHUNK_BYTES), content.subarray(MIN_CHUNK_BYTES)] as const;
const manifest = Manifest.fromHashes({
  sizeBytes: content.length,
  hashes: Buffer.concat(chunks.map(hashBytes)),
});
const refusal = (code: string) => expect.objectContaining({ name: 'ProtocolError', code }) as Error;

describe('verifyChunk', () => {
  it('passes the bytes of each chunk on, uncopied', () => {
    for (const [index, bytes] of chunks.entries()) {
      const chunk = verifyChunk(manifest, toChunkIndex(index), bytes);
      expect(chunk.chunkIndex).toBe(index);
      expect(chunk.bytes).toBe(bytes);
    }
  });

  it.each([
    ['another chunk of the file', chunks[0]],
    ['a byte too few', chunks[1].subarray(1)],
    ['a byte too many', Buffer.concat([chunks[1], Buffer.of(0)])],
    [
      'one bit that differs',
      Uint8Array.from(chunks[1], (byte, at) => (at === 4 ? byte ^ 1 : byte)),
    ],
    ['nothing', new Uint8Array(0)],
  ])('refuses %s', (_fault, bytes) => {
    expect(() => verifyChunk(manifest, toChunkIndex(1), bytes)).toThrow(
      refusal('CHUNK_HASH_MISMATCH'),
    );
  });

  it.each([-1, 2])('knows no chunk %i', (index) => {
    expect(() => verifyChunk(manifest, toChunkIndex(index), chunks[1])).toThrow(
      refusal('OUT_OF_RANGE'),
    );
  });
});
